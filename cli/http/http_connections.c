/*
 * http_connections.c - who is connected.
 */
#include "http_connections.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <healthd/observer.h>
#include <stdlib.h>
#include <sys/socket.h>

#define SWEEP_MS 200 /* ends are looked for this often */

/* What is read ahead of a connection at most: a question, and what is taken of the next one. While an answer is
 * on its way, nobody takes what comes in, and it would be kept without end. */
#define UNREAD_MAX ((size_t)32 * 1024)

struct connection {
    struct bufferevent *stream;
    int64_t until_ns; /* its time is up then */
};

struct http_connections {
    struct door door;
    struct event *sweep;
    uint32_t count;
    struct connection of[HTTP_CONNECTIONS_MAX];
};

static int64_t patience_ns(void)
{
    return health_clock_ns() + HTTP_PATIENCE_MS * HEALTH_NS_PER_MS;
}

static bool has_ended(struct bufferevent *stream)
{
    bufferevent_event_cb on_event = NULL;
    bufferevent_getcb(stream, NULL, NULL, &on_event, NULL);
    return !on_event;
}

static void forget_ended(struct http_connections *connections)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < connections->count; i++)
        if (has_ended(connections->of[i].stream))
            bufferevent_decref(connections->of[i].stream);
        else
            connections->of[kept++] = connections->of[i];
    connections->count = kept;
}

/* The server sees the end as if the other side had made it, and frees. */
static void end(const struct connection *connection)
{
    shutdown(bufferevent_getfd(connection->stream), SHUT_RDWR);
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    struct http_connections *connections = context;
    int64_t now_ns = health_clock_ns();
    (void)fd;
    (void)what;

    forget_ended(connections);
    for (uint32_t i = 0; i < connections->count; i++)
        if (connections->of[i].until_ns <= now_ns)
            end(&connections->of[i]);
    door_tend(&connections->door);
}

static void make_room(struct http_connections *connections)
{
    uint32_t first = 0;

    forget_ended(connections);
    if (connections->count < HTTP_CONNECTIONS_MAX)
        return;
    for (uint32_t i = 1; i < connections->count; i++)
        if (connections->of[i].until_ns < connections->of[first].until_ns)
            first = i;
    end(&connections->of[first]);
    bufferevent_decref(connections->of[first].stream);
    connections->of[first] = connections->of[--connections->count];
}

/* The server wants a bufferevent for a newcomer. */
static struct bufferevent *on_newcomer(struct event_base *base, void *context)
{
    struct http_connections *connections = context;
    struct bufferevent *stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    if (!stream)
        return NULL;
    bufferevent_priority_set(stream, HTTP_PRIORITY);
    bufferevent_setwatermark(stream, EV_READ, 0, UNREAD_MAX);
    make_room(connections);
    door_passed(&connections->door);
    bufferevent_incref(stream);
    connections->of[connections->count++] =
        (struct connection){.stream = stream, .until_ns = patience_ns()};
    return stream;
}

struct http_connections *http_connections_create(struct event_base *base, struct evhttp *server,
                                                 struct evconnlistener *listener)
{
    struct http_connections *connections = calloc(1, sizeof *connections);
    const struct timeval period = {.tv_usec = SWEEP_MS * 1000};

    if (!connections)
        return NULL;
    connections->sweep = event_new(base, -1, EV_PERSIST, on_sweep, connections);
    if (!door_init(&connections->door, base, listener) || !connections->sweep) {
        http_connections_destroy(connections);
        return NULL;
    }
    event_priority_set(connections->sweep, HTTP_PRIORITY);
    event_add(connections->sweep, &period);
    evhttp_set_bevcb(server, on_newcomer, connections);
    return connections;
}

void http_connections_destroy(struct http_connections *connections)
{
    if (!connections)
        return;
    for (uint32_t i = 0; i < connections->count; i++)
        bufferevent_decref(connections->of[i].stream);
    if (connections->sweep)
        event_free(connections->sweep);
    door_clear(&connections->door);
    free(connections);
}

static void give_until(struct http_connections *connections, struct evhttp_request *request,
                       int64_t until_ns)
{
    struct evhttp_connection *peer = evhttp_request_get_connection(request);
    const struct bufferevent *stream = peer ? evhttp_connection_get_bufferevent(peer) : NULL;

    for (uint32_t i = 0; stream && i < connections->count; i++)
        if (connections->of[i].stream == stream)
            connections->of[i].until_ns = until_ns;
}

void http_connections_asked(struct http_connections *connections, struct evhttp_request *request,
                            bool lasting)
{
    give_until(connections, request, lasting ? HEALTH_NEVER_NS : patience_ns());
}

void http_connections_answered(struct http_connections *connections, struct evhttp_request *request)
{
    give_until(connections, request, patience_ns());
}

uint32_t http_connections_count(const struct http_connections *connections)
{
    return connections->count;
}
