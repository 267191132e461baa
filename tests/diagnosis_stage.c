/*
 * diagnosis_stage.c - see the header.
 */
#include "diagnosis_stage.h"

#include <criterion/criterion.h>
#include <string.h>

struct health_limits limits;
struct health_case known;
struct health_diagnosis diagnosis;

void stage_state(uint32_t place, enum health_state state, enum health_reason reason)
{
    struct health_case_node *node = &known.nodes[place];

    known.cluster.states[node->known.state]--;
    known.cluster.states[state]++;
    node->known.state = state;
    node->known.reason = reason;
}

void stage_crash(uint32_t place)
{
    struct health_case_node *node = &known.nodes[place];

    stage_state(place, HEALTH_STATE_RED_UNCLEAN, HEALTH_REASON_KILLED);
    node->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_GONE;
    node->memory.process = HEALTH_PROCESS_STOPPED;
    node->memory.crash_ns[0] = NOW_NS - HEALTH_NS_PER_S;
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    known.cluster.reason = HEALTH_REASON_SOME_SERVE;
}

const struct health_position served = {{1, 2}, 100};

/* `count` members that serve, all of them expected. */
void stage_begin(uint32_t count)
{
    const struct health_cadence cadence = {HEALTH_NS_PER_S, HEALTH_NS_PER_S / 2,
                                           HEALTH_NS_PER_S / 2};

    cr_assert_eq(health_limits_derive(&cadence, &limits), HEALTH_OK);
    memset(&known, 0, sizeof known);
    known.now_ns = NOW_NS;
    known.limits = &limits;
    known.count = known.cluster.nodes = known.cluster.expected = known.cluster.primary_size = count;
    known.cluster.states[HEALTH_STATE_UNKNOWN] = count;
    known.cluster.colour = HEALTH_COLOUR_GREEN;
    known.cluster.reason = HEALTH_REASON_ALL_SERVE;
    known.memory.served = served;
    for (uint32_t i = 0; i < count; i++) {
        known.nodes[i].memory.served = served;
        known.nodes[i].known.since_ns = NOW_NS / 2;
        known.nodes[i].known.transitions = 1;
        known.nodes[i].facts[HEALTH_FACT_PROBE] = HEALTH_PROBE_FACT_OK;
        known.nodes[i].facts[HEALTH_FACT_CLAIM] = HEALTH_CLAIM_MEMBER;
        stage_state(i, HEALTH_STATE_GREEN, HEALTH_REASON_SYNCED);
    }
}

bool stage_has(enum health_fault fault)
{
    health_diagnose(&known, &diagnosis);
    return diagnosis.faults >> fault & 1u;
}

const struct health_statement *stage_precondition(enum health_statement_id id)
{
    for (uint32_t i = 0; i < diagnosis.advice.count; i++)
        if (diagnosis.advice.preconditions[i].id == id)
            return &diagnosis.advice.preconditions[i];
    cr_assert_fail("%s is not asked", health_statement_name(id));
    return NULL;
}

/* The action is asked for, and this alone forbids it. */
void stage_expect_only(enum health_action action, enum health_statement_id id)
{
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.action, action);
    cr_expect_not(diagnosis.advice.allowed, "%s does not matter", health_statement_name(id));
    for (uint32_t i = 0; i < diagnosis.advice.count; i++) {
        const struct health_statement *asked = &diagnosis.advice.preconditions[i];
        cr_expect_eq(asked->answer == HEALTH_ANSWER_YES, asked->id != id, "%s",
                     health_statement_name((enum health_statement_id)asked->id));
    }
}
