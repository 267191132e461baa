/*
 * recording.h - a trace in memory, to be changed and replayed by tests.
 */
#ifndef HEALTHD_TESTS_RECORDING_H
#define HEALTHD_TESTS_RECORDING_H

#include "expect.h"
#include "random.h"
#include "replay.h"

struct recording {
    struct health_trace_header header;
    struct health_trace_entry *entries; /* in order of time; of marks, those that a test adds */
    size_t count;
    size_t capacity;
};

/* What a replay of it said. */
struct transcript {
    struct changes changes; /* of state */
    char *text;             /* every report, a line each: time, subject, state, reason, routable */
};

/* Names of the recordings in tests/traces, ended by NULL. */
extern const char *const recording_names[];

/* Load tests/traces/NAME.jsonl; fails the test when that cannot be done. */
struct recording recording_load(const char *name);
struct expectations recording_truth(const char *name);
struct recording recording_copy(const struct recording *recording);
void recording_free(struct recording *recording);

void recording_append(struct recording *recording, const struct health_trace_entry *entry);

/* Keep the entries that `keep` accepts. */
typedef bool entry_filter(void *context, const struct health_trace_entry *entry);
void recording_filter(struct recording *recording, entry_filter *keep, void *context);

/* Put the entries in order of time; equal times keep their order. */
void recording_sort(struct recording *recording);

/* Replay; `ticks_seed` not 0: call the engine at random extra moments too. */
struct transcript recording_replay(const struct recording *recording, uint64_t ticks_seed);
void transcript_free(struct transcript *transcript);

/* The state of a subject at a moment; "unknown" before its first change. */
const char *transcript_state(const struct transcript *transcript, const char *subject,
                             int64_t at_us);

#endif
