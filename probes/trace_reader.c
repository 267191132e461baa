/*
 * trace_reader.c - a trace from its file: opening, lines, order of times.
 */
#include "trace_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Read a line without its end; -1 at the end of the file. *ret_whole: it was ended by a newline. */
static ssize_t read_line(struct health_trace_reader *reader, bool *ret_whole)
{
    ssize_t length = getline(&reader->line, &reader->line_capacity, reader->stream);
    if (length < 0)
        return -1;
    reader->line_number++;
    *ret_whole = reader->line[length - 1] == '\n';
    while (length > 0 && (reader->line[length - 1] == '\n' || reader->line[length - 1] == '\r'))
        reader->line[--length] = '\0';
    return length;
}

static bool open_json(struct health_trace_reader *reader)
{
    bool whole;
    ssize_t length = read_line(reader, &whole);
    if (length < 0) {
        trace_problem(reader, "the trace is empty: a header line is expected");
        return false;
    }
    return trace_decode_header(reader, reader->line, (size_t)length);
}

/* The forms are told apart by the first byte: JSON begins with a brace, the binary form does not. */
static bool open_either(struct health_trace_reader *reader)
{
    int first = getc(reader->stream);
    if (first == EOF && ferror(reader->stream)) { /* it may be a directory */
        trace_problem(reader, "cannot be read: %s", strerror(errno));
        return false;
    }
    if (first != EOF)
        ungetc(first, reader->stream);
    reader->binary = first == BINARY_MAGIC[0];
    return reader->binary ? trace_binary_open(reader) : open_json(reader);
}

struct health_trace_reader *health_trace_open(const char *path,
                                              const struct health_trace_options *options)
{
    struct health_trace_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return NULL;
    reader->options = *options;
    reader->latest_ns = INT64_MIN;
    reader->stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!reader->stream)
        trace_problem(reader, "cannot be opened: %s", strerror(errno));
    if (!reader->stream || !open_either(reader)) {
        health_trace_close(reader);
        return NULL;
    }
    return reader;
}

void health_trace_close(struct health_trace_reader *reader)
{
    if (!reader)
        return;
    if (reader->stream && reader->stream != stdin)
        fclose(reader->stream);
    for (size_t i = 0; i < reader->noted_count; i++)
        free(reader->noted[i]);
    free(reader->uuids.uuids);
    free(reader->line);
    free(reader->text);
    free(reader->ahead.text);
    free(reader);
}

const struct health_trace_header *health_trace_header(const struct health_trace_reader *reader)
{
    return &reader->header;
}

bool health_trace_is_binary(const struct health_trace_reader *reader)
{
    return reader->binary;
}

uint64_t health_trace_problems(const struct health_trace_reader *reader)
{
    return reader->problems;
}

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t") == length;
}

/* Read lines until one holds an entry. */
static enum health_trace_kind read_json(struct health_trace_reader *reader,
                                        struct health_trace_entry *entry)
{
    for (;;) {
        bool whole;
        uint64_t problems = reader->problems;
        ssize_t length = read_line(reader, &whole);
        if (length < 0) {
            if (ferror(reader->stream))
                trace_problem(reader, "cannot be read: %s", strerror(errno));
            return HEALTH_TRACE_END;
        }
        if (is_blank(reader->line, (size_t)length))
            continue;
        if (trace_decode_entry(reader, reader->line, (size_t)length, entry))
            return entry->kind;
        if (!whole)
            trace_remark(reader, "the last line has no end: it was torn when it was written");
        if (reader->options.strict && reader->problems > problems)
            return HEALTH_TRACE_END;
    }
}

static void refer_to(struct trace_ahead *ahead, struct health_view *view)
{
    if (view->members)
        view->members = ahead->members;
    if (view->version)
        view->version = ahead->version;
}

/* The entry's mark, members and version stay what they are while another line is read. */
static void set_aside(struct health_trace_reader *reader, struct health_trace_entry *entry)
{
    struct trace_ahead *ahead = &reader->ahead;
    struct health_observation *seen = &entry->observation;
    char *text = ahead->text;
    size_t capacity = ahead->text_capacity;

    ahead->text = reader->text;
    ahead->text_capacity = reader->text_capacity;
    reader->text = text;
    reader->text_capacity = capacity;
    memcpy(ahead->members, reader->members, sizeof ahead->members);
    memcpy(ahead->version, reader->version, sizeof ahead->version);
    if (entry->kind == HEALTH_TRACE_MARK)
        return;
    if (seen->witness == HEALTH_WITNESS_PROBE)
        refer_to(ahead, &seen->probe.view);
    if (seen->witness == HEALTH_WITNESS_AGENT)
        refer_to(ahead, &seen->heartbeat.local.view);
}

/* A time that leaps far ahead would be taken for a long stop of the recorder. When the next line takes
 * it back, it was a wrong time, and the entry is skipped. */
static enum health_trace_kind next_json(struct health_trace_reader *reader,
                                        struct health_trace_entry *entry)
{
    struct trace_ahead *ahead = &reader->ahead;

    if (ahead->held) {
        ahead->held = false;
        *entry = ahead->next;
        return ahead->kind;
    }
    enum health_trace_kind kind = read_json(reader, entry);
    if (kind == HEALTH_TRACE_END || reader->latest_ns == INT64_MIN ||
        entry->at_ns - reader->latest_ns <= HEALTH_TRACE_LEAP_NS)
        return kind;
    set_aside(reader, entry);
    memset(&ahead->next, 0, sizeof ahead->next);
    ahead->kind = read_json(reader, &ahead->next);
    ahead->held = true;
    if (ahead->kind == HEALTH_TRACE_END || ahead->next.at_ns > entry->at_ns - HEALTH_TRACE_LEAP_NS)
        return kind;
    uint64_t line = reader->line_number;
    reader->line_number = entry->line;
    trace_problem(reader, "t_us leaps ahead by %lld us, and the next line takes it back: skipped",
                  (long long)((entry->at_ns - reader->latest_ns) / HEALTH_NS_PER_US));
    reader->line_number = line;
    return next_json(reader, entry);
}

/* Witnesses overtake each other a little; more than that is worth a word. The entry is still given. */
static void check_order(struct health_trace_reader *reader, const struct health_trace_entry *entry)
{
    if (reader->latest_ns != INT64_MIN &&
        entry->at_ns < reader->latest_ns - HEALTH_TRACE_OVERTAKING_NS)
        trace_problem(reader, "t_us goes back by %lld us, from %lld to %lld",
                      (long long)((reader->latest_ns - entry->at_ns) / HEALTH_NS_PER_US),
                      (long long)(reader->latest_ns / HEALTH_NS_PER_US),
                      (long long)(entry->at_ns / HEALTH_NS_PER_US));
    if (entry->at_ns > reader->latest_ns)
        reader->latest_ns = entry->at_ns;
}

enum health_trace_kind health_trace_next(struct health_trace_reader *reader,
                                         struct health_trace_entry *ret_entry)
{
    if (reader->ended)
        return HEALTH_TRACE_END;
    memset(ret_entry, 0, sizeof *ret_entry);
    uint64_t problems = reader->problems;
    enum health_trace_kind kind =
        reader->binary ? trace_binary_next(reader, ret_entry) : next_json(reader, ret_entry);
    if (kind != HEALTH_TRACE_END)
        check_order(reader, ret_entry);
    reader->ended =
        kind == HEALTH_TRACE_END || (reader->options.strict && reader->problems > problems);
    ret_entry->kind = reader->ended ? HEALTH_TRACE_END : kind;
    return ret_entry->kind;
}
