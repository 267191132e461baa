/*
 * witness.c - what all witnesses' testimony has in common: what is valid, and how a closing begins and ends.
 */
#include "witness.h"

bool answer_valid(uint8_t answer)
{
    return answer < HEALTH_ANSWER_COUNT;
}

static bool view_valid(const struct health_view *view)
{
    return view->component < HEALTH_COMPONENT_COUNT && answer_valid(view->ready) &&
           answer_valid(view->connected) && answer_valid(view->rejects) &&
           answer_valid(view->desync) && answer_valid(view->read_only) &&
           answer_valid(view->donor_rejects) && answer_valid(view->maintenance);
}

bool probe_valid(const struct health_probe *probe)
{
    return probe->error < HEALTH_PROBE_ERROR_COUNT && probe->rtt_ns >= 0 &&
           (!probe->has_view || view_valid(&probe->view));
}

void closing_begin(struct health_engine *engine, uint32_t id, uint32_t at_ms)
{
    struct node *node = &engine->nodes[id];
    if (node->flags & NODE_CLOSED)
        return;
    engine->cold[id].link_ms = at_ms;
    node_flag(node, NODE_CLOSED, true);
    node_flag(node, NODE_GREW, false);
    /* A node that was silent already is not seen leaving: it may have been frozen, and then killed. */
    node_set_leave(node, node->probe == HEALTH_PROBE_FACT_SILENT ? LEAVE_SPENT : LEAVE_UNDECIDED);
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
    node_flag(node, NODE_CLOSED | NODE_GREW, false);
    node_set_leave(node, LEAVE_UNDECIDED);
}
