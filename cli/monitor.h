/*
 * monitor.h - the live composition: witnesses, the engine, and whoever is told.
 *
 *   prober, listener -> recorder, journal, engine -> journal, one queue for each reporter
 *
 * All of it runs on the thread of one event loop. Sockets have priority 0 and whatever waits for a time
 * has priority 1, so that after a stall of ours all that has come meanwhile is read before the engine
 * judges that somebody is silent.
 *
 * After each change in a cluster (a state, a link that closed) all of its nodes are asked for their view
 * at once and for a while: where there is no agent, this is what tells a clean leave from a crash.
 */
#ifndef HEALTHD_CLI_MONITOR_H
#define HEALTHD_CLI_MONITOR_H

#include "config.h"

#include <stddef.h>

struct event_base;
struct maintenance_wish;
struct monitor;
struct overview;
struct turns;

struct monitor_options {
    struct event_base *base;     /* with two priorities at least */
    const char *reporter;        /* who reports; borrowed until the monitor is destroyed */
    uint64_t epoch;              /* greater in each life of the daemon */
    void (*told)(void *context); /* the history has grown; may be NULL */
    void *context;
};

/* Begin to watch what is configured. `config` is borrowed until the monitor is destroyed. NULL: it was
 * logged why not. */
struct monitor *monitor_create(const struct monitor_options *options, const struct config *config);

/* Take another configuration: clusters and nodes come, go and change, and those that did not change notice
 * nothing. What can only change with a restart is logged. `config` is borrowed until the next. False:
 * there is no room, and nothing has changed. */
bool monitor_reload(struct monitor *monitor, const struct config *config);

/* A configuration was taken over, or could not be: for those who look in. */
void monitor_note_reload(struct monitor *monitor, bool good);

/* Read credentials and keys again. */
void monitor_reread(struct monitor *monitor);

/* Take a node out of service for maintenance, change why and until when, or give it back (`wish` NULL). False:
 * memory is short. */
bool monitor_maintain(struct monitor *monitor, uint32_t node, const struct maintenance_wish *wish);

/* A person has taken note of a cluster's quick double crash. Would a restart remember that? */
bool monitor_acknowledge(struct monitor *monitor, uint32_t cluster);

/* Ask a node's agent once to recover its position. False: there is no agent to ask. */
bool monitor_recover(struct monitor *monitor, uint32_t node);

/* Stop watching, let the reporters finish for at most `patience_ms` each, and free; NULL is fine. */
void monitor_destroy(struct monitor *monitor, int patience_ms);

/* Let the engine judge what has come due, so that nothing that is looked at is older than now. */
void monitor_refresh(struct monitor *monitor);

/* What may be looked at; good until the monitor is destroyed. */
const struct overview *monitor_overview(const struct monitor *monitor);

/* Who may work on each cluster; good until the monitor is destroyed. */
struct turns *monitor_turns(struct monitor *monitor);

/* One line for people: "2 clusters: 1 green, 1 red; 4 of 6 nodes green". */
void monitor_status(const struct monitor *monitor, char *text, size_t size);

/* How often the engine has been called at its deadlines: it stands still when evaluation does. */
uint64_t monitor_ticks(const struct monitor *monitor);

#endif
