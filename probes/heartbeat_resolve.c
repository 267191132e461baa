/*
 * heartbeat_resolve.c - names to addresses without stopping the loop.
 */
#include "heartbeat_resolve.h"

#include <healthd/thread.h>

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_SIZE (256u << 10)

struct job {
    struct address_parts parts;
    int fd; /* the thread's end */
};

static void resolve(const struct address_parts *parts, int flags, struct resolved *ret_resolved)
{
    const struct addrinfo hints = {
        .ai_flags = flags | AI_NUMERICSERV,
        .ai_socktype = SOCK_DGRAM,
    };
    struct addrinfo *list = NULL;

    memset(ret_resolved, 0, sizeof *ret_resolved);
    ret_resolved->error = getaddrinfo(parts->host, parts->port, &hints, &list);
    if (ret_resolved->error)
        return;
    for (struct addrinfo *item = list; item && ret_resolved->count < RESOLVED_MAX;
         item = item->ai_next) {
        ret_resolved->addresses[ret_resolved->count].length = item->ai_addrlen;
        memcpy(&ret_resolved->addresses[ret_resolved->count].address, item->ai_addr,
               item->ai_addrlen);
        ret_resolved->count++;
    }
    freeaddrinfo(list);
}

bool resolve_numeric(const struct address_parts *parts, struct resolved *ret_resolved)
{
    resolve(parts, AI_NUMERICHOST, ret_resolved);
    return ret_resolved->error == 0;
}

static void *run(void *argument)
{
    struct job *job = argument;
    struct resolved resolved;

    resolve(&job->parts, 0, &resolved);
    /* Nobody may be there to take it any more, and that is fine. */
    (void)send(job->fd, &resolved, sizeof resolved, MSG_NOSIGNAL);
    close(job->fd);
    free(job);
    return NULL;
}

int resolve_begin(const struct address_parts *parts)
{
    int ends[2];
    struct job *job = malloc(sizeof *job);

    if (!job || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        free(job);
        return -1;
    }
    *job = (struct job){.parts = *parts, .fd = ends[1]};
    errno = health_thread_start(run, job, STACK_SIZE, NULL);
    if (errno) {
        close(ends[0]);
        close(ends[1]);
        free(job);
        return -1;
    }
    return ends[0];
}

bool resolve_take(int fd, struct resolved *ret_resolved)
{
    return recv(fd, ret_resolved, sizeof *ret_resolved, MSG_DONTWAIT) ==
           (ssize_t)sizeof *ret_resolved;
}
