/*
 * test_bootstrap.c - situations after a full stop or crash, and what is to be said of each.
 */
#include "bootstrap_stage.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct situation {
    const char *nodes; /* as in bootstrap_stage.h, like the next two */
    const char *around;
    const char *says;
} situations[] = {
    /* ---- A: all stopped gracefully at one position ---- */
    {"n1 clean U:44 | n2 clean U:44 | n3 clean U:44", "mark U:44",
     "A n1"}, /* stopped in parallel: no flag */
    {"n1 clean U:44 | n2 clean U:44 safe1 | n3 clean U:44", "mark U:44", "A n2"},
    {"n1 clean U:44 | n2 clean U:44 safe1 | n3 clean U:44 safe1", "mark U:40",
     "A n2"}, /* two flags */
    {"n1 clean U:44 safe? | n2 clean U:44 | n3 clean U:44", "", "A n1"},
    {"n1 clean U:0 | n2 clean U:0", "mark U:0", "A n1"}, /* nothing was ever written */
    {"n1 clean U:7", "mark U:7", "A n1"},
    {"n1 clean U:7 safe1", "mark U:7", "A n1"},
    {"n1 clean U:5 | n2 clean U:5 | n3 clean U:5 | n4 clean U:5 | n5 clean U:5", "mark U:5",
     "A n1"},
    {"n1 clean U:9223372036854775807 | n2 clean U:9223372036854775807",
     "mark U:9223372036854775806", "A n1"},
    {"n1 left U:44 rec U:44 | n2 clean U:44", "mark U:44",
     "A n1"}, /* the exit was not seen, the data was */

    /* ---- B: one flag, at the highest position ---- */
    {"n1 clean U:90 | n2 clean U:95 | n3 clean U:100 safe1", "mark U:100",
     "B n3"}, /* one after the other */
    {"n1 clean U:100 | n2 clean U:95 | n3 clean U:100 safe1", "mark U:99", "B n3"},
    {"n1 crash U:-1 rec U:80 | n2 clean U:95 | n3 clean U:100 safe1", "mark U:100", "B n3"},
    {"n1 clean U:999 | n2 clean U:1234 safe1", "mark U:1000", "B n2"}, /* numbers, not texts */
    {"n1 clean U:9223372036854775806 safe1 | n2 clean U:9223372036854775805", "", "B n1"},
    {"n1 crash U:100 safe1 rec U:100 | n2 clean U:90", "mark U:95",
     "B n1"}, /* paused as the only member */
    {"n1 crash U:100 safe1 rec U:100 | n2 clean U:100", "mark U:95", "B n2"}, /* graceful first */
    {"n1 crash U:-1 rec U:100 | n2 clean U:100 safe1", "mark U:100", "B n2"},

    /* ---- C: all crashed ---- */
    {"n1 crash U:-1 rec U:999 | n2 crash U:-1 rec U:1234 | n3 crash U:-1 rec U:1000", "mark U:1200",
     "C n2"},
    {"n1 crash U:-1 rec U:44 | n2 crash U:-1 rec U:44 | n3 crash U:-1 rec U:44", "mark U:44",
     "C n1"},
    {"n1 crash U:-1 rec U:44 | n2 crash U:-1 safe1 rec U:44", "mark U:44",
     "C n2"}, /* the only member */
    {"n1 crash U:-1 rec U:50 | n2 crash U:-1 safe1 rec U:49", "mark U:44",
     "C n1"}, /* ... and yet behind */
    {"n1 crash U:-1 safe1 rec U:5 | n2 crash U:-1 safe1 rec U:5", "", "C n1"},
    {"n1 crash U:-1 rec U:0 | n2 crash U:-1 rec U:0", "mark U:0", "C n1"},
    {"n1 crash U:-1 rec U:3", "mark U:3", "C n1"},
    {"n1 crash U:-1 rec U:1 | n2 crash U:-1 rec U:2 | n3 crash U:-1 rec U:5 | n4 crash U:-1 rec "
     "U:4 |"
     "n5 crash U:-1 rec U:3",
     "mark U:5", "C n3"},
    {"n1 crash U:-1 rec U:9223372036854775805 | n2 crash U:-1 rec U:9223372036854775807", "",
     "C n2"},
    {"n1 crash U:40 rec U:40 | n2 crash U:-1 rec U:44", "mark U:44",
     "C n2"}, /* paused for a backup */
    {"n1 crash U:-1 nogvw rec U:44 | n2 crash U:-1 rec U:43", "mark U:44", "C n1"},
    /* What was acknowledged and not flushed is lost with the crash; waiting brings nothing of it back. */
    {"n1 crash U:-1 rec U:44 | n2 crash U:-1 rec U:43", "mark U:44 crashed", "C n1"},

    /* ---- Safe enough for a person, and none of the three ---- */
    {"n1 clean U:90 | n2 clean U:95 | n3 clean U:100", "mark U:100", "- n3, not: safe-case"},
    {"n1 clean U:90 safe1 | n2 clean U:95 | n3 clean U:100", "", "- n3, not: safe-case"},
    {"n1 clean U:90 | n2 clean U:100 safe1 | n3 clean U:100 safe1 | n4 clean U:100", "",
     "- n2, not: safe-case"},
    {"n1 clean U:90 | n2 clean U:100 safe1 | n3 clean U:80 safe?", "", "- n2, not: safe-case"},
    {"n1 clean U:100 | n2 clean U:110 | n3 crash U:-1 safe1 rec U:150", "mark U:140",
     "- n3, not: safe-case"}, /* the sole survivor alone has the newest, and no other way to show it */
    {"n1 clean U:100 | n2 crash U:-1 rec U:100", "mark U:100", "- n1, not: safe-case"},
    {"n1 clean U:100 | n2 crash U:-1 rec U:101", "mark U:100", "- n2, not: safe-case"},

    /* ---- Positions that are still to be recovered ---- */
    {"n1 crash U:-1 | n2 crash U:-1 | n3 crash U:-1", "mark U:9",
     "- nobody, not: position-known one-history remembered-history candidate nothing-ahead "
     "not-below-served "
     "safe-case; recover n1 n2 n3"},
    {"n1 crash U:-1 rec U:9 | n2 crash U:-1 | n3 crash U:-1 rec running", "mark U:9",
     "- n1, not: no-transfer position-known safe-case; recover n2"},
    {"n1 crash U:-1 rec U:9 | n2 crash U:-1 rec failed", "mark U:9",
     "- n1, not: position-known safe-case"},
    {"n1 crash U:-1 old U:12 | n2 crash U:-1 rec U:9", "mark U:9",
     "- n2, not: position-known safe-case; recover n1"}, /* recovered after an earlier stop */
    {"n1 left U:44 | n2 clean U:44", "mark U:44",
     "- n2, not: position-known safe-case; recover n1"},
    {"n1 clean U:44 gvw | n2 clean U:44", "mark U:44",
     "- n2, not: position-known safe-case; recover n1"}, /* files that contradict the exit */
    {"n1 clean U:44 gvw? | n2 clean U:44", "mark U:44",
     "- n2, not: position-known safe-case; recover n1"},
    {"n1 crash U:44 | n2 clean U:44", "mark U:44",
     "- n2, not: position-known safe-case; recover n1"},
    {"n1 clean U:-1 | n2 clean U:44", "mark U:44",
     "- n2, not: position-known safe-case; recover n1"},

    /* ---- Positions that are not what would be begun with ---- */
    {"n1 crash U:100 safe1 rec U:97 served U:100 | n2 clean U:90", "mark U:95",
     "- n2, not: position-known nothing-ahead not-below-served safe-case"}, /* paused, and not flushed */
    {"n1 crash U:100 rec U:103 | n2 crash U:-1 rec U:90", "",
     "- n2, not: position-known safe-case"},
    {"n1 crash U:-1 rec V:500 | n2 crash U:-1 rec U:90", "", "- n2, not: position-known safe-case"},
    {"n1 crash U:-1 rec Z:-1 | n2 crash U:-1 rec U:90", "", "- n2, not: position-known safe-case"},
    {"n1 crash U:-1 rec U:-1 | n2 crash U:-1 rec U:90", "", "- n2, not: position-known safe-case"},
    {"n1 left U:44 rec U:43 | n2 clean U:44", "mark U:44", "- n2, not: position-known safe-case"},

    /* ---- Data that is not to be trusted ---- */
    {"n1 crash Z:-1 safe1 | n2 clean U:44 | n3 clean U:44", "mark U:44",
     "- n2, not: position-known one-history safe-case"}, /* a wiped disk says that it is safe */
    {"n1 clean Z:-1 safe1", "",
     "- nobody, not: position-known one-history remembered-history candidate "
     "nothing-ahead not-below-served safe-case"},
    {"n1 crash Z:-1 torn rec U:500 | n2 crash U:-1 rec U:90", "mark U:90",
     "- n2, not: position-known one-history safe-case"},
    {"n1 crash Z:-1 inconsistent rec U:500 served U:80 | n2 crash U:-1 rec U:90 | n3 crash U:-1 "
     "rec U:89",
     "mark U:90", "- n2, not: position-known one-history safe-case"},
    {"n1 crash U:-1 inconsistent rec U:500 served U:80 | n2 crash U:-1 rec U:90", "mark U:90",
     "- n2, not: position-known safe-case"}, /* somebody rewrote its file */
    {"n1 crash U:-1 inconsistent rec U:500 served U:91 | n2 crash U:-1 rec U:90", "mark U:90",
     "- n2, not: position-known nothing-ahead safe-case"},
    {"n1 crash U:-1 joining rec U:50 | n2 crash U:-1 rec U:90", "mark U:90",
     "- n2, not: position-known safe-case"},
    {"n1 clean U:90 joining | n2 clean U:90", "mark U:90", "- n2, not: position-known safe-case"},
    {"n1 crash U:-1 sst rec U:90 | n2 crash U:-1 rec U:90", "mark U:90",
     "- n2, not: no-transfer position-known safe-case"},
    {"n1 crash U:-1 sst | n2 crash U:-1", "mark U:90",
     "- nobody, not: no-transfer position-known one-history remembered-history candidate "
     "nothing-ahead "
     "not-below-served safe-case; recover n2"},
    {"n1 clean U:90 sst? | n2 clean U:90", "mark U:90",
     "- n2, not: no-transfer position-known safe-case"},
    {"n1 crash Z:-1 torn sole served U:80 | n2 clean U:90 safe1", "mark U:90",
     "- n2, not: position-known one-history nothing-ahead safe-case"}, /* it served alone, last of all */
    {"n1 crash Z:-1 torn unserved | n2 clean U:90 safe1", "mark U:90",
     "- n2, not: position-known one-history nothing-ahead safe-case"},
    {"n1 crash Z:-1 torn served V:3 | n2 clean U:90 safe1", "mark U:90",
     "- n2, not: position-known one-history nothing-ahead safe-case"},
    {"n1 crash nofile served U:80 | n2 clean U:90 safe1", "mark U:90",
     "- n2, not: position-known one-history safe-case"},

    /* ---- Nodes that are not there to be asked ---- */
    {"n1 clean U:90 | n2 clean U:90 | n3 silent", "mark U:90",
     "- n1, not: no-primary-anywhere all-observed testimony-is-fresh no-transfer position-known "
     "one-history "
     "safe-case"},
    {"n1 clean U:90 | n2 clean U:90 | n3 silent served U:91", "mark U:90",
     "- n1, not: no-primary-anywhere all-observed testimony-is-fresh no-transfer position-known "
     "one-history "
     "nothing-ahead safe-case"},
    {"n1 clean U:90 stale | n2 clean U:90", "mark U:90",
     "A n1, not: all-observed testimony-is-fresh"},
    {"n1 clean U:90 | n2 crash U:90 refused", "mark U:90",
     "- n1, not: all-observed testimony-is-fresh no-transfer position-known one-history safe-case"},
    {"n1 crash U:-1 | n2 crash U:-1 noagent", "mark U:90",
     "- nobody, not: all-observed testimony-is-fresh no-transfer position-known one-history "
     "remembered-history candidate nothing-ahead not-below-served safe-case"},
    {"n1 silent | n2 silent | n3 silent", "isolated",
     "- nobody, not: no-primary-anywhere monitor-sees all-observed testimony-is-fresh no-transfer "
     "position-known one-history remembered-history candidate nothing-ahead not-below-served "
     "safe-case"},
    {"n1 clean U:90 | n2 clean U:90", "mark U:90 isolated", "A n1, not: monitor-sees"},

    /* ---- Nodes that run ---- */
    {"n1 runs U:-1 | n2 clean U:90 | n3 clean U:90", "mark U:90",
     "- n2, not: no-primary-anywhere all-observed position-known safe-case"},
    {"n1 alone U:-1 | n2 crash U:-1 rec U:90", "mark U:90",
     "- n2, not: all-observed position-known safe-case"}, /* pc.bootstrap is for people */
    {"n1 alone U:-1 | n2 crash U:-1", "mark U:90",
     "- nobody, not: all-observed position-known one-history remembered-history candidate "
     "nothing-ahead "
     "not-below-served safe-case"}, /* and nothing is recovered beside it */
    {"n1 joins U:-1 joining | n2 clean U:90", "mark U:90",
     "- n2, not: no-primary-anywhere all-observed position-known safe-case"},

    /* ---- Members that are not configured ---- */
    {"n1 clean U:90 | n2 clean U:90", "mark U:90 others 1 size 3",
     "A n1, not: all-configured"}, /* garbd */
    {"n1 clean U:90 | n2 clean U:90", "mark U:90 others 1", "A n1, not: all-configured"},
    {"n1 clean U:90 | n2 clean U:90", "mark U:90 size 3", "A n1, not: all-configured"},
    {"n1 clean U:90 | n2 clean U:90", "mark U:90 expected 3", "A n1, not: all-configured"},
    {"n1 clean U:90 | n2 clean U:90", "mark U:90 nosize", "A n1, not: all-configured"},

    /* ---- Histories ---- */
    {"n1 clean U:90 | n2 clean V:95 safe1", "mark U:90", "- n1, not: one-history safe-case"},
    {"n1 clean U:90 | n2 clean V:95 safe1", "mark V:95", "- n2, not: one-history safe-case"},
    {"n1 crash U:-1 rec U:90 | n2 crash V:-1 rec V:95", "nomark",
     "- n1, not: one-history remembered-history not-below-served safe-case"},
    {"n1 clean U:90 | n2 clean U:90", "mark V:12",
     "A n1, not: remembered-history not-below-served"},
    {"n1 clean U:90 | n2 clean U:90", "nomark", "A n1, not: remembered-history not-below-served"},
    {"n1 clean U:90 | n2 clean U:90", "mark U:90 split", "A n1, not: no-split-brain"},
    {"n1 crash U:-1 rec U:90 | n2 crash U:-1 rec U:95", "mark U:90 split",
     "C n2, not: no-split-brain"},

    /* ---- Somebody is at work ---- */
    {"n1 clean U:90 maint | n2 clean U:90 maint", "mark U:90", "A n1, not: not-in-maintenance"},
    {"n1 clean U:90 | n2 clean U:90 maint", "mark U:90", "A n1"},

    /* ---- Less than what was served ---- */
    {"n1 clean U:90 | n2 clean U:90", "mark U:91", "A n1, not: not-below-served"},
    {"n1 crash U:-1 rec U:999 | n2 crash U:-1 rec U:998", "mark U:1234",
     "C n1, not: not-below-served"},
    {"n1 clean U:80 | n2 clean U:90 safe1", "mark U:91", "B n2, not: not-below-served"},
    {"n1 clean U:9223372036854775806 | n2 clean U:9223372036854775806",
     "mark U:9223372036854775807", "A n1, not: not-below-served"},

    /* ---- Nobody ---- */
    {"", "mark U:90",
     "- nobody, not: monitor-sees all-configured remembered-history candidate not-below-served "
     "safe-case"},
};

#define SITUATIONS (sizeof situations / sizeof *situations)

Test(bootstrap, each_situation_gets_its_answer)
{
    static struct health_case known;
    static struct health_advice advice;
    char says[1024];

    cr_assert_geq(SITUATIONS, 60);
    for (size_t i = 0; i < SITUATIONS; i++) {
        stage_case(situations[i].nodes, situations[i].around, &known);
        health_advise_bootstrap(&known, &advice);
        stage_answer(&advice, says, sizeof says);
        cr_expect_str_eq(says, situations[i].says, "%s (%s)\n  says:     %s\n  expected: %s",
                         situations[i].nodes, situations[i].around, says, situations[i].says);
    }
}

static const struct health_statement *find(const struct health_advice *advice,
                                           enum health_statement_id id, uint32_t place)
{
    for (uint32_t i = 0; i < advice->count; i++)
        if (advice->preconditions[i].id == id && advice->preconditions[i].place == place)
            return &advice->preconditions[i];
    cr_assert_fail("%s is not stated of %u", health_statement_name(id), place);
    return NULL;
}

Test(bootstrap, every_answer_comes_with_its_evidence_and_age)
{
    static struct health_case known;
    static struct health_advice advice;
    const struct health_statement *said;

    stage_case("n1 crash U:-1 rec U:999 | n2 crash U:-1 rec U:1234 stale", "mark U:1200", &known);
    health_advise_bootstrap(&known, &advice);
    cr_expect_eq(advice.action, HEALTH_ACTION_BOOTSTRAP);
    cr_expect_eq(advice.place, 1);
    cr_expect_eq(advice.position.seqno, 1234);

    said = find(&advice, HEALTH_STATEMENT_POSITION_KNOWN, 0);
    cr_expect_eq(said->answer, HEALTH_ANSWER_YES);
    cr_expect_eq(said->value, 999);
    cr_expect_eq(said->history.hi, stage_history('U').hi);
    cr_expect_eq(said->age_ns, HEALTH_NS_PER_S / 2);
    cr_expect_eq(said->state, HEALTH_STATE_RED_UNCLEAN);

    said = find(&advice, HEALTH_STATEMENT_FRESH, 1);
    cr_expect_eq(said->answer, HEALTH_ANSWER_NO);
    cr_expect_eq(said->age_ns, known.limits->agent_stale_ns);
    cr_expect_eq(said->limit, known.limits->agent_stale_ns);

    said = find(&advice, HEALTH_STATEMENT_NOT_BELOW, 1);
    cr_expect_eq(said->value, 1234);
    cr_expect_eq(said->limit, 1200);
    cr_expect_eq(said->age_ns, known.now_ns - known.memory.served_ns);
}

Test(bootstrap, what_discards_more_is_named)
{
    static struct health_case known;
    static struct health_advice advice;
    const struct health_statement *said;

    stage_case(
        "n1 clean U:90 safe1 | n2 crash Z:-1 torn served U:80 | n3 crash Z:-1 torn served U:91",
        "mark U:90", &known);
    health_advise_bootstrap(&known, &advice);
    said = find(&advice, HEALTH_STATEMENT_NOTHING_AHEAD, 2);
    cr_expect_eq(said->answer, HEALTH_ANSWER_NO);
    cr_expect_eq(said->value, 91);
    cr_expect_eq(said->limit, 90);
}

/* Beyond what cases of an engine show together: each part of a position is asked for by itself. */
Test(bootstrap, every_part_of_a_position_is_needed)
{
    static struct health_case known;
    struct health_case_node *node = &known.nodes[0];
    struct health_position position;

    stage_case("n1 clean U:44", "", &known);
    cr_assert(health_node_position(node, &position));
    cr_expect_eq(position.seqno, 44);
    node->memory.process = HEALTH_PROCESS_RUNNING;
    cr_expect_not(health_node_position(node, &position), "files of a process that runs");

    stage_case("n1 clean U:44", "", &known);
    node->known.state = HEALTH_STATE_RED_UNCLEAN;
    cr_expect_not(health_node_position(node, &position), "a saved position after a crash");
    node->known.state = HEALTH_STATE_UNKNOWN;
    cr_expect_not(health_node_position(node, &position), "a node that may run");

    stage_case("n1 clean Z:44", "", &known);
    cr_expect_not(health_node_position(node, &position), "a saved position without a history");
    stage_case("n1 crash Z:-1 rec Z:44", "", &known);
    cr_expect_not(health_node_position(node, &position), "a recovered one without a history");
}

Test(bootstrap, the_largest_cluster_has_room_for_every_answer)
{
    static struct health_case known;
    static struct health_advice advice;
    char nodes[2048] = "n1 clean U:5";

    for (int i = 1; i < HEALTH_CLUSTER_NODES_MAX; i++)
        strcat(nodes, " | n clean U:5");
    stage_case(nodes, "mark U:5", &known);
    health_advise_bootstrap(&known, &advice);
    cr_expect(advice.allowed);
    cr_expect_eq(advice.count, 11 + 4 * HEALTH_CLUSTER_NODES_MAX);
    known.nodes[HEALTH_CLUSTER_NODES_MAX - 1].memory.taint = HEALTH_TAINT_TORN;
    health_advise_bootstrap(&known, &advice);
    cr_expect_not(advice.allowed);
}
