/*
 * bootstrap_sight.c - what healthd knows of a world: files, exits and recoveries as its agents tell them, if they do.
 */
#include "bootstrap_world.h"

#include "random.h"

#include <healthd/rules.h>

#include <stdlib.h>

#define S HEALTH_NS_PER_S
#define NOW_NS (1000 * S)
#define DOWN_NS (900 * S)

static const struct health_limits *limits(void)
{
    static struct health_limits derived;
    const struct health_cadence cadence = {S, S / 2, S / 2};

    if (health_limits_derive(&cadence, &derived) != HEALTH_OK)
        abort();
    return &derived;
}

static uint64_t below(struct world *world, uint64_t bound)
{
    return random_below(&world->dice, bound);
}

static uint8_t there(bool is)
{
    return is ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
}

/* The rules say how it exited. */
static uint8_t exit_of(const struct world_node *node)
{
    uint8_t facts[HEALTH_EXITS_COUNT] = {0};

    facts[HEALTH_EXITS_ENDED] = !node->code_seen ? HEALTH_ENDED_NOT_KNOWN
                                : node->code_0   ? HEALTH_ENDED_CODE_0
                                                 : HEALTH_ENDED_SIGNAL;
    if (node->saved.known) {
        facts[HEALTH_EXITS_SEQNO] =
            node->saved.seqno < 0 ? HEALTH_SEQNO_UNDEFINED : HEALTH_SEQNO_SAVED;
        facts[HEALTH_EXITS_UUID] = node->saved.uuid.hi ? HEALTH_UUID_SET : HEALTH_UUID_ZERO;
    }
    facts[HEALTH_EXITS_GVWSTATE] = there(node->gvwstate);
    facts[HEALTH_EXITS_SST] = there(node->marker);
    uint8_t exit = health_table_match(health_rules_galera.exit, facts)->answer;
    return exit == HEALTH_EXIT_FACT_PENDING ? HEALTH_EXIT_FACT_UNPROVEN : exit;
}

static void see_recovery(struct world *world, const struct world_node *node,
                         struct health_node_memory *memory, bool *plain)
{
    struct health_recovery *found = &memory->recovery;
    uint64_t luck = below(world, 60);

    memory->recovery_ns = NOW_NS - S / 2;
    *found = (struct health_recovery){HEALTH_RECOVERY_DONE, world_uuid(node->history),
                                      world->base + node->durable};
    if (node->hollow)
        found->seqno = node->claims;
    if (!node->history)
        found->seqno = HEALTH_SEQNO_NONE;
    *plain &= luck > 3;
    if (luck == 0)
        *found = (struct health_recovery){.status = HEALTH_RECOVERY_FAILED, .seqno = -1};
    else if (luck == 1)
        *found = (struct health_recovery){.status = HEALTH_RECOVERY_RUNNING, .seqno = -1};
    else if (luck == 2)
        *found = (struct health_recovery){.seqno = -1};
    else if (luck == 3) { /* made after an earlier stop */
        found->seqno = world->base + node->durable / 2;
        memory->recovery_ns = DOWN_NS - 10 * S;
    }
}

static void see_down(struct world *world, const struct world_node *node,
                     struct health_case_node *seen, bool *plain)
{
    seen->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_GONE;
    seen->facts[HEALTH_FACT_EXIT] = exit_of(node);
    seen->known.state = HEALTH_STATE_RED_UNCLEAN;
    if (seen->facts[HEALTH_FACT_EXIT] == HEALTH_EXIT_FACT_CLEAN ||
        (seen->facts[HEALTH_FACT_EXIT] == HEALTH_EXIT_FACT_UNPROVEN && node->left))
        seen->known.state = HEALTH_STATE_RED_CLEAN;
    seen->memory.process = HEALTH_PROCESS_STOPPED;
    seen->memory.grastate = node->saved;
    seen->memory.gvwstate = there(node->gvwstate);
    seen->memory.sst_in_progress = there(node->marker);
    seen->memory.files_ns = NOW_NS - S / 2;
    seen->agent_age_ns = S / 2;
    if (node->marker || (node->saved.known && !node->saved.uuid.hi && !seen->memory.taint))
        seen->memory.taint = HEALTH_TAINT_TORN;
    if (seen->facts[HEALTH_FACT_EXIT] != HEALTH_EXIT_FACT_CLEAN)
        see_recovery(world, node, &seen->memory, plain);
}

static void see_running(const struct world_node *node, struct health_case_node *seen)
{
    seen->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_OK;
    seen->facts[HEALTH_FACT_CLAIM] = node->primary ? HEALTH_CLAIM_MEMBER : HEALTH_CLAIM_NON_PRIMARY;
    seen->known.state = node->primary ? HEALTH_STATE_GREEN : HEALTH_STATE_YELLOW;
    seen->memory.process = HEALTH_PROCESS_RUNNING;
    seen->agent_age_ns = S / 2;
    seen->memory.files_ns = NOW_NS - S / 2;
    seen->memory.grastate = node->saved;
    seen->memory.sst_in_progress = HEALTH_ANSWER_NO;
}

/* Nobody hears its agent any more, and it may go on. */
static void serve_unseen(struct world *world, struct world_node *node)
{
    for (uint64_t i = below(world, 5); i > 0 && node->history && node->length < WORLD_LOG; i--)
        node->log[node->length++] = ++world->transactions;
    node->durable = node->length;
}

static void see_node(struct world *world, uint32_t place, struct health_case_node *seen,
                     bool *plain)
{
    struct world_node *node = &world->nodes[place];
    uint64_t luck = below(world, 40);

    *seen = (struct health_case_node){.node = place,
                                      .known.since_ns = DOWN_NS,
                                      .probe_age_ns = -1,
                                      .agent_age_ns = -1,
                                      .view_age_ns = -1};
    seen->memory.served = node->served;
    seen->memory.served_size = node->served_size;
    seen->memory.taint = node->taint;
    seen->memory.recovery.seqno = HEALTH_SEQNO_NONE;
    *plain &= luck > 1 && !node->up;
    if (luck == 0) { /* no agent at all */
        serve_unseen(world, node);
        return;
    }
    if (node->up)
        see_running(node, seen);
    else
        see_down(world, node, seen, plain);
    if (luck == 1) {
        seen->agent_age_ns = 20 * S;
        seen->memory.files_ns = NOW_NS - 20 * S;
        serve_unseen(world, node);
    }
}

/* Is it one of the situations that are plainly safe? */
static bool is_plain(const struct world *world, const struct health_case *seen)
{
    uint32_t clean = 0, crashed = 0, marked = 0;
    int64_t highest = HEALTH_SEQNO_NONE, marked_at = HEALTH_SEQNO_NONE, lowest = INT64_MAX;

    for (uint32_t i = 0; i < world->count; i++) {
        const struct world_node *node = &world->nodes[i];
        int64_t at = world->base + node->durable;
        clean += seen->nodes[i].known.state == HEALTH_STATE_RED_CLEAN;
        crashed += seen->nodes[i].known.state == HEALTH_STATE_RED_UNCLEAN;
        highest = at > highest ? at : highest;
        lowest = at < lowest ? at : lowest;
        if (node->saved.safe_to_bootstrap == HEALTH_ANSWER_YES) {
            marked++;
            marked_at = node->saved.seqno;
        }
    }
    return !world->odd && world->mark.seqno >= 0 && highest >= world->mark.seqno &&
           ((clean == world->count && highest == lowest) || crashed == world->count ||
            (marked == 1 && marked_at == highest));
}

void world_see(struct world *world, struct health_case *ret_case, bool *ret_plain)
{
    *ret_plain = true;
    *ret_case = (struct health_case){.now_ns = NOW_NS, .limits = limits(), .count = world->count};
    ret_case->cluster.nodes = ret_case->cluster.expected = world->count;
    ret_case->cluster.primary_size = (uint32_t)world->primary_size;
    ret_case->cluster.others = world->strangers;
    ret_case->memory.served = world->mark;
    ret_case->memory.served_ns = DOWN_NS;
    ret_case->memory.split = world->split;
    for (uint32_t i = 0; i < world->count; i++)
        see_node(world, i, &ret_case->nodes[i], ret_plain);
    *ret_plain = *ret_plain && is_plain(world, ret_case);
}
