/*
 * views.c - what the views that nodes report say of each other.
 *
 * A Primary view has a history (state UUID), a configuration id that grows by one with each change of
 * membership, and a size. Three things follow for who is a member, and only these:
 *  - A view is *whole* when as many nodes report it as it has members (arbitrators and unconfigured
 *    members, learnt earlier, count as present), or when its member list was read. A node outside a
 *    newer whole view is no member, whatever it says itself: a thawed node says "Synced, Primary".
 *  - Two views with one history and one id but different sizes, one of them whole, are two Primary
 *    components; so are two whole views. One sample read in the middle of a view change can pair a new
 *    id with an old size, but then neither view is whole.
 *  - A view with another history than the others' is a foreign one.
 *  - A view of which so many members have been non-Primary for a while, or are gone, that the rest is no majority,
 *    is outdated, whoever still claims it.
 * Peers confirm or refute; they never make a node bad by themselves. What follows from a view that grew
 * is in joiner.c, and from one that shrank in leave.c.
 */
#include "council.h"

/* How many seats report the view that `node` reports. */
static uint32_t reporters_of(const struct council *council, const struct node *node)
{
    uint32_t reporters = 0;
    for (uint32_t i = 0; i < council->count; i++)
        reporters += council->seats[i].reports && same_view(council->seats[i].node, node);
    return reporters;
}

static bool reports_newest(const struct council *council, const struct seat *seat)
{
    return seat->reports && in_newest_view(council->cluster, seat->node);
}

static bool is_member_claim(const struct seat *seat)
{
    return seat->reports && (seat->facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_MEMBER ||
                             seat->facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_DONOR);
}

/* Do these two claims prove two Primary components of one history? */
static bool sides(const struct council *council, const struct seat *a, const struct seat *b)
{
    if (!is_member_claim(a) || !is_member_claim(b) || a->node->history != b->node->history ||
        same_view(a->node, b->node))
        return false;
    bool a_whole = reporters_of(council, a->node) == a->node->size;
    bool b_whole = reporters_of(council, b->node) == b->node->size;
    if (a->node->conf == b->node->conf)
        return a->node->size != b->node->size && (a_whole || b_whole);
    return a_whole && b_whole;
}

/* The view that speaks for one history: the newest, or the larger of two Primary components. */
static const struct seat *leader_of(const struct council *council, uint64_t history)
{
    const struct seat *best = NULL;
    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        if (!seat->reports || seat->node->history != history)
            continue;
        bool by_size = best && (seat->node->conf == best->node->conf || sides(council, seat, best));
        if (!best ||
            (by_size ? seat->node->size > best->node->size : seat->node->conf > best->node->conf))
            best = seat;
    }
    return best;
}

/* Which of two histories is the cluster's, by the views that speak for them? The one with the larger; of
 * equals the one with more reporters; then the one known before. */
static bool outweighs(const struct council *council, const struct node *one, const struct node *two)
{
    if (one->size != two->size)
        return one->size > two->size;
    uint32_t one_reporters = reporters_of(council, one);
    uint32_t two_reporters = reporters_of(council, two);
    if (one_reporters != two_reporters)
        return one_reporters > two_reporters;
    return one->history == council->cluster->history;
}

/* Histories are weighed only when each has its speaker: a view that its own successor has replaced must
 * not decide against another history, or three views may lead in a circle. */
static const struct node *leading_view(const struct council *council)
{
    const struct node *best = NULL;
    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        if (!seat->reports || (best && seat->node->history == best->history))
            continue;
        const struct node *leader = leader_of(council, seat->node->history)->node;
        if (!best || outweighs(council, leader, best))
            best = leader;
    }
    return best;
}

/* Does anybody still report the newest view known so far? */
static bool newest_is_reported(const struct council *council)
{
    for (uint32_t i = 0; i < council->count; i++)
        if (reports_newest(council, &council->seats[i]))
            return true;
    return false;
}

/* Another life of the cluster: its ids start again, and say nothing about views of the former one. Those of
 * nodes that are gone would look like ids of this life. */
static void begin_cluster_life(struct council *council)
{
    council->cluster->whole_conf = 0;
    council->cluster->members_conf = CONF_NONE;
    for (uint32_t i = 0; i < council->count; i++) {
        struct seat *seat = &council->seats[i];
        if (!(seat->node->flags & NODE_CLAIM))
            seat->node->conf = CONF_NONE;
        node_flag(seat->node, NODE_EXCLUDED, false);
        seat->reports = seat_reports(seat);
    }
}

static uint8_t as_byte(uint32_t value)
{
    return (uint8_t)(value < UINT8_MAX ? value : UINT8_MAX);
}

static void remember_view(struct council *council, const struct node *view)
{
    struct cluster *cluster = council->cluster;
    bool goes_on = cluster->history == view->history && view->conf > cluster->conf;

    if (cluster->unsettled)
        council_settle_view(council);
    if (cluster->history && !goes_on)
        begin_cluster_life(council);
    cluster->former_step = goes_on ? as_byte(view->conf - cluster->conf) : 0;
    cluster->former_size = as_byte(cluster->size);
    cluster->unsettled = goes_on;
    cluster->former_gathering = cluster->gathering;
    cluster->gathering = false;
    cluster->history = view->history;
    cluster->conf = view->conf;
    cluster->seen_ms = council->engine->now_ms;
}

/* Does somebody who answers say this, asked since the view we know was there? Then a lower id is another
 * life's; an old claim of a silent node is not. */
static bool is_said_since(const struct council *council, const struct node *view)
{
    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        if (is_heard(seat) && same_view(seat->node, view) &&
            ms_since(council->cluster->seen_ms, seat->node->claim_ms) >= 0)
            return true;
    }
    return false;
}

/* Bring the cluster's newest view up to date. */
static void learn_view(struct council *council)
{
    struct cluster *cluster = council->cluster;
    const struct node *view = leading_view(council);

    if (!view)
        return;
    bool newer = view->history != cluster->history || view->conf > cluster->conf;
    bool another_life =
        view->conf < cluster->conf && !newest_is_reported(council) && is_said_since(council, view);
    if (newer || another_life)
        remember_view(council, view);
    if (view->conf == cluster->conf) {
        cluster->size = view->size;
        cluster->equal_weights = view->weight && view->weight == view->size;
    }
}

/* Members that are no configured node (arbitrators): known exactly when all nodes are in the view, and
 * never more than the view has room for. */
static void learn_others(struct cluster *cluster, uint32_t reporters, bool all_report)
{
    uint32_t room = cluster->size > reporters ? cluster->size - reporters : 0;
    if (all_report || cluster->others > room)
        cluster->others = (uint8_t)(room > UINT8_MAX ? UINT8_MAX : room);
    if (cluster->others > cluster->others_most)
        cluster->others_most = cluster->others;
}

static void learn_wholeness(struct council *council)
{
    struct cluster *cluster = council->cluster;
    uint32_t reporters = 0;

    council->whole = false;
    if (!cluster->history)
        return;
    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        reporters += reports_newest(council, seat) && seat->node->size == cluster->size;
    }
    learn_others(cluster, reporters, reporters == council->count);
    council->whole =
        reporters && (reporters + cluster->others == cluster->size || members_known(cluster));
    if (council->whole && cluster->conf > cluster->whole_conf)
        cluster->whole_conf = cluster->conf;
}

/* Where arbitrators count as present, a view that is one short may lack one of them as well as a node. Was
 * this node asked since the view was there, so that its own answer tells? */
static bool absence_is_its_own(const struct council *council, const struct seat *seat)
{
    const struct cluster *cluster = council->cluster;

    bool asked_since =
        seat->node->flags & NODE_CLAIM &&
        ms_since(cluster->seen_ms, seat->node->claim_ms) >= (int32_t)council->engine->limits.settle;
    bool answers = seat->facts[HEALTH_FACT_PROBE] == HEALTH_PROBE_FACT_OK &&
                   !(seat->node->flags & NODE_CLOSED);

    /* One that answers may be in the view, asked before; or in another one with the same id. */
    return asked_since || (!answers && (!cluster->others || members_known(cluster)));
}

bool left_out(const struct council *council, uint32_t i)
{
    const struct cluster *cluster = council->cluster;
    const struct seat *seat = &council->seats[i];

    if (!council->whole || !absence_is_its_own(council, seat))
        return false;
    if (members_known(cluster))
        return !member_listed(cluster, i);
    return !reports_newest(council, seat);
}

/* A node whose own claim is older than a whole view that somebody still stands for is no member. This
 * stays true of that very claim, also when those who showed it fall silent. */
static bool excluded(struct council *council, uint32_t i)
{
    const struct cluster *cluster = council->cluster;
    struct seat *seat = &council->seats[i];
    struct node *node = seat->node;

    if (node->flags & NODE_EXCLUDED)
        return true;
    if (seat->facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_NONE || node->history != cluster->history)
        return left_out(council, i);
    if (!seat->reports || node->conf >= cluster->whole_conf || !absence_is_its_own(council, seat) ||
        (members_known(cluster) && !left_out(council, i)))
        return false;
    for (uint32_t k = 0; k < council->count; k++) {
        const struct seat *other = &council->seats[k];
        if (k != i && other->reports && other->node->history == node->history &&
            other->node->conf >= cluster->whole_conf) {
            node_flag(node, NODE_EXCLUDED, true);
            seat->reports = false;
            return true;
        }
    }
    return false;
}

/* On the smaller side of a split, or on one of two equal sides? */
static bool split_loser(struct council *council, uint32_t i)
{
    const struct seat *seat = &council->seats[i];
    bool loses = false;

    if (is_member_claim(seat) && reporters_of(council, seat->node) > seat->node->size) {
        council->split = council->split_tie =
            true; /* more reporters than members: two equal views */
        loses = true;
    }
    for (uint32_t k = 0; k < council->count; k++) {
        const struct seat *other = &council->seats[k];
        if (k == i || !sides(council, seat, other))
            continue;
        council->split = true;
        if (seat->node->size == other->node->size)
            council->split_tie = true;
        if (seat->node->size <= other->node->size)
            loses = true;
    }
    return loses;
}

/* Is it a member of the newest view, by what it said last as one, that says now that it is in no Primary
 * component? */
static bool has_lost_view(const struct council *council, const struct seat *seat)
{
    return seat->facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_NON_PRIMARY &&
           in_newest_view(council->cluster, seat->node);
}

/* Since when does one say so? */
static void learn_tear(struct council *council)
{
    struct cluster *cluster = council->cluster;
    bool torn = false;

    for (uint32_t i = 0; i < council->count; i++) {
        const struct seat *seat = &council->seats[i];
        if (!has_lost_view(council, seat))
            continue;
        if (!cluster->torn && (!torn || ms_since(seat->node->claim_ms, cluster->torn_ms) > 0))
            cluster->torn_ms = seat->node->claim_ms;
        torn = true;
    }
    cluster->torn = torn;
}

/* Does it still claim the newest view, of which others have been lost for so long that its answer would show it, and
 * so many that the rest is no majority? A server that was frozen says so until it has found out. Where members do not
 * weigh the same, the rest may be one. */
static bool deserted(struct council *council, uint32_t i)
{
    const struct cluster *cluster = council->cluster;
    struct seat *seat = &council->seats[i];
    uint32_t lost = 0;

    if (!cluster->torn || !is_member_claim(seat) || !in_newest_view(cluster, seat->node) ||
        (seat->node->weight && seat->node->weight != seat->node->size) ||
        ms_since(cluster->torn_ms, seat->node->claim_ms) < (int32_t)council->engine->limits.settle)
        return false;
    for (uint32_t k = 0; k < council->count; k++) {
        const struct seat *other = &council->seats[k];
        lost += k != i && in_newest_view(cluster, other->node) &&
                (has_lost_view(council, other) || other->node->flags & NODE_GONE);
    }
    if (2 * (seat->node->size - (int32_t)lost) > seat->node->size)
        return false;
    node_flag(seat->node, NODE_EXCLUDED, true);
    seat->reports = false;
    return true;
}

static bool peers_agree(const struct council *council, uint32_t i)
{
    const struct seat *seat = &council->seats[i];
    if (!seat->reports)
        return false;
    for (uint32_t k = 0; k < council->count; k++) {
        const struct seat *other = &council->seats[k];
        if (k != i && is_heard(other) && same_view(seat->node, other->node) &&
            other->facts[HEALTH_FACT_CLAIM_AGE] == HEALTH_CLAIM_RECENT)
            return true;
    }
    return false;
}

static enum health_peers_fact peers_fact(struct council *council, uint32_t i)
{
    const struct seat *seat = &council->seats[i];

    if (is_member_claim(seat) && seat->node->history != council->cluster->history) {
        council->foreign = true;
        return HEALTH_PEERS_FOREIGN;
    }
    if (split_loser(council, i))
        return HEALTH_PEERS_SPLIT;
    if (excluded(council, i) || deserted(council, i))
        return HEALTH_PEERS_EXCLUDE;
    return peers_agree(council, i) ? HEALTH_PEERS_AGREE : HEALTH_PEERS_NONE;
}

void council_compare_views(struct council *council)
{
    council->split = council->split_tie = council->foreign = false;
    learn_view(council);
    learn_wholeness(council);
    learn_tear(council);
    for (uint32_t i = 0; i < council->count; i++)
        council->seats[i].facts[HEALTH_FACT_PEERS] = (uint8_t)peers_fact(council, i);
    if (council->cluster->unsettled && view_settled(council))
        council_settle_view(council);
    council_find_joiners(council);
    council_judge_leaves(council);
}
