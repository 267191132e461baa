/*
 * runner.c - runs one command beside the loop.
 *
 * Its end is seen through a pidfd. Pipes may outlive it in what it has begun, so they are read to what is there at its
 * end, and closed.
 */
#include "runner.h"

#include "child.h"

#include <healthd/types.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KILL_AFTER_SECONDS 5

struct runner {
    struct runner_options options;
    struct child child;
    int in_fd;
    int out_fd;
    struct event *ended;
    struct event *writable;
    struct event *readable;
    struct event *due;
    char *input;
    size_t sent;
    bool timed_out;
    unsigned lines;
    size_t length;
    char line[RUNNER_LINE_SIZE];
};

/* ---- What it says ---- */

static void tell_line(struct runner *runner)
{
    runner->line[runner->length] = '\0';
    runner->length = 0;
    if (++runner->lines <= RUNNER_LINES_MAX)
        runner->options.said(runner->options.context, runner->line);
    else if (runner->lines == RUNNER_LINES_MAX + 1)
        runner->options.said(runner->options.context, "(more is not shown)");
}

static void take(struct runner *runner, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n')
            tell_line(runner);
        else if (runner->length < sizeof runner->line - 1)
            runner->line[runner->length++] = bytes[i];
    }
}

/* One piece at a turn. False: there is no more at present. */
static bool read_piece(struct runner *runner)
{
    char bytes[4096];
    ssize_t count = read(runner->out_fd, bytes, sizeof bytes);

    if (count > 0)
        take(runner, bytes, (size_t)count);
    if (count == 0)
        event_del(runner->readable);
    return count > 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    read_piece(context);
}

/* ---- What it is told ---- */

static void close_input(struct runner *runner)
{
    if (runner->writable)
        event_free(runner->writable);
    runner->writable = NULL;
    if (runner->in_fd != -1)
        close(runner->in_fd);
    runner->in_fd = -1;
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct runner *runner = context;
    size_t left = strlen(runner->input) - runner->sent;
    ssize_t count = write((int)fd, runner->input + runner->sent, left);
    (void)what;

    if (count > 0)
        runner->sent += (size_t)count;
    if ((count == -1 && errno != EAGAIN && errno != EINTR) || count == (ssize_t)left)
        close_input(runner);
}

/* ---- Its end ---- */

static void on_ended(evutil_socket_t fd, short what, void *context)
{
    struct runner *runner = context;
    int status = 0;
    (void)fd;
    (void)what;

    if (runner->timed_out)
        child_signal(&runner->child, SIGKILL); /* what it has begun, while its number is its own */
    if (!child_ended(&runner->child, &status))
        return;
    for (unsigned i = 0; i < 16 && read_piece(runner); i++)
        ;
    if (runner->length)
        tell_line(runner);
    event_del(runner->ended);
    event_del(runner->due);
    runner->options.done(runner->options.context, status, runner->timed_out); /* may destroy it */
}

static void on_due(evutil_socket_t fd, short what, void *context)
{
    struct runner *runner = context;
    const struct timeval grace = {.tv_sec = KILL_AFTER_SECONDS};
    (void)fd;
    (void)what;

    child_signal(&runner->child, runner->timed_out ? SIGKILL : SIGTERM);
    runner->timed_out = true;
    event_add(runner->due, &grace);
}

/* ---- Its beginning ---- */

/* Our ends do not block. */
static bool open_pipes(struct runner *runner, int ret_theirs[2])
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) == -1)
        return false;
    if (pipe2(out, O_CLOEXEC) == -1) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    runner->in_fd = in[1];
    runner->out_fd = out[0];
    ret_theirs[0] = in[0];
    ret_theirs[1] = out[1];
    return fcntl(in[1], F_SETFL, O_NONBLOCK) == 0 && fcntl(out[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool start(struct runner *runner)
{
    int theirs[2] = {-1, -1};
    bool good = open_pipes(runner, theirs);
    const struct child_program program = {
        .argv = runner->options.argv,
        .environment = runner->options.environment,
        .input = theirs[0],
        .output = theirs[1],
    };

    good = good && child_begin(&runner->child, &program) == 0;
    for (int i = 0; i < 2; i++)
        if (theirs[i] != -1)
            close(theirs[i]);
    return good;
}

static bool watch(struct runner *runner)
{
    struct event_base *base = runner->options.base;
    const int64_t ns = runner->options.timeout_ns;
    const struct timeval due = {.tv_sec = ns / HEALTH_NS_PER_S,
                                .tv_usec = ns % HEALTH_NS_PER_S / HEALTH_NS_PER_US};

    runner->ended = event_new(base, runner->child.fd, EV_READ | EV_PERSIST, on_ended, runner);
    runner->readable = event_new(base, runner->out_fd, EV_READ | EV_PERSIST, on_readable, runner);
    runner->writable = event_new(base, runner->in_fd, EV_WRITE | EV_PERSIST, on_writable, runner);
    runner->due = evtimer_new(base, on_due, runner);
    struct event *const events[] = {runner->ended, runner->readable, runner->writable, runner->due};
    for (int i = 0; i < 4; i++)
        if (!events[i] || event_priority_set(events[i], 1) != 0 ||
            event_add(events[i], events[i] == runner->due ? &due : NULL) != 0)
            return false;
    return true;
}

struct runner *runner_create(const struct runner_options *options)
{
    struct runner *runner = calloc(1, sizeof *runner);

    if (!runner)
        return NULL;
    runner->options = *options;
    runner->child = CHILD_NONE;
    runner->in_fd = runner->out_fd = -1;
    runner->input = strdup(options->input);
    if (runner->input && start(runner) && watch(runner))
        return runner;
    runner_destroy(runner);
    return NULL;
}

void runner_destroy(struct runner *runner)
{
    int status;

    if (!runner)
        return;
    child_signal(&runner->child, SIGTERM);
    child_ended(&runner->child, &status);
    close_input(runner);
    struct event *const events[] = {runner->ended, runner->readable, runner->due};
    for (int i = 0; i < 3; i++)
        if (events[i])
            event_free(events[i]);
    if (runner->out_fd != -1)
        close(runner->out_fd);
    child_close(&runner->child);
    free(runner->input);
    free(runner);
}
