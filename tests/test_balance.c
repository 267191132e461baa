/*
 * test_balance.c - may clients be sent there? What is known, what is not, and what who asks forgives.
 */
#include "balance.h"
#include "fake_witnesses.h"
#include "monitor.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <event2/http.h>
#include <healthd/observer.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define INTERVAL_MS 20

struct stage {
    struct event_base *base;
    struct monitor *monitor;
    const struct overview *overview;
    struct config config;
};

static void on_say(void *context, bool error, const char *text)
{
    (void)context;
    cr_assert_not(error, "%s", text);
}

static void begin(struct stage *stage)
{
    static const char *const nodes[] = {"n1=127.0.0.1:1", "n2=127.0.0.1:2", "n3=127.0.0.1:3"};
    const struct config_call call = {.cluster = "lab",
                                     .nodes = nodes,
                                     .node_count = 3,
                                     .heartbeat_listen = "none",
                                     .http_listen = "none"};
    cr_assert(config_call(&call, on_say, NULL, &stage->config));
    stage->config.report_stdout = false;
    stage->config.probe_interval_ms = stage->config.probe_timeout_ms = INTERVAL_MS;
    stage->config.heartbeat_interval_ms = INTERVAL_MS;
    stage->config.limits.probe_stale_ns = stage->config.limits.agent_stale_ns =
        200 * HEALTH_NS_PER_MS;
    stage->base = event_base_new();
    event_base_priority_init(stage->base, 3);
    const struct monitor_options options = {.base = stage->base, .reporter = "test", .epoch = 7};
    stage->monitor = monitor_create(&options, &stage->config);
    cr_assert_not_null(stage->monitor);
    stage->overview = monitor_overview(stage->monitor);
}

static void end(struct stage *stage)
{
    monitor_destroy(stage->monitor, 0);
    event_base_free(stage->base);
    config_clear(&stage->config);
}

static struct health_view member_of_three(uint32_t node)
{
    return (struct health_view){.state_uuid = {UINT64_C(0xabcdef0100000001), 2},
                                .gcomm_uuid = {node + 1, 7},
                                .conf_id = 5,
                                .size = 3,
                                .weight = 3,
                                .last_committed = -1,
                                .component = HEALTH_COMPONENT_PRIMARY,
                                .local_state = HEALTH_LOCAL_SYNCED,
                                .ready = HEALTH_ANSWER_YES,
                                .connected = HEALTH_ANSWER_YES};
}

/* A member of three, changed by `change`. */
static void answers(const char *name, void (*change)(struct health_view *view))
{
    struct health_observation seen = {
        .at_ns = health_clock_ns(), .node = fake_find(name), .witness = HEALTH_WITNESS_PROBE};
    seen.probe.ok = seen.probe.has_view = true;
    seen.probe.view = member_of_three(seen.node);
    if (change)
        change(&seen.probe.view);
    fake_witnesses.observe(fake_witnesses.context, &seen);
}

static void donor(struct health_view *view)
{
    view->local_state = HEALTH_LOCAL_DONOR;
}

static void desynced(struct health_view *view)
{
    donor(view);
    view->desync = HEALTH_ANSWER_YES;
}

static void read_only(struct health_view *view)
{
    view->read_only = HEALTH_ANSWER_YES;
}

static void read_only_desynced(struct health_view *view)
{
    desynced(view);
    read_only(view);
}

static void donor_that_rejects(struct health_view *view)
{
    donor(view);
    view->donor_rejects = HEALTH_ANSWER_YES;
}

static void rejecting(struct health_view *view)
{
    view->rejects = HEALTH_ANSWER_YES;
}

static void maintained(struct health_view *view)
{
    view->maintenance = HEALTH_ANSWER_YES;
}

static void non_primary(struct health_view *view)
{
    view->component = HEALTH_COMPONENT_NON_PRIMARY;
    view->ready = HEALTH_ANSWER_NO;
}

static void maintained_non_primary(struct health_view *view)
{
    maintained(view);
    non_primary(view);
}

static bool taste_of(const char *text, struct balance_taste *ret_taste)
{
    struct evkeyvalq query;

    TAILQ_INIT(&query);
    if (*text)
        cr_assert_eq(evhttp_parse_query_str(text, &query), 0);
    bool good = balance_read_taste(&query, ret_taste);
    evhttp_clear_headers(&query);
    return good;
}

static struct balance_verdict ask(const struct stage *stage, const char *name, const char *query)
{
    struct balance_taste taste;
    bool several;

    cr_assert(taste_of(query, &taste), "%s", query);
    uint32_t node = balance_find(stage->overview->roster, "lab", name, &several);
    return balance_node(stage->overview, node, &taste);
}

static void expect(const struct stage *stage, const char *name, const char *query, bool takes,
                   const char *reason)
{
    struct balance_verdict verdict = ask(stage, name, query);
    cr_expect_eq(verdict.takes, takes, "%s?%s: %s", name, query, verdict.reason);
    cr_expect_str_eq(verdict.reason, reason, "%s?%s: %s", name, query, verdict.reason);
}

static void two_serve(void)
{
    answers("n2", NULL);
    answers("n3", NULL);
}

Test(balance, who_is_asked_and_how)
{
    struct balance_taste taste;
    struct stage stage;
    bool several;

    cr_expect(taste_of("", &taste));
    cr_expect_eq(taste.donor, BALANCE_DONOR_LAST);
    cr_expect_not(taste.read_only || taste.unknown);
    cr_expect(taste_of("donor=no&read-only=TRUE&unknown=1", &taste));
    cr_expect_eq(taste.donor, BALANCE_DONOR_NEVER);
    cr_expect(taste.read_only && taste.unknown);
    cr_expect_not(taste.drain);
    cr_expect(taste_of("drain=yes", &taste) && taste.drain);
    cr_expect_not(taste_of("donor=perhaps", &taste));
    cr_expect_not(taste_of("doner=yes", &taste));
    begin(&stage);
    cr_expect_eq(balance_find(stage.overview->roster, NULL, "n2", &several), fake_find("n2"));
    cr_expect_eq(balance_find(stage.overview->roster, "bal", "n2", &several), ROSTER_NONE);
    cr_expect_eq(balance_find(stage.overview->roster, NULL, "n", &several), ROSTER_NONE);
    cr_expect_not(several);
    end(&stage);
}

Test(balance, members_serve_and_others_do_not)
{
    struct stage stage;

    begin(&stage);
    answers("n1", NULL);
    two_serve();
    expect(&stage, "n1", "", true, "routable");
    answers("n1", rejecting);
    expect(&stage, "n1", "donor=yes&read-only=yes&unknown=yes", false, "rejecting");
    answers("n1", maintained);
    expect(&stage, "n1", "donor=yes&read-only=yes&unknown=yes", false, "maintenance");
    answers("n1", non_primary);
    expect(&stage, "n1", "donor=yes&read-only=yes&unknown=yes", false, "not-green");
    end(&stage);
}

Test(balance, who_is_in_maintenance_and_well_may_keep_its_clients)
{
    struct stage stage;

    begin(&stage);
    two_serve();
    answers("n1", NULL);
    cr_expect_not(ask(&stage, "n1", "drain=yes").drains);
    answers("n1", maintained);
    expect(&stage, "n1", "drain=yes", false, "maintenance");
    cr_expect(ask(&stage, "n1", "drain=yes").drains);
    cr_expect_not(ask(&stage, "n1", "").drains);
    answers("n1", rejecting);
    cr_expect_not(ask(&stage, "n1", "drain=yes").drains);
    answers("n1", maintained_non_primary);
    expect(&stage, "n1", "drain=yes", false, "not-green");
    cr_expect_not(ask(&stage, "n1", "drain=yes").drains);

    /* What is not looked at is no place to stay, unless that is forgiven. */
    answers("n1", maintained);
    usleep(300 * 1000);
    cr_expect_not(ask(&stage, "n1", "drain=yes").drains);
    cr_expect(ask(&stage, "n1", "drain=yes&unknown=yes").drains);
    end(&stage);
}

Test(balance, a_donor_serves_last)
{
    static void (*const kinds[])(struct health_view *) = {donor, desynced};
    static const char *const reasons[] = {"donor", "desynced"};

    for (unsigned i = 0; i < 2; i++) {
        struct stage stage;
        begin(&stage);
        answers("n1", kinds[i]);
        two_serve();
        expect(&stage, "n1", "", false, reasons[i]);
        expect(&stage, "n1", "donor=no", false, reasons[i]);
        expect(&stage, "n1", "donor=yes", true, reasons[i]);
        answers("n2", kinds[i]);
        expect(&stage, "n1", "", false, reasons[i]);
        answers("n3", rejecting);
        expect(&stage, "n1", "", true, reasons[i]);
        expect(&stage, "n2", "", true, reasons[i]);
        expect(&stage, "n1", "donor=no", false, reasons[i]);
        answers("n1", donor_that_rejects);
        expect(&stage, "n1", "donor=yes", false, "donor-rejects");
        end(&stage);
    }
}

Test(balance, read_only_is_forgiven_alone)
{
    struct stage stage;

    begin(&stage);
    answers("n1", read_only);
    two_serve();
    expect(&stage, "n1", "", false, "read-only");
    expect(&stage, "n1", "read-only=yes", true, "read-only");
    answers("n1", read_only_desynced);
    expect(&stage, "n1", "donor=yes", false, "desynced");
    expect(&stage, "n1", "read-only=yes", false, "desynced");
    expect(&stage, "n1", "donor=yes&read-only=yes", true, "desynced");
    end(&stage);
}

/* What the monitor cannot ask, its agent does: every second time for the view, in between with a light probe. */
static void agent_answers(const char *name, void (*change)(struct health_view *view))
{
    static uint64_t seq;
    struct health_observation seen = {
        .at_ns = health_clock_ns(), .node = fake_find(name), .witness = HEALTH_WITNESS_AGENT};
    seen.heartbeat = (struct health_heartbeat){.boot = {1, 2},
                                               .seq = ++seq,
                                               .pid = 7,
                                               .process = HEALTH_PROCESS_RUNNING,
                                               .has_local = true,
                                               .local = {.ok = true, .has_view = change != NULL}};
    if (change) {
        seen.heartbeat.local.view = member_of_three(seen.node);
        change(&seen.heartbeat.local.view);
    }
    fake_witnesses.observe(fake_witnesses.context, &seen);
}

Test(balance, what_an_agent_has_read_holds_while_it_probes_lightly)
{
    struct stage stage;

    begin(&stage);
    fake_failure("n1", HEALTH_PROBE_TIMEOUT);
    agent_answers("n1", read_only_desynced);
    two_serve();
    expect(&stage, "n1", "donor=yes", false, "desynced");
    agent_answers("n1", NULL);
    expect(&stage, "n1", "donor=yes", false, "desynced");
    expect(&stage, "n1", "donor=yes&read-only=yes", true, "desynced");
    end(&stage);
}

Test(balance, own_ignorance_is_forgiven_to_who_asks_for_it)
{
    struct stage stage;
    const struct balance_taste known = {0};
    const struct balance_taste forgiving = {.unknown = true};

    begin(&stage); /* nobody was asked yet */
    expect(&stage, "n1", "", false, "not-enough-known");
    expect(&stage, "n1", "unknown=yes", true, "not-enough-known");
    cr_expect_not(balance_cluster(stage.overview, 0, &known).takes);
    cr_expect(balance_cluster(stage.overview, 0, &forgiving).takes);
    answers("n1", NULL); /* the others were not asked yet */
    expect(&stage, "n2", "unknown=yes", true, "not-enough-known");
    expect(&stage, "n2", "", false, "not-enough-known");
    cr_expect(balance_cluster(stage.overview, 0, &known).takes);
    fake_failure("n2", HEALTH_PROBE_TIMEOUT); /* it was asked, and is silent */
    expect(&stage, "n2", "unknown=yes", false, "not-enough-known");
    answers("n3", non_primary);
    expect(&stage, "n3", "unknown=yes", false, "not-green");
    end(&stage);
}

Test(balance, a_monitor_that_was_stopped_knows_the_past)
{
    struct stage stage;

    begin(&stage);
    answers("n1", NULL);
    two_serve();
    expect(&stage, "n1", "", true, "routable");
    usleep(400 * 1000); /* the loop does not run either */
    monitor_refresh(stage.monitor);
    cr_expect_str_eq(ask(&stage, "n1", "").state, "green");
    expect(&stage, "n1", "", false, BALANCE_STALE);
    expect(&stage, "n1", "unknown=yes", true, "routable");
    answers("n1", NULL);
    expect(&stage, "n1", "", true, "routable");
    end(&stage);
}
