/*
 * probe_bench.c - the mysqld probe of many nodes at the defaults, beside a connection made for each check.
 *
 * What counts is processor time of the whole process, helper threads included, for one probe; the servers
 * are fakes in a process of their own, so their time is not in it. On loopback the kernel does the
 * receiver's work in the sender's time, which makes both sides look dearer than a network would. The
 * baseline does what a check script does: connects, asks for the wsrep status, and leaves.
 */
#include "measure.h"

#include "fake_mysqld.h"

#include <event2/event.h>
#include <healthd/prober.h>
#include <mysql.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define INTERVAL_NS HEALTH_NS_PER_S

static const uint32_t sizes[] = {100, 1000};

#define SIZES (sizeof sizes / sizeof *sizes)

static int64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * HEALTH_NS_PER_S + used.tv_nsec;
}

/* ---- Ours ---- */

struct watch {
    struct event_base *base;
    struct health_prober *prober;
    uint64_t answered;
    uint64_t failed;
};

static void observed(void *context, const struct health_observation *observation)
{
    struct watch *watch = context;
    if (observation->witness != HEALTH_WITNESS_PROBE)
        return;
    watch->answered += observation->probe.ok;
    watch->failed += !observation->probe.ok;
}

static void remarked(void *context, uint32_t node, const char *text)
{
    (void)context;
    (void)node;
    fprintf(stderr, "healthd-bench: %s\n", text);
}

static void watch_begin(struct watch *watch, const struct fake_house *house)
{
    const struct health_prober_options options = {
        .base = watch->base = event_base_new(),
        .interval_ns = INTERVAL_NS,
        .timeout_ns = INTERVAL_NS / 2,
        .view_interval_ns = 3 * INTERVAL_NS,
        .observe = observed,
        .remark = remarked,
        .context = watch,
    };

    measure_check(watch->base && event_base_priority_init(watch->base, 2) == 0 &&
                      health_prober_create(&options, &watch->prober) == HEALTH_OK,
                  "the prober is created");
    for (uint32_t i = 0; i < house->count; i++) {
        const struct health_target target = {
            .host = "127.0.0.1", .port = house->fakes[i].port, .user = "probe"};
        char name[16];
        snprintf(name, sizeof name, "n%u", i);
        measure_check(health_prober_add(watch->prober, i, name, &target) == HEALTH_OK,
                      "a node is added");
    }
}

static void watch_run(const struct watch *watch, int ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_base_loopexit(watch->base, &wait);
    event_base_dispatch(watch->base);
}

static void watch_end(struct watch *watch)
{
    measure_check(watch->failed == 0, "no probe of a healthy server fails");
    health_prober_destroy(watch->prober);
    event_base_free(watch->base);
}

/* ---- The baseline ---- */

static double check_by_connecting(const struct fake_house *house, uint32_t checks)
{
    int64_t before_ns = cpu_ns();

    for (uint32_t i = 0; i < checks; i++) {
        MYSQL mysql;
        mysql_init(&mysql);
        measure_check(mysql_real_connect(&mysql, "127.0.0.1", "probe", NULL, NULL,
                                         house->fakes[i % house->count].port, NULL, 0) &&
                          mysql_query(&mysql, "SHOW GLOBAL STATUS LIKE 'wsrep_%'") == 0,
                      "the baseline is answered");
        mysql_free_result(mysql_store_result(&mysql));
        mysql_close(&mysql);
    }
    return (double)(cpu_ns() - before_ns) / checks;
}

/* ---- Both ---- */

static void compare(uint32_t nodes)
{
    int span_ms = measure_options.quick ? 400 : 4000;
    struct fake_house house;
    struct watch watch = {.answered = 0};
    struct samples ours;
    struct samples baseline;

    fake_house_open(&house, nodes);
    watch_begin(&watch, &house);
    watch_run(&watch, 2000);
    for (unsigned run = 0; run < RUNS; run++) {
        uint64_t answered = watch.answered;
        int64_t before_ns = cpu_ns();
        watch_run(&watch, span_ms);
        measure_check(watch.answered > answered, "probes are answered");
        ours.ns[run] = (double)(cpu_ns() - before_ns) / (double)(watch.answered - answered);
    }
    watch_end(&watch);
    for (unsigned run = 0; run < RUNS; run++)
        baseline.ns[run] = check_by_connecting(&house, measure_options.quick ? 50 : 1000);
    measure_print("probe, light and view in turn", nodes, &ours, NULL, NULL);
    measure_print("connect, ask, leave", nodes, &baseline, &ours, NULL);
    measure_print_value("share of a core, once a second", nodes,
                        100 * samples_median(&ours) * nodes / INTERVAL_NS, "%",
                        nodes == 1000 ? "<= 3 %" : NULL);
    fake_house_close(&house);
}

static int run(void)
{
    measure_heading("probes: processor time for one, of as many nodes");
    for (size_t i = 0; i < SIZES; i++)
        compare(sizes[i]);
    return 0;
}

const struct bench bench_probe = {
    .name = "probe",
    .about = "the mysqld probe of many nodes, beside a connection for each check",
    .run = run,
};
