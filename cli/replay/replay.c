/*
 * replay.c - see replay.h.
 */
#include "replay.h"
#include "recorder_mark.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <healthd/diagnosis.h>
#include <stdlib.h>
#include <string.h>

/* What a monitor may be late by without having been stopped. */
#define SLACK_NS (500 * HEALTH_NS_PER_MS)

static void print_note(void *context, enum health_trace_severity severity, const char *text)
{
    const struct replay *replay = context;
    (void)severity;
    fprintf(stderr, "%s: %s\n", replay->path, text);
}

/* The limits: derived from the recorded cadence, where none is configured. */
static bool set_limits(struct replay *replay, const struct config *config)
{
    const struct health_trace_header *header = replay->header;
    struct config said = config ? *config : (struct config){.clusters = NULL};

    if (!said.probe_interval_ms)
        said.probe_interval_ms = header->probe_interval_ms;
    if (!said.probe_timeout_ms)
        said.probe_timeout_ms = header->probe_timeout_ms;
    if (!said.heartbeat_interval_ms)
        said.heartbeat_interval_ms = header->heartbeat_interval_ms;
    return config_limits(&said, &replay->limits);
}

static uint32_t expected_size(const struct replay *replay, const struct config *config)
{
    for (size_t i = 0; config && i < config->cluster_count; i++)
        if (config->clusters[i].expected_size &&
            strcmp(config->clusters[i].name, replay->header->cluster) == 0)
            return config->clusters[i].expected_size;
    return replay->header->expected_size;
}

static bool build_engine(struct replay *replay, const struct config *config)
{
    uint32_t nodes = replay->header->node_count;
    const struct health_queue_options queue = {
        .subjects = nodes + 1, .capacity = nodes + 1, .epoch = 1};
    if (!set_limits(replay, config) || health_queue_create(&queue, &replay->queue) != HEALTH_OK)
        return false;

    const struct health_engine_options engine = {
        .nodes = nodes,
        .clusters = 1,
        .now_ns = replay->start_ns,
        .limits = &replay->limits,
        .ruleset = &health_rules_galera,
        .queues = {replay->queue},
    };
    if (health_engine_create(&engine, &replay->engine) != HEALTH_OK ||
        health_memory_create(&engine, &replay->memory) != HEALTH_OK ||
        health_cluster_add(replay->engine, replay->start_ns, expected_size(replay, config),
                           &replay->cluster) != HEALTH_OK)
        return false;
    for (uint32_t i = 0; i < nodes; i++) {
        uint32_t node; /* numbers are given in order, so node i is the header's i-th */
        if (health_node_add(replay->engine, replay->start_ns, replay->cluster, &node) != HEALTH_OK)
            return false;
    }
    return true;
}

static void read_entry(struct replay *replay)
{
    replay->has_entry = replay->source(replay->source_context, &replay->entry) != HEALTH_TRACE_END;
}

bool replay_begin(struct replay *replay, const struct health_trace_header *header,
                  replay_source *source, void *context, const struct replay_options *options)
{
    replay->header = header;
    replay->source = source;
    replay->source_context = context;
    read_entry(replay);
    replay->start_ns = replay->has_entry ? replay->entry.at_ns : 0;
    replay->now_ns = replay->seen_ns = replay->start_ns;
    return build_engine(replay, options->config);
}

static enum health_trace_kind next_of_reader(void *context, struct health_trace_entry *ret_entry)
{
    return health_trace_next(context, ret_entry);
}

bool replay_open(struct replay *replay, const char *path, const struct replay_options *options)
{
    memset(replay, 0, sizeof *replay);
    replay->path = path;
    const struct health_trace_options trace = {
        .strict = options->strict, .note = print_note, .context = replay};
    replay->reader = health_trace_open(path, &trace);
    if (!replay->reader)
        return false;
    if (replay_begin(replay, health_trace_header(replay->reader), next_of_reader, replay->reader,
                     options))
        return true;
    fprintf(stderr, "%s: the limits contradict each other, or memory is short\n", path);
    replay_close(replay);
    return false;
}

void replay_close(struct replay *replay)
{
    health_memory_destroy(replay->memory);
    health_engine_destroy(replay->engine);
    health_queue_destroy(replay->queue);
    health_trace_close(replay->reader);
    memset(replay, 0, sizeof *replay);
}

static void tell(struct replay *replay, const struct replay_listener *listener)
{
    struct health_report report;
    while (health_queue_pop(replay->queue, &report)) {
        health_memory_report(replay->memory, replay->engine, &report);
        if (listener->report)
            listener->report(listener->context, replay, &report);
    }
}

/* Was the recorder stopped between the latest entry and `to_ns`? */
static bool recorder_stopped(const struct replay *replay, int64_t to_ns)
{
    int64_t longest_ns =
        replay->limits.probe_interval_ns + replay->limits.probe_timeout_ns + SLACK_NS;
    return replay->probed && to_ns - replay->seen_ns > longest_ns;
}

static void tick(struct replay *replay, int64_t at_ns, const struct replay_listener *listener)
{
    if (listener->wait)
        listener->wait(listener->context, at_ns);
    replay->now_ns = at_ns;
    health_engine_tick(replay->engine, at_ns);
    tell(replay, listener);
}

/* How long the longest limit is: so long after all has fallen silent, time alone changes nothing any more. */
static int64_t longest_limit(const struct health_limits *limits)
{
    size_t count;
    int64_t longest_ns = 0;
    const struct health_limit_row *rows = health_limit_rows(&count);

    for (size_t i = 0; i < count; i++) {
        int64_t limit_ns;
        memcpy(&limit_ns, (const char *)limits + rows[i].offset, sizeof limit_ns);
        if (limit_ns > longest_ns)
            longest_ns = limit_ns;
    }
    return longest_ns;
}

/* Let the clock run to `to_ns`, calling the engine whenever it wants to be called; in a silence of years, for as long as
 * that may change something. */
static void run_clock(struct replay *replay, int64_t to_ns, const struct replay_listener *listener)
{
    int64_t end_ns = replay->seen_ns + longest_limit(&replay->limits) + SLACK_NS;

    if (recorder_stopped(replay, to_ns))
        return;
    if (to_ns < end_ns)
        end_ns = to_ns;
    for (int64_t at_ns; (at_ns = health_engine_deadline(replay->engine)) <= end_ns;)
        tick(replay, at_ns, listener);
}

/* The clock has come to an entry. */
static void arrive(struct replay *replay, int64_t at_ns, const struct replay_listener *listener)
{
    if (!replay->paused)
        run_clock(replay, at_ns, listener);
    replay->paused = false;
    if (listener->wait)
        listener->wait(listener->context, at_ns);
    replay->now_ns = replay->seen_ns = at_ns;
}

/* The number of a node; HEALTH_NODE_NONE: the trace has none of this name. */
static uint32_t node_named(const struct replay *replay, const char *name)
{
    for (uint32_t i = 0; name && i < replay->header->node_count; i++)
        if (strcmp(replay->header->nodes[i], name) == 0)
            return i;
    return HEALTH_NODE_NONE;
}

/* Does the mark say that a node was taken out of service, or given back? Which, and whether. */
static bool is_maintenance(const struct replay *replay, const char *mark, uint32_t *ret_node,
                           bool *ret_on)
{
    cJSON *json = cJSON_Parse(mark);
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "recorder"));
    const cJSON *on = cJSON_GetObjectItemCaseSensitive(json, "on");
    bool meant = kind && strcmp(kind, "maintenance") == 0;

    *ret_node =
        node_named(replay, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "node")));
    *ret_on = cJSON_IsTrue(on);
    if (meant && (*ret_node == HEALTH_NODE_NONE || !cJSON_IsBool(on))) {
        fprintf(stderr,
                "%s: line %llu: a node of the header and on: true or false are expected of "
                "maintenance: not obeyed\n",
                replay->path, (unsigned long long)replay->entry.line);
        meant = false;
    }
    cJSON_Delete(json);
    return meant;
}

static void maintain(struct replay *replay, uint32_t node, bool on, int64_t at_ns,
                     const struct replay_listener *listener)
{
    arrive(replay, at_ns, listener);
    health_node_maintain(replay->engine, replay->now_ns, node, on);
    tell(replay, listener);
}

static void take_mark(struct replay *replay, int64_t at_ns, const struct replay_listener *listener)
{
    const char *mark = replay->entry.mark;
    bool resumes = strcmp(mark, RECORDER_RESUMES) == 0;
    bool pauses = strcmp(mark, RECORDER_PAUSES) == 0;
    uint32_t node;
    bool on;

    if (resumes || pauses || strcmp(mark, RECORDER_ENDS) == 0)
        arrive(replay, at_ns, listener);
    if (resumes)
        tick(replay, at_ns, listener);
    if (is_maintenance(replay, mark, &node, &on))
        maintain(replay, node, on, at_ns, listener);
    replay->paused = pauses;
    if (listener->mark)
        listener->mark(listener->context, replay, replay->entry.at_ns, mark);
}

static void take_observation(struct replay *replay, int64_t at_ns,
                             const struct replay_listener *listener)
{
    const struct health_trace_entry *entry = &replay->entry;

    arrive(replay, at_ns, listener);
    replay->probed |= entry->observation.witness == HEALTH_WITNESS_PROBE;
    enum health_error error =
        health_engine_observe(replay->engine, replay->now_ns, &entry->observation);
    if (error != HEALTH_OK)
        fprintf(stderr, "%s: line %llu: %s\n", replay->path, (unsigned long long)entry->line,
                health_error_text(error));
    else
        health_memory_observe(replay->memory, replay->engine, &entry->observation);
    if (listener->observation)
        listener->observation(listener->context, &entry->observation);
    tell(replay, listener);
}

static void take_entry(struct replay *replay, const struct replay_listener *listener)
{
    int64_t at_ns = replay->entry.at_ns > replay->now_ns ? replay->entry.at_ns : replay->now_ns;

    if (replay->entry.kind == HEALTH_TRACE_MARK)
        take_mark(replay, at_ns, listener);
    else
        take_observation(replay, at_ns, listener);
}

void replay_run(struct replay *replay, int64_t until_ns, const struct replay_listener *listener)
{
    tell(replay, listener);
    while (replay->has_entry && replay->entry.at_ns <= until_ns) {
        take_entry(replay, listener);
        read_entry(replay);
    }
    if (replay->has_entry && until_ns > replay->now_ns && !recorder_stopped(replay, until_ns)) {
        run_clock(replay, until_ns, listener);
        tick(replay, until_ns, listener);
    }
}

void replay_diagnose(const struct replay *replay, struct health_diagnosis *ret_diagnosis)
{
    struct health_case known;

    health_memory_case(replay->memory, replay->engine, replay->cluster, &replay->limits,
                       replay->now_ns, &known);
    health_diagnose(&known, ret_diagnosis);
}

bool replay_is_cluster(const struct replay *replay, const struct health_report *report)
{
    return report->subject >= replay->header->node_count;
}

const char *replay_state_name(const struct replay *replay, const struct health_report *report,
                              uint8_t state)
{
    return replay_is_cluster(replay, report) ? health_colour_name((enum health_colour)state)
                                             : health_state_name((enum health_state)state);
}

bool replay_time(const struct replay *replay, const char *text, int64_t *ret_ns)
{
    char *end = NULL;
    errno = 0;
    long long whole = strtoll(text, &end, 10);
    if (end != text && strcmp(end, "us") == 0) {
        bool good = !errno && whole >= 0 && whole <= INT64_MAX / HEALTH_NS_PER_US;
        *ret_ns = good ? whole * HEALTH_NS_PER_US : 0;
        return good;
    }
    errno = 0;
    double seconds = strtod(text, &end);
    double longest = (double)(INT64_MAX - replay->start_ns) / (double)HEALTH_NS_PER_S - 1;
    if (errno || end == text || (*end != '\0' && strcmp(end, "s") != 0) ||
        !(seconds >= 0 && seconds < longest)) /* which no NaN is */
        return false;
    *ret_ns = replay->start_ns + (int64_t)(seconds * (double)HEALTH_NS_PER_S);
    return true;
}

double replay_seconds(const struct replay *replay, int64_t at_ns)
{
    return (double)(at_ns - replay->start_ns) / (double)HEALTH_NS_PER_S;
}
