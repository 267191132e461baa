/*
 * metrics_text.h - metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0.
 *
 * A family is begun; then come its samples, of one subject (a set of labels) after another. There may be
 * 100 000 of them, so a line is made of copies and digits alone: labels are escaped once a subject, and
 * nothing is formatted.
 *
 * The two formats differ in how a family is headed and in the end of the text, never in a sample, so that
 * a series is the same whichever way it is read. A state set's label is called like the family, which
 * OpenMetrics asks for.
 */
#ifndef HEALTHD_CLI_METRICS_TEXT_H
#define HEALTHD_CLI_METRICS_TEXT_H

#include "durations.h"

#include <stdbool.h>
#include <stddef.h>

enum metrics_type {
    METRICS_GAUGE,
    METRICS_COUNTER,   /* samples end in _total */
    METRICS_HISTOGRAM, /* _bucket, _count and _sum */
    METRICS_STATESET,
    METRICS_INFO, /* _info */
};

#define METRICS_SUBJECT_MAX 512

struct metrics_text {
    bool openmetrics;
    bool failed; /* memory is short, and lines are missing */
    char *bytes;
    size_t length;
    size_t capacity;
    enum metrics_type type; /* of the family that was begun */
    const char *name;
    char subject[METRICS_SUBJECT_MAX]; /* labels, escaped */
    size_t subject_length;
};

/* Free its bytes. */
void metrics_text_clear(struct metrics_text *text);

/* Begin a family. `name`: without what its samples end in; `help`: one line, without quotes and backslashes.
 * Both are borrowed until the next. What follows has no labels yet. */
void metrics_begin(struct metrics_text *text, enum metrics_type type, const char *name,
                   const char *help);

/* What follows is of another subject: no labels, then each of these. They are escaped; all of them have to
 * fit into METRICS_SUBJECT_MAX. */
void metrics_subject(struct metrics_text *text);
void metrics_label(struct metrics_text *text, const char *key, const char *value);

/* One sample, with one label more or (NULL) none. `value` of that label is not escaped. */
void metrics_whole(struct metrics_text *text, const char *key, const char *value, uint64_t number);

/* The same of a time in nanoseconds, written as seconds; one below 0 is 0. */
void metrics_seconds(struct metrics_text *text, const char *key, const char *value, int64_t ns);

/* A sample for each of `count` states: 1 for those in `set` (bit i: state i), 0 for the others. */
void metrics_states(struct metrics_text *text, const char *(*name)(unsigned state), unsigned count,
                    uint32_t set);

/* All samples of a histogram. */
void metrics_histogram(struct metrics_text *text, const struct durations *durations);

/* The end of all families. */
void metrics_end(struct metrics_text *text);

#endif
