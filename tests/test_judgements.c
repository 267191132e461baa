/*
 * test_judgements.c - judging again without news changes nothing, whatever has been seen.
 *
 * Random observations, each valid by itself and together as contradictory as can be: views of several
 * histories and sizes, ids that go back, agents that see another process, old answers, silences. That a
 * cluster's expected size is what it was is no news, and has it judged.
 */
#include "bench.h"
#include "random.h"

#include <assert.h>
#include <criterion/criterion.h>
#include <string.h>

#define NODES_MAX 5u
#define RUNS 150
#define STEPS 1000

struct chaos {
    struct bench bench;
    uint64_t seed;
    int64_t now_ns;
    uint32_t count;
    uint32_t conf; /* about which the views' ids are spread */
    uint64_t beats;
    struct health_member members[NODES_MAX];
};

/* What is believed of all nodes and of the cluster. */
struct picture {
    struct health_cluster_snapshot cluster;
    struct health_node_snapshot nodes[NODES_MAX];
};

static uint32_t below(struct chaos *chaos, uint32_t bound)
{
    assert(bound > 0);
    return (uint32_t)random_below(&chaos->seed, bound);
}

/* Mostly `usual`, in one of `odds` any of the others. */
static uint8_t mostly(struct chaos *chaos, uint32_t usual, uint32_t odds, uint32_t count)
{
    return (uint8_t)(below(chaos, odds) ? usual : below(chaos, count));
}

static void random_members(struct chaos *chaos, struct health_view *view)
{
    view->member_count = (uint8_t)(1 + below(chaos, NODES_MAX));
    view->members = chaos->members;
    for (unsigned i = 0; i < view->member_count; i++)
        chaos->members[i] = (struct health_member){
            .gcomm_uuid = {below(chaos, NODES_MAX) + 1, 7},
            .node = below(chaos, 3) ? below(chaos, chaos->count) : HEALTH_NODE_NONE,
        };
}

static struct health_view random_view(struct chaos *chaos, uint32_t node)
{
    struct health_view view = {
        .state_uuid = {0x1111 + mostly(chaos, 0, 15, 2), 7},
        .gcomm_uuid = {node + 1, 7},
        .conf_id = chaos->conf - mostly(chaos, 0, 4, 4),
        .size = mostly(chaos, chaos->count, 5, NODES_MAX + 1),
        .last_committed = -1,
        .component = mostly(chaos, HEALTH_COMPONENT_PRIMARY, 8, HEALTH_COMPONENT_COUNT),
        .local_state = mostly(chaos, HEALTH_LOCAL_SYNCED, 6, HEALTH_LOCAL_ERROR + 1),
        .ready = mostly(chaos, HEALTH_ANSWER_YES, 8, HEALTH_ANSWER_COUNT),
        .connected = mostly(chaos, HEALTH_ANSWER_YES, 8, HEALTH_ANSWER_COUNT),
        .rejects = mostly(chaos, HEALTH_ANSWER_NO, 8, HEALTH_ANSWER_COUNT),
        .gathering = mostly(chaos, HEALTH_ANSWER_NO, 12, HEALTH_ANSWER_COUNT),
    };
    view.weight = below(chaos, 3) ? view.size : -1;
    if (below(chaos, 20) == 0)
        view.conf_id = HEALTH_CONF_NONE;
    if (below(chaos, 8) == 0)
        random_members(chaos, &view);
    return view;
}

static struct health_probe random_probe(struct chaos *chaos, uint32_t node)
{
    struct health_probe probe = {.rtt_ns = below(chaos, 3) * MS};

    switch (below(chaos, 4)) {
    case 0:
        probe.error = HEALTH_PROBE_REFUSED;
        break;
    case 1:
        probe.error = (uint8_t)(1 + below(chaos, HEALTH_PROBE_ERROR_COUNT - 1));
        break;
    default:
        probe.ok = true;
        probe.has_view = below(chaos, 4);
        if (probe.has_view)
            probe.view = random_view(chaos, node);
    }
    return probe;
}

static struct health_heartbeat random_beat(struct chaos *chaos, uint32_t node)
{
    struct health_heartbeat beat = {
        .boot = {1 + mostly(chaos, 0, 50, 2), 1},
        .seq = ++chaos->beats,
        .pid = 100 + mostly(chaos, 0, 20, 3),
        .process = mostly(chaos, HEALTH_PROCESS_RUNNING, 3, HEALTH_PROCESS_COUNT),
        .proc_state = below(chaos, 10) ? 'S' : 'T',
        .exit_kind = (uint8_t)below(chaos, HEALTH_EXIT_SIGNAL + 1),
        .exit_value = below(chaos, 2) ? 0 : 9,
        .grastate = {.known = below(chaos, 3), .uuid = {below(chaos, 2), 0}},
        .gvwstate = (uint8_t)below(chaos, HEALTH_ANSWER_COUNT),
        .sst_in_progress = (uint8_t)below(chaos, HEALTH_ANSWER_COUNT),
        .has_local = below(chaos, 2),
    };
    beat.grastate.seqno = below(chaos, 2) ? -1 : 50;
    if (beat.has_local)
        beat.local = random_probe(chaos, node);
    return beat;
}

static struct health_observation random_observation(struct chaos *chaos, bool agents)
{
    struct health_observation seen = {.node = below(chaos, chaos->count)};
    uint32_t held_up = below(chaos, 6) ? 0 : below(chaos, 700);

    seen.at_ns = chaos->now_ns - held_up * MS;
    switch (below(chaos, agents ? 10 : 7)) {
    case 0:
        seen.witness = HEALTH_WITNESS_LINK;
        seen.link = (uint8_t)below(chaos, HEALTH_LINK_COUNT);
        break;
    case 7:
    case 8:
    case 9:
        seen.witness = HEALTH_WITNESS_AGENT;
        seen.heartbeat = random_beat(chaos, seen.node);
        break;
    default:
        seen.witness = HEALTH_WITNESS_PROBE;
        seen.probe = random_probe(chaos, seen.node);
    }
    return seen;
}

static struct picture picture_of(const struct chaos *chaos)
{
    struct picture picture;

    memset(&picture, 0, sizeof picture);
    health_cluster_snapshot(chaos->bench.engine, chaos->bench.cluster, &picture.cluster);
    for (uint32_t i = 0; i < chaos->count; i++)
        health_node_snapshot(chaos->bench.engine, i, &picture.nodes[i]);
    return picture;
}

/* Have the cluster judged, and say what is believed then. */
static struct picture judge(struct chaos *chaos)
{
    cr_assert_eq(health_cluster_expect(chaos->bench.engine, chaos->now_ns, chaos->bench.cluster,
                                       chaos->count),
                 HEALTH_OK);
    return picture_of(chaos);
}

static void expect_same(const struct picture *before, const struct picture *after, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        cr_assert_str_eq(health_reason_name(after->nodes[i].reason),
                         health_reason_name(before->nodes[i].reason), "node %u", i);
        cr_assert_eq(after->nodes[i].version, before->nodes[i].version);
        cr_assert_eq(after->nodes[i].incarnation, before->nodes[i].incarnation);
    }
    cr_assert_eq(after->cluster.version, before->cluster.version);
    cr_assert_eq(after->cluster.conf_id, before->cluster.conf_id);
    cr_assert_eq(after->cluster.primary_size, before->cluster.primary_size);
    cr_assert_eq(after->cluster.state_uuid_head, before->cluster.state_uuid_head);
    cr_assert_eq(after->cluster.can_lose, before->cluster.can_lose);
    cr_assert_eq(after->cluster.signs, before->cluster.signs);
}

static uint64_t judgements(const struct chaos *chaos)
{
    struct health_engine_counters counters;

    health_engine_counters(chaos->bench.engine, &counters);
    return counters.judged;
}

/* Time passes, something is seen. What is believed after a judgement is what the next one says. */
static void step(struct chaos *chaos, bool agents)
{
    chaos->now_ns += below(chaos, 200) ? below(chaos, 60) * MS : below(chaos, 40000) * MS;
    if (below(chaos, 4)) /* otherwise the monitor may have been stopped */
        bench_run_to(&chaos->bench, chaos->now_ns);
    if (below(chaos, 40) == 0)
        chaos->conf = below(chaos, 5) ? chaos->conf + 1 + below(chaos, 2) : 5;
    struct picture before = judge(chaos);
    struct picture after = judge(chaos);
    expect_same(&before, &after, chaos->count);

    struct health_observation seen = random_observation(chaos, agents);
    uint64_t judged = judgements(chaos);
    cr_assert_eq(health_engine_observe(chaos->bench.engine, chaos->now_ns, &seen), HEALTH_OK);
    if (judgements(chaos) == judged)
        return;
    before = picture_of(chaos);
    after = judge(chaos);
    expect_same(&before, &after, chaos->count);
}

static void run(uint64_t seed)
{
    struct chaos chaos = {.seed = seed, .conf = 9, .now_ns = 1000 * MS};

    chaos.bench = bench_begin(NODES_MAX, 1);
    chaos.count = 1 + (uint32_t)(seed % NODES_MAX);
    bool agents = below(&chaos, 2);
    uint32_t node;
    cr_assert_eq(health_cluster_add(chaos.bench.engine, 0, chaos.count, &chaos.bench.cluster),
                 HEALTH_OK);
    for (uint32_t i = 0; i < chaos.count; i++)
        cr_assert_eq(health_node_add(chaos.bench.engine, 0, chaos.bench.cluster, &node), HEALTH_OK);
    for (int i = 0; i < STEPS; i++)
        step(&chaos, agents);
    bench_end(&chaos.bench);
}

Test(judgements, judging_again_without_news_changes_nothing)
{
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        run(seed);
}
