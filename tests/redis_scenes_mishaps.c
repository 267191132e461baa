/*
 * redis_scenes_mishaps.c - Redis away, frozen, full, read-only, locked, robbed of its data.
 */
#include "redis_scenes.h"

#include <healthd/observer.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For how long Redis has not had everything; 0: it has. */
static int64_t behind_ms(const struct stage *stage)
{
    int64_t since_ns = stage_counters(stage).behind_ns;
    return since_ns ? (health_clock_ns() - since_ns) / HEALTH_NS_PER_MS : 0;
}

void scene_restart(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 100, .capacity = 50});

    change_each(&play.stage, 2);
    CHECK(stage_until_equal(&play.stage, 2000) >= 0);
    redis_server_stop(&play.server, SIGKILL);
    change_each(&play.stage, 1);
    stage_run_ms(&play.stage, 3000);
    change_each(&play.stage, 1);
    CHECK(play.stage.longest_queue <= 50);
    CHECK(!stage_counters(&play.stage).connected);
    CHECK(behind_ms(&play.stage) >= 2900);
    redis_server_start(&play.server);
    recovers(&play.stage, "killed for 1.5 s, came back empty", 3000);
    CHECK(stage_until_remark(&play.stage, "works again", 2000) >= 0);
    stage_run_ms(&play.stage, 100); /* for what was queued meanwhile */
    CHECK(behind_ms(&play.stage) == 0);

    free(redis_server_ask(&play.server, "SAVE"));
    change_each(&play.stage, 1);
    redis_server_stop(&play.server, SIGKILL);
    redis_server_start(&play.server);
    recovers(&play.stage, "killed, came back with an older picture", 3000);

    redis_server_stop(&play.server, SIGTERM);
    stage_run_ms(&play.stage, 4000);
    redis_server_start(&play.server);
    recovers(&play.stage, "stopped for 4 s", 3000);
    CHECK(play.stage.longest_turn_ns < 300 * HEALTH_NS_PER_MS);
    drop_curtain(&play);
}

void scene_frozen(void)
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
    directory_forget(&play.stage.directory, 0, 0);
    reporter_redis_names_changed(play.stage.reporter);
    CHECK(stage_until_remark(&play.stage, "no answer", 7000) >= 0);
    stage_run_ms(&play.stage, 500);
    kill(play.server.pid, SIGCONT);
    int ms = stage_until_equal(&play.stage, 6000);
    printf("    frozen until the answers were late: equal after %d ms\n", ms);
    CHECK(ms >= 0);
    stage_run_ms(&play.stage, 500);
    CHECK(stage_equal(&play.stage, true));
    CHECK(play.stage.longest_turn_ns < 300 * HEALTH_NS_PER_MS);
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
    CHECK(behind_ms(&play->stage) > 0);
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

void scene_full(void)
{
    one_mishap("raise it or free keys", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0");
}

void scene_readonly(void)
{
    one_mishap("this is a replica", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE");
}

void scene_masterdown(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10});
    free(redis_server_ask(&play.server, "CONFIG SET replica-serve-stale-data no"));
    mishap(&play, "without its master", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE");
    drop_curtain(&play);
}

void scene_disk(void)
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

void scene_password(void)
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
void scene_noauth(void)
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

void scene_flushed_scripts(void)
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

void scene_killed_connections(void)
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
void scene_lost_data(void)
{
    struct play play;
    raise_curtain(&play, &(struct stage_options){.clusters = 10, .interval_ms = 200});
    free(redis_server_ask(&play.server, "FLUSHALL"));
    recovers(&play.stage, "FLUSHALL", 1500);
    free(redis_server_ask(&play.server, "DEL healthd:{c3}:state"));
    recovers(&play.stage, "a cluster's hash deleted", 1500);
    free(redis_server_ask(&play.server, "HDEL healthd:{c3}:state node:n10"));
    recovers(&play.stage, "a field deleted", 1500);
    free(redis_server_ask(&play.server, "HSET healthd:{c3}:state node:nobody x"));
    recovers(&play.stage, "a field added", 1500);
    free(redis_server_ask(&play.server, "HSET healthd:{c3}:state cluster [1]"));
    recovers(&play.stage, "a field overwritten", 1500);
    CHECK(stage_counters(&play.stage).connects == 1);
    drop_curtain(&play);
}

/* A key that is something else concerns its cluster alone. */
void scene_wrong_type(void)
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
    recovers(&play.stage, "the wrong key deleted", 1500);
    drop_curtain(&play);
}
