/*
 * redis_target.h - where Redis is: the path of a socket, an address, or a name and its addresses.
 */
#ifndef HEALTHD_CLI_REDIS_TARGET_H
#define HEALTHD_CLI_REDIS_TARGET_H

#include "redis_lookup.h"

struct redis_target {
    char *host; /* or the path of a Unix socket */
    int port;   /* 0: it is one */
    struct redis_addresses addresses;
    unsigned next;               /* of the addresses, to be tried */
    struct redis_lookup *lookup; /* under way; NULL: none */
};

/* Take "HOST:PORT", "[ADDRESS]:PORT" or a path. False: it is none of these, or memory is short. */
bool redis_target_init(struct redis_target *target, const char *text);
void redis_target_clear(struct redis_target *target);

/* What to connect to next; NULL: the name must be looked up. */
const char *redis_target_next(struct redis_target *target);

/* Is there one more address to be tried? */
bool redis_target_has_more(const struct redis_target *target);

/* The addresses have served: a name may move, it is looked up anew the next time. */
void redis_target_forget(struct redis_target *target);

#endif
