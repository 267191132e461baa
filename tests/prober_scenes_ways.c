/*
 * prober_scenes_ways.c - the ways to a server: with a word, by a fresh connection, another port, a socket.
 */
#include "prober_scenes.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct cadence_ms brisk = {.interval = 200, .timeout = 300, .view = 400};

static int64_t ms_since(int64_t then_ns)
{
    return (health_clock_ns() - then_ns) / HEALTH_NS_PER_MS;
}

/* Denied: tried seldom, and again with the word from the file as soon as it is right. */
void scene_password(void)
{
    struct fake_house house;
    struct prober_stage stage;
    const struct health_target target = {
        .host = "127.0.0.1", .user = "probe", .password_file = scene_file("word", "wrong\n")};
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
    scene_file("word", "wrong\n");
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
    scene_close_one(&stage, &house);
}

/* What is no password is not tried as one. */
void scene_password_file(void)
{
    static const char *const wrong[] = {"", "\n", "\nsecret\n", NULL};
    char overlong[600];
    struct fake_house house;
    struct prober_stage stage;

    memset(overlong, 'x', sizeof overlong - 1);
    overlong[sizeof overlong - 1] = '\0';
    fake_house_open(&house, 1);
    fake_behave(&house, 0, FAKE_WANTS_WORD);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct health_target target = {
            .host = "127.0.0.1",
            .port = house.fakes[0].port,
            .user = "probe",
            .password_file = scene_file("first-line", wrong[i] ? wrong[i] : overlong)};
        prober_stage_open(&stage, brisk);
        CHECK(health_prober_add(stage.prober, 0, "n0", &target) == HEALTH_OK);
        CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_SQL_ERROR, 1000) != NULL);
        CHECK(stage.remarks == 1 && strstr(stage.remark, target.password_file));
        CHECK(strstr(stage.remark, wrong[i] ? "its first line is empty" : "at most 510") != NULL);
        CHECK(house.fakes[0].denied == 0);
        prober_stage_close(&stage);
    }
    fake_house_close(&house);
}

/* Old connections hide that new ones fail: now and then one is made anew, and its failure reported. */
void scene_fresh_connections(void)
{
    struct fake_house house;
    struct prober_stage stage;

    scene_open_one(&stage, &house, (struct cadence_ms){.interval = 30, .timeout = 100, .view = 60});
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
    scene_close_one(&stage, &house);
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
