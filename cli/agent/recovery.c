/*
 * recovery.c - an agent runs mysqld --wsrep-recover.
 */
#include "recovery.h"

#include "child.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <healthd/process.h>
#include <healthd/recovered_position.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The position is told last, so the end of what it prints is enough. */
#define KEPT_MAX 65536

/* InnoDB may have to read and apply all of its log; nobody waits for longer without looking himself. */
#define LONGEST_S 1800

struct recovery {
    struct recovery_options options;
    struct health_recovery found;
    struct child child;
    int output; /* -1: none */
    struct event *ended;
    struct event *printed;
    struct event *limit;
    char *text; /* the end of what it has printed */
    size_t length;
    bool late; /* it was killed, because it took too long */
};

struct recovery *recovery_create(const struct recovery_options *options)
{
    struct recovery *recovery = calloc(1, sizeof *recovery);
    char *text = malloc(KEPT_MAX + 1);

    if (!recovery || !text) {
        free(recovery);
        free(text);
        return NULL;
    }
    *recovery =
        (struct recovery){.options = *options, .child = CHILD_NONE, .output = -1, .text = text};
    return recovery;
}

static void free_event(struct event **event)
{
    if (*event)
        event_free(*event);
    *event = NULL;
}

static void clear_run(struct recovery *recovery)
{
    free_event(&recovery->ended);
    free_event(&recovery->printed);
    free_event(&recovery->limit);
    child_close(&recovery->child);
    if (recovery->output != -1)
        close(recovery->output);
    recovery->output = -1;
}

void recovery_destroy(struct recovery *recovery)
{
    if (!recovery)
        return;
    child_kill(&recovery->child);
    clear_run(recovery);
    free(recovery->text);
    free(recovery);
}

static void fail(struct recovery *recovery, const char *what)
{
    char text[320];

    recovery->found = (struct health_recovery){.status = HEALTH_RECOVERY_FAILED, .seqno = -1};
    snprintf(text, sizeof text, "the position was not recovered: %s", what);
    recovery->options.remark(recovery->options.context, HEALTH_NODE_NONE, text);
}

/* ---- What it prints ---- */

/* Keep the end of it. False: there is no more now. */
static bool read_some(struct recovery *recovery)
{
    char more[4096];
    ssize_t got = read(recovery->output, more, sizeof more);

    if (got <= 0)
        return got < 0 && errno == EINTR;
    size_t count = (size_t)got;
    if (recovery->length + count > KEPT_MAX) {
        size_t gone = recovery->length + count - KEPT_MAX;
        memmove(recovery->text, recovery->text + gone, recovery->length - gone);
        recovery->length -= gone;
    }
    memcpy(recovery->text + recovery->length, more, count);
    recovery->length += count;
    return true;
}

static void on_printed(evutil_socket_t fd, short what, void *context)
{
    struct recovery *recovery = context;
    (void)fd;
    (void)what;
    if (!read_some(recovery) && errno != EAGAIN)
        free_event(&recovery->printed);
}

/* ---- Its end ---- */

static void take_position(struct recovery *recovery)
{
    struct health_recovery found = {.status = HEALTH_RECOVERY_DONE};

    recovery->text[recovery->length] = '\0';
    for (size_t i = 0; i < recovery->length; i++)
        if (!recovery->text[i])
            recovery->text[i] = ' '; /* or the rest would not be read */
    const char *wrong = recovered_position_parse(recovery->text, &found.uuid, &found.seqno);
    if (wrong)
        fail(recovery, wrong);
    else
        recovery->found = found;
}

static void take_end(struct recovery *recovery, int status)
{
    char text[128];

    if (recovery->late) {
        fail(recovery, "the command took longer than half an hour and was killed");
    } else if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "the command was ended by signal %d", WTERMSIG(status));
        fail(recovery, text);
    } else if (WEXITSTATUS(status) != 0) {
        snprintf(text, sizeof text, "the command ended with code %d: run it by hand to see why",
                 WEXITSTATUS(status));
        fail(recovery, text);
    } else {
        take_position(recovery);
    }
}

static void on_ended(evutil_socket_t fd, short what, void *context)
{
    struct recovery *recovery = context;
    int status;
    (void)fd;
    (void)what;

    child_signal(&recovery->child, SIGKILL); /* what it may have left behind */
    if (!child_ended(&recovery->child, &status))
        return;
    while (read_some(recovery))
        continue;
    clear_run(recovery);
    take_end(recovery, status);
    recovery->options.changed(recovery->options.context);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
    struct recovery *recovery = context;
    (void)fd;
    (void)what;
    recovery->late = true;
    child_signal(&recovery->child, SIGKILL);
}

/* ---- Its beginning ---- */

static bool watch(struct recovery *recovery)
{
    const struct timeval longest = {.tv_sec = LONGEST_S};
    struct event_base *base = recovery->options.base;

    recovery->ended = event_new(base, recovery->child.fd, EV_READ | EV_PERSIST, on_ended, recovery);
    recovery->printed =
        event_new(base, recovery->output, EV_READ | EV_PERSIST, on_printed, recovery);
    recovery->limit = evtimer_new(base, on_limit, recovery);
    return recovery->ended && recovery->printed && recovery->limit &&
           event_priority_set(recovery->ended, 1) == 0 &&
           event_priority_set(recovery->printed, 1) == 0 &&
           event_priority_set(recovery->limit, 1) == 0 && event_add(recovery->ended, NULL) == 0 &&
           event_add(recovery->printed, NULL) == 0 && event_add(recovery->limit, &longest) == 0;
}

/* Ours, but for what mysqld would talk to the service manager by, in our name. NULL: memory is short. */
static char **make_environment(void)
{
    size_t count = 0, kept = 0;

    while (environ[count])
        count++;
    char **environment = calloc(count + 1, sizeof *environment);
    for (size_t i = 0; environment && i < count; i++)
        if (strncmp(environ[i], "NOTIFY_SOCKET=", strlen("NOTIFY_SOCKET=")) != 0)
            environment[kept++] = environ[i];
    return environment;
}

/* NULL: it runs. Otherwise why it does not. */
static const char *begin(struct recovery *recovery)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return strerror(errno);
    recovery->output = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    char **environment = make_environment();
    const struct child_program program = {
        .argv = recovery->options.argv, .environment = environment, .input = -1, .output = ends[1]};
    int error = environment ? child_begin(&recovery->child, &program) : ENOMEM;
    free(environment);
    close(ends[1]);
    if (error)
        return strerror(error);
    if (watch(recovery))
        return NULL;
    error = errno;
    child_kill(&recovery->child);
    return strerror(error);
}

void recovery_begin(struct recovery *recovery)
{
    if (recovery->child.pid)
        return;
    if (!recovery->options.argv) {
        fail(recovery,
             "the agent was not told how: give mysqld with --wsrep-recover behind \"--\" on "
             "its command line");
        return;
    }
    recovery->length = 0;
    recovery->late = false;
    recovery->found = (struct health_recovery){.status = HEALTH_RECOVERY_RUNNING, .seqno = -1};
    const char *wrong = begin(recovery);
    if (!wrong)
        return;
    clear_run(recovery);
    fail(recovery, wrong);
}

void recovery_forget(struct recovery *recovery)
{
    if (!recovery->child.pid)
        recovery->found = (struct health_recovery){.status = HEALTH_RECOVERY_NONE};
}

void recovery_describe(const struct recovery *recovery, struct health_recovery *ret_recovery)
{
    *ret_recovery = recovery->found;
}

bool recovery_owns(const struct recovery *recovery, pid_t pid)
{
    return recovery->child.pid && (getpgid(pid) == recovery->child.pid ||
                                   health_process_is_below(pid, recovery->child.pid));
}
