/*
 * prober_scenes_many.c - many nodes; coming and going at any moment.
 */
#include "prober_scenes.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static const struct cadence_ms brisk = {.interval = 200, .timeout = 300, .view = 200};

/* What a node's probe can be at when it is taken away. */
static const enum fake_manner stages[] = {
    FAKE_WELL,      FAKE_REFUSES,    FAKE_BACKLOG_FULL, FAKE_SILENT,       FAKE_DRIPS,
    FAKE_RESETS,    FAKE_TOO_MANY,   FAKE_WANTS_WORD,   FAKE_DEAF,         FAKE_VIEW_HANGS,
    FAKE_NOT_READY, FAKE_SHUTS_DOWN, FAKE_HUGE_ASKED,   FAKE_CLOSES_ASKED,
};

#define STAGES (sizeof stages / sizeof *stages)

/* Half of the nodes meet their manner at the door, half over a connection that stands. */
static void open_all(struct prober_stage *stage, struct fake_house *house)
{
    fake_house_open(house, 2 * STAGES);
    prober_stage_open(stage, brisk);
    for (unsigned i = 0; i < STAGES; i++)
        prober_stage_add(stage, house, i);
    prober_stage_run(stage, 400);
    for (unsigned i = 0; i < house->count; i++)
        house->fakes[i].manner = (int)stages[i % STAGES];
    fake_house_poke(house);
    for (unsigned i = STAGES; i < house->count; i++)
        prober_stage_add(stage, house, i);
}

void scene_removed_at_each_stage(void)
{
    struct fake_house house;
    struct prober_stage stage;

    for (int wait_ms = 0; wait_ms <= 600; wait_ms += 120) {
        open_all(&stage, &house);
        prober_stage_run(&stage, wait_ms);
        for (unsigned i = 0; i < house.count; i++)
            CHECK(health_prober_remove(stage.prober, i) == HEALTH_OK);
        CHECK(health_prober_remove(stage.prober, 0) == HEALTH_ENOENT);
        size_t from = stage.count;
        prober_stage_run(&stage, wait_ms % 240 ? 0 : brisk.timeout + GRACE_MS);
        CHECK(stage.count == from); /* nothing more is said of who was removed */
        prober_stage_close(&stage);
        fake_house_close(&house);
    }
}

void scene_destroyed_at_each_stage(void)
{
    struct fake_house house;
    struct prober_stage stage;
    int64_t longest_ns = 0;

    for (int wait_ms = 0; wait_ms <= 600; wait_ms += 100) {
        open_all(&stage, &house);
        prober_stage_run(&stage, wait_ms);
        int64_t began_ns = health_clock_ns();
        prober_stage_close(&stage);
        int64_t took_ns = health_clock_ns() - began_ns;
        longest_ns = took_ns > longest_ns ? took_ns : longest_ns;
        fake_house_close(&house);
    }
    printf("    the longest end took %d ms\n", (int)(longest_ns / HEALTH_NS_PER_MS));
    CHECK(longest_ns <= (brisk.timeout + 2 * GRACE_MS) * HEALTH_NS_PER_MS);
}

/* Three hundred nodes hang in connecting; the connections of healthy ones break, one after the other. */
void scene_many_stalled(void)
{
    enum { STALLED = 300, WELL = 10 };
    struct fake_house house;
    struct prober_stage stage;
    struct health_prober_counters counters;
    int64_t longest_ns = 0;

    fake_house_open(&house, WELL + STALLED);
    prober_stage_open(&stage, (struct cadence_ms){.interval = 500, .timeout = 500, .view = 1000});
    for (unsigned i = 0; i < house.count; i++) {
        if (i >= WELL)
            house.fakes[i].manner = i % 2 ? FAKE_SILENT : FAKE_DRIPS;
        prober_stage_add(&stage, &house, i);
    }
    fake_house_poke(&house);
    prober_stage_run(&stage, 1500);
    for (unsigned i = 0; i < WELL; i++) {
        prober_stage_run(&stage, 130);
        size_t from = stage.count;
        int64_t ended_ns = health_clock_ns();
        house.fakes[i].to_end = 1;
        fake_house_poke(&house);
        const struct wanted up = {
            .node = i, .witness = HEALTH_WITNESS_LINK, .value = HEALTH_LINK_UP};
        const struct seen *seen = prober_stage_await(&stage, from, up, 1000);
        CHECK(seen != NULL);
        if (seen && seen->told_ns - ended_ns > longest_ns)
            longest_ns = seen->told_ns - ended_ns;
        CHECK(prober_stage_count(&stage, 0, i, HEALTH_PROBE_TIMEOUT) == 0);
    }
    health_prober_counters(stage.prober, &counters);
    printf("    reconnected in at most %.1f ms, beside %u threads\n", (double)longest_ns / 1e6,
           counters.threads);
    CHECK(longest_ns < 250 * HEALTH_NS_PER_MS);
    CHECK(counters.threads <= STALLED + WELL);
    prober_stage_close(&stage);
    fake_house_close(&house);
}

/* Nodes come and go for three seconds, some well and some not, and ask for attention at odd times. */
void scene_comings_and_goings(void)
{
    enum { NODES = 64 };
    struct fake_house house;
    struct prober_stage stage;
    bool there[NODES] = {false};
    unsigned changes = 0;

    srand(7);
    fake_house_open(&house, NODES);
    for (unsigned i = 0; i < NODES; i++)
        house.fakes[i].manner = i % 3 ? FAKE_WELL : (int)stages[i % STAGES];
    fake_house_poke(&house);
    prober_stage_open(&stage, (struct cadence_ms){.interval = 20, .timeout = 40, .view = 40});
    int64_t end_ns = health_clock_ns() + 3 * HEALTH_NS_PER_S;
    while (health_clock_ns() < end_ns) {
        for (unsigned i = 0; i < 5; i++) {
            unsigned node = (unsigned)rand() % NODES;
            if (there[node])
                CHECK(health_prober_remove(stage.prober, node) == HEALTH_OK);
            else
                prober_stage_add(&stage, &house, node);
            there[node] = !there[node];
            changes++;
        }
        health_prober_attend(stage.prober, (unsigned)rand() % NODES, end_ns);
        prober_stage_run(&stage, rand() % 8);
    }
    printf("    %u changes, %zu observations\n", changes, stage.count);
    size_t from = stage.count;
    prober_stage_run(&stage, 500);
    for (unsigned i = 0; i < NODES; i++) {
        if (!there[i])
            CHECK(prober_stage_count(&stage, from, i, HEALTH_PROBE_NONE) == 0);
        else if (i % 3)
            CHECK(prober_stage_count(&stage, from, i, HEALTH_PROBE_NONE) > 3);
        CHECK(house.fakes[i].strange == 0);
    }
    prober_stage_close(&stage);
    fake_house_close(&house);
}

static double cpu_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* A thousand nodes at the defaults: what it takes of a core. */
void scene_thousand(void)
{
    enum { NODES = 1000, SECONDS = 8 };
    const struct cadence_ms defaults = {.interval = 1000, .timeout = 500, .view = 3000};
    struct fake_house house;
    struct prober_stage stage;
    struct rusage usage;

    fake_house_open(&house, NODES);
    prober_stage_open(&stage, defaults);
    for (unsigned i = 0; i < NODES; i++)
        prober_stage_add(&stage, &house, i);
    prober_stage_run(&stage, 2000);
    size_t from = stage.count;
    double least = 1;
    double sum = 0;
    for (int second = 0; second < SECONDS; second++) {
        double before = cpu_seconds();
        prober_stage_run(&stage, 1000);
        double share = cpu_seconds() - before;
        least = share < least ? share : least;
        sum += share;
    }
    double share = sum / SECONDS;
    struct times_us times = prober_stage_times(&stage, from, NODES);
    getrusage(RUSAGE_SELF, &usage);
    printf("    %.2f %% of a core (%.2f %% in the quietest second) for %u probes a second: %.1f us "
           "each; %ld MB at most\n",
           100 * share, 100 * least, times.probes / SECONDS, sum * 1e6 / times.probes,
           usage.ru_maxrss / 1024);
    printf("    median %.0f us, most %.0f us; %u failed\n", times.median, times.most, times.failed);
    CHECK(times.probes >= NODES * SECONDS * 9 / 10);
    CHECK(times.failed == 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* The goal is 3 %, on a machine that does nothing else: the figure above says whether it is met. Beyond
     * twice that it is no other's doing. */
    CHECK(least <= 0.06);
#endif
    prober_stage_close(&stage);
    fake_house_close(&house);
}
