/*
 * agents.c - the agents beside the servers, and their heartbeats' way to the monitor.
 */
#include "world.h"

#include <string.h>

#define LOCAL_TIMEOUT_MS 500

static void agent_boot(struct world *world, uint32_t id)
{
    struct agent *agent = &world->agents[id];
    agent->alive = true;
    agent->boot = (struct health_uuid){random_next(&world->chance), id + 1};
    agent->seq = percent(world, 50) ? 0 : random_below(&world->chance, 1000);
    agent->beats = 0;
    agent->next = world->now + between(world, 0, world->set.beat);
    agent->sample_lag = between(world, 0, world->set.beat - 1);
    agent->sampled = false;
    agent->watched_life = -1;
    agent->restart_at = 0;
}

void agents_begin(struct world *world)
{
    world->next_datagram = INT64_MAX;
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        struct agent *agent = &world->agents[i];
        agent->exists = percent(world, world->set.agents);
        agent->knows_exits = percent(world, 80);
        agent->exit_lag_ms = percent(world, 50) ? 0 : between(world, 0, 2 * world->set.beat);
        if (agent->exists)
            agent_boot(world, i);
    }
}

static void post(struct world *world, const struct datagram *datagram)
{
    for (uint32_t i = 0; i < DATAGRAMS_MAX; i++) {
        if (world->datagrams[i].used)
            continue;
        world->datagrams[i] = *datagram;
        world->datagrams[i].used = true;
        if (datagram->at < world->next_datagram)
            world->next_datagram = datagram->at;
        return;
    }
}

static void send(struct world *world, uint32_t id, struct datagram *datagram)
{
    const struct path *path = &world->paths[id];

    if (path->beats_cut || world->members[id].host_off || percent(world, path->loss))
        return;
    datagram->at = world->now + between(world, 0, path->delay);
    post(world, datagram);
    if (!world->set.quiet && percent(world, 2)) { /* a duplicate, some of them very late */
        datagram->at = world->now + between(world, 0, percent(world, 20) ? 8000 : 100);
        post(world, datagram);
    }
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void take_sample(struct world *world, uint32_t id)
{
    struct agent *agent = &world->agents[id];
    struct member *node = &world->members[id];
    struct health_probe answer;

    if (agent->sampled_life != node->lives)
        agent->sampled = false;
    if (mysqld_answer(world, id, true, false, &answer, NULL)) {
        agent->sample = answer;
        agent->sampled = true;
        agent->sampled_at = world->now;
        agent->sampled_life = node->lives;
    } else if (node->port == PORT_HANGS && agent->sampled && agent->sample.ok) {
        agent->sample = (struct health_probe){.error = HEALTH_PROBE_RESET, .code = 2006};
    } else if (world->now - larger(agent->sampled_at, node->born) > LOCAL_TIMEOUT_MS) {
        agent->sample = (struct health_probe){.error = HEALTH_PROBE_TIMEOUT, .code = 2013};
        agent->sampled = true;
        agent->sampled_life = node->lives;
    }
}

static void describe_stopped(struct world *world, uint32_t id, struct health_heartbeat *beat)
{
    struct agent *agent = &world->agents[id];
    const struct member *node = &world->members[id];
    bool watched =
        agent->watched_life == node->lives; /* an agent that came later has seen nothing */

    beat->process = HEALTH_PROCESS_STOPPED;
    beat->grastate = node->saved;
    beat->gvwstate = node->gvwstate;
    beat->sst_in_progress = node->sst_marker;
    if (!watched)
        beat->pid = 0;
    if (watched && agent->knows_exits && world->now >= node->ended + agent->exit_lag_ms) {
        beat->exit_kind = node->exit_kind;
        beat->exit_value = node->exit_value;
    }
}

static void describe_running(struct world *world, uint32_t id, struct health_heartbeat *beat)
{
    struct agent *agent = &world->agents[id];
    const struct member *node = &world->members[id];

    agent->watched_life = node->lives;
    beat->proc_state = node->frozen ? 'T' : 'S';
    beat->process = HEALTH_PROCESS_STARTING;
    if (node->paused && percent(world, 50)) { /* its file shows a position while it runs */
        beat->grastate = (struct health_grastate){
            .known = true, .uuid = {world->last_history, UINT64_C(0x77)}, .seqno = 7};
    }
    if (!agent->sampled || agent->sampled_life != node->lives)
        return;
    beat->has_local = true;
    beat->local = agent->sample;
    if (beat->local.ok || beat->local.error >= HEALTH_PROBE_AUTH)
        beat->process = HEALTH_PROCESS_RUNNING;
    else if (beat->local.error == HEALTH_PROBE_TIMEOUT)
        beat->process = HEALTH_PROCESS_UNRESPONSIVE;
}

static void beat(struct world *world, uint32_t id)
{
    struct agent *agent = &world->agents[id];
    const struct member *node = &world->members[id];
    bool runs = mysqld_runs(node);
    struct datagram datagram = {.node = id, .formed = world->now, .life = runs ? node->lives : -1};

    datagram.beat.boot = agent->boot;
    datagram.beat.seq = ++agent->seq;
    datagram.beat.pid = 1000 + (uint32_t)node->lives * 10 + id;
    if (runs)
        describe_running(world, id, &datagram.beat);
    else
        describe_stopped(world, id, &datagram.beat);
    agent->beats++;
    send(world, id, &datagram);
}

void agents_process_ended(struct world *world, uint32_t id)
{
    struct agent *agent = &world->agents[id];
    if (agent->alive && percent(world, 80)) /* most watch the process and speak at once */
        agent->next = world->now + between(world, 1, 10);
}

static void agent_step(struct world *world, uint32_t id)
{
    struct agent *agent = &world->agents[id];

    if (!agent->alive) {
        if (agent->restart_at && world->now >= agent->restart_at && !world->members[id].host_off)
            agent_boot(world, id);
        return;
    }
    if (world->now < agent->silent_until)
        return;
    if (world->now == agent->next - agent->sample_lag && mysqld_runs(&world->members[id]))
        take_sample(world, id);
    if (world->now >= agent->next) {
        beat(world, id);
        agent->next = world->now + world->set.beat;
    }
}

void agents_step(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++)
        if (world->agents[i].exists)
            agent_step(world, i);
}

static void deliver(struct world *world, const struct datagram *datagram)
{
    struct health_observation observation = {
        .node = datagram->node, .witness = HEALTH_WITNESS_AGENT, .heartbeat = datagram->beat};
    oracle_delivered(world, &observation, datagram->life, datagram->formed);
    world_observe(world, &observation);
}

void agents_deliver(struct world *world)
{
    while (world->next_datagram <= world->now) {
        struct datagram *first = NULL;
        int64_t second = INT64_MAX;
        for (uint32_t i = 0; i < DATAGRAMS_MAX; i++) {
            struct datagram *datagram = &world->datagrams[i];
            if (!datagram->used)
                continue;
            if (!first || datagram->at < first->at) {
                second = first ? first->at : second;
                first = datagram;
            } else if (datagram->at < second) {
                second = datagram->at;
            }
        }
        world->next_datagram = second;
        if (!first)
            return;
        first->used = false;
        deliver(world, first);
    }
}
