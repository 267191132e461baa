/*
 * witness.h - what all witnesses' testimony has in common.
 *
 * A *closing* is the time from the first sign that a node's connections or process ended (end of file, a
 * lost or refused probe, the agent's word) to the first answer that was asked for after it.
 */
#ifndef HEALTHD_ENGINE_WITNESS_H
#define HEALTHD_ENGINE_WITNESS_H

#include "layout.h"

#include <string.h>

/* When it was seen, on the engine's clock. Nearly always that is now. */
static inline uint32_t observed_at(const struct health_engine *engine,
                                   const struct health_observation *observation)
{
    return observation->at_ns == engine->now_ns ? engine->now_ms
                                                : engine_ms(engine, observation->at_ns);
}

/* Not negative, and not so long that it wraps the engine's clock. */
static inline bool rtt_valid(int64_t rtt_ns)
{
    return rtt_ns >= 0 && rtt_ns < DEADLINE_FARTHEST_MS * HEALTH_NS_PER_MS;
}

/* When a probe was sent, on the engine's clock: rounded to the past. */
static inline uint32_t sent_at(uint32_t at_ms, int64_t rtt_ns)
{
    uint32_t whole = rtt_ns <= UINT32_MAX ? (uint32_t)rtt_ns / (uint32_t)HEALTH_NS_PER_MS
                                          : (uint32_t)(rtt_ns / HEALTH_NS_PER_MS);
    return at_ms - whole - (rtt_ns != 0);
}

/* Is it a value of enum health_answer? */
static inline bool answer_valid(uint8_t answer)
{
    return answer < HEALTH_ANSWER_COUNT;
}

/* Are a probe's fields what they can be, but for those of its view? */
static inline bool probe_valid_but_view(const struct health_probe *probe)
{
    return probe->error < HEALTH_PROBE_ERROR_COUNT && rtt_valid(probe->rtt_ns);
}

/* The answers of a view lie side by side. They are looked at together: adding 125 to a byte sets its top bit
 * where it is no answer; one that spills over into the next has its own top bit set. */
static inline bool view_valid(const struct health_view *view)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t answers;

    _Static_assert(offsetof(struct health_view, gathering) - offsetof(struct health_view, ready) ==
                       sizeof answers - 1,
                   "the answers lie side by side");
    memcpy(&answers, &view->ready, sizeof answers);
    return view->component < HEALTH_COMPONENT_COUNT &&
           !((answers | (answers + each * (0x80 - HEALTH_ANSWER_COUNT))) & each * 0x80);
}

/* ... and those too? */
static inline bool probe_valid(const struct health_probe *probe)
{
    return probe_valid_but_view(probe) && (!probe->has_view || view_valid(&probe->view));
}

/* What a probe's outcome proves. An error packet proves that mysqld runs; errors 2000 to 2999 are the
 * client library's own and prove nothing. */
static inline enum health_probe_fact probe_fact(const struct health_probe *probe)
{
    static const uint8_t facts[HEALTH_PROBE_ERROR_COUNT] = {
        [HEALTH_PROBE_NONE] = HEALTH_PROBE_FACT_SILENT,
        [HEALTH_PROBE_REFUSED] = HEALTH_PROBE_FACT_REFUSED,
        [HEALTH_PROBE_TIMEOUT] = HEALTH_PROBE_FACT_SILENT,
        [HEALTH_PROBE_LOST] = HEALTH_PROBE_FACT_CLOSED,
        [HEALTH_PROBE_RESET] = HEALTH_PROBE_FACT_CLOSED,
        [HEALTH_PROBE_UNREACHABLE] = HEALTH_PROBE_FACT_SILENT,
        [HEALTH_PROBE_AUTH] = HEALTH_PROBE_FACT_ERROR,
        [HEALTH_PROBE_TOO_MANY_CONNECTIONS] = HEALTH_PROBE_FACT_ERROR,
        [HEALTH_PROBE_NOT_READY] = HEALTH_PROBE_FACT_ERROR,
        [HEALTH_PROBE_SHUTTING_DOWN] = HEALTH_PROBE_FACT_LEAVING,
        [HEALTH_PROBE_SQL_ERROR] = HEALTH_PROBE_FACT_ERROR,
    };
    bool clients_own = probe->code >= 2000 && probe->code < 3000;

    if (probe->ok)
        return HEALTH_PROBE_FACT_OK;
    if (probe->error == HEALTH_PROBE_SQL_ERROR && clients_own)
        return HEALTH_PROBE_FACT_SILENT;
    return (enum health_probe_fact)facts[probe->error];
}

/* Does the agent's word doubt that mysqld answers? An answer that was asked for after it says otherwise. */
static inline bool agent_doubts(const struct node *node)
{
    return node->agent == HEALTH_AGENT_FACT_FROZEN || node->agent == HEALTH_AGENT_FACT_STARTING ||
           node->agent == HEALTH_AGENT_FACT_DEAF;
}

/* Has the agent spoken so long after the close that its word was surely formed after it? */
static inline bool agent_spoke_since(const struct health_engine *engine, const struct node *node,
                                     const struct node_cold *cold)
{
    return !(node->flags & NODE_CLOSED) ||
           ms_since(cold->link_ms, node->agent_ms) >= (int32_t)engine->limits.settle;
}

/* A first sign of the end: a closing begins, unless one is under way. */
void closing_begin(struct health_engine *engine, uint32_t id, uint32_t at_ms);

/* mysqld answered a question that was asked at sent_ms: it lives, if the closing had begun by then. */
void closing_end(struct health_engine *engine, uint32_t id, uint32_t sent_ms);

#endif
