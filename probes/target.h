/*
 * target.h - how to reach one mysqld, in memory of its own; and connecting to it on a helper thread.
 */
#ifndef HEALTHD_PROBES_TARGET_H
#define HEALTHD_PROBES_TARGET_H

#include "client.h"
#include "pool.h"

#include <healthd/prober.h>

/* A copy of a health_target whose texts are its own. */
struct target {
    struct health_target given;
    char *texts; /* all of them, one after another */
};

/* False: out of memory. */
bool target_copy(struct target *target, const struct health_target *given);
void target_clear(struct target *target);

/* One try to connect. It owns all it needs, because whoever wanted it may be gone when it ends. */
struct connecting {
    struct pool_job job;
    struct target target;
    int64_t deadline_ns;
    struct client_dial dial;
    struct client *client; /* NULL: failure says why */
    struct client_failure failure;
    bool by_extra_port; /* only the extra port let us in */
    void *wanted_by;    /* the loop's alone; NULL: nobody wants it any more */
};

/* Begin to connect; `done` gets the job, and frees it by connecting_free(). NULL: out of memory. */
struct connecting *connecting_begin(struct pool *pool, const struct target *target,
                                    int64_t deadline_ns, void (*done)(struct pool_job *job),
                                    void *wanted_by);

/* Nobody waits for it any longer: it ends soon, but for a resolver that hangs. */
void connecting_give_up(struct connecting *connecting);

/* Free, and close a client that was not taken. Any thread. */
void connecting_free(struct connecting *connecting);

#endif
