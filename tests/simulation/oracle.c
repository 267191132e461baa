/*
 * oracle.c - the judge: it knows the truth, and what the witnesses can know of it.
 *
 * Some things must never be said, whatever the witnesses show (look()). The rest is a question of time:
 * what is true of a node and what can be seen of it is its *condition*. When a condition has lasted for
 * as long as the cadence allows the engine to need, the node's state must be one of those that fit it,
 * and must stay so until the condition changes (check_state()). So lateness, states that get stuck, and
 * wrong states are one rule, and it also rules the end of each run, when all is healed.
 */
#include "truth.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 4 /* how often what has lasted is looked at */

/* The facts behind a node's state. */
static void tell_why(const struct world *world, uint32_t id)
{
    struct health_why why;
    if (health_engine_why(world->engine, id, &why) != HEALTH_OK)
        return;
    printf("   n%u's facts:", id + 1);
    for (unsigned fact = 0; fact < HEALTH_NODE_FACT_COUNT; fact++)
        printf(" %s=%s", health_node_facts[fact].name,
               health_node_facts[fact].values[why.facts[fact]]);
    printf("\n");
}

void oracle_fail(struct world *world, uint32_t subject, const char *format, ...)
{
    va_list args;

    if (world->failed)
        return;
    world->failed = true;
    world->ends = world->now + (world->tells ? 4000 : 0);
    printf("seed %llu, %.3f s: ", (unsigned long long)world->seed, (double)world->now / 1e3);
    if (subject < world->set.nodes)
        printf("n%u: ", subject + 1);
    else
        printf("the cluster: ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    for (uint32_t i = 0; world->tells && i < world->set.nodes; i++)
        tell_why(world, i);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t ms(int64_t ns)
{
    return ns / HEALTH_NS_PER_MS;
}

void oracle_begin(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        world->judged[i].life = 1;
        world->judged[i].exit_told = world->judged[i].contested_life = -1;
    }
    for (uint32_t i = 0; i <= world->set.nodes; i++)
        world->judged[i].allowance = 4;
}

/* A red word about a process that lives: is it all that can be known? */
static bool red_is_excused(const struct world *world, uint32_t id)
{
    const struct member *node = &world->members[id];
    const struct judged *judged = &world->judged[id];

    if (judged->life_told < node->lives)
        return true; /* nothing has shown this life yet: the last one has ended */
    return node->port == PORT_SHUT &&
           (!judged->heard_at || world->now - judged->heard_at >= ms(world->limits.agent_stale_ns));
}

/* What must never be said. */
static void check_red(struct world *world, uint32_t id)
{
    const struct member *node = &world->members[id];
    const struct judged *judged = &world->judged[id];
    uint32_t state = 1u << judged->believed;

    if (!(state & (RC | RU)))
        return;
    if (mysqld_runs(node) && !red_is_excused(world, id))
        oracle_fail(world, id, "%s, but it runs", health_state_name(judged->believed));
    bool untold =
        node->life == LIFE_LEAVING || node->killed_leaving || evicted_as_it_died(world, id);
    bool clean = untold                                                 ? true
                 : judged->life_told < node->lives || mysqld_runs(node) ? judged->clean_before
                                                                        : node->clean;
    if (state & RC && !clean)
        oracle_fail(world, id, "red-clean, but it crashed");
}

static void check_state(struct world *world, uint32_t id, int serving)
{
    const struct judged *judged = &world->judged[id];
    struct sight sight = sight_of(world, id);
    int64_t bound;

    if (world->now < world->paused_until)
        return;
    uint32_t states = fits(world, id, serving, &bound);
    if (sight.bad) {
        states |= U;
        bound = 4 * bound + 2000;
    }
    if (world->now - judged->since <= bound || states & 1u << judged->believed)
        return;
    char wanted[80] = "";
    for (unsigned state = 0; state < HEALTH_STATE_COUNT; state++)
        if (states >> state & 1u)
            snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), " %s",
                     health_state_name((enum health_state)state));
    oracle_fail(world, id, "%s (%s) %lld ms after its condition changed; what fits:%s",
                health_state_name((enum health_state)judged->believed),
                health_reason_name((enum health_reason)judged->reason),
                (long long)(world->now - judged->since), wanted);
}

static void check_colour(struct world *world, int serving)
{
    const struct judged *judged = &world->judged[world->set.nodes];
    int64_t newest = 0;
    int64_t bound = 0;
    uint32_t greens = 0;
    bool known = true;
    bool unseen = true;

    if (world->now < world->paused_until)
        return;
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        int64_t needs;
        uint32_t states = fits(world, i, serving, &needs);
        known &= !(states & U) && (states == G || !(states & G)) && !sight_of(world, i).bad;
        unseen &= states == U;
        greens += states == G;
        newest = larger(newest, world->judged[i].since);
        bound = larger(bound, needs);
    }
    if (world->now - newest <= bound || (!known && !unseen))
        return;
    enum health_colour truth = unseen                       ? HEALTH_COLOUR_UNKNOWN
                               : greens == world->set.nodes ? HEALTH_COLOUR_GREEN
                               : greens                     ? HEALTH_COLOUR_YELLOW
                                                            : HEALTH_COLOUR_RED;
    if (judged->believed != truth)
        oracle_fail(world, world->set.nodes, "%s (%s), but it is %s",
                    health_colour_name((enum health_colour)judged->believed),
                    health_reason_name((enum health_reason)judged->reason),
                    health_colour_name(truth));
}

/* Red of a cluster that serves, and was seen to, or can be seen. */
static void check_colour_red(struct world *world, bool changed)
{
    if (world->judged[world->set.nodes].believed != HEALTH_COLOUR_RED)
        return;
    int serving = group_serving(world);
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        int64_t bound;
        if (!is_member(world, i, serving) ||
            world->judged[i].contested_life == world->members[i].lives)
            continue;
        bool lasts = condition_of(world, i, serving) == world->judged[i].condition;
        bool seen = lasts && fits(world, i, serving, &bound) == G && !sight_of(world, i).bad &&
                    world->now >= world->paused_until &&
                    world->now - world->judged[i].since > bound;
        if (seen || (changed && world->judged[i].seen_serving))
            oracle_fail(
                world, world->set.nodes, "red (%s), but n%u serves",
                health_reason_name((enum health_reason)world->judged[world->set.nodes].reason),
                i + 1);
    }
}

static void tell_change(const struct world *world, uint32_t id, const char *name,
                        const char *reason)
{
    if (id < world->set.nodes)
        world_tell(world, "                                     n%u %s (%s)", id + 1, name, reason);
    else
        world_tell(world, "                                     cluster %s (%s)", name, reason);
}

static void changed(struct world *world, uint32_t id, uint8_t state, uint8_t reason,
                    uint32_t version)
{
    struct judged *judged = &world->judged[id];
    bool is_node = id < world->set.nodes;
    bool news = state != judged->believed;

    judged->changes += news;
    judged->believed = state;
    judged->reason = reason;
    judged->version = version;
    tell_change(world, id,
                is_node ? health_state_name((enum health_state)state)
                        : health_colour_name((enum health_colour)state),
                health_reason_name((enum health_reason)reason));
    if (is_node)
        check_red(world, id);
    else
        check_colour_red(world, news);
    if (is_node && judged->changes > judged->allowance)
        oracle_fail(world, id, "%u changes, more than what happened can account for",
                    judged->changes);
}

static void take_reports(struct world *world)
{
    struct health_report report;
    while (health_queue_pop(world->queue, &report)) {
        struct judged *judged = &world->judged[report.subject];
        if (report.version != judged->read_version + 1 + report.missed)
            oracle_fail(world, report.subject, "version %u after %u, %u missed", report.version,
                        judged->read_version, report.missed);
        judged->read_version = report.version;
        judged->read_state = report.state;
        judged->read_reason = report.reason;
    }
    for (uint32_t i = 0; i <= world->set.nodes; i++) {
        const struct judged *judged = &world->judged[i];
        if (judged->read_version != judged->version ||
            (judged->version &&
             (judged->read_state != judged->believed || judged->read_reason != judged->reason)))
            oracle_fail(world, i, "the last report read is not what the engine believes");
    }
}

void oracle_look(struct world *world)
{
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        struct health_node_snapshot node;
        health_node_snapshot(world->engine, i, &node);
        if (node.version != world->judged[i].version)
            changed(world, i, (uint8_t)node.state, (uint8_t)node.reason, node.version);
    }
    struct health_cluster_snapshot cluster;
    health_cluster_snapshot(world->engine, 0, &cluster);
    if (cluster.version != world->judged[world->set.nodes].version)
        changed(world, world->set.nodes, (uint8_t)cluster.colour, (uint8_t)cluster.reason,
                cluster.version);
}

void oracle_delivered(struct world *world, const struct health_observation *observation, int life,
                      int64_t formed)
{
    struct judged *judged = &world->judged[observation->node];
    const struct member *node = &world->members[observation->node];

    bool tells_end = observation->witness == HEALTH_WITNESS_AGENT && life < 0 &&
                     !mysqld_runs(node) && formed >= node->ended &&
                     (node->touched || observation->heartbeat.exit_kind != HEALTH_EXIT_NOT_KNOWN);
    if (observation->witness == HEALTH_WITNESS_LINK && world->agents[observation->node].exists)
        return; /* its agent's last word counts for more */
    if (life > judged->life_told)
        judged->life_told = life;
    if (tells_end)
        judged->life_told = node->lives;
    if (observation->witness == HEALTH_WITNESS_PROBE && !observation->probe.ok)
        judged->allowance += observation->probe.error == HEALTH_PROBE_TIMEOUT ? 2 : 0;
    if (observation->witness != HEALTH_WITNESS_AGENT)
        return;
    if (life == node->lives)
        judged->heard_at = world->now;
    if (tells_end && observation->heartbeat.exit_kind != HEALTH_EXIT_NOT_KNOWN)
        judged->exit_told = node->lives;
}

static void note_life(struct world *world, uint32_t id)
{
    struct judged *judged = &world->judged[id];
    const struct member *node = &world->members[id];

    if (judged->life == node->lives) {
        if (!mysqld_runs(node) && judged->life_told == node->lives)
            judged->clean_before =
                node->clean || node->killed_leaving || evicted_as_it_died(world, id);
        return;
    }
    judged->life = node->lives;
    judged->heard_at = 0;
}

void oracle_step(struct world *world)
{
    int serving = group_serving(world);

    note_joiners(world);
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        struct judged *judged = &world->judged[i];
        note_life(world, i);
        uint64_t condition = condition_of(world, i, serving);
        if (condition != judged->condition) {
            judged->condition = condition;
            judged->since = world->now;
            judged->allowance += 3;
        }
        if (world->foundings && is_contested(world, i, serving))
            judged->contested_life = world->members[i].lives;
        judged->seen_serving = is_member(world, i, serving) &&
                               (judged->seen_serving || judged->believed == HEALTH_STATE_GREEN);
        if (world->views_seen != world->view_next)
            judged->allowance += 3;
    }
    world->views_seen = world->view_next;
    oracle_look(world);
    for (uint32_t i = 0; i < world->set.nodes; i++) {
        check_red(world, i);
        if (world->now % LOOK_MS == 0)
            check_state(world, i, serving);
    }
    if (world->now % LOOK_MS == 0) {
        check_colour(world, serving);
        check_colour_red(world, false);
    }
    if (world->now % 500 == 0)
        take_reports(world);
}
