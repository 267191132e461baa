/*
 * door.h - where strangers come in over TCP: so many in so long a time, that a flood of them lets the loop do
 * its work in between.
 *
 * A listener takes all who wait, in one go; so after DOOR_BATCH of them the door is closed for DOOR_REST_MS.
 * Where nobody can be taken (out of descriptors) it would try without end; so it is closed until door_tend().
 * Who waits is not lost: the kernel keeps them.
 *
 * Threads: that of the event base.
 */
#ifndef HEALTHD_CLI_DOOR_H
#define HEALTHD_CLI_DOOR_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;
struct evconnlistener;

#define DOOR_BATCH 16 /* about half a millisecond */
#define DOOR_REST_MS 2

/* The priority of everything that serves strangers: after what sees (0) and what judges (1). */
#define HTTP_PRIORITY 2

struct door {
    struct evconnlistener *listener; /* borrowed */
    struct event *opens;             /* take newcomers again */
    uint32_t batch;
};

/* Listen at ADDRESS:PORT. NULL: it cannot be, and errno says why. */
struct evconnlistener *door_listen(struct event_base *base, const char *address);

/* Watch over who comes in by `listener`, which calls door_passed() for each. False: memory is short. Either
 * way door_clear() is due. */
bool door_init(struct door *door, struct event_base *base, struct evconnlistener *listener);
void door_clear(struct door *door);

/* A newcomer was taken. */
void door_passed(struct door *door);

/* Now and then: open again where nobody could be taken. */
void door_tend(struct door *door);

#endif
