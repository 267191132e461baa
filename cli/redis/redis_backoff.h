/*
 * redis_backoff.h - how long to wait before trying again: longer each time, and not all at once.
 *
 * The longest wait is what a Redis that was away for long may go unnoticed after its return.
 */
#ifndef HEALTHD_CLI_REDIS_BACKOFF_H
#define HEALTHD_CLI_REDIS_BACKOFF_H

#include <event2/util.h>
#include <healthd/types.h>

#define REDIS_BACKOFF_MIN_NS (100 * HEALTH_NS_PER_MS)
#define REDIS_BACKOFF_MAX_NS HEALTH_NS_PER_S

/* The next wait, between half of *backoff_ns and all of it; *backoff_ns grows by half. */
static inline int64_t redis_backoff_next(int64_t *backoff_ns)
{
    int64_t half_ns = *backoff_ns / 2;
    uint32_t random;

    evutil_secure_rng_get_bytes(&random, sizeof random);
    *backoff_ns += half_ns;
    if (*backoff_ns > REDIS_BACKOFF_MAX_NS)
        *backoff_ns = REDIS_BACKOFF_MAX_NS;
    return half_ns + (int64_t)(random % 1024) * half_ns / 1024;
}

#endif
