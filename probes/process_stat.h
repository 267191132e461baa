/*
 * process_stat.h - what /proc says of a process: its stat line, and how a status of wait(2) reads.
 *
 * Source: proc(5); include/linux/sched.h for the flags, which have kept their values since Linux 2.6;
 * fs/proc/array.c: do_task_stat() shows 0 for an exit code, and 1 for the start of the code, to those who
 * may not trace the process at that moment. So "exit code 0" means nothing by itself: a server that crashes may lose
 * the right of others to trace it as it ends.
 */
#ifndef HEALTHD_PROBES_PROCESS_STAT_H
#define HEALTHD_PROBES_PROCESS_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_NAME_MAX 32

struct process_stat {
    char name[PROCESS_NAME_MAX];
    char state;
    bool exiting;     /* this thread has begun its exit (PF_EXITING) */
    bool dying;       /* that, or it was killed by a signal, or it dumps core: it runs no more */
    bool memory_gone; /* it has let its memory go, and so its exit code is set */
    bool traceable;   /* while it lives: we may see its exit code */
    bool
        shown; /* at this very look we were shown what others are not: it waits, and so it does as a zombie */
    int32_t exit_status; /* as wait(2) gives it; see above */
};

/* Read a stat line. False: it is torn or no stat line. */
bool process_stat_parse(const char *text, size_t length, struct process_stat *ret_stat);

/* What came of looking at a thread: a failure of ours (no descriptor left) is never taken for its end. */
enum process_look { PROCESS_SEEN, PROCESS_GONE, PROCESS_NOT_SEEN };

/* Read it from an open /proc/PID/task/TID/stat, from its beginning. */
enum process_look process_stat_read(int fd, struct process_stat *ret_stat);

/* Is this the name of a server: mysqld, mariadbd? */
bool process_is_server(const char *name);

/* Will a process run not a single instruction any more, in any of its threads? All of them have begun to
 * exit, or have a SIGKILL waiting for them. A leader that has ended while other threads live is not enough. */
bool process_is_over(int pid);

/* A status of wait(2) as enum health_exit_kind and its value. */
void process_exit_decode(int32_t status, uint8_t *ret_kind, int32_t *ret_value);

/* Does the kernel tell the status of every process once it was reaped? Found out with a child of our own. */
bool process_kernel_tells(void);

/* The status of a process that was reaped, by its pidfd (Linux 6.15). False: it cannot be known, or not yet. */
bool process_exit_status(int pidfd, int32_t *ret_status);

#endif
