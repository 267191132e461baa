/*
 * process_stage.h - the process watch over a scratch data directory, and fake mysqlds to be watched.
 */
#ifndef HEALTHD_TESTS_PROCESS_STAGE_H
#define HEALTHD_TESTS_PROCESS_STAGE_H

#include "scratch.h"

#include <healthd/process.h>

#include <event2/event.h>
#include <sys/types.h>

/* A scratch directory, the watch, and what it said. */
struct stage {
    char directory[SCRATCH_SIZE];
    struct event_base *base;
    struct health_process_watch *watch;
    unsigned changes;
    int64_t stopped_ns; /* when it was first said */
};

struct stage *stage_begin(void);

/* Begin to watch; `pid_file` may be NULL. */
void stage_watch(struct stage *stage, const char *pid_file);

/* Ends the watch and removes the directory, which must hold nothing unknown. */
void stage_end(struct stage *stage);

/* A file in the directory. */
void stage_put(const struct stage *stage, const char *name, const char *text);

void stage_run(struct stage *stage, int64_t ms);

/* What the watch would send now. */
struct health_heartbeat stage_describe(const struct stage *stage);

/* Run until the watch says `process`; -1: not within two seconds, else after how many ns. */
int64_t stage_until(struct stage *stage, enum health_process process);

#define EXPECT(stage, word) \
    cr_assert_geq(stage_until((stage), HEALTH_PROCESS_##word), 0, "still %d", \
                  stage_describe(stage).process)

/* Start the fake mysqld with up to four options; "" for none. */
pid_t stage_fake(const char *a, const char *b, const char *c, const char *d);

/* The option that names the directory. Valid until the next call. */
const char *stage_datadir(const struct stage *stage);

/* Kill and wait for it. */
void stage_reap(pid_t pid);

/* The same, but its parent takes its time, as if the kernel did not tell later. */
void stage_kill_seen(struct stage *stage, pid_t pid);

#endif
