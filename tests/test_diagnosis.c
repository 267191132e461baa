/*
 * test_diagnosis.c - diagnoses of cases made by hand: laws of order, and each precondition by itself.
 */
#include "finding.h"
#include "random.h"

#include <criterion/criterion.h>
#include <healthd/rules.h>
#include <string.h>

#define NOW_NS (INT64_C(1000) * HEALTH_NS_PER_S)

static struct health_limits limits;
static struct health_case known;
static struct health_diagnosis diagnosis;

static void set_state(uint32_t place, enum health_state state, enum health_reason reason)
{
    struct health_case_node *node = &known.nodes[place];

    known.cluster.states[node->known.state]--;
    known.cluster.states[state]++;
    node->known.state = state;
    node->known.reason = reason;
}

static void crash(uint32_t place)
{
    struct health_case_node *node = &known.nodes[place];

    set_state(place, HEALTH_STATE_RED_UNCLEAN, HEALTH_REASON_KILLED);
    node->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_GONE;
    node->memory.process = HEALTH_PROCESS_STOPPED;
    node->memory.crash_ns[0] = NOW_NS - HEALTH_NS_PER_S;
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    known.cluster.reason = HEALTH_REASON_SOME_SERVE;
}

static const struct health_position served = {{1, 2}, 100};

/* `count` members that serve, all of them expected. */
static void begin(uint32_t count)
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
        set_state(i, HEALTH_STATE_GREEN, HEALTH_REASON_SYNCED);
    }
}

static bool has(enum health_fault fault)
{
    health_diagnose(&known, &diagnosis);
    return diagnosis.faults >> fault & 1u;
}

static const struct health_statement *precondition(enum health_statement_id id)
{
    for (uint32_t i = 0; i < diagnosis.advice.count; i++)
        if (diagnosis.advice.preconditions[i].id == id)
            return &diagnosis.advice.preconditions[i];
    cr_assert_fail("%s is not asked", health_statement_name(id));
    return NULL;
}

/* The action is asked for, and this alone forbids it. */
static void expect_only(enum health_action action, enum health_statement_id id)
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
    begin(3);
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.count, 0);
    cr_expect_eq(diagnosis.faults, 0);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_NONE);
    cr_expect_eq(diagnosis.treated, HEALTH_UNEXPLAINED);
}

Test(diagnosis, what_two_faults_explain_together_is_explained)
{
    begin(5);
    crash(3);
    set_state(4, HEALTH_STATE_RED_CLEAN, HEALTH_REASON_EXIT_CLEAN);
    health_diagnose(&known, &diagnosis);
    cr_assert_eq(diagnosis.count, 3);
    cr_expect_eq(diagnosis.findings[2].fault, HEALTH_FAULT_MEMBERS_FEWER);
    cr_expect_eq(diagnosis.findings[2].explained_by, HEALTH_FAULT_NODE_CRASHED);
}

Test(diagnosis, what_is_explained_of_one_node_only_stands_for_the_other)
{
    begin(5);
    crash(3);
    crash(4);
    for (int i = 0; i < 3; i++)
        known.nodes[3].memory.crash_ns[i] = NOW_NS - (i + 1) * HEALTH_NS_PER_S;
    health_diagnose(&known, &diagnosis);
    cr_assert_eq(diagnosis.findings[1].fault, HEALTH_FAULT_NODE_CRASHED);
    cr_expect_eq(diagnosis.findings[1].explained_by, HEALTH_UNEXPLAINED);
}

/* ---- When ---- */

Test(diagnosis, a_loop_lasts_until_the_node_has_served_for_the_window)
{
    begin(3);
    for (int i = 0; i < 3; i++)
        known.nodes[2].memory.crash_ns[i] = NOW_NS / 2 - (i + 1) * HEALTH_NS_PER_S;
    known.nodes[2].known.since_ns = NOW_NS - limits.crash_loop_ns + 1;
    cr_expect(has(HEALTH_FAULT_CRASH_LOOP));
    known.nodes[2].known.since_ns--;
    cr_expect_not(has(HEALTH_FAULT_CRASH_LOOP));
}

Test(diagnosis, a_loop_that_lies_there_is_one_however_long)
{
    begin(3);
    crash(2);
    for (int i = 0; i < 3; i++)
        known.nodes[2].memory.crash_ns[i] = (3 - i) * HEALTH_NS_PER_S;
    cr_expect(has(HEALTH_FAULT_CRASH_LOOP));
    known.nodes[2].memory.crash_ns[2] = 1;
    known.nodes[2].memory.crash_ns[1] += limits.crash_loop_ns;
    known.nodes[2].memory.crash_ns[0] += limits.crash_loop_ns;
    cr_expect_not(has(HEALTH_FAULT_CRASH_LOOP), "these three were further apart");
}

Test(diagnosis, nobody_is_missed_before_he_could_be_heard)
{
    begin(3);
    set_state(2, HEALTH_STATE_UNKNOWN, HEALTH_REASON_NONE);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    known.nodes[2].known.transitions = 0;
    known.nodes[2].known.since_ns = NOW_NS - limits.probe_stale_ns + 1;
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.count, 0);
    known.nodes[2].known.since_ns--;
    cr_expect(has(HEALTH_FAULT_MEMBERS_FEWER));
    cr_expect(has(HEALTH_FAULT_UNKNOWN));
}

Test(diagnosis, no_join_is_stuck_of_which_nobody_would_tell)
{
    begin(3);
    set_state(2, HEALTH_STATE_YELLOW, HEALTH_REASON_STARTING);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    struct health_case_node *node = &known.nodes[2];
    node->facts[HEALTH_FACT_CLAIM] = HEALTH_CLAIM_NONE;
    node->memory.joining_ns = node->memory.moved_ns = NOW_NS - limits.stuck_ns;
    node->memory.moved = 4096;
    cr_expect_not(has(HEALTH_FAULT_JOINER_STUCK));
    cr_expect(has(HEALTH_FAULT_JOINER_UNDER_WAY));
    node->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_STARTING;
    cr_expect(has(HEALTH_FAULT_JOINER_STUCK));
    node->memory.moved_ns = 0;
    cr_expect_not(has(HEALTH_FAULT_JOINER_STUCK), "its progress is not known");
    cr_expect_eq(statement_of(&known, HEALTH_STATEMENT_MOVED, 2).answer, HEALTH_ANSWER_NOT_KNOWN);
}

Test(diagnosis, a_silent_node_that_peers_still_count_is_cut_off_from_us)
{
    begin(3);
    set_state(2, HEALTH_STATE_UNKNOWN, HEALTH_REASON_SILENT);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    struct health_case_node *node = &known.nodes[2];
    node->facts[HEALTH_FACT_PROBE] = HEALTH_PROBE_FACT_SILENT;
    node->facts[HEALTH_FACT_PEERS] = HEALTH_PEERS_AGREE;
    node->memory.probe_error = HEALTH_PROBE_TIMEOUT;
    node->memory.probe_error_ns = node->known.since_ns = NOW_NS - limits.evict_max_ns + 1;
    cr_expect_not(has(HEALTH_FAULT_CUT_OFF_FROM_MONITOR), "so long they count the dead as well");
    node->known.since_ns--;
    cr_expect(has(HEALTH_FAULT_CUT_OFF_FROM_MONITOR));
    cr_expect_not(has(HEALTH_FAULT_UNKNOWN));
    node->facts[HEALTH_FACT_PEERS] = HEALTH_PEERS_NONE;
    known.cluster.primary_size = 2;
    cr_expect_not(has(HEALTH_FAULT_CUT_OFF_FROM_MONITOR));
    cr_expect(has(HEALTH_FAULT_UNKNOWN));
}

Test(diagnosis, who_leaves_is_not_cut_off_for_the_moment_of_leaving)
{
    begin(3);
    set_state(2, HEALTH_STATE_YELLOW, HEALTH_REASON_NON_PRIMARY);
    known.cluster.colour = HEALTH_COLOUR_YELLOW;
    known.nodes[2].known.since_ns = NOW_NS - limits.leave_window_ns + 1;
    cr_expect_not(has(HEALTH_FAULT_CUT_OFF_FROM_PEERS));
    known.nodes[2].known.since_ns--;
    cr_expect(has(HEALTH_FAULT_CUT_OFF_FROM_PEERS));
    known.nodes[2].facts[HEALTH_FACT_PROBE] = HEALTH_PROBE_FACT_SILENT;
    cr_expect_not(has(HEALTH_FAULT_CUT_OFF_FROM_PEERS), "it closed its connections: it leaves");
}

Test(diagnosis, a_double_crash_is_told_until_it_is_acknowledged)
{
    begin(3);
    known.memory.crashed_ns = 1;
    cr_expect(has(HEALTH_FAULT_QUICK_DOUBLE_CRASH), "also of a Green cluster");
    known.memory.crashed_ns = 0;
    cr_expect_not(has(HEALTH_FAULT_QUICK_DOUBLE_CRASH));
}

/* ---- Starting a node ---- */

static void begin_crashed(void)
{
    begin(3);
    crash(2);
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
    cr_expect_eq(precondition(HEALTH_STATEMENT_DOWN)->age_ns, limits.agent_stale_ns - 1);
}

Test(start, not_where_nobody_serves)
{
    begin_crashed();
    known.cluster.colour = HEALTH_COLOUR_RED;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SERVES);
    known.cluster.colour = HEALTH_COLOUR_UNKNOWN;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SERVES);
    cr_expect_eq(precondition(HEALTH_STATEMENT_SERVES)->answer, HEALTH_ANSWER_NOT_KNOWN);
}

Test(start, not_while_the_rest_may_lose_its_quorum)
{
    begin_crashed();
    known.cluster.signs = 1u << HEALTH_SIGN_MAJORITY_AT_RISK;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SERVES);
}

Test(start, not_on_the_word_of_the_port_alone)
{
    begin_crashed();
    known.nodes[2].facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_NONE;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_DOWN);
    cr_expect_eq(precondition(HEALTH_STATEMENT_DOWN)->answer, HEALTH_ANSWER_NOT_KNOWN);
    known.nodes[2].facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_STARTING;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_DOWN);
    cr_expect_eq(precondition(HEALTH_STATEMENT_DOWN)->answer, HEALTH_ANSWER_NO);
}

Test(start, not_on_an_old_word)
{
    begin_crashed();
    known.nodes[2].agent_age_ns++;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_FRESH);
    known.nodes[2].agent_age_ns = -1;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_FRESH);
}

Test(start, not_while_its_position_is_recovered)
{
    begin_crashed();
    known.nodes[2].memory.recovery.status = HEALTH_RECOVERY_RUNNING;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NO_TRANSFER);
}

Test(start, not_in_a_loop)
{
    begin_crashed();
    for (int i = 0; i < 3; i++)
        known.nodes[2].memory.crash_ns[i] = NOW_NS - (i + 1) * HEALTH_NS_PER_S;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOT_LOOPING);
}

Test(start, not_what_was_voted_inconsistent_but_what_is_only_torn)
{
    begin_crashed();
    known.nodes[2].memory.taint = HEALTH_TAINT_INCONSISTENT;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOT_TAINTED);
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
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOT_MAINTAINED);
}

Test(start, one_after_the_other)
{
    begin_crashed();
    set_state(1, HEALTH_STATE_YELLOW, HEALTH_REASON_STARTING);
    known.nodes[1].memory.joining_ns = NOW_NS - 1;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NOBODY_JOINS);
}

Test(start, not_after_a_split)
{
    begin_crashed();
    known.memory.split = true;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_NO_SPLIT);
}

/* It would take a full transfer: of what it holds nothing would be left. */
Test(start, not_into_another_history)
{
    begin_crashed();
    known.nodes[2].memory.grastate.known = true;
    known.nodes[2].memory.grastate.uuid = (struct health_uuid){3, 4};
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_ONE_HISTORY);
    known.nodes[2].memory.grastate.uuid = (struct health_uuid){0};
    known.nodes[2].memory.served.history = (struct health_uuid){3, 4};
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_ONE_HISTORY);
    known.nodes[2].memory.grastate.uuid = served.history;
    health_diagnose(&known, &diagnosis);
    cr_expect(diagnosis.advice.allowed, "it has taken a transfer since");
    known.nodes[2].memory = (struct health_node_memory){.process = HEALTH_PROCESS_STOPPED};
    known.nodes[2].memory.crash_ns[0] = NOW_NS - HEALTH_NS_PER_S;
    health_diagnose(&known, &diagnosis);
    cr_expect(diagnosis.advice.allowed, "it holds none");
    known.memory.served = (struct health_position){.seqno = HEALTH_SEQNO_NONE};
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_ONE_HISTORY);
}

Test(start, not_by_a_blind_monitor)
{
    begin_crashed();
    known.cluster.reason = HEALTH_REASON_MONITOR_ISOLATED;
    expect_only(HEALTH_ACTION_START, HEALTH_STATEMENT_SIGHTED);
}

Test(start, the_first_for_which_all_is_met)
{
    begin(5);
    crash(3);
    crash(4);
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
    set_state(2, HEALTH_STATE_RED_CLEAN, HEALTH_REASON_EXIT_CLEAN);
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_NONE);
    known.nodes[2].memory.wanted = true;
    health_diagnose(&known, &diagnosis);
    cr_expect_eq(diagnosis.advice.action, HEALTH_ACTION_START);
    cr_expect(diagnosis.advice.allowed);
    cr_expect_eq(precondition(HEALTH_STATEMENT_KNOWN_STOP)->answer, HEALTH_ANSWER_YES);
}

/* ---- Stopping the smaller side ---- */

static void begin_split(void)
{
    begin(3);
    set_state(0, HEALTH_STATE_YELLOW, HEALTH_REASON_SPLIT_BRAIN);
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
    expect_only(HEALTH_ACTION_STOP, HEALTH_STATEMENT_FRESH);
}

Test(stop, neither_of_two_equal_sides)
{
    begin_split();
    known.cluster.colour = HEALTH_COLOUR_UNKNOWN;
    expect_only(HEALTH_ACTION_STOP, HEALTH_STATEMENT_SERVES);
}

Test(stop, nobody_in_maintenance)
{
    begin_split();
    known.nodes[0].known.maintained = true;
    expect_only(HEALTH_ACTION_STOP, HEALTH_STATEMENT_NOT_MAINTAINED);
}

/* ---- Anything at all ---- */

static void make_anything(uint64_t *seed)
{
    begin(1 + (uint32_t)random_below(seed, HEALTH_CLUSTER_NODES_MAX));
    known.cluster.colour = (enum health_colour)random_below(seed, HEALTH_COLOUR_COUNT);
    known.cluster.reason = (enum health_reason)random_below(seed, HEALTH_REASON_COUNT);
    known.cluster.signs = (uint32_t)random_below(seed, 1u << HEALTH_SIGN_COUNT);
    known.cluster.primary_size = (uint32_t)random_below(seed, 40);
    known.memory.crashed_ns = (int64_t)random_below(seed, 2);
    known.memory.split = random_below(seed, 2);
    for (uint32_t i = 0; i < known.count; i++) {
        struct health_case_node *node = &known.nodes[i];
        set_state(i, (enum health_state)random_below(seed, HEALTH_STATE_COUNT),
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
