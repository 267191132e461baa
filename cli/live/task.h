/*
 * task.h - a task's turn on a cluster: asked for, kept while a command runs, given back.
 *
 * The right to run is exclusive, so it must not outlive its lease: when the turn was not renewed in time, or healthd
 * says that it is lost, the command gets SIGTERM. When healthctl itself is killed, the command gets it too.
 *
 * Threads: one.
 */
#ifndef HEALTHD_CLI_LIVE_TASK_H
#define HEALTHD_CLI_LIVE_TASK_H

#include "live.h"

struct task {
    struct live *live;
    const char *cluster;
    const char *name;
    char *const *argv; /* the command, and NULL */
    long wait_max_s;   /* -1: as long as it takes */
};

/* Wait for the turn, run the command, give the turn back. Gives the exit code: the command's own, 128 and a signal's
 * number when one ended it, 126 or 127 when it cannot be run, or one of ours after a message. */
int task_run(const struct task *task);

#endif
