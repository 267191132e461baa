/*
 * process_find.h - which process is the mysqld of a data directory?
 *
 * By its pid file; else by a pid file in the data directory; else by looking through /proc for a server
 * whose working directory it is (mysqld changes into its data directory early) or that was started with
 * --datadir for it.
 */
#ifndef HEALTHD_PROBES_PROCESS_FIND_H
#define HEALTHD_PROBES_PROCESS_FIND_H

#include <stdbool.h>
#include <stddef.h>

/* What the arguments of a mysqld say. `arguments` as in /proc/PID/cmdline: each ended by a 0. */
struct process_arguments {
    char datadir[4096]; /* "": not said there */
    bool no_service;    /* it recovers a position or makes a data directory, and serves nobody */
};

void process_arguments_parse(const char *arguments, size_t size,
                             struct process_arguments *ret_arguments);

enum process_search_result {
    PROCESS_FOUND,
    PROCESS_NONE,   /* and it would have been seen */
    PROCESS_HIDDEN, /* there may be one that we cannot see or tell apart */
};

struct process_found {
    int pid;
    bool no_service;
};

/* Search. `pid_file` may be NULL; `except` is a pid that is known to have ended, or 0. */
enum process_search_result process_find(const char *datadir, const char *pid_file, int except,
                                        struct process_found *ret_found);

#endif
