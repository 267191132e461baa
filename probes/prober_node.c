/*
 * prober_node.c - one node's probe: begun when it is due, gone on with as its socket is ready, ended in
 * finish() and nowhere else.
 */
#include "prober_private.h"
#include "words.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LIGHT_SQL "DO 1"
#define STATUS_SQL "SHOW GLOBAL STATUS LIKE 'wsrep\\_%'"
#define MEMBERS_SQL "SELECT node_uuid, node_name FROM mysql.wsrep_cluster_members"

/* After a connection has closed, probes follow each other this fast for this long: soon a new connection
 * is refused, or taken. */
#define HURRY_INTERVAL_NS (100 * HEALTH_NS_PER_MS)
#define HURRY_FOR_NS (3 * HEALTH_NS_PER_S)

/* How often a connection is made anew, because old ones hide that new ones fail. */
#define FRESH_INTERVAL_NS (30 * HEALTH_NS_PER_S)

/* After a view that was asked for did not come in time, the next one is asked for so much later. */
#define VIEW_PATIENCE_NS (10 * HEALTH_NS_PER_S)

/* While access is denied, tries are at most so many rounds (interval and timeout) apart: seldom enough for
 * the server's error log, and often enough for the answer to go on proving that mysqld runs. */
#define DENIED_ROUNDS_MAX 3

static void ask(struct probed *probed, enum probe_stage stage);
static void on_connected(struct pool_job *job);

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
uint64_t probed_random(struct probed *probed, uint64_t below)
{
    uint64_t z = probed->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static int64_t interval_of(const struct probed *probed)
{
    return probed->prober->options.interval_ns;
}

/* ---- Telling ---- */

static void tell(struct probed *probed, struct health_observation *observation)
{
    const struct health_prober_options *options = &probed->prober->options;
    observation->node = probed->node;
    options->observe(options->context, observation);
}

static void tell_link(struct probed *probed, enum health_link link)
{
    struct health_observation observation = {
        .at_ns = health_clock_ns(), .witness = HEALTH_WITNESS_LINK, .link = (uint8_t)link};
    tell(probed, &observation);
}

static void remark(struct probed *probed, const char *what, const char *detail, const char *advice)
{
    const struct health_prober_options *options = &probed->prober->options;
    char text[CLIENT_TEXT_MAX + 160];
    snprintf(text, sizeof text, "%s%s%s", what, detail, advice);
    options->remark(options->context, probed->node, text);
}

/* ---- The standing connection ---- */

static void watch(struct probed *probed, short what, event_callback_fn callback)
{
    struct standing *standing = &probed->standing;
    int fd = client_fd(standing->client);

    if (standing->readable)
        event_free(standing->readable);
    standing->readable =
        event_new(probed->prober->options.base, fd, what, callback, probed); /* not persistent */
    if (standing->readable && event_priority_set(standing->readable, 0) == 0)
        event_add(standing->readable, NULL);
}

static void drop(struct probed *probed, bool politely)
{
    struct standing *standing = &probed->standing;

    if (standing->readable)
        event_free(standing->readable);
    client_close(standing->client, politely);
    *standing = (struct standing){.client = NULL};
}

/* An idle connection has something to say, which can only be its end: the server says nothing unasked but
 * a last error packet. */
static void on_idle_readable(evutil_socket_t fd, short what, void *context)
{
    struct probed *probed = context;
    int64_t now_ns = health_clock_ns();
    char byte;
    ssize_t size = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    (void)what;
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        event_add(probed->standing.readable, NULL);
        return;
    }
    enum health_link link = size < 0 ? HEALTH_LINK_RESET : HEALTH_LINK_EOF;
    drop(probed, false);
    probed->hurry_until_ns = now_ns + HURRY_FOR_NS;
    if (probed->stage == PROBE_RESTS) {
        probed->due_ns = now_ns;
        prober_plan(probed->prober, probed);
    }
    tell_link(probed, link);
}

static void watch_idle(struct probed *probed)
{
    if (probed->standing.client)
        watch(probed, EV_READ, on_idle_readable);
}

/* ---- The end of a probe ---- */

static int64_t jitter(struct probed *probed, int64_t interval_ns)
{
    int64_t tenth_ns = interval_ns / 10;
    return tenth_ns ? (int64_t)probed_random(probed, (uint64_t)(2 * tenth_ns)) - tenth_ns : 0;
}

/* When the next one begins: an interval after this one began, quicker after a closed connection, slower
 * after a denied login. Never at once, or a server that fails fast would be hammered. */
static int64_t next_due(struct probed *probed, int64_t now_ns)
{
    int64_t interval_ns = interval_of(probed);
    int64_t due_ns = probed->round_ns + interval_ns + jitter(probed, interval_ns);
    int64_t soonest_ns = now_ns + HEALTH_NS_PER_MS;

    if (probed->standing.client && probed->view_due_ns <= now_ns && !probed->full)
        due_ns = soonest_ns; /* what has changed? */
    else if (!probed->standing.client && now_ns < probed->hurry_until_ns &&
             interval_ns > HURRY_INTERVAL_NS)
        due_ns = probed->round_ns + HURRY_INTERVAL_NS;
    if (probed->lost)
        due_ns = soonest_ns;
    if (probed->denied_wait_ns)
        due_ns = probed->round_ns + probed->denied_wait_ns;
    return due_ns > soonest_ns ? due_ns : soonest_ns;
}

static void mind_denial(struct probed *probed, enum health_probe_error error)
{
    const struct health_prober_options *options = &probed->prober->options;
    int64_t most_ns = DENIED_ROUNDS_MAX * (options->interval_ns + options->timeout_ns);
    int64_t doubled_ns = probed->denied_wait_ns ? 2 * probed->denied_wait_ns : options->interval_ns;

    if (error != HEALTH_PROBE_AUTH)
        probed->denied_wait_ns = 0;
    else
        probed->denied_wait_ns = doubled_ns < most_ns ? doubled_ns : most_ns;
}

/* People are told of a failure when it begins, not each time. */
static void remark_failure(struct probed *probed, const struct client_failure *failure)
{
    if (failure->error == probed->last_error || !failure->text[0])
        return;
    if (failure->error == HEALTH_PROBE_AUTH)
        remark(probed, "access is denied: ", failure->text,
               "; check the user and its password file (it is read again at each try)");
    else if (failure->error == HEALTH_PROBE_SQL_ERROR || failure->error == HEALTH_PROBE_UNREACHABLE)
        remark(probed, "the probe fails: ", failure->text, "");
}

/* Ask for the view at once where a light probe is answered otherwise than the last one; wait where the
 * view did not come in time, so that questions never pile up in a server that is ill. */
static void plan_view(struct probed *probed, enum health_probe_error error, int64_t now_ns)
{
    if (probed->full && error == HEALTH_PROBE_NONE)
        probed->view_due_ns = now_ns + probed->prober->options.view_interval_ns;
    else if (probed->full && error == HEALTH_PROBE_TIMEOUT && probed->stage != PROBE_CONNECTS)
        probed->view_due_ns = now_ns + VIEW_PATIENCE_NS;
    if (probed->full)
        return;
    if (error != probed->light_error)
        probed->view_due_ns = now_ns;
    probed->light_error = error;
}

/*
 * Every probe ends here. What is known of it becomes one observation, and the next one is planned. The
 * observer is told last: it may ask for attention, which plans anew.
 */
static void finish(struct probed *probed, const struct client_failure *failure)
{
    int64_t now_ns = health_clock_ns();
    bool well = failure->error == HEALTH_PROBE_NONE;
    struct health_observation observation = {
        .at_ns = now_ns,
        .witness = HEALTH_WITNESS_PROBE,
        .probe = {.ok = well,
                  .has_view = well && probed->has_view,
                  .error = (uint8_t)failure->error,
                  .code = (uint16_t)failure->code,
                  .rtt_ns = now_ns - probed->started_ns},
    };

    if (observation.probe.has_view)
        observation.probe.view = probed->view;
    probed->prober->counters.failed[failure->error]++; /* [NONE] counts those that are well */
    remark_failure(probed, failure);
    if (failure->error == HEALTH_PROBE_REFUSED)
        probed->hurry_until_ns = 0; /* that was what the hurry was for */
    plan_view(probed, failure->error, now_ns);
    mind_denial(probed, failure->error);
    probed->last_error = failure->error;
    probed->stage = PROBE_RESTS;
    probed->due_ns = next_due(probed, now_ns);
    probed->lost = false;
    watch_idle(probed);
    prober_plan(probed->prober, probed);
    tell(probed, &observation);
}

static void finish_well(struct probed *probed)
{
    static const struct client_failure none = {.error = HEALTH_PROBE_NONE};
    finish(probed, &none);
}

/* ---- Asking ---- */

static void take_status(struct probed *probed)
{
    const char *row[2];

    view_clear(&probed->view);
    while (client_row(probed->standing.client, row, 2))
        if (row[0] && row[1] && view_take_status(&probed->view, row[0], row[1]))
            probed->has_view = true;
    probed->standing.galera = probed->has_view;
}

/* The question for the values of those variables that are there. */
static void compose_variables(struct standing *standing)
{
    size_t length = 0;

    standing->variables_sql[0] = '\0';
    for (unsigned i = 0; i < VIEW_VARIABLE_COUNT; i++)
        if (standing->has[i])
            length += (size_t)snprintf(standing->variables_sql + length,
                                       sizeof standing->variables_sql - length, "%s@@global.%s",
                                       length ? ", " : "SELECT ", view_variable_names[i]);
}

static void take_names(struct probed *probed)
{
    struct standing *standing = &probed->standing;
    const char *row[2];

    while (client_row(standing->client, row, 2))
        for (unsigned i = 0; i < VIEW_VARIABLE_COUNT; i++)
            if (row[0] && strcmp(row[0], view_variable_names[i]) == 0) {
                standing->has[i] = true;
                view_take_variable(&probed->view, (enum view_variable)i, row[1]);
            }
    standing->names_known = true;
    compose_variables(standing);
}

static void take_variables(struct probed *probed)
{
    const struct standing *standing = &probed->standing;
    const char *row[VIEW_VARIABLE_COUNT];
    unsigned column = 0;

    if (!client_row(standing->client, row, VIEW_VARIABLE_COUNT))
        return;
    for (unsigned i = 0; i < VIEW_VARIABLE_COUNT; i++)
        if (standing->has[i])
            view_take_variable(&probed->view, (enum view_variable)i, row[column++]);
}

static void take_members(struct probed *probed)
{
    const struct health_prober_options *options = &probed->prober->options;
    struct health_view *view = &probed->view;
    const char *row[2];

    view->member_count = 0;
    view->members = probed->members;
    while (view->member_count < HEALTH_CLUSTER_NODES_MAX &&
           client_row(probed->standing.client, row, 2)) {
        struct health_member *member = &probed->members[view->member_count];
        if (!row[0] || !uuid_parse(row[0], &member->gcomm_uuid))
            continue;
        member->node = row[1] && options->member
                           ? options->member(options->context, probed->node, row[1])
                           : HEALTH_NODE_NONE;
        view->member_count++;
    }
}

/* An answer is in: take it, and go on to the next question or end. */
static void answered(struct probed *probed)
{
    struct standing *standing = &probed->standing;

    switch (probed->stage) {
    case PROBE_ASKS_STATUS:
        take_status(probed);
        if (!standing->galera)
            finish_well(probed);
        else
            ask(probed, standing->names_known ? PROBE_ASKS_VARIABLES : PROBE_ASKS_NAMES);
        break;
    case PROBE_ASKS_NAMES:
    case PROBE_ASKS_VARIABLES:
        if (probed->stage == PROBE_ASKS_NAMES)
            take_names(probed);
        else
            take_variables(probed);
        if (standing->members_barred)
            finish_well(probed);
        else
            ask(probed, PROBE_ASKS_MEMBERS);
        break;
    case PROBE_ASKS_MEMBERS:
        take_members(probed);
        finish_well(probed);
        break;
    case PROBE_ASKS_LIGHT:
    case PROBE_RESTS:
    case PROBE_CONNECTS:
        finish_well(probed);
        break;
    }
}

/* A question failed. Where the view itself is in, what else was asked for may be missing. */
static void question_failed(struct probed *probed)
{
    struct client_failure failure;

    client_failed(probed->standing.client, &failure);
    if (client_failure_is_fatal(&failure)) {
        /* Ask again at once; but a server that ends each connection must not be hammered. */
        probed->lost = probed->last_error == HEALTH_PROBE_NONE;
        probed->hurry_until_ns = health_clock_ns() + HURRY_FOR_NS;
        drop(probed, false);
        finish(probed, &failure);
        return;
    }
    if (probed->stage == PROBE_ASKS_MEMBERS || probed->stage == PROBE_ASKS_VARIABLES ||
        probed->stage == PROBE_ASKS_NAMES) {
        /* A node that is not ready keeps its tables to itself for the time being (1047). */
        if (probed->stage == PROBE_ASKS_MEMBERS && failure.error != HEALTH_PROBE_NOT_READY)
            probed->standing.members_barred = true;
        finish_well(probed);
        return;
    }
    finish(probed, &failure);
}

static void on_socket_ready(evutil_socket_t fd, short what, void *context);

static void take_step(struct probed *probed, enum client_step step)
{
    switch (step) {
    case CLIENT_WAITS_TO_READ:
        watch(probed, EV_READ, on_socket_ready);
        break;
    case CLIENT_WAITS_TO_WRITE:
        watch(probed, EV_WRITE, on_socket_ready);
        break;
    case CLIENT_DONE:
        answered(probed);
        break;
    case CLIENT_FAILED:
        question_failed(probed);
        break;
    }
}

static void on_socket_ready(evutil_socket_t fd, short what, void *context)
{
    struct probed *probed = context;
    (void)fd;
    take_step(probed, client_go_on(probed->standing.client, what & EV_WRITE));
}

static void ask(struct probed *probed, enum probe_stage stage)
{
    static const char names_sql[] =
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_reject_queries', 'wsrep_desync', "
        "'read_only', 'wsrep_sst_donor_rejects_queries', 'pxc_maint_mode')";
    const char *sql = LIGHT_SQL;

    probed->stage = stage;
    if (stage == PROBE_ASKS_STATUS)
        sql = STATUS_SQL;
    else if (stage == PROBE_ASKS_NAMES)
        sql = names_sql;
    else if (stage == PROBE_ASKS_VARIABLES)
        sql = probed->standing.variables_sql;
    else if (stage == PROBE_ASKS_MEMBERS)
        sql = MEMBERS_SQL;
    if (!*sql) { /* none of the variables is there */
        answered(probed);
        return;
    }
    take_step(probed, client_ask(probed->standing.client, sql));
}

static void ask_first(struct probed *probed)
{
    probed->has_view = false;
    probed->prober->counters.full += probed->full;
    probed->prober->counters.light += !probed->full;
    ask(probed, probed->full ? PROBE_ASKS_STATUS : PROBE_ASKS_LIGHT);
}

/* ---- Connecting ---- */

static void begin_connecting(struct probed *probed)
{
    const struct health_prober *prober = probed->prober;

    probed->stage = PROBE_CONNECTS;
    probed->given_up = false;
    probed->prober->counters.connects++;
    probed->connecting = connecting_begin(prober->pool, &probed->target, prober->options.timeout_ns,
                                          on_connected, probed);
    if (!probed->connecting) {
        const struct client_failure failure = {
            .error = HEALTH_PROBE_SQL_ERROR, .code = 2008, .text = "out of memory"};
        finish(probed, &failure);
    }
}

/* Take the new connection in the old one's place. */
static void adopt(struct probed *probed, struct connecting *connecting)
{
    bool was_up = probed->standing.client != NULL;

    drop(probed, true);
    probed->standing.client = connecting->client;
    connecting->client = NULL;
    probed->fresh_due_ns =
        health_clock_ns() + FRESH_INTERVAL_NS + jitter(probed, FRESH_INTERVAL_NS);
    if (connecting->by_extra_port && !probed->extra_port_said &&
        probed->last_error == HEALTH_PROBE_TOO_MANY_CONNECTIONS)
        remark(probed, "only its extra port takes connections", "", "");
    probed->extra_port_said |= connecting->by_extra_port;
    probed->full |= !was_up; /* what has it become? */
    if (!was_up)
        tell_link(probed, HEALTH_LINK_UP);
}

static void on_connected(struct pool_job *job)
{
    struct connecting *connecting = (struct connecting *)job;
    struct probed *probed = connecting->wanted_by;

    if (!probed) { /* the node is gone */
        connecting_free(connecting);
        return;
    }
    probed->connecting = NULL;
    if (probed->given_up) { /* too late: it was a timeout; the next probe may begin */
        probed->given_up = false;
        if (probed->stage == PROBE_RESTS && health_clock_ns() < probed->hurry_until_ns)
            probed->due_ns = health_clock_ns();
        prober_plan(probed->prober, probed);
    } else if (connecting->client) {
        adopt(probed, connecting);
        ask_first(probed);
    } else {
        finish(probed, &connecting->failure);
    }
    connecting_free(connecting);
}

/* ---- What is due ---- */

static void begin(struct probed *probed, int64_t now_ns)
{
    probed->round_ns = now_ns;
    if (probed
            ->connecting) { /* the last try hangs still, and there is one at a time: still silence */
        const struct client_failure failure = {.error = HEALTH_PROBE_TIMEOUT, .code = 2003};
        finish(probed, &failure);
        return;
    }
    probed->started_ns = now_ns;
    probed->deadline_ns = now_ns + probed->prober->options.timeout_ns;
    probed->full = now_ns < probed->attend_until_ns || now_ns >= probed->view_due_ns;
    if (!probed->standing.client || now_ns >= probed->fresh_due_ns)
        begin_connecting(probed);
    else
        ask_first(probed);
    if (probed->stage != PROBE_RESTS)
        prober_plan(probed->prober, probed);
}

static void time_is_up(struct probed *probed)
{
    const struct client_failure failure = {.error = HEALTH_PROBE_TIMEOUT,
                                           .code = probed->stage == PROBE_CONNECTS ? 2003 : 2013};

    if (probed->stage == PROBE_CONNECTS)
        probed->given_up = true;
    else
        drop(probed, false); /* who does not answer here is asked again over a new connection */
    finish(probed, &failure);
}

void probed_wake(struct probed *probed, int64_t now_ns)
{
    if (probed->stage == PROBE_RESTS)
        begin(probed, now_ns);
    else if (now_ns >= probed->deadline_ns)
        time_is_up(probed);
}

void probed_free(struct probed *probed)
{
    if (probed->connecting)
        probed->connecting->wanted_by = NULL;
    drop(probed, true);
    target_clear(&probed->target);
    free(probed->name);
    free(probed);
}
