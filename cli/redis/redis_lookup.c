/*
 * redis_lookup.c - resolves a host name off the loop.
 *
 * The look-up belongs to two, the loop and the thread; the last to let go frees it. What the thread has
 * found is handed over by writing to an eventfd, after which the thread touches nothing but its hold.
 */
#include "redis_lookup.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <healthd/thread.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct redis_lookup {
    atomic_int holders;
    int ready_fd;
    char *host;
    struct redis_addresses addresses;
    int error; /* EAI_* */
    /* the loop's alone */
    struct event *ready;
    redis_lookup_done *done;
    void *context;
};

bool redis_address_literal(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static void let_go(struct redis_lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->holders, 1) > 1)
        return;
    if (lookup->ready_fd >= 0)
        close(lookup->ready_fd);
    free(lookup->host);
    free(lookup);
}

static void *resolve(void *argument)
{
    struct redis_lookup *lookup = argument;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    struct redis_addresses *addresses = &lookup->addresses;
    const uint64_t one = 1;

    lookup->error = getaddrinfo(lookup->host, NULL, &hints, &found);
    if (lookup->error == 0) {
        for (const struct addrinfo *at = found; at && addresses->count < REDIS_ADDRESSES_MAX;
             at = at->ai_next)
            if (getnameinfo(at->ai_addr, at->ai_addrlen, addresses->text[addresses->count],
                            REDIS_ADDRESS_TEXT, NULL, 0, NI_NUMERICHOST) == 0)
                addresses->count++;
        freeaddrinfo(found);
        if (!addresses->count)
            lookup->error = EAI_NONAME;
    }
    if (write(lookup->ready_fd, &one, sizeof one) < 0)
        abort(); /* the counter of an eventfd of our own takes a 1 */
    let_go(lookup);
    return NULL;
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
    struct redis_lookup *lookup = context;
    uint64_t count;

    (void)what;
    if (read((int)fd, &count, sizeof count) != (ssize_t)sizeof count)
        return;
    lookup->done(lookup->context, &lookup->addresses,
                 lookup->error ? gai_strerror(lookup->error) : NULL);
    redis_lookup_abandon(lookup);
}

struct redis_lookup *redis_lookup_start(struct event_base *base, const char *host,
                                        redis_lookup_done *done, void *context)
{
    struct redis_lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return NULL;
    atomic_init(&lookup->holders, 1);
    lookup->done = done;
    lookup->context = context;
    lookup->host = strdup(host);
    lookup->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lookup->ready_fd >= 0)
        lookup->ready = event_new(base, lookup->ready_fd, EV_READ, on_ready, lookup);
    if (!lookup->host || !lookup->ready || event_add(lookup->ready, NULL) != 0)
        goto fail;
    atomic_store(&lookup->holders, 2);
    if (health_thread_start(resolve, lookup, 0, NULL) == 0)
        return lookup;
    atomic_store(&lookup->holders, 1);
fail:
    redis_lookup_abandon(lookup);
    return NULL;
}

void redis_lookup_abandon(struct redis_lookup *lookup)
{
    if (!lookup)
        return;
    if (lookup->ready)
        event_free(lookup->ready);
    lookup->ready = NULL;
    let_go(lookup);
}
