/*
 * table.c - see table.h.
 */
#include "table.h"

#include "disarm.h"
#include "paint.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2           /* between columns */
#define FIRST_ENOUGH 24 /* of the first column: enough to know a name by */
#define FIRST_MIN 8     /* ... and what is left of it in any case */

struct cell {
    const char *state; /* NULL: no colour */
    char text[TABLE_CELL_MAX];
};

struct row {
    struct row *next;
    struct cell *cells; /* NULL: a line of text */
    unsigned indent;
    const char *state;
    char *lead;
    char *text;
};

struct table {
    const struct table_column *columns;
    unsigned count;
    struct row *first, **last;
    struct row *open; /* the row that cells go to; NULL: none is begun */
    unsigned filled;
    unsigned widths[TABLE_COLUMNS_MAX];
    bool hidden[TABLE_COLUMNS_MAX];
};

struct table *table_create(const struct table_column *columns, unsigned count)
{
    struct table *table = calloc(1, sizeof *table);

    if (!table)
        return NULL;
    table->columns = columns;
    table->count = count;
    table->last = &table->first;
    return table;
}

/* ---- Filling ---- */

/* Of a cell, whose places are its bytes. Names and words of healthd's are ASCII; what is not comes from elsewhere. */
static void make_plain(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static struct row *add_row(struct table *table)
{
    struct row *row = calloc(1, sizeof *row);

    if (!row)
        return NULL;
    *table->last = row;
    table->last = &row->next;
    return row;
}

static bool begin_row(struct table *table)
{
    struct cell *cells = calloc(table->count, sizeof *cells);
    struct row *row = cells ? add_row(table) : NULL;

    if (!row) {
        free(cells);
        return false;
    }
    row->cells = cells;
    table->open = row;
    table->filled = 0;
    return true;
}

void table_cell(struct table *table, const char *state, const char *format, ...)
{
    va_list arguments;

    if (!table || (!table->open && !begin_row(table)) || table->filled == table->count)
        return;
    struct cell *cell = &table->open->cells[table->filled++];
    cell->state = state;
    va_start(arguments, format);
    vsnprintf(cell->text, sizeof cell->text, format, arguments);
    va_end(arguments);
    make_plain(cell->text);
}

void table_end_row(struct table *table)
{
    if (table)
        table->open = NULL;
}

void table_text(struct table *table, unsigned indent, const char *lead, const char *state,
                const char *format, ...)
{
    va_list arguments;
    struct row *row = table ? add_row(table) : NULL;

    if (!row)
        return;
    row->indent = indent;
    row->state = state;
    row->lead = strdup(lead);
    va_start(arguments, format);
    if (vasprintf(&row->text, format, arguments) == -1)
        row->text = NULL;
    va_end(arguments);
    disarm(row->lead, "");
    disarm(row->text, ""); /* a person's reason may be in any language */
}

/* ---- Fitting ---- */

static unsigned length_of(const char *text)
{
    return (unsigned)strlen(text);
}

static void measure(struct table *table, bool headings)
{
    for (unsigned i = 0; i < table->count; i++)
        table->widths[i] = headings ? length_of(table->columns[i].title) : 0;
    for (const struct row *row = table->first; row; row = row->next)
        for (unsigned i = 0; row->cells && i < table->count; i++)
            if (length_of(row->cells[i].text) > table->widths[i])
                table->widths[i] = length_of(row->cells[i].text);
}

static unsigned total_width(const struct table *table)
{
    unsigned total = GAP;
    for (unsigned i = 0; i < table->count; i++)
        if (!table->hidden[i])
            total += table->widths[i] + (i ? GAP : 0);
    return total;
}

/* The column that matters least of those that are shown; 0: all that are left stay. */
static unsigned least_column(const struct table *table)
{
    unsigned least = 0;
    for (unsigned i = 1; i < table->count; i++)
        if (!table->hidden[i] && table->columns[i].rank > table->columns[least].rank)
            least = i;
    return table->columns[least].rank ? least : 0;
}

/* Shorten the first column to what is left for it, but to no less than `least`. */
static void shorten(struct table *table, unsigned width, unsigned least)
{
    unsigned rest = total_width(table) - table->widths[0];
    unsigned left = width > rest + least ? width - rest : least;

    if (left < table->widths[0])
        table->widths[0] = left;
}

/* A long name gives way before a column does, as long as enough of it is left to know it by. */
static void fit(struct table *table, unsigned width)
{
    const unsigned whole = table->widths[0];
    unsigned least;

    shorten(table, width, FIRST_ENOUGH);
    while (total_width(table) > width && (least = least_column(table)))
        table->hidden[least] = true;
    table->widths[0] = whole;
    shorten(table, width, FIRST_MIN);
}

/* ---- Writing ---- */

/* What is written, and how much of the line is left. */
struct pen {
    FILE *stream;
    const struct table_look *look;
    unsigned at;
};

/* Places that a byte of UTF-8 begins on a terminal: none within a character, two from U+1000 on, which is at most too
 * much. */
static unsigned places_at(const char *text)
{
    unsigned char byte = (unsigned char)*text;
    return byte >= 0xe1 ? 2 : (byte & 0xc0) != 0x80;
}

static unsigned places_of(const char *text, unsigned length)
{
    unsigned places = 0;
    for (unsigned i = 0; i < length; i++)
        places += places_at(text + i);
    return places;
}

static void put(struct pen *pen, const char *state, const char *text, unsigned length)
{
    unsigned left = pen->look->width ? pen->look->width - pen->at : UINT_MAX;
    unsigned count = 0, places = 0;

    while (count < length && places + places_at(text + count) <= left)
        places += places_at(text + count++);
    pen->at += places;
    if (state)
        fputs(paint_state(pen->look->paint, state), pen->stream);
    fwrite(text, 1, count, pen->stream);
    if (state)
        fputs(paint_end(pen->look->paint), pen->stream);
}

static void put_spaces(struct pen *pen, unsigned count)
{
    while (count--)
        put(pen, NULL, " ", 1);
}

static void end_line(struct pen *pen)
{
    fputc('\n', pen->stream);
    pen->at = 0;
}

/* The last letter of what was shortened says so. */
static void put_cell(struct pen *pen, const struct cell *cell, unsigned width)
{
    unsigned length = length_of(cell->text);

    if (length <= width) {
        put(pen, cell->state, cell->text, length);
    } else {
        put(pen, cell->state, cell->text, width - 1);
        put(pen, NULL, "~", 1);
    }
}

/* Spaces go before a cell, so that no line ends with one. */
static void put_cells(struct pen *pen, const struct table *table, const struct cell *cells)
{
    unsigned due = GAP;

    for (unsigned i = 0; i < table->count; i++) {
        unsigned length = length_of(cells[i].text);
        if (table->hidden[i])
            continue;
        if (length) {
            put_spaces(pen, due);
            put_cell(pen, &cells[i], table->widths[i]);
            due = 0;
        }
        due += GAP + (length < table->widths[i] ? table->widths[i] - length : 0);
    }
    end_line(pen);
}

static void put_headings(struct pen *pen, const struct table *table)
{
    struct cell cells[TABLE_COLUMNS_MAX] = {{.state = NULL}};

    for (unsigned i = 0; i < table->count; i++)
        snprintf(cells[i].text, sizeof cells[i].text, "%s", table->columns[i].title);
    fputs(paint_dim(pen->look->paint), pen->stream);
    put_cells(pen, table, cells);
    fputs(paint_end(pen->look->paint), pen->stream);
}

/* One word; on a new line where the old one has no room for it. */
static void put_word(struct pen *pen, unsigned indent, const char *state, const char *word,
                     unsigned length)
{
    bool begun = pen->at > indent;
    if (pen->look->width && begun && pen->at + 1 + places_of(word, length) > pen->look->width) {
        end_line(pen);
        put_spaces(pen, indent + GAP);
    } else if (begun) {
        put_spaces(pen, 1);
    }
    put(pen, state, word, length);
}

static void put_words(struct pen *pen, unsigned indent, const char *state, const char *text)
{
    while (text && *(text += strspn(text, " "))) {
        unsigned length = (unsigned)strcspn(text, " ");
        put_word(pen, indent, state, text, length);
        text += length;
    }
}

static void put_text(struct pen *pen, const struct row *row)
{
    put_spaces(pen, row->indent);
    put_words(pen, row->indent, NULL, row->lead);
    put_words(pen, row->indent, row->state, row->state);
    put_words(pen, row->indent, NULL, row->text);
    end_line(pen);
}

static void tell_hidden(struct pen *pen, const struct table *table)
{
    char text[TABLE_CELL_MAX] = "";

    for (unsigned i = 0; i < table->count; i++)
        if (table->hidden[i])
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s", *text ? "," : "",
                     table->columns[i].title);
    if (!*text)
        return;
    fputs(paint_dim(pen->look->paint), pen->stream);
    put_words(pen, 0, NULL, "no room for");
    put_words(pen, 0, NULL, text);
    fputs(paint_end(pen->look->paint), pen->stream);
    end_line(pen);
}

static void free_row(struct row *row)
{
    free(row->cells);
    free(row->lead);
    free(row->text);
    free(row);
}

void table_print(struct table *table, FILE *stream, const struct table_look *look)
{
    struct pen pen = {.stream = stream, .look = look};

    if (!table)
        return;
    measure(table, look->headings);
    if (look->width && table->count)
        fit(table, look->width);
    if (look->headings)
        put_headings(&pen, table);
    while (table->first) {
        struct row *row = table->first;
        if (row->cells)
            put_cells(&pen, table, row->cells);
        else
            put_text(&pen, row);
        table->first = row->next;
        free_row(row);
    }
    tell_hidden(&pen, table);
    free(table);
}

unsigned table_terminal_width(FILE *stream)
{
    struct winsize size;
    int fd = fileno(stream);
    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) == -1)
        return 0;
    return size.ws_col;
}
