/*
 * agent_check.h - HAProxy's agent-check: whether a server takes clients, told over a port of its own.
 *
 * One listener for all nodes. HAProxy connects, sends a line (agent-send "CLUSTER/NODE\n", or with a taste
 * "CLUSTER/NODE?donor=yes\n", as /node/CLUSTER/NODE takes it) and gets one: "up 100%" or "down #why". The state is
 * said in full each time, and nothing else is ever said: "drain" and "maint" would stick, and "ready" would undo
 * what an operator has set. A line that names no node gets "down", for a server that nobody watches is no place
 * for clients; who sends no line gets nothing, and HAProxy leaves the server as it is.
 *
 * Strangers can do no harm: a line is short, the time for it too, and the one that waits longest makes room for
 * the newcomer. Everything runs after what sees and judges.
 *
 * Threads: that of the event base.
 */
#ifndef HEALTHD_CLI_AGENT_CHECK_H
#define HEALTHD_CLI_AGENT_CHECK_H

#include "overview.h"

struct agent_check;
struct event_base;

#define AGENT_CHECK_CLIENTS_MAX 256
#define AGENT_CHECK_LINE_MAX 256
#define AGENT_CHECK_PATIENCE_MS 2000

struct agent_check_options {
    struct event_base *base;         /* with three priorities */
    const char *listen;              /* ADDRESS:PORT */
    const struct overview *overview; /* borrowed */
    /* Let the engine judge what has come due, so that no answer is older than its question. */
    void (*refresh)(void *context);
    void *context;
};

/* NULL: it was logged why not. */
struct agent_check *agent_check_create(const struct agent_check_options *options);
void agent_check_destroy(struct agent_check *check); /* NULL is fine */

#endif
