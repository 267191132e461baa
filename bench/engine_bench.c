/*
 * engine_bench.c - the whole engine: real recordings multiplied to many clusters, shifted in phase.
 *
 * Each cluster runs one of the recordings in a loop, each at another place in it; in each round every
 * cluster, in random order, gets its next observation, and the engine is called at its deadlines. The
 * observations are copies of the recordings' own; node, time and heartbeat sequence are set before each
 * call, and what that costs is measured alone and shown.
 *
 * Inside the run it is checked that sampled clusters say exactly what each says alone in a small engine
 * given the same calls, and that nothing was allocated.
 */
#include "measure.h"

#include <healthd/engine.h>
#include <healthd/rules.h>
#include <healthd/trace.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLUSTER_NODES 3
#define SAMPLED 16
#define AHEAD 12
#define PREFETCH_FROM 10000 /* clusters: beyond what the second-level cache holds */
#define BATCH 1024
#define START_NS INT64_C(1000000000000)

/* A round is this much time: as much as passes between two observations of a recorded cluster. */
#define ROUND_NS (20 * HEALTH_NS_PER_MS)

/* A node whose testimony keeps coming has a deadline within this time: its agent's (5 heartbeats and 500
 * ms). All nodes begin at once, so a shorter run would meet all of their deadlines or none. */
#define PERIOD_NS (1500 * HEALTH_NS_PER_MS)

struct loop {
    struct health_observation *observations;
    uint32_t count;
};

struct crowd {
    const struct loop *loops;
    uint32_t loop_count;
    uint32_t clusters;
    uint32_t *order;  /* in which clusters get their observations in a round */
    uint32_t *lowest; /* of each cluster's node numbers, which lie in sequence */
    struct health_engine *engine;
    struct health_queue *queue;
    int64_t now_ns;
    uint64_t round;
};

static const char *const quiet_recordings[] = {"steady", NULL};
static const char *const all_recordings[] = {
    "auth_denied",    "cut_all_n3",     "cut_sql_n3",      "kill9_majority",
    "kill9_rejoin",   "lossy_network",  "no_agents_kill9", "shutdown_all",
    "sigstop_zombie", "sigterm_rejoin", "sst_joiner",      "steady",
    "steady",         "steady",         "steady",          NULL};

/* The first time that was seen. */
static int64_t begin_of(int64_t *first_ns, int64_t at_ns)
{
    if (*first_ns < 0)
        *first_ns = at_ns;
    return *first_ns;
}

/* Without the first second, in which the recorder itself got going: a loop would begin it anew. */
static struct loop load(const char *name)
{
    int64_t first_ns = -1;
    char path[512];
    struct loop loop = {NULL, 0};
    struct health_trace_entry entry;
    const struct health_trace_options options = {.strict = true};

    snprintf(path, sizeof path, "%s/%s.jsonl", TRACES_DIR, name);
    struct health_trace_reader *reader = health_trace_open(path, &options);
    measure_check(reader != NULL, "a recording can be read");
    loop.observations = measure_alloc(4096 * sizeof *loop.observations);
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END && loop.count < 4096)
        if (entry.kind == HEALTH_TRACE_OBSERVATION &&
            entry.at_ns - begin_of(&first_ns, entry.at_ns) >= HEALTH_NS_PER_S)
            loop.observations[loop.count++] = entry.observation;
    health_trace_close(reader);
    measure_check(loop.count > 100, "a recording holds observations");
    return loop;
}

static void engine_build(struct crowd *crowd)
{
    const struct health_cadence cadence = {100 * HEALTH_NS_PER_MS, 500 * HEALTH_NS_PER_MS,
                                           200 * HEALTH_NS_PER_MS};
    struct health_limits limits;
    uint32_t nodes = crowd->clusters * CLUSTER_NODES;
    const struct health_queue_options queue = {
        .subjects = nodes + crowd->clusters, .capacity = nodes + crowd->clusters, .epoch = 1};
    measure_check(health_queue_create(&queue, &crowd->queue) == HEALTH_OK, "a queue");
    health_limits_derive(&cadence, &limits);
    const struct health_engine_options options = {
        .nodes = nodes,
        .clusters = crowd->clusters,
        .now_ns = START_NS,
        .limits = &limits,
        .ruleset = &health_rules_galera,
        .queues = {crowd->queue},
    };
    measure_check(health_engine_create(&options, &crowd->engine) == HEALTH_OK, "an engine");
    crowd->now_ns = START_NS;
    crowd->round = 0;
    for (uint32_t i = 0; i < crowd->clusters; i++) {
        uint32_t cluster;
        health_cluster_add(crowd->engine, START_NS, CLUSTER_NODES, &cluster);
        for (uint32_t k = 0; k < CLUSTER_NODES; k++) {
            uint32_t node;
            health_node_add(crowd->engine, START_NS, cluster, &node);
            if (k == 0)
                crowd->lowest[i] = node;
        }
    }
}

/* A recorded observation, and as which node's and when it is to be handed over. */
struct call {
    struct health_observation observation;
    int64_t at_ns;
    uint64_t seq;
    uint32_t lowest; /* of its cluster's node numbers */
};

/* The cluster's next call: its recording, from its own place on. */
static void next_call(const struct crowd *crowd, uint32_t identity, struct call *ret_call)
{
    const struct loop *loop = &crowd->loops[identity % crowd->loop_count];
    uint64_t place = crowd->round + identity * UINT64_C(7);

    ret_call->observation = loop->observations[place % loop->count];
    ret_call->at_ns = crowd->now_ns;
    ret_call->seq = place;
    ret_call->lowest = crowd->lowest[crowd->clusters > 1 ? identity : 0];
}

static void hand_over(struct health_engine *engine, struct call *call)
{
    struct health_observation *observation = &call->observation;
    observation->node += call->lowest;
    observation->at_ns = call->at_ns;
    if (observation->witness == HEALTH_WITNESS_AGENT)
        observation->heartbeat.seq = call->seq;
    if (engine)
        health_engine_observe(engine, call->at_ns, observation);
}

/* The clock has come to this time: the engine is called at its deadlines, and its reports are taken. */
static void begin_round(const struct crowd *crowd, int64_t now_ns)
{
    struct health_report report;
    while (health_engine_deadline(crowd->engine) <= now_ns)
        health_engine_tick(crowd->engine, health_engine_deadline(crowd->engine));
    health_engine_tick(crowd->engine, now_ns);
    while (health_queue_pop(crowd->queue, &report))
        ;
}

/* Hand a batch over; gives how long it took, with the ticks and the reports that fall into it. Its calls
 * lie in sequence, as what was received does. A caller who has read a batch knows which nodes come next,
 * and says so. */
static int64_t hand_batch_over(const struct crowd *crowd, bool idle, struct call *calls,
                               uint32_t count)
{
    struct health_engine *engine = idle ? NULL : crowd->engine;
    int64_t begin_ns = measure_now_ns();
    for (uint32_t i = 0; i < count; i++) {
        if (engine && (i == 0 || calls[i].at_ns != calls[i - 1].at_ns))
            begin_round(crowd, calls[i].at_ns);
        if (engine && crowd->clusters >= PREFETCH_FROM && i + AHEAD < count)
            health_engine_prefetch(engine,
                                   calls[i + AHEAD].lowest + calls[i + AHEAD].observation.node);
        hand_over(engine, &calls[i]);
    }
    return measure_now_ns() - begin_ns;
}

/* Run rounds; idle: the calls are only made ready. Gives ns for one observation; choosing which comes
 * next is not counted. */
static double run_rounds(struct crowd *crowd, uint32_t rounds, bool idle)
{
    static struct call calls[BATCH];
    uint32_t count = 0;
    int64_t spent_ns = 0;

    for (uint32_t r = 0; r < rounds; r++, crowd->round++) {
        crowd->now_ns += ROUND_NS;
        for (uint32_t i = 0; i < crowd->clusters; i++) {
            next_call(crowd, crowd->order[i], &calls[count++]);
            if (count == BATCH) {
                spent_ns += hand_batch_over(crowd, idle, calls, count);
                count = 0;
            }
        }
    }
    spent_ns += hand_batch_over(crowd, idle, calls, count);
    return (double)spent_ns / ((double)rounds * crowd->clusters);
}

/* A sampled cluster alone in an engine of its own, given the same calls, must be told the same. */
static void check_sample(const struct crowd *crowd, uint32_t identity)
{
    uint32_t lowest = 0;
    struct crowd alone = {
        .loops = crowd->loops, .loop_count = crowd->loop_count, .clusters = 1, .lowest = &lowest};
    engine_build(&alone);
    for (; alone.round < crowd->round; alone.round++) {
        alone.now_ns += ROUND_NS;
        begin_round(&alone, alone.now_ns);
        struct call call;
        next_call(&alone, identity, &call);
        hand_over(alone.engine, &call);
    }
    for (uint32_t k = 0; k < CLUSTER_NODES; k++) {
        struct health_node_snapshot one;
        struct health_node_snapshot other;
        health_node_snapshot(alone.engine, lowest + k, &one);
        health_node_snapshot(crowd->engine, crowd->lowest[identity] + k, &other);
        measure_check(one.state == other.state && one.reason == other.reason &&
                          one.since_ns == other.since_ns && one.version == other.version &&
                          one.transitions == other.transitions,
                      "a cluster in the crowd is told the same as alone");
    }
    health_engine_destroy(alone.engine);
    health_queue_destroy(alone.queue);
}

/* So many rounds that each run meets every node's deadlines as often as they come. */
static uint32_t rounds_for(uint32_t clusters)
{
    uint32_t rounds = (measure_options.quick ? 100000 : 4000000) / clusters;
    uint32_t least = measure_options.quick ? 4 : PERIOD_NS / ROUND_NS;
    return rounds < least ? least : rounds;
}

static size_t engine_bytes(uint32_t nodes, uint32_t clusters)
{
    const struct health_cadence cadence = {HEALTH_NS_PER_S, HEALTH_NS_PER_S, HEALTH_NS_PER_S};
    struct health_limits limits;
    health_limits_derive(&cadence, &limits);
    const struct health_engine_options options = {
        .nodes = nodes, .clusters = clusters, .limits = &limits, .ruleset = &health_rules_galera};
    return health_engine_bytes(&options);
}

struct figures {
    struct samples engine;
    struct samples ready;
};

static struct figures measure_crowd(const struct loop *loops, uint32_t loop_count, uint32_t nodes)
{
    struct figures figures;
    uint32_t clusters = nodes < CLUSTER_NODES ? 1 : nodes / CLUSTER_NODES;
    struct crowd crowd = {.loops = loops, .loop_count = loop_count, .clusters = clusters};
    uint32_t rounds = rounds_for(clusters);

    crowd.order = measure_random_order(clusters, 42);
    crowd.lowest = measure_alloc(clusters * sizeof *crowd.lowest);
    engine_build(&crowd);
    run_rounds(&crowd, clusters < 40000 ? 200 : 60, false); /* every node is heard of */
    size_t held = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int run = 0; run < RUNS; run++) {
        struct crowd idle = crowd;
        figures.ready.ns[run] = run_rounds(&idle, rounds, true);
        figures.engine.ns[run] = run_rounds(&crowd, rounds, false);
    }
    measure_check(mallinfo2().uordblks + mallinfo2().hblkhd == held,
                  "nothing is allocated after start");
    for (uint32_t i = 0; i < SAMPLED && crowd.round < 100000; i++)
        check_sample(&crowd, i * (clusters / SAMPLED + 1) % clusters);
    health_engine_destroy(crowd.engine);
    health_queue_destroy(crowd.queue);
    free(crowd.order);
    free(crowd.lowest);
    return figures;
}

static void measure_recordings(const char *title, const char *const *names, bool goals)
{
    static const uint32_t sizes[] = {10, 100, 1000, 10000, 100000, 1000000};
    struct loop loops[16];
    uint32_t count = 0;
    double smallest = 0;

    for (; names[count]; count++)
        loops[count] = load(names[count]);
    measure_heading(title);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct figures figures = measure_crowd(loops, count, sizes[i]);
        const char *goal = !goals                ? NULL
                           : sizes[i] == 10000   ? "<= 15"
                           : sizes[i] == 1000000 ? "<= 40"
                                                 : NULL;
        measure_print("an observation", sizes[i], &figures.engine, NULL, goal);
        measure_print("  of that, making it ready", sizes[i], &figures.ready, NULL, NULL);
        if (i == 0)
            smallest = samples_median(&figures.engine);
        if (sizes[i] == 1000000)
            measure_print_value("growth from 10 nodes", sizes[i],
                                samples_median(&figures.engine) / smallest, "x",
                                goals ? "<= 4" : NULL);
    }
    for (uint32_t i = 0; i < count; i++)
        free(loops[i].observations);
}

static int run(void)
{
    measure_pin(0);
    measure_recordings("engine: the quiet recording, in every cluster", quiet_recordings, true);
    measure_recordings("engine: all kinds of faults at once, in most clusters", all_recordings,
                       false);
    measure_heading("engine: memory, in clusters of three");
    measure_print_value("bytes for a node", 1000000,
                        (double)engine_bytes(1000000, 333334) / 1000000, "bytes", "<= 128");
    return 0;
}

const struct bench bench_engine = {
    .name = "engine",
    .about = "the whole engine on real recordings, 10 to 1 million nodes",
    .run = run,
};
