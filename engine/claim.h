/*
 * claim.h - a claim: what a node last said of its cluster, kept on the node.
 *
 * It is taken from a view that the probe read, or, where the probe gets no answer, from one that the
 * node's agent read. `sent_ms` is when it was asked for: what it says is at least as new.
 */
#ifndef HEALTHD_ENGINE_CLAIM_H
#define HEALTHD_ENGINE_CLAIM_H

#include "layout.h"

#include <string.h>

/* A size or weight as it is kept; 0 not known, and so is what no cluster can have. */
static inline uint16_t claim_narrow(int32_t value)
{
    return (uint32_t)value <= UINT16_MAX ? (uint16_t)value : 0;
}

/* The configuration id a view counts by. Outside a Primary component the id says "none": the last one is
 * kept, because it says which view the node was in when it left. */
static inline uint32_t claim_conf(const struct health_view *view, const struct node *node)
{
    return view->conf_id < CONF_NONE ? (uint32_t)view->conf_id : node->conf;
}

/* Does the view say just what the node's claim says? Here, because nearly every observation asks; the
 * differences are looked at together, because nearly always there is none. */
static inline bool claim_says(const struct node *node, const struct health_view *view)
{
    uint64_t differs = (node->history ^ uuid_tag(&view->state_uuid)) |
                       (node->member ^ uuid_tag(&view->gcomm_uuid)) |
                       (node->conf ^ claim_conf(view, node)) |
                       (uint64_t)(node->size ^ claim_narrow(view->size)) |
                       (uint64_t)(node->weight ^ claim_narrow(view->weight));

    return !differs && memcmp(node->said, &view->component, SAID_COUNT) == 0;
}

/* Is the claim so young that its age counts for nothing? */
static inline bool claim_holds(const struct health_engine *engine, const struct node *node,
                               uint32_t sent_ms)
{
    return ms_since(node->claim_ms, sent_ms) < (int32_t)engine->limits.view_hold;
}

/* Ids only grow within one life, so a lower id from a node that told a higher one a moment ago is an old
 * answer that was overtaken. After a restart the former claim is gone, or no longer confirmed. */
bool claim_overtaken(const struct health_engine *engine, const struct node *node,
                     const struct health_view *view, uint32_t sent_ms);

/* Has the member list that came with this view been learnt? */
static inline bool claim_members_learnt(const struct health_engine *engine, uint32_t id,
                                        const struct health_view *view)
{
    return !view->member_count ||
           engine->clusters[engine->cold[id].cluster].members_conf == engine->nodes[id].conf;
}

/* Take a view as the node's claim, and its member list as the cluster's. */
void claim_take(struct health_engine *engine, uint32_t id, const struct health_view *view,
                bool by_agent, uint32_t sent_ms);

#endif
