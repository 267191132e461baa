/*
 * joiner.c - which node with a closed port is the one that joins.
 *
 * A state transfer may take hours, and the joiner's port is closed all that time. Without an agent only
 * its peers' view tells: it grew while the node was down. Whether it grew is judged once everybody who
 * answers has been asked since: a sample from the middle of a change shows the new id with the old size,
 * and a live node that has come back makes a view grow too.
 */
#include "council.h"

/* Does this seat answer, with something that was asked for before the newest view was first seen? */
static bool asked_before(const struct council *council, const struct seat *seat)
{
    return node_answers(seat->facts) && seat->node->flags & NODE_CLAIM &&
           ms_since(council->cluster->seen_ms, seat->node->claim_ms) <= 0;
}

bool view_settled(const struct council *council)
{
    const struct health_engine *engine = council->engine;

    if (ms_since(council->cluster->seen_ms, engine->now_ms) >= (int32_t)engine->limits.close_hold)
        return true;
    for (uint32_t i = 0; i < council->count; i++)
        if (asked_before(council, &council->seats[i]))
            return false;
    return true;
}

/* Did somebody join between the former view and this one? Each change of membership raises the id by
 * one, so an id that rose by more than the view shrank hides a join. */
static bool view_grew(const struct cluster *cluster)
{
    int32_t shrank = (int32_t)cluster->former_size - (int32_t)cluster->size;
    return shrank < 0 || cluster->former_step > shrank;
}

/* Nodes that did not answer while a view grew may be the one that joined. */
void council_settle_view(struct council *council)
{
    council->cluster->unsettled = false;
    if (!view_grew(council->cluster))
        return;
    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        bool closed_later = closed_while_answering(seat->node) &&
                            ms_since(seat->cold->link_ms, council->cluster->seen_ms) < 0;
        if (!seat->reports && !node_answers(seat->facts) && !closed_later)
            node_flag(seat->node, NODE_GREW, true);
    }
}

/* Who may be the members of the newest view that no node accounts for. */
struct tally {
    int32_t sure;     /* members that surely no known node accounts for */
    int32_t maybe;    /* ... that perhaps none does */
    int32_t suspects; /* nodes that did not answer when the view grew */
    int32_t absent;   /* nodes that may be in the view and are not heard */
    bool reported;    /* somebody still stands for the view */
    bool unseen;      /* nobody does, but some are only silent */
};

/* Not by the member list, and not by its agent's word? */
static bool may_be_member(const struct council *council, uint32_t i)
{
    return council->seats[i].facts[HEALTH_FACT_AGENT] != HEALTH_AGENT_FACT_GONE &&
           (!members_known(council->cluster) || member_listed(council->cluster, i));
}

/* Does it account for a member of the newest view? One that is heard may be in it, asked before, unless its
 * history is a foreign one. Also a node that crashed in it does: its peers count it until they evict it. */
static bool accounts(const struct cluster *cluster, const struct seat *seat)
{
    return (is_heard(seat) && seat->node->history == cluster->history) ||
           in_newest_view(cluster, seat->node);
}

/* Is it up, as far as is known, and has not said since that it is not in the newest view? */
static bool may_have_come_back(const struct cluster *cluster, const struct seat *seat)
{
    bool said =
        seat->node->flags & NODE_CLAIM && ms_since(cluster->seen_ms, seat->node->claim_ms) > 0;
    return !(seat->node->flags & NODE_CLOSED) && !said;
}

static struct tally tally_of(const struct council *council)
{
    const struct cluster *cluster = council->cluster;
    struct tally tally = {.maybe = (int32_t)cluster->size - cluster->others};
    int32_t unread = 0;
    bool shown = false;

    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        bool suspect = seat->node->flags & NODE_GREW;
        tally.maybe -= accounts(cluster, seat);
        unread += !accounts(cluster, seat) && may_have_come_back(cluster, seat);
        shown |= is_heard(seat) && in_newest_view(cluster, seat->node);
        tally.reported |= seat->reports;
        tally.suspects += suspect && may_be_member(council, i);
        tally.absent += !accounts(cluster, seat) && !is_heard(seat) && may_be_member(council, i);
        tally.unseen |= !suspect && !(seat->node->flags & NODE_GONE);
    }
    tally.sure = tally.maybe - unread;
    if (!members_known(cluster)) /* an arbitrator that comes back makes a view grow as well */
        tally.sure += cluster->others - cluster->others_most;
    if (cluster->unsettled && cluster->size > cluster->former_size)
        tally.sure -= cluster->size - cluster->former_size; /* who has just come is not known yet */
    if (!shown)
        tally.sure = 0;
    return tally;
}

/* Peers drop a member that crashed after seconds; one that they count for much longer lives. */
static bool counted_for_long(const struct council *council, const struct seat *seat)
{
    return seat->node->flags & NODE_CLOSED &&
           ms_since(seat->cold->link_ms, council->engine->now_ms) >=
               (int32_t)council->engine->limits.evict_max;
}

/* Was it refused after a silence, so lately that its peers have still to be asked, or to agree on their
 * view? It may have been restarted meanwhile, and be joining. */
static bool just_found_closed(const struct council *council, const struct seat *seat)
{
    uint32_t found_ms = seat->cold->link_ms;

    if (!(seat->node->flags & NODE_CLOSED) || closed_while_answering(seat->node) ||
        ms_since(found_ms, council->engine->now_ms) >= (int32_t)council->engine->limits.close_hold)
        return false;
    if (council->cluster->unsettled)
        return true;
    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *peer = &council->seats[i];
        if (is_heard(peer) && ms_since(found_ms, peer->node->claim_ms) < 0)
            return true;
    }
    return false;
}

static enum health_grew_fact not_suspected(const struct council *council, const struct seat *seat,
                                           const struct tally *tally)
{
    /* In the view it was last seen in, it never went down: something refuses in its name. */
    if (counted_for_long(council, seat) && in_newest_view(council->cluster, seat->node) &&
        tally->maybe >= 0)
        return HEALTH_GREW_MAYBE;
    if (just_found_closed(council, seat))
        return HEALTH_GREW_MAYBE;
    if (tally->maybe <= 0)
        return HEALTH_GREW_NO;
    if (counted_for_long(council, seat) && tally->maybe >= tally->absent)
        return tally->sure >= tally->absent ? HEALTH_GREW_YES : HEALTH_GREW_MAYBE;
    /* It was down before anybody looked: it may be in the middle of its transfer. */
    return seat->node->conf == CONF_NONE ? HEALTH_GREW_MAYBE : HEALTH_GREW_NO;
}

/* May seat i be the one that joins? */
static enum health_grew_fact joins(const struct council *council, uint32_t i,
                                   const struct tally *tally)
{
    const struct seat *seat = &council->seats[i];

    if (is_heard(seat) || !may_be_member(council, i))
        return HEALTH_GREW_NO;
    if (!tally->reported)
        return seat->node->flags & NODE_GREW && tally->unseen ? HEALTH_GREW_MAYBE : HEALTH_GREW_NO;
    if (!(seat->node->flags & NODE_GREW))
        return not_suspected(council, seat, tally);
    if (tally->maybe <= 0)
        return HEALTH_GREW_NO;
    return tally->sure >= tally->suspects ? HEALTH_GREW_YES : HEALTH_GREW_MAYBE;
}

void council_find_joiners(struct council *council)
{
    const struct tally tally = tally_of(council);

    for (uint32_t i = 0; i < council->count; i++) {
        struct seat *seat = &council->seats[i];
        enum health_grew_fact grew = joins(council, i, &tally);

        seat->facts[HEALTH_FACT_GREW] = (uint8_t)grew;
        if (grew == HEALTH_GREW_NO)
            node_flag(seat->node, NODE_GREW, false);
        else if (grew == HEALTH_GREW_YES) /* its former life's leave says nothing of this one */
            node_set_leave(seat->node, LEAVE_SPENT);
    }
}
