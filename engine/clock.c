/*
 * clock.c - the engine's clock, and the moments at which time alone changes a fact.
 */
#include "clock.h"

/* While a node's leave is undecided, its peers' fresh views are looked at this often. */
#define LEAVE_LOOK_MS UINT32_C(64)

enum health_error engine_move_clock(struct health_engine *engine, int64_t now_ns)
{
    if (now_ns < engine->now_ns)
        return HEALTH_ETIME;
    bool stalled = now_ns > engine->late_ns;
    if (stalled) {
        engine->origin_ns += now_ns - engine->now_ns - engine->limits_ns.pulse_ns;
        engine->stall_end_ns = now_ns;
        engine->counters.stalls++;
    }
    engine->now_ns = now_ns;
    engine->now_ms = engine_ms(engine, now_ns);
    engine->late_ns = now_ns + engine->limits_ns.pulse_ns + engine->limits_ns.stall_ns;
    if (stalled)
        engine->stall_end_ms = engine->now_ms;
    return HEALTH_OK;
}

/* The earlier of two moments, of those that are not before `from_ms`. */
static uint32_t earlier(uint32_t best, uint32_t moment, uint32_t from_ms)
{
    return ms_since(from_ms, moment) >= 0 && ms_since(moment, best) > 0 ? moment : best;
}

uint32_t node_next_threshold(const struct health_engine *engine, uint32_t id, uint32_t from_ms)
{
    const struct limits_ms *limits = &engine->limits;
    const struct node *node = &engine->nodes[id];
    const struct node_cold *cold = &engine->cold[id];
    uint32_t next = from_ms + DEADLINE_FARTHEST_MS;

    if (node->probe != HEALTH_PROBE_FACT_NONE)
        next = earlier(next, node->probe_ms + limits->probe_stale, from_ms);
    if (node->agent != HEALTH_AGENT_FACT_NONE)
        next = earlier(next, node->agent_ms + limits->agent_stale, from_ms);
    if (node->flags & NODE_CLAIM) {
        next = earlier(next, node->claim_ms + limits->view_hold, from_ms);
        next = earlier(next, node->claim_ms + limits->view_stale, from_ms);
    }
    if (node->flags & NODE_CLOSED) {
        next = earlier(next, cold->link_ms + limits->close_hold, from_ms);
        next = earlier(next, cold->link_ms + limits->leave_wait, from_ms);
        next = earlier(next, cold->link_ms + limits->evict_max, from_ms);
    }
    if (node->exit == HEALTH_EXIT_FACT_PENDING)
        next = earlier(next, cold->gone_ms + limits->exit_grace, from_ms);
    if (node->flags & NODE_WAITS)
        next =
            earlier(next, (from_ms + LEAVE_LOOK_MS - 1) / LEAVE_LOOK_MS * LEAVE_LOOK_MS, from_ms);
    if (!node->boot && !cold->transitions)
        next = earlier(next, node->agent_ms + limits->agent_wait, from_ms);
    return next;
}
