/*
 * redis_stage.c - a real engine, queue, directory and loop with a Redis reporter.
 */
#include "redis_stage.h"

#include <cjson/cJSON.h>
#include <event2/event.h>
#include <healthd/observer.h>
#include <healthd/rules.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call) \
    do { \
        if ((call) != 0) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #call); \
            abort(); \
        } \
    } while (0)

static void note_remark(void *context, const char *text)
{
    struct stage *stage = context;
    stage->remarks++;
    snprintf(stage->remark, sizeof stage->remark, "%s", text);
    printf("    remark: %s\n", text);
}

static void populate(struct stage *stage)
{
    char cluster_name[24];
    char node_name[24];

    for (uint32_t c = 0; c < stage->clusters; c++) {
        uint32_t cluster;
        MUST(health_cluster_add(stage->engine, health_clock_ns(), STAGE_NODES_EACH, &cluster));
        snprintf(cluster_name, sizeof cluster_name, "c%u", cluster);
        directory_set_cluster(&stage->directory, cluster, cluster_name);
        for (uint32_t i = 0; i < STAGE_NODES_EACH; i++) {
            uint32_t node;
            MUST(health_node_add(stage->engine, health_clock_ns(), cluster, &node));
            snprintf(node_name, sizeof node_name, "n%u", node);
            directory_set_node(&stage->directory, node, cluster_name, node_name);
        }
    }
}

static void build_engine(struct stage *stage, const struct stage_options *options)
{
    const struct health_cadence cadence = {HEALTH_NS_PER_S, HEALTH_NS_PER_S / 2,
                                           HEALTH_NS_PER_S / 2};
    const struct health_queue_options line = {.subjects = stage->nodes + stage->clusters,
                                              .capacity =
                                                  options->capacity ? options->capacity : 64,
                                              .epoch = options->epoch ? options->epoch : 1000};
    struct health_limits limits;

    MUST(health_limits_derive(&cadence, &limits));
    MUST(health_queue_create(&line, &stage->queue));
    MUST(health_engine_create(&(struct health_engine_options){.nodes = stage->nodes,
                                                              .clusters = stage->clusters,
                                                              .now_ns = health_clock_ns(),
                                                              .limits = &limits,
                                                              .ruleset = &health_rules_galera,
                                                              .queues = {stage->queue}},
                              &stage->engine));
    MUST(!directory_init(&stage->directory, stage->nodes, stage->clusters));
    populate(stage);
}

void stage_begin(struct stage *stage, struct redis_server *server,
                 const struct stage_options *options)
{
    *stage = (struct stage){.server = server};
    stage->clusters = options->clusters ? options->clusters : 2;
    stage->nodes = stage->clusters * STAGE_NODES_EACH;
    stage->phase = calloc(stage->nodes, sizeof *stage->phase);
    stage->base = event_base_new();
    MUST(!stage->phase || !stage->base || event_base_priority_init(stage->base, 2));
    build_engine(stage, options);
    const struct reporter_source source = {
        .queue = stage->queue,
        .directory = &stage->directory,
        .engine = stage->engine,
        .epoch = options->epoch ? options->epoch : 1000,
        .reporter = "monitor1:4711",
        .remark = note_remark,
        .context = stage,
    };
    stage->reporter = reporter_redis_create(
        stage->base, &source,
        &(struct reporter_redis_options){
            .address = options->address ? options->address : server->address,
            .user = options->user,
            .password_file = options->password_file,
            .interval_ns = (options->interval_ms ? options->interval_ms : 1000) * HEALTH_NS_PER_MS,
            .log_length = options->log_length ? options->log_length : 100000,
        });
}

void stage_end(struct stage *stage)
{
    reporter_redis_destroy(stage->reporter, 0);
    health_engine_destroy(stage->engine);
    health_queue_destroy(stage->queue);
    directory_clear(&stage->directory);
    event_base_free(stage->base);
    free(stage->phase);
}

/* The habits: a member, a member that refuses queries, no member. */
void stage_change(struct stage *stage, uint32_t node)
{
    unsigned habit = ++stage->phase[node] % 3;
    int64_t now_ns = health_clock_ns();
    struct health_observation seen = {
        .at_ns = now_ns, .node = node, .witness = HEALTH_WITNESS_PROBE};

    seen.probe.ok = seen.probe.has_view = true;
    seen.probe.view = (struct health_view){
        .state_uuid = {UINT64_C(0xabcdef0100000001), 2},
        .gcomm_uuid = {node + 1, 7},
        .conf_id = 5,
        .size = STAGE_NODES_EACH,
        .weight = -1,
        .last_committed = -1,
        .component = habit == 2 ? HEALTH_COMPONENT_NON_PRIMARY : HEALTH_COMPONENT_PRIMARY,
        .local_state = HEALTH_LOCAL_SYNCED,
        .ready = habit == 2 ? HEALTH_ANSWER_NO : HEALTH_ANSWER_YES,
        .connected = HEALTH_ANSWER_YES,
        .rejects = habit == 1 ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO,
    };
    MUST(health_engine_observe(stage->engine, now_ns, &seen));
    if (health_queue_length(stage->queue) > stage->longest_queue)
        stage->longest_queue = health_queue_length(stage->queue);
    reporter_redis_wake(stage->reporter);
}

void stage_run_ms(struct stage *stage, int ms)
{
    int64_t end_ns = health_clock_ns() + ms * HEALTH_NS_PER_MS;

    for (int64_t now_ns = health_clock_ns(); now_ns < end_ns;) {
        const struct timeval turn = {0, 1000};
        event_base_loopexit(stage->base, &turn);
        event_base_dispatch(stage->base);
        int64_t after_ns = health_clock_ns();
        if (after_ns - now_ns > stage->longest_turn_ns)
            stage->longest_turn_ns = after_ns - now_ns;
        now_ns = after_ns;
    }
}

static bool differs(bool loud, const char *cluster, const char *what, const char *text)
{
    if (loud)
        fprintf(stderr, "    differs: %s %s: %s\n", cluster, what, text);
    return true;
}

static bool field_differs(const struct stage *stage, uint32_t subject, const char *text, bool loud)
{
    const struct directory_entry *entry = directory_find(&stage->directory, subject);
    struct health_node_snapshot node;
    struct health_cluster_snapshot cluster;
    bool same;

    cJSON *json = cJSON_Parse(text);
    const cJSON *state = cJSON_GetObjectItem(json, "state");
    const cJSON *version = cJSON_GetObjectItem(json, "version");
    if (!state || !version) {
        same = false;
    } else if (entry->node[0]) {
        MUST(health_node_snapshot(stage->engine, subject, &node));
        same = strcmp(state->valuestring, health_state_name(node.state)) == 0 &&
               version->valuedouble == node.version &&
               strcmp(cJSON_GetObjectItem(json, "reason")->valuestring,
                      health_reason_name(node.reason)) == 0;
    } else {
        MUST(health_cluster_snapshot(stage->engine, subject - stage->nodes, &cluster));
        same = strcmp(state->valuestring, health_colour_name(cluster.colour)) == 0 &&
               version->valuedouble == cluster.version;
    }
    cJSON_Delete(json);
    return !same && differs(loud, entry->cluster, entry->node, text);
}

/* One cluster's hash, field by field. */
static bool cluster_differs(const struct stage *stage, redisContext *context, uint32_t cluster,
                            bool loud)
{
    const char *name = directory_find(&stage->directory, stage->nodes + cluster)->cluster;
    unsigned expected = 0;
    bool bad = false;

    redisReply *hash = redisCommand(context, "HGETALL healthd:{%s}:state", name);
    for (uint32_t s = 0; s < stage->nodes + stage->clusters; s++) {
        const struct directory_entry *entry = directory_find(&stage->directory, s);
        char field[80] = "cluster";
        const char *text = "(missing)";
        if (!entry || strcmp(entry->cluster, name) != 0)
            continue;
        expected++;
        if (entry->node[0])
            snprintf(field, sizeof field, "node:%s", entry->node);
        for (size_t i = 0; i + 1 < hash->elements; i += 2)
            if (strcmp(hash->element[i]->str, field) == 0)
                text = hash->element[i + 1]->str;
        bad |= field_differs(stage, s, text, loud);
    }
    if (hash->elements != 2u * expected)
        bad = differs(loud, name, "number of fields", hash->elements ? "wrong" : "none");
    freeReplyObject(hash);
    return bad;
}

bool stage_equal(struct stage *stage, bool loud)
{
    redisContext *context = redisConnect("127.0.0.1", stage->server->port);
    bool bad = false;

    if (!context || context->err) {
        bad = differs(loud, "Redis", "connection", "none");
    } else {
        if (stage->server->password[0])
            freeReplyObject(redisCommand(context, "AUTH %s", stage->server->password));
        for (uint32_t c = 0; c < stage->clusters && !bad; c++)
            if (directory_find(&stage->directory, stage->nodes + c))
                bad |= cluster_differs(stage, context, c, loud);
    }
    redisFree(context);
    return !bad;
}

static int elapsed_ms(int64_t since_ns)
{
    return (int)((health_clock_ns() - since_ns) / HEALTH_NS_PER_MS);
}

int stage_until_equal(struct stage *stage, int patience_ms)
{
    int64_t start_ns = health_clock_ns();

    while (!stage_equal(stage, false)) {
        if (elapsed_ms(start_ns) > patience_ms) {
            stage_equal(stage, true);
            return -1;
        }
        stage_run_ms(stage, 2);
    }
    return elapsed_ms(start_ns);
}

int stage_until_connected(struct stage *stage, bool connected, int patience_ms)
{
    int64_t start_ns = health_clock_ns();

    while (stage_counters(stage).connected != connected) {
        if (elapsed_ms(start_ns) > patience_ms)
            return -1;
        stage_run_ms(stage, 1);
    }
    return elapsed_ms(start_ns);
}

int stage_until_remark(struct stage *stage, const char *words, int patience_ms)
{
    int64_t start_ns = health_clock_ns();

    while (!strstr(stage->remark, words)) {
        if (elapsed_ms(start_ns) > patience_ms) {
            fprintf(stderr, "    no remark says \"%s\"; the last: \"%s\"\n", words, stage->remark);
            return -1;
        }
        stage_run_ms(stage, 2);
    }
    return elapsed_ms(start_ns);
}

struct reporter_redis_counters stage_counters(const struct stage *stage)
{
    struct reporter_redis_counters counters;
    reporter_redis_counters(stage->reporter, &counters);
    return counters;
}
