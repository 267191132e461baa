/*
 * testimony.c - what a probe or an idle link shows becomes testimony.
 *
 * Each witness has one place on a node, which its newest observation takes. What changes something is
 * written down here and judged by cluster_judge(); nothing here decides a state.
 */
#include "testimony.h"

#include "claim.h"
#include "judge.h"
#include "witness.h"

/* An answer: what it proves, and what it ends. */
static void probe_answered(struct health_engine *engine, uint32_t id,
                           const struct health_probe *probe, uint32_t sent_ms)
{
    struct node *node = &engine->nodes[id];

    closing_end(engine, id, sent_ms);
    if (agent_doubts(node) && ms_since(node->agent_ms, sent_ms) >= 0)
        node->agent = HEALTH_AGENT_FACT_ALIVE; /* who answers has started, or been thawed, since */
    if (probe->ok && probe->has_view && !claim_overtaken(engine, node, &probe->view, sent_ms))
        claim_take(engine, id, &probe->view, false, sent_ms);
}

/* Does a silence take nothing away from what is known? Then it is counted as what it is. */
static bool silence_ignored(struct health_engine *engine, const struct node *node, int64_t sent_ns,
                            uint32_t at_ms)
{
    bool voided = engine->stall_end_ns && sent_ns < engine->stall_end_ns;
    /* Silence proves nothing: a refusal stands until it expires by itself. */
    bool outlived = node->probe == HEALTH_PROBE_FACT_REFUSED &&
                    ms_since(node->probe_ms, at_ms) < (int32_t)engine->limits.probe_stale;

    engine->counters.voided += voided; /* it was measured across our own stall */
    engine->counters.unchanged += outlived && !voided;
    return voided || outlived;
}

/* Does a probe fail as the last one did? An error packet may also end a closing. */
static bool failure_repeats(const struct node *node, enum health_probe_fact fact)
{
    return fact == node->probe && fact != HEALTH_PROBE_FACT_OK &&
           !(fact == HEALTH_PROBE_FACT_ERROR && node->flags & NODE_CLOSED);
}

enum health_error probe_observed(struct health_engine *engine,
                                 const struct health_observation *observation)
{
    const struct health_probe *probe = &observation->probe;
    uint32_t id = observation->node;
    struct node *node = &engine->nodes[id];
    uint32_t at_ms = observed_at(engine, observation);

    if (!probe_valid(probe))
        return HEALTH_EINVAL;
    uint32_t sent_ms = sent_at(at_ms, probe->rtt_ns);
    enum health_probe_fact fact = probe_fact(probe);
    if (node->probe != HEALTH_PROBE_FACT_NONE && ms_since(node->probe_ms, at_ms) < 0) {
        engine->counters.stale++;
        return HEALTH_OK;
    }
    if (fact == HEALTH_PROBE_FACT_SILENT &&
        silence_ignored(engine, node, observation->at_ns - probe->rtt_ns, at_ms))
        return HEALTH_OK;
    if (failure_repeats(node, fact)) {
        node->probe_ms = at_ms;
        engine->counters.unchanged++;
        return HEALTH_OK;
    }
    if (fact == HEALTH_PROBE_FACT_CLOSED || fact == HEALTH_PROBE_FACT_REFUSED)
        closing_begin(engine, id, at_ms);
    if (probe->error == HEALTH_PROBE_LOST && node_link(node) == HEALTH_LINK_FACT_UP)
        node_set_link(node, HEALTH_LINK_FACT_NONE); /* the server ended one: so much for "up" */
    node->probe = (uint8_t)fact;
    node->probe_ms = at_ms;
    if (fact == HEALTH_PROBE_FACT_OK || fact == HEALTH_PROBE_FACT_ERROR)
        probe_answered(engine, id, probe, sent_ms);
    else if (fact == HEALTH_PROBE_FACT_REFUSED &&
             ms_since(engine->cold[id].gone_ms, at_ms) < (int32_t)engine->limits.leave_wait)
        node_flag(node, NODE_REFUTED, false); /* what refuted its agent was a late answer */
    engine->counters.observations++;
    cluster_judge(engine, engine->cold[id].cluster);
    return HEALTH_OK;
}

enum health_error link_observed(struct health_engine *engine,
                                const struct health_observation *observation)
{
    static const uint8_t facts[HEALTH_LINK_COUNT] = {
        [HEALTH_LINK_NOT_KNOWN] = HEALTH_LINK_FACT_NONE,
        [HEALTH_LINK_UP] = HEALTH_LINK_FACT_UP,
        [HEALTH_LINK_EOF] = HEALTH_LINK_FACT_CLOSED,
        [HEALTH_LINK_RESET] = HEALTH_LINK_FACT_CLOSED,
        [HEALTH_LINK_TIMEOUT] = HEALTH_LINK_FACT_NONE, /* silence proves nothing */
    };
    struct node *node = &engine->nodes[observation->node];
    struct node_cold *cold = &engine->cold[observation->node];
    uint32_t at_ms = observed_at(engine, observation);

    if (observation->link >= HEALTH_LINK_COUNT)
        return HEALTH_EINVAL;
    enum health_link_fact fact = (enum health_link_fact)facts[observation->link];
    if (node_link(node) != HEALTH_LINK_FACT_NONE && ms_since(cold->link_ms, at_ms) < 0) {
        engine->counters.stale++;
        return HEALTH_OK;
    }
    if (node_link(node) == fact) {
        engine->counters.unchanged++;
        return HEALTH_OK;
    }
    node_set_link(node, fact);
    if (fact == HEALTH_LINK_FACT_CLOSED)
        closing_begin(engine, observation->node, at_ms);
    else if (!(node->flags & NODE_CLOSED))
        cold->link_ms = at_ms;
    else if (fact == HEALTH_LINK_FACT_UP && node->probe == HEALTH_PROBE_FACT_REFUSED &&
             ms_since(node->probe_ms, at_ms) > 0)
        node->probe = HEALTH_PROBE_FACT_NONE; /* it lets connections in again */
    engine->counters.observations++;
    cluster_judge(engine, cold->cluster);
    return HEALTH_OK;
}
