/*
 * test_observations.c - what no witness can have seen is refused, and changes nothing.
 */
#include "bench.h"

#include <criterion/criterion.h>

Test(observations, refuses_observations_that_make_no_sense_and_changes_nothing)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_observation seen = bench_answer(bench.nodes[0], 5 * MS);
    cr_expect_eq(health_engine_observe(bench.engine, 4 * MS, &seen), HEALTH_EINVAL);
    seen.node = 77;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_ENOENT);
    seen.node = bench.nodes[0];
    seen.witness = HEALTH_WITNESS_COUNT;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_EINVAL);
    seen.witness = HEALTH_WITNESS_PROBE;
    seen.probe.view.ready = 9;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_EINVAL);
    seen.probe.view.ready = HEALTH_ANSWER_YES;
    seen.probe.error = HEALTH_PROBE_ERROR_COUNT;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_EINVAL);
    struct health_observation link = {.at_ns = 5 * MS, .witness = HEALTH_WITNESS_LINK};
    link.link = HEALTH_LINK_COUNT;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &link), HEALTH_EINVAL);
    cr_expect_eq(bench_state(&bench, bench.nodes[0]), HEALTH_STATE_UNKNOWN);
    cr_expect_eq(health_engine_tick(bench.engine, 1 * MS), HEALTH_ETIME);
    bench_end(&bench);
}

static struct health_observation beat(uint32_t node, int64_t at_ns, uint64_t boot, uint64_t seq)
{
    struct health_observation seen = {
        .at_ns = at_ns, .node = node, .witness = HEALTH_WITNESS_AGENT};
    seen.heartbeat = (struct health_heartbeat){
        .boot = {boot << 32, 1}, .seq = seq, .process = HEALTH_PROCESS_RUNNING, .pid = 7};
    return seen;
}

/* Whichever field is out of range, and whether the rest of the beat is news or not: refused, and as if
 * it had not come. */
static void expect_refused(struct bench *bench, const struct health_observation *good)
{
    struct health_observation bad[8];
    struct health_node_snapshot before;
    struct health_node_snapshot after;

    for (int i = 0; i < 8; i++)
        bad[i] = *good;
    bad[0].heartbeat.process = HEALTH_PROCESS_COUNT;
    bad[1].heartbeat.gvwstate = HEALTH_ANSWER_COUNT;
    bad[2].heartbeat.sst_in_progress = UINT8_MAX;
    bad[3].heartbeat.has_local = true;
    bad[3].heartbeat.local.error = HEALTH_PROBE_ERROR_COUNT;
    bad[4].heartbeat.has_local = bad[4].heartbeat.local.ok = bad[4].heartbeat.local.has_view = true;
    bad[4].heartbeat.local.view.component = HEALTH_COMPONENT_COUNT;
    bad[5].heartbeat.has_local = bad[5].heartbeat.local.ok = bad[5].heartbeat.local.has_view = true;
    bad[5].heartbeat.local.view.gathering = HEALTH_ANSWER_COUNT;
    bad[6].heartbeat.exit_kind = HEALTH_EXIT_SIGNAL + 1;
    bad[7].heartbeat.grastate.safe_to_bootstrap = HEALTH_ANSWER_COUNT;
    health_node_snapshot(bench->engine, good->node, &before);
    for (int i = 0; i < 8; i++) {
        bad[i].heartbeat.seq = good->heartbeat.seq + 100;
        cr_expect_eq(health_engine_observe(bench->engine, good->at_ns, &bad[i]), HEALTH_EINVAL,
                     "%d", i);
    }
    health_node_snapshot(bench->engine, good->node, &after);
    cr_expect_eq(after.state, before.state);
    cr_expect_eq(after.transitions, before.transitions);
}

/* A good one is taken after all that were refused, although their numbers were higher. */
static void expect_taken(struct bench *bench, const struct health_observation *good)
{
    struct health_engine_counters before;
    struct health_engine_counters after;

    health_engine_counters(bench->engine, &before);
    cr_expect_eq(health_engine_observe(bench->engine, good->at_ns, good), HEALTH_OK);
    health_engine_counters(bench->engine, &after);
    cr_expect_eq(after.stale, before.stale);
}

Test(observations, refuses_heartbeats_that_make_no_sense)
{
    struct bench bench = bench_begin_with_cluster();
    uint32_t node = bench.nodes[0];

    /* the first, and a new boot's while its probe is answered */
    struct health_observation seen = beat(node, 5 * MS, 7, 1);
    expect_refused(&bench, &seen);
    expect_taken(&bench, &seen);
    bench_answer_all(&bench, 10 * MS);
    seen = beat(node, 15 * MS, 7, 2);
    expect_taken(&bench, &seen);
    seen = beat(node, 25 * MS, 8, 1);
    expect_refused(&bench, &seen);
    expect_taken(&bench, &seen);
    /* of a process that is gone: how it ended is looked up by these fields */
    seen = beat(node, 30 * MS, 8, 2);
    seen.heartbeat.process = HEALTH_PROCESS_STOPPED;
    expect_refused(&bench, &seen);
    expect_taken(&bench, &seen);
    seen.heartbeat.seq = 3;
    expect_refused(&bench, &seen);
    expect_taken(&bench, &seen);
    bench_end(&bench);
}

Test(observations, refuses_heartbeats_that_make_no_sense_where_all_else_repeats)
{
    struct bench bench = bench_begin_with_cluster();
    uint32_t node = bench.nodes[0];
    struct health_observation seen = beat(node, 5 * MS, 7, 1);

    expect_taken(&bench, &seen);
    bench_answer_all(&bench, 10 * MS);
    seen = beat(node, 15 * MS, 7, 2);
    expect_taken(&bench, &seen);
    seen = beat(node, 20 * MS, 7, 3);
    expect_refused(&bench, &seen);
    expect_taken(&bench, &seen);
    /* also where its agent is answered, so that a view of its own repeats as well */
    seen = beat(node, 25 * MS, 7, 4);
    seen.heartbeat.has_local = true;
    seen.heartbeat.local = bench_answer(node, 25 * MS).probe;
    expect_taken(&bench, &seen);
    seen.heartbeat.seq = 5;
    expect_refused(&bench, &seen);
    expect_taken(&bench, &seen);
    bench_end(&bench);
}

Test(observations, refuses_round_trips_that_are_no_round_trips)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_observation seen = bench_answer(bench.nodes[0], 5 * MS);
    seen.probe.rtt_ns = -1;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_EINVAL);
    seen.probe.rtt_ns = 40 * DAY;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_EINVAL);
    cr_expect_eq(bench_state(&bench, bench.nodes[0]), HEALTH_STATE_UNKNOWN);
    bench_answer_all(&bench, 10 * MS);
    seen.at_ns = 20 * MS; /* and when the answer says what is known already */
    cr_expect_eq(health_engine_observe(bench.engine, 20 * MS, &seen), HEALTH_EINVAL);
    seen.probe.rtt_ns = -1;
    cr_expect_eq(health_engine_observe(bench.engine, 20 * MS, &seen), HEALTH_EINVAL);
    bench_end(&bench);
}

/* Each answer of a view by itself, whatever the others are. */
Test(observations, refuses_a_view_for_any_of_its_answers)
{
    static const uint8_t none[] = {HEALTH_ANSWER_COUNT, 0x7f, 0x80, 0x83, UINT8_MAX};
    struct bench bench = bench_begin_with_cluster();
    struct health_observation seen = bench_answer(bench.nodes[0], 5 * MS);
    struct health_view *view = &seen.probe.view;
    uint8_t *answers[] = {&view->ready,       &view->connected, &view->rejects,
                          &view->desync,      &view->read_only, &view->donor_rejects,
                          &view->maintenance, &view->gathering};

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        for (size_t k = 0; k < sizeof none; k++) {
            uint8_t was = *answers[i];
            *answers[i] = none[k];
            cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_EINVAL,
                         "%zu %u", i, none[k]);
            *answers[i] = was;
        }
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        *answers[i] = HEALTH_ANSWER_NO;
    cr_expect_eq(health_engine_observe(bench.engine, 5 * MS, &seen), HEALTH_OK);
    bench_end(&bench);
}

Test(observations, refuses_answers_that_make_no_sense_whatever_is_known)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_observation seen = bench_answer(bench.nodes[0], 20 * MS);

    seen.probe.view.gathering = HEALTH_ANSWER_COUNT;
    cr_expect_eq(health_engine_observe(bench.engine, 20 * MS, &seen), HEALTH_EINVAL, "news");
    bench_answer_all(&bench, 20 * MS);
    cr_expect_eq(health_engine_observe(bench.engine, 20 * MS, &seen), HEALTH_EINVAL, "no news");
    seen.at_ns = 10 * MS;
    cr_expect_eq(health_engine_observe(bench.engine, 20 * MS, &seen), HEALTH_EINVAL, "overtaken");
    bench_end(&bench);
}

Test(observations, ignores_an_observation_from_weeks_ago)
{
    static const int64_t ages[] = {31 * HEALTH_NS_PER_S, 20 * DAY, 30 * DAY, 60 * DAY};
    struct bench bench = bench_begin_with_cluster();
    struct health_engine_counters counters;

    cr_assert_eq(health_engine_tick(bench.engine, 60 * DAY), HEALTH_OK);
    for (size_t i = 0; i < 4; i++) {
        struct health_observation seen = bench_answer(bench.nodes[0], 60 * DAY - ages[i]);
        cr_expect_eq(health_engine_observe(bench.engine, 60 * DAY, &seen), HEALTH_OK);
        cr_expect_eq(bench_state(&bench, bench.nodes[0]), HEALTH_STATE_UNKNOWN, "%zu", i);
    }
    health_engine_counters(bench.engine, &counters);
    cr_expect_eq(counters.stale, 4);
    bench_end(&bench);
}
