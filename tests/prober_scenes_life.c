/*
 * prober_scenes_life.c - one node's life: its connection ends, it freezes, a question hangs.
 */
#include "prober_scenes.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static const struct cadence_ms brisk = {.interval = 200, .timeout = 300, .view = 400};

static int64_t ms_since(int64_t then_ns)
{
    return (health_clock_ns() - then_ns) / HEALTH_NS_PER_MS;
}

static void end_idle(struct prober_stage *stage, struct fake_house *house, int how,
                     enum health_link link)
{
    prober_stage_run(stage, 60); /* into a pause, mostly */
    size_t from = stage->count;
    house->fakes[0].to_end = how;
    fake_house_poke(house);
    int64_t ended_ns = health_clock_ns();
    const struct wanted wanted = {
        .node = 0, .witness = HEALTH_WITNESS_LINK, .value = (uint8_t)link};
    const struct seen *seen = prober_stage_await(stage, from, wanted, 1000);
    CHECK(seen != NULL && seen->told_ns - ended_ns < GRACE_MS * HEALTH_NS_PER_MS);
    const struct wanted up = {.node = 0, .witness = HEALTH_WITNESS_LINK, .value = HEALTH_LINK_UP};
    seen = prober_stage_await(stage, from, up, 1000);
    CHECK(seen != NULL && seen->told_ns - ended_ns < GRACE_MS * HEALTH_NS_PER_MS);
    const struct wanted well = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_NONE, .with_view = true};
    seen = prober_stage_await(stage, from, well, 1000);
    CHECK(seen != NULL && seen->told_ns - ended_ns < GRACE_MS * HEALTH_NS_PER_MS);
    if (seen)
        printf("    %s seen, and a new view in: %.1f ms\n", health_link_name(link),
               (double)(seen->told_ns - ended_ns) / 1e6);
}

/* The idle connection ends: that is seen, and asked about, at once. A long interval shows it. */
void scene_idle_end(void)
{
    struct fake_house house;
    struct prober_stage stage;

    scene_open_one(&stage, &house,
                   (struct cadence_ms){.interval = 2000, .timeout = 300, .view = 2000});
    end_idle(&stage, &house, 1, HEALTH_LINK_EOF);
    end_idle(&stage, &house, 2, HEALTH_LINK_RESET);

    /* Gone for good: refused within a moment, and not hammered. */
    unsigned connections = house.fakes[0].connections;
    size_t from = stage.count;
    fake_behave(&house, 0, FAKE_REFUSES);
    house.fakes[0].to_end = 1;
    fake_house_poke(&house);
    int64_t ended_ns = health_clock_ns();
    const struct seen *seen = prober_stage_await_probe(&stage, 0, HEALTH_PROBE_REFUSED, 1000);
    CHECK(seen != NULL && seen->told_ns - ended_ns < GRACE_MS * HEALTH_NS_PER_MS);
    prober_stage_run(&stage, 1000);
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_REFUSED) <= 2);
    CHECK(house.fakes[0].connections == connections);
    scene_close_one(&stage, &house);
}

/* The connection ends under a question: lost or reset, and asked again at once. */
void scene_lost_in_a_question(void)
{
    static const enum health_probe_error errors[] = {0, HEALTH_PROBE_LOST, HEALTH_PROBE_RESET};
    struct fake_house house;
    struct prober_stage stage;

    scene_open_one(&stage, &house,
                   (struct cadence_ms){.interval = 1000, .timeout = 1000, .view = 1000});
    house.fakes[0].delay_ms = 100;
    for (int how = 1; how <= 2; how++) {
        prober_stage_run(&stage, 1500);
        while (house.fakes[0].unanswered == 0)
            prober_stage_run(&stage, 5);
        size_t from = stage.count;
        house.fakes[0].to_end = how;
        fake_house_poke(&house);
        int64_t ended_ns = health_clock_ns();
        const struct wanted lost = {
            .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = (uint8_t)errors[how]};
        const struct seen *seen = prober_stage_await(&stage, from, lost, 500);
        CHECK_OF(health_probe_error_name(errors[how]), seen != NULL);
        CHECK(seen && seen->told_ns - ended_ns < GRACE_MS * HEALTH_NS_PER_MS);
        unsigned connections = house.fakes[0].connections;
        prober_stage_run(&stage, GRACE_MS);
        CHECK(house.fakes[0].connections == connections + 1 || seen == NULL ||
              house.fakes[0].open == 1);
    }
    scene_close_one(&stage, &house);
}

/* A server that ends each connection after some answers, under a question or between two probes, must not
 * be hammered. */
void scene_closes_each_time(void)
{
    struct fake_house house;
    struct prober_stage stage;

    scene_open_one(&stage, &house, brisk);
    for (int answers = 1; answers <= 6; answers++) { /* to connect takes one, a first view three */
        house.fakes[0].close_after = answers;
        house.fakes[0].to_end = 1;
        fake_house_poke(&house);
        prober_stage_run(&stage, 500);
        unsigned connections = house.fakes[0].connections;
        prober_stage_run(&stage, 1000);
        connections = house.fakes[0].connections - connections;
        printf("    after %d answers: %u connections in 1 s at an interval of 200 ms\n", answers,
               connections);
        CHECK(connections <= 12); /* each 100 ms, mostly */
    }
    scene_close_one(&stage, &house);
}

/* Frozen: noticed in time, nobody else is; thawed: well again. */
void scene_frozen(void)
{
    struct fake_house well;
    struct fake_house frozen;
    struct prober_stage stage;

    fake_house_open(&well, 1);
    fake_house_open(&frozen, 2);
    prober_stage_open(&stage, brisk);
    prober_stage_add(&stage, &well, 0);
    prober_stage_add(&stage, &frozen, 1);
    prober_stage_run(&stage, 1000);
    for (int round = 0; round < 2; round++) {
        prober_stage_run(&stage, 67 * round);
        size_t from = stage.count;
        kill(frozen.pid, SIGSTOP);
        int64_t frozen_ns = health_clock_ns();
        const struct seen *seen = prober_stage_await_probe(&stage, 1, HEALTH_PROBE_TIMEOUT, 2000);
        CHECK(seen != NULL);
        int64_t took_ms = seen ? (seen->told_ns - frozen_ns) / HEALTH_NS_PER_MS : -1;
        CHECK(took_ms <= brisk.interval * 11 / 10 + brisk.timeout + GRACE_MS);
        prober_stage_run(&stage, 1500);
        CHECK(prober_stage_count(&stage, from, 1, HEALTH_PROBE_TIMEOUT) >= 3);
        kill(frozen.pid, SIGCONT);
        int64_t thawed_ns = health_clock_ns();
        const struct wanted view = {.node = 1,
                                    .witness = HEALTH_WITNESS_PROBE,
                                    .value = HEALTH_PROBE_NONE,
                                    .with_view = true};
        seen = prober_stage_await(&stage, stage.count, view, 2000);
        CHECK(seen != NULL);
        printf("    noticed after %d ms; a view %d ms after the thaw\n", (int)took_ms,
               (int)ms_since(thawed_ns));
        CHECK(ms_since(thawed_ns) <= brisk.interval * 11 / 10 + brisk.timeout + GRACE_MS);
    }
    CHECK(prober_stage_times(&stage, 0, 1).failed == 0);
    prober_stage_run(&stage, 200);
    CHECK(frozen.fakes[1].open == 1);
    prober_stage_close(&stage);
    fake_house_close(&well);
    fake_house_close(&frozen);
}

/* Frozen and then killed: the end is seen although questions have timed out, and nothing of ours then
 * claims that a connection stands. */
void scene_killed_while_frozen(void)
{
    struct fake_house house;
    struct prober_stage stage;

    scene_open_one(&stage, &house,
                   (struct cadence_ms){.interval = 1000, .timeout = 300, .view = 1000});
    kill(house.pid, SIGSTOP);
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_TIMEOUT, 2000) != NULL);
    prober_stage_run(&stage, 2500);
    size_t from = stage.count;
    kill(house.pid, SIGKILL);
    waitpid(house.pid, NULL, 0);
    int64_t killed_ns = health_clock_ns();
    const struct seen *seen = prober_stage_await_probe(&stage, 0, HEALTH_PROBE_REFUSED, 2000);
    CHECK(seen != NULL && seen->told_ns - killed_ns < GRACE_MS * HEALTH_NS_PER_MS);
    if (seen)
        printf("    refused %.1f ms after the kill\n", (double)(seen->told_ns - killed_ns) / 1e6);
    bool up = false;
    for (size_t i = 0; i < stage.count; i++) {
        const struct health_observation *what = &stage.seen[i].what;
        if (what->witness == HEALTH_WITNESS_LINK)
            up = what->link == HEALTH_LINK_UP;
    }
    CHECK(!up);
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_NONE) == 0);
    scene_close_one(&stage, &house);
}

/* SHOW STATUS is never answered: light probes go on, and the question is not put again and again, not
 * even under attention. */
void scene_view_hangs(void)
{
    struct fake_house house;
    struct prober_stage stage;

    scene_open_one(&stage, &house,
                   (struct cadence_ms){.interval = 100, .timeout = 150, .view = 200});
    prober_stage_run(&stage, 300);
    size_t from = stage.count;
    unsigned views = house.fakes[0].views;
    fake_behave(&house, 0, FAKE_VIEW_HANGS);
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_TIMEOUT, 1500) != NULL);
    for (unsigned i = 0; i < 8; i++) {
        health_prober_attend(stage.prober, 0, health_clock_ns() + HEALTH_NS_PER_S);
        prober_stage_run(&stage, 100);
    }
    printf("    in 0.8 s after it: %u more views asked, %u light probes answered, %u timeouts\n",
           house.fakes[0].views - views - 1, prober_stage_count(&stage, from, 0, HEALTH_PROBE_NONE),
           prober_stage_count(&stage, from, 0, HEALTH_PROBE_TIMEOUT));
    CHECK(house.fakes[0].views == views + 1);
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_NONE) >= 5);
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_TIMEOUT) == 1);
    CHECK(house.fakes[0].open <= 2);

    prober_stage_run(&stage, 5000); /* it was asked now, after 1 s, 3 s, not before 7 s */
    unsigned asked = house.fakes[0].views - views;
    printf("    in 6 s: asked %u times in all\n", asked);
    CHECK(asked >= 2 && asked <= 3);
    CHECK(house.fakes[0].open <= 2);

    /* It ends: the view is back soon. */
    from = stage.count;
    house.fakes[0].to_end = 1;
    fake_behave(&house, 0, FAKE_WELL);
    const struct wanted view = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_NONE, .with_view = true};
    CHECK(prober_stage_await(&stage, from, view, 1000) != NULL);
    scene_close_one(&stage, &house);
}
