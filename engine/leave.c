/*
 * leave.c - how a node whose connections closed left: politely, or not.
 *
 * A graceful leave shrinks the peers' view as the connections close. After a crash they count the dead
 * for about five seconds (evs.suspect_timeout).
 */
#include "council.h"

/* Was this moment so soon after a stall of ours that we cannot say when the thing really happened? */
static bool untimed(const struct health_engine *engine, uint32_t moment)
{
    int32_t after = ms_since(engine->stall_end_ms, moment);
    return engine->stall_end_ns && after >= 0 &&
           after <= (int32_t)(engine->limits.close_hold + engine->limits.settle);
}

/* A view that leaves the node out: did it come with the close, or by eviction? */
static enum leave_verdict date_leave(const struct council *council, const struct seat *seat)
{
    const struct health_engine *engine = council->engine;
    int32_t after = ms_since(seat->cold->link_ms, council->cluster->seen_ms);
    int32_t lead = (int32_t)engine->limits.leave_lead;

    if (seat->facts[HEALTH_FACT_LINK] != HEALTH_LINK_FACT_CLOSED)
        lead +=
            (int32_t)engine->limits.probe_interval; /* nobody watched: the close was found late */
    if (untimed(engine, seat->cold->link_ms) || untimed(engine, council->cluster->seen_ms))
        return LEAVE_SPENT;
    if (after > (int32_t)engine->limits.leave_window)
        return LEAVE_HELD;
    return after >= -lead ? LEAVE_LEFT : LEAVE_SPENT;
}

/* Does a peer, asked surely after the close, still report the view that this node was in? */
static bool peers_hold(const struct council *council, uint32_t i)
{
    const struct health_engine *engine = council->engine;
    const struct seat *seat = &council->seats[i];

    for (uint32_t k = 0; k < council->count; k++) {
        const struct seat *other = &council->seats[k];
        if (k != i && other->reports && node_answers(other->facts) &&
            other->node->history == seat->node->history && other->node->conf == seat->node->conf &&
            ms_since(seat->cold->link_ms, other->node->claim_ms) >= (int32_t)engine->limits.settle)
            return true;
    }
    return false;
}

static bool peers_can_tell(const struct council *council, uint32_t i)
{
    for (uint32_t k = 0; k < council->count; k++)
        if (k != i && council->seats[k].reports && node_answers(council->seats[k].facts))
            return true;
    return false;
}

static void judge_leave(struct council *council, uint32_t i)
{
    const struct health_engine *engine = council->engine;
    struct seat *seat = &council->seats[i];
    struct node *node = seat->node;
    static const uint8_t told[] = {
        [LEAVE_UNDECIDED] = HEALTH_LEAVE_NONE,
        [LEAVE_LEFT] = HEALTH_LEAVE_LEFT,
        [LEAVE_HELD] = HEALTH_LEAVE_HELD,
        [LEAVE_SPENT] = HEALTH_LEAVE_NONE,
    };

    node_flag(node, NODE_WAITS, false);
    if (!(node->flags & NODE_CLOSED))
        return;
    if (node_leave(node) == LEAVE_UNDECIDED && node->conf != CONF_NONE &&
        node->history == council->cluster->history) {
        if (node->conf < council->cluster->conf && left_out(council, i))
            node_set_leave(node, date_leave(council, seat));
        else if (peers_hold(council, i))
            node_set_leave(node, LEAVE_HELD);
        else if (peers_can_tell(council, i) &&
                 ms_since(seat->cold->link_ms, engine->now_ms) < (int32_t)engine->limits.leave_wait)
            node_flag(node, NODE_WAITS, true);
    }
    seat->facts[HEALTH_FACT_LEAVE] =
        node->flags & NODE_WAITS ? HEALTH_LEAVE_WAITING : told[node_leave(node)];
}

void council_judge_leaves(struct council *council)
{
    for (uint32_t i = 0; i < council->count; i++)
        judge_leave(council, i);
}
