/*
 * test_prober_server.c - the mysqld probe against a real mariadbd with Galera: what it says is what the
 * server says.
 *
 * One server for all scenes, which are played in order. Argument: how many times four seconds to measure what
 * a monitor costs the server (2).
 */
#include "mariadb_server.h"
#include "prober_stage.h"

#include <inttypes.h>
#include <mysql.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GRACE_MS 50

static const struct cadence_ms brisk = {.interval = 100, .timeout = 500, .view = 200};

static struct mariadb_server server;
static char word_file[128];
static unsigned checks;
static unsigned failures;

static void check(bool good, int line, const char *text)
{
    checks++;
    if (good)
        return;
    failures++;
    printf("  FAILED at line %d: %s\n", line, text);
}

#define CHECK(condition) check((condition), __LINE__, #condition)

static struct health_target target_of(const char *user)
{
    return (struct health_target){.host = "127.0.0.1",
                                  .port = (uint16_t)server.port,
                                  .user = user,
                                  .password_file = word_file};
}

static void write_word(const char *word)
{
    FILE *file = fopen(word_file, "w");
    if (!file || fprintf(file, "%s\n", word) < 0 || fclose(file) != 0)
        abort();
}

/* The observations of one stage, with one node. */
static void begin(struct prober_stage *stage, const struct health_target *target)
{
    prober_stage_open(stage, brisk);
    if (health_prober_add(stage->prober, 0, "n0", target) != HEALTH_OK)
        abort();
}

static const struct seen *await_view(struct prober_stage *stage, int ms)
{
    const struct wanted view = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_NONE, .with_view = true};
    return prober_stage_await(stage, stage->count, view, ms);
}

static bool says(const char *status, const char *value)
{
    return strcmp(mariadb_server_status(&server, status), value) == 0;
}

static bool says_number(const char *status, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return says(status, text);
}

static bool says_uuid(const char *status, struct health_uuid uuid)
{
    char text[40];
    snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(uuid.hi >> 32),
             (unsigned)(uuid.hi >> 16) & 0xffff, (unsigned)uuid.hi & 0xffff,
             (unsigned)(uuid.lo >> 48), uuid.lo & 0xffffffffffff);
    return says(status, text);
}

/* Each field beside the server's own word; and each variable, as it is changed. */
static void scene_view(void)
{
    struct prober_stage stage;
    struct health_target target = target_of("probe");

    begin(&stage, &target);
    const struct seen *seen = await_view(&stage, 1000);
    CHECK(seen != NULL);
    if (seen) {
        const struct health_view *view = &seen->what.probe.view;
        CHECK(says_uuid("wsrep_cluster_state_uuid", view->state_uuid));
        CHECK(says_uuid("wsrep_gcomm_uuid", view->gcomm_uuid));
        CHECK(says_number("wsrep_cluster_conf_id", view->conf_id));
        CHECK(says_number("wsrep_cluster_size", (uint64_t)view->size) && view->size == 1);
        CHECK(says_number("wsrep_cluster_weight", (uint64_t)view->weight));
        CHECK(says_number("wsrep_local_state", view->local_state) && view->local_state == 4);
        CHECK(says("wsrep_cluster_status", "Primary") &&
              view->component == HEALTH_COMPONENT_PRIMARY);
        CHECK(view->ready == HEALTH_ANSWER_YES && view->connected == HEALTH_ANSWER_YES);
        CHECK(says("wsrep_evs_state", "OPERATIONAL") && view->gathering == HEALTH_ANSWER_NO);
        CHECK(view->rejects == HEALTH_ANSWER_NO && view->desync == HEALTH_ANSWER_NO);
        CHECK(view->read_only == HEALTH_ANSWER_NO && view->donor_rejects == HEALTH_ANSWER_NO);
        CHECK(view->maintenance == HEALTH_ANSWER_NOT_KNOWN);
        CHECK(says_number("wsrep_local_recv_queue", (uint64_t)view->recv_queue));
        CHECK(says_number("wsrep_last_committed", (uint64_t)view->last_committed));
        CHECK(strcmp(mariadb_server_ask(&server, "SELECT VERSION()"), seen->version) == 0);
        CHECK(view->member_count == 1 && seen->members[0].node == 0);
        CHECK(memcmp(&seen->members[0].gcomm_uuid, &view->gcomm_uuid, sizeof view->gcomm_uuid) ==
              0);
    }
    prober_stage_run(&stage, 1000); /* the second way to ask: all in one question */
    mariadb_server_ask(&server, "SET GLOBAL read_only=1");
    mariadb_server_ask(&server, "SET GLOBAL wsrep_sst_donor_rejects_queries=ON");
    prober_stage_run(&stage, 250);
    seen = await_view(&stage, 1000);
    CHECK(seen && seen->what.probe.view.read_only == HEALTH_ANSWER_YES);
    CHECK(seen && seen->what.probe.view.donor_rejects == HEALTH_ANSWER_YES);
    CHECK(seen && seen->what.probe.view.desync == HEALTH_ANSWER_NO);
    CHECK(seen && seen->what.probe.view.member_count == 1 && seen->members[0].node == 0);
    mariadb_server_ask(&server, "SET GLOBAL read_only=0");
    mariadb_server_ask(&server, "SET GLOBAL wsrep_sst_donor_rejects_queries=OFF");
    mariadb_server_ask(&server, "SET GLOBAL wsrep_desync=ON");
    prober_stage_run(&stage, 250);
    seen = await_view(&stage, 1000);
    CHECK(seen && seen->what.probe.view.desync == HEALTH_ANSWER_YES);
    CHECK(seen && seen->what.probe.view.local_state == HEALTH_LOCAL_DONOR);
    CHECK(seen && seen->what.probe.view.read_only == HEALTH_ANSWER_NO);
    mariadb_server_ask(&server, "SET GLOBAL wsrep_desync=OFF");
    CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_NONE) == 0);
    prober_stage_close(&stage);
}

/* One who may not read the member list still has a view. */
static void scene_poor_user(void)
{
    struct prober_stage stage;
    struct health_target target = target_of("poor");

    begin(&stage, &target);
    prober_stage_run(&stage, 1000);
    const struct seen *seen = await_view(&stage, 1000);
    CHECK(seen && seen->what.probe.view.member_count == 0 && seen->what.probe.view.size == 1);
    CHECK(seen && seen->what.probe.view.rejects == HEALTH_ANSWER_NO);
    CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_NONE) == 0);
    prober_stage_close(&stage);
}

/* A node that takes no work, and one that rejects queries. */
static void scene_not_ready(void)
{
    struct prober_stage stage;
    struct health_target target = target_of("probe");

    begin(&stage, &target);
    CHECK(await_view(&stage, 1000) != NULL);
    mariadb_server_ask(&server, "SET GLOBAL wsrep_cluster_address=''");
    const struct seen *seen = prober_stage_await_probe(&stage, 0, HEALTH_PROBE_NOT_READY, 1000);
    CHECK(seen && seen->what.probe.code == 1047);
    seen = await_view(&stage, 1000);
    CHECK(seen && seen->what.probe.view.ready == HEALTH_ANSWER_NO);
    CHECK(seen && seen->what.probe.view.connected == HEALTH_ANSWER_NO);
    CHECK(seen && seen->what.probe.view.component == HEALTH_COMPONENT_DISCONNECTED);
    CHECK(seen && seen->what.probe.view.rejects == HEALTH_ANSWER_NO);
    mariadb_server_ask(&server, "SET GLOBAL wsrep_cluster_address='gcomm://'");
    prober_stage_run(&stage, 500);
    seen = await_view(&stage, 5000);
    CHECK(seen && seen->what.probe.view.component == HEALTH_COMPONENT_PRIMARY);
    CHECK(seen && seen->what.probe.view.member_count == 1);
    prober_stage_run(&stage, 300);

    mariadb_server_ask(&server, "SET GLOBAL wsrep_reject_queries=ALL");
    seen = prober_stage_await_probe(&stage, 0, HEALTH_PROBE_NOT_READY, 1000);
    CHECK(seen && seen->what.probe.code == 1047);
    seen = await_view(&stage, 1000);
    CHECK(seen && seen->what.probe.view.rejects == HEALTH_ANSWER_YES);
    CHECK(seen && seen->what.probe.view.component == HEALTH_COMPONENT_PRIMARY);
    mariadb_server_ask(&server, "SET GLOBAL wsrep_reject_queries=NONE");
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_NONE, 500) != NULL);
    CHECK(prober_stage_count(&stage, 0, 0, HEALTH_PROBE_LOST) == 0);
    prober_stage_close(&stage);
}

static void scene_denied(void)
{
    struct prober_stage stage;
    struct health_target target = target_of("probe");

    write_word("wrong");
    begin(&stage, &target);
    const struct seen *seen = prober_stage_await_probe(&stage, 0, HEALTH_PROBE_AUTH, 1000);
    CHECK(seen && seen->what.probe.code == 1045);
    prober_stage_run(&stage, 3000);
    CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_AUTH) == 0);
    unsigned tries = prober_stage_count(&stage, 0, 0, HEALTH_PROBE_AUTH);
    printf("    %u tries in 3 s at an interval of 100 ms; \"%s\"\n", tries, stage.remark);
    CHECK(tries <= 6);
    write_word("secret");
    CHECK(await_view(&stage, 2000) != NULL);
    prober_stage_close(&stage);
}

/* Connections used up: said, and the view goes on; the extra port lets in. */
static void scene_used_up(void)
{
    enum { GUESTS = 12 };
    struct prober_stage stage;
    struct prober_stage newcomer;
    struct health_target target = target_of("poor");
    MYSQL *guests[GUESTS];

    begin(&stage, &target);
    CHECK(await_view(&stage, 1000) != NULL);
    mariadb_server_ask(&server, "SET GLOBAL max_connections=10");
    for (unsigned i = 0; i < GUESTS; i++) {
        guests[i] = mysql_init(NULL);
        mysql_real_connect(guests[i], NULL, "poor", "secret", NULL, 0, server.socket, 0);
    }
    begin(&newcomer, &target);
    const struct seen *seen =
        prober_stage_await_probe(&newcomer, 0, HEALTH_PROBE_TOO_MANY_CONNECTIONS, 1000);
    CHECK(seen && seen->what.probe.code == 1040);
    prober_stage_close(&newcomer);
    size_t from = stage.count;
    CHECK(prober_stage_await_probe(&stage, 0, HEALTH_PROBE_TOO_MANY_CONNECTIONS, 5000) != NULL);
    CHECK(await_view(&stage, 1000) != NULL);
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_NONE) > 5);

    target.extra_port = (uint16_t)server.extra_port;
    begin(&newcomer, &target);
    CHECK(await_view(&newcomer, 1000) != NULL);
    CHECK(prober_stage_count_others(&newcomer, 0, 0, HEALTH_PROBE_NONE) == 0);
    prober_stage_close(&newcomer);
    for (unsigned i = 0; i < GUESTS; i++)
        mysql_close(guests[i]);
    mariadb_server_ask(&server, "SET GLOBAL max_connections=100");
    prober_stage_close(&stage);
}

static void expect_tls(const char *what, const char *ca, bool good)
{
    struct prober_stage stage;
    struct health_target target = target_of("cautious");

    target.tls_ca = ca;
    begin(&stage, &target);
    prober_stage_run(&stage, 600);
    if (good) {
        CHECK(prober_stage_count(&stage, 0, 0, HEALTH_PROBE_NONE) > 3);
        CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_NONE) == 0);
    } else {
        CHECK(prober_stage_count(&stage, 0, 0, HEALTH_PROBE_SQL_ERROR) > 0);
        CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_SQL_ERROR) == 0);
        for (size_t i = 0; i < stage.count; i++) /* the library's own error: it proves nothing */
            CHECK(stage.seen[i].what.probe.code == 2026);
        printf("    %s: \"%s\"\n", what, stage.remark);
    }
    prober_stage_close(&stage);
}

/* TLS, verified: authority and name. The user must come by TLS, so that no plain way is taken instead. */
static void scene_tls(void)
{
    char ca[128];
    char other_ca[128];

    expect_tls("its own authority", server.ca, true);
    mariadb_server_certify(&server, "DNS:db.example", ca, sizeof ca);
    expect_tls("another authority", server.ca, false);
    expect_tls("another name", ca, false);
    mariadb_server_certify(&server, "IP:127.0.0.1", other_ca, sizeof other_ca);
    expect_tls("right again", other_ca, true);
    snprintf(server.ca, sizeof server.ca, "%.90s", other_ca);
}

/* A server that freezes under a TLS connection does not hold the loop: another node's times show it. */
static void scene_frozen(bool tls, const struct fake_house *house)
{
    struct prober_stage stage;
    struct health_target target = target_of("cautious");
    struct health_target plain = target_of("probe");

    target.tls_ca = server.ca;
    prober_stage_open(&stage, brisk);
    CHECK(health_prober_add(stage.prober, 1, "n1", tls ? &target : &plain) == HEALTH_OK);
    prober_stage_add(&stage, house, 0);
    CHECK(prober_stage_await_probe(&stage, 1, HEALTH_PROBE_NONE, 1000) != NULL);
    prober_stage_run(&stage, 500);
    size_t from = stage.count;
    mariadb_server_signal(&server, SIGSTOP);
    int64_t frozen_ns = health_clock_ns();
    const struct seen *seen = prober_stage_await_probe(&stage, 1, HEALTH_PROBE_TIMEOUT, 2000);
    CHECK(seen != NULL);
    int64_t took_ms = seen ? (seen->told_ns - frozen_ns) / HEALTH_NS_PER_MS : -1;
    CHECK(took_ms <= brisk.interval * 11 / 10 + brisk.timeout + GRACE_MS);
    prober_stage_run(&stage, 2000);
    struct times_us times = prober_stage_times(&stage, from, 1);
    CHECK(prober_stage_count(&stage, from, 1, HEALTH_PROBE_TIMEOUT) >= 3);
    mariadb_server_signal(&server, SIGCONT);
    int64_t thawed_ns = health_clock_ns();
    seen = prober_stage_await_probe(&stage, 1, HEALTH_PROBE_NONE, 2000);
    CHECK(seen != NULL);
    printf("    %s: noticed after %d ms, well %d ms after the thaw; beside it median %.0f us, most "
           "%.0f us, of %u\n",
           tls ? "TLS" : "plain", (int)took_ms,
           (int)((health_clock_ns() - thawed_ns) / HEALTH_NS_PER_MS), times.median, times.most,
           times.probes);
    CHECK(times.failed == 0 && times.most < 100e3 && times.probes >= 20);
    prober_stage_run(&stage, 300);
    prober_stage_close(&stage);
}

/* Somebody kills the monitor's connection: it has ended, and the server has not. */
static void scene_killed_connection(void)
{
    struct prober_stage stage;
    struct health_target target = target_of("probe");

    begin(&stage, &target);
    CHECK(await_view(&stage, 1000) != NULL);
    for (int i = 0; i < 5; i++) {
        size_t from = stage.count;
        mariadb_server_ask(&server, "KILL USER probe");
        const struct wanted up = {
            .node = 0, .witness = HEALTH_WITNESS_LINK, .value = HEALTH_LINK_UP};
        CHECK(prober_stage_await(&stage, from, up, 1000) != NULL);
        prober_stage_run(&stage, 137);
    }
    CHECK(prober_stage_count(&stage, 0, 0, HEALTH_PROBE_SHUTTING_DOWN) == 0);
    CHECK(prober_stage_count(&stage, 0, 0, HEALTH_PROBE_SQL_ERROR) == 0);
    prober_stage_close(&stage);
}

/* What was seen of an end, as a line. */
static void tell_story(const struct prober_stage *stage, size_t from, int64_t since_ns)
{
    const char *last = "";

    printf("   ");
    for (; from < stage->count; from++) {
        const struct health_observation *what = &stage->seen[from].what;
        const char *word =
            what->witness == HEALTH_WITNESS_LINK
                ? health_link_name((enum health_link)what->link)
                : health_probe_error_name((enum health_probe_error)what->probe.error);
        if (strcmp(word, last) != 0)
            printf(" %.1f ms: %s%s;", (double)(what->at_ns - since_ns) / 1e6,
                   what->witness == HEALTH_WITNESS_LINK ? "link " : "", word);
        last = word;
    }
    printf("\n");
}

static void end_server(int number)
{
    struct prober_stage stage;
    struct health_target target = target_of("probe");

    prober_stage_open(&stage, (struct cadence_ms){.interval = 1000, .timeout = 500, .view = 3000});
    CHECK(health_prober_add(stage.prober, 0, "n0", &target) == HEALTH_OK);
    CHECK(await_view(&stage, 2000) != NULL);
    prober_stage_run(&stage, 300);
    size_t from = stage.count;
    mariadb_server_signal(&server, number);
    int64_t sent_ns = health_clock_ns();
    const struct wanted refused = {
        .node = 0, .witness = HEALTH_WITNESS_PROBE, .value = HEALTH_PROBE_REFUSED};
    const struct seen *seen = prober_stage_await(&stage, from, refused, 15000);
    CHECK(seen != NULL);
    tell_story(&stage, from, sent_ns);
    if (number == SIGKILL)
        CHECK(seen && seen->told_ns - sent_ns < GRACE_MS * HEALTH_NS_PER_MS);
    mariadb_server_await_end(&server);
    from = stage.count;
    prober_stage_run(&stage, 1500);
    CHECK(prober_stage_count_others(&stage, from, 0, HEALTH_PROBE_REFUSED) == 0);
    CHECK(prober_stage_count(&stage, from, 0, HEALTH_PROBE_REFUSED) >= 1);
    mariadb_server_start(&server);
    CHECK(await_view(&stage, 3000) != NULL);
    prober_stage_close(&stage);
}

/* Nanoseconds that the thread of this user's connection has run. */
static int64_t thread_ns(const char *user)
{
    char path[128];
    int64_t ran_ns = -1;
    long thread = atol(mariadb_server_ask(
        &server, "SELECT TID FROM information_schema.PROCESSLIST WHERE USER='%s' LIMIT 1", user));

    snprintf(path, sizeof path, "/proc/%d/task/%ld/schedstat", (int)server.pid, thread);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%" SCNd64, &ran_ns) != 1)
        ran_ns = -1;
    if (file)
        fclose(file);
    return ran_ns;
}

/* What a monitor at the defaults takes of the server: the thread that serves its connection. What others do
 * on the machine only adds, so the quietest of several spans counts. */
static void scene_cost(int spans)
{
    enum { SPAN_S = 6 }; /* four light probes and two views */
    struct prober_stage stage;
    struct health_target target = target_of("probe");
    double least = 1;
    double sum = 0;

    prober_stage_open(&stage, (struct cadence_ms){.interval = 1000, .timeout = 500, .view = 3000});
    CHECK(health_prober_add(stage.prober, 0, "n0", &target) == HEALTH_OK);
    CHECK(await_view(&stage, 2000) != NULL);
    for (int i = 0; i < spans; i++) {
        int64_t before_ns = thread_ns("probe");
        prober_stage_run(&stage, SPAN_S * 1000);
        double share = (double)(thread_ns("probe") - before_ns) / 1e9 / SPAN_S;
        CHECK(before_ns > 0 && share > 0);
        least = share < least ? share : least;
        sum += share;
    }
    printf("    %.4f %% of the server's core for a monitor, %.4f %% in the quietest %d s\n",
           100 * sum / spans, 100 * least, SPAN_S);
    CHECK(least <= 0.0005);
    CHECK(prober_stage_count_others(&stage, 0, 0, HEALTH_PROBE_NONE) == 0);
    prober_stage_close(&stage);
}

static void tell(const char *name)
{
    printf("%s\n", name);
}

int main(int argc, char **argv)
{
    struct fake_house house;

    setvbuf(stdout, NULL, _IOLBF, 0);
    fake_house_open(&house, 1);
    mariadb_server_open(&server, "n0");
    snprintf(word_file, sizeof word_file, "%s/word", server.folder);
    write_word("secret");
    mariadb_server_ask(&server, "CREATE USER probe IDENTIFIED BY 'secret'");
    mariadb_server_ask(&server, "CREATE USER poor IDENTIFIED BY 'secret'");
    mariadb_server_ask(&server, "CREATE USER cautious IDENTIFIED BY 'secret' REQUIRE SSL");
    mariadb_server_ask(&server, "GRANT SELECT ON mysql.wsrep_cluster_members TO probe, cautious");
    tell("view"), scene_view();
    tell("poor user"), scene_poor_user();
    tell("not ready"), scene_not_ready();
    tell("denied"), scene_denied();
    tell("used up"), scene_used_up();
    tell("tls"), scene_tls();
    tell("frozen"), scene_frozen(false, &house), scene_frozen(true, &house);
    tell("killed connection"), scene_killed_connection();
    tell("cost"), scene_cost(argc > 1 ? atoi(argv[1]) : 2);
    tell("kill -9"), end_server(SIGKILL);
    tell("graceful stop"), end_server(SIGTERM);
    mariadb_server_close(&server);
    fake_house_close(&house);
    printf("%u checks, %u failed\n", checks, failures);
    return failures != 0;
}
