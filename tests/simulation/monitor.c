/*
 * monitor.c - what the monitor sees by itself: probes, one in flight a node, and idle links.
 */
#include "world.h"

#include <string.h>

static bool awake(const struct world *world)
{
    return world->now >= world->paused_until;
}

static bool path_open(const struct world *world, uint32_t id)
{
    return !world->paths[id].sql_cut && !world->members[id].host_off;
}

static int64_t way(struct world *world, uint32_t id)
{
    int64_t delay = between(world, 0, world->paths[id].delay);
    if (percent(world,
                world->paths[id].loss)) /* sent again, after TCP's first timeout or its second */
        delay += percent(world, 70) ? 200 : 600;
    return delay;
}

void monitor_begin(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        world->probes[i].next = world->now + between(world, 0, world->set.interval);
        world->links[i].next = world->now + between(world, 0, 300);
    }
}

static void probe_send(struct world *world, uint32_t id)
{
    struct probe_run *probe = &world->probes[id];

    probe->busy = true;
    probe->captured = false;
    /* Assumed: after a failure it asks for everything. */
    probe->full = !world->set.light || probe->told || probe->count++ % 8 == 0;
    probe->sent = world->now;
    probe->reaches = world->now + way(world, id);
    probe->next = probe->next + world->set.interval > world->now ? probe->next + world->set.interval
                                                                 : world->now + world->set.interval;
}

/* The question is at the server, or waits in its kernel: is there an answer now? */
static bool probe_capture(struct world *world, uint32_t id)
{
    struct probe_run *probe = &world->probes[id];
    struct member *node = &world->members[id];

    probe->life = -1;
    if (probe->connected && probe->connection != node->connections) {
        probe->answer = (struct health_probe){
            .error = percent(world, 80) ? HEALTH_PROBE_LOST : HEALTH_PROBE_RESET, .code = 2013};
        return true;
    }
    if (!probe->connected && node->port == PORT_SHUT && probe->reaches < node->shut) {
        probe->answer = (struct health_probe){.error = HEALTH_PROBE_RESET, .code = 2013};
        return true;
    }
    if (!mysqld_answer(world, id, probe->full, true, &probe->answer, probe->members))
        return false;
    if (probe->answer.ok || probe->answer.error != HEALTH_PROBE_REFUSED)
        probe->life = node->lives;
    return true;
}

static void probe_finish(struct world *world, uint32_t id, const struct health_probe *answer)
{
    struct probe_run *probe = &world->probes[id];
    struct health_observation observation = {.node = id, .witness = HEALTH_WITNESS_PROBE};

    probe->busy = false;
    probe->connected = answer->ok;
    probe->connection = world->members[id].connections;
    observation.probe = *answer;
    if (answer->error != probe->told) /* each kind of failure once */
        world_tell(world, "(n%u's probe: %s)", id + 1, health_probe_error_name(answer->error));
    probe->told = answer->error;
    observation.probe.rtt_ns = (world->now - probe->sent) * HEALTH_NS_PER_MS + 300000;
    oracle_delivered(world, &observation, answer == &probe->answer ? probe->life : -1, probe->sent);
    world_observe(world, &observation);
}

static void probe_step(struct world *world, uint32_t id)
{
    static const struct health_probe timeout = {.error = HEALTH_PROBE_TIMEOUT, .code = 2013};
    struct probe_run *probe = &world->probes[id];

    if (!probe->busy) {
        if (!awake(world) || world->now < probe->next)
            return;
        probe_send(world, id);
    }
    if (!probe->captured && world->now >= probe->reaches && path_open(world, id) &&
        probe_capture(world, id)) {
        probe->captured = true;
        probe->arrives = world->now + way(world, id);
        if (probe->answer.ok)
            probe->connection = world->members[id].connections;
    }
    if (!awake(world))
        return;
    if (probe->captured && world->now >= probe->arrives && path_open(world, id) &&
        (world->now - probe->sent < world->set.timeout || percent(world, 50)))
        probe_finish(world, id, &probe->answer);
    else if (world->now - probe->sent >= world->set.timeout)
        probe_finish(world, id, &timeout);
}

static void link_say(struct world *world, uint32_t id, enum health_link says)
{
    struct health_observation observation = {.node = id, .witness = HEALTH_WITNESS_LINK};
    observation.link = (uint8_t)says;
    world_tell(world, "(n%u's link: %s)", id + 1, health_link_name(says));
    oracle_delivered(world, &observation, says == HEALTH_LINK_UP ? world->members[id].lives : -1,
                     world->now);
    world_observe(world, &observation);
}

static void link_step(struct world *world, uint32_t id)
{
    struct link_run *link = &world->links[id];
    const struct member *node = &world->members[id];

    if (!awake(world) || !path_open(world, id))
        return;
    if (link->up && link->connection != node->connections) {
        if (percent(world, 30)) /* a moment on its way */
            return;
        link->up = false;
        link->next = world->now + between(world, 100, 1000);
        link_say(world, id, percent(world, 90) ? HEALTH_LINK_EOF : HEALTH_LINK_RESET);
    } else if (!link->up && world->now >= link->next) {
        link->next = world->now + between(world, 100, 1000);
        if (node->port != PORT_OPEN || node->frozen || node->denies || node->crowded ||
            node->life != LIFE_UP)
            return;
        link->up = true;
        link->connection = node->connections;
        link_say(world, id, HEALTH_LINK_UP);
    }
}

void monitor_step(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        if (world->set.links)
            link_step(world, i);
        probe_step(world, i);
    }
    if (awake(world))
        agents_deliver(world);
}
