/*
 * runner.h - runs one command beside the loop: what it is told on its standard input, what it says to the log.
 *
 * It runs in a process group of its own, with nothing of ours open. Neither what it does not read nor what it does not
 * stop to say holds up the loop; both are bounded. After its time it gets SIGTERM, and five seconds later SIGKILL, like
 * all that it has begun.
 *
 * Threads: that of the event base. The program must ignore SIGPIPE.
 */
#ifndef HEALTHD_CLI_RUNNER_H
#define HEALTHD_CLI_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct runner;

/* Lines of output that are told, and bytes of each. */
#define RUNNER_LINES_MAX 100
#define RUNNER_LINE_SIZE 400

struct runner_options {
    struct event_base *base;
    char *const *argv;
    char *const *environment; /* "NAME=VALUE" */
    const char *input;        /* all three are borrowed until it was created */
    int64_t timeout_ns;
    void (*said)(void *context, const char *line);
    /* Called once. `status` is that of waitpid(). */
    void (*done)(void *context, int status, bool timed_out);
    void *context;
};

/* NULL: it could not be started, or memory or descriptors are short; `done` is not called. */
struct runner *runner_create(const struct runner_options *options);

/* A command that still runs gets SIGTERM, and is left. NULL is fine. May be called from `done`. */
void runner_destroy(struct runner *runner);

#endif
