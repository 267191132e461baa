/*
 * bench.c - see bench.h.
 */
#include "bench.h"

#include <criterion/criterion.h>

struct bench bench_begin(uint32_t nodes, uint32_t clusters)
{
    struct bench bench = {.engine = NULL};
    const struct health_cadence cadence = {100 * MS, 500 * MS, 200 * MS};
    const struct health_queue_options line = {
        .subjects = nodes + clusters, .capacity = nodes + clusters, .epoch = 9};
    cr_assert_eq(health_limits_derive(&cadence, &bench.limits), HEALTH_OK);
    cr_assert_eq(health_queue_create(&line, &bench.queue), HEALTH_OK);
    const struct health_engine_options options = {.nodes = nodes,
                                                  .clusters = clusters,
                                                  .limits = &bench.limits,
                                                  .ruleset = &health_rules_galera,
                                                  .queues = {bench.queue}};
    cr_assert_eq(health_engine_create(&options, &bench.engine), HEALTH_OK);
    return bench;
}

struct bench bench_begin_with_cluster(void)
{
    struct bench bench = bench_begin(8, 2);
    cr_assert_eq(health_cluster_add(bench.engine, 0, 3, &bench.cluster), HEALTH_OK);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(health_node_add(bench.engine, 0, bench.cluster, &bench.nodes[i]), HEALTH_OK);
    return bench;
}

void bench_end(struct bench *bench)
{
    health_engine_destroy(bench->engine);
    health_queue_destroy(bench->queue);
}

struct health_observation bench_answer(uint32_t node, int64_t at_ns)
{
    struct health_observation seen = {
        .at_ns = at_ns, .node = node, .witness = HEALTH_WITNESS_PROBE};
    seen.probe.ok = seen.probe.has_view = true;
    seen.probe.view = (struct health_view){
        .state_uuid = {UINT64_C(0xabcdef0100000001), 2},
        .gcomm_uuid = {node + 1, 7},
        .conf_id = 5,
        .size = 3,
        .weight = -1,
        .last_committed = -1,
        .component = HEALTH_COMPONENT_PRIMARY,
        .local_state = HEALTH_LOCAL_SYNCED,
        .ready = HEALTH_ANSWER_YES,
        .connected = HEALTH_ANSWER_YES,
    };
    return seen;
}

void bench_answer_all(struct bench *bench, int64_t now_ns)
{
    for (int i = 0; i < 3; i++) {
        struct health_observation seen = bench_answer(bench->nodes[i], now_ns);
        cr_assert_eq(health_engine_observe(bench->engine, now_ns, &seen), HEALTH_OK);
    }
}

enum health_state bench_state(const struct bench *bench, uint32_t node)
{
    struct health_node_snapshot snapshot;
    cr_assert_eq(health_node_snapshot(bench->engine, node, &snapshot), HEALTH_OK);
    return snapshot.state;
}

void bench_run_to(struct bench *bench, int64_t now_ns)
{
    while (health_engine_deadline(bench->engine) < now_ns)
        cr_assert_eq(health_engine_tick(bench->engine, health_engine_deadline(bench->engine)),
                     HEALTH_OK);
    cr_assert_eq(health_engine_tick(bench->engine, now_ns), HEALTH_OK);
}
