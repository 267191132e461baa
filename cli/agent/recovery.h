/*
 * recovery.h - an agent runs mysqld --wsrep-recover when a monitor asks for it, and keeps what it found.
 *
 * The command is the operator's own words, run without a shell, in a process group of its own that ends with the
 * agent. It works on the data directory, so the agent asks for it only while no mysqld is there.
 *
 * Threads: that of the event base.
 */
#ifndef HEALTHD_CLI_RECOVERY_H
#define HEALTHD_CLI_RECOVERY_H

#include <healthd/observer.h>

#include <sys/types.h>

struct event_base;
struct recovery;

struct recovery_options {
    struct event_base *base;
    char *const *argv; /* ends with NULL; NULL: there is no command */
    health_remark *remark;
    void (*changed)(void *context); /* it has ended */
    void *context;                  /* handed to both */
};

/* Options are copied, argv is borrowed. NULL: memory is short. */
struct recovery *recovery_create(const struct recovery_options *options);
void recovery_destroy(struct recovery *recovery); /* NULL is fine; what runs is killed */

/* Begin, if none runs. What went wrong at once is told of, and is the result. */
void recovery_begin(struct recovery *recovery);

/* A mysqld has come: what was found is of a former stop. */
void recovery_forget(struct recovery *recovery);

/* What it found, or that it runs. */
void recovery_describe(const struct recovery *recovery, struct health_recovery *ret_recovery);

/* Is this process part of what runs? sudo and su may give it a process group and a session of its own. */
bool recovery_owns(const struct recovery *recovery, pid_t pid);

#endif
