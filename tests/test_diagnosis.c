/*
 * test_diagnosis.c - diagnoses of cases made by hand: laws of order, and when a fault is one.
 */
#include "diagnosis_stage.h"
#include "random.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- Order ---- */

Test(diagnosis, a_fault_explains_only_what_stands_after_it)
{
    for (unsigned fault = 0; fault < HEALTH_FAULT_COUNT; fault++)
        cr_expect_eq(fault_rules[fault].explains & ((2u << fault) - 1), 0, "%s",
                     health_faults[fault].name);
}

Test(diagnosis, every_fault_can_be_found)
{
    for (unsigned fault = 0; fault < HEALTH_FAULT_COUNT; fault++)
        cr_expect(fault == HEALTH_FAULT_UNKNOWN || fault_rules[fault].of_cluster ||
                      fault_rules[fault].of_node,
                  "%s", health_faults[fault].name);
}

Test(diagnosis, a_green_cluster_has_no_fault)
{
    stage_begin(3);
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.count, 0);
    cr_expect_eq(diagnosis.faults, 0);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_NONE);
    cr_expect_eq(diagnosis.treated, HEALTH_UNEXPLAINED);
}

Test(diagnosis, what_two_faults_explain_together_is_explained)
{
    stage_begin(5);
    stage_crash(3);
    stage_state(4, HEALTH_STATE_RED_CLEAN, HEALTH_REASON_EXIT_CLEAN);
    health_diagnose(&known, &diagnosis);
    cr_assert_eq(diagnosis.count, 3);
    cr_expect_eq(diagnosis.findings[2].fault, HEALTH_FAULT_MEMBERS_FEWER);
    cr_expect_eq(diagnosis.findings[2].explained_by, HEALTH_FAULT_NODE_CRASHED);
}

Test(diagnosis, what_is_explained_of_one_node_only_stands_for_the_other)
{
    stage_begin(5);
    stage_crash(3);
    stage_crash(4);
    for (int i = 0; i < 3; i++)
        known.nodes[3].memory.crash_ns[i] = NOW_NS - (i + 1) * HEALTH_NS_PER_S;
    health_diagnose(&known, &diagnosis);
    cr_assert_eq(diagnosis.findings[1].fault, HEALTH_FAULT_NODE_CRASHED);
    cr_expect_eq(diagnosis.findings[1].explained_by, HEALTH_UNEXPLAINED);
}

/* ---- When ---- */

Test(diagnosis, a_loop_lasts_until_the_node_has_served_for_the_window)
{
    stage_begin(3);
    for (int i = 0; i < 3; i++)
        known.nodes[2].memory.crash_ns[i] = NOW_NS / 2 - (i + 1) * HEALTH_NS_PER_S;
    known.nodes[2].known.since_ns = NOW_NS - limits.crash_loop_ns + 1;
    cr_expect(stage_has(HEALTH_FAULT_CRASH_LOOP));
    known.nodes[2].known.since_ns--;
    cr_expect_not(stage_has(HEALTH_FAULT_CRASH_LOOP));
}

Test(diagnosis, a_loop_that_lies_there_is_one_however_long)
{
    stage_begin(3);
    stage_crash(2);
    for (int i = 0; i < 3; i++)
        known.nodes[2].memory.crash_ns[i] = (3 - i) * HEALTH_NS_PER_S;
    cr_expect(stage_has(HEALTH_FAULT_CRASH_LOOP));
    known.nodes[2].memory.crash_ns[2] = 1;
    known.nodes[2].memory.crash_ns[1] += limits.crash_loop_ns;
    known.nodes[2].memory.crash_ns[0] += limits.crash_loop_ns;
    cr_expect_not(stage_has(HEALTH_FAULT_CRASH_LOOP), "these three were further apart");
}

Test(diagnosis, nobody_is_missed_before_he_could_be_heard)
{
    stage_begin(3);
    stage_state(2, HEALTH_STATE_UNKNOWN, HEALTH_REASON_NONE);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    known.nodes[2].known.transitions = 0;
    known.nodes[2].known.since_ns = NOW_NS - limits.probe_stale_ns + 1;
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.count, 0);
    known.nodes[2].known.since_ns--;
    cr_expect(stage_has(HEALTH_FAULT_MEMBERS_FEWER));
    cr_expect(stage_has(HEALTH_FAULT_UNKNOWN));
}

Test(diagnosis, no_join_is_stuck_of_which_nobody_would_tell)
{
    stage_begin(3);
    stage_state(2, HEALTH_STATE_YELLOW, HEALTH_REASON_STARTING);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    struct health_case_node *node = &known.nodes[2];
    node->facts[HEALTH_FACT_CLAIM] = HEALTH_CLAIM_NONE;
    node->memory.joining_ns = node->memory.moved_ns = NOW_NS - limits.stuck_ns;
    node->memory.moved = 4096;
    cr_expect_not(stage_has(HEALTH_FAULT_JOINER_STUCK));
    cr_expect(stage_has(HEALTH_FAULT_JOINER_UNDER_WAY));
    node->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_STARTING;
    cr_expect(stage_has(HEALTH_FAULT_JOINER_STUCK));
    node->memory.moved_ns = 0;
    cr_expect_not(stage_has(HEALTH_FAULT_JOINER_STUCK), "its progress is not known");
    cr_expect_eq(statement_of(&known, HEALTH_STATEMENT_MOVED, 2).answer, HEALTH_ANSWER_NOT_KNOWN);
}

Test(diagnosis, a_silent_node_that_peers_still_count_is_cut_off_from_us)
{
    stage_begin(3);
    stage_state(2, HEALTH_STATE_UNKNOWN, HEALTH_REASON_SILENT);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    struct health_case_node *node = &known.nodes[2];
    node->facts[HEALTH_FACT_PROBE] = HEALTH_PROBE_FACT_SILENT;
    node->facts[HEALTH_FACT_PEERS] = HEALTH_PEERS_AGREE;
    node->memory.probe_error = HEALTH_PROBE_TIMEOUT;
    node->memory.probe_error_ns = node->known.since_ns = NOW_NS - limits.evict_max_ns + 1;
    cr_expect_not(stage_has(HEALTH_FAULT_CUT_OFF_FROM_MONITOR),
                  "so long they count the dead as well");
    node->known.since_ns--;
    cr_expect(stage_has(HEALTH_FAULT_CUT_OFF_FROM_MONITOR));
    cr_expect_not(stage_has(HEALTH_FAULT_UNKNOWN));
    node->facts[HEALTH_FACT_PEERS] = HEALTH_PEERS_NONE;
    known.cluster.primary_size = 2;
    cr_expect_not(stage_has(HEALTH_FAULT_CUT_OFF_FROM_MONITOR));
    cr_expect(stage_has(HEALTH_FAULT_UNKNOWN));
}

Test(diagnosis, who_leaves_is_not_cut_off_for_the_moment_of_leaving)
{
    stage_begin(3);
    stage_state(2, HEALTH_STATE_YELLOW, HEALTH_REASON_NON_PRIMARY);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    known.nodes[2].known.since_ns = NOW_NS - limits.leave_window_ns + 1;
    cr_expect_not(stage_has(HEALTH_FAULT_CUT_OFF_FROM_PEERS));
    known.nodes[2].known.since_ns--;
    cr_expect(stage_has(HEALTH_FAULT_CUT_OFF_FROM_PEERS));
    known.nodes[2].facts[HEALTH_FACT_PROBE] = HEALTH_PROBE_FACT_SILENT;
    cr_expect_not(stage_has(HEALTH_FAULT_CUT_OFF_FROM_PEERS),
                  "it closed its connections: it leaves");
}

Test(diagnosis, a_double_crash_is_told_until_it_is_acknowledged)
{
    stage_begin(3);
    known.memory.crashed_ns = 1;
    cr_expect(stage_has(HEALTH_FAULT_QUICK_DOUBLE_CRASH), "also of a Green cluster");
    known.memory.crashed_ns = 0;
    cr_expect_not(stage_has(HEALTH_FAULT_QUICK_DOUBLE_CRASH));
}

/* ---- Anything at all ---- */

static void make_anything(uint64_t *seed)
{
    stage_begin(1 + (uint32_t)random_below(seed, HEALTH_CLUSTER_NODES_MAX));
    known.cluster.colour = (enum health_colour)random_below(seed, HEALTH_COLOUR_COUNT);
    known.cluster.reason = (enum health_reason)random_below(seed, HEALTH_REASON_COUNT);
    known.cluster.signs = (uint32_t)random_below(seed, 1u << HEALTH_SIGN_COUNT);
    known.cluster.primary_size = (uint32_t)random_below(seed, 40);
    known.memory.crashed_ns = (int64_t)random_below(seed, 2);
    known.memory.split = random_below(seed, 2);
    for (uint32_t i = 0; i < known.count; i++) {
        struct health_case_node *node = &known.nodes[i];
        stage_state(i, (enum health_state)random_below(seed, HEALTH_STATE_COUNT),
                    (enum health_reason)random_below(seed, HEALTH_REASON_COUNT));
        for (unsigned fact = 0; fact < HEALTH_NODE_FACT_COUNT; fact++)
            node->facts[fact] = (uint8_t)random_below(seed, health_node_facts[fact].count);
        node->memory.taint = (uint8_t)random_below(seed, HEALTH_TAINT_COUNT);
        node->memory.process = (uint8_t)random_below(seed, HEALTH_PROCESS_COUNT);
        node->memory.probe_error = (uint8_t)random_below(seed, HEALTH_PROBE_ERROR_COUNT);
        node->memory.wanted = random_below(seed, 2);
        node->memory.joining_ns = (int64_t)random_below(seed, 2);
        node->memory.moved_ns = (int64_t)random_below(seed, 2);
        node->agent_age_ns = (int64_t)random_below(seed, (uint64_t)(2 * limits.agent_stale_ns)) - 1;
    }
}

static void check_order(void)
{
    uint32_t seen = 0;
    bool explained = false;

    for (uint32_t i = 0; i < diagnosis.count; i++) {
        const struct health_finding *finding = &diagnosis.findings[i];
        cr_assert_not(seen >> finding->fault & 1u, "each fault at most once");
        cr_assert(finding->explained_by == HEALTH_UNEXPLAINED || seen >> finding->explained_by & 1u,
                  "what explains stands before");
        cr_assert(!explained || finding->explained_by != HEALTH_UNEXPLAINED, "roots stand first");
        explained = finding->explained_by != HEALTH_UNEXPLAINED;
        seen |= 1u << finding->fault;
    }
    cr_assert_eq(seen, diagnosis.faults);
}

static void check_advice(void)
{
    const struct health_advice *advice = &diagnosis.advice;
    bool all = advice->count > 0;

    for (uint32_t i = 0; i < advice->count; i++)
        all &= advice->preconditions[i].answer == HEALTH_ANSWER_YES;
    cr_assert_eq(advice->allowed, all, "allowed is what meets everything");
    cr_assert_eq(advice->action == HEALTH_ACTION_NONE, diagnosis.treated == HEALTH_UNEXPLAINED);
    cr_assert(!advice->allowed || advice->place < known.count);
}

Test(diagnosis, of_anything_is_in_order_and_the_same_again)
{
    static struct health_diagnosis again;
    uint64_t seed = 7;

    for (int i = 0; i < 20000; i++) {
        make_anything(&seed);
        health_diagnose(&known, &diagnosis);
        check_order();
        check_advice();
        health_diagnose(&known, &again);
        cr_assert_eq(again.faults, diagnosis.faults);
        cr_assert_eq(again.advice.place, diagnosis.advice.place);
    }
}
