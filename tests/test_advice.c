/*
 * test_advice.c - the action that comes next, in cases made by hand: each precondition by itself.
 */
#include "diagnosis_stage.h"

#include <criterion/criterion.h>

/* ---- Starting a node ---- */

static void begin_crashed(void)
{
    stage_begin(3);
    stage_crash(2);
    known.nodes[2].agent_age_ns = limits.agent_stale_ns - 1;
}

Test(start, a_crashed_node_is_started_while_the_others_serve)
{
    begin_crashed();
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_START);
    cr_expect(diagnosis.advice.allowed);
    cr_expect_eq(diagnosis.advice.place, 2);
    cr_expect_eq(diagnosis.findings[diagnosis.treated].fault, HEALTH_FAULT_NODE_CRASHED);
    cr_expect_eq(stage_precondition(HEALTH_STATEMENT_DOWN)->age_ns, limits.agent_stale_ns - 1);
}

Test(start, not_where_nobody_serves)
{
    begin_crashed();
    known.cluster.colour = HEALTH_COLOUR_RED;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SERVES);
    known.cluster.colour = HEALTH_COLOUR_UNKNOWN;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SERVES);
    cr_expect_eq(stage_precondition(HEALTH_STATEMENT_SERVES)->answer, HEALTH_ANSWER_NOT_KNOWN);
}

Test(start, not_while_the_rest_may_lose_its_quorum)
{
    begin_crashed();
    known.cluster.signs = 1u << HEALTH_SIGN_MAJORITY_AT_RISK;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SERVES);
}

Test(start, not_on_the_word_of_the_port_alone)
{
    begin_crashed();
    known.nodes[2].facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_NONE;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_DOWN);
    cr_expect_eq(stage_precondition(HEALTH_STATEMENT_DOWN)->answer, HEALTH_ANSWER_NOT_KNOWN);
    known.nodes[2].facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_STARTING;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_DOWN);
    cr_expect_eq(stage_precondition(HEALTH_STATEMENT_DOWN)->answer, HEALTH_ANSWER_NO);
}

Test(start, not_on_an_old_word)
{
    begin_crashed();
    known.nodes[2].agent_age_ns++;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_FRESH);
    known.nodes[2].agent_age_ns = -1;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_FRESH);
}

Test(start, not_while_its_position_is_recovered)
{
    begin_crashed();
    known.nodes[2].memory.recovery.status = HEALTH_RECOVERY_RUNNING;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NO_TRANSFER);
}

Test(start, not_in_a_loop)
{
    begin_crashed();
    for (int i = 0; i < 3; i++)
        known.nodes[2].memory.crash_ns[i] = NOW_NS - (i + 1) * HEALTH_NS_PER_S;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOT_LOOPING);
}

Test(start, not_what_was_voted_inconsistent_but_what_is_only_torn)
{
    begin_crashed();
    known.nodes[2].memory.taint = HEALTH_TAINT_INCONSISTENT;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOT_TAINTED);
    for (uint8_t taint = HEALTH_TAINT_TORN; taint <= HEALTH_TAINT_JOINING; taint++) {
        known.nodes[2].memory.taint = taint;
        health_diagnose(&known, &diagnosis);
        cr_expect(diagnosis.advice.allowed, "it only costs a full transfer");
    }
}

Test(start, not_in_maintenance)
{
    begin_crashed();
    known.nodes[2].known.maintained = true;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOT_MAINTAINED);
}

Test(start, one_after_the_other)
{
    begin_crashed();
    stage_state(1, HEALTH_STATE_YELLOW, HEALTH_REASON_STARTING);
    known.nodes[1].memory.joining_ns = NOW_NS - 1;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOBODY_JOINS);
}

Test(start, not_after_a_split)
{
    begin_crashed();
    known.memory.split = true;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NO_SPLIT);
}

/* It would take a full transfer: of what it holds nothing would be left. */
Test(start, not_into_another_history)
{
    begin_crashed();
    known.nodes[2].memory.grastate.known = true;
    known.nodes[2].memory.grastate.uuid = (struct health_uuid){3, 4};
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_ONE_HISTORY);
    known.nodes[2].memory.grastate.uuid = (struct health_uuid){0};
    known.nodes[2].memory.served.history = (struct health_uuid){3, 4};
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_ONE_HISTORY);
    known.nodes[2].memory.grastate.uuid = served.history;
    health_diagnose(&known, &diagnosis);
    cr_expect(diagnosis.advice.allowed, "it has taken a transfer since");
    known.nodes[2].memory = (struct health_node_memory){.process = HEALTH_PROCESS_STOPPED};
    known.nodes[2].memory.crash_ns[0] = NOW_NS - HEALTH_NS_PER_S;
    health_diagnose(&known, &diagnosis);
    cr_expect(diagnosis.advice.allowed, "it holds none");
    known.memory.served = (struct health_position){.seqno = HEALTH_SEQNO_NONE};
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_ONE_HISTORY);
}

Test(start, not_by_a_blind_monitor)
{
    begin_crashed();
    known.cluster.reason = HEALTH_REASON_MONITOR_ISOLATED;
    stage_expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SIGHTED);
}

Test(start, the_first_for_which_all_is_met)
{
    stage_begin(5);
    stage_crash(3);
    stage_crash(4);
    known.nodes[3].known.maintained = true;
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.place, 4);
    cr_expect(diagnosis.advice.allowed);
    known.nodes[4].known.maintained = true;
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.place, 3, "where none may be, the first is told of");
    cr_expect_not(diagnosis.advice.allowed);
}

Test(start, who_was_stopped_on_purpose_is_left_alone_unless_wanted)
{
    begin_crashed();
    stage_state(2, HEALTH_STATE_RED_CLEAN, HEALTH_REASON_EXIT_CLEAN);
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_NONE);
    known.nodes[2].memory.wanted = true;
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_START);
    cr_expect(diagnosis.advice.allowed);
    cr_expect_eq(stage_precondition(HEALTH_STATEMENT_KNOWN_STOP)->answer, HEALTH_ANSWER_YES);
}

/* ---- Stopping the smaller side ---- */

static void begin_split(void)
{
    stage_begin(3);
    stage_state(0, HEALTH_STATE_YELLOW, HEALTH_REASON_SPLIT_BRAIN);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    known.cluster.signs = 1u << HEALTH_SIGN_SPLIT_BRAIN;
    known.nodes[0].view_age_ns = limits.agent_stale_ns - 1;
}

Test(stop, the_smaller_side_of_a_split)
{
    begin_split();
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_STOP);
    cr_expect_eq(diagnosis.advice.place, 0);
    cr_expect(diagnosis.advice.allowed);
}

Test(stop, not_on_an_old_view)
{
    begin_split();
    known.nodes[0].view_age_ns++;
    stage_expect_only(HEALTH_ACTION_STOP, HEALTH_STATEMENT_FRESH);
}

Test(stop, neither_of_two_equal_sides)
{
    begin_split();
    known.cluster.colour = HEALTH_COLOUR_UNKNOWN;
    stage_expect_only(HEALTH_ACTION_STOP, HEALTH_STATEMENT_SERVES);
}

Test(stop, nobody_in_maintenance)
{
    begin_split();
    known.nodes[0].known.maintained = true;
    stage_expect_only(HEALTH_ACTION_STOP, HEALTH_STATEMENT_NOT_MAINTAINED);
}
