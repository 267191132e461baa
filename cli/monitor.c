/*
 * monitor.c - the live composition: what is seen goes to the engine, what it says to those who are told.
 */
#include "monitor_private.h"
#include "json_value.h"
#include "log.h"
#include "recorder_mark.h"

#include <healthd/rules.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Numbers for as many come out of one block at the start, so that reloads find room: some MB. */
#define NODES_AT_LEAST 4096
#define CLUSTERS_AT_LEAST 1024

/* After a change, views are asked for at each interval for so long: beyond evs.suspect_timeout (5 s). */
#define ATTENTION_NS (10 * HEALTH_NS_PER_S)

/* ---- Changes, and who is told ---- */

static void attend(struct monitor *monitor, uint32_t cluster)
{
    const struct roster_cluster *home = &monitor->roster.clusters[cluster];
    int64_t until_ns = health_clock_ns() + ATTENTION_NS;

    for (uint32_t i = 0; home->used && i < home->count; i++)
        health_prober_attend(monitor->prober, home->nodes[i], until_ns);
}

static void keep(struct monitor *monitor, const struct health_report *report)
{
    const struct directory_entry *entry =
        directory_find(&monitor->roster.directory, report->subject);

    health_memory_report(monitor->memory, monitor->engine, report);
    memory_file_hurry(monitor->memory_file);
    journal_report(monitor->journal, report);
    if (entry)
        history_keep(monitor->history, entry, monitor->engine, report);
}

static void take_changes(struct monitor *monitor)
{
    uint32_t node_capacity = monitor->roster.directory.node_capacity;
    uint64_t kept = history_last(monitor->history);
    uint32_t changed = ROSTER_NONE;
    struct health_report report;

    while (health_queue_pop(monitor->queues[READER_JOURNAL], &report)) {
        uint32_t cluster = report.subject < node_capacity
                               ? monitor->roster.cluster_of[report.subject]
                               : report.subject - node_capacity;
        keep(monitor, &report);
        if (report.state != report.from)
            attend(monitor, cluster);
        if (changed != cluster && changed != ROSTER_NONE)
            fault_watch_look(monitor->fault_watch, changed);
        changed = cluster;
        actor_wake(monitor->actor, cluster);
    }
    if (changed != ROSTER_NONE)
        fault_watch_look(monitor->fault_watch, changed);
    if (monitor->options.told && history_last(monitor->history) != kept)
        monitor->options.told(monitor->options.context);
}

static void wake_reporters(struct monitor *monitor)
{
    if (monitor->reporter_stdout && health_queue_length(monitor->queues[READER_STDOUT]))
        reporter_stdout_wake(monitor->reporter_stdout);
    if (monitor->reporter_redis && health_queue_length(monitor->queues[READER_REDIS]))
        reporter_redis_wake(monitor->reporter_redis);
}

/* The engine's deadline moves on with nearly every observation: the timer is set only to an earlier
 * time than it has, and when it fires too early it is set again. */
static void arm_timer(struct monitor *monitor)
{
    int64_t due_ns = health_engine_deadline(monitor->engine);
    const struct itimerspec due = {
        .it_value = {.tv_sec = due_ns / HEALTH_NS_PER_S, .tv_nsec = due_ns % HEALTH_NS_PER_S}};

    if (due_ns >= monitor->armed_ns)
        return;
    monitor->armed_ns = due_ns;
    timerfd_settime(monitor->timer_fd, TFD_TIMER_ABSTIME, &due, NULL);
}

void monitor_settle(struct monitor *monitor)
{
    take_changes(monitor);
    wake_reporters(monitor);
    arm_timer(monitor);
}

int64_t monitor_now(struct monitor *monitor, int64_t at_ns)
{
    if (at_ns > monitor->now_ns)
        monitor->now_ns = at_ns;
    return monitor->now_ns;
}

/* Was the engine not called for so long that it takes it for a stall of ours? The record says so too. */
static bool paused_until(struct monitor *monitor, int64_t at_ns)
{
    bool paused = at_ns - monitor->now_ns > monitor->limits.pulse_ns + monitor->limits.stall_ns;
    if (paused && monitor->recorder)
        recorder_mark(monitor->recorder, monitor->now_ns, RECORDER_PAUSES);
    return paused;
}

static void notice_stall(struct monitor *monitor)
{
    struct health_engine_counters counters;

    health_engine_counters(monitor->engine, &counters);
    if (counters.stalls != monitor->stalls)
        log_event(
            LOG_WARNING, "stall",
            "stalls=%llu text=\"this process was stopped or starved: nobody gets older by that "
            "time\"",
            (unsigned long long)counters.stalls);
    monitor->stalls = counters.stalls;
}

/* ---- What the loop calls ---- */

static void tick(struct monitor *monitor, int64_t now_ns)
{
    monitor->ticks++;
    if (paused_until(monitor, now_ns) && monitor->recorder)
        recorder_mark(monitor->recorder, now_ns, RECORDER_RESUMES);
    health_engine_tick(monitor->engine, monitor_now(monitor, now_ns));
    notice_stall(monitor);
    monitor_settle(monitor);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct monitor *monitor = context;
    int64_t now_ns = health_clock_ns();
    uint64_t expirations;
    (void)what;

    (void)!read(fd, &expirations, sizeof expirations);
    lag_note(&monitor->lag, now_ns, now_ns - monitor->armed_ns);
    monitor->armed_ns = HEALTH_NEVER_NS;
    tick(monitor, now_ns);
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
    struct monitor *monitor = context;
    (void)fd;
    (void)what;

    monitor_mind_maintenance(monitor);
    memory_file_mind(monitor->memory_file);
    monitor_mind_acting(monitor);
    fault_watch_look_at_all(monitor->fault_watch);
}

void monitor_refresh(struct monitor *monitor)
{
    int64_t now_ns = health_clock_ns();
    if (now_ns >= health_engine_deadline(monitor->engine))
        tick(monitor, now_ns);
}

/* What is found out about a node's data is written at once; its positions are, each second. */
static void remember(struct monitor *monitor, const struct health_observation *observation)
{
    const struct health_node_memory *node = health_memory_node(monitor->memory, observation->node);
    const uint8_t taint = node->taint;

    health_memory_observe(monitor->memory, monitor->engine, observation);
    if (node->taint != taint)
        memory_file_hurry(monitor->memory_file);
}

static void on_observation(void *context, const struct health_observation *observation)
{
    struct monitor *monitor = context;
    bool closed = observation->witness == HEALTH_WITNESS_LINK &&
                  (observation->link == HEALTH_LINK_EOF || observation->link == HEALTH_LINK_RESET);

    paused_until(monitor, observation->at_ns);
    if (monitor->recorder)
        recorder_take(monitor->recorder, observation);
    if (health_engine_observe(monitor->engine, monitor_now(monitor, observation->at_ns),
                              observation) == HEALTH_OK)
        remember(monitor, observation);
    journal_observe(monitor->journal, observation);
    sightings_take(monitor->sightings, observation);
    if (closed)
        attend(monitor, monitor->roster.cluster_of[observation->node]);
    monitor_settle(monitor);
}

static void on_remark(void *context, uint32_t node, const char *text)
{
    struct monitor *monitor = context;
    journal_remark(monitor->journal, node, text);
}

static void on_text(void *context, const char *text)
{
    on_remark(context, HEALTH_NODE_NONE, text);
}

static uint32_t on_member(void *context, uint32_t node, const char *name)
{
    struct monitor *monitor = context;
    return roster_find_node(&monitor->roster, monitor->roster.cluster_of[node], name);
}

/* ---- Creation ---- */

static uint32_t at_least(size_t twice, uint32_t least)
{
    return twice > least ? (uint32_t)twice : least;
}

static bool create_engine(struct monitor *monitor, const struct config *config)
{
    const uint32_t node_capacity = at_least(2 * config_node_count(config), NODES_AT_LEAST);
    const uint32_t cluster_capacity = at_least(2 * config->cluster_count, CLUSTERS_AT_LEAST);
    unsigned readers = 0;
    const bool wanted[READER_COUNT] = {true, config->report_stdout, config->redis.wanted};
    struct health_engine_options options = {
        .nodes = node_capacity,
        .clusters = cluster_capacity,
        .now_ns = monitor_now(monitor, health_clock_ns()),
        .limits = &monitor->limits,
        .ruleset = &health_rules_galera,
    };
    for (int i = 0; i < READER_COUNT; i++) {
        /* The journal is read after each call, and must not miss anything that one call may change. */
        const struct health_queue_options queue = {
            .subjects = node_capacity + cluster_capacity,
            .capacity =
                i == READER_JOURNAL ? node_capacity + cluster_capacity : config->queue_capacity,
            .epoch = monitor->options.epoch};
        if (wanted[i] && health_queue_create(&queue, &monitor->queues[i]) != HEALTH_OK)
            return false;
        if (monitor->queues[i])
            options.queues[readers++] = monitor->queues[i];
    }
    return config_limits(config, &monitor->limits) &&
           health_engine_create(&options, &monitor->engine) == HEALTH_OK &&
           health_memory_create(&options, &monitor->memory) == HEALTH_OK &&
           roster_init(&monitor->roster, node_capacity, cluster_capacity);
}

static struct reporter_source source_for(struct monitor *monitor, int reader)
{
    return (struct reporter_source){
        .queue = monitor->queues[reader],
        .directory = &monitor->roster.directory,
        .engine = monitor->engine,
        .epoch = monitor->options.epoch,
        .reporter = monitor->options.reporter,
        .remark = on_text,
        .context = monitor,
    };
}

static bool create_readers(struct monitor *monitor, const struct config *config)
{
    const struct reporter_source to_stdout = source_for(monitor, READER_STDOUT);
    const struct reporter_source to_redis = source_for(monitor, READER_REDIS);
    const struct reporter_redis_options redis = {
        .address = config->redis.address,
        .user = config->redis.user,
        .password_file = config->redis.password_file,
        .interval_ns = config->probe_interval_ms * HEALTH_NS_PER_MS,
        .log_length = config->redis.log_length,
    };
    const struct recorder_options record = {
        .base = monitor->options.base, .path = config->record, .roster = &monitor->roster};

    monitor->journal = journal_create(&monitor->roster, monitor->engine);
    monitor->fault_watch =
        fault_watch_create(&monitor->overview, monitor->roster.directory.cluster_capacity);
    monitor->sightings = sightings_create(monitor->roster.directory.node_capacity);
    monitor->history = history_create();
    monitor->maintenance =
        maintenance_create(monitor->roster.directory.node_capacity, config->http_maintenance_file);
    if (config->report_stdout)
        monitor->reporter_stdout =
            reporter_stdout_create(monitor->options.base, &to_stdout, STDOUT_FILENO);
    if (config->redis.wanted)
        monitor->reporter_redis = reporter_redis_create(monitor->options.base, &to_redis, &redis);
    if (config->record)
        monitor->recorder = recorder_create(&record);
    return monitor->journal && monitor->fault_watch && monitor->sightings && monitor->history &&
           monitor->maintenance && !monitor->reporter_stdout == !config->report_stdout &&
           !monitor->reporter_redis == !config->redis.wanted &&
           !monitor->recorder == !config->record;
}

static bool create_witnesses(struct monitor *monitor, const struct config *config)
{
    const struct health_prober_options prober = {
        .base = monitor->options.base,
        .interval_ns = config->probe_interval_ms * HEALTH_NS_PER_MS,
        .timeout_ns = config->probe_timeout_ms * HEALTH_NS_PER_MS,
        .view_interval_ns = config->view_interval_ms * HEALTH_NS_PER_MS,
        .observe = on_observation,
        .remark = on_remark,
        .member = on_member,
        .context = monitor,
    };
    const struct health_listener_options listener = {
        .base = monitor->options.base,
        .listen = config->heartbeat_listen,
        .key_file = config->heartbeat_key_file,
        .observe = on_observation,
        .remark = on_remark,
        .context = monitor,
    };
    return health_prober_create(&prober, &monitor->prober) == HEALTH_OK &&
           (!config->heartbeat_listen ||
            health_listener_create(&listener, &monitor->listener) == HEALTH_OK);
}

static bool create_timers(struct monitor *monitor)
{
    const struct timeval second = {.tv_sec = 1};

    monitor->armed_ns = HEALTH_NEVER_NS;
    monitor->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (monitor->timer_fd == -1)
        return false;
    monitor->timer = event_new(monitor->options.base, monitor->timer_fd, EV_READ | EV_PERSIST,
                               on_timer, monitor);
    monitor->second = event_new(monitor->options.base, -1, EV_PERSIST, on_second, monitor);
    return monitor->timer && event_priority_set(monitor->timer, 1) == 0 &&
           event_add(monitor->timer, NULL) == 0 && monitor->second &&
           event_priority_set(monitor->second, 1) == 0 && event_add(monitor->second, &second) == 0;
}

static struct overview overview_of(const struct monitor *monitor)
{
    return (struct overview){
        .roster = &monitor->roster,
        .engine = monitor->engine,
        .memory = monitor->memory,
        .sightings = monitor->sightings,
        .history = monitor->history,
        .maintenance = monitor->maintenance,
        .prober = monitor->prober,
        .listener = monitor->listener,
        .queue_stdout = monitor->queues[READER_STDOUT],
        .queue_redis = monitor->queues[READER_REDIS],
        .redis = monitor->reporter_redis,
        .lag = &monitor->lag,
        .reload = &monitor->reload,
        .limits = &monitor->limits,
        .reporter = monitor->options.reporter,
        .epoch = monitor->options.epoch,
        .start_ns = monitor->reload.good_at_ns,
        .acting = &monitor->acting,
    };
}

struct monitor *monitor_create(const struct monitor_options *options, const struct config *config)
{
    struct monitor *monitor = calloc(1, sizeof *monitor);
    if (!monitor)
        return NULL;
    monitor->options = *options;
    monitor->first = config;
    monitor->timer_fd = -1;
    monitor_note_reload(monitor, true);
    monitor_show_acting(monitor);
    if (create_engine(monitor, config) && monitor_create_memory(monitor, config) &&
        create_readers(monitor, config) && create_witnesses(monitor, config) &&
        monitor_create_actor(monitor) && create_timers(monitor)) {
        monitor->overview = overview_of(monitor);
        monitor_apply(monitor, config);
        return monitor;
    }
    log_event(LOG_ERR, "failed", "text=\"the monitor cannot be set up\"");
    monitor_destroy(monitor, 0);
    return NULL;
}

/* Nothing is observed any more, though helper threads of the prober may still hang in a resolver. */
static void stop_watching(struct monitor *monitor)
{
    for (uint32_t i = 0; monitor->prober && i < monitor->roster.directory.node_capacity; i++)
        if (directory_find(&monitor->roster.directory, i))
            health_prober_remove(monitor->prober, i);
    health_listener_destroy(monitor->listener);
}

/* The prober goes last: it waits for its helpers, and what is to be reported and recorded is safe then. */
void monitor_destroy(struct monitor *monitor, int patience_ms)
{
    if (!monitor)
        return;
    stop_watching(monitor);
    if (monitor->timer)
        event_free(monitor->timer);
    if (monitor->second)
        event_free(monitor->second);
    monitor_end_acting(monitor);
    lease_destroy(monitor->lease, patience_ms);
    turns_destroy(monitor->turns);
    if (monitor->timer_fd != -1)
        close(monitor->timer_fd);
    reporter_stdout_destroy(monitor->reporter_stdout, patience_ms);
    reporter_redis_destroy(monitor->reporter_redis, patience_ms);
    recorder_destroy(monitor->recorder, monitor->now_ns, patience_ms);
    health_prober_destroy(monitor->prober);
    journal_destroy(monitor->journal);
    fault_watch_destroy(monitor->fault_watch);
    sightings_destroy(monitor->sightings);
    history_destroy(monitor->history);
    maintenance_destroy(monitor->maintenance, patience_ms);
    memory_file_destroy(monitor->memory_file, patience_ms);
    health_memory_destroy(monitor->memory);
    health_engine_destroy(monitor->engine);
    for (int i = 0; i < READER_COUNT; i++)
        health_queue_destroy(monitor->queues[i]);
    roster_clear(&monitor->roster);
    free(monitor);
}

/* ---- Looking in ---- */

void monitor_status(const struct monitor *monitor, char *text, size_t size)
{
    const struct roster *roster = &monitor->roster;
    uint32_t colours[HEALTH_COLOUR_COUNT] = {0};
    uint32_t greens = 0;
    struct health_cluster_snapshot cluster;

    for (uint32_t i = 0; i < roster->directory.cluster_capacity; i++)
        if (health_cluster_snapshot(monitor->engine, i, &cluster) == HEALTH_OK) {
            colours[cluster.colour]++;
            greens += cluster.states[HEALTH_STATE_GREEN];
        }
    size_t length = (size_t)snprintf(text, size, "%u cluster%s: ", roster->cluster_count,
                                     roster->cluster_count == 1 ? "" : "s");
    for (unsigned i = 0; i < HEALTH_COLOUR_COUNT && length < size; i++)
        if (colours[i])
            length += (size_t)snprintf(text + length, size - length, "%u %s, ", colours[i],
                                       health_colour_name((enum health_colour)i));
    if (length < size)
        snprintf(text + length, size - length, "%u of %u nodes green", greens, roster->node_count);
}

bool monitor_acknowledge(struct monitor *monitor, uint32_t cluster)
{
    bool kept = !memory_file_problem(monitor->memory_file);

    log_event(LOG_NOTICE, "acknowledge", "cluster=%s who=http kept=%s",
              roster_cluster_name(&monitor->roster, cluster), kept ? "yes" : "no");
    health_memory_acknowledge(monitor->memory, monitor->engine, cluster);
    memory_file_hurry(monitor->memory_file);
    fault_watch_look(monitor->fault_watch, cluster);
    return kept;
}

bool monitor_recover(struct monitor *monitor, uint32_t node)
{
    return monitor->listener && health_listener_recover(monitor->listener, node) == HEALTH_OK;
}

const struct overview *monitor_overview(const struct monitor *monitor)
{
    return &monitor->overview;
}

void monitor_note_reload(struct monitor *monitor, bool good)
{
    monitor->reload.good = good;
    if (good)
        monitor->reload.good_at_ns = health_clock_ns() + wall_offset_ns();
}

uint64_t monitor_ticks(const struct monitor *monitor)
{
    return monitor->ticks;
}
