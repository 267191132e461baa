/*
 * redis_scenes_link.c - names and addresses, what is no Redis, last words, speed.
 */
#include "fake_greeter.h"
#include "redis_scenes.h"

#include <healthd/observer.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void scene_addresses(void)
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
    CHECK(stage.longest_turn_ns < 500 * HEALTH_NS_PER_MS);
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
void scene_slow_name(void)
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
    CHECK(stage.longest_turn_ns < 500 * HEALTH_NS_PER_MS);
    stage_end(&stage);

    stage_begin(&stage, &server, &(struct stage_options){.address = name});
    stage_run_ms(&stage, 10);
    int64_t start_ns = health_clock_ns();
    stage_end(&stage);
    CHECK(health_clock_ns() - start_ns < 500 * HEALTH_NS_PER_MS);
    redis_server_clear(&server);
}

#define MANY(text) text text text text text text text text text text

/* What answers is something else. */
void scene_no_redis(void)
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

void scene_last_words(void)
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
    CHECK(ms >= 290 && ms < 1500);
    kill(play.server.pid, SIGCONT);
    drop_curtain(&play);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void scene_latency(void)
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

static int64_t cpu_used_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

void scene_throughput(void)
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

    int64_t cpu_us = cpu_used_us();
    stage_run_ms(&play.stage, 3000);
    cpu_us = cpu_used_us() - cpu_us;
    printf(
        "    1000 clusters renewed each second: %.2f %% of a core, the test's own turns included\n",
        (double)cpu_us / 30000.0);

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
    CHECK(play.stage.longest_turn_ns < 300 * HEALTH_NS_PER_MS);
    drop_curtain(&play);
}
