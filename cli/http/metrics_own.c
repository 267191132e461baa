/*
 * metrics_own.c - metrics of healthd itself.
 */
#include "intent.h"
#include "metrics.h"

#include "reporter.h"

#include <healthd/heartbeat.h>
#include <healthd/observer.h>
#include <healthd/prober.h>

/* A family of one sample. */
static void tell(struct metrics_text *text, enum metrics_type type, const char *name,
                 const char *help, uint64_t number)
{
    metrics_begin(text, type, name, help);
    metrics_whole(text, NULL, NULL, number);
}

static void tell_seconds(struct metrics_text *text, enum metrics_type type, const char *name,
                         const char *help, int64_t ns)
{
    metrics_begin(text, type, name, help);
    metrics_seconds(text, NULL, NULL, ns);
}

static void tell_configuration(struct metrics_text *text, const struct overview *overview)
{
    metrics_begin(text, METRICS_INFO, "healthd_build", "The version of healthd that runs.");
    metrics_whole(text, "version", HEALTHD_VERSION, 1);
    tell(text, METRICS_GAUGE, "healthd_config_last_reload_successful",
         "Whether the last configuration that was read was taken over.", overview->reload->good);
    tell_seconds(text, METRICS_GAUGE, "healthd_config_last_reload_success_timestamp_seconds",
                 "When a configuration was taken over last.", overview->reload->good_at_ns);
    metrics_begin(text, METRICS_GAUGE, "healthd_limit_seconds",
                  "What ages and waits are compared with (healthctl rules).");
#define X(name, words) metrics_seconds(text, "limit", #name, overview->limits->name##_ns);
    HEALTH_LIMITS(X)
#undef X
}

static void tell_engine(struct metrics_text *text, const struct overview *overview)
{
    struct health_engine_counters counters;

    health_engine_counters(overview->engine, &counters);
    metrics_begin(text, METRICS_COUNTER, "healthd_engine_observations",
                  "Observations by what became of them.");
    metrics_whole(text, "result", "new",
                  counters.observations - counters.unchanged - counters.stale - counters.voided);
    metrics_whole(text, "result", "unchanged", counters.unchanged);
    metrics_whole(text, "result", "stale", counters.stale);
    metrics_whole(text, "result", "voided", counters.voided);
    tell(text, METRICS_COUNTER, "healthd_engine_judgements", "Times a cluster was judged.",
         counters.judged);
    tell(text, METRICS_COUNTER, "healthd_engine_stalls",
         "Times healthd was stopped or starved, and blamed nobody for it.", counters.stalls);
}

static void tell_loop(struct metrics_text *text, const struct overview *overview)
{
    metrics_begin(text, METRICS_HISTOGRAM, "healthd_loop_lag_seconds",
                  "How late the event loop calls the engine.");
    metrics_histogram(text, &overview->lag->durations);
    tell_seconds(text, METRICS_GAUGE, "healthd_loop_lag_max_seconds",
                 "The most that it was late in this minute and the one before.",
                 lag_worst(overview->lag, health_clock_ns()));
}

static void tell_prober(struct metrics_text *text, const struct overview *overview)
{
    struct health_prober_counters counters;

    health_prober_counters(overview->prober, &counters);
    metrics_begin(text, METRICS_COUNTER, "healthd_prober_probes", "Probes begun, by kind.");
    metrics_whole(text, "kind", "light", counters.light);
    metrics_whole(text, "kind", "full", counters.full);
    tell(text, METRICS_COUNTER, "healthd_prober_connects", "Connections to nodes begun.",
         counters.connects);
    tell(text, METRICS_GAUGE, "healthd_prober_probes_in_flight", "Probes that are not over yet.",
         counters.in_flight);
    tell(text, METRICS_GAUGE, "healthd_prober_threads", "Helper threads that connect.",
         counters.threads);
}

static void tell_heartbeats(struct metrics_text *text, const struct overview *overview)
{
    struct health_listener_counters counters;

    metrics_begin(text, METRICS_COUNTER, "healthd_heartbeats",
                  "Datagrams that came for agents' heartbeats, by what became of them.");
    if (!overview->listener)
        return;
    health_listener_counters(overview->listener, &counters);
    metrics_whole(text, "result", "accepted", counters.accepted);
    metrics_whole(text, "result", "malformed", counters.malformed);
    metrics_whole(text, "result", "forged", counters.forged);
    metrics_whole(text, "result", "stale", counters.stale);
    metrics_whole(text, "result", "stranger", counters.stranger);
}

/* ---- Who is told ---- */

static uint64_t length(const struct health_queue *queue)
{
    return health_queue_length(queue);
}

static uint64_t owed(const struct health_queue *queue)
{
    return health_queue_owed(queue);
}

static struct health_queue_counters counters_of(const struct health_queue *queue)
{
    struct health_queue_counters counters;
    health_queue_counters(queue, &counters);
    return counters;
}

static uint64_t pushed(const struct health_queue *queue)
{
    return counters_of(queue).pushed;
}

static uint64_t coalesced(const struct health_queue *queue)
{
    return counters_of(queue).coalesced;
}

static uint64_t dropped(const struct health_queue *queue)
{
    return counters_of(queue).dropped;
}

static uint64_t popped(const struct health_queue *queue)
{
    return counters_of(queue).popped;
}

static const struct {
    enum metrics_type type;
    const char *name;
    const char *help;
    uint64_t (*figure)(const struct health_queue *queue);
} queue_families[] = {
    {METRICS_GAUGE, "healthd_queue_length", "Reports that wait for their reader.", length},
    {METRICS_GAUGE, "healthd_queue_owed",
     "Nodes and clusters whose report was dropped and still has to be queued again.", owed},
    {METRICS_COUNTER, "healthd_queue_reports", "Reports made.", pushed},
    {METRICS_COUNTER, "healthd_queue_coalesced", "Reports that replaced one that waited.",
     coalesced},
    {METRICS_COUNTER, "healthd_queue_dropped", "Reports dropped because the queue was full.",
     dropped},
    {METRICS_COUNTER, "healthd_queue_taken", "Reports that the reader has taken.", popped},
};

static void tell_queues(struct metrics_text *text, const struct overview *overview)
{
    for (size_t i = 0; i < sizeof queue_families / sizeof *queue_families; i++) {
        metrics_begin(text, queue_families[i].type, queue_families[i].name, queue_families[i].help);
        if (overview->queue_stdout)
            metrics_whole(text, "reader", "stdout",
                          queue_families[i].figure(overview->queue_stdout));
        if (overview->queue_redis)
            metrics_whole(text, "reader", "redis", queue_families[i].figure(overview->queue_redis));
    }
}

/* Without Redis there are none of these. */
static void tell_redis(struct metrics_text *text, const struct overview *overview)
{
    struct reporter_redis_counters counters;

    if (!overview->redis)
        return;
    reporter_redis_counters(overview->redis, &counters);
    tell(text, METRICS_GAUGE, "healthd_redis_connected", "Whether Redis takes reports now.",
         counters.connected);
    tell_seconds(text, METRICS_GAUGE, "healthd_redis_behind_seconds",
                 "For how long something has not been stored yet; 0: everything is.",
                 counters.behind_ns ? health_clock_ns() - counters.behind_ns : 0);
    metrics_begin(text, METRICS_COUNTER, "healthd_redis_reports",
                  "Reports that Redis has stored, or refused as older than what it had.");
    metrics_whole(text, "result", "stored", counters.written);
    metrics_whole(text, "result", "refused", counters.refused);
    tell(text, METRICS_COUNTER, "healthd_redis_failures",
         "Tries that ended in an error or without an answer.", counters.failed);
    tell(text, METRICS_COUNTER, "healthd_redis_connects", "Connections to Redis that came up.",
         counters.connects);
}

static void tell_actions(struct metrics_text *text, const struct overview *overview)
{
    const struct overview_acting *acting = overview->acting;

    metrics_begin(text, METRICS_COUNTER, "healthd_actions",
                  "Actions that came to an outcome, those of a former healthd included.");
    for (unsigned action = HEALTH_ACTION_START; acting && action < HEALTH_ACTION_COUNT; action++) {
        metrics_label(text, "action", health_action_name((enum health_action)action));
        for (unsigned outcome = INTENT_DONE; outcome < INTENT_OUTCOME_COUNT; outcome++)
            metrics_whole(text, "outcome", intent_outcome_name((enum intent_outcome)outcome),
                          acting->count(acting->context, action, outcome));
        metrics_subject(text);
    }
}

static void tell_http(struct metrics_text *text, const struct metrics_extra *extra)
{
    tell(text, METRICS_GAUGE, "healthd_http_connections", "Connections that are open.",
         extra->http_connections);
    tell(text, METRICS_COUNTER, "healthd_http_requests", "Requests, this one included.",
         extra->http_requests);
}

static void tell_process(struct metrics_text *text, const struct overview *overview,
                         const struct usage *usage)
{
    tell_seconds(text, METRICS_COUNTER, "process_cpu_seconds", "Processor time, of all threads.",
                 usage->cpu_ns);
    tell(text, METRICS_GAUGE, "process_resident_memory_bytes", "Memory in use.",
         usage->resident_bytes);
    tell(text, METRICS_GAUGE, "process_virtual_memory_bytes", "Address space in use.",
         usage->virtual_bytes);
    tell(text, METRICS_GAUGE, "process_open_fds", "Open file descriptors.", usage->files);
    tell(text, METRICS_GAUGE, "process_max_fds", "How many there may be.", usage->files_max);
    tell_seconds(text, METRICS_GAUGE, "process_start_time_seconds", "When healthd was started.",
                 overview->start_ns);
}

void metrics_tell_own(struct metrics_text *text, const struct overview *overview,
                      const struct metrics_extra *extra)
{
    tell_configuration(text, overview);
    tell_engine(text, overview);
    tell_loop(text, overview);
    tell_prober(text, overview);
    tell_heartbeats(text, overview);
    tell_queues(text, overview);
    tell_redis(text, overview);
    tell_actions(text, overview);
    tell_http(text, extra);
    tell_process(text, overview, &extra->usage);
}
