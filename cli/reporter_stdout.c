/*
 * reporter_stdout.c - each report as one JSON line on a descriptor.
 *
 * A report leaves its queue only when the buffer here is empty, so that what a slow reader has not
 * taken yet waits in the queue, where newer reports replace older ones. The buffer holds one line at a
 * time; while the reader keeps up, that is as many writes as reports.
 */
#include "report_json.h"
#include "reporter.h"

#include <healthd/queue.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct reporter_stdout {
    struct reporter_source source;
    struct event *writable;
    int fd;
    int flags;  /* of the descriptor, before */
    bool ended; /* nobody will ever read again */
    char line[1024];
    size_t length;
    size_t written;
};

/* The next report into the buffer. False: there is none. */
static bool fill(struct reporter_stdout *reporter)
{
    struct health_report report;

    while (health_queue_pop(reporter->source.queue, &report)) {
        const struct directory_entry *entry =
            directory_find(reporter->source.directory, report.subject);
        char *text = entry ? report_json_line(entry, &report, true) : NULL;
        int length = text ? snprintf(reporter->line, sizeof reporter->line, "%s\n", text) : 0;
        free(text);
        if (length > 0 && (size_t)length < sizeof reporter->line) {
            reporter->length = (size_t)length;
            reporter->written = 0;
            return true;
        }
    }
    return false;
}

/* Who had the other end is gone, or the disk is full: a torn line cannot be mended. */
static void give_up(struct reporter_stdout *reporter)
{
    char text[160];
    snprintf(text, sizeof text, "standard output cannot be written (%s): no more reports go there",
             strerror(errno));
    reporter->ended = true;
    reporter->source.remark(reporter->source.context, text);
}

/* Write what there is. False: the reader does not take more now. */
static bool drain(struct reporter_stdout *reporter)
{
    while (!reporter->ended && (reporter->written < reporter->length || fill(reporter))) {
        ssize_t written = write(reporter->fd, reporter->line + reporter->written,
                                reporter->length - reporter->written);
        if (written >= 0)
            reporter->written += (size_t)written;
        else if (errno == EAGAIN)
            return false;
        else if (errno != EINTR)
            give_up(reporter);
    }
    return true;
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    struct reporter_stdout *reporter = context;
    (void)fd;
    (void)what;
    if (!drain(reporter))
        event_add(reporter->writable, NULL);
}

struct reporter_stdout *reporter_stdout_create(struct event_base *base,
                                               const struct reporter_source *source, int fd)
{
    struct reporter_stdout *reporter = calloc(1, sizeof *reporter);
    if (!reporter)
        return NULL;
    reporter->source = *source;
    reporter->fd = fd;
    reporter->writable = event_new(base, fd, EV_WRITE, on_writable, reporter);
    if (!reporter->writable) {
        free(reporter);
        return NULL;
    }
    reporter->flags = fcntl(fd, F_GETFL);
    if (reporter->flags != -1)
        fcntl(fd, F_SETFL, reporter->flags | O_NONBLOCK);
    return reporter;
}

void reporter_stdout_wake(struct reporter_stdout *reporter)
{
    if (event_pending(reporter->writable, EV_WRITE, NULL))
        return; /* it is waiting for the reader already */
    if (!drain(reporter))
        event_add(reporter->writable, NULL);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void reporter_stdout_destroy(struct reporter_stdout *reporter, int patience_ms)
{
    if (!reporter)
        return;
    int64_t end_ms = now_ms() + patience_ms;
    for (int64_t left_ms = patience_ms; !drain(reporter) && left_ms > 0;
         left_ms = end_ms - now_ms()) {
        struct pollfd ready = {.fd = reporter->fd, .events = POLLOUT};
        poll(&ready, 1, (int)left_ms);
    }
    event_free(reporter->writable);
    if (reporter->flags != -1)
        fcntl(reporter->fd, F_SETFL, reporter->flags);
    free(reporter);
}
