/*
 * recorder.c - every observation as a trace.
 */
#include "recorder.h"
#include "log.h"
#include "recorder_mark.h"
#include "spool.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 9999
#define PATH_SIZE 4096
#define FLUSH_SECONDS 1

struct trace {
    struct spool_file *file; /* NULL: not recorded */
    struct health_trace_writer *writer;
};

struct recorder {
    struct recorder_options options;
    struct spool *spool;
    struct event *timer;
    struct trace *traces; /* by the cluster's number */
    char *path;
};

/* Handed to the writer: the numbers of the trace's own. */
struct local {
    struct health_trace_entry entry;
    struct health_member members[UINT8_MAX];
};

static void write_mark(struct trace *trace, int64_t at_ns, const char *mark)
{
    const struct health_trace_entry entry = {
        .kind = HEALTH_TRACE_MARK, .at_ns = at_ns, .mark = mark};
    if (trace->file)
        health_trace_write(trace->writer, &entry);
}

static void stop(struct trace *trace)
{
    if (!trace->file)
        return;
    health_trace_write_end(trace->writer);
    spool_close(trace->file);
    *trace = (struct trace){.file = NULL};
}

static void give_up(struct recorder *recorder, uint32_t cluster, int error)
{
    stop(&recorder->traces[cluster]);
    log_event(LOG_ERR, "record", "cluster=%s text=\"recording stops: %s; monitoring goes on\"",
              roster_cluster_name(recorder->options.roster, cluster),
              error == ENOBUFS ? "the disk is too slow" : strerror(error));
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct recorder *recorder = context;
    uint32_t capacity = recorder->options.roster->directory.cluster_capacity;
    (void)fd;
    (void)what;
    for (uint32_t i = 0; i < capacity; i++) {
        int error = recorder->traces[i].file ? spool_flush(recorder->traces[i].file) : 0;
        if (error)
            give_up(recorder, i, error);
    }
}

static void discard(struct recorder *recorder, int patience_ms)
{
    if (recorder->timer)
        event_free(recorder->timer);
    spool_destroy(recorder->spool, patience_ms);
    free(recorder->traces);
    free(recorder->path);
    free(recorder);
}

struct recorder *recorder_create(const struct recorder_options *options)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    const struct timeval interval = {.tv_sec = FLUSH_SECONDS};

    if (!recorder)
        return NULL;
    recorder->options = *options;
    recorder->path = strdup(options->path);
    recorder->traces =
        calloc(options->roster->directory.cluster_capacity, sizeof *recorder->traces);
    recorder->spool = spool_create();
    recorder->timer = event_new(options->base, -1, EV_PERSIST, on_timer, recorder);
    if (recorder->path && recorder->traces && recorder->spool && recorder->timer &&
        event_priority_set(recorder->timer, 1) == 0 && event_add(recorder->timer, &interval) == 0)
        return recorder;
    discard(recorder, 0);
    return NULL;
}

void recorder_destroy(struct recorder *recorder, int64_t at_ns, int patience_ms)
{
    if (!recorder)
        return;
    for (uint32_t i = 0; i < recorder->options.roster->directory.cluster_capacity; i++)
        recorder_end(recorder, i, at_ns);
    discard(recorder, patience_ms);
}

/* "dir/trace.jsonl" to "dir/trace.lab.2.jsonl"; the extension begins at the last dot of the name. */
static void make_path(const struct recorder *recorder, const char *cluster, unsigned number,
                      char path[PATH_SIZE])
{
    const char *slash = strrchr(recorder->path, '/');
    const char *name = slash ? slash + 1 : recorder->path;
    const char *dot = strrchr(name, '.');
    const char *extension = dot && dot != name ? dot : name + strlen(name);
    char count[16] = "";

    if (number > 1)
        snprintf(count, sizeof count, ".%u", number);
    snprintf(path, PATH_SIZE, "%.*s%s%s%s%s", (int)(extension - recorder->path), recorder->path,
             cluster ? "." : "", cluster ? cluster : "", count, extension);
}

/* The first name that is free. */
static struct spool_file *open_file(struct recorder *recorder, uint32_t cluster,
                                    char path[PATH_SIZE])
{
    const struct roster *roster = recorder->options.roster;
    const char *name = roster->cluster_count > 1 ? roster_cluster_name(roster, cluster) : NULL;
    struct spool_file *file = NULL;

    for (unsigned number = 1; !file && number <= NUMBER_MAX; number++) {
        make_path(recorder, name, number, path);
        file = spool_open(recorder->spool, path);
        if (!file && errno != EEXIST)
            break;
    }
    return file;
}

void recorder_begin(struct recorder *recorder, uint32_t cluster,
                    const struct health_trace_header *header, int64_t at_ns)
{
    const struct roster *roster = recorder->options.roster;
    struct trace *trace = &recorder->traces[cluster];
    struct health_trace_header named = *header;
    char path[PATH_SIZE];
    char value[LOG_VALUE_MAX];

    recorder_end(recorder, cluster, at_ns);
    snprintf(named.cluster, sizeof named.cluster, "%s", roster_cluster_name(roster, cluster));
    named.node_count = roster->clusters[cluster].count;
    for (uint32_t i = 0; i < named.node_count; i++)
        snprintf(named.nodes[i], sizeof named.nodes[i], "%s",
                 roster_node_name(roster, roster->clusters[cluster].nodes[i]));
    trace->file = open_file(recorder, cluster, path);
    if (trace->file)
        trace->writer = health_trace_write_begin(spool_stream(trace->file), false, &named);
    if (trace->writer) {
        write_mark(trace, at_ns, RECORDER_BEGINS);
        log_event(LOG_INFO, "record", "cluster=%s file=%s", named.cluster,
                  log_value(value, sizeof value, path));
        return;
    }
    log_event(LOG_ERR, "record", "cluster=%s file=%s text=\"not recorded: %s\"", named.cluster,
              log_value(value, sizeof value, path), strerror(errno));
    if (trace->file)
        spool_close(trace->file);
    trace->file = NULL;
}

void recorder_end(struct recorder *recorder, uint32_t cluster, int64_t at_ns)
{
    write_mark(&recorder->traces[cluster], at_ns, RECORDER_ENDS);
    stop(&recorder->traces[cluster]);
}

void recorder_mark(struct recorder *recorder, int64_t at_ns, const char *mark)
{
    for (uint32_t i = 0; i < recorder->options.roster->directory.cluster_capacity; i++)
        write_mark(&recorder->traces[i], at_ns, mark);
}

void recorder_maintenance(struct recorder *recorder, uint32_t node, int64_t at_ns, bool on)
{
    const struct roster *roster = recorder->options.roster;
    char mark[sizeof RECORDER_MAINTENANCE + DIRECTORY_NAME_MAX];

    snprintf(mark, sizeof mark, RECORDER_MAINTENANCE, roster_node_name(roster, node),
             on ? "true" : "false");
    write_mark(&recorder->traces[roster->cluster_of[node]], at_ns, mark);
}

/* Give a view's members the trace's numbers; of nodes that are not in it, none. */
static void localise(const struct roster *roster, uint32_t cluster, struct local *local,
                     struct health_probe *probe)
{
    struct health_view *view = &probe->view;

    if (!probe->has_view || !view->member_count)
        return;
    for (unsigned i = 0; i < view->member_count; i++) {
        local->members[i] = view->members[i];
        if (view->members[i].node != HEALTH_NODE_NONE)
            local->members[i].node = roster_place(roster, cluster, view->members[i].node);
    }
    view->members = local->members;
}

void recorder_take(struct recorder *recorder, const struct health_observation *observation)
{
    const struct roster *roster = recorder->options.roster;
    uint32_t cluster = roster->cluster_of[observation->node];
    struct trace *trace = &recorder->traces[cluster];
    struct local local;

    if (!trace->file)
        return;
    local.entry = (struct health_trace_entry){
        .kind = HEALTH_TRACE_OBSERVATION, .at_ns = observation->at_ns, .observation = *observation};
    local.entry.observation.node = roster_place(roster, cluster, observation->node);
    if (observation->witness == HEALTH_WITNESS_PROBE)
        localise(roster, cluster, &local, &local.entry.observation.probe);
    if (observation->witness == HEALTH_WITNESS_AGENT)
        localise(roster, cluster, &local, &local.entry.observation.heartbeat.local);
    health_trace_write(trace->writer, &local.entry);
}
