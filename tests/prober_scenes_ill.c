/*
 * prober_scenes_ill.c - servers that misbehave: each failure has its reason, in time, and nobody beside
 * them notices.
 */
#include "fake_late_reset.h"
#include "prober_scenes.h"

#include <stdio.h>
#include <string.h>

#define WELL 20 /* the first ones of a house */

static const struct cadence_ms brisk = {.interval = 200, .timeout = 300, .view = 400};

/* A manner, and what a probe is to say of it. */
struct illness {
    enum fake_manner manner;
    enum health_probe_error error;
    unsigned code_least, code_most;
};

static const struct illness at_the_door[] = {
    {FAKE_REFUSES, HEALTH_PROBE_REFUSED, 2000, 2999},
    {FAKE_BACKLOG_FULL, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_SILENT, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_STALLS_IN_TLS, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_GARBAGE, HEALTH_PROBE_SQL_ERROR, 2000, 2999},
    {FAKE_HUGE_PACKET, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_DRIPS, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_RESETS, HEALTH_PROBE_RESET, 2000, 2999},
    {FAKE_HANGS_UP, HEALTH_PROBE_LOST, 2000, 2999},
    {FAKE_TOO_MANY, HEALTH_PROBE_TOO_MANY_CONNECTIONS, 1040, 1040},
    {FAKE_WANTS_WORD, HEALTH_PROBE_AUTH, 1045, 1045},
    {FAKE_SHUTS_DOWN, HEALTH_PROBE_SHUTTING_DOWN, 1053, 1053},
    {FAKE_DEAF, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_CLOSES_ASKED, HEALTH_PROBE_LOST, 2000, 2999},
    {FAKE_RESETS_ASKED, HEALTH_PROBE_RESET, 2000, 2999},
    {FAKE_GARBAGE_ASKED, HEALTH_PROBE_SQL_ERROR, 2000, 2999},
    {FAKE_HUGE_ASKED, HEALTH_PROBE_TIMEOUT, 2000, 2999},
};

/* These begin when a connection stands. */
static const struct illness when_asked[] = {
    {FAKE_DEAF, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_CLOSES_ASKED, HEALTH_PROBE_LOST, 2000, 2999},
    {FAKE_RESETS_ASKED, HEALTH_PROBE_RESET, 2000, 2999},
    {FAKE_GARBAGE_ASKED, HEALTH_PROBE_SQL_ERROR, 2000, 2999},
    {FAKE_HUGE_ASKED, HEALTH_PROBE_TIMEOUT, 2000, 2999},
    {FAKE_NOT_READY, HEALTH_PROBE_NOT_READY, 1047, 1047},
    {FAKE_SHUTS_DOWN, HEALTH_PROBE_SHUTTING_DOWN, 1053, 1053},
    {FAKE_BREAKS_OFF, HEALTH_PROBE_SQL_ERROR, 1969, 1969},
};

static void tell_times(const char *when, struct times_us times)
{
    printf("    %-24s median %6.0f us, most %6.0f us, of %u\n", when, times.median, times.most,
           times.probes);
}

/* All that was seen of an ill node from `from` on: in time, in its words, and never a pause. */
static void check_illness(const struct prober_stage *stage, size_t from, uint32_t node,
                          const struct illness *illness, bool only)
{
    const char *name = fake_manner_name(illness->manner);
    int64_t last_ns = 0;
    int64_t pause_ns = 0;
    unsigned so = 0;

    for (; from < stage->count; from++) {
        const struct health_observation *what = &stage->seen[from].what;
        if (what->node != node || what->witness != HEALTH_WITNESS_PROBE)
            continue;
        CHECK_OF(name, what->probe.rtt_ns <= (brisk.timeout + GRACE_MS) * HEALTH_NS_PER_MS);
        if (last_ns && what->at_ns - last_ns > pause_ns)
            pause_ns = what->at_ns - last_ns;
        last_ns = what->at_ns;
        if (what->probe.error == illness->error && what->probe.code >= illness->code_least &&
            what->probe.code <= illness->code_most)
            so++;
        else if (only) {
            printf("    %s: %s (%u)\n", name,
                   health_probe_error_name((enum health_probe_error)what->probe.error),
                   what->probe.code);
            CHECK_OF(name, what->probe.error == illness->error);
        }
    }
    CHECK_OF(name, so > 0);
    /* Who is denied waits longer: at most three rounds. */
    int64_t most_ms = illness->error == HEALTH_PROBE_AUTH
                          ? 3 * (brisk.interval + brisk.timeout)
                          : brisk.interval * 11 / 10 + brisk.timeout;
    CHECK_OF(name, pause_ns <= (most_ms + GRACE_MS) * HEALTH_NS_PER_MS);
}

static void add_ill(struct prober_stage *stage, const struct fake_house *house, unsigned fake)
{
    bool tls = house->fakes[fake].manner == FAKE_STALLS_IN_TLS;
    const struct health_target target = {
        .host = "127.0.0.1",
        .port = house->fakes[fake].port,
        .user = "probe",
        .password_file = scene_file("wrong", "wrong\n"),
        .tls_ca = tls ? scene_certificate() : NULL,
    };
    CHECK(health_prober_add(stage->prober, fake, "ill", &target) == HEALTH_OK);
}

/* Healthy nodes for a while; gives what they took. */
static struct times_us quiet_times(struct prober_stage *stage, const struct fake_house *house)
{
    for (unsigned i = 0; i < WELL; i++)
        prober_stage_add(stage, house, i);
    prober_stage_run(stage, 500);
    size_t from = stage->count;
    prober_stage_run(stage, 1000);
    return prober_stage_times(stage, from, WELL);
}

static void check_bystanders(const struct prober_stage *stage, const struct fake_house *house,
                             size_t from, struct times_us before)
{
    struct times_us beside = prober_stage_times(stage, from, WELL);

    tell_times("healthy nodes alone", before);
    tell_times("beside ill ones", beside);
    CHECK(before.failed == 0 && beside.failed == 0);
    CHECK(beside.probes >= before.probes * 9 / 10);
    CHECK(beside.median < before.median + 1000);
    CHECK(beside.most < 100e3);
    for (unsigned i = 0; i < WELL; i++)
        CHECK(house->fakes[i].most_unanswered == 1);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

void scene_ill_at_the_door(void)
{
    struct fake_house house;
    struct prober_stage stage;

    fake_house_open(&house, WELL + COUNT(at_the_door));
    prober_stage_open(&stage, brisk);
    scene_certificate(); /* which takes a while to make */
    struct times_us before = quiet_times(&stage, &house);
    size_t from = stage.count;
    for (unsigned i = 0; i < COUNT(at_the_door); i++) {
        fake_behave(&house, WELL + i, at_the_door[i].manner);
        add_ill(&stage, &house, WELL + i);
    }
    prober_stage_run(&stage, 3000);
    for (unsigned i = 0; i < COUNT(at_the_door); i++) {
        check_illness(&stage, from, WELL + i, &at_the_door[i], true);
        CHECK_OF(fake_manner_name(at_the_door[i].manner), house.fakes[WELL + i].open <= 1);
        CHECK_OF(fake_manner_name(at_the_door[i].manner),
                 house.fakes[WELL + i].most_unanswered <= 1);
    }
    check_bystanders(&stage, &house, from, before);
    prober_stage_close(&stage);
    fake_house_close(&house);
}

/* Wherever it hurts, when it is over the node is well at the next probe. */
static void check_recovery(struct prober_stage *stage, const struct fake_house *house)
{
    size_t from = stage->count;

    for (unsigned i = WELL; i < house->count; i++)
        fake_behave(house, i, FAKE_WELL);
    prober_stage_run(stage, brisk.timeout + 2 * brisk.interval + GRACE_MS);
    for (unsigned i = WELL; i < house->count; i++) {
        CHECK_OF(fake_manner_name(when_asked[i - WELL].manner),
                 prober_stage_count(stage, from, i, HEALTH_PROBE_NONE) > 0);
        CHECK(house->fakes[i].strange == 0);
    }
}

void scene_ill_when_asked(void)
{
    struct fake_house house;
    struct prober_stage stage;

    fake_house_open(&house, WELL + COUNT(when_asked));
    prober_stage_open(&stage, brisk);
    for (unsigned i = 0; i < COUNT(when_asked); i++)
        add_ill(&stage, &house, WELL + i);
    struct times_us before = quiet_times(&stage, &house);
    size_t from = stage.count;
    for (unsigned i = 0; i < COUNT(when_asked); i++)
        fake_behave(&house, WELL + i, when_asked[i].manner);
    prober_stage_run(&stage, 3000);
    for (unsigned i = 0; i < COUNT(when_asked); i++)
        check_illness(&stage, from, WELL + i, &when_asked[i], false);
    check_bystanders(&stage, &house, from, before);
    check_recovery(&stage, &house);
    prober_stage_close(&stage);
    fake_house_close(&house);
}

/* A reset that comes when the connection has just been found to stand is one, and no network that cannot be reached. */
void scene_late_reset(void)
{
    struct fake_house house;
    struct prober_stage stage;

    fake_house_open(&house, 1);
    fake_behave(&house, 0, FAKE_RESETS);
    fake_late_reset();
    prober_stage_open(&stage, brisk);
    prober_stage_add(&stage, &house, 0);
    prober_stage_run(&stage, 1500);
    unsigned resets = prober_stage_count(&stage, 0, 0, HEALTH_PROBE_RESET);
    printf("    %u resets seen, %u of them late\n", resets, fake_late_resets());
    CHECK(resets > 0 && fake_late_resets() >= resets);
    CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_RESET) == 0);
    prober_stage_close(&stage);
    fake_house_close(&house);
}

/* Rows without end, faster than they can be read: neither the loop nor the memory is theirs. */
void scene_flood(void)
{
    struct fake_house house;
    struct prober_stage stage;

    fake_house_open(&house, WELL + 1);
    prober_stage_open(&stage, brisk);
    struct times_us before = quiet_times(&stage, &house);
    prober_stage_add(&stage, &house, WELL);
    prober_stage_run(&stage, 500);
    size_t from = stage.count;
    fake_behave(&house, WELL, FAKE_FLOODS);
    prober_stage_run(&stage, 2000);
    CHECK(prober_stage_count_others(&stage, from, WELL, HEALTH_PROBE_NONE) > 0);
    check_bystanders(&stage, &house, from, before);
    prober_stage_close(&stage);
    fake_house_close(&house);
}

/* One that does not resolve, one whose resolver hangs for six seconds. */
void scene_names(void)
{
    struct fake_house house;
    struct prober_stage stage;
    struct health_target target = {.host = "no.such.invalid", .port = 3306, .user = "probe"};

    fake_house_open(&house, WELL);
    prober_stage_open(&stage, brisk);
    struct times_us before = quiet_times(&stage, &house);
    size_t from = stage.count;
    CHECK(health_prober_add(stage.prober, WELL, "nowhere", &target) == HEALTH_OK);
    target.host = "slow.invalid";
    target.port = house.fakes[0].port;
    CHECK(health_prober_add(stage.prober, WELL + 1, "slow", &target) == HEALTH_OK);
    prober_stage_run(&stage, 2000);
    CHECK(prober_stage_count(&stage, from, WELL, HEALTH_PROBE_UNREACHABLE) > 0);
    CHECK(prober_stage_count(&stage, from, WELL, HEALTH_PROBE_NONE) == 0);
    CHECK(prober_stage_count_others(&stage, from, WELL + 1, HEALTH_PROBE_TIMEOUT) == 0);
    CHECK(prober_stage_count(&stage, from, WELL + 1, HEALTH_PROBE_TIMEOUT) > 3);
    check_bystanders(&stage, &house, from, before);

    int64_t began_ns = health_clock_ns();
    prober_stage_close(&stage); /* a resolver that hangs does not hold up the end */
    int64_t took_ms = (health_clock_ns() - began_ns) / HEALTH_NS_PER_MS;
    printf("    the end, while a resolver hangs: %d ms\n", (int)took_ms);
    CHECK(took_ms < 1000);
    fake_house_close(&house);
}
