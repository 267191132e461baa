/*
 * joiner.c - which node with a closed port is the one that joins.
 *
 * A state transfer may take hours, and the joiner's port is closed all that time. Without an agent only
 * its peers' view tells: it grew while the node was down.
 */
#include "council.h"

/* Did somebody join between the known view and this newer one? Each change of membership raises the id
 * by one, so an id that rose by more than the view shrank hides a join. */
bool view_grew(const struct cluster *cluster, const struct node *view)
{
    int32_t shrank = (int32_t)cluster->size - (int32_t)view->size;
    return shrank < 0 || view->conf - cluster->conf > (uint32_t)shrank;
}

static bool is_heard(const struct seat *seat)
{
    return seat->reports && node_answers(seat->facts);
}

/* Nodes that do not answer while a view grows may be the one that joins. */
void suspect_joiners(struct council *council)
{
    for (uint32_t i = 0; i < council->count; i++)
        if (!council->seats[i].reports && !node_answers(council->seats[i].facts))
            node_flag(council->seats[i].node, NODE_GREW, true);
}

/* Who may be the members of the newest view that no node accounts for. */
struct tally {
    int32_t rest;     /* members that no heard node accounts for */
    int32_t suspects; /* nodes that did not answer when the view grew */
    int32_t absent;   /* nodes that may be in the view and are not heard */
    bool reported;    /* somebody still stands for the view */
    bool unseen;      /* nobody does, but some are only silent */
};

/* Not by the member list, and not by its agent's word? */
static bool may_be_member(const struct council *council, uint32_t i)
{
    return council->seats[i].facts[HEALTH_FACT_AGENT] != HEALTH_AGENT_FACT_GONE &&
           !(members_known(council->cluster) && !(council->cluster->members >> i & 1u));
}

static struct tally tally_of(const struct council *council)
{
    struct tally tally = {.rest = (int32_t)council->cluster->size - council->cluster->others};

    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        bool suspect = seat->node->flags & NODE_GREW;
        tally.rest -= is_heard(seat);
        tally.reported |= seat->reports;
        tally.suspects += suspect && may_be_member(council, i);
        tally.absent += !is_heard(seat) && may_be_member(council, i);
        tally.unseen |= !suspect && !(seat->node->flags & NODE_GONE);
    }
    return tally;
}

/* Peers drop a member that crashed after seconds; one that they count for much longer lives. */
static bool counted_for_long(const struct council *council, const struct seat *seat)
{
    return seat->node->flags & NODE_CLOSED &&
           ms_since(seat->cold->link_ms, council->engine->now_ms) >=
               (int32_t)council->engine->limits.evict_max;
}

/* May seat i be the one that joins? An arbitrator that comes back makes a view grow as well. */
static enum health_grew_fact joins(const struct council *council, uint32_t i,
                                   const struct tally *tally)
{
    const struct seat *seat = &council->seats[i];
    const struct cluster *cluster = council->cluster;
    bool sure = !cluster->arbitrated || members_known(cluster);

    if (is_heard(seat) || !may_be_member(council, i))
        return HEALTH_GREW_NO;
    if (!tally->reported)
        return seat->node->flags & NODE_GREW && tally->unseen ? HEALTH_GREW_MAYBE : HEALTH_GREW_NO;
    if (tally->rest <= 0)
        return HEALTH_GREW_NO;
    if (seat->node->flags & NODE_GREW)
        return sure && tally->rest >= tally->suspects ? HEALTH_GREW_YES : HEALTH_GREW_MAYBE;
    if (tally->rest >= tally->absent && counted_for_long(council, seat)) {
        /* In the view it was last seen in, it never went down: something refuses in its name. */
        bool same_view =
            seat->node->history == cluster->history && seat->node->conf == cluster->conf;
        return sure && !same_view ? HEALTH_GREW_YES : HEALTH_GREW_MAYBE;
    }
    /* It was down before anybody looked: it may be in the middle of its transfer. */
    return seat->node->conf == CONF_NONE ? HEALTH_GREW_MAYBE : HEALTH_GREW_NO;
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
