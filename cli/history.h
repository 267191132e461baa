/*
 * history.h - what has changed lately: a ring of reports with their names, for those who come later.
 *
 * The oldest go first. Names are kept with each, because a reload may take away who had them.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_HISTORY_H
#define HEALTHD_CLI_HISTORY_H

#include "directory.h"

#include <healthd/engine.h>

/* An hour of a thousand nodes that each change six times. */
#define HISTORY_EVENTS 8192

struct history_event {
    uint64_t number; /* grows by one with each event of one life of the daemon, from 1 */
    int64_t at_ns;   /* of the monotonic clock */
    struct directory_entry names;
    uint8_t from, state;     /* enum health_state, or health_colour where names.node is "" */
    uint8_t reason;          /* enum health_reason */
    uint8_t routable;        /* enum health_answer */
    uint8_t routable_reason; /* enum health_reason; 0 where the engine has moved on since */
    uint32_t version;
};

struct history;

/* NULL: memory is short. */
struct history *history_create(void);
void history_destroy(struct history *history);

/* Keep a report of `entry`, which an engine has made. Gives the event, good until the next is kept. */
const struct history_event *history_keep(struct history *history,
                                         const struct directory_entry *entry,
                                         const struct health_engine *engine,
                                         const struct health_report *report);

/* The numbers of the oldest event kept and of the newest; 0 both when there is none. */
uint64_t history_first(const struct history *history);
uint64_t history_last(const struct history *history);

/* An event from history_first() to history_last(). */
const struct history_event *history_at(const struct history *history, uint64_t number);

#endif
