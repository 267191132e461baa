/*
 * test_bootstrap_laws.c - what holds of every advice on a bootstrap, over random cases.
 */
#include "bootstrap_stage.h"
#include "random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define CASES 20000

static struct health_case known, other;
static struct health_advice advice, again;

/* ---- Random cases: most nodes are well, so that many are allowed ---- */

static bool one_in(uint64_t *seed, uint64_t count)
{
    return random_below(seed, count) == 0;
}

static void random_node(uint64_t *seed, uint64_t kind, char *text, size_t size)
{
    static const char *const defects[] = {
        "",       "stale",        "noagent",     "sst",      "sst?",
        "gvw?",   "inconsistent", "torn",        "joining",  "safe?",
        "nofile", "rec failed",   "rec running", "rec V:12", "old U:12",
        "sole",   "served U:13",  "unserved"};
    const char *defect =
        one_in(seed, 6) ? defects[random_below(seed, sizeof defects / sizeof *defects)] : "";
    const char *safe = one_in(seed, 4) ? "safe1" : "";
    char history = one_in(seed, 30) ? 'V' : 'U';
    unsigned seqno = (unsigned)(kind == 0 ? 10 : random_below(seed, 3) + 9);

    if (one_in(seed, 25))
        snprintf(text, size, "n %s U:-1",
                 (const char *[]){"runs", "joins", "alone", "silent"}[seqno % 4]);
    else if (kind == 2 || (kind == 1 && one_in(seed, 2)))
        snprintf(text, size, "n crash %c:%s %s rec %c:%u %s", history,
                 one_in(seed, 8) ? "10" : "-1", safe, history, seqno, defect);
    else
        snprintf(text, size, "n clean %c:%u %s %s", history, seqno, safe, defect);
}

static void random_case(uint64_t seed, struct health_case *ret_case)
{
    static const char *const around[] = {"mark U:9", "mark U:10",       "mark U:12",
                                         "mark V:9", "mark U:9 split",  "mark U:9 size 6",
                                         "nomark",   "mark U:9 nosize", "mark U:9 crashed"};
    char nodes[1024] = "", node[128];
    uint64_t kind = random_below(&seed, 3);
    uint64_t count = random_below(&seed, 5) + 1;

    for (uint64_t i = 0; i < count; i++) {
        random_node(&seed, kind, node, sizeof node);
        strcat(strcat(nodes, i ? " | " : ""), node);
    }
    stage_case(nodes, around[one_in(&seed, 2) ? random_below(&seed, 9) : 0], ret_case);
}

static bool is_met(const struct health_advice *given, enum health_statement_id id)
{
    for (uint32_t i = 0; i < given->count; i++)
        if (given->preconditions[i].id == id && given->preconditions[i].answer != HEALTH_ANSWER_YES)
            return false;
    return true;
}

/* ---- Laws ---- */

Test(bootstrap_laws, allowed_means_that_everything_holds)
{
    unsigned allowed[3] = {0};

    for (uint64_t seed = 1; seed <= CASES; seed++) {
        bool all = true;
        random_case(seed, &known);
        health_advise_bootstrap(&known, &advice);
        for (uint32_t i = 0; i < advice.count; i++)
            all = all && advice.preconditions[i].answer == HEALTH_ANSWER_YES;
        cr_assert_eq(advice.allowed, all);
        cr_assert_eq(advice.safe_case != 0, is_met(&advice, HEALTH_STATEMENT_SAFE_CASE));
        if (advice.allowed)
            allowed[advice.safe_case - 'A']++;
    }
    for (int i = 0; i < 3; i++)
        cr_expect_geq(allowed[i], CASES / 200, "case %c is too rare to show anything: %u", 'A' + i,
                      allowed[i]);
}

Test(bootstrap_laws, the_chosen_is_down_trusted_and_the_highest_of_its_history)
{
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct health_position position;
        random_case(seed, &known);
        health_advise_bootstrap(&known, &advice);
        if (advice.place == HEALTH_NODE_NONE)
            continue;
        const struct health_case_node *node = &known.nodes[advice.place];
        cr_assert_eq(node->memory.taint, HEALTH_TAINT_NONE);
        cr_assert_neq(node->memory.grastate.uuid.hi, 0);
        cr_assert(node->known.state == HEALTH_STATE_RED_CLEAN ||
                  node->known.state == HEALTH_STATE_RED_UNCLEAN);
        for (uint32_t i = 0; i < known.count; i++)
            if (health_node_position(&known.nodes[i], &position) &&
                position.history.hi == advice.position.history.hi)
                cr_assert_leq(position.seqno, advice.position.seqno, "seed %lu",
                              (unsigned long)seed);
    }
}

/* Cases that differ in the order of their nodes alone get one answer; of equals, the first is chosen. */
Test(bootstrap_laws, order_decides_between_equals_alone)
{
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        random_case(seed, &known);
        health_advise_bootstrap(&known, &advice);
        other = known;
        for (uint32_t i = 0; i < known.count; i++)
            other.nodes[i] = known.nodes[known.count - 1 - i];
        health_advise_bootstrap(&other, &again);
        cr_assert_eq(advice.allowed, again.allowed, "seed %lu", (unsigned long)seed);
        if (!advice.allowed)
            continue;
        cr_assert_eq(advice.safe_case, again.safe_case);
        cr_assert_eq(advice.position.seqno, again.position.seqno);
        const struct health_case_node *one = &known.nodes[advice.place];
        const struct health_case_node *two = &other.nodes[again.place];
        cr_assert_eq(one->known.state, two->known.state);
        cr_assert_eq(one->memory.grastate.safe_to_bootstrap == HEALTH_ANSWER_YES,
                     two->memory.grastate.safe_to_bootstrap == HEALTH_ANSWER_YES);
        cr_assert_leq(advice.place, known.count - 1 - again.place, "the first of equals");
    }
}

/* Forget one thing that may have spoken for it. */
static void forget(uint64_t *seed, struct health_case *ret_case)
{
    struct health_case_node *node = &ret_case->nodes[random_below(seed, ret_case->count)];

    switch (random_below(seed, 13)) {
    case 0:
        node->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_NONE;
        break;
    case 1:
        node->agent_age_ns = -1;
        break;
    case 2:
        node->memory.files_ns = 0;
        break;
    case 3:
        node->memory.grastate.known = false;
        break;
    case 4:
        node->memory.grastate.safe_to_bootstrap = HEALTH_ANSWER_NOT_KNOWN;
        break;
    case 5:
        node->memory.gvwstate = HEALTH_ANSWER_NOT_KNOWN;
        break;
    case 6:
        node->memory.sst_in_progress = HEALTH_ANSWER_NOT_KNOWN;
        break;
    case 7:
        if (node->memory.recovery.status == HEALTH_RECOVERY_DONE)
            node->memory.recovery = (struct health_recovery){.seqno = -1};
        break;
    case 8:
        node->facts[HEALTH_FACT_EXIT] = HEALTH_EXIT_FACT_NONE;
        break;
    case 9:
        node->known.state = HEALTH_STATE_UNKNOWN;
        break;
    case 10:
        node->memory.served = (struct health_position){.seqno = HEALTH_SEQNO_NONE};
        break;
    case 11:
        ret_case->memory.served = (struct health_position){.seqno = HEALTH_SEQNO_NONE};
        break;
    default:
        node->memory.process = HEALTH_PROCESS_NOT_KNOWN;
        break;
    }
}

Test(bootstrap_laws, knowing_less_never_allows_more)
{
    unsigned refused = 0;

    for (uint64_t seed = 1; seed <= CASES; seed++) {
        uint64_t dice = seed;
        random_case(seed, &known);
        health_advise_bootstrap(&known, &advice);
        for (int i = 0; i < 20; i++) {
            other = known;
            forget(&dice, &other);
            health_advise_bootstrap(&other, &again);
            cr_assert(advice.allowed || !again.allowed, "seed %lu", (unsigned long)seed);
            refused += advice.allowed && !again.allowed;
        }
    }
    cr_expect_gt(refused, CASES / 10, "forgetting hardly ever mattered: %u", refused);
}

/* Only what is missing is asked for, and never where it would be of no use. */
Test(bootstrap_laws, recoveries_are_asked_of_nodes_that_lie_still_without_a_position)
{
    unsigned asked = 0;

    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct health_position position;
        random_case(seed, &known);
        known.nodes[0].memory.recovery = (struct health_recovery){.seqno = -1};
        health_advise_bootstrap(&known, &advice);
        cr_assert(!advice.recover_places ||
                  (!advice.allowed && is_met(&advice, HEALTH_STATEMENT_ALL_OBSERVED)));
        for (uint32_t i = 0; i < known.count; i++) {
            if (!(advice.recover_places >> i & 1u))
                continue;
            const struct health_node_memory *memory = &known.nodes[i].memory;
            cr_assert_not(health_node_position(&known.nodes[i], &position));
            cr_assert_eq(memory->taint, HEALTH_TAINT_NONE);
            cr_assert_eq(memory->sst_in_progress, HEALTH_ANSWER_NO);
            cr_assert_neq(memory->recovery.status, HEALTH_RECOVERY_RUNNING);
            asked++;
        }
    }
    cr_expect_gt(asked, CASES / 50);
}
