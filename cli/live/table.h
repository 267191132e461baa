/*
 * table.h - rows under headings, with lines of text between them, for people.
 *
 * Where the output has a width, nothing is wider: columns that matter least are left out, then the first
 * is shortened, and text wraps between words. Whatever comes from elsewhere is shown without the
 * characters that a terminal would obey.
 *
 * A table is written once and ends with it.
 */
#ifndef HEALTHD_CLI_LIVE_TABLE_H
#define HEALTHD_CLI_LIVE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 80 /* a cluster's nodes, and what is said of each */
#define TABLE_CELL_MAX 128

struct table_column {
    const char *title;
    unsigned rank; /* 0 stays; the greatest is left out first */
};

struct table;

struct table_look {
    unsigned width; /* 0: any */
    bool headings;
    bool paint;
};

/* The columns are borrowed. NULL: memory is short; all others then do nothing. */
struct table *table_create(const struct table_column *columns, unsigned count);

/* The next cell of a row. `state`: whose colour it has; NULL: none. */
void table_cell(struct table *table, const char *state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The row is complete; cells that were not given are empty. */
void table_end_row(struct table *table);

/* A line across the columns: LEAD STATE TEXT, in which the state has its colour. Lead and state may be "".
 * Where it wraps it goes on at `indent` and two more. */
void table_text(struct table *table, unsigned indent, const char *lead, const char *state,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Write it all and free it. */
void table_print(struct table *table, FILE *stream, const struct table_look *look);

/* The width of the terminal that a stream is; 0: it is none. */
unsigned table_terminal_width(FILE *stream);

#endif
