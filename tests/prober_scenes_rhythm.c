/*
 * prober_scenes_rhythm.c - what is asked and when, of a server that is well.
 */
#include "prober_scenes.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct cadence_ms brisk = {.interval = 200, .timeout = 300, .view = 400};

void scene_open_one(struct prober_stage *stage, struct fake_house *house, struct cadence_ms cadence)
{
    fake_house_open(house, 2);
    prober_stage_open(stage, cadence);
    prober_stage_add(stage, house, 0);
    CHECK(prober_stage_await_probe(stage, 0, HEALTH_PROBE_NONE, 1000) != NULL);
}

void scene_close_one(struct prober_stage *stage, struct fake_house *house)
{
    prober_stage_close(stage);
    fake_house_close(house);
}

/* What a view holds, and how often what is asked. */
void scene_well(void)
{
    struct fake_house house;
    struct prober_stage stage;
    const struct wanted view = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_NONE, .with_view = true};

    scene_open_one(&stage, &house, brisk);
    CHECK(stage.seen[0].what.witness == HEALTH_WITNESS_LINK);
    CHECK(stage.seen[0].what.link == HEALTH_LINK_UP);
    const struct seen *seen = prober_stage_await(&stage, 0, view, 0);
    CHECK(seen != NULL);
    if (seen) {
        const struct health_view *is = &seen->what.probe.view;
        CHECK(is->state_uuid.hi == UINT64_C(0x1111111122223333));
        CHECK(is->gcomm_uuid.lo == UINT64_C(0x8000000000000001));
        CHECK(is->conf_id == 7 && is->size == 3 && is->weight == 3);
        CHECK(is->last_committed == 2817);
        CHECK(is->recv_queue == 11 && strcmp(seen->version, "10.11.0-MariaDB-fake") == 0);
        CHECK(is->component == HEALTH_COMPONENT_PRIMARY && is->local_state == HEALTH_LOCAL_SYNCED);
        CHECK(is->ready == HEALTH_ANSWER_YES && is->connected == HEALTH_ANSWER_YES);
        CHECK(is->rejects == HEALTH_ANSWER_NO && is->read_only == HEALTH_ANSWER_NO);
        CHECK(is->desync == HEALTH_ANSWER_NO && is->donor_rejects == HEALTH_ANSWER_NO);
        CHECK(is->maintenance == HEALTH_ANSWER_NOT_KNOWN);
        CHECK(is->member_count == 3 && seen->members[0].node == 0 && seen->members[1].node == 1);
        CHECK(seen->members[2].node == HEALTH_NODE_NONE);
    }
    unsigned light = house.fakes[0].light;
    unsigned views = house.fakes[0].views;
    prober_stage_run(&stage, 2000);
    printf("    in 2 s: %u light probes, %u views\n", house.fakes[0].light - light,
           house.fakes[0].views - views);
    CHECK(house.fakes[0].views - views >= 3 && house.fakes[0].views - views <= 6);
    CHECK(house.fakes[0].light - light >= 4 && house.fakes[0].light - light <= 7);
    CHECK(house.fakes[0].most_unanswered == 1 && house.fakes[0].strange == 0);
    CHECK(house.fakes[0].open == 1);
    prober_stage_close(&stage);
    prober_stage_open(&stage, brisk); /* the goodbye has been said */
    prober_stage_run(&stage, 50);
    CHECK(house.fakes[0].open == 0);
    CHECK(house.fakes[0].quits == house.fakes[0].connections);
    scene_close_one(&stage, &house);
}

/* Attention: a view at once, and at each interval for as long. */
void scene_attention(void)
{
    struct fake_house house;
    struct prober_stage stage;
    const struct wanted view = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_NONE, .with_view = true};

    scene_open_one(&stage, &house,
                   (struct cadence_ms){.interval = 300, .timeout = 300, .view = 20000});
    prober_stage_run(&stage, 700);
    unsigned views = house.fakes[0].views;
    size_t from = stage.count;
    int64_t now_ns = health_clock_ns();
    health_prober_attend(stage.prober, 0, now_ns + 2 * HEALTH_NS_PER_S);
    health_prober_attend(stage.prober, 7, now_ns + 2 * HEALTH_NS_PER_S); /* nobody */
    const struct seen *seen = prober_stage_await(&stage, from, view, 1000);
    CHECK(seen != NULL && seen->told_ns - now_ns < 20 * HEALTH_NS_PER_MS);
    prober_stage_run(&stage, 1900);
    unsigned attended = house.fakes[0].views - views;
    CHECK(attended >= 6 && attended <= 9);
    prober_stage_run(&stage, 500);
    views = house.fakes[0].views;
    prober_stage_run(&stage, 1000);
    CHECK(house.fakes[0].views == views);
    scene_close_one(&stage, &house);
}

/* The loop stands still for long: answers that lie there are answers, also to a view's several
 * questions. */
void scene_stall_of_ours(void)
{
    const struct timespec stall = {.tv_nsec = 700000000};
    struct fake_house house;
    struct prober_stage stage;

    fake_house_open(&house, 40);
    prober_stage_open(&stage, brisk);
    for (unsigned i = 0; i < house.count; i++) {
        house.fakes[i].delay_ms = 40;
        prober_stage_add(&stage, &house, i);
    }
    prober_stage_run(&stage, 1000);
    for (int round = 0; round < 5; round++) {
        nanosleep(&stall, NULL);
        prober_stage_run(&stage, 15 + 15 * round); /* amid each of a view's questions */
    }
    unsigned well = 0;
    unsigned failed = 0;
    for (unsigned i = 0; i < house.count; i++) {
        well += prober_stage_count(&stage, 0, i, HEALTH_PROBE_NONE);
        failed += prober_stage_count_others(&stage, 0, i, HEALTH_PROBE_NONE);
    }
    printf("    %u answers, %u failures\n", well, failed);
    CHECK(failed == 0);
    scene_close_one(&stage, &house);
}

static void be_late(evutil_socket_t fd, short what, void *context)
{
    const struct timespec work = {.tv_nsec = 200000000};
    (void)fd;
    (void)what;
    (void)context;
    nanosleep(&work, NULL);
}

/* Each turn of the loop takes longer than a deadline may be missed by: who answers is heard, and who never does is
 * told of at last. */
void scene_always_late(void)
{
    const struct timeval at_once = {.tv_usec = 1};
    struct fake_house house;
    struct prober_stage stage;

    scene_open_one(&stage, &house, brisk);
    struct event *late = event_new(stage.base, -1, EV_PERSIST, be_late, NULL);
    event_add(late, &at_once);
    size_t from = stage.count;
    prober_stage_run(&stage, 3000);
    unsigned well = prober_stage_count(&stage, from, 0, HEALTH_PROBE_NONE);
    unsigned failed = prober_stage_count_others(&stage, from, 0, HEALTH_PROBE_NONE);
    printf("    on a late loop: %u answers, %u failures\n", well, failed);
    CHECK(well >= 3 && failed == 0);
    fake_behave(&house, 0, FAKE_DEAF);
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_TIMEOUT, 6000) != NULL);
    event_free(late);
    scene_close_one(&stage, &house);
}
