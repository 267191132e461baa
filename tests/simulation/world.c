/*
 * world.c - a world begins, goes on step by step, and ends.
 */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define START_NS (INT64_C(5000) * HEALTH_NS_PER_S)
#define CALM_MS 75000

void world_tell(const struct world *world, const char *format, ...)
{
    va_list args;

    if (!world->tells)
        return;
    printf("%9.3f   ", (double)world->now / 1e3);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static int64_t now_ns(const struct world *world)
{
    return START_NS + world->now * HEALTH_NS_PER_MS;
}

void world_observe(struct world *world, struct health_observation *observation)
{
    int64_t at_ns = now_ns(world);

    observation->at_ns = at_ns;
    if (percent(world, 10)) /* it waited a moment to be handed over */
        observation->at_ns -= between(world, 0, 2000000);
    enum health_error error = health_engine_observe(world->engine, at_ns, observation);
    if (error != HEALTH_OK)
        oracle_fail(world, observation->node, "an observation is refused: %s",
                    health_error_text(error));
    world->totals->observations++;
    oracle_look(world);
}

static void choose_settings(struct world *world)
{
    static const int64_t intervals[] = {50, 100, 100, 100, 250, 500, 1000, 2000};
    static const int64_t timeouts[] = {200, 500, 500, 1000};
    static const int64_t beats[] = {100, 200, 200, 500, 1000};
    static const uint32_t agents[] = {100, 100, 100, 60, 0, 0};
    struct settings *set = &world->set;

    set->nodes = percent(world, 55) ? 3 : 1 + (uint32_t)random_below(&world->chance, NODES_MAX);
    set->arbitrator = percent(world, 15);
    set->agents = agents[random_below(&world->chance, 6)];
    set->links = percent(world, 80);
    set->weights = percent(world, 50);
    set->member_lists = percent(world, 25);
    set->light = percent(world, 20);
    set->quiet = percent(world, 50);
    set->interval = intervals[random_below(&world->chance, 8)];
    set->timeout = timeouts[random_below(&world->chance, 4)];
    set->beat = beats[random_below(&world->chance, 5)];
    set->queue =
        percent(world, 30) ? 1 + (uint32_t)random_below(&world->chance, 3) : set->nodes + 1;
    world->calm_from = between(world, 20000, 90000);
    set->length = world->calm_from + CALM_MS;
    world_tell(
        world,
        "%u nodes%s, agents %u%%, links %d, weights %d, member lists %d, light %d, quiet %d, "
        "probes %lld/%lld ms, beats %lld ms",
        set->nodes, set->arbitrator ? " and an arbitrator" : "", set->agents, set->links,
        set->weights, set->member_lists, set->light, set->quiet, (long long)set->interval,
        (long long)set->timeout, (long long)set->beat);
}

/* All nodes are in one view when the monitor begins. */
static void begin_cluster(struct world *world)
{
    struct settings *set = &world->set;
    world->member_count = set->nodes + set->arbitrator;
    world->last_history = UINT64_C(0x0b6eba1de7110000) + (world->seed << 20);
    world->views[0] = (struct view){
        .members = (UINT32_C(1) << world->member_count) - 1,
        .base = (UINT32_C(1) << world->member_count) - 1,
        .conf = world->member_count,
        .history = world->last_history,
        .primary = true,
        .suspect_ms = 5000,
        .merge_ms = 1500,
    };
    world->view_next = 1;
    for (uint32_t i = 0; i < world->member_count; i++)
        world->members[i] = (struct member){.life = LIFE_UP,
                                            .port = PORT_OPEN,
                                            .connections = 1,
                                            .lives = 1,
                                            .donor = -1,
                                            .gives_to = -1,
                                            .saved = {.seqno = -1}};
    for (uint32_t i = 0; i < set->nodes; i++)
        world->paths[i].delay = 1;
}

static bool begin_engine(struct world *world)
{
    const struct settings *set = &world->set;
    const struct health_cadence cadence = {.probe_interval_ns = set->interval * HEALTH_NS_PER_MS,
                                           .probe_timeout_ns = set->timeout * HEALTH_NS_PER_MS,
                                           .heartbeat_interval_ns = set->beat * HEALTH_NS_PER_MS};
    const struct health_queue_options queue = {
        .subjects = set->nodes + 1, .capacity = set->queue, .epoch = 1};
    uint32_t id;

    if (health_limits_derive(&cadence, &world->limits) != HEALTH_OK ||
        health_queue_create(&queue, &world->queue) != HEALTH_OK)
        return false;
    const struct health_engine_options engine = {.nodes = set->nodes,
                                                 .clusters = 1,
                                                 .now_ns = START_NS,
                                                 .limits = &world->limits,
                                                 .ruleset = &health_rules_galera,
                                                 .queues = {world->queue}};
    if (health_engine_create(&engine, &world->engine) != HEALTH_OK ||
        health_cluster_add(world->engine, START_NS, set->nodes, &id) != HEALTH_OK)
        return false;
    for (uint32_t i = 0; i < set->nodes; i++)
        if (health_node_add(world->engine, START_NS, 0, &id) != HEALTH_OK || id != i)
            return false;
    return true;
}

static void step(struct world *world)
{
    faults_step(world);
    for (uint32_t i = 0; i < world->set.nodes; i++)
        mysqld_step(world, i);
    group_step(world);
    agents_step(world);
    monitor_step(world);
    if (world->now >= world->paused_until &&
        health_engine_deadline(world->engine) <= now_ns(world) &&
        health_engine_tick(world->engine, now_ns(world)) != HEALTH_OK)
        oracle_fail(world, world->set.nodes, "the engine refuses the time");
    oracle_step(world);
}

bool world_run(uint64_t seed, bool tells, struct totals *totals)
{
    static struct world world; /* half a megabyte: too much for a stack */

    memset(&world, 0, sizeof world);
    world.seed = world.chance = seed;
    world.tells = tells;
    world.totals = totals;
    choose_settings(&world);
    begin_cluster(&world);
    if (!begin_engine(&world))
        return false;
    world.ends = world.set.length;
    world.next_fault = between(&world, 3000, 8000);
    monitor_begin(&world);
    agents_begin(&world);
    oracle_begin(&world);
    for (world.now = 10; world.now < world.ends; world.now++)
        step(&world);
    totals->runs++;
    totals->node_ms += (uint64_t)world.now * world.set.nodes;
    totals->world_ms += (uint64_t)world.now;
    totals->failures += world.failed;
    health_engine_destroy(world.engine);
    health_queue_destroy(world.queue);
    return !world.failed;
}
