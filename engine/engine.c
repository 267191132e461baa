/*
 * engine.c - the engine's life: creation, clusters and nodes that come and go, time, deadlines.
 *
 * One block of memory is allocated at creation and cut into arrays; nothing is allocated after. Free
 * slots form lists through the fields that used ones link by.
 */
#include "clock.h"
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MAX (UINT32_C(1) << 24)
#define CACHE_LINE 64u

/* No limit may reach this: times are compared by the sign of a 32-bit difference. */
#define LIMIT_MAX_NS ((int64_t)DEADLINE_FARTHEST_MS * HEALTH_NS_PER_MS)

static size_t line_up(size_t bytes)
{
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* Where each array begins in the block. */
struct plan {
    size_t nodes;
    size_t cold;
    size_t since;
    size_t clusters;
    size_t deadlines;
    size_t bytes;
};

static struct plan plan_block(uint32_t nodes, uint32_t clusters)
{
    struct plan plan = {.nodes = line_up(sizeof(struct health_engine))};
    plan.cold = plan.nodes + line_up(nodes * sizeof(struct node));
    plan.since = plan.cold + line_up(nodes * sizeof(struct node_cold));
    plan.clusters = plan.since + line_up(nodes * sizeof(int64_t));
    plan.deadlines = plan.clusters + line_up(clusters * sizeof(struct cluster));
    plan.bytes = plan.deadlines + line_up(deadlines_bytes(nodes));
    return plan;
}

const char *health_limits_problem(const struct health_limits *limits)
{
#define X(name, text) \
    if (limits->name##_ns <= 0 || limits->name##_ns >= LIMIT_MAX_NS) \
        return #name " is out of range";
    HEALTH_LIMITS(X)
#undef X
    if (limits->view_hold_ns > limits->view_stale_ns)
        return "view_hold is above view_stale";
    if (limits->settle_ns > limits->leave_wait_ns)
        return "settle is above leave_wait";
    if (limits->leave_window_ns > limits->evict_min_ns)
        return "leave_window is above evict_min";
    if (limits->evict_min_ns > limits->evict_max_ns)
        return "evict_min is above evict_max";
    return NULL;
}

static bool options_valid(const struct health_engine_options *options)
{
    return options->nodes >= 1 && options->nodes <= CAPACITY_MAX && options->clusters >= 1 &&
           options->clusters <= CAPACITY_MAX && options->limits && options->ruleset &&
           !health_limits_problem(options->limits);
}

static void free_lists_init(struct health_engine *engine)
{
    for (uint32_t i = 0; i < engine->node_capacity; i++)
        engine->cold[i].next = i + 1 < engine->node_capacity ? i + 1 : HEALTH_NODE_NONE;
    for (uint32_t i = 0; i < engine->cluster_capacity; i++)
        engine->clusters[i].first = i + 1 < engine->cluster_capacity ? i + 1 : HEALTH_NODE_NONE;
}

/* Testimony that keeps coming is at most this old. */
static uint32_t refresh_ms(const struct limits_ms *limits)
{
    return limits->probe_interval > limits->heartbeat_interval ? limits->probe_interval
                                                               : limits->heartbeat_interval;
}

enum health_error health_engine_create(const struct health_engine_options *options,
                                       struct health_engine **ret_engine)
{
    if (!options || !ret_engine || !options_valid(options))
        return HEALTH_EINVAL;

    struct plan plan = plan_block(options->nodes, options->clusters);
    char *block = aligned_alloc(CACHE_LINE, plan.bytes);
    if (!block)
        return HEALTH_ENOMEM;
    memset(block, 0, plan.bytes);

    struct health_engine *engine = (struct health_engine *)(void *)block;
    engine->nodes = (struct node *)(void *)(block + plan.nodes);
    engine->cold = (struct node_cold *)(void *)(block + plan.cold);
    engine->since_ns = (int64_t *)(void *)(block + plan.since);
    engine->clusters = (struct cluster *)(void *)(block + plan.clusters);
    engine->rules = options->ruleset;
    memcpy(engine->queues, options->queues, sizeof engine->queues);
    engine->node_capacity = options->nodes;
    engine->cluster_capacity = options->clusters;
    engine->limits_ns = *options->limits;
#define X(name, text) \
    engine->limits.name = (uint32_t)(options->limits->name##_ns / HEALTH_NS_PER_MS);
    HEALTH_LIMITS(X)
#undef X
    engine->origin_ns = options->now_ns;
    engine->now_ns = options->now_ns;
    engine->late_ns = options->now_ns + engine->limits_ns.pulse_ns + engine->limits_ns.stall_ns;
    deadlines_init(&engine->deadlines, block + plan.deadlines, options->nodes, 0);
    engine->deadlines.early_ms = refresh_ms(&engine->limits);
    free_lists_init(engine);
    *ret_engine = engine;
    return HEALTH_OK;
}

void health_engine_destroy(struct health_engine *engine)
{
    free(engine);
}

size_t health_engine_bytes(const struct health_engine_options *options)
{
    return options && options_valid(options) ? plan_block(options->nodes, options->clusters).bytes
                                             : 0;
}

/* Keep a time that is far in the past from wrapping into the future. */
static void rest(uint32_t *moment, uint32_t now_ms)
{
    if (ms_since(*moment, now_ms) > (int32_t)DEADLINE_FARTHEST_MS)
        *moment = now_ms - DEADLINE_FARTHEST_MS;
}

static void node_rest(struct health_engine *engine, uint32_t id)
{
    struct node *node = &engine->nodes[id];
    rest(&node->probe_ms, engine->now_ms);
    rest(&node->claim_ms, engine->now_ms);
    rest(&node->agent_ms, engine->now_ms);
    rest(&engine->cold[id].link_ms, engine->now_ms);
    rest(&engine->cold[id].gone_ms, engine->now_ms);
    rest(&engine->clusters[engine->cold[id].cluster].seen_ms, engine->now_ms);
    rest(&engine->stall_end_ms, engine->now_ms);
}

/* A node's deadline came, or will soon. Testimony that was refreshed meanwhile has moved its threshold on
 * without telling the deadline: then there is nothing to judge, only a later moment to wait for. */
static uint32_t node_due(void *context, uint32_t id)
{
    struct health_engine *engine = context;

    if (!(engine->nodes[id].flags & NODE_USED))
        return engine->now_ms + DEADLINE_FARTHEST_MS;
    node_rest(engine, id);
    uint32_t threshold = node_next_threshold(engine, id, engine->deadlines.at_ms[id]);
    if (ms_since(threshold, engine->now_ms) < 0)
        return threshold;
    cluster_judge(engine, engine->cold[id].cluster);
    return node_next_threshold(engine, id, engine->now_ms + 1);
}

enum health_error health_engine_tick(struct health_engine *engine, int64_t now_ns)
{
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;
    if (ms_since(engine->deadlines.next_ms, engine->now_ms) >= 0)
        deadlines_expire(&engine->deadlines, engine->now_ms, node_due, engine);
    return HEALTH_OK;
}

int64_t health_engine_deadline(const struct health_engine *engine)
{
    int32_t ahead = ms_since(engine->now_ms, engine->deadlines.next_ms);
    int64_t pulse_ns = engine->now_ns + engine->limits_ns.pulse_ns;
    int64_t now_floor_ns = engine->now_ns - (engine->now_ns - engine->origin_ns) % HEALTH_NS_PER_MS;
    int64_t due_ns = ahead > 0 ? now_floor_ns + ahead * HEALTH_NS_PER_MS : engine->now_ns;
    return due_ns < pulse_ns ? due_ns : pulse_ns;
}

void health_engine_counters(const struct health_engine *engine,
                            struct health_engine_counters *ret_counters)
{
    *ret_counters = engine->counters;
    ret_counters->observations +=
        ret_counters->unchanged + ret_counters->stale + ret_counters->voided;
}

static bool size_valid(uint32_t expected_size)
{
    return expected_size >= 1 && expected_size <= HEALTH_CLUSTER_NODES_MAX;
}

enum health_error health_cluster_add(struct health_engine *engine, int64_t now_ns,
                                     uint32_t expected_size, uint32_t *ret_cluster)
{
    if (!size_valid(expected_size))
        return HEALTH_EINVAL;
    if (engine->free_cluster == HEALTH_NODE_NONE)
        return HEALTH_ELIMIT;
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;

    uint32_t id = engine->free_cluster;
    struct cluster *cluster = &engine->clusters[id];
    engine->free_cluster = cluster->first;
    *cluster = (struct cluster){
        .first = HEALTH_NODE_NONE,
        .version = cluster->version, /* the reader of the queue knows this number already */
        .since_ns = now_ns,
        .members_conf = CONF_NONE,
        .expected = (uint8_t)expected_size,
        .used = true,
    };
    *ret_cluster = id;
    return HEALTH_OK;
}

enum health_error health_cluster_expect(struct health_engine *engine, int64_t now_ns,
                                        uint32_t cluster, uint32_t expected_size)
{
    if (!cluster_exists(engine, cluster))
        return HEALTH_ENOENT;
    if (!size_valid(expected_size))
        return HEALTH_EINVAL;
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;
    engine->clusters[cluster].expected = (uint8_t)expected_size;
    cluster_judge(engine, cluster);
    return HEALTH_OK;
}

enum health_error health_node_add(struct health_engine *engine, int64_t now_ns, uint32_t cluster,
                                  uint32_t *ret_node)
{
    if (!cluster_exists(engine, cluster))
        return HEALTH_ENOENT;
    if (engine->free_node == HEALTH_NODE_NONE ||
        engine->clusters[cluster].count == HEALTH_CLUSTER_NODES_MAX)
        return HEALTH_ELIMIT;
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;

    uint32_t id = engine->free_node;
    engine->free_node = engine->cold[id].next;
    engine->nodes[id] = (struct node){
        .flags = NODE_USED,
        .conf = CONF_NONE,
        .claim_ms = engine->now_ms - DEADLINE_FARTHEST_MS,
        .agent_ms = engine->now_ms, /* its agent is waited for from now on */
    };
    engine->cold[id] = (struct node_cold){
        .cluster = cluster,
        .next = HEALTH_NODE_NONE,
        .version = engine->cold[id].version, /* the reader of the queue knows this number already */
        .incarnation = 1,
    };
    engine->since_ns[id] = now_ns;

    uint32_t *link = &engine->clusters[cluster].first;
    while (*link != HEALTH_NODE_NONE)
        link = &engine->cold[*link].next;
    *link = id;
    engine->clusters[cluster].count++;
    engine->clusters[cluster].members_conf = CONF_NONE; /* its bits go by place in the list */
    if (engine->clusters[cluster].others) {             /* it may have been taken for one of them */
        engine->clusters[cluster].others--;
        engine->clusters[cluster].others_most--;
    }
    cluster_judge(engine, cluster);
    *ret_node = id;
    return HEALTH_OK;
}

enum health_error health_node_maintain(struct health_engine *engine, int64_t now_ns, uint32_t node,
                                       bool on)
{
    if (!node_exists(engine, node))
        return HEALTH_ENOENT;
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;
    if (engine->cold[node].maintained == on)
        return HEALTH_OK;
    engine->cold[node].maintained = on;
    cluster_judge(engine, engine->cold[node].cluster);
    return HEALTH_OK;
}

/* Put a node's slot back into the free list. */
static void node_free(struct health_engine *engine, uint32_t id)
{
    engine->nodes[id].flags = 0;
    engine->cold[id].next = engine->free_node;
    engine->free_node = id;
}

enum health_error health_node_remove(struct health_engine *engine, int64_t now_ns, uint32_t node)
{
    if (!node_exists(engine, node))
        return HEALTH_ENOENT;
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;

    uint32_t cluster = engine->cold[node].cluster;
    uint32_t *link = &engine->clusters[cluster].first;
    while (*link != node)
        link = &engine->cold[*link].next;
    *link = engine->cold[node].next;
    engine->clusters[cluster].count--;
    engine->clusters[cluster].members_conf = CONF_NONE;
    node_free(engine, node);
    cluster_judge(engine, cluster);
    return HEALTH_OK;
}

enum health_error health_cluster_remove(struct health_engine *engine, uint32_t cluster)
{
    if (!cluster_exists(engine, cluster))
        return HEALTH_ENOENT;
    for (uint32_t id = engine->clusters[cluster].first; id != HEALTH_NODE_NONE;) {
        uint32_t next = engine->cold[id].next;
        node_free(engine, id);
        id = next;
    }
    engine->clusters[cluster].used = false;
    engine->clusters[cluster].first = engine->free_cluster;
    engine->free_cluster = cluster;
    return HEALTH_OK;
}
