/*
 * healthd/process.h - the process watch: the mysqld of one data directory, found, followed and seen to end.
 *
 * The end is seen in two ways, whichever is first: the exiting flag (PF_EXITING) in /proc/PID/stat, read
 * at a short interval, because the kernel frees memory before it closes descriptors, some 30 ms for each GiB;
 * and a pidfd, which costs nothing while nothing happens. How it ended: the exit code that the kernel
 * shows to whoever may trace the process (field 52 of /proc/PID/stat while it exits; PIDFD_GET_INFO where
 * the kernel has it), otherwise not known, and then said so. Sources: proc(5), pidfd_open(2),
 * kernel/exit.c: do_exit() sets the flag and the code before it frees memory.
 *
 * Needs no privilege beyond reading the data directory. Threads: belongs to the thread of its event base.
 */
#ifndef HEALTHD_PROCESS_H
#define HEALTHD_PROCESS_H

#include <healthd/observer.h>

struct event_base;
struct health_process_watch;

struct health_process_options {
    struct event_base *base;
    const char *datadir;
    const char *pid_file;           /* NULL: found through the data directory */
    void (*changed)(void *context); /* it appeared, ended, or its state letter changed */
    void *context;
};

enum health_error health_process_create(const struct health_process_options *options,
                                        struct health_process_watch **ret_watch);
void health_process_destroy(struct health_process_watch *watch);

/* Its end may be near (its socket has gone): look more often until then. Before Linux 6.15 the kernel shows
 * how a process ended only until its parent has asked, which may be a moment. */
void health_process_hasten(struct health_process_watch *watch, int64_t until_ns);

/*
 * Fill in what is known of the process and the files now: pid, process, proc_state, exit_kind and exit_value,
 * grastate, gvwstate, sst_in_progress. Leaves the rest alone. The files are read each time.
 *
 * process is RUNNING, or STARTING for a mysqld that serves nobody (--wsrep-recover, --initialize), or
 * STOPPED, or NOT_KNOWN where a mysqld may be there that we cannot see. How a process ended is known only
 * of one that was followed; the end of one that served nobody says nothing of the node's last life, whose
 * own end stands.
 */
void health_process_describe(struct health_process_watch *watch, struct health_heartbeat *beat);

/* Bytes that mysqld and its descendants have written so far, for heartbeat.moved. 0: not known, or nobody is
 * there. Reads all of /proc, so not often. */
uint64_t health_process_moved(const struct health_process_watch *watch);

/* Was a process started by another, or by a process that was, and so on, as far as they all live? */
bool health_process_is_below(int pid, int ancestor);

#endif
