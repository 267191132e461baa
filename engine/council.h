/*
 * council.h - one judgement of one cluster: its nodes side by side, with the facts about each.
 *
 * Facts are found in two steps. First each node alone (facts.c): what its own testimony says. Then the
 * nodes together (views.c, joiner.c, leave.c): what the views they report say of each other.
 */
#ifndef HEALTHD_ENGINE_COUNCIL_H
#define HEALTHD_ENGINE_COUNCIL_H

#include "layout.h"

struct seat {
    uint32_t id;
    struct node *node;
    const struct node_cold *cold;
    bool reports; /* what seat_reports() says */
    uint8_t facts[HEALTH_NODE_FACT_COUNT];
};

struct council {
    const struct health_engine *engine;
    struct cluster *cluster;
    uint32_t count;
    bool whole;     /* the newest view is reported by all of its members */
    bool split;     /* two Primary components */
    bool split_tie; /* ... of equal size */
    bool foreign;   /* two histories */
    struct seat seats[HEALTH_CLUSTER_NODES_MAX];
};

/* Does it report a view, and answer now? */
static inline bool is_heard(const struct seat *seat)
{
    return seat->reports && node_answers(seat->facts);
}

/* Were these two last seen in one view? */
static inline bool same_view(const struct node *a, const struct node *b)
{
    return a->history == b->history && a->conf == b->conf && a->size == b->size;
}

/* Is the newest view known member by member? */
static inline bool members_known(const struct cluster *cluster)
{
    return cluster->members_conf == cluster->conf && cluster->members_conf != CONF_NONE;
}

/* ... and if so, does it list the i-th node? */
static inline bool member_listed(const struct cluster *cluster, uint32_t i)
{
    return cluster->members >> i & 1u;
}

/* views.c: is seat i not in the newest view, as far as the view itself tells? */
bool left_out(const struct council *council, uint32_t i);

/* facts.c: is the node's claim usable, of a Primary component, and not left out by a newer view? */
bool seat_reports(const struct seat *seat);

/* facts.c: fill in what each node's own testimony says. Expires what has become too old. */
void council_hear_each(struct council *council);

/* views.c: learn the newest view, then fill in what the views say of each node. */
void council_compare_views(struct council *council);

/* joiner.c: has everybody who answers been asked since the newest view was first seen? If it grew, those
 * who are down may have joined; who may it be? */
bool view_settled(const struct council *council);
void council_settle_view(struct council *council);
void council_find_joiners(struct council *council);

/* leave.c: of each node that closed, how it left. */
void council_judge_leaves(struct council *council);

#endif
