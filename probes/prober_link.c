/*
 * prober_link.c - the connections of a node: the one that stands, watched also while it rests, and the one
 * that fell silent.
 *
 * The engine is told of a link by its changes: up, and how it ended. A connection that we give up
 * ourselves ends as a timeout, which says that there is none any more, and nothing else.
 */
#include "prober_private.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* While a view hangs in the server, the next one is asked for so many intervals later; twice as many each
 * time, up to the most. */
#define PATIENCE_ROUNDS 10
#define PATIENCE_ROUNDS_MAX 320

/* What a readable socket has to say while nothing is asked. */
enum word { WORD_NONE, WORD_SOMETHING, WORD_EOF, WORD_RESET };

static enum word listen_to(evutil_socket_t fd)
{
    char byte;
    ssize_t size = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    if (size < 0)
        return errno == EAGAIN || errno == EINTR ? WORD_NONE : WORD_RESET;
    return size > 0 ? WORD_SOMETHING : WORD_EOF;
}

static void tell_link(struct probed *probed, enum health_link link)
{
    struct health_observation observation = {
        .at_ns = health_clock_ns(), .witness = HEALTH_WITNESS_LINK, .link = (uint8_t)link};
    probed_tell(probed, &observation);
}

static struct event *watch(struct probed *probed, const struct client *client, short what,
                           event_callback_fn callback)
{
    struct event *event =
        event_new(probed->prober->options.base, client_fd(client), what, callback, probed);
    if (event && event_priority_set(event, 0) == 0)
        event_add(event, NULL);
    return event;
}

static void unwatch(struct event *event)
{
    if (event)
        event_free(event);
}

static void drop_standing(struct probed *probed, bool politely)
{
    unwatch(probed->standing.readable);
    unwatch(probed->standing.writable);
    client_close(probed->standing.client, politely);
    probed->standing = (struct standing){.client = NULL};
}

static void drop_silent(struct probed *probed, bool politely)
{
    unwatch(probed->silent.readable);
    client_close(probed->silent.client, politely);
    probed->silent = (struct silent){.client = NULL};
}

/* The node's last connection has ended: that is evidence, and something to ask about at once. */
static void ended(struct probed *probed, enum health_link link)
{
    probed_hurry(probed, health_clock_ns());
    tell_link(probed, link);
}

/* ---- The standing connection ---- */

/* An idle connection has something to say, which can only be its end: the server says nothing unasked but
 * a last error packet. */
static void on_standing_readable(evutil_socket_t fd, short what, void *context)
{
    struct probed *probed = context;

    (void)what;
    if (probed->stage != PROBE_RESTS && probed->stage != PROBE_CONNECTS) {
        probed_go_on(probed, false);
        return;
    }
    enum word word = listen_to(fd);
    if (word == WORD_NONE)
        return;
    drop_standing(probed, false);
    ended(probed, word == WORD_RESET ? HEALTH_LINK_RESET : HEALTH_LINK_EOF);
}

static void on_standing_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    probed_go_on(context, true);
}

void link_adopt(struct probed *probed, struct client *client)
{
    bool was_up = probed->standing.client != NULL;

    drop_standing(probed, true);
    probed->standing.client = client;
    probed->standing.readable = watch(probed, client, EV_READ | EV_PERSIST, on_standing_readable);
    if (!was_up)
        tell_link(probed, HEALTH_LINK_UP);
}

void link_await_writable(struct probed *probed)
{
    struct standing *standing = &probed->standing;

    if (standing->writable)
        event_add(standing->writable, NULL);
    else
        standing->writable = watch(probed, standing->client, EV_WRITE, on_standing_writable);
}

void link_lost(struct probed *probed, const struct client_failure *failure)
{
    enum health_link link = HEALTH_LINK_TIMEOUT; /* it talked no sense: we ended it */

    if (failure->error == HEALTH_PROBE_LOST)
        link = HEALTH_LINK_EOF;
    else if (failure->error == HEALTH_PROBE_RESET)
        link = HEALTH_LINK_RESET;
    probed_hurry(probed, health_clock_ns());
    drop_standing(probed, false);
    tell_link(probed, link);
}

/* ---- The silent one ---- */

/* It has ended, or answers after all; either way its question hangs no more. */
static void on_silent_readable(evutil_socket_t fd, short what, void *context)
{
    struct probed *probed = context;
    enum word word = listen_to(fd);

    (void)what;
    if (word == WORD_NONE)
        return;
    drop_silent(probed, word == WORD_SOMETHING);
    probed->view_barred_ns = 0;
    probed->view_due_ns = health_clock_ns();
    if (probed->standing.client)
        probed_hasten(probed, health_clock_ns());
    else if (word == WORD_SOMETHING)
        ended(probed, HEALTH_LINK_TIMEOUT);
    else
        ended(probed, word == WORD_RESET ? HEALTH_LINK_RESET : HEALTH_LINK_EOF);
}

/* Has the server's machine got all that we sent? If not, the server does not know the question, and the
 * path is what is silent. */
static bool has_arrived(const struct client *client)
{
    int unsent = 0;
    return ioctl(client_fd(client), SIOCOUTQ, &unsent) == 0 && unsent == 0;
}

static void be_patient(struct probed *probed, int64_t now_ns)
{
    int64_t interval_ns = probed->prober->options.interval_ns;

    probed->view_patience_ns = doubled_wait(probed->view_patience_ns, PATIENCE_ROUNDS * interval_ns,
                                            PATIENCE_ROUNDS_MAX * interval_ns);
    probed->view_barred_ns = now_ns + probed->view_patience_ns;
}

void link_silent(struct probed *probed, int64_t now_ns)
{
    bool of_view = probed->stage != PROBE_ASKS_LIGHT;
    bool arrived = has_arrived(probed->standing.client);

    if (arrived && of_view)
        be_patient(probed, now_ns);
    if (arrived && (!probed->silent.client || (of_view && !probed->silent.of_view))) {
        drop_silent(probed, false);
        probed->silent.client = probed->standing.client;
        probed->silent.of_view = of_view;
        probed->standing.client = NULL;
    }
    drop_standing(probed, false); /* who does not answer here is asked again over a new one */
    if (!probed->silent.client)
        tell_link(probed, HEALTH_LINK_TIMEOUT);
    else if (!probed->silent.readable)
        probed->silent.readable =
            watch(probed, probed->silent.client, EV_READ | EV_PERSIST, on_silent_readable);
}

void link_answered(struct probed *probed)
{
    if (probed->silent.client && !probed->silent.of_view)
        drop_silent(probed, true);
    if (probed->full) {
        drop_silent(probed, true);
        probed->view_patience_ns = 0;
    }
}

void link_make_way(struct probed *probed)
{
    drop_silent(probed, false);
}

void link_free(struct probed *probed)
{
    drop_standing(probed, probed->stage == PROBE_RESTS || probed->stage == PROBE_CONNECTS);
    drop_silent(probed, false);
}
