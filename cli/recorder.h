/*
 * recorder.h - every observation as a trace, one a cluster, that replays to the same states.
 *
 * With one cluster its trace has the path as configured; with several, the cluster's name comes before
 * the extension (trace.lab.jsonl). A trace has one set of nodes, so when a reload changes a cluster's nodes
 * or expected size, a new one begins. Existing files are never touched: a name that is taken gets the
 * first free number from 2 on (trace.2.jsonl).
 *
 * A trace begins with a mark at the moment when the engine began with these nodes, and has marks where the
 * process was stopped and where it ends (recorder_mark.h). What the engine believed before is not in it: a
 * replay of a trace that a reload began starts from Unknown.
 */
#ifndef HEALTHD_CLI_RECORDER_H
#define HEALTHD_CLI_RECORDER_H

#include "roster.h"

#include <healthd/trace.h>

struct event_base;
struct recorder;

struct recorder_options {
    struct event_base *base;
    const char *path; /* as configured */
    const struct roster *roster;
};

/* NULL: memory is short. */
struct recorder *recorder_create(const struct recorder_options *options);

/* End all traces, write what there is, for at most `patience_ms`, and free; NULL is fine. `at_ns`, here and
 * below: when the engine was called last. */
void recorder_destroy(struct recorder *recorder, int64_t at_ns, int patience_ms);

/* Begin a new trace of a cluster whose nodes are in the roster; a former one ends. `header` gives the
 * cadence and the expected size; names come from the roster. It is logged where the trace is, or why there
 * is none. */
void recorder_begin(struct recorder *recorder, uint32_t cluster,
                    const struct health_trace_header *header, int64_t at_ns);

/* The cluster is no longer watched. */
void recorder_end(struct recorder *recorder, uint32_t cluster, int64_t at_ns);

/* Write a mark into all traces. */
void recorder_mark(struct recorder *recorder, int64_t at_ns, const char *mark);

/* Write that a node was taken out of service, or given back, into its cluster's trace. */
void recorder_maintenance(struct recorder *recorder, uint32_t node, int64_t at_ns, bool on);

void recorder_take(struct recorder *recorder, const struct health_observation *observation);

#endif
