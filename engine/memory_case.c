/*
 * memory_case.c - all that is known of a cluster at one moment: the engine's present, and its memory.
 */
#include "record.h"

#include "judge.h"

#include <string.h>

static void fill_node(const struct health_memory *memory, const struct health_engine *engine,
                      uint32_t node, const uint8_t *facts, struct health_case_node *ret_node)
{
    const struct record *record = &memory->records[node];
    struct health_why why;

    why_of(engine, node, &why);
    *ret_node = (struct health_case_node){
        .node = node,
        .known = why.node,
        .probe_age_ns = why.probe_age_ns,
        .agent_age_ns = why.agent_age_ns,
        .view_age_ns = why.view_age_ns,
        .memory = record->told,
    };
    memcpy(ret_node->facts, facts, sizeof ret_node->facts);
    /* While we were stopped nobody could tell: by that time nothing has stood longer. */
    if (record->told.moved_ns)
        ret_node->memory.moved_ns += engine->origin_ns - record->moved_origin_ns;
    if (record->told.stood_ns)
        ret_node->memory.stood_ns += engine->origin_ns - record->stood_origin_ns;
}

enum health_error health_memory_case(const struct health_memory *memory,
                                     const struct health_engine *engine, uint32_t cluster,
                                     const struct health_limits *limits, int64_t now_ns,
                                     struct health_case *ret_case)
{
    cluster_facts facts;
    uint32_t node;

    if (health_cluster_snapshot(engine, cluster, &ret_case->cluster) != HEALTH_OK)
        return HEALTH_ENOENT;
    ret_case->now_ns = now_ns;
    ret_case->limits = limits;
    ret_case->memory = memory->clusters[cluster];
    ret_case->count = 0;
    facts_of(engine, cluster, facts);
    for (node = engine->clusters[cluster].first; node != HEALTH_NODE_NONE;
         node = engine->cold[node].next) {
        const uint32_t i = ret_case->count++;
        fill_node(memory, engine, node, facts[i], &ret_case->nodes[i]);
    }
    return HEALTH_OK;
}
