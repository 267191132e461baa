/*
 * test_redis_reporter.c - the Redis reporter against a real redis-server that is treated badly.
 *
 * What is true is the engine's belief; what is tested is that Redis comes to hold it, whatever was done, in
 * a time that is printed; that no event goes back; and that nothing blocks. A plain program: it needs a
 * loop, a server and a subscriber of its own for each scene. Arguments: the scenes to play (all).
 */
#include "fake_greeter.h"
#include "redis_script.h"
#include "redis_stage.h"
#include "redis_watcher.h"

#include <cjson/cJSON.h>
#include <healthd/observer.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned failures;
static unsigned checks;

static void check(bool good, int line, const char *text)
{
    checks++;
    if (good)
        return;
    failures++;
    fprintf(stderr, "  FAILED at line %d: %s\n", line, text);
}
#define CHECK(condition) check((condition), __LINE__, #condition)

/* A scene: a server, a subscriber, a stage, played by one function. */
struct play {
    struct redis_server server;
    struct redis_watcher *watcher;
    struct stage stage;
};

static void raise_curtain(struct play *play, const struct stage_options *options)
{
    redis_server_init(&play->server);
    redis_server_start(&play->server);
    play->watcher = redis_watcher_start(&play->server);
    stage_begin(&play->stage, &play->server, options);
    CHECK(play->stage.reporter != NULL);
    int ms = stage_until_equal(&play->stage, 5000);
    CHECK(ms >= 0);
}

static void drop_curtain(struct play *play)
{
    CHECK(redis_watcher_disorders(play->watcher) == 0);
    stage_end(&play->stage);
    redis_watcher_stop(play->watcher);
    redis_server_clear(&play->server);
}

static void change_each(struct stage *stage, unsigned rounds)
{
    for (unsigned i = 0; i < rounds * stage->nodes; i++)
        if (directory_find(&stage->directory, i % stage->nodes))
            stage_change(stage, i % stage->nodes);
}

/* After a mishap is over: change something, and it must all be there. */
static void recovers(struct stage *stage, const char *what, int patience_ms)
{
    int ms = stage_until_equal(stage, patience_ms);
    printf("    %s: equal after %d ms\n", what, ms);
    CHECK(ms >= 0);
    change_each(stage, 1);
    CHECK(stage_until_equal(stage, 2000) >= 0);
}

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(json, key);
    return cJSON_IsString(item) ? item->valuestring : "?";
}

static int number_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(json, key);
    return cJSON_IsNumber(item) ? item->valueint : -1;
}

static cJSON *ask_json(const struct redis_server *server, const char *key, const char *field)
{
    char *text = field ? redis_server_ask(server, "HGET %s %s", key, field)
                       : redis_server_ask(server, "GET %s", key);
    cJSON *json = cJSON_Parse(text);
    if (!json)
        fprintf(stderr, "  no JSON in %s %s: \"%s\"\n", key, field ? field : "", text);
    free(text);
    return json;
}

static void scene_values(void)
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
        CHECK(atoi(ttl) > 700 && atoi(ttl) <= 1200);
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
static void scene_log(void)
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
static void scene_coalesced(void)
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

static void scene_restart(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 100, .capacity = 50});

    change_each(&play.stage, 2);
    CHECK(stage_until_equal(&play.stage, 2000) >= 0);
    redis_server_stop(&play.server, SIGKILL);
    change_each(&play.stage, 1);
    stage_run_ms(&play.stage, 1500);
    change_each(&play.stage, 1);
    CHECK(play.stage.longest_queue <= 50);
    CHECK(!stage_counters(&play.stage).connected);
    redis_server_start(&play.server);
    recovers(&play.stage, "killed for 1.5 s, came back empty", 3000);
    CHECK(stage_until_remark(&play.stage, "works again", 2000) >= 0);

    free(redis_server_ask(&play.server, "SAVE"));
    change_each(&play.stage, 1);
    redis_server_stop(&play.server, SIGKILL);
    redis_server_start(&play.server);
    recovers(&play.stage, "killed, came back with an older picture", 3000);

    redis_server_stop(&play.server, SIGTERM);
    stage_run_ms(&play.stage, 7000);
    redis_server_start(&play.server);
    recovers(&play.stage, "stopped for 7 s", 3000);
    CHECK(play.stage.longest_turn_ns < 100 * HEALTH_NS_PER_MS);
    drop_curtain(&play);
}

static void scene_frozen(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 100, .capacity = 50});

    kill(play.server.pid, SIGSTOP);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 30; k++)
            stage_change(&play.stage, (uint32_t)(i * 7 + k) % play.stage.nodes);
        stage_run_ms(&play.stage, 10);
    }
    kill(play.server.pid, SIGCONT);
    recovers(&play.stage, "frozen for 3 s, 9000 changes", 3000);
    CHECK(play.stage.longest_queue <= 50);
    CHECK(redis_watcher_repeats(play.watcher) == 0);

    /* Longer than an answer may take; and what was on its way must not bring back a removed node. */
    kill(play.server.pid, SIGSTOP);
    change_each(&play.stage, 1);
    stage_run_ms(&play.stage, 1000);
    CHECK(health_node_remove(play.stage.engine, health_clock_ns(), 0) == HEALTH_OK);
    directory_forget(&play.stage.directory, 0);
    reporter_redis_names_changed(play.stage.reporter);
    CHECK(stage_until_remark(&play.stage, "no answer", 7000) >= 0);
    stage_run_ms(&play.stage, 500);
    kill(play.server.pid, SIGCONT);
    int ms = stage_until_equal(&play.stage, 6000);
    printf("    frozen until the answers were late: equal after %d ms\n", ms);
    CHECK(ms >= 0);
    stage_run_ms(&play.stage, 500);
    CHECK(stage_equal(&play.stage, true));
    CHECK(play.stage.longest_turn_ns < 100 * HEALTH_NS_PER_MS);
    drop_curtain(&play);
}

/* Something is wrong, a remark says so, it is put right, and all is there. */
static void mishap(struct play *play, const char *words, const char *done, const char *undone)
{
    char remedy[64];

    play->stage.remark[0] = '\0';
    free(redis_server_ask(&play->server, done));
    change_each(&play->stage, 1);
    stage_run_ms(&play->stage, 10);
    change_each(&play->stage, 1);
    CHECK(stage_until_remark(&play->stage, words, 3000) >= 0);
    CHECK(play->stage.longest_queue <= 64);
    free(redis_server_ask(&play->server, undone));
    snprintf(remedy, sizeof remedy, "%s", words);
    recovers(&play->stage, remedy, 6000);
    CHECK(stage_until_remark(&play->stage, "works again", 2000) >= 0);
}

static void one_mishap(const char *words, const char *done, const char *undone)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10});
    mishap(&play, words, done, undone);
    CHECK(play.stage.remarks == 2); /* the problem, and its end */
    drop_curtain(&play);
}

static void scene_full(void)
{
    one_mishap("raise it or free keys", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0");
}

static void scene_readonly(void)
{
    one_mishap("this is a replica", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE");
}

static void scene_masterdown(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10});
    free(redis_server_ask(&play.server, "CONFIG SET replica-serve-stale-data no"));
    mishap(&play, "without its master", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE");
    drop_curtain(&play);
}

static void scene_disk(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10});
    free(redis_server_ask(&play.server, "CONFIG SET dbfilename x/y"));
    free(redis_server_ask(&play.server, "CONFIG SET save %s", "1000000 1"));
    char dump[128];
    /* A directory in the dump's place makes saving fail, also for root. */
    free(redis_server_ask(&play.server, "CONFIG SET dbfilename dump.rdb"));
    snprintf(dump, sizeof dump, "mkdir -p '%s/dump.rdb'", play.server.directory);
    CHECK(system(dump) == 0);
    free(redis_server_ask(&play.server, "BGSAVE"));
    stage_run_ms(&play.stage, 500);
    mishap(&play, "cannot save to its disk", "PING", "CONFIG SET stop-writes-on-bgsave-error no");
    drop_curtain(&play);
}

static void put_password(const char *path, const char *password)
{
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    fprintf(file, "%s\n", password);
    fclose(file);
}

static void scene_password(void)
{
    struct play play;
    char path[128];

    redis_server_init(&play.server);
    snprintf(path, sizeof path, "%s/password", play.server.directory);
    snprintf(play.server.password, sizeof play.server.password, "first");
    redis_server_start(&play.server);
    play.watcher = redis_watcher_start(&play.server);
    stage_begin(&play.stage, &play.server,
                &(struct stage_options){.clusters = 10, .password_file = path});
    CHECK(stage_until_remark(&play.stage, "cannot take the password from", 1000) >= 0);
    put_password(path, "first");
    recovers(&play.stage, "the password file is there", 3000);

    free(redis_server_ask(&play.server, "CONFIG SET requirepass second"));
    snprintf(play.server.password, sizeof play.server.password, "second");
    free(redis_server_ask(&play.server, "CLIENT KILL TYPE normal"));
    CHECK(stage_until_connected(&play.stage, false, 1000) >= 0);
    change_each(&play.stage, 1);
    CHECK(stage_until_remark(&play.stage, "WRONGPASS", 2000) >= 0);
    stage_run_ms(&play.stage, 300);
    put_password(path, "second");
    recovers(&play.stage, "another password, and the file corrected", 6000);
    drop_curtain(&play);
}

/* requirepass is set while we know of none; later a user of the ACLs. */
static void scene_noauth(void)
{
    struct play play;
    char path[128];

    raise_curtain(&play, &(struct stage_options){.clusters = 10});
    free(redis_server_ask(&play.server, "CONFIG SET requirepass secret"));
    snprintf(play.server.password, sizeof play.server.password, "secret");
    redis_server_stop(&play.server, SIGKILL);
    redis_server_start(&play.server);
    CHECK(stage_until_remark(&play.stage, "NOAUTH", 3000) >= 0);
    CHECK(strstr(play.stage.remark, "password_file") != NULL);
    CHECK(play.stage.remarks <= 3);
    stage_end(&play.stage);

    snprintf(path, sizeof path, "%s/password", play.server.directory);
    put_password(path, "hush");
    free(redis_server_ask(&play.server,
                          "ACL SETUSER healthd on >hush ~healthd:* &healthd:* +evalsha "
                          "+script|load +get +set +hget +hset +hkeys +hlen +hdel +del +xadd "
                          "+publish"));
    stage_begin(&play.stage, &play.server,
                &(struct stage_options){
                    .clusters = 10, .password_file = path, .user = "healthd", .epoch = 2000});
    recovers(&play.stage, "a user with just the rights that it needs", 3000);
    free(redis_server_ask(&play.server, "ACL SETUSER healthd -publish"));
    change_each(&play.stage, 1);
    CHECK(stage_until_remark(&play.stage, "rights that docs/redis.md lists", 3000) >= 0);
    free(redis_server_ask(&play.server, "ACL SETUSER healthd +publish"));
    recovers(&play.stage, "a right taken and given back", 6000);
    drop_curtain(&play);
}

static void scene_flushed_scripts(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10});
    for (int i = 0; i < 5; i++) {
        free(redis_server_ask(&play.server, "SCRIPT FLUSH"));
        recovers(&play.stage, "SCRIPT FLUSH", 2000);
    }
    CHECK(play.stage.remarks == 0);
    CHECK(redis_watcher_repeats(play.watcher) == 0);
    drop_curtain(&play);
}

static void scene_killed_connections(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10});
    for (int i = 0; i < 20; i++) {
        change_each(&play.stage, 2);
        free(redis_server_ask(&play.server, "CLIENT KILL TYPE normal"));
        change_each(&play.stage, 1);
        CHECK(stage_until_connected(&play.stage, true, 2000) >= 0);
    }
    recovers(&play.stage, "CLIENT KILL, 20 times", 3000);
    CHECK(play.stage.remarks <= 3);
    CHECK(redis_watcher_repeats(play.watcher) == 0);
    drop_curtain(&play);
}

/* Redis loses data while the connection lives. */
static void scene_lost_data(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10, .interval_ms = 200});
    free(redis_server_ask(&play.server, "FLUSHALL"));
    recovers(&play.stage, "FLUSHALL", 400);
    free(redis_server_ask(&play.server, "DEL healthd:{c3}:state"));
    recovers(&play.stage, "a cluster's hash deleted", 400);
    free(redis_server_ask(&play.server, "HDEL healthd:{c3}:state node:n10"));
    recovers(&play.stage, "a field deleted", 400);
    free(redis_server_ask(&play.server, "HSET healthd:{c3}:state node:nobody x"));
    recovers(&play.stage, "a field added", 400);
    free(redis_server_ask(&play.server, "HSET healthd:{c3}:state cluster [1]"));
    recovers(&play.stage, "a field overwritten", 400);
    CHECK(stage_counters(&play.stage).connects == 1);
    drop_curtain(&play);
}

/* A key that is something else concerns its cluster alone. */
static void scene_wrong_type(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.interval_ms = 200});
    free(redis_server_ask(&play.server, "DEL healthd:{c1}:log healthd:{c1}:state"));
    free(redis_server_ask(&play.server, "SET healthd:{c1}:log x"));
    stage_run_ms(&play.stage, 500);
    CHECK(stage_until_remark(&play.stage, "holds something else", 1000) >= 0);
    stage_change(&play.stage, 0);
    stage_run_ms(&play.stage, 50);
    struct health_node_snapshot node;
    CHECK(health_node_snapshot(play.stage.engine, 0, &node) == HEALTH_OK);
    cJSON *stored = ask_json(&play.server, "healthd:{c0}:state", "node:n0");
    CHECK(number_of(stored, "version") == (int)node.version);
    cJSON_Delete(stored);
    CHECK(stage_counters(&play.stage).connects == 1);
    free(redis_server_ask(&play.server, "DEL healthd:{c1}:log"));
    recovers(&play.stage, "the wrong key deleted", 500);
    drop_curtain(&play);
}

static void scene_reporter_dies(void)
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
    CHECK(ms > 300 && ms < 700);
    CHECK(redis_server_says(&play.server, "4", "HLEN healthd:{c0}:state"));
    drop_curtain(&play);
}

static void scene_two_reporters(void)
{
    struct play play;
    struct stage newer;
    const uint64_t great = (UINT64_C(1) << 53) - (UINT64_C(1) << 21);

    raise_curtain(&play, &(struct stage_options){.epoch = great});
    change_each(&play.stage, 5);
    CHECK(stage_until_equal(&play.stage, 1000) >= 0);
    /* Greater by one where doubles are just exact; its versions are lower. */
    stage_begin(&newer, &play.server, &(struct stage_options){.epoch = great + 1});
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
    stage_run_ms(&play.stage, 3500);
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
static void scene_script(void)
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

static void scene_names(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 3});
    struct health_engine *engine = play.stage.engine;
    uint32_t node;

    /* n1 goes. */
    change_each(&play.stage, 1);
    CHECK(health_node_remove(engine, health_clock_ns(), 1) == HEALTH_OK);
    directory_forget(&play.stage.directory, 1);
    reporter_redis_names_changed(play.stage.reporter);
    CHECK(stage_until_equal(&play.stage, 500) >= 0);
    CHECK(redis_server_says(&play.server, "3", "HLEN healthd:{c0}:state"));
    char *log = redis_server_ask(&play.server, "XREVRANGE healthd:{c0}:log + - COUNT 1");
    CHECK(strstr(log, "{\"cluster\":\"c0\",\"node\":\"n1\",\"removed\":true,\"epoch\":1001}"));
    free(log);

    /* Two nodes swap their numbers, one with many versions and one with few. */
    for (int i = 0; i < 300; i++)
        stage_change(&play.stage, 3);
    CHECK(stage_until_equal(&play.stage, 500) >= 0);
    CHECK(health_node_remove(engine, health_clock_ns(), 3) == HEALTH_OK);
    CHECK(health_node_remove(engine, health_clock_ns(), 4) == HEALTH_OK);
    CHECK(health_node_add(engine, health_clock_ns(), 1, &node) == HEALTH_OK && node == 4);
    CHECK(health_node_add(engine, health_clock_ns(), 1, &node) == HEALTH_OK && node == 3);
    rename_node(&play.stage, 4, "c1", "n3");
    rename_node(&play.stage, 3, "c1", "n4");
    reporter_redis_names_changed(play.stage.reporter);
    CHECK(stage_until_equal(&play.stage, 500) >= 0);
    stage_change(&play.stage, 4);
    CHECK(stage_until_equal(&play.stage, 500) >= 0);

    /* A cluster goes while Redis is away; another takes its number. */
    redis_server_stop(&play.server, SIGTERM);
    CHECK(health_cluster_remove(engine, 2) == HEALTH_OK);
    for (uint32_t n = 6; n < 9; n++)
        directory_forget(&play.stage.directory, n);
    directory_forget(&play.stage.directory, play.stage.nodes + 2);
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
    recovers(&play.stage, "names changed", 500);
    CHECK(redis_server_says(&play.server, "2", "HLEN healthd:{other}:state"));
    drop_curtain(&play);
}

static void scene_addresses(void)
{
    struct redis_server server;
    struct stage stage;
    char name[64];

    redis_server_init(&server);
    redis_server_start(&server);
    snprintf(name, sizeof name, "localhost:%d", server.port); /* ::1 first, where there is one */
    stage_begin(&stage, &server, &(struct stage_options){.address = name});
    CHECK(stage_until_equal(&stage, 1000) >= 0);
    stage_end(&stage);

    stage_begin(&stage, &server, &(struct stage_options){.address = server.socket, .epoch = 1001});
    CHECK(stage_until_equal(&stage, 1000) >= 0);
    stage_end(&stage);

    stage_begin(&stage, &server, &(struct stage_options){.address = "no-such-host.invalid:6379"});
    change_each(&stage, 10);
    CHECK(stage_until_remark(&stage, "does not resolve", 8000) >= 0);
    CHECK(stage.longest_turn_ns < 50 * HEALTH_NS_PER_MS);
    stage_end(&stage);
    /* Taken down while a look-up is under way. */
    stage_begin(&stage, &server, &(struct stage_options){.address = "no-such-host.invalid:6379"});
    stage_run_ms(&stage, 1);
    stage_end(&stage);

    static const char *const bad[] = {"", "6379", "host:", ":6379", "host:0", "host:65536", "h:1x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        stage_begin(&stage, &server, &(struct stage_options){.address = bad[i]});
        CHECK(stage.reporter == NULL && strstr(stage.remark, "HOST:PORT") != NULL);
        stage_end(&stage);
    }
    redis_server_clear(&server);
}

/* A name that takes its time, and a reporter that is taken down meanwhile. */
static void scene_slow_name(void)
{
    struct redis_server server;
    struct stage stage;
    char name[64];

    redis_server_init(&server);
    redis_server_start(&server);
    snprintf(name, sizeof name, "slow.invalid:%d", server.port);
    stage_begin(&stage, &server, &(struct stage_options){.address = name});
    for (int i = 0; i < 100; i++) {
        change_each(&stage, 1);
        stage_run_ms(&stage, 10);
    }
    CHECK(stage_until_remark(&stage, "no answer yet", 5000) >= 0);
    CHECK(stage_until_equal(&stage, 5000) >= 0);
    CHECK(stage.longest_turn_ns < 50 * HEALTH_NS_PER_MS);
    stage_end(&stage);

    stage_begin(&stage, &server, &(struct stage_options){.address = name});
    stage_run_ms(&stage, 10);
    int64_t start_ns = health_clock_ns();
    stage_end(&stage);
    CHECK(health_clock_ns() - start_ns < 50 * HEALTH_NS_PER_MS);
    redis_server_clear(&server);
}

#define MANY(text) text text text text text text text text text text

/* What answers is something else. */
static void scene_no_redis(void)
{
    static const char *const greetings[] = {
        "220 mail.example.org ESMTP\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "+OK POP3 ready\r\n",
        "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n",
        "$3\r\nabc\r\n" MANY(MANY("+OK\r\n")), /* more answers than questions */
        "$3\r\nabc\r\n:1\r\n$-1\r\n*0\r\n",
        "$3\r\nabc\r\n*3\r\n+x\r\n$-1\r\n*-1\r\n*1\r\n",
        "$99\r\nabc",
        "-ERR max number of clients reached\r\n",
    };
    struct fake_greeter greeter;
    struct redis_server server; /* for the stage's sake */
    struct stage stage;

    redis_server_init(&server);
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
        fake_greeter_start(&greeter, greetings[i]);
        stage_begin(&stage, &server, &(struct stage_options){.address = greeter.address});
        change_each(&stage, 3);
        stage_run_ms(&stage, 400);
        change_each(&stage, 3);
        struct reporter_redis_counters counters = stage_counters(&stage);
        CHECK(counters.written == 0 && counters.failed <= 5);
        stage_end(&stage);
        fake_greeter_stop(&greeter);
    }
    redis_server_clear(&server);
}

static void scene_last_words(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 100, .capacity = 400});

    kill(play.server.pid, SIGSTOP);
    change_each(&play.stage, 1);
    kill(play.server.pid, SIGCONT);
    reporter_redis_destroy(play.stage.reporter, 2000);
    play.stage.reporter = NULL;
    CHECK(health_queue_length(play.stage.queue) == 0);
    CHECK(stage_equal(&play.stage, true));
    stage_end(&play.stage);

    /* Patience ends. */
    kill(play.server.pid, SIGSTOP);
    stage_begin(&play.stage, &play.server, &(struct stage_options){.epoch = 2000});
    stage_run_ms(&play.stage, 20);
    int64_t start_ns = health_clock_ns();
    reporter_redis_destroy(play.stage.reporter, 300);
    play.stage.reporter = NULL;
    int64_t ms = (health_clock_ns() - start_ns) / HEALTH_NS_PER_MS;
    CHECK(ms >= 290 && ms < 500);
    kill(play.server.pid, SIGCONT);
    drop_curtain(&play);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void scene_latency(void)
{
    struct play play;
    enum { ROUNDS = 300 };
    int64_t took_ns[ROUNDS];

    raise_curtain(&play, &(struct stage_options){.clusters = 1});
    for (int i = 0; i < ROUNDS; i++) {
        stage_run_ms(&play.stage, 2);
        uint64_t before = redis_watcher_events(play.watcher);
        int64_t start_ns = health_clock_ns();
        stage_change(&play.stage, 0);
        while (redis_watcher_events(play.watcher) == before)
            stage_run_ms(&play.stage, 1);
        stage_run_ms(&play.stage, 2);
        /* The last of the change's events: the node's own, and the cluster's if it changed. */
        took_ns[i] = redis_watcher_last_ns(play.watcher) - start_ns;
    }
    qsort(took_ns, ROUNDS, sizeof *took_ns, by_value);
    printf("    change to subscriber: median %" PRId64 " us, 99 %% %" PRId64 " us, worst %" PRId64
           " us of %d\n",
           took_ns[ROUNDS / 2] / HEALTH_NS_PER_US, took_ns[ROUNDS * 99 / 100] / HEALTH_NS_PER_US,
           took_ns[ROUNDS - 1] / HEALTH_NS_PER_US, ROUNDS);
    CHECK(took_ns[ROUNDS / 2] < 5 * HEALTH_NS_PER_MS);
    drop_curtain(&play);
}

static void scene_throughput(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 1000, .capacity = 4096});

    uint64_t before = stage_counters(&play.stage).written;
    int64_t start_ns = health_clock_ns();
    change_each(&play.stage, 1);
    while (health_queue_length(play.stage.queue) > 0)
        stage_run_ms(&play.stage, 1);
    int64_t us = (health_clock_ns() - start_ns) / HEALTH_NS_PER_US;
    CHECK(stage_until_equal(&play.stage, 3000) >= 0);
    uint64_t written = stage_counters(&play.stage).written - before;
    printf("    %" PRIu64 " reports drained in %" PRId64 " us: %.0f a second\n", written, us,
           (double)written * 1e6 / (double)us);
    CHECK(written >= 3000);

    /* Everything anew, as after each connect. */
    uint64_t connects = stage_counters(&play.stage).connects;
    free(redis_server_ask(&play.server, "FLUSHALL"));
    free(redis_server_ask(&play.server, "CLIENT KILL TYPE normal"));
    while (stage_counters(&play.stage).connects == connects)
        stage_run_ms(&play.stage, 1);
    start_ns = health_clock_ns();
    while (stage_counters(&play.stage).written < before + written + 4000)
        stage_run_ms(&play.stage, 1);
    printf("    1000 clusters of 3 written anew in %" PRId64 " us\n",
           (health_clock_ns() - start_ns) / HEALTH_NS_PER_US);
    CHECK(stage_equal(&play.stage, true));
    CHECK(play.stage.longest_turn_ns < 100 * HEALTH_NS_PER_MS);
    drop_curtain(&play);
}

static const struct scene {
    const char *name;
    void (*play)(void);
} scenes[] = {
    {"values", scene_values},
    {"log", scene_log},
    {"coalesced", scene_coalesced},
    {"restart", scene_restart},
    {"frozen", scene_frozen},
    {"full", scene_full},
    {"readonly", scene_readonly},
    {"masterdown", scene_masterdown},
    {"disk", scene_disk},
    {"password", scene_password},
    {"noauth", scene_noauth},
    {"flushed_scripts", scene_flushed_scripts},
    {"killed_connections", scene_killed_connections},
    {"lost_data", scene_lost_data},
    {"wrong_type", scene_wrong_type},
    {"reporter_dies", scene_reporter_dies},
    {"two_reporters", scene_two_reporters},
    {"script", scene_script},
    {"names", scene_names},
    {"addresses", scene_addresses},
    {"slow_name", scene_slow_name},
    {"no_redis", scene_no_redis},
    {"last_words", scene_last_words},
    {"latency", scene_latency},
    {"throughput", scene_throughput},
};

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    unsigned played = 0;

    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        if (!wanted(scenes[i].name, argc, argv))
            continue;
        int64_t start_ns = health_clock_ns();
        printf("%s\n", scenes[i].name);
        scenes[i].play();
        printf("  (%" PRId64 " ms)\n", (health_clock_ns() - start_ns) / HEALTH_NS_PER_MS);
        played++;
    }
    printf("%u scenes, %u checks, %u failed\n", played, checks, failures);
    return failures || !played;
}
