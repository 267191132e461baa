/*
 * test_engine.c - the engine's own promises: limits, errors, coming and going, time.
 */
#include "bench.h"

#include <criterion/criterion.h>

Test(engine, refuses_options_out_of_range)
{
    struct bench bench = bench_begin(1, 1);
    struct health_engine *engine = NULL;
    struct health_engine_options options = {
        .nodes = 0, .clusters = 1, .limits = &bench.limits, .ruleset = &health_rules_galera};
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    cr_expect_eq(health_engine_bytes(&options), 0);
    options.nodes = 1;
    options.clusters = UINT32_MAX;
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    options.clusters = 1;
    options.ruleset = NULL;
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    options.ruleset = &health_rules_galera;
    bench.limits.settle_ns = -1;
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    cr_expect_null(engine);
    health_engine_destroy(NULL);
    bench_end(&bench);
}

Test(engine, refuses_limits_that_contradict_each_other)
{
    struct bench bench = bench_begin(1, 1);
    struct health_engine *engine = NULL;
    struct health_limits good = bench.limits;
    const struct health_engine_options options = {
        .nodes = 1, .clusters = 1, .limits = &bench.limits, .ruleset = &health_rules_galera};

    bench.limits.view_hold_ns = good.view_stale_ns + 1;
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    bench.limits = good;
    bench.limits.settle_ns = good.leave_wait_ns + 1;
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    bench.limits = good;
    bench.limits.leave_window_ns = good.evict_min_ns + 1;
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    bench.limits = good;
    bench.limits.evict_min_ns = good.evict_max_ns + 1;
    cr_expect_eq(health_engine_create(&options, &engine), HEALTH_EINVAL);
    cr_expect_null(engine);
    cr_expect_eq(health_engine_bytes(&options), 0);
    bench_end(&bench);
}

/* What is derived never contradicts itself, whatever the cadence. */
Test(engine, takes_the_limits_of_any_cadence)
{
    static const int64_t times_ms[] = {1, 20, 100, 500, 1250, 5000, 60000, 3600000};
    const size_t count = sizeof times_ms / sizeof *times_ms;

    for (size_t i = 0; i < count * count * count; i++) {
        struct health_limits limits;
        const struct health_cadence cadence = {times_ms[i % count] * MS,
                                               times_ms[i / count % count] * MS,
                                               times_ms[i / count / count] * MS};
        const struct health_engine_options options = {
            .nodes = 1, .clusters = 1, .limits = &limits, .ruleset = &health_rules_galera};
        cr_assert_eq(health_limits_derive(&cadence, &limits), HEALTH_OK);
        cr_expect_gt(health_engine_bytes(&options), 0, "%lld %lld %lld",
                     (long long)(cadence.probe_interval_ns / MS),
                     (long long)(cadence.probe_timeout_ns / MS),
                     (long long)(cadence.heartbeat_interval_ns / MS));
    }
}

Test(engine, keeps_to_its_capacities)
{
    struct bench bench = bench_begin(3, 1);
    uint32_t cluster;
    uint32_t other;
    uint32_t node;
    cr_expect_eq(health_cluster_add(bench.engine, 0, 0, &cluster), HEALTH_EINVAL);
    cr_expect_eq(health_cluster_add(bench.engine, 0, 3, &cluster), HEALTH_OK);
    cr_expect_eq(health_cluster_add(bench.engine, 0, 3, &other), HEALTH_ELIMIT);
    cr_expect_eq(health_node_add(bench.engine, 0, cluster + 1, &node), HEALTH_ENOENT);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(health_node_add(bench.engine, 0, cluster, &node), HEALTH_OK);
    cr_expect_eq(health_node_add(bench.engine, 0, cluster, &node), HEALTH_ELIMIT);
    cr_expect_eq(health_node_remove(bench.engine, 0, node), HEALTH_OK);
    cr_expect_eq(health_node_remove(bench.engine, 0, node), HEALTH_ENOENT);
    cr_expect_eq(health_node_add(bench.engine, 0, cluster, &node), HEALTH_OK);
    bench_end(&bench);
}

Test(engine, a_cluster_has_at_most_so_many_nodes)
{
    struct bench bench = bench_begin(64, 1);
    uint32_t node;
    cr_assert_eq(health_cluster_add(bench.engine, 0, 3, &bench.cluster), HEALTH_OK);
    for (int i = 0; i < HEALTH_CLUSTER_NODES_MAX; i++)
        cr_assert_eq(health_node_add(bench.engine, 0, bench.cluster, &node), HEALTH_OK);
    cr_expect_eq(health_node_add(bench.engine, 0, bench.cluster, &node), HEALTH_ELIMIT);
    bench_end(&bench);
}

Test(engine, an_empty_cluster_is_unknown)
{
    struct bench bench = bench_begin(8, 2);
    struct health_cluster_snapshot cluster;
    cr_assert_eq(health_cluster_add(bench.engine, 0, 3, &bench.cluster), HEALTH_OK);
    cr_assert_eq(health_cluster_expect(bench.engine, 0, bench.cluster, 2), HEALTH_OK);
    health_cluster_snapshot(bench.engine, bench.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_UNKNOWN);
    cr_assert_eq(health_node_add(bench.engine, 0, bench.cluster, &bench.nodes[0]), HEALTH_OK);
    struct health_observation seen = bench_answer(bench.nodes[0], 5 * MS);
    health_engine_observe(bench.engine, 5 * MS, &seen);
    cr_assert_eq(health_node_remove(bench.engine, 10 * MS, bench.nodes[0]), HEALTH_OK);
    health_cluster_snapshot(bench.engine, bench.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_UNKNOWN);
    bench_end(&bench);
}

/* Member lists are kept by the places of nodes in the cluster, which move up when one is removed. */
Test(engine, a_member_list_is_learnt_anew_when_a_node_is_removed)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_member members[2] = {{{1, 7}, HEALTH_NODE_NONE}, {{2, 7}, HEALTH_NODE_NONE}};
    int64_t now_ns = 0;

    for (int turn = 0; turn < 40; turn++) {
        if (turn == 20)
            cr_assert_eq(health_node_remove(bench.engine, now_ns, bench.nodes[0]), HEALTH_OK);
        now_ns += 100 * MS;
        bench_run_to(&bench, now_ns);
        for (int i = turn < 20 ? 0 : 1; i < 3; i++) {
            struct health_observation seen = bench_answer(bench.nodes[i], now_ns);
            seen.probe.view.size = 2;
            seen.probe.view.member_count = 2;
            seen.probe.view.members = members;
            if (i == 2) /* its port is closed, and it is in no list */
                seen.probe = (struct health_probe){.error = HEALTH_PROBE_REFUSED};
            cr_assert_eq(health_engine_observe(bench.engine, now_ns, &seen), HEALTH_OK);
        }
    }
    cr_expect_eq(bench_state(&bench, bench.nodes[1]), HEALTH_STATE_GREEN);
    cr_expect_eq(bench_state(&bench, bench.nodes[2]), HEALTH_STATE_RED_UNCLEAN);
    bench_end(&bench);
}

/* A third node is added while it joins: a state transfer keeps its port closed, and its peers, who count
 * it, have named a stranger until then. The second peer answers, or denies us. */
static struct bench add_a_joiner(bool second_answers)
{
    struct bench bench = bench_begin(3, 1);
    struct health_member members[3] = {{{1, 7}, 0}, {{2, 7}, 1}, {{3, 7}, HEALTH_NODE_NONE}};
    int64_t now_ns = 0;

    cr_assert_eq(health_cluster_add(bench.engine, 0, 3, &bench.cluster), HEALTH_OK);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(health_node_add(bench.engine, 0, bench.cluster, &bench.nodes[i]), HEALTH_OK);
    for (int turn = 0; turn < 40; turn++) {
        if (turn == 20) {
            cr_assert_eq(health_node_add(bench.engine, now_ns, bench.cluster, &bench.nodes[2]),
                         HEALTH_OK);
            members[2].node = bench.nodes[2];
        }
        now_ns += 100 * MS;
        bench_run_to(&bench, now_ns);
        for (int i = 0; i < (turn < 20 ? 2 : 3); i++) {
            struct health_observation seen = bench_answer(bench.nodes[i], now_ns);
            seen.probe.view.member_count = 3;
            seen.probe.view.members = members;
            if (i == 1 && !second_answers)
                seen.probe = (struct health_probe){.error = HEALTH_PROBE_AUTH};
            if (i == 2)
                seen.probe = (struct health_probe){.error = HEALTH_PROBE_REFUSED};
            cr_assert_eq(health_engine_observe(bench.engine, now_ns, &seen), HEALTH_OK);
        }
    }
    return bench;
}

Test(engine, a_member_list_is_learnt_anew_when_a_node_is_added)
{
    struct bench bench = add_a_joiner(false);
    cr_expect_eq(bench_state(&bench, bench.nodes[0]), HEALTH_STATE_GREEN);
    cr_expect_eq(bench_state(&bench, bench.nodes[2]), HEALTH_STATE_UNKNOWN);
    bench_end(&bench);
}

Test(engine, a_node_that_is_added_while_it_joins_is_not_taken_for_an_arbitrator_and_dead)
{
    struct bench bench = add_a_joiner(true);
    cr_expect_eq(bench_state(&bench, bench.nodes[1]), HEALTH_STATE_GREEN);
    cr_expect_eq(bench_state(&bench, bench.nodes[2]), HEALTH_STATE_UNKNOWN);
    bench_end(&bench);
}

Test(engine, nodes_come_and_go_and_the_colour_follows)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_cluster_snapshot cluster;
    bench_answer_all(&bench, 10 * MS);
    health_cluster_snapshot(bench.engine, bench.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_GREEN);
    cr_expect_eq(cluster.conf_id, 5);
    cr_expect_eq(cluster.state_uuid_head, 0xabcdef01);
    cr_expect_eq(cluster.can_lose, 1);
    cr_expect_eq(health_node_remove(bench.engine, 20 * MS, bench.nodes[1]), HEALTH_OK);
    health_cluster_snapshot(bench.engine, bench.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_YELLOW);
    cr_expect_eq(health_cluster_expect(bench.engine, 30 * MS, bench.cluster, 2), HEALTH_OK);
    health_cluster_snapshot(bench.engine, bench.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_GREEN);
    cr_expect_eq(health_cluster_remove(bench.engine, bench.cluster), HEALTH_OK);
    cr_expect_eq(health_cluster_snapshot(bench.engine, bench.cluster, &cluster), HEALTH_ENOENT);
    bench_end(&bench);
}

Test(engine, versions_go_on_when_a_number_is_used_again)
{
    struct bench bench = bench_begin_with_cluster();
    uint32_t seen[16] = {0};
    for (int turn = 0; turn < 5; turn++) {
        struct health_report report;
        bench_answer_all(&bench, (10 + turn) * MS);
        while (health_queue_pop(bench.queue, &report)) {
            cr_expect_gt(report.version, seen[report.subject]);
            cr_expect_eq(report.missed, report.version - seen[report.subject] - 1);
            seen[report.subject] = report.version;
        }
        cr_assert_eq(health_cluster_remove(bench.engine, bench.cluster), HEALTH_OK);
        cr_assert_eq(health_cluster_add(bench.engine, (10 + turn) * MS, 3, &bench.cluster),
                     HEALTH_OK);
        for (int i = 0; i < 3; i++)
            cr_assert_eq(
                health_node_add(bench.engine, (10 + turn) * MS, bench.cluster, &bench.nodes[i]),
                HEALTH_OK);
    }
    bench_end(&bench);
}

Test(engine, a_node_that_takes_a_former_ones_number_knows_nothing_of_it)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_node_snapshot node;
    bench_answer_all(&bench, 10 * MS);
    cr_assert_eq(health_node_remove(bench.engine, 20 * MS, bench.nodes[2]), HEALTH_OK);
    cr_assert_eq(health_node_add(bench.engine, 20 * MS, bench.cluster, &bench.nodes[2]), HEALTH_OK);
    cr_assert_eq(health_node_snapshot(bench.engine, bench.nodes[2], &node), HEALTH_OK);
    cr_expect_eq(node.state, HEALTH_STATE_UNKNOWN);
    cr_expect_eq(node.transitions, 0);
    cr_expect_eq(node.since_ns, 20 * MS);
    bench_end(&bench);
}

/* 200 days: the engine's own clock of 32-bit milliseconds wraps four times. */
Test(engine, the_clock_may_wrap)
{
    struct health_limits limits;
    const struct health_cadence cadence = {600 * HEALTH_NS_PER_S, 600 * HEALTH_NS_PER_S,
                                           600 * HEALTH_NS_PER_S};
    struct health_engine *engine;
    uint32_t cluster;
    uint32_t nodes[3];
    struct health_node_snapshot node;

    cr_assert_eq(health_limits_derive(&cadence, &limits), HEALTH_OK);
    uint64_t beats = 0;
    limits.pulse_ns = limits.stall_ns = 300 * HEALTH_NS_PER_S;
    const struct health_engine_options options = {
        .nodes = 3, .clusters = 1, .limits = &limits, .ruleset = &health_rules_galera};
    cr_assert_eq(health_engine_create(&options, &engine), HEALTH_OK);
    health_cluster_add(engine, 0, 3, &cluster);
    for (int i = 0; i < 3; i++)
        health_node_add(engine, 0, cluster, &nodes[i]);
    for (int64_t now_ns = 0; now_ns < 200 * DAY; now_ns += 300 * HEALTH_NS_PER_S) {
        struct health_observation seen = bench_answer(nodes[0], now_ns);
        seen.probe.view.size = 1;
        cr_assert_eq(health_engine_tick(engine, now_ns), HEALTH_OK);
        cr_assert_eq(health_engine_observe(engine, now_ns, &seen), HEALTH_OK);
        seen = bench_answer(nodes[1], now_ns);
        seen.probe = (struct health_probe){.error = HEALTH_PROBE_REFUSED};
        cr_assert_eq(health_engine_observe(engine, now_ns, &seen), HEALTH_OK);
        seen.node = nodes[2]; /* its port is closed all the time, and its agent sees the process */
        cr_assert_eq(health_engine_observe(engine, now_ns, &seen), HEALTH_OK);
        seen.witness = HEALTH_WITNESS_AGENT;
        seen.heartbeat = (struct health_heartbeat){
            .boot = {5, 5}, .seq = ++beats, .pid = 9, .process = HEALTH_PROCESS_STARTING};
        cr_assert_eq(health_engine_observe(engine, now_ns, &seen), HEALTH_OK);
        health_node_snapshot(engine, nodes[2], &node);
        if (now_ns > 4 * limits.agent_wait_ns)
            cr_assert_eq(node.state, HEALTH_STATE_YELLOW, "day %lld", (long long)(now_ns / DAY));
        health_node_snapshot(engine, nodes[0], &node);
        cr_assert_eq(node.state, HEALTH_STATE_GREEN, "day %lld", (long long)(now_ns / DAY));
        health_node_snapshot(engine, nodes[1], &node);
        if (now_ns > 4 * limits.agent_wait_ns)
            cr_assert_eq(node.state, HEALTH_STATE_RED_UNCLEAN, "day %lld",
                         (long long)(now_ns / DAY));
    }
    cr_expect_leq(node.transitions, 2);
    health_engine_destroy(engine);
}

Test(engine, being_called_late_makes_nobody_older)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_engine_counters counters;
    bench_answer_all(&bench, 10 * MS);
    cr_assert_eq(health_engine_tick(bench.engine, 10 * MS + DAY), HEALTH_OK);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(bench_state(&bench, bench.nodes[i]), HEALTH_STATE_GREEN);
    /* A timeout that was measured across it does not count; one of afterwards does. */
    struct health_observation silent = {
        .at_ns = 20 * MS + DAY, .node = bench.nodes[0], .witness = HEALTH_WITNESS_PROBE};
    silent.probe.error = HEALTH_PROBE_TIMEOUT;
    silent.probe.rtt_ns = 500 * MS;
    health_engine_observe(bench.engine, silent.at_ns, &silent);
    cr_expect_eq(bench_state(&bench, bench.nodes[0]), HEALTH_STATE_GREEN);
    silent.at_ns += 600 * MS;
    bench_run_to(&bench, silent.at_ns);
    health_engine_observe(bench.engine, silent.at_ns, &silent);
    cr_expect_eq(bench_state(&bench, bench.nodes[0]), HEALTH_STATE_UNKNOWN);
    health_engine_counters(bench.engine, &counters);
    cr_expect_eq(counters.voided, 1);
    cr_expect_eq(counters.stalls, 1);
    bench_end(&bench);
}

Test(engine, its_deadline_is_never_past_and_never_far)
{
    struct bench bench = bench_begin_with_cluster();
    int64_t now_ns = 0;
    bench_answer_all(&bench, 0);
    for (int i = 0; i < 10000; i++) {
        int64_t deadline_ns = health_engine_deadline(bench.engine);
        cr_assert_geq(deadline_ns, now_ns);
        cr_assert_leq(deadline_ns, now_ns + bench.limits.pulse_ns);
        now_ns = deadline_ns;
        cr_assert_eq(health_engine_tick(bench.engine, now_ns), HEALTH_OK);
    }
    cr_expect_gt(now_ns, 100 * HEALTH_NS_PER_S);
    cr_expect_eq(bench_state(&bench, bench.nodes[0]),
                 HEALTH_STATE_UNKNOWN); /* nobody spoke any more */
    bench_end(&bench);
}

Test(engine, why_gives_the_state_that_is_believed)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_why why;
    bench_answer_all(&bench, 10 * MS);
    cr_assert_eq(health_engine_why(bench.engine, bench.nodes[1], &why), HEALTH_OK);
    cr_expect_eq(why.node.state, HEALTH_STATE_GREEN);
    cr_expect_eq(why.answers[HEALTH_QUESTION_RUNNING], HEALTH_ANSWER_YES);
    cr_expect_eq(why.answers[HEALTH_QUESTION_MEMBER], HEALTH_ANSWER_YES);
    cr_expect_eq(why.rules[HEALTH_QUESTION_MEMBER]->reason, why.node.reason);
    cr_expect_gt(why.change_count, 3);
    for (uint32_t i = 0; i < why.change_count; i++)
        cr_expect_neq(why.changes[i].state, why.node.state);
    cr_expect_eq(health_engine_why(bench.engine, 77, &why), HEALTH_ENOENT);
    bench_end(&bench);
}

Test(engine, why_looks_for_changes_from_the_facts_it_tells)
{
    struct bench bench = bench_begin_with_cluster();
    struct health_why why;

    bench_answer_all(&bench, 10 * MS);
    for (int64_t now_ns = 110 * MS; now_ns < 5000 * MS; now_ns += 100 * MS) { /* without a tick */
        struct health_observation seen = bench_answer(bench.nodes[1], now_ns);
        cr_assert_eq(health_engine_observe(bench.engine, now_ns, &seen), HEALTH_OK);
    }
    cr_assert_eq(health_engine_why(bench.engine, bench.nodes[0], &why), HEALTH_OK);
    cr_expect_eq(why.node.state, HEALTH_STATE_GREEN);
    cr_expect_eq(why.answers[HEALTH_QUESTION_RUNNING], HEALTH_ANSWER_NOT_KNOWN);
    cr_expect_gt(why.change_count, 0);
    for (uint32_t i = 0; i < why.change_count; i++)
        cr_expect_neq(why.changes[i].state, HEALTH_STATE_UNKNOWN);
    bench_end(&bench);
}

/* Turns of 100 ms: the first `up` nodes answer from this view, and the third, if it is down, refuses. */
static int64_t bench_turns(struct bench *bench, int64_t now_ns, int turns, uint64_t conf_id, int up,
                           int known)
{
    for (int turn = 0; turn < turns; turn++) {
        now_ns += 100 * MS;
        bench_run_to(bench, now_ns);
        for (int i = 0; i < known; i++) {
            struct health_observation seen = bench_answer(bench->nodes[i], now_ns);
            seen.probe.view.conf_id = conf_id;
            seen.probe.view.size = conf_id == 6 ? 2 : 3;
            if (i >= up)
                seen.probe = (struct health_probe){.error = HEALTH_PROBE_REFUSED};
            cr_assert_eq(health_engine_observe(bench->engine, now_ns, &seen), HEALTH_OK);
        }
    }
    return now_ns;
}

Test(engine, a_member_that_is_configured_late_is_no_arbitrator_that_may_come_back)
{
    struct bench bench = bench_begin(3, 1);
    int64_t now_ns = 0;

    cr_assert_eq(health_cluster_add(bench.engine, 0, 3, &bench.cluster), HEALTH_OK);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(health_node_add(bench.engine, 0, bench.cluster, &bench.nodes[i]), HEALTH_OK);
    now_ns = bench_turns(&bench, now_ns, 20, 5, 2, 2); /* who is the third member? */
    cr_assert_eq(health_node_add(bench.engine, now_ns, bench.cluster, &bench.nodes[2]), HEALTH_OK);
    now_ns = bench_turns(&bench, now_ns, 20, 5, 3, 3);
    now_ns = bench_turns(&bench, now_ns, 40, 6, 2, 3); /* it dies */
    now_ns = bench_turns(&bench, now_ns, 40, 7, 2, 3); /* and joins again */
    cr_expect_eq(bench_state(&bench, bench.nodes[2]), HEALTH_STATE_YELLOW);
    bench_end(&bench);
}

static struct health_node_snapshot node_of(const struct bench *bench, int i)
{
    struct health_node_snapshot node;
    cr_assert_eq(health_node_snapshot(bench->engine, bench->nodes[i], &node), HEALTH_OK);
    return node;
}

Test(engine, a_maintained_node_keeps_its_state_and_gets_no_clients)
{
    struct bench bench = bench_begin_with_cluster();
    bench_answer_all(&bench, 10 * MS);
    struct health_node_snapshot before = node_of(&bench, 0);
    cr_assert_eq(before.routable, HEALTH_ANSWER_YES);
    cr_assert(!before.maintained);

    for (int again = 0; again < 2; again++)
        cr_assert_eq(health_node_maintain(bench.engine, 20 * MS, bench.nodes[0], true), HEALTH_OK);
    bench_answer_all(&bench, 30 * MS); /* which does not give it back */
    struct health_node_snapshot during = node_of(&bench, 0);
    cr_expect(during.maintained);
    cr_expect_eq(during.state, HEALTH_STATE_GREEN);
    cr_expect_eq(during.reason, before.reason);
    cr_expect_eq(during.since_ns, before.since_ns);
    cr_expect_eq(during.routable, HEALTH_ANSWER_NO);
    cr_expect_eq(during.routable_reason, HEALTH_REASON_MAINTENANCE);
    cr_expect_eq(during.version, before.version + 1, "one report, and not one each time");
    cr_expect_eq(node_of(&bench, 1).routable, HEALTH_ANSWER_YES);

    cr_assert_eq(health_node_maintain(bench.engine, 40 * MS, bench.nodes[0], false), HEALTH_OK);
    struct health_node_snapshot after = node_of(&bench, 0);
    cr_expect(!after.maintained);
    cr_expect_eq(after.routable, HEALTH_ANSWER_YES);
    cr_expect_eq(after.version, before.version + 2);
    bench_end(&bench);
}

Test(engine, maintenance_outlives_a_crash_and_ends_with_the_node)
{
    struct bench bench = bench_begin_with_cluster();
    uint32_t node;
    struct health_observation refused = {
        .at_ns = 5000 * MS, .node = bench.nodes[0], .witness = HEALTH_WITNESS_PROBE};
    refused.probe.error = HEALTH_PROBE_REFUSED;

    uint32_t version = node_of(&bench, 0).version;
    cr_assert_eq(health_node_maintain(bench.engine, 0, bench.nodes[0], true), HEALTH_OK);
    cr_expect_eq(node_of(&bench, 0).version, version, "what is Unknown stays so");
    bench_answer_all(&bench, 10 * MS);
    cr_expect_eq(node_of(&bench, 0).routable_reason, HEALTH_REASON_MAINTENANCE);
    bench_run_to(&bench, 5000 * MS);
    cr_assert_eq(health_engine_observe(bench.engine, 5000 * MS, &refused), HEALTH_OK);
    bench_run_to(&bench, 5500 * MS);
    cr_expect_eq(bench_state(&bench, bench.nodes[0]), HEALTH_STATE_RED_UNCLEAN);
    cr_expect(node_of(&bench, 0).maintained);
    bench_answer_all(&bench, 6000 * MS);
    cr_expect_eq(node_of(&bench, 0).state, HEALTH_STATE_GREEN);
    cr_expect_eq(node_of(&bench, 0).routable_reason, HEALTH_REASON_MAINTENANCE);

    cr_assert_eq(health_node_remove(bench.engine, 6001 * MS, bench.nodes[0]), HEALTH_OK);
    cr_expect_eq(health_node_maintain(bench.engine, 6001 * MS, bench.nodes[0], true),
                 HEALTH_ENOENT);
    cr_assert_eq(health_node_add(bench.engine, 6002 * MS, bench.cluster, &node), HEALTH_OK);
    cr_assert_eq(node, bench.nodes[0]);
    cr_expect(!node_of(&bench, 0).maintained);
    cr_expect_eq(health_node_maintain(bench.engine, 0, node, true), HEALTH_ETIME);
    bench_end(&bench);
}
