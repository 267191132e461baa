/*
 * prober_node.c - one node's probe: begun when it is due, ended in probed_finish() and nowhere else.
 */
#include "prober_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After a connection has closed, probes follow each other quickly for a while: soon a new connection is
 * refused, or taken. The first comes at once, and each further one waits twice as long, so that neither a
 * dying server's last reset nor one that ends every connection is hammered. */
#define HURRY_FOR_NS (3 * HEALTH_NS_PER_S)
#define HURRY_LEAST_NS (4 * HEALTH_NS_PER_MS)
#define HURRY_MOST_NS (100 * HEALTH_NS_PER_MS)

/* Every so many intervals a connection is made anew, because old ones hide that new ones fail. */
#define FRESH_ROUNDS 30

/* While access is denied, tries are at most so many rounds (interval and timeout) apart: seldom enough for
 * the server's error log, and often enough for the answer to go on proving that mysqld runs. */
#define DENIED_ROUNDS_MAX 3

/* A deadline that is judged so much too late was missed by us: what was answered meanwhile may still be
 * on its way through several questions. A loop that is always so late still comes to an end: each turn of it takes in
 * one answer, and the longest probe is a connection and three questions. */
#define STALL_NS (50 * HEALTH_NS_PER_MS)
#define STALLS_MAX 8

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
uint64_t probed_random(struct probed *probed, uint64_t below)
{
    uint64_t z = probed->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

int64_t probed_jitter(struct probed *probed, int64_t interval_ns)
{
    int64_t tenth_ns = interval_ns / 10;
    return tenth_ns ? (int64_t)probed_random(probed, (uint64_t)(2 * tenth_ns)) - tenth_ns : 0;
}

static int64_t interval_of(const struct probed *probed)
{
    return probed->prober->options.interval_ns;
}

/* ---- Telling ---- */

void probed_tell(struct probed *probed, struct health_observation *observation)
{
    const struct health_prober_options *options = &probed->prober->options;
    observation->node = probed->node;
    options->observe(options->context, observation);
}

void probed_remark(struct probed *probed, const char *what, const char *detail, const char *advice)
{
    const struct health_prober_options *options = &probed->prober->options;
    char text[CLIENT_TEXT_MAX + 160];
    snprintf(text, sizeof text, "%s%s%s", what, detail, advice);
    options->remark(options->context, probed->node, text);
}

/* ---- The end of a probe ---- */

/* Is a view to be read? Not while one hangs in the server: questions must not pile up there. */
static bool view_wanted(const struct probed *probed, int64_t now_ns)
{
    return now_ns >= probed->view_barred_ns &&
           (now_ns < probed->attend_until_ns || now_ns >= probed->view_due_ns);
}

/* The next moment in a hurry, but not later than `due_ns`. */
static int64_t hurried(struct probed *probed, int64_t now_ns, int64_t due_ns)
{
    int64_t hurried_ns = now_ns + probed->hurry_wait_ns;

    probed->hurry_wait_ns = doubled_wait(probed->hurry_wait_ns, HURRY_LEAST_NS, HURRY_MOST_NS);
    return hurried_ns < due_ns ? hurried_ns : due_ns;
}

void probed_hurry(struct probed *probed, int64_t now_ns)
{
    if (now_ns >= probed->hurry_until_ns)
        probed->hurry_wait_ns = 0;
    probed->hurry_until_ns = now_ns + HURRY_FOR_NS;
    if (probed->stage == PROBE_RESTS) {
        probed->due_ns = hurried(probed, now_ns, probed->due_ns);
        prober_plan(probed->prober, probed);
    }
}

/* When the next one begins: an interval after this one began, quicker after a closed connection, slower
 * after a denied login. Never at once, or a server that fails fast would be hammered. */
static int64_t next_due(struct probed *probed, int64_t now_ns)
{
    int64_t interval_ns = interval_of(probed);
    int64_t due_ns = probed->round_ns + interval_ns + probed_jitter(probed, interval_ns);
    int64_t soonest_ns = now_ns + HEALTH_NS_PER_MS;

    if (probed->standing.client && view_wanted(probed, now_ns) && !probed->full)
        due_ns = soonest_ns; /* what has changed? */
    else if (!probed->standing.client && now_ns < probed->hurry_until_ns)
        due_ns = hurried(probed, now_ns, due_ns);
    if (probed->denied_wait_ns)
        due_ns = probed->round_ns + probed->denied_wait_ns;
    return due_ns > soonest_ns ? due_ns : soonest_ns;
}

static void mind_denial(struct probed *probed, enum health_probe_error error)
{
    const struct health_prober_options *options = &probed->prober->options;
    int64_t most_ns = DENIED_ROUNDS_MAX * (options->interval_ns + options->timeout_ns);

    if (error != HEALTH_PROBE_AUTH || probed->standing.client)
        probed->denied_wait_ns = 0;
    else
        probed->denied_wait_ns =
            doubled_wait(probed->denied_wait_ns, options->interval_ns, most_ns);
}

/* The next connection is made anew a good while from now. */
static void plan_fresh(struct probed *probed, int64_t now_ns)
{
    int64_t wait_ns = FRESH_ROUNDS * interval_of(probed);
    probed->fresh_due_ns = now_ns + wait_ns + probed_jitter(probed, wait_ns);
}

/* Where the server itself says that it takes no new connection while the old one stands, the old one goes
 * on to be asked; a new one that fails in other ways is tried each time. */
static void mind_fresh(struct probed *probed, const struct client_failure *failure, int64_t now_ns)
{
    if (probed->stage == PROBE_CONNECTS && failure->code > 0 && failure->code < 2000)
        plan_fresh(probed, now_ns);
}

/* People are told of a failure when it begins, not each time. */
static void remark_failure(struct probed *probed, const struct client_failure *failure)
{
    if (failure->error == HEALTH_PROBE_NONE || failure->error == probed->remarked ||
        !failure->text[0])
        return;
    probed->remarked = failure->error;
    if (failure->error == HEALTH_PROBE_AUTH)
        probed_remark(probed, "access is denied: ", failure->text,
                      "; check the user and its password file (it is read again at each try)");
    else if (failure->error == HEALTH_PROBE_SQL_ERROR || failure->error == HEALTH_PROBE_UNREACHABLE)
        probed_remark(probed, "the probe fails: ", failure->text, "");
}

/* Ask for the view at once where a light probe is answered otherwise than the last one. */
static void plan_view(struct probed *probed, enum health_probe_error error, int64_t now_ns)
{
    if (probed->full && error == HEALTH_PROBE_NONE)
        probed->view_due_ns = now_ns + probed->prober->options.view_interval_ns;
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
void probed_finish(struct probed *probed, const struct client_failure *failure)
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
    mind_fresh(probed, failure, now_ns);
    if (well)
        link_answered(probed);
    probed->last_error = failure->error;
    probed->stage = PROBE_RESTS;
    probed->due_ns = next_due(probed, now_ns);
    prober_plan(probed->prober, probed);
    probed_tell(probed, &observation);
}

void probed_finish_well(struct probed *probed)
{
    static const struct client_failure none = {.error = HEALTH_PROBE_NONE};
    probed_finish(probed, &none);
}

/* ---- Connecting ---- */

/* Take the new connection, and go on over it. */
static void adopt(struct probed *probed, struct connecting *connecting)
{
    bool was_up = probed->standing.client != NULL;
    int64_t now_ns = health_clock_ns();

    plan_fresh(probed, now_ns);
    probed->remarked = HEALTH_PROBE_NONE;
    if (connecting->by_extra_port && !probed->extra_port_said &&
        probed->last_error == HEALTH_PROBE_TOO_MANY_CONNECTIONS)
        probed_remark(
            probed,
            "only its extra port takes connections: raise max_connections, or see who holds them",
            "", "");
    probed->extra_port_said |= connecting->by_extra_port;
    if (!was_up && now_ns >= probed->view_barred_ns)
        probed->full = true; /* what has it become? */
    link_adopt(probed, connecting->client);
    connecting->client = NULL;
    probed_ask_first(probed);
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
        int64_t now_ns = health_clock_ns();
        probed->given_up = false;
        if (now_ns < probed->hurry_until_ns)
            probed_hasten(probed, now_ns);
    } else if (connecting->client) {
        adopt(probed, connecting);
    } else {
        probed_finish(probed, &connecting->failure);
    }
    connecting_free(connecting);
}

static void begin_connecting(struct probed *probed)
{
    const struct health_prober *prober = probed->prober;

    probed->stage = PROBE_CONNECTS;
    probed->given_up = false;
    probed->prober->counters.connects++;
    probed->connecting =
        connecting_begin(prober->pool, &probed->target, probed->deadline_ns, on_connected, probed);
    if (!probed->connecting) {
        const struct client_failure failure = {
            .error = HEALTH_PROBE_SQL_ERROR, .code = 2008, .text = "out of memory"};
        probed_finish(probed, &failure);
    }
}

/* ---- What is due ---- */

static void begin(struct probed *probed, int64_t now_ns)
{
    probed->round_ns = now_ns;
    if (probed
            ->connecting) { /* the last try hangs still (a resolver), and there is one at a time */
        const struct client_failure failure = {.error = HEALTH_PROBE_TIMEOUT, .code = 2003};
        probed_finish(probed, &failure);
        return;
    }
    probed->started_ns = now_ns;
    probed->deadline_ns = now_ns + probed->prober->options.timeout_ns;
    probed->stalls = 0;
    probed->full = view_wanted(probed, now_ns);
    if (!probed->standing.client || now_ns >= probed->fresh_due_ns)
        begin_connecting(probed);
    else
        probed_ask_first(probed);
    if (probed->stage != PROBE_RESTS)
        prober_plan(probed->prober, probed);
}

static void time_is_up(struct probed *probed, int64_t now_ns)
{
    const struct client_failure failure = {.error = HEALTH_PROBE_TIMEOUT,
                                           .code = probed->stage == PROBE_CONNECTS ? 2003 : 2013};

    if (probed->stage == PROBE_CONNECTS) {
        probed->given_up = true;
        connecting_give_up(probed->connecting);
    } else {
        link_silent(probed, now_ns);
    }
    probed_finish(probed, &failure);
}

void probed_wake(struct probed *probed, int64_t now_ns)
{
    if (probed->stage == PROBE_RESTS) {
        begin(probed, now_ns);
    } else if (now_ns - probed->deadline_ns > STALL_NS && probed->stalls < STALLS_MAX) {
        probed->stalls++;
        probed->deadline_ns = now_ns + probed->prober->options.timeout_ns / 4;
        prober_plan(probed->prober, probed);
    } else if (now_ns >= probed->deadline_ns) {
        time_is_up(probed, now_ns);
    }
}

void probed_hasten(struct probed *probed, int64_t now_ns)
{
    if (probed->stage != PROBE_RESTS)
        return;
    probed->due_ns = now_ns;
    prober_plan(probed->prober, probed);
}

void probed_free(struct probed *probed)
{
    if (probed->connecting) {
        probed->connecting->wanted_by = NULL;
        connecting_give_up(probed->connecting);
    }
    link_free(probed);
    target_clear(&probed->target);
    free(probed);
}
