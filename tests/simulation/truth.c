/*
 * truth.c - what is true of a node, what can be seen of it, and which states fit that.
 */
#include "truth.h"

#define SLACK_MS 60
#define LIGHT_PROBES 8 /* between two full ones */

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t ms(int64_t ns)
{
    return ns / HEALTH_NS_PER_MS;
}

struct sight sight_of(const struct world *world, uint32_t id)
{
    const struct path *path = &world->paths[id];
    const struct agent *agent = &world->agents[id];
    const struct member *node = &world->members[id];
    return (struct sight){
        .sql = !path->sql_cut && !node->host_off,
        .agent = agent->exists && agent->alive && world->now >= agent->silent_until &&
                 !path->beats_cut && !node->host_off,
        .bad = path->loss || 2 * path->delay > world->set.timeout / 2,
    };
}

bool is_member(const struct world *world, uint32_t id, int serving)
{
    const struct member *node = &world->members[id];
    return serving != NO_VIEW && node->view == serving && mysqld_serves(world, node);
}

/* Does it say of itself that it is a member, and is none? Only its peers can show that. */
static bool is_deceived(const struct world *world, uint32_t id, int serving)
{
    const struct member *node = &world->members[id];
    return mysqld_serves(world, node) && !is_member(world, id, serving);
}

bool is_contested(const struct world *world, uint32_t id, int serving)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        struct sight sight = sight_of(world, i);
        const struct member *other = &world->members[i];
        bool rival = mysqld_runs(other) && other->view != NO_VIEW && other->view != serving &&
                     world->views[other->view].primary;
        if (is_deceived(world, i, serving) || (rival && world->foundings) ||
            (i != id && world->foundings && !sight.sql && !sight.agent))
            return true;
    }
    return false;
}

uint64_t condition_of(const struct world *world, uint32_t id, int serving)
{
    const struct member *node = &world->members[id];
    struct sight sight = sight_of(world, id);
    uint64_t bits = (uint64_t)node->connections << 40 | (uint64_t)node->lives << 20 |
                    (uint64_t)node->life << 16 | (uint64_t)node->port << 14;
    const bool flags[] = {node->frozen,
                          node->host_off,
                          sight.sql,
                          sight.agent,
                          sight.bad,
                          node->denies,
                          node->crowded,
                          is_member(world, id, serving),
                          is_contested(world, id, serving),
                          world->now < world->paused_until,
                          node->inconsistent,
                          world->judged[id].exit_told == node->lives};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        bits |= (uint64_t)flags[i] << i;
    return bits;
}

/* How long until whatever a probe, or an agent, can show has been shown. */
static int64_t probe_bound(const struct world *world, uint32_t id, bool full)
{
    const struct settings *set = &world->set;
    int64_t cycle = set->interval > set->timeout ? set->interval : set->timeout;
    int64_t probes = set->light && full ? LIGHT_PROBES : 1;
    return set->timeout + cycle * probes + set->interval + set->timeout +
           2 * world->paths[id].delay + SLACK_MS;
}

static int64_t agent_bound(const struct world *world, uint32_t id)
{
    return 3 * world->set.beat + 600 + world->paths[id].delay +
           SLACK_MS; /* its own timeout is 500 ms */
}

/* Without an agent a joiner is known by the view that grew: while somebody joins, or the view holds one
 * that died in it, any node that is down may be the one. An arbitrator that joins looks the same. */
static uint32_t fits_joiner(const struct world *world, uint32_t id, int serving)
{
    int64_t lag = 4000 + 2 * probe_bound(world, id, true);
    if (world->now - larger(world->judged[id].counted_seen, world->joining_seen) < lag)
        return U | Y;
    bool perhaps =
        serving == NO_VIEW || world->set.arbitrator || world->now - world->hidden_seen < lag;
    return perhaps ? U : 0;
}

/* Is it in the view of a server that runs? */
static bool is_counted(const struct world *world, uint32_t id)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        const struct member *other = &world->members[i];
        if (i != id && mysqld_runs(other) && other->view != NO_VIEW &&
            world->views[other->view].members >> id & 1u)
            return true;
    }
    return false;
}

void note_joiners(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        bool counted = is_counted(world, i);
        if (world->members[i].denies || world->members[i].crowded || !sight_of(world, i).sql)
            world->hidden_seen = world->now;
        if (counted)
            world->judged[i].counted_seen = world->now;
        if (world->members[i].life == LIFE_JOINING || (counted && !mysqld_runs(&world->members[i])))
            world->joining_seen = world->now;
    }
}

bool evicted_as_it_died(const struct world *world, uint32_t id)
{
    const struct member *node = &world->members[id];
    int64_t apart = node->evicted_at - node->ended;
    return !world->agents[id].exists && node->evicted_at && apart > -1000 && apart < 4000;
}

/* A process that has ended. */
static uint32_t fits_ended(const struct world *world, uint32_t id, struct sight sight, int serving,
                           int64_t *bound)
{
    const struct member *node = &world->members[id];
    const struct health_limits *limits = &world->limits;

    *bound = ms(larger(limits->leave_wait_ns, limits->exit_grace_ns)) +
             (sight.sql ? probe_bound(world, id, false) : agent_bound(world, id));
    if (world->agents[id].exists)
        *bound += sight.agent ? world->set.beat : ms(limits->agent_stale_ns);
    uint32_t others = sight.agent ? 0 : fits_joiner(world, id, serving);
    if (!sight.agent && world->judged[id].heard_at)
        others |= U; /* it may have been the agent alone that ended */
    if (node->killed_leaving || evicted_as_it_died(world, id))
        others |= RC;
    if (!node->clean)
        return others | RU | (world->judged[id].life_told < node->lives ? RC : 0);
    return sight.agent && world->judged[id].exit_told == node->lives ? RC : others | RC | RU;
}

/* One that takes connections, or did a moment ago. */
static uint32_t fits_up(const struct world *world, uint32_t id, struct sight sight, int serving,
                        int64_t *bound)
{
    const struct member *node = &world->members[id];
    bool member = is_member(world, id, serving);
    bool refused = node->denies || node->crowded;
    *bound = probe_bound(world, id, true) + (sight.sql ? 0 : agent_bound(world, id));
    if (refused)
        *bound += ms(world->limits.view_stale_ns) + agent_bound(world, id);
    if (is_contested(world, id, serving) || world->judged[id].contested_life == node->lives) {
        *bound += agent_bound(world, id);
        return Y | G | U;
    }
    if (refused && !(sight.agent && !node->crowded))
        return member ? G | U : Y | U;
    return member ? G : Y;
}

uint32_t fits(const struct world *world, uint32_t id, int serving, int64_t *bound)
{
    const struct member *node = &world->members[id];
    struct sight sight = sight_of(world, id);
    int64_t stale = ms(larger(world->limits.probe_stale_ns, world->limits.agent_stale_ns));

    *bound = stale + probe_bound(world, id, false) + agent_bound(world, id);
    if (!sight.sql && !sight.agent)
        return U;
    if (node->life == LIFE_DOWN)
        return fits_ended(world, id, sight, serving, bound);
    if (node->frozen)
        return U | Y;
    if (node->life == LIFE_UP)
        return fits_up(world, id, sight, serving, bound);
    if (node->life == LIFE_DYING)
        return U | Y | G | RU;
    if (sight.agent) {
        *bound =
            agent_bound(world, id) + ms(world->limits.settle_ns) + probe_bound(world, id, false);
        return Y | (node->life == LIFE_LEAVING ? U : 0);
    }
    return U | Y | RU | RC;
}
