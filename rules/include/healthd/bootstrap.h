/*
 * healthd/bootstrap.h - which node to bootstrap when nobody serves any more, or why none.
 *
 * Bootstrapping the wrong node discards, by state transfer, whatever the others hold beyond it. So the choice
 * is a proof: every member is positively known to be down, one history, every position known and compared as a
 * number, nothing discarded or missing that could hold more, and nothing below what was ever seen served.
 * Three situations are safe without a person:
 *
 *   A  all stopped gracefully, with one UUID and equal positions: any of them will do, whatever the flags say
 *   B  all stopped or crashed with known positions, and exactly one has safe_to_bootstrap 1, a valid UUID and
 *      a saved position equal to the highest
 *   C  all crashed, one UUID, all recovered, none tainted, the highest not below the mark
 *
 * The highest position is chosen. Of equal ones: a graceful exit before a crash as the only member before any
 * other crash; of graceful exits, the one that Galera marked safe; then the lowest place, which is the order
 * of the configuration.
 *
 * Source: "Restarting the Cluster" of Galera's documentation, galera/src/saved_state.cpp, and the post-mortems
 * that made the rules what they are.
 */
#ifndef HEALTHD_BOOTSTRAP_H
#define HEALTHD_BOOTSTRAP_H

#include <healthd/diagnosis.h>

/* What a node would hold if it were bootstrapped: its saved position after a graceful stop, its recovered one
 * otherwise. False: not known, or not to be used. Pure. */
HEALTH_API bool health_node_position(const struct health_case_node *node,
                                     struct health_position *ret_position);

/* Choose. Writes the whole advice, action BOOTSTRAP. Pure. */
HEALTH_API void health_advise_bootstrap(const struct health_case *known,
                                        struct health_advice *ret_advice);

#endif
