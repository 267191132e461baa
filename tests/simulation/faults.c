/*
 * faults.c - what is done to the cluster, at random; and how all is healed in the end.
 */
#include "world.h"

#include <string.h>

#define RESTART_PERCENT 45

static uint32_t any_node(struct world *world)
{
    return (uint32_t)random_below(&world->chance, world->set.nodes);
}

static void kill_one(struct world *world, uint32_t id)
{
    static const int32_t signals[] = {9, 9, 9, 11, 6};
    if (percent(world, 85))
        mysqld_kill(world, id, HEALTH_EXIT_SIGNAL, signals[random_below(&world->chance, 5)]);
    else
        mysqld_kill(world, id, HEALTH_EXIT_CODE, 1);
}

static void kill_several(struct world *world, uint32_t id)
{
    (void)id;
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (percent(world, 50))
            kill_one(world, i);
}

static void stop_all(struct world *world, uint32_t id)
{
    (void)id;
    for (uint32_t i = 0; i < world->set.nodes; i++)
        mysqld_stop(world, i);
}

static void freeze(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (!mysqld_runs(node))
        return;
    node->frozen = true;
    world->frozen_until[id] =
        world->now + (percent(world, 50) ? between(world, 100, 4000) : between(world, 4000, 20000));
    world_tell(world, "n%u is frozen", id + 1);
}

static void power_off(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (node->host_off)
        return;
    mysqld_kill(world, id, HEALTH_EXIT_SIGNAL, 9);
    node->life = LIFE_DOWN;
    node->connections++;
    node->port = PORT_SHUT;
    node->shut = world->now;
    node->restart_at = 0;
    node->host_off = true;
    world->host_until[id] = world->now + between(world, 1000, 20000);
    world->agents[id].alive = false;
    world->agents[id].restart_at = world->host_until[id] + between(world, 100, 3000);
    world_tell(world, "n%u's machine loses power", id + 1);
}

static void cut(struct world *world, uint32_t id)
{
    struct path *path = &world->paths[id];
    uint32_t what = (uint32_t)random_below(&world->chance, 3);
    path->sql_cut = what != 1;
    path->beats_cut = what != 0;
    world->path_until[id] = world->now + between(world, 300, 12000);
    world_tell(world, "the monitor loses n%u:%s%s", id + 1, path->sql_cut ? " SQL" : "",
               path->beats_cut ? " heartbeats" : "");
}

static void cut_all(struct world *world, uint32_t id)
{
    (void)id;
    int64_t until = world->now + between(world, 1000, 15000);
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        world->paths[i].sql_cut = world->paths[i].beats_cut = true;
        world->path_until[i] = until;
    }
    world_tell(world, "the monitor is cut off from all");
}

static void spoil(struct world *world, uint32_t id)
{
    struct path *path = &world->paths[id];
    if (world->set.quiet)
        return;
    path->loss = (uint32_t)between(world, 0, 35);
    path->delay = percent(world, 70) ? between(world, 0, 20) : between(world, 20, 300);
    world->path_until[id] = world->now + between(world, 2000, 15000);
    world_tell(world, "the way to n%u loses %u%%, delays %lld ms", id + 1, path->loss,
               (long long)path->delay);
}

static void partition(struct world *world, uint32_t id)
{
    if (world->zones_until)
        return;
    world->members[id].zone = 1;
    for (uint32_t i = 0; i < world->member_count; i++)
        if (percent(world, 25))
            world->members[i].zone = 1;
    for (uint32_t i = 0; i < world->member_count; i++)
        if (world->members[i].zone)
            world_tell(world, "member %u is cut off from its peers", i + 1);
    world->zones_until = world->now + between(world, 500, 20000);
}

static void pause_monitor(struct world *world, uint32_t id)
{
    (void)id;
    world->paused_until =
        world->now + (percent(world, 40) ? between(world, 20, 450) : between(world, 450, 10000));
    world_tell(world, "the monitor is stopped for %lld ms",
               (long long)(world->paused_until - world->now));
}

static void kill_sessions(struct world *world, uint32_t id)
{
    if (world->members[id].life != LIFE_UP || world->members[id].frozen)
        return;
    world->members[id].connections++;
    world_tell(world, "n%u's sessions are killed", id + 1);
}

static void answer_errors(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (percent(world, 50)) {
        node->denies = true;
        kill_sessions(world, id);
    } else {
        node->crowded = true;
    }
    world->errors_until[id] = world->now + between(world, 300, 9000);
    world_tell(world, "n%u %s", id + 1,
               node->denies ? "denies access" : "has too many connections");
}

static void toggle(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (node->life != LIFE_UP)
        return;
    switch (random_below(&world->chance, 3)) {
    case 0:
        node->paused = !node->paused;
        break;
    case 1:
        node->rejects = !node->rejects;
        break;
    default:
        node->desynced = !node->desynced;
    }
    world_tell(world, "n%u: paused %d, rejects %d, desynced %d", id + 1, node->paused,
               node->rejects, node->desynced);
}

static void stop_agent(struct world *world, uint32_t id)
{
    struct agent *agent = &world->agents[id];
    if (!agent->exists || !agent->alive)
        return;
    if (percent(world, 40)) {
        agent->silent_until = world->now + between(world, 200, 6000);
        world_tell(world, "n%u's agent hangs", id + 1);
        return;
    }
    agent->alive = false;
    agent->restart_at =
        world->now + (percent(world, 60) ? between(world, 10, 800) : between(world, 800, 20000));
    world_tell(world, "n%u's agent ends", id + 1);
}

/* A vote finds a node inconsistent: it leaves the group and stays up. */
static void vote_out(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];
    if (!mysqld_serves(world, node) || __builtin_popcount(world->views[node->view].members) < 3)
        return;
    world_tell(world, "n%u is voted inconsistent", id + 1);
    node->inconsistent = true;
    group_leave(world, id);
}

static void force_primary(struct world *world, uint32_t id)
{
    const struct member *node = &world->members[id];
    if (node->life != LIFE_UP || node->frozen || node->view == NO_VIEW ||
        world->views[node->view].primary)
        return;
    world_tell(world, "pc.bootstrap on n%u", id + 1);
    group_force_primary(world, id);
}

static void found_again(struct world *world)
{
    uint32_t best = any_node(world);
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (world->members[i].life != LIFE_DOWN)
            return;
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (world->members[i].saved.seqno >= 0 && !world->members[i].host_off && percent(world, 70))
            best = i;
    mysqld_start(world, best, true);
}

static void start(struct world *world, uint32_t id)
{
    if (percent(world, 40))
        found_again(world);
    else
        mysqld_start(world, id, percent(world, 2));
}

static const struct {
    void (*happen)(struct world *world, uint32_t id);
    uint32_t weight;
} faults[] = {
    {kill_one, 14},     {mysqld_stop, 14},  {kill_several, 3},  {stop_all, 2}, {freeze, 9},
    {power_off, 4},     {cut, 10},          {cut_all, 3},       {spoil, 6},    {partition, 8},
    {pause_monitor, 8}, {kill_sessions, 4}, {answer_errors, 5}, {toggle, 6},   {stop_agent, 8},
    {vote_out, 2},      {force_primary, 3}, {start, 20},
};

static void any_fault(struct world *world)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sum += faults[i].weight;
    uint32_t pick = (uint32_t)random_below(&world->chance, sum);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (pick < faults[i].weight) {
            faults[i].happen(world, any_node(world));
            break;
        }
        pick -= faults[i].weight;
    }
    world->totals->faults++;
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (world->members[i].life == LIFE_DOWN && percent(world, RESTART_PERCENT / 3))
            start(world, i);
    world->next_fault =
        world->now + (percent(world, 30) ? between(world, 1, 600) : between(world, 600, 9000));
}

static bool due(const struct world *world, int64_t *until)
{
    if (!*until || world->now < *until)
        return false;
    *until = 0;
    return true;
}

static void heal_node(struct world *world, uint32_t id)
{
    struct member *node = &world->members[id];

    if (due(world, &world->path_until[id])) {
        world->paths[id] = (struct path){.delay = 1};
        world_tell(world, "the way to n%u is good again", id + 1);
    }
    if (due(world, &world->frozen_until[id]) && node->frozen) {
        node->frozen = false;
        world_tell(world, "n%u is thawed", id + 1);
    }
    if (due(world, &world->host_until[id])) {
        node->host_off = false;
        world_tell(world, "n%u's machine is up again", id + 1);
    }
    if (due(world, &world->errors_until[id])) {
        node->denies = node->crowded = false;
        world_tell(world, "n%u lets the probe in again", id + 1);
    }
}

/* Two Primary components that meet again cannot merge. Assumed: the smaller one's servers lose their
 * provider and are killed by hand. */
static void heal_zones(struct world *world)
{
    int serving = group_serving(world);
    for (uint32_t i = 0; i < world->member_count; i++) {
        struct member *member = &world->members[i];
        member->zone = 0;
        for (uint32_t k = 0; k < world->member_count; k++)
            member->lost[k] = 0;
        if (i < world->set.nodes && member->view != NO_VIEW && member->view != serving &&
            serving != NO_VIEW && world->views[member->view].primary && mysqld_runs(member) &&
            world->views[member->view].made > world->views[serving].made - 60000 &&
            !(world->views[serving].members >> i & 1u) && !member->frozen &&
            world->views[member->view].conf >= world->views[serving].conf)
            mysqld_kill(world, i, HEALTH_EXIT_SIGNAL, 6);
    }
    world->zoned = world->now;
    world_tell(world, "peers reach each other again");
}

static void heal_all(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        int64_t *untils[] = {&world->path_until[i], &world->frozen_until[i], &world->host_until[i],
                             &world->errors_until[i]};
        for (size_t k = 0; k < sizeof untils / sizeof *untils; k++)
            if (*untils[k])
                *untils[k] = world->now;
        world->agents[i].silent_until = 0;
        if (world->agents[i].exists && !world->agents[i].alive)
            world->agents[i].restart_at = world->now + 100;
        if (world->members[i].inconsistent)
            kill_one(world, i);
    }
    if (world->zones_until)
        world->zones_until = world->now;
}

/* The end: all is healed; if nobody serves by then, the cluster is founded anew; all are started. */
static void end_step(struct world *world)
{
    int64_t since = world->now - world->calm_from;
    if (world->healing == 0) {
        heal_all(world);
        world->healing++;
    } else if (world->healing == 1 && since > 12000) {
        for (uint32_t i = 0; i < world->set.nodes; i++) {
            const struct member *node = &world->members[i];
            if (group_serving(world) == NO_VIEW || node->view != group_serving(world))
                kill_one(world, i);
        }
        world->healing++;
    } else if (world->healing == 2 && since > 14000) {
        for (uint32_t i = 0; i < world->set.nodes; i++)
            world->members[i].restart_at = 0;
        found_again(world);
        world->healing++;
    } else if (world->healing >= 3 && since > 19000 + 2500 * (world->healing - 3) &&
               world->healing < 3 + (int)world->set.nodes) {
        mysqld_start(world, (uint32_t)world->healing - 3, false);
        world->healing++;
    }
}

void faults_step(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++)
        heal_node(world, i);
    if (due(world, &world->zones_until))
        heal_zones(world);
    if (world->now >= world->calm_from)
        end_step(world);
    else if (world->now >= world->next_fault)
        any_fault(world);
}
