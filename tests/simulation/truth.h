/*
 * truth.h - what is true of a node, what can be seen of it, and which states fit that.
 */
#ifndef HEALTHD_TESTS_TRUTH_H
#define HEALTHD_TESTS_TRUTH_H

#include "world.h"

/* Sets of states. */
#define U (1u << HEALTH_STATE_UNKNOWN)
#define G (1u << HEALTH_STATE_GREEN)
#define Y (1u << HEALTH_STATE_YELLOW)
#define RC (1u << HEALTH_STATE_RED_CLEAN)
#define RU (1u << HEALTH_STATE_RED_UNCLEAN)

/* What the monitor can see of a node. */
struct sight {
    bool sql;   /* probes come through */
    bool agent; /* heartbeats come through */
    bool bad;   /* ... now and then */
};

struct sight sight_of(const struct world *world, uint32_t id);

/* Is it a member of the component that serves? */
bool is_member(const struct world *world, uint32_t id, int serving);

/* Do others claim to be the cluster, or may they, unseen? Whose word counts is not for one to tell then. */
bool is_contested(const struct world *world, uint32_t id, int serving);

/* What is true of a node and what can be seen of it, as bits. */
uint64_t condition_of(const struct world *world, uint32_t id, int serving);

/* The states that fit a node's condition once it has lasted for *ret_bound milliseconds. */
uint32_t fits(const struct world *world, uint32_t id, int serving, int64_t *ret_bound);

/* Did a node die just as its peers, who had lost it before, dropped it? Without an agent that looks like
 * a polite leave, and nobody can know better. */
bool evicted_as_it_died(const struct world *world, uint32_t id);

/* Remember who joins, and whom a running server's view holds. */
void note_joiners(struct world *world);

#endif
