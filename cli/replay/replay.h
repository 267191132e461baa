/*
 * replay.h - a trace through an engine, on the trace's own clock.
 *
 * Between two entries the engine is called at its own deadlines, as a live monitor's loop would. A
 * monitor that runs finishes a probe, well or badly, at least once an interval and a timeout; a longer
 * silence of the whole trace means that the recorder was stopped, and then nobody is called in it: the
 * engine must notice by itself. healthd's own traces say exactly when it was (recorder_mark.h).
 * Without a probe a silence is gone through, but no further than the longest limit reaches.
 */
#ifndef HEALTHD_CLI_REPLAY_H
#define HEALTHD_CLI_REPLAY_H

#include "config.h"

#include <healthd/memory.h>
#include <healthd/trace.h>

struct health_diagnosis;

/* Gives the next entry; HEALTH_TRACE_END: there is none. */
typedef enum health_trace_kind replay_source(void *context, struct health_trace_entry *ret_entry);

struct replay {
    const char *path;
    struct health_trace_reader *reader; /* NULL: the entries come from elsewhere */
    replay_source *source;
    void *source_context;
    const struct health_trace_header *header;
    struct health_engine *engine;
    struct health_memory *memory;
    struct health_queue *queue;
    struct health_limits limits;
    struct health_trace_entry entry; /* read, not yet taken */
    bool has_entry;
    bool probed; /* the trace has shown a probe */
    bool paused; /* the recorder has said that it calls nobody until the next entry */
    uint32_t cluster;
    int64_t start_ns; /* of the first entry */
    int64_t now_ns;
    int64_t seen_ns; /* of the latest entry taken */
};

struct replay_options {
    const struct config *config; /* NULL: none */
    bool strict;
};

/* What a replay tells, in the order of time. Each may be NULL. */
struct replay_listener {
    void (*observation)(void *context, const struct health_observation *observation);
    void (*report)(void *context, const struct replay *replay, const struct health_report *report);
    void (*mark)(void *context, const struct replay *replay, int64_t at_ns, const char *mark);
    void (*wait)(void *context, int64_t until_ns); /* before the clock moves on */
    void *context;
};

/* Open a trace and build its engine. False: stderr says why. */
bool replay_open(struct replay *replay, const char *path, const struct replay_options *options);

/* Replay entries that come from anywhere. `header` must outlive the replay. False: memory is short, or
 * the limits contradict each other. */
bool replay_begin(struct replay *replay, const struct health_trace_header *header,
                  replay_source *source, void *context, const struct replay_options *options);

/* Run until the trace ends, or its clock reaches until_ns (HEALTH_NEVER_NS: the end). */
void replay_run(struct replay *replay, int64_t until_ns, const struct replay_listener *listener);

void replay_close(struct replay *replay);

/* What is wrong now, by what the trace has shown so far. */
void replay_diagnose(const struct replay *replay, struct health_diagnosis *ret_diagnosis);

/* Is this report about the cluster (and not about a node)? */
bool replay_is_cluster(const struct replay *replay, const struct health_report *report);

/* What a state of its subject is called. */
const char *replay_state_name(const struct replay *replay, const struct health_report *report,
                              uint8_t state);

/* "12.5": seconds from the trace's start; "1112815232us": its t_us. False: neither. */
bool replay_time(const struct replay *replay, const char *text, int64_t *ret_ns);

/* A time as seconds from the trace's start. */
double replay_seconds(const struct replay *replay, int64_t at_ns);

#endif
