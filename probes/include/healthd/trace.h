/*
 * healthd/trace.h - traces: observations on disk, read and written.
 *
 * A trace is a header and then one entry after another: an observation, or a mark (what an experimenter
 * did; never evidence). It has two forms with the same content, told apart by their first bytes: JSON
 * Lines, for people, and a compact binary form, for large traces. healthd-trace(5) describes both.
 *
 * Reading never guesses: whatever is not understood gives a note with its line (or byte) and what was
 * expected, and reading goes on with the next entry. In strict mode the first problem ends it.
 *
 * Threads: a reader or writer belongs to one thread at a time.
 */
#ifndef HEALTHD_TRACE_H
#define HEALTHD_TRACE_H

#include <stdio.h>

#include <healthd/observation.h>

#define HEALTH_TRACE_NAME_MAX 64 /* bytes of a cluster's or node's name, with the final 0 */
#define HEALTH_TRACE_ABOUT_MAX 512

/* Witnesses may overtake each other by this much without a note. */
#define HEALTH_TRACE_OVERTAKING_NS (50 * HEALTH_NS_PER_MS)

/* A line whose time lies so far ahead is skipped, with a note, when the next line takes it back. */
#define HEALTH_TRACE_LEAP_NS (60 * HEALTH_NS_PER_S)

struct health_trace_header {
    char cluster[HEALTH_TRACE_NAME_MAX];
    char scenario[HEALTH_TRACE_NAME_MAX]; /* optional: "" */
    char about[HEALTH_TRACE_ABOUT_MAX];   /* optional: "" */
    char nodes[HEALTH_CLUSTER_NODES_MAX][HEALTH_TRACE_NAME_MAX];
    uint32_t node_count;
    uint32_t expected_size;
    uint32_t probe_interval_ms;
    uint32_t probe_timeout_ms;
    uint32_t heartbeat_interval_ms;
};

enum health_trace_kind {
    HEALTH_TRACE_END,
    HEALTH_TRACE_OBSERVATION,
    HEALTH_TRACE_MARK,
};

/* One entry. `node` of the observation (and of list members) is an index into the header's nodes. */
struct health_trace_entry {
    enum health_trace_kind kind;
    int64_t at_ns;
    uint64_t line; /* where it stands: a line number, or a byte offset of a binary trace */
    struct health_observation observation;
    const char *mark; /* JSON text; the reader's, until the next call */
};

/* How bad a note is. Notes of keys that are not known are harmless; problems cost an entry or cast doubt
 * on one. */
enum health_trace_severity { HEALTH_TRACE_HARMLESS, HEALTH_TRACE_PROBLEM };

/* Called for each note, with a text such as "line 12: probe.rtt_us: a number of 0 or more is expected".
 * The text is valid during the call. */
typedef void health_trace_note(void *context, enum health_trace_severity severity,
                               const char *text);

struct health_trace_options {
    bool strict; /* the first problem, or key that is not known, ends reading */
    health_trace_note *note;
    void *context; /* handed to note */
};

struct health_trace_reader;

/*
 * Open a trace; "-" reads standard input. Reads the header, of either form.
 * NULL: it cannot be opened, or has no usable header; a note said why.
 */
struct health_trace_reader *health_trace_open(const char *path,
                                              const struct health_trace_options *options);

/* Close and free; NULL is fine. */
void health_trace_close(struct health_trace_reader *reader);

/* The header; the reader's. */
const struct health_trace_header *health_trace_header(const struct health_trace_reader *reader);

/* Is it the binary form? */
bool health_trace_is_binary(const struct health_trace_reader *reader);

/* Read the next entry. HEALTH_TRACE_END at the end, and for good after a problem in strict mode. Member
 * lists and marks in *ret_entry live until the next call. */
enum health_trace_kind health_trace_next(struct health_trace_reader *reader,
                                         struct health_trace_entry *ret_entry);

/* Problems noted so far. */
uint64_t health_trace_problems(const struct health_trace_reader *reader);

struct health_trace_writer;

/* Begin a trace on an open stream, which stays the caller's. NULL: out of memory, or the stream failed. */
struct health_trace_writer *health_trace_write_begin(FILE *stream, bool binary,
                                                     const struct health_trace_header *header);

/* Write one entry. Times are kept to the microsecond. */
void health_trace_write(struct health_trace_writer *writer, const struct health_trace_entry *entry);

/* End the trace, flush, free. False: something could not be written (see errno). NULL is fine: false. */
bool health_trace_write_end(struct health_trace_writer *writer);

#endif
