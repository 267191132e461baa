/*
 * observation.c - observations come in; what says nothing new goes no further.
 *
 * Nearly every observation is an answer that says what the node's testimony says already: then only times
 * move. That is found out here, in one cache line of the node, before anything else is asked. All else
 * goes to whoever keeps the testimony of its witness.
 */
#include "claim.h"
#include "clock.h"
#include "heartbeat.h"
#include "testimony.h"
#include "witness.h"

/* Is the node's probe answered, and does its agent see the process? */
static inline bool lives_steadily(const struct node *node)
{
    return node->probe == HEALTH_PROBE_FACT_OK && !(node->flags & NODE_CLOSED) &&
           (node->agent == HEALTH_AGENT_FACT_OK || node->agent == HEALTH_AGENT_FACT_ALIVE);
}

/* Is the node's probe answered, with a standing claim of its own, and no witness who doubts it? */
static inline bool answers_steadily(const struct node *node)
{
    const unsigned which = NODE_CLAIM | NODE_BY_AGENT | NODE_CLOSED;

    return node->probe == HEALTH_PROBE_FACT_OK && (node->flags & which) == NODE_CLAIM &&
           !agent_doubts(node);
}

/* Does an answered probe say nothing but that what is known still holds? Then its time is set. */
static inline bool answer_repeats(struct health_engine *engine,
                                  const struct health_observation *observation)
{
    const struct health_probe *probe = &observation->probe;
    struct node *node = &engine->nodes[observation->node];
    uint32_t at_ms = observed_at(engine, observation);

    if (!probe->ok || !probe_valid_but_view(probe) || !answers_steadily(node) ||
        ms_since(node->probe_ms, at_ms) < 0)
        return false;
    if (probe->has_view) {
        uint32_t sent_ms = sent_at(at_ms, probe->rtt_ns);
        /* What the claim says was found valid with it; `gathering` is no part of it. */
        if ((probe->view.gathering != HEALTH_ANSWER_NO &&
             probe->view.gathering != HEALTH_ANSWER_NOT_KNOWN) ||
            !claim_says(node, &probe->view) || !claim_holds(engine, node, sent_ms) ||
            !claim_members_learnt(engine, observation->node, &probe->view))
            return false;
        node->claim_ms = sent_ms;
    }
    node->probe_ms = at_ms;
    engine->counters.unchanged++;
    return true;
}

/* Does a heartbeat say nothing but that the process lives on as it did, while its probe is answered? */
static inline bool beat_repeats(struct health_engine *engine,
                                const struct health_observation *observation)
{
    const struct health_heartbeat *beat = &observation->heartbeat;
    struct node *node = &engine->nodes[observation->node];
    uint32_t at_ms = observed_at(engine, observation);

    if (boot_tag(beat) != node->boot || ms_since(node->seq, (uint32_t)beat->seq) <= 0 ||
        !beat_valid(beat) || (beat->pid && beat->pid != node->pid) || !lives_steadily(node) ||
        agent_word(beat) != node->agent)
        return false;
    node->seq = (uint32_t)beat->seq;
    if (ms_since(node->agent_ms, at_ms) > 0)
        node->agent_ms = at_ms;
    engine->counters.unchanged++;
    return true;
}

enum health_error health_engine_observe(struct health_engine *engine, int64_t now_ns,
                                        const struct health_observation *observation)
{
    if (!node_exists(engine, observation->node))
        return HEALTH_ENOENT;
    if (observation->at_ns > now_ns)
        return HEALTH_EINVAL;
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;
    if (now_ns - observation->at_ns > engine->limits_ns.view_stale_ns) {
        engine->counters.stale++; /* older than anything that is believed */
        return HEALTH_OK;
    }

    switch ((enum health_witness)observation->witness) {
    case HEALTH_WITNESS_PROBE:
        return answer_repeats(engine, observation) ? HEALTH_OK
                                                   : probe_observed(engine, observation);
    case HEALTH_WITNESS_LINK:
        return link_observed(engine, observation);
    case HEALTH_WITNESS_AGENT:
        return beat_repeats(engine, observation) ? HEALTH_OK
                                                 : heartbeat_observed(engine, observation);
    case HEALTH_WITNESS_COUNT:
        break;
    }
    return HEALTH_EINVAL;
}

void health_engine_prefetch(const struct health_engine *engine, uint32_t node)
{
#if defined(__GNUC__)
    if (node < engine->node_capacity)
        __builtin_prefetch(&engine->nodes[node], 1);
#else
    (void)engine;
    (void)node;
#endif
}
