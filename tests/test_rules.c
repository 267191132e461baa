/*
 * test_rules.c - the tables are total, every row can be reached, and what they say is reviewed.
 */
#include <criterion/criterion.h>
#include <healthd/diagnosis.h>
#include <healthd/rules.h>
#include <stdlib.h>
#include <string.h>

static const struct health_table *const *all_tables(size_t *ret_count)
{
    static const struct health_table *tables[7];
    const struct health_ruleset *rules = &health_rules_galera;
    tables[0] = rules->exit;
    tables[1] = rules->running;
    tables[2] = rules->member;
    tables[3] = rules->clean;
    tables[4] = rules->state;
    tables[5] = rules->routable;
    tables[6] = rules->colour;
    *ret_count = 7;
    return tables;
}

/* Which facts does a table look at? The others cannot change its answer, so they need no enumeration. */
static bool looked_at(const struct health_table *table, unsigned fact)
{
    for (unsigned i = 0; i < table->rule_count; i++)
        if (table->rules[i].bars[fact])
            return true;
    return false;
}

/* Step to the next combination of the facts that the table looks at; false: that was the last. */
static bool next_combination(const struct health_table *table, uint8_t *facts)
{
    for (unsigned fact = 0; fact < table->fact_count; fact++) {
        if (!looked_at(table, fact))
            continue;
        if (++facts[fact] < table->facts[fact].count)
            return true;
        facts[fact] = 0;
    }
    return false;
}

/* Rows that match, found without the engine's own matcher. */
static unsigned first_match(const struct health_table *table, const uint8_t *facts)
{
    for (unsigned i = 0; i < table->rule_count; i++) {
        bool all = true;
        for (unsigned fact = 0; fact < table->fact_count; fact++) {
            uint8_t allowed = (uint8_t)~table->rules[i].bars[fact];
            all = all && (allowed & (1u << facts[fact])) != 0;
        }
        if (all)
            return i;
    }
    return table->rule_count;
}

Test(rules, every_combination_of_facts_has_exactly_one_answer_and_every_row_is_reached)
{
    size_t count;
    const struct health_table *const *tables = all_tables(&count);

    for (size_t t = 0; t < count; t++) {
        const struct health_table *table = tables[t];
        uint8_t facts[HEALTH_FACTS_MAX] = {0};
        uint64_t *hits = calloc(table->rule_count + 1u, sizeof *hits);
        uint64_t combinations = 0;

        do {
            unsigned row = first_match(table, facts);
            const struct health_rule *rule = health_table_match(table, facts);
            cr_assert_lt(row, table->rule_count, "%s: a combination has no answer", table->name);
            cr_assert_eq(rule, &table->rules[row], "%s: another row than the first", table->name);
            hits[row]++;
            combinations++;
        } while (next_combination(table, facts));
        for (unsigned i = 0; i < table->rule_count; i++)
            cr_expect_gt(hits[i], 0, "%s %u is never reached", table->name, table->rules[i].id);
        cr_expect_gt(combinations, 1);
        free(hits);
    }
}

Test(rules, rows_are_numbered_in_steps_of_ten_and_stay_within_their_facts)
{
    size_t count;
    const struct health_table *const *tables = all_tables(&count);

    for (size_t t = 0; t < count; t++) {
        const struct health_table *table = tables[t];
        cr_assert_leq(table->fact_count, HEALTH_FACTS_MAX);
        for (unsigned i = 0; i < table->rule_count; i++) {
            const struct health_rule *rule = &table->rules[i];
            cr_expect_eq(rule->id, 10 * (i + 1), "%s row %u", table->name, i);
            cr_expect_lt(rule->answer, table->answers->count);
            cr_expect_lt(rule->reason, HEALTH_REASON_COUNT);
            for (unsigned fact = 0; fact < HEALTH_FACTS_MAX; fact++) {
                unsigned values = fact < table->fact_count ? table->facts[fact].count : 0;
                unsigned all = (1u << values) - 1;
                cr_expect_leq(values, HEALTH_VALUES_MAX);
                if (!values)
                    cr_expect_eq(rule->bars[fact], 0, "%s %u fact %u", table->name, rule->id, fact);
                else
                    cr_expect_neq(rule->bars[fact] & all, all, "%s %u allows no value of fact %u",
                                  table->name, rule->id, fact);
            }
        }
    }
}

/* What a table answers for facts given as pairs; the others are 0. */
static uint8_t answer_of(const struct health_table *table, const uint8_t (*pairs)[2], size_t count)
{
    uint8_t facts[HEALTH_FACTS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        facts[pairs[i][0]] = pairs[i][1];
    return health_table_match(table, facts)->answer;
}

#define ANSWER(table, ...) \
    answer_of(health_rules_galera.table, (const uint8_t[][2]){__VA_ARGS__}, \
              sizeof((const uint8_t[][2]){__VA_ARGS__}) / 2)

/* Walk all combinations of the running table and check a law on each. */
typedef void law(const uint8_t *facts, uint8_t answer);

static void for_all(const struct health_table *table, law *holds)
{
    uint8_t facts[HEALTH_FACTS_MAX] = {0};
    do
        holds(facts, health_table_match(table, facts)->answer);
    while (next_combination(table, facts));
}

static void silence_never_says_dead(const uint8_t *facts, uint8_t answer)
{
    bool explicit_evidence = facts[HEALTH_FACT_PROBE] == HEALTH_PROBE_FACT_REFUSED ||
                             facts[HEALTH_FACT_AGENT] == HEALTH_AGENT_FACT_GONE;
    cr_expect(explicit_evidence || answer != HEALTH_ANSWER_NO);
}

Test(rules, only_a_refusal_or_the_agents_word_says_that_mysqld_does_not_run)
{
    for_all(health_rules_galera.running, silence_never_says_dead);
}

static void error_packets_prove_life(const uint8_t *facts, uint8_t answer)
{
    if (facts[HEALTH_FACT_PROBE] == HEALTH_PROBE_FACT_ERROR &&
        facts[HEALTH_FACT_AGENT] != HEALTH_AGENT_FACT_GONE)
        cr_expect_eq(answer, HEALTH_ANSWER_YES);
}

Test(rules, an_error_packet_proves_that_mysqld_runs)
{
    for_all(health_rules_galera.running, error_packets_prove_life);
}

static void members_claim_it(const uint8_t *facts, uint8_t answer)
{
    bool claims = facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_MEMBER ||
                  facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_DONOR;
    bool refuted = facts[HEALTH_FACT_PEERS] >= HEALTH_PEERS_EXCLUDE;
    if (answer == HEALTH_ANSWER_YES)
        cr_expect(claims && !refuted);
}

Test(rules, nobody_is_a_member_who_does_not_say_so_or_whom_the_peers_refute)
{
    for_all(health_rules_galera.member, members_claim_it);
}

static void clean_is_proven(const uint8_t *facts, uint8_t answer)
{
    bool proof = facts[HEALTH_FACT_EXIT] == HEALTH_EXIT_FACT_CLEAN ||
                 facts[HEALTH_FACT_LEAVE] == HEALTH_LEAVE_LEFT;
    bool crash = facts[HEALTH_FACT_EXIT] >= HEALTH_EXIT_FACT_SIGNAL;
    if (answer == HEALTH_ANSWER_YES)
        cr_expect(proof && !crash);
}

Test(rules, clean_is_said_only_with_proof_and_never_against_a_crash)
{
    for_all(health_rules_galera.clean, clean_is_proven);
}

static void saved_seqno_alone_is_no_proof(const uint8_t *facts, uint8_t answer)
{
    if (answer == HEALTH_EXIT_FACT_CLEAN)
        cr_expect(facts[HEALTH_EXITS_ENDED] == 1 && facts[HEALTH_EXITS_SEQNO] == 2 &&
                  facts[HEALTH_EXITS_UUID] == 2 && facts[HEALTH_EXITS_GVWSTATE] != 1 &&
                  facts[HEALTH_EXITS_SST] != 1);
}

Test(rules, a_clean_exit_needs_code_0_and_a_saved_position_and_no_contradiction)
{
    for_all(health_rules_galera.exit, saved_seqno_alone_is_no_proof);
}

Test(rules, the_state_is_a_lookup_of_the_answers)
{
    cr_expect_eq(ANSWER(state, {0, HEALTH_ANSWER_YES}, {1, HEALTH_ANSWER_YES}), HEALTH_STATE_GREEN);
    cr_expect_eq(ANSWER(state, {0, HEALTH_ANSWER_YES}, {1, HEALTH_ANSWER_NO}), HEALTH_STATE_YELLOW);
    cr_expect_eq(ANSWER(state, {0, HEALTH_ANSWER_YES}), HEALTH_STATE_UNKNOWN);
    cr_expect_eq(ANSWER(state, {0, HEALTH_ANSWER_NO}, {2, HEALTH_ANSWER_YES}),
                 HEALTH_STATE_RED_CLEAN);
    cr_expect_eq(ANSWER(state, {0, HEALTH_ANSWER_NO}, {2, HEALTH_ANSWER_NO}),
                 HEALTH_STATE_RED_UNCLEAN);
    cr_expect_eq(ANSWER(state, {0, HEALTH_ANSWER_NO}), HEALTH_STATE_UNKNOWN);
    cr_expect_eq(ANSWER(state, {1, HEALTH_ANSWER_YES}, {2, HEALTH_ANSWER_YES}),
                 HEALTH_STATE_UNKNOWN);
}

static void red_needs_no_green(const uint8_t *facts, uint8_t answer)
{
    if (answer == HEALTH_COLOUR_RED)
        cr_expect(facts[HEALTH_COLOURS_GREENS] == HEALTH_GREENS_NONE ||
                  facts[HEALTH_COLOURS_MAJORITY] == HEALTH_MAJORITY_CRASHED);
    if (answer == HEALTH_COLOUR_RED)
        cr_expect(facts[HEALTH_COLOURS_UNKNOWNS] != HEALTH_UNKNOWNS_ALL ||
                  facts[HEALTH_COLOURS_MAJORITY] == HEALTH_MAJORITY_CRASHED);
}

Test(rules, a_cluster_is_red_only_by_proof)
{
    for_all(health_rules_galera.colour, red_needs_no_green);
}

Test(rules, limits_follow_from_the_cadence_and_refuse_nonsense)
{
    struct health_limits limits;
    struct health_cadence cadence = {1000 * HEALTH_NS_PER_MS, 500 * HEALTH_NS_PER_MS,
                                     500 * HEALTH_NS_PER_MS};
    cr_expect_eq(health_limits_derive(&cadence, &limits), HEALTH_OK);
    cr_expect_eq(limits.close_hold_ns, 1500 * HEALTH_NS_PER_MS);
    cr_expect_lt(limits.leave_window_ns, 4 * HEALTH_NS_PER_S); /* below the quickest eviction */
    cadence.probe_timeout_ns = 0;
    cr_expect_eq(health_limits_derive(&cadence, &limits), HEALTH_EINVAL);
}

Test(rules, every_limit_has_a_row_that_says_what_it_is)
{
    size_t count;
    const struct health_limit_row *rows = health_limit_rows(&count);
    cr_expect_eq(count * sizeof(int64_t), sizeof(struct health_limits));
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(rows[i].offset, i * sizeof(int64_t));
        cr_expect_gt(strlen(rows[i].meaning), 10);
    }
}

Test(rules, every_reason_and_fault_has_its_words)
{
    for (unsigned i = 0; i < HEALTH_REASON_COUNT; i++) {
        cr_expect_gt(strlen(health_reason_name((enum health_reason)i)), 3);
        cr_expect_gt(strlen(health_reason_text((enum health_reason)i)), 8);
    }
    cr_expect_str_eq(health_reason_name(HEALTH_REASON_COUNT), "?");
    for (unsigned i = 0; i < HEALTH_FAULT_COUNT; i++)
        cr_expect_gt(strlen(health_faults[i].advice), 20);
}
