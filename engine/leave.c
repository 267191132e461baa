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

/* Were we stopped after this moment? Then nobody knows how long ago it really was. */
static bool stalled_since(const struct health_engine *engine, uint32_t moment)
{
    return engine->stall_end_ns && ms_since(moment, engine->stall_end_ms) >= 0;
}

/* Did it say, when it was last asked, that it does not take part any more? A node that leaves politely
 * goes on saying "Synced" in its last moment; one that has lost its peers does not. */
static bool said_goodbye(const struct node *node)
{
    return node->said[SAID_LOCAL_STATE] == HEALTH_LOCAL_SYNCED &&
           (node->said[SAID_COMPONENT] != HEALTH_COMPONENT_PRIMARY ||
            node->said[SAID_READY] == HEALTH_ANSWER_NO);
}

/* Had it lost its peers before its connections closed? */
static bool left_before(const struct node *node)
{
    return node->said[SAID_COMPONENT] == HEALTH_COMPONENT_NON_PRIMARY &&
           node->said[SAID_LOCAL_STATE] == HEALTH_LOCAL_UNDEFINED;
}

/* Was it already out of the view before the newest one? Then that view does not date its leave. */
static bool outlived(const struct cluster *cluster, const struct node *node)
{
    return cluster->former_step && node->conf < cluster->conf - cluster->former_step;
}

/*
 * A view that leaves the node out: did it come with the close, or by eviction?
 *
 * Eviction takes evict_min from the last that was heard of a node, so a view that leaves it out sooner
 * than that shows that it left by itself; also when it fell silent or was refused first, and whatever
 * the cadence. Where the close was watched, the view must have changed with it as well. A node that still
 * answered when its peers had dropped it must have said goodbye: one that was thawed after its eviction
 * says that all is well. And where the group was seen looking for a member that it does not hear
 * (wsrep_evs_state GATHER, up to a second before an eviction), nobody is known to have left by himself.
 */
static enum leave_verdict date_leave(const struct council *council, const struct seat *seat)
{
    const struct health_engine *engine = council->engine;
    const struct limits_ms *limits = &engine->limits;
    uint32_t heard_ms = seat->cold->link_ms - seat->cold->quiet * QUIET_STEP_MS;
    int32_t after_close = ms_since(seat->cold->link_ms, council->cluster->seen_ms);
    int32_t after_heard = ms_since(heard_ms, council->cluster->seen_ms);
    int32_t lead = (int32_t)limits->leave_lead;
    bool watched = seat->facts[HEALTH_FACT_LINK] == HEALTH_LINK_FACT_CLOSED;

    if (seat->cold->quiet == UINT8_MAX || stalled_since(engine, heard_ms) ||
        untimed(engine, council->cluster->seen_ms) || council->cluster->former_gathering ||
        left_before(seat->node) || outlived(council->cluster, seat->node))
        return LEAVE_SPENT;
    if (after_close > (int32_t)limits->leave_window || after_heard >= (int32_t)limits->evict_min ||
        (watched && after_close < -lead))
        return LEAVE_SPENT;
    if (after_heard < 0 && (after_heard < -lead || !said_goodbye(seat->node)))
        return LEAVE_SPENT;
    return LEAVE_LEFT;
}

/* Does a peer that answers report the view that seat i was in last? With `since_close` only one counts that
 * was surely asked after the close. */
static bool peer_shares_view(const struct council *council, uint32_t i, bool since_close)
{
    const struct seat *seat = &council->seats[i];

    for (uint32_t k = 0; k < council->count; k++) {
        const struct seat *peer = &council->seats[k];
        bool asked_since = ms_since(seat->cold->link_ms, peer->node->claim_ms) >=
                           (int32_t)council->engine->limits.settle;
        if (k != i && node_answers(peer->facts) &&
            peer->facts[HEALTH_FACT_CLAIM] != HEALTH_CLAIM_NONE &&
            peer->node->said[SAID_COMPONENT] == HEALTH_COMPONENT_PRIMARY &&
            same_view(peer->node, seat->node) && (asked_since || !since_close))
            return true;
    }
    return false;
}

static bool peers_can_tell(const struct council *council, uint32_t i)
{
    for (uint32_t k = 0; k < council->count; k++)
        if (k != i && is_heard(&council->seats[k]))
            return true;
    return false;
}

static bool lags_behind(const struct council *council, const struct seat *seat)
{
    return is_heard(seat) && seat->node->history == council->cluster->history &&
           seat->node->conf < council->cluster->whole_conf;
}

/* Judge how a node that closed left, unless that is known or cannot be. True: its peers may still tell. */
static bool judge_leave(struct council *council, uint32_t i)
{
    const struct health_engine *engine = council->engine;
    const struct seat *seat = &council->seats[i];
    struct node *node = seat->node;

    if (node_leave(node) != LEAVE_UNDECIDED || node->conf == CONF_NONE ||
        node->history != council->cluster->history)
        return false;
    /* Where a peer still stands for its view, the newer one that leaves it out is not that view's
     * successor, as between two Primary components, or not all have moved on yet. */
    if (node->conf < council->cluster->conf && left_out(council, i) &&
        !peer_shares_view(council, i, false))
        node_set_leave(node, date_leave(council, seat));
    else if (peer_shares_view(council, i, true))
        node_set_leave(node, LEAVE_HELD);
    else
        return peers_can_tell(council, i) &&
               ms_since(seat->cold->link_ms, engine->now_ms) < (int32_t)engine->limits.leave_wait;
    return false;
}

/* Say what is known of how seat i left, and whether to look again soon. */
static void note_leave(struct council *council, uint32_t i)
{
    static const uint8_t told[] = {
        [LEAVE_UNDECIDED] = HEALTH_LEAVE_NONE,
        [LEAVE_LEFT] = HEALTH_LEAVE_LEFT,
        [LEAVE_HELD] = HEALTH_LEAVE_HELD,
        [LEAVE_SPENT] = HEALTH_LEAVE_NONE,
    };
    struct seat *seat = &council->seats[i];
    bool closed = seat->node->flags & NODE_CLOSED;
    bool awaited = closed && judge_leave(council, i);
    /* A closed one may be the one that joins: that is judged once the view has settled. One that answers from
     * an older view is left out once it was asked since the newer one was there; its answers say nothing new
     * and come without a judgement. */
    bool placed = closed ? !council->cluster->unsettled : !lags_behind(council, seat);

    node_flag(seat->node, NODE_WAITS, awaited || !placed);
    if (closed)
        seat->facts[HEALTH_FACT_LEAVE] =
            awaited ? HEALTH_LEAVE_WAITING : told[node_leave(seat->node)];
}

void council_judge_leaves(struct council *council)
{
    for (uint32_t i = 0; i < council->count; i++)
        note_leave(council, i);
}
