/*
 * heartbeat_monitor.h - one monitor as a sender sees it: where it is, a socket to it, its challenge.
 *
 * UDP says little of who listens. A refusal (ICMP) means that this address has no monitor now: the next
 * one of its name is tried. Names are resolved again each minute, and soon after what looks like a
 * network that has changed.
 */
#ifndef HEALTHD_PROBES_HEARTBEAT_MONITOR_H
#define HEALTHD_PROBES_HEARTBEAT_MONITOR_H

#include "heartbeat_resolve.h"
#include "heartbeat_wire.h"

#include <event2/event.h>

struct monitor;

/* A datagram came from the monitor's address; who sent it is to be proven by its HMAC. The buffer has room
 * for one byte more. */
typedef void monitor_heard(void *context, struct monitor *monitor, char *datagram, size_t size);

struct monitor {
    struct event_base *base;
    const char *text; /* as it was given; the caller's */
    health_remark *remark;
    monitor_heard *heard;
    void *context;              /* handed to both */
    char nonce[WIRE_NONCE_MAX]; /* to be answered with the next beat; "": none. The sender's */
    struct address_parts parts;
    bool numeric;
    struct resolved resolved;
    uint32_t current; /* of its addresses */
    int fd;           /* a socket connected to it; -1: none */
    struct event *readable;
    int answer_fd; /* of the resolver; -1: not asked */
    struct event *answer;
    int64_t resolve_ns; /* when to ask again */
    int64_t said_ns;    /* the last remark; 0: never */
};

/* The fields before `parts` are the caller's and set already. Errors: HEALTH_EINVAL (a remark said why). */
enum health_error monitor_begin(struct monitor *monitor);
void monitor_end(struct monitor *monitor);

/* Send a datagram, if there is a way. */
void monitor_send(struct monitor *monitor, const char *datagram, size_t size);

#endif
