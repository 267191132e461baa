/*
 * healthd/observer.h - what everything that sees has in common: whom it tells, and by which clock.
 *
 * A witness (the prober, the heartbeat listener) tells an *observer*, on the thread of its event loop,
 * at the moment it has seen something. at_ns of the observation is health_clock_ns() then, rounded down to
 * the microsecond, so that a recording of it replays to the same verdicts.
 */
#ifndef HEALTHD_OBSERVER_H
#define HEALTHD_OBSERVER_H

#include <healthd/observation.h>

#include <time.h>

/* Called with what was seen. What the observation points to lives until the call returns. The callee must
 * not remove the node from its witness inside the call. */
typedef void health_observe(void *context, const struct health_observation *observation);

/* Called with what people should know and no verdict depends on: one line without its end, naming the
 * place and what to do. `node` is HEALTH_NODE_NONE where it concerns no single node. */
typedef void health_remark(void *context, uint32_t node, const char *text);

/* The clock of all observations: monotonic, stands still while the machine sleeps. */
static inline int64_t health_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ns = (int64_t)now.tv_sec * HEALTH_NS_PER_S + now.tv_nsec;
    return ns - ns % HEALTH_NS_PER_US;
}

#endif
