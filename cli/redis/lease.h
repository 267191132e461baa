/*
 * lease.h - of several healthds that report to one Redis, one may act upon a cluster.
 *
 * The key healthd:{CLUSTER}:lease says who, for 15 seconds from each renewal; healthd:{CLUSTER}:fencing grows with each
 * new holder. It is held only while the latest renewal that was answered was sent less than 10 seconds ago by our own
 * monotonic clock: so who is stopped or cut off has stopped believing before another can begin.
 *
 * Threads: that of the event base.
 */
#ifndef HEALTHD_CLI_LEASE_H
#define HEALTHD_CLI_LEASE_H

#include "config.h"
#include "roster.h"

struct event_base;
struct lease;

struct lease_options {
    struct event_base *base;
    const struct config_redis *redis;                /* borrowed until it was created */
    const struct roster *roster;                     /* borrowed, like the next */
    const char *holder;                              /* who we are, in this life */
    void (*remark)(void *context, const char *text); /* one line for people */
    void *context;
};

/* NULL: memory is short. */
struct lease *lease_create(const struct lease_options *options);

/* Give up what is held, for at most `patience_ms`, and free. NULL is fine. */
void lease_destroy(struct lease *lease, int patience_ms);

/* Is it ours at this moment? */
bool lease_held(const struct lease *lease, uint32_t cluster, int64_t now_ns, int64_t *ret_fencing);

/* Something of ours may be under way there at our end: it is not given up then, and runs out by itself. */
void lease_keep(struct lease *lease, uint32_t cluster);

/* The number is another cluster's. */
void lease_forget(struct lease *lease, uint32_t cluster);

#endif
