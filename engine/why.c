/*
 * why.c - what is believed of a node or cluster, and why: copies, changing nothing.
 *
 * "What would change it" is found by trying: each fact is given each other value in turn, and the rules
 * are asked again. So it cannot drift from the rules.
 */
#include "clock.h"
#include "judge.h"

#include <string.h>

enum health_error health_node_snapshot(const struct health_engine *engine, uint32_t node,
                                       struct health_node_snapshot *ret_snapshot)
{
    if (!node_exists(engine, node))
        return HEALTH_ENOENT;
    const struct node *hot = &engine->nodes[node];
    const struct node_cold *cold = &engine->cold[node];
    const struct health_rule *routable = routable_rule(engine, node, hot->state);
    *ret_snapshot = (struct health_node_snapshot){
        .cluster = cold->cluster,
        .state = (enum health_state)hot->state,
        .reason = (enum health_reason)hot->reason,
        .routable = (enum health_answer)routable->answer,
        .routable_reason = (enum health_reason)routable->reason,
        .since_ns = engine->since_ns[node],
        .version = cold->version,
        .transitions = cold->transitions,
        .unclean_exits = cold->unclean,
        .incarnation = cold->incarnation,
        .pid = hot->pid,
        .maintained = cold->maintained,
    };
    return HEALTH_OK;
}

/* How many more members may crash at once before the rest is no majority of the last Primary view. Who joins is not
 * counted before it serves: it gives up, and so makes the view smaller, when its donor crashes. */
static int32_t can_lose(const struct census *census)
{
    if (!census->base || !census->states[HEALTH_STATE_GREEN])
        return -1;
    int32_t spare = ((int32_t)census->base - (int32_t)census->joining - 1) / 2 -
                    (int32_t)(census->crashed + census->killed + census->gone + census->useless);
    return spare > 0 ? spare : 0;
}

enum health_error health_cluster_snapshot(const struct health_engine *engine, uint32_t cluster,
                                          struct health_cluster_snapshot *ret_snapshot)
{
    if (!cluster_exists(engine, cluster))
        return HEALTH_ENOENT;
    const struct cluster *known = &engine->clusters[cluster];
    struct census census;
    census_take(engine, known, &census);
    *ret_snapshot = (struct health_cluster_snapshot){
        .colour = (enum health_colour)known->colour,
        .reason = (enum health_reason)known->reason,
        .since_ns = known->since_ns,
        .version = known->version,
        .signs = known->signs,
        .nodes = known->count,
        .expected = known->expected,
        .primary_size = known->size,
        .others = known->others,
        .can_lose = can_lose(&census),
        .conf_id = known->history ? known->conf : HEALTH_CONF_NONE,
        .state_uuid_head = (uint32_t)(known->history >> 32),
    };
    memcpy(ret_snapshot->states, census.states, sizeof census.states);
    return HEALTH_OK;
}

static int64_t age_ns(const struct health_engine *engine, bool known, uint32_t then)
{
    return known ? (int64_t)ms_since(then, engine->now_ms) * HEALTH_NS_PER_MS : -1;
}

/* Which facts, each by itself, would make it another state than the one that the facts add up to? */
static void find_changes(const struct health_engine *engine, uint8_t state, struct health_why *why)
{
    why->change_count = 0;
    for (unsigned fact = 0; fact < HEALTH_NODE_FACT_COUNT; fact++) {
        uint8_t tried[HEALTH_NODE_FACT_COUNT];
        memcpy(tried, why->facts, sizeof tried);
        for (uint8_t value = 0; value < health_node_facts[fact].count; value++) {
            struct verdict verdict;
            tried[fact] = value;
            verdict_of(engine->rules, tried, &verdict);
            if (verdict.state != state && why->change_count < HEALTH_CHANGES_MAX)
                why->changes[why->change_count++] =
                    (struct health_change){(uint8_t)fact, value, verdict.state};
        }
    }
}

/* Found on a copy, because finding them takes expired testimony off the board. */
void facts_of(const struct health_engine *engine, uint32_t cluster, cluster_facts ret_facts)
{
    struct cluster cluster_copy = engine->clusters[cluster];
    struct node copies[HEALTH_CLUSTER_NODES_MAX];
    struct council council;

    council_convene(&council, engine, cluster);
    council.cluster = &cluster_copy;
    for (uint32_t i = 0; i < council.count; i++) {
        copies[i] = *council.seats[i].node;
        council.seats[i].node = &copies[i];
    }
    council_find_facts(&council);
    for (uint32_t i = 0; i < council.count; i++)
        memcpy(ret_facts[i], council.seats[i].facts, sizeof ret_facts[i]);
}

/* Its place among its cluster's nodes. */
static uint32_t place_of(const struct health_engine *engine, uint32_t node)
{
    uint32_t place = 0;

    for (uint32_t id = engine->clusters[engine->cold[node].cluster].first; id != node;
         id = engine->cold[id].next)
        place++;
    return place;
}

void why_of(const struct health_engine *engine, uint32_t node, struct health_why *ret_why)
{
    const struct node *hot = &engine->nodes[node];
    bool claims = hot->flags & NODE_CLAIM;

    health_node_snapshot(engine, node, &ret_why->node);
    ret_why->probe_age_ns = age_ns(engine, hot->probe != HEALTH_PROBE_FACT_NONE, hot->probe_ms);
    ret_why->link_age_ns =
        age_ns(engine, node_link(hot) != HEALTH_LINK_FACT_NONE, engine->cold[node].link_ms);
    ret_why->agent_age_ns = age_ns(engine, hot->agent != HEALTH_AGENT_FACT_NONE, hot->agent_ms);
    ret_why->view_age_ns = age_ns(engine, claims, hot->claim_ms);
    ret_why->view_from_agent = claims && hot->flags & NODE_BY_AGENT;
    ret_why->view_conf_id = claims && hot->conf != CONF_NONE ? hot->conf : HEALTH_CONF_NONE;
    ret_why->view_size = claims ? hot->size : 0;
    ret_why->next_ns =
        engine->now_ns +
        (int64_t)ms_since(engine->now_ms, node_next_threshold(engine, node, engine->now_ms + 1)) *
            HEALTH_NS_PER_MS;
}

enum health_error health_engine_why(const struct health_engine *engine, uint32_t node,
                                    struct health_why *ret_why)
{
    struct verdict verdict;
    cluster_facts facts;

    if (!node_exists(engine, node))
        return HEALTH_ENOENT;
    why_of(engine, node, ret_why);
    facts_of(engine, ret_why->node.cluster, facts);
    memcpy(ret_why->facts, facts[place_of(engine, node)], sizeof ret_why->facts);
    verdict_of(engine->rules, ret_why->facts, &verdict);
    memcpy(ret_why->answers, verdict.answers, sizeof verdict.answers);
    memcpy(ret_why->rules, verdict.rules, sizeof verdict.rules);
    find_changes(engine, verdict.state, ret_why);
    return HEALTH_OK;
}
