/*
 * witness.c - what all witnesses' testimony has in common: how a closing begins and ends.
 */
#include "witness.h"

/* Was mysqld's last word to the probe an answer? */
static bool answered(const struct node *node)
{
    return node->probe == HEALTH_PROBE_FACT_OK || node->probe == HEALTH_PROBE_FACT_ERROR;
}

/* For how long nothing had been heard of the node, at least: since it last spoke of itself or, a probe's
 * whole budget before the answer came in, since it answered. */
static uint8_t quiet_before(const struct health_engine *engine, const struct node *node,
                            uint32_t at_ms)
{
    int32_t quiet = ms_since(node->claim_ms, at_ms);
    int32_t unanswered = ms_since(node->probe_ms - engine->limits.probe_timeout, at_ms);
    int32_t most = UINT8_MAX * (int32_t)QUIET_STEP_MS;

    if (answered(node) && unanswered < quiet)
        quiet = unanswered;
    quiet = quiet < 0 ? 0 : quiet > most ? most : quiet;
    return (uint8_t)(((uint32_t)quiet + QUIET_STEP_MS - 1) / QUIET_STEP_MS);
}

void closing_begin(struct health_engine *engine, uint32_t id, uint32_t at_ms)
{
    struct node *node = &engine->nodes[id];
    if (node->flags & NODE_CLOSED)
        return;
    engine->cold[id].link_ms = at_ms;
    engine->cold[id].quiet = quiet_before(engine, node, at_ms);
    node_flag(node, NODE_CLOSED, true);
    node_flag(node, NODE_HUSHED, !answered(node));
    node_set_leave(node, LEAVE_UNDECIDED);
    if (answered(node))
        node_flag(node, NODE_GREW, false);
    else if (node->probe == HEALTH_PROBE_FACT_NONE && node->agent != HEALTH_AGENT_FACT_NONE &&
             node->agent != HEALTH_AGENT_FACT_GONE)
        /* A port that nobody has seen open did not close now: its agent has spoken since. */
        engine->cold[id].link_ms = node->agent_ms - engine->limits.settle;
}

void closing_end(struct health_engine *engine, uint32_t id, uint32_t sent_ms)
{
    struct node *node = &engine->nodes[id];
    if (!(node->flags & NODE_CLOSED) || ms_since(engine->cold[id].link_ms, sent_ms) < 0)
        return;
    if (node->agent == HEALTH_AGENT_FACT_GONE) {
        if (ms_since(engine->cold[id].gone_ms, sent_ms) < 0)
            return;
        node_flag(node, NODE_REFUTED, true);
    }
    node->exit = HEALTH_EXIT_FACT_NONE;
    node_flag(node, NODE_CLOSED | NODE_HUSHED | NODE_GREW, false);
    node_set_leave(node, LEAVE_UNDECIDED);
}
