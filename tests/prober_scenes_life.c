/*
 * prober_scenes_life.c - one node's life: its connection ends, it freezes, it denies, it comes back.
 */
#include "prober_scenes.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct cadence_ms brisk = {.interval = 200, .timeout = 300, .view = 400};

static void open_one(struct prober_stage *stage, struct fake_house *house,
                     struct cadence_ms cadence)
{
    fake_house_open(house, 2);
    prober_stage_open(stage, cadence);
    prober_stage_add(stage, house, 0);
    CHECK(prober_stage_await_probe(stage, 0, HEALTH_PROBE_NONE, 1000) != NULL);
}

static void close_one(struct prober_stage *stage, struct fake_house *house)
{
    prober_stage_close(stage);
    fake_house_close(house);
}

static int64_t ms_since(int64_t then_ns)
{
    return (health_clock_ns() - then_ns) / HEALTH_NS_PER_MS;
}

/* What a view holds, and how often what is asked. */
void scene_well(void)
{
    struct fake_house house;
    struct prober_stage stage;
    const struct wanted view = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_NONE, .with_view = true};

    open_one(&stage, &house, brisk);
    CHECK(stage.seen[0].what.witness == HEALTH_WITNESS_LINK);
    CHECK(stage.seen[0].what.link == HEALTH_LINK_UP);
    const struct seen *seen = prober_stage_await(&stage, 0, view, 0);
    CHECK(seen != NULL);
    if (seen) {
        const struct health_view *is = &seen->what.probe.view;
        CHECK(is->state_uuid.hi == UINT64_C(0x1111111122223333));
        CHECK(is->gcomm_uuid.lo == UINT64_C(0x8000000000000001));
        CHECK(is->conf_id == 7 && is->size == 3 && is->weight == 3);
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
    close_one(&stage, &house);
}

/* Denied: tried seldom, and again with the word from the file as soon as it is right. */
void scene_password(void)
{
    struct fake_house house;
    struct prober_stage stage;
    const struct health_target target = {
        .host = "127.0.0.1", .user = "probe", .password_file = scene_file("word", "\n")};
    struct health_target with_port = target;

    fake_house_open(&house, 1);
    fake_behave(&house, 0, FAKE_WANTS_WORD);
    with_port.port = house.fakes[0].port;
    prober_stage_open(&stage, (struct cadence_ms){.interval = 100, .timeout = 200, .view = 200});
    CHECK(health_prober_add(stage.prober, 0, "n0", &with_port) == HEALTH_OK);
    prober_stage_run(&stage, 4000);
    unsigned tries = house.fakes[0].denied;
    printf("    %u tries in 4 s at an interval of 100 ms\n", tries);
    CHECK(tries >= 5 && tries <= 8); /* 100, 200, 400, 800, then each 900 ms */
    CHECK(stage.remarks == 1);
    int64_t corrected_ns = health_clock_ns();
    scene_file("word", "secret\n");
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_NONE, 1000) != NULL);
    printf("    well again %d ms after the file was corrected\n", (int)ms_since(corrected_ns));

    fake_behave(&house, 0, FAKE_WELL);
    scene_file("word", "\n");
    fake_behave(&house, 0, FAKE_WANTS_WORD);
    house.fakes[0].to_end = 1;
    fake_house_poke(&house);
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_AUTH, 1000) != NULL);
    prober_stage_run(&stage, 500);
    scene_file("word", "secret\n");
    corrected_ns = health_clock_ns();
    health_prober_reread(stage.prober);
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_NONE, 100) != NULL);
    printf("    and %d ms after a reread\n", (int)ms_since(corrected_ns));
    close_one(&stage, &house);
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

    open_one(&stage, &house, (struct cadence_ms){.interval = 2000, .timeout = 300, .view = 2000});
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
    close_one(&stage, &house);
}

/* The connection ends under a question: lost or reset, and asked again at once. */
void scene_lost_in_a_question(void)
{
    static const enum health_probe_error errors[] = {0, HEALTH_PROBE_LOST, HEALTH_PROBE_RESET};
    struct fake_house house;
    struct prober_stage stage;

    open_one(&stage, &house, (struct cadence_ms){.interval = 1000, .timeout = 1000, .view = 1000});
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
    close_one(&stage, &house);
}

/* A server that ends each connection after some answers, under a question or between two probes, must not
 * be hammered. */
void scene_closes_each_time(void)
{
    struct fake_house house;
    struct prober_stage stage;

    open_one(&stage, &house, brisk);
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
    close_one(&stage, &house);
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

    open_one(&stage, &house, (struct cadence_ms){.interval = 1000, .timeout = 300, .view = 1000});
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
    close_one(&stage, &house);
}

/* SHOW STATUS is never answered: light probes go on, and the question is not put again and again, not
 * even under attention. */
void scene_view_hangs(void)
{
    struct fake_house house;
    struct prober_stage stage;

    open_one(&stage, &house, (struct cadence_ms){.interval = 100, .timeout = 150, .view = 200});
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
    close_one(&stage, &house);
}

/* Old connections hide that new ones fail: now and then one is made anew, and its failure reported. */
void scene_fresh_connections(void)
{
    struct fake_house house;
    struct prober_stage stage;

    open_one(&stage, &house, (struct cadence_ms){.interval = 30, .timeout = 100, .view = 60});
    unsigned connections = house.fakes[0].connections;
    prober_stage_run(&stage, 3000);
    connections = house.fakes[0].connections - connections;
    printf("    %u made anew in 100 intervals\n", connections);
    CHECK(connections >= 2 && connections <= 5);
    CHECK(house.fakes[0].open == 1);
    CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_NONE) == 0);

    /* No more connections: said now and then; the view goes on over the old one. */
    size_t from = stage.count;
    unsigned remarks = stage.remarks;
    fake_behave(&house, 0, FAKE_TOO_MANY);
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_TOO_MANY_CONNECTIONS, 2000) != NULL);
    prober_stage_run(&stage, 2000);
    unsigned barred = prober_stage_count(&stage, from, 0, HEALTH_PROBE_TOO_MANY_CONNECTIONS);
    unsigned well = prober_stage_count(&stage, from, 0, HEALTH_PROBE_NONE);
    printf("    barred: said %u times, and %u probes over the old connection\n", barred, well);
    CHECK(barred >= 2 && well > 5 * barred);
    CHECK(house.fakes[0].open == 1);
    CHECK(stage.remarks - remarks <= 1);

    /* Nothing listens any more, and the old one stands. */
    fake_behave(&house, 0, FAKE_REFUSES);
    from = stage.count;
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_REFUSED, 3000) != NULL);
    CHECK(house.fakes[0].open == 1);
    fake_behave(&house, 0, FAKE_WELL);
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_NONE, 3000) != NULL);
    close_one(&stage, &house);
}

static void check_extra(struct fake_house *house, enum fake_manner extra, bool used, bool well)
{
    struct prober_stage stage;
    const struct health_target target = {.host = "127.0.0.1",
                                         .port = house->fakes[0].port,
                                         .extra_port = house->fakes[1].port,
                                         .user = "probe"};
    const char *name = fake_manner_name(extra);

    prober_stage_open(&stage, brisk);
    fake_behave(house, 1, extra);
    prober_stage_run(&stage, 50); /* what stood in its backlog is let in */
    unsigned by_port = house->fakes[0].connections;
    unsigned by_extra = house->fakes[1].connections;
    CHECK(health_prober_add(stage.prober, 0, "n0", &target) == HEALTH_OK);
    prober_stage_run(&stage, 1000);
    CHECK_OF(name, (prober_stage_count(&stage, 0, 0, HEALTH_PROBE_NONE) > 2) == well);
    if (well)
        CHECK_OF(name, prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_NONE) == 0);
    CHECK_OF(name, (house->fakes[0].connections > by_port) == !used);
    if (used)
        CHECK_OF(name, house->fakes[1].connections == by_extra + 1);
    prober_stage_close(&stage);
}

/* The extra port is tried first; where it does not let us in, the other. */
void scene_extra_port(void)
{
    struct fake_house house;

    fake_house_open(&house, 2);
    check_extra(&house, FAKE_WELL, true, true);
    check_extra(&house, FAKE_REFUSES, false, true);
    check_extra(&house, FAKE_TOO_MANY, false, true);
    check_extra(&house, FAKE_RESETS, false, true);
    check_extra(&house, FAKE_HANGS_UP, false, true);
    check_extra(&house, FAKE_BACKLOG_FULL, false, true);
    fake_behave(&house, 0, FAKE_TOO_MANY);
    check_extra(&house, FAKE_WELL, true, true);
    fake_house_close(&house);
}

/* An agent's way: over a socket that is missing, stale, deaf with a full backlog. */
void scene_unix_socket(void)
{
    struct prober_stage stage;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[108];

    snprintf(path, sizeof path, "%s", scene_file("mysqld.sock", ""));
    unlink(path);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const struct health_target target = {.socket = path, .user = "probe"};
    prober_stage_open(&stage, brisk);
    CHECK(health_prober_add(stage.prober, 0, "n0", &target) == HEALTH_OK);
    prober_stage_run(&stage, 700);
    CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_REFUSED) == 0); /* missing */
    CHECK(prober_stage_count(&stage, 0, 0, HEALTH_PROBE_REFUSED) >= 2);

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    size_t from = stage.count;
    prober_stage_run(&stage, 700);
    CHECK(prober_stage_count_others(&stage, from, 0, HEALTH_PROBE_REFUSED) == 0); /* stale */
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_REFUSED) >= 2);

    CHECK(listen(fd, 0) == 0);
    int fillers[2];
    for (unsigned i = 0; i < 2; i++) {
        fillers[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    prober_stage_run(&stage, 500);
    from = stage.count;
    prober_stage_run(&stage, 1500);
    CHECK(prober_stage_count_others(&stage, from, 0, HEALTH_PROBE_TIMEOUT) == 0); /* deaf */
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_TIMEOUT) >= 2);
    close(fd);
    for (unsigned i = 0; i < 2; i++)
        close(fillers[i]);
    unlink(path);
    prober_stage_close(&stage);
}

/* Attention: a view at once, and at each interval for as long. */
void scene_attention(void)
{
    struct fake_house house;
    struct prober_stage stage;
    const struct wanted view = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_NONE, .with_view = true};

    open_one(&stage, &house, (struct cadence_ms){.interval = 300, .timeout = 300, .view = 20000});
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
    close_one(&stage, &house);
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
    close_one(&stage, &house);
}
