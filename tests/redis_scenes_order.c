/*
 * redis_scenes_order.c - what is written, in which order, and by whom.
 */
#include "redis_scenes.h"
#include "redis_script.h"

#include <healthd/observer.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scene_values(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.interval_ms = 400});

    for (uint32_t n = 0; n < 3; n++)
        for (int i = 0; i < 3; i++) /* round to a full member */
            stage_change(&play.stage, n);
    CHECK(stage_until_equal(&play.stage, 1000) >= 0);
    stage_change(&play.stage, 1); /* refuses queries: Green, not routable */
    CHECK(stage_until_equal(&play.stage, 1000) >= 0);

    cJSON *node = ask_json(&play.server, "healthd:{c0}:state", "node:n1");
    CHECK(strcmp(text_of(node, "cluster"), "c0") == 0);
    CHECK(strcmp(text_of(node, "node"), "n1") == 0);
    CHECK(strcmp(text_of(node, "state"), "green") == 0);
    CHECK(strcmp(text_of(node, "from"), "green") == 0);
    CHECK(cJSON_IsFalse(cJSON_GetObjectItem(node, "routable")));
    CHECK(number_of(node, "epoch") == 1000);
    CHECK(number_of(node, "missed") == 0);
    CHECK(strcmp(text_of(node, "reporter"), "monitor1:4711") == 0);
    CHECK(strlen(text_of(node, "since")) == strlen("2026-01-01T00:00:00.000Z"));
    CHECK(strlen(text_of(node, "reason")) > 1);
    cJSON_Delete(node);
    cJSON *cluster = ask_json(&play.server, "healthd:{c0}:state", "cluster");
    CHECK(strcmp(text_of(cluster, "state"), "green") == 0);
    CHECK(!cJSON_GetObjectItem(cluster, "node") && !cJSON_GetObjectItem(cluster, "routable"));
    cJSON_Delete(cluster);

    cJSON *holder = ask_json(&play.server, "healthd:{c1}:reporter", NULL);
    CHECK(strcmp(text_of(holder, "reporter"), "monitor1:4711") == 0);
    CHECK(number_of(holder, "epoch") == 1000);
    cJSON_Delete(holder);
    for (int i = 0; i < 5; i++) { /* renewed though nothing changes */
        stage_run_ms(&play.stage, 300);
        char *ttl = redis_server_ask(&play.server, "PTTL healthd:{c1}:reporter");
        CHECK(atoi(ttl) > 400 && atoi(ttl) <= 1200);
        free(ttl);
    }
    struct reporter_redis_counters counters = stage_counters(&play.stage);
    char *c0 = redis_server_ask(&play.server, "XLEN healthd:{c0}:log");
    char *c1 = redis_server_ask(&play.server, "XLEN healthd:{c1}:log");
    CHECK(counters.written == redis_watcher_events(play.watcher));
    CHECK(counters.written == (uint64_t)(atoi(c0) + atoi(c1)));
    CHECK(counters.failed == 0 && counters.refused == 0 && counters.connects == 1);
    CHECK(redis_watcher_repeats(play.watcher) == 0);
    CHECK(play.stage.remarks == 0);
    free(c0);
    free(c1);
    drop_curtain(&play);
}

/* The stream is the events in their order; it is capped. */
void scene_log(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 1, .log_length = 100, .capacity = 8});

    for (int i = 0; i < 600; i++) {
        stage_change(&play.stage, 0);
        stage_run_ms(&play.stage, 1);
    }
    CHECK(stage_until_equal(&play.stage, 1000) >= 0);
    char *length = redis_server_ask(&play.server, "XLEN healthd:{c0}:log");
    CHECK(atoi(length) >= 100 && atoi(length) < 400);
    free(length);
    char *last = redis_server_ask(&play.server, "XREVRANGE healthd:{c0}:log + - COUNT 1");
    char *stored = redis_server_ask(&play.server, "HGET healthd:{c0}:state cluster");
    char *node = redis_server_ask(&play.server, "HGET healthd:{c0}:state node:n0");
    CHECK(strstr(last, stored) || strstr(last, node));
    free(last);
    free(stored);
    free(node);
    drop_curtain(&play);
}

/* What is missed is counted from what Redis has, whatever happened to the reports in between. */
void scene_coalesced(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 1});
    struct health_node_snapshot before;
    struct health_node_snapshot after;

    CHECK(health_node_snapshot(play.stage.engine, 0, &before) == HEALTH_OK);
    kill(play.server.pid, SIGSTOP);
    for (int i = 0; i < 1000; i++) /* the first 64 are in flight, then they coalesce */
        stage_change(&play.stage, 0);
    stage_run_ms(&play.stage, 50);
    kill(play.server.pid, SIGCONT);
    CHECK(stage_until_equal(&play.stage, 1000) >= 0);
    CHECK(health_node_snapshot(play.stage.engine, 0, &after) == HEALTH_OK);
    CHECK(after.version == before.version + 1000);
    cJSON *node = ask_json(&play.server, "healthd:{c0}:state", "node:n0");
    int missed = number_of(node, "missed");
    printf("    1000 versions while stopped: the last event missed %d\n", missed);
    CHECK(missed > 800 && missed < 1000);
    cJSON_Delete(node);
    CHECK(redis_watcher_repeats(play.watcher) == 0);
    drop_curtain(&play);
}

void scene_reporter_dies(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.interval_ms = 200});
    CHECK(redis_server_says(&play.server, "1", "EXISTS healthd:{c0}:reporter"));
    reporter_redis_destroy(play.stage.reporter, 0);
    play.stage.reporter = NULL;
    int64_t start_ns = health_clock_ns();
    for (int i = 0; i < 2000; i++) {
        char *there = redis_server_ask(&play.server, "EXISTS healthd:{c0}:reporter");
        bool gone = strcmp(there, "0") == 0;
        free(there);
        if (gone)
            break;
        stage_run_ms(&play.stage, 2);
    }
    int64_t ms = (health_clock_ns() - start_ns) / HEALTH_NS_PER_MS;
    printf("    the reporter's key is gone %" PRId64 " ms after its end (interval 200 ms)\n", ms);
    CHECK(ms > 300 && ms < 1500);
    CHECK(redis_server_says(&play.server, "4", "HLEN healthd:{c0}:state"));
    drop_curtain(&play);
}

void scene_two_reporters(void)
{
    struct play play;
    struct stage newer;
    const uint64_t great = (UINT64_C(1) << 53) - (UINT64_C(1) << 21);

    raise_curtain(&play, &(struct stage_options){.epoch = great, .interval_ms = 300});
    change_each(&play.stage, 5);
    CHECK(stage_until_equal(&play.stage, 1000) >= 0);
    /* Greater by one where doubles are just exact; its versions are lower. */
    stage_begin(&newer, &play.server,
                &(struct stage_options){.epoch = great + 1, .interval_ms = 300});
    CHECK(stage_until_equal(&newer, 1000) >= 0);
    for (int i = 0; i < 20; i++) {
        change_each(&play.stage, 1);
        stage_run_ms(&play.stage, 20);
        stage_change(&newer, 1);
        stage_run_ms(&newer, 20);
    }
    CHECK(stage_until_equal(&newer, 1000) >= 0);
    CHECK(stage_counters(&play.stage).refused >= 20);
    CHECK(stage_counters(&newer).refused == 0);
    CHECK(strstr(play.stage.remark, "stop one of the two") != NULL);
    CHECK(play.stage.remarks <= 2);
    cJSON *holder = ask_json(&play.server, "healthd:{c0}:reporter", NULL);
    CHECK(cJSON_GetObjectItem(holder, "epoch")->valuedouble == (double)(great + 1));
    cJSON_Delete(holder);

    /* The newer one has gone: the older writes nothing still, and claims to watch nothing. */
    stage_end(&newer);
    stage_run_ms(&play.stage, 1200);
    CHECK(redis_server_says(&play.server, "0", "EXISTS healthd:{c0}:reporter"));
    /* Until somebody does what the remark says, which is a step back for subscribers. */
    CHECK(redis_watcher_disorders(play.watcher) == 0);
    redis_watcher_stop(play.watcher);
    free(redis_server_ask(&play.server, "DEL healthd:{c0}:state healthd:{c1}:state"));
    recovers(&play.stage, "the newer reporter's keys deleted", 1500);
    stage_end(&play.stage);
    redis_server_clear(&play.server);

    redis_server_init(&play.server);
    stage_begin(&play.stage, &play.server, &(struct stage_options){.epoch = UINT64_C(1) << 53});
    CHECK(play.stage.reporter == NULL && strstr(play.stage.remark, "2^53"));
    stage_end(&play.stage);
    redis_server_clear(&play.server);
}

/* Run the script by hand for cluster "x"; "WRITTEN REFUSED WHOLE". */
static bool script_says(const struct redis_server *server, const char *expected, const char *task,
                        const char *epoch, const char *field, const char *version)
{
    char json[200];
    snprintf(json, sizeof json,
             "{\"cluster\":\"x\",\"state\":\"green\",\"version\":%s,\"epoch\":%s}", version, epoch);
    return redis_server_says(
        server, expected,
        "EVAL %s 3 healthd:{x}:state healthd:{x}:log healthd:{x}:reporter %s %s "
        "{\"epoch\":%s} 500 100 healthd:{x}:events x 2 %s %s %s",
        redis_script, task, epoch, epoch, field, version, json);
}

/* What is older is refused, by whatever it is older than. */
void scene_script(void)
{
    struct redis_server server;
    redis_server_init(&server);
    redis_server_start(&server);

    CHECK(script_says(&server, "1\n0\n0\n", "reports", "5", "cluster", "1"));
    CHECK(script_says(&server, "1\n0\n1\n", "reports", "5", "node:a", "3"));
    CHECK(script_says(&server, "0\n1\n1\n", "reports", "5", "node:a", "2"));
    CHECK(script_says(&server, "0\n0\n1\n", "reports", "5", "node:a", "3"));
    CHECK(script_says(&server, "1\n0\n1\n", "reports", "5", "node:a", "4294967295"));
    CHECK(script_says(&server, "0\n1\n1\n", "reports", "5", "node:a", "4294967294"));
    CHECK(redis_server_says(&server, "3", "XLEN healthd:{x}:log"));
    /* By the cluster's own field, also for a field that is not there. */
    CHECK(script_says(&server, "0\n1\n1\n", "reports", "4", "node:b", "9"));
    CHECK(script_says(&server, "0\n1\n1\n", "whole", "4", "cluster", "9"));
    CHECK(script_says(&server, "0\n1\n1\n", "gone", "4", "cluster", "9"));
    /* By the living reporter alone. */
    CHECK(redis_server_says(&server, "1", "DEL healthd:{x}:state"));
    CHECK(script_says(&server, "0\n1\n1\n", "reports", "4", "node:b", "9"));
    CHECK(redis_server_says(&server, "0", "EXISTS healthd:{x}:state"));
    /* By its own field alone. */
    CHECK(script_says(&server, "1\n0\n0\n", "reports", "5", "node:a", "1"));
    CHECK(redis_server_says(&server, "1", "DEL healthd:{x}:reporter"));
    CHECK(script_says(&server, "0\n1\n0\n", "reports", "4", "node:a", "9"));
    CHECK(script_says(&server, "1\n0\n0\n", "reports", "6", "node:a", "1"));
    /* What healthd did not write counts for nothing. */
    CHECK(redis_server_says(&server, "0", "HSET healthd:{x}:state node:a {\"epoch\":\"7\"}"));
    CHECK(redis_server_says(&server, "OK", "SET healthd:{x}:reporter null"));
    CHECK(script_says(&server, "1\n0\n0\n", "reports", "6", "node:a", "1"));
    /* Exact to the last. */
    CHECK(script_says(&server, "1\n0\n1\n", "whole", "9007199254740990", "cluster", "1"));
    CHECK(script_says(&server, "0\n1\n1\n", "reports", "9007199254740989", "cluster", "7"));
    CHECK(script_says(&server, "1\n0\n1\n", "whole", "9007199254740991", "cluster", "1"));
    CHECK(script_says(&server, "0\n1\n1\n", "reports", "9007199254740990", "cluster", "7"));
    CHECK(redis_server_says(&server, "1", "HLEN healthd:{x}:state"));
    redis_server_clear(&server);
}

static void rename_node(struct stage *stage, uint32_t node, const char *cluster, const char *name)
{
    directory_set_node(&stage->directory, node, cluster, name);
}

void scene_names(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 3});
    struct health_engine *engine = play.stage.engine;
    uint32_t node;

    /* n1 goes. */
    change_each(&play.stage, 1);
    CHECK(health_node_remove(engine, health_clock_ns(), 1) == HEALTH_OK);
    directory_forget(&play.stage.directory, 1, 0);
    reporter_redis_names_changed(play.stage.reporter);
    CHECK(stage_until_equal(&play.stage, 2000) >= 0);
    CHECK(redis_server_says(&play.server, "3", "HLEN healthd:{c0}:state"));
    char *log = redis_server_ask(&play.server, "XREVRANGE healthd:{c0}:log + - COUNT 1");
    CHECK(strstr(log, "{\"cluster\":\"c0\",\"node\":\"n1\",\"removed\":true,\"epoch\":1001}"));
    free(log);

    /* Two nodes swap their numbers, one with many versions and one with few. */
    for (int i = 0; i < 300; i++)
        stage_change(&play.stage, 3);
    CHECK(stage_until_equal(&play.stage, 2000) >= 0);
    CHECK(health_node_remove(engine, health_clock_ns(), 3) == HEALTH_OK);
    CHECK(health_node_remove(engine, health_clock_ns(), 4) == HEALTH_OK);
    CHECK(health_node_add(engine, health_clock_ns(), 1, &node) == HEALTH_OK && node == 4);
    CHECK(health_node_add(engine, health_clock_ns(), 1, &node) == HEALTH_OK && node == 3);
    rename_node(&play.stage, 4, "c1", "n3");
    rename_node(&play.stage, 3, "c1", "n4");
    reporter_redis_names_changed(play.stage.reporter);
    CHECK(stage_until_equal(&play.stage, 2000) >= 0);
    stage_change(&play.stage, 4);
    CHECK(stage_until_equal(&play.stage, 2000) >= 0);

    /* A cluster goes while Redis is away; another takes its number. */
    redis_server_stop(&play.server, SIGTERM);
    CHECK(health_cluster_remove(engine, 2) == HEALTH_OK);
    for (uint32_t n = 6; n < 9; n++)
        directory_forget(&play.stage.directory, n, 0);
    directory_forget(&play.stage.directory, play.stage.nodes + 2, 0);
    reporter_redis_names_changed(play.stage.reporter);
    stage_run_ms(&play.stage, 50);
    redis_server_start(&play.server);
    free(redis_server_ask(&play.server, "HSET healthd:{c2}:state cluster old"));
    CHECK(stage_until_equal(&play.stage, 3000) >= 0);
    CHECK(redis_server_says(&play.server, "0", "EXISTS healthd:{c2}:state healthd:{c2}:reporter"));
    uint32_t cluster;
    CHECK(health_cluster_add(engine, health_clock_ns(), 3, &cluster) == HEALTH_OK && cluster == 2);
    directory_set_cluster(&play.stage.directory, 2, "other");
    CHECK(health_node_add(engine, health_clock_ns(), 2, &node) == HEALTH_OK);
    rename_node(&play.stage, node, "other", "n1");
    reporter_redis_names_changed(play.stage.reporter);
    recovers(&play.stage, "names changed", 2000);
    CHECK(redis_server_says(&play.server, "2", "HLEN healthd:{other}:state"));
    drop_curtain(&play);
}
