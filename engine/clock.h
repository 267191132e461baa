/*
 * clock.h - the engine's clock, and the moments at which time alone changes a fact.
 *
 * A call that comes later than promised means that we were stopped: the clock, which all ages are
 * measured with, does not move by the time that was lost.
 */
#ifndef HEALTHD_ENGINE_CLOCK_H
#define HEALTHD_ENGINE_CLOCK_H

#include "layout.h"

/* The clock moved; find out whether we were stopped. */
enum health_error engine_move_clock(struct health_engine *engine, int64_t now_ns);

/* Move the clock on, or refuse to move it back. One turn of a loop makes many calls with one time. */
static inline enum health_error engine_advance(struct health_engine *engine, int64_t now_ns)
{
    return now_ns == engine->now_ns ? HEALTH_OK : engine_move_clock(engine, now_ns);
}

/* The earliest moment, not before from_ms, at which time alone changes a fact of this node. */
uint32_t node_next_threshold(const struct health_engine *engine, uint32_t id, uint32_t from_ms);

#endif
