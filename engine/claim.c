/*
 * claim.c - a claim: what a node last said of its cluster, kept on the node.
 */
#include "claim.h"

#include <string.h>

bool claim_overtaken(const struct health_engine *engine, const struct node *node,
                     const struct health_view *view, uint32_t sent_ms)
{
    return node->flags & NODE_CLAIM && uuid_tag(&view->state_uuid) == node->history &&
           node->conf != CONF_NONE && claim_conf(view, node) < node->conf &&
           ms_since(node->claim_ms, sent_ms) < (int32_t)engine->limits.settle;
}

/* The place of a member of the list in the cluster, by name or by the UUID it last told; -1: none. */
static int member_place(const struct health_engine *engine, const struct cluster *cluster,
                        const struct health_member *member)
{
    uint64_t tag = uuid_tag(&member->gcomm_uuid);
    int place = 0;

    for (uint32_t id = cluster->first; id != HEALTH_NODE_NONE; id = engine->cold[id].next) {
        if (id == member->node ||
            (member->node == HEALTH_NODE_NONE && tag && engine->nodes[id].member == tag))
            return place;
        place++;
    }
    return -1;
}

/* A member list belongs to the view it came with; it replaces only one of the same or an older view. */
static void members_learn(struct health_engine *engine, uint32_t id, const struct health_view *view)
{
    const struct node *node = &engine->nodes[id];
    struct cluster *cluster = &engine->clusters[engine->cold[id].cluster];
    uint32_t members = 0;

    if (!view->member_count || view->component != HEALTH_COMPONENT_PRIMARY ||
        node->conf == CONF_NONE || node->conf < cluster->conf)
        return;
    for (unsigned i = 0; i < view->member_count; i++) {
        int place = member_place(engine, cluster, &view->members[i]);
        if (place >= 0)
            members |= UINT32_C(1) << place;
    }
    cluster->members = members;
    cluster->members_conf = node->conf;
}

/* A node whose own id went back shows that the cluster began a new life (ids start again after a full
 * restart). Old views of nodes that do not answer now would look newer than it: they are dropped. */
static void claims_of_former_life_drop(struct health_engine *engine, uint32_t node)
{
    uint32_t first = engine->clusters[engine->cold[node].cluster].first;
    for (uint32_t id = first; id != HEALTH_NODE_NONE; id = engine->cold[id].next) {
        struct node *other = &engine->nodes[id];
        if (id != node && other->probe != HEALTH_PROBE_FACT_OK &&
            other->agent != HEALTH_AGENT_FACT_OK)
            node_flag(other, NODE_CLAIM, false);
    }
}

void claim_take(struct health_engine *engine, uint32_t id, const struct health_view *view,
                bool by_agent, uint32_t sent_ms)
{
    struct node *node = &engine->nodes[id];
    uint64_t history = uuid_tag(&view->state_uuid);
    uint32_t conf = claim_conf(view, node);

    bool goes_on = history == node->history || !node->history; /* or it said "none" as it left */
    if (goes_on && conf < node->conf && node->conf != CONF_NONE)
        claims_of_former_life_drop(engine, id);
    if (history != node->history || conf != node->conf)
        node_flag(node, NODE_EXCLUDED, false);
    node->history = history;
    node->member = uuid_tag(&view->gcomm_uuid);
    node->conf = conf;
    node->size = claim_narrow(view->size);
    node->weight = claim_narrow(view->weight);
    memcpy(node->said, &view->component, SAID_COUNT);
    node->claim_ms = sent_ms;
    node_flag(node, NODE_CLAIM, true);
    node_flag(node, NODE_BY_AGENT, by_agent);
    members_learn(engine, id, view);
    struct cluster *cluster = &engine->clusters[engine->cold[id].cluster];
    if (view->gathering == HEALTH_ANSWER_YES && in_newest_view(cluster, node))
        cluster->gathering = true;
}
