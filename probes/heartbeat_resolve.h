/*
 * heartbeat_resolve.h - names to addresses without stopping the loop.
 *
 * getaddrinfo() may take half a minute, so it runs on a thread that lives only as long as that. The thread
 * shares nothing with its asker but a socket pair: it sends its answer and ends. Whoever no longer wants
 * the answer closes his end.
 */
#ifndef HEALTHD_PROBES_HEARTBEAT_RESOLVE_H
#define HEALTHD_PROBES_HEARTBEAT_RESOLVE_H

#include "heartbeat_address.h"

#include <stdint.h>

#define RESOLVED_MAX 8

struct resolved {
    int error; /* getaddrinfo's; 0: resolved */
    uint32_t count;
    struct {
        socklen_t length;
        struct sockaddr_storage address;
    } addresses[RESOLVED_MAX];
};

/* Numeric addresses need no thread. False: it is a name. */
bool resolve_numeric(const struct address_parts *parts, struct resolved *ret_resolved);

/* Begin to resolve a name. The descriptor becomes readable with one struct resolved; the caller closes it.
 * -1: no thread or descriptor is to be had (see errno). */
int resolve_begin(const struct address_parts *parts);

/* Take the answer. False: it is not there. */
bool resolve_take(int fd, struct resolved *ret_resolved);

#endif
