/*
 * redis_lookup.h - resolves a host name off the loop: getaddrinfo() may block for half a minute.
 *
 * Each look-up has a helper thread that lives as long as it takes. One that is abandoned is waited for by
 * nobody; its thread frees what is left.
 */
#ifndef HEALTHD_CLI_REDIS_LOOKUP_H
#define HEALTHD_CLI_REDIS_LOOKUP_H

#include <stdbool.h>

#define REDIS_ADDRESS_TEXT 64  /* a literal address, with a zone and the final 0 */
#define REDIS_ADDRESSES_MAX 8u /* of one name; more are not tried */

struct redis_addresses {
    char text[REDIS_ADDRESSES_MAX][REDIS_ADDRESS_TEXT];
    unsigned count;
};

struct event_base;
struct redis_lookup;

/* Called on the loop when it is known: `error` is NULL, or says why there are no addresses. The look-up is
 * freed after the call. */
typedef void redis_lookup_done(void *context, const struct redis_addresses *addresses,
                               const char *error);

/* Is this an address already, which takes no look-up? */
bool redis_address_literal(const char *host);

/* NULL: memory, descriptors or threads are short. */
struct redis_lookup *redis_lookup_start(struct event_base *base, const char *host,
                                        redis_lookup_done *done, void *context);

/* Do not call `done` any more. NULL is fine. */
void redis_lookup_abandon(struct redis_lookup *lookup);

#endif
