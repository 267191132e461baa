/*
 * door.c - where strangers come in.
 */
#include "door.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <sys/socket.h>

#define BACKLOG 1024 /* who waits while the door is closed: for 128 ms at most */

static void on_open(evutil_socket_t fd, short what, void *context)
{
    struct door *door = context;
    (void)fd;
    (void)what;

    door->batch = 0;
    evconnlistener_enable(door->listener);
}

static void on_error(struct evconnlistener *listener, void *context)
{
    (void)context;
    evconnlistener_disable(listener);
}

struct evconnlistener *door_listen(struct event_base *base, const char *address)
{
    struct sockaddr_storage parsed;
    int length = (int)sizeof parsed;

    if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&parsed, &length) != 0)
        return NULL;
    return evconnlistener_new_bind(
        base, NULL, NULL, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE,
        BACKLOG, (struct sockaddr *)&parsed, length);
}

bool door_init(struct door *door, struct event_base *base, struct evconnlistener *listener)
{
    *door = (struct door){.listener = listener};
    door->opens = event_new(base, -1, 0, on_open, door);
    if (!door->opens)
        return false;
    event_priority_set(door->opens, HTTP_PRIORITY);
    evconnlistener_set_error_cb(listener, on_error);
    return true;
}

void door_clear(struct door *door)
{
    if (door->opens)
        event_free(door->opens);
}

void door_passed(struct door *door)
{
    const struct timeval rest = {.tv_usec = DOOR_REST_MS * 1000};

    if (++door->batch == 1)
        event_add(door->opens, &rest);
    if (door->batch >= DOOR_BATCH)
        evconnlistener_disable(door->listener);
}

void door_tend(struct door *door)
{
    if (!event_pending(door->opens, EV_TIMEOUT, NULL))
        on_open(-1, 0, door);
}
