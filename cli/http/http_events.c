/*
 * http_events.c - what has changed lately, and what changes from now on, as server-sent events.
 *
 * An event's id is EPOCH-NUMBER. A reader that comes back with its last id gets what it missed, as far as
 * that is still kept; where it is not, or the id is of another life of the daemon, the first event is
 * `reset`: look at /v1/clusters again.
 *
 * A reader that does not keep up is let go: it comes back by itself, and loses nothing that is still kept.
 */
#include "http_private.h"

#include "json_value.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLLOWERS_MAX 64
#define BACKLOG_MAX ((size_t)256 * 1024) /* bytes that a reader may leave unread */
#define COMMENT_S 10                     /* so that ends are noticed, by proxies too */
#define SLICE 32                         /* events in one turn */

struct follower {
    struct evhttp_request *request; /* NULL: this place is free */
    uint64_t next;                  /* the number of the event that it is sent next */
    uint64_t arrival;               /* who has come before whom */
};

struct http_followers {
    struct http *http;
    struct event *turn; /* sends, when the loop has nothing better to do */
    struct event *comment;
    uint64_t arrivals;
    struct follower of[FOLLOWERS_MAX];
};

/* ---- The past ---- */

struct past {
    uint64_t next; /* number */
    bool begun;
};

static bool next_past(void *state, const struct overview *overview, struct evbuffer *out)
{
    struct past *past = state;
    const uint64_t first = history_first(overview->history);
    const uint64_t last = history_last(overview->history);
    const char *separator = ",\n";

    if (!past->begun) {
        evbuffer_add_printf(
            out, "{\"schema\":%d,\"epoch\":%" PRIu64 ",\"last\":%" PRIu64 ",\"events\":[",
            OVERVIEW_SCHEMA, overview->epoch, last);
        separator = "\n";
    }
    past->begun = true;
    if (past->next < first)
        past->next = first;
    for (unsigned i = 0; i < SLICE && past->next && past->next <= last; i++) {
        cJSON *json = overview_event(history_at(overview->history, past->next++));
        char *text = json ? json_print(json) : NULL;
        if (text) {
            evbuffer_add_printf(out, "%s%s", separator, text);
            separator = ",\n";
        }
        free(text);
    }
    if (past->next && past->next <= last)
        return true;
    evbuffer_add_printf(out, "]}\n");
    return false;
}

void http_serve_history(struct http_call *call)
{
    const struct http_slices slices = {
        .next = next_past, .release = free, .state = calloc(1, sizeof(struct past))};

    if (slices.state)
        http_answer_slices(call, "application/json", &slices);
    else
        http_refuse(call, HTTP_SERVUNAVAIL, "memory is short");
}

/* ---- From now on ---- */

static void add_event(struct evbuffer *out, uint64_t epoch, const struct history_event *event)
{
    cJSON *json = overview_event(event);
    char *text = json ? json_print(json) : NULL;

    if (text)
        evbuffer_add_printf(out, "id: %" PRIu64 "-%" PRIu64 "\nevent: change\ndata: %s\n\n", epoch,
                            event->number, text);
    free(text);
}

/* What is behind is lost: begin from the picture as it is now. */
static void add_reset(struct evbuffer *out, uint64_t epoch, uint64_t number)
{
    evbuffer_add_printf(out, "id: %" PRIu64 "-%" PRIu64 "\nevent: reset\ndata: {}\n\n", epoch,
                        number);
}

static bool keeps_up(const struct follower *follower)
{
    struct bufferevent *stream =
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(follower->request));
    return evbuffer_get_length(bufferevent_get_output(stream)) <= BACKLOG_MAX;
}

static void on_gone(struct evhttp_connection *peer, void *context)
{
    struct follower *follower = context;
    (void)peer;
    http_reader_gone(follower->request);
    follower->request = NULL;
}

/* Freeing the connection calls on_gone(). */
static void let_go(struct follower *follower)
{
    evhttp_connection_free(evhttp_request_get_connection(follower->request));
}

/* Send a copy of `text`. */
static void send_text(struct follower *follower, struct evbuffer *text)
{
    struct evbuffer *copy = evbuffer_new();

    if (!keeps_up(follower)) {
        let_go(follower);
    } else if (copy) {
        evbuffer_add_buffer_reference(copy, text);
        evhttp_send_reply_chunk(follower->request, copy);
    }
    if (copy)
        evbuffer_free(copy);
}

/* The number that the reader who is furthest behind wants next; 0: there is no reader. */
static uint64_t furthest_behind(const struct http_followers *followers)
{
    uint64_t next = 0;
    for (unsigned i = 0; i < FOLLOWERS_MAX; i++)
        if (followers->of[i].request && (!next || followers->of[i].next < next))
            next = followers->of[i].next;
    return next;
}

/* One event to all who want it next. */
static void send_next(struct http_followers *followers, uint64_t number)
{
    const struct overview *overview = followers->http->options.overview;
    const uint64_t first = history_first(overview->history);
    struct evbuffer *text = evbuffer_new();

    if (!text)
        return;
    if (number < first)
        add_reset(text, overview->epoch, first - 1);
    else
        add_event(text, overview->epoch, history_at(overview->history, number));
    for (unsigned i = 0; i < FOLLOWERS_MAX; i++) {
        struct follower *follower = &followers->of[i];
        if (!follower->request || follower->next != number)
            continue;
        follower->next = number < first ? first : number + 1;
        send_text(follower, text);
    }
    evbuffer_free(text);
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct http_followers *followers = context;
    uint64_t last = history_last(followers->http->options.overview->history);
    (void)fd;
    (void)what;

    for (unsigned i = 0; i < SLICE; i++) {
        uint64_t number = furthest_behind(followers);
        if (!number || number > last)
            return;
        send_next(followers, number);
    }
    event_active(followers->turn, EV_TIMEOUT, 0);
}

void http_followers_told(struct http_followers *followers)
{
    if (furthest_behind(followers))
        event_active(followers->turn, EV_TIMEOUT, 0);
}

static void on_comment(evutil_socket_t fd, short what, void *context)
{
    struct http_followers *followers = context;
    struct evbuffer *text = evbuffer_new();
    (void)fd;
    (void)what;

    if (!text)
        return;
    evbuffer_add_printf(text, ":\n\n");
    for (unsigned i = 0; i < FOLLOWERS_MAX; i++)
        if (followers->of[i].request)
            send_text(&followers->of[i], text);
    evbuffer_free(text);
}

/* EPOCH-NUMBER. Whatever else it is gives numbers that nobody was given. */
static bool read_id(const char *text, uint64_t *ret_epoch, uint64_t *ret_number)
{
    char *end;

    *ret_epoch = strtoull(text, &end, 10);
    if (*end != '-')
        return false;
    *ret_number = strtoull(end + 1, &end, 10);
    return *end == '\0';
}

/* Begin with what was missed since the last id, or with a reset where that cannot be told. */
static uint64_t begin_after(const struct overview *overview, const char *last_id,
                            struct evbuffer *out)
{
    uint64_t last = history_last(overview->history);
    uint64_t epoch;
    uint64_t number;

    evbuffer_add_printf(out, "retry: 1000\n\n");
    if (last_id && read_id(last_id, &epoch, &number) && epoch == overview->epoch &&
        number <= last && number + 1 >= history_first(overview->history))
        return number + 1;
    add_reset(out, overview->epoch, last);
    return last + 1;
}

/* A free one, or that of who is here longest: a reader comes back by itself and loses nothing, and one that only
 * holds its place must not keep the others out. */
static struct follower *find_place(struct http_followers *followers)
{
    struct follower *first = &followers->of[0];

    for (unsigned i = 0; i < FOLLOWERS_MAX; i++) {
        if (!followers->of[i].request)
            return &followers->of[i];
        if (followers->of[i].arrival < first->arrival)
            first = &followers->of[i];
    }
    let_go(first);
    return first;
}

void http_serve_events(struct http_call *call)
{
    const char *last_id =
        evhttp_find_header(evhttp_request_get_input_headers(call->request), "Last-Event-ID");
    struct evbuffer *text = evbuffer_new();

    if (!text) {
        http_refuse(call, HTTP_SERVUNAVAIL, "memory is short");
    } else {
        struct follower *follower = find_place(call->http->followers);
        http_connections_asked(call->http->connections, call->request, true);
        http_header(call, "Content-Type", "text/event-stream");
        *follower = (struct follower){.request = call->request,
                                      .arrival = ++call->http->followers->arrivals,
                                      .next = begin_after(call->overview, last_id, text)};
        evhttp_connection_set_closecb(evhttp_request_get_connection(call->request), on_gone,
                                      follower);
        evhttp_send_reply_start(call->request, HTTP_OK, NULL);
        evhttp_send_reply_chunk(call->request, text);
        http_followers_told(call->http->followers);
    }
    if (text)
        evbuffer_free(text);
}

struct http_followers *http_followers_create(struct http *http)
{
    struct http_followers *followers = calloc(1, sizeof *followers);
    const struct timeval period = {.tv_sec = COMMENT_S};

    if (!followers)
        return NULL;
    followers->http = http;
    followers->turn = event_new(http->options.base, -1, 0, on_turn, followers);
    followers->comment = event_new(http->options.base, -1, EV_PERSIST, on_comment, followers);
    if (!followers->turn || !followers->comment) {
        http_followers_destroy(followers);
        return NULL;
    }
    event_priority_set(followers->turn, HTTP_PRIORITY);
    event_priority_set(followers->comment, HTTP_PRIORITY);
    event_add(followers->comment, &period);
    return followers;
}

void http_followers_destroy(struct http_followers *followers)
{
    if (!followers)
        return;
    for (unsigned i = 0; i < FOLLOWERS_MAX; i++)
        if (followers->of[i].request)
            let_go(&followers->of[i]);
    if (followers->turn)
        event_free(followers->turn);
    if (followers->comment)
        event_free(followers->comment);
    free(followers);
}
