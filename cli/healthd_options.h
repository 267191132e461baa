/*
 * healthd_options.h - how healthd is called.
 */
#ifndef HEALTHD_CLI_HEALTHD_OPTIONS_H
#define HEALTHD_CLI_HEALTHD_OPTIONS_H

#include "config_report.h"

/* 0: done, or stopped by a signal. 1: it could not run. 2: it was called wrongly. 78 (EX_CONFIG): the
 * configuration cannot be used, and trying again is of no use. */
enum {
    HEALTHD_EXIT_DONE = 0,
    HEALTHD_EXIT_FAILED = 1,
    HEALTHD_EXIT_USAGE = 2,
    HEALTHD_EXIT_CONFIG = CONFIG_EXIT_UNUSABLE
};

enum healthd_call {
    HEALTHD_CALL_RUN,
    HEALTHD_CALL_CHECK,
    HEALTHD_CALL_ANSWERED, /* help or version: printed */
    HEALTHD_CALL_MISUSED,  /* stderr says how */
};

#define HEALTHD_NODES_MAX 256 /* of --node; the configuration itself takes fewer */

struct healthd_options {
    const char *path;        /* of the configuration */
    struct config_call call; /* its cluster is NULL: the configuration is a file */
    const char *nodes[HEALTHD_NODES_MAX];
};

/* The options point into argv and into themselves. */
enum healthd_call healthd_options_read(int argc, char **argv, struct healthd_options *options);

#endif
