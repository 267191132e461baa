/*
 * monitor_private.h - what a monitor is made of.
 */
#ifndef HEALTHD_CLI_MONITOR_PRIVATE_H
#define HEALTHD_CLI_MONITOR_PRIVATE_H

#include "fault_watch.h"
#include "actor.h"
#include "journal.h"
#include "lease.h"
#include "maintenance.h"
#include "memory_file.h"
#include "monitor.h"
#include "overview.h"
#include "recorder.h"
#include "reporter.h"
#include "roster.h"

#include <event2/util.h>
#include <healthd/heartbeat.h>
#include <healthd/memory.h>
#include <healthd/prober.h>

struct event;

/* The readers of reports, each with its queue. */
enum { READER_JOURNAL, READER_STDOUT, READER_REDIS, READER_COUNT };

struct monitor {
    struct monitor_options options;
    const struct config *first;  /* what cannot change holds as it was at the start */
    const struct config *config; /* the clusters as they are now; NULL: none yet */
    struct overview overview;
    struct overview_acting acting;
    struct overview_reload reload;
    struct lag lag;
    struct health_limits limits;
    struct roster roster;
    struct health_engine *engine;
    struct health_queue *queues[READER_COUNT]; /* NULL: no such reader */
    struct health_memory *memory;
    struct memory_file *memory_file;
    struct turns *turns;
    struct actor *actor;
    struct lease *lease; /* NULL: nothing is acted upon, or there is no Redis */
    char lease_holder[192];
    bool acts; /* something is, or was since the start */
    struct journal *journal;
    struct fault_watch *fault_watch;
    struct sightings *sightings;
    struct history *history;
    struct maintenance *maintenance;
    struct recorder *recorder; /* NULL: nothing is recorded */
    struct reporter_stdout *reporter_stdout;
    struct reporter_redis *reporter_redis;
    struct health_prober *prober;
    struct health_listener *listener; /* NULL: agents are not listened to */
    struct event *timer;              /* when the engine wants to be called */
    struct event *second;             /* when time alone may have brought something about */
    int timer_fd;
    int64_t armed_ns; /* what the timer is set to */
    int64_t now_ns;   /* the engine's latest call */
    uint64_t ticks;
    uint64_t stalls;
};

/* The time of a call of the engine, whose clock must not go back. */
int64_t monitor_now(struct monitor *monitor, int64_t at_ns);

/* After each call of the engine: tell what has changed, and wait for the next. */
void monitor_settle(struct monitor *monitor);

/* monitor_apply.c: make what is watched equal to a configuration for which there is room. Has it changed
 * who is watched, or how many are expected? */
bool monitor_apply(struct monitor *monitor, const struct config *config);

/* ---- monitor_act.c ---- */

bool monitor_create_memory(struct monitor *monitor, const struct config *config);
bool monitor_create_actor(struct monitor *monitor);

/* Each second. */
void monitor_mind_acting(struct monitor *monitor);

/* The number is a new cluster's. */
void monitor_forget_acting(struct monitor *monitor, uint32_t cluster);

/* End what runs; the lease of a cluster where something was under way is not given up. */
void monitor_end_acting(struct monitor *monitor);

/* Let it be looked at. */
void monitor_show_acting(struct monitor *monitor);

/* ---- monitor_maintain.c ---- */

/* Each second: what has come to its end. */
void monitor_mind_maintenance(struct monitor *monitor);

/* A node has come; it may have been in maintenance before. */
void monitor_resume_maintenance(struct monitor *monitor, uint32_t node);

/* All nodes of a configuration have come: forget those that nobody has the name of. */
void monitor_drop_maintenance(struct monitor *monitor);

/* A trace of a cluster has begun: let it know. */
void monitor_record_maintenance(struct monitor *monitor, uint32_t cluster);

#endif
