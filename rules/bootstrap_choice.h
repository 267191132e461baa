/*
 * bootstrap_choice.h - who would be bootstrapped, before it is asked whether that may be done.
 */
#ifndef HEALTHD_BOOTSTRAP_CHOICE_H
#define HEALTHD_BOOTSTRAP_CHOICE_H

#include "finding.h"

#include <healthd/bootstrap.h>

struct choice {
    const struct health_case *known;
    uint32_t usable; /* bit i: the position of the i-th node is known, and may be used */
    struct health_position positions[HEALTH_CLUSTER_NODES_MAX]; /* of these */
    struct health_uuid history; /* the one that is bootstrapped; {0, 0}: none is known */
    uint32_t place;             /* of the chosen node; HEALTH_NODE_NONE: none can be */
    char safe_case;             /* 'A', 'B' or 'C'; 0: none of them */
};

void choose(const struct health_case *known, struct choice *ret_choice);

static inline bool choice_knows(const struct choice *choice, uint32_t place)
{
    return choice->usable >> place & 1u;
}

/* The chosen node's position; seqno HEALTH_SEQNO_NONE: nobody is chosen. */
struct health_position choice_position(const struct choice *choice);

/* ---- One node ---- */

/* How old its agent's word and the files in it are; -1: it has said nothing. */
int64_t node_word_age_ns(const struct health_case *known, const struct health_case_node *node);

/* Is that word there, and young enough to be believed? */
bool node_word_is_fresh(const struct health_case *known, const struct health_case_node *node);

/* Was this recovery made after the node went down, and not after an earlier stop? */
bool node_recovery_is_of_this_stop(const struct health_case_node *node);

#endif
