/*
 * agent.h - the agent beside a mysqld: watches its process, asks it over its socket, and tells monitors.
 *
 * A beat goes out at an interval, and at once when something has changed. The word "gone" waits for
 * nothing, and is said several times, because a datagram may be lost.
 */
#ifndef HEALTHD_CLI_AGENT_H
#define HEALTHD_CLI_AGENT_H

#include <healthd/heartbeat.h>
#include <healthd/prober.h>
#include <healthd/process.h>

struct agent_options {
    const char *cluster;
    const char *node;
    const char *const *monitors;
    size_t monitor_count;
    const char *datadir;
    const char *pid_file; /* NULL: none, as below */
    const char *key_file;
    struct health_target target; /* mysqld's socket, and as whom to ask */
    char *const *recover; /* the command that recovers the position; ends with NULL. NULL: none */
    int64_t interval_ns;
    health_remark *remark;
    void *context;
};

struct agent;

/* Begin. Texts are borrowed until the agent is destroyed. Errors: HEALTH_EINVAL (a remark said what cannot be
 * used), HEALTH_ENOMEM. */
enum health_error agent_create(struct event_base *base, const struct agent_options *options,
                               struct agent **ret_agent);
void agent_destroy(struct agent *agent);

/* Whether its heartbeats come: the latest is no older than two intervals and a little. */
bool agent_is_on_time(const struct agent *agent);

/* Read the credentials again. */
void agent_reread(struct agent *agent);

#endif
