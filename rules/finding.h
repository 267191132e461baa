/*
 * finding.h - what the parts of a diagnosis share: how a fault is found, and what is stated of a case.
 */
#ifndef HEALTHD_RULES_FINDING_H
#define HEALTHD_RULES_FINDING_H

#include <healthd/diagnosis.h>

#define SET(fault) (1u << HEALTH_FAULT_##fault)

/* So many crashes within the window make a loop. */
#define LOOP_CRASHES 3

static inline enum health_answer yes_if(bool holds)
{
    return holds ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
}

/* How one fault is found. With `of_cluster` the fault is there when that holds, and concerns the nodes of
 * which `of_node` holds; without, it is there when it concerns any. */
struct fault_rule {
    bool (*of_cluster)(const struct health_case *known);
    bool (*of_node)(const struct health_case *known, const struct health_case_node *node);
    int64_t (*since)(const struct health_case_node *node); /* the earliest; NULL: the colour's */
    uint8_t of_each[2]; /* what is stated of each node: enum health_statement_id */
    uint8_t of_all;     /* ... and of the cluster. HEALTH_STATEMENT_COUNT: nothing */
    uint32_t explains;  /* faults of the same nodes that need no other cause */
};

/* findings.c: by fault. UNKNOWN is found by what the others leave over. */
extern const struct fault_rule fault_rules[HEALTH_FAULT_COUNT];

/* Has the node been in its state for so long that this is no passing moment of a stop or a start? */
bool node_settled(const struct health_case *known, const struct health_case_node *node);

/* Does it lie still, as far as the engine believes? */
bool node_is_red(const struct health_case_node *node);

/* Does somebody serve? */
bool cluster_serves(const struct health_case *known);

/* Has a split brain been seen since all of its nodes were last Green? */
bool cluster_was_split(const struct health_case *known);

bool node_joins(const struct health_case_node *node);

/* How often it crashed within one window, its latest crash included. */
int32_t node_crashes(const struct health_case *known, const struct health_case_node *node);
bool node_loops(const struct health_case *known, const struct health_case_node *node);

/* evidence.c: how old is what its precondition rests on: its own view where it runs, else its agent's word? -1: none */
int64_t fresh_age(const struct health_case_node *node);

/* Is a word of this age there, and young enough to be acted upon? Not at the very age at which it is not believed. */
bool is_fresh(const struct health_case *known, int64_t age_ns);

/* ... a statement with its values and age, answered YES. `place` may be HEALTH_NODE_NONE. */
struct health_statement statement_of(const struct health_case *known, uint8_t id, uint32_t place);

/* advice.c: the one action that comes next. */
void advise(const struct health_case *known, struct health_diagnosis *diagnosis);

#endif
