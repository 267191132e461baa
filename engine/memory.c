/*
 * memory.c - what must not be forgotten of a cluster when its nodes are down, and cases made of it.
 */
#include <healthd/memory.h>

#include "judge.h"

#include <stdlib.h>
#include <string.h>

/* What is kept of a node beside what is told of it. */
struct record {
    struct health_node_memory told;
    struct health_uuid boot; /* of the latest heartbeat, like the next */
    uint64_t seq;
    bool lives;        /* it was seen to run since it was last seen to be down */
    int64_t committed; /* as it last said, whatever it was then */
};

struct health_memory {
    struct record *records;
    struct health_cluster_memory *clusters;
    uint32_t node_capacity;
    uint32_t cluster_capacity;
};

static const struct record no_record = {
    .told = {.served.seqno = HEALTH_SEQNO_NONE, .recovery.seqno = HEALTH_SEQNO_NONE},
    .committed = HEALTH_SEQNO_NONE,
};

static const struct health_cluster_memory no_cluster = {.served.seqno = HEALTH_SEQNO_NONE};

enum health_error health_memory_create(const struct health_engine_options *options,
                                       struct health_memory **ret_memory)
{
    if (!health_engine_bytes(options))
        return HEALTH_EINVAL;
    struct health_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return HEALTH_ENOMEM;
    memory->node_capacity = options->nodes;
    memory->cluster_capacity = options->clusters;
    memory->records = calloc(options->nodes, sizeof *memory->records);
    memory->clusters = calloc(options->clusters, sizeof *memory->clusters);
    if (!memory->records || !memory->clusters) {
        health_memory_destroy(memory);
        return HEALTH_ENOMEM;
    }
    for (uint32_t i = 0; i < options->nodes; i++)
        memory->records[i] = no_record;
    for (uint32_t i = 0; i < options->clusters; i++)
        memory->clusters[i] = no_cluster;
    *ret_memory = memory;
    return HEALTH_OK;
}

void health_memory_destroy(struct health_memory *memory)
{
    if (!memory)
        return;
    free(memory->records);
    free(memory->clusters);
    free(memory);
}

void health_memory_forget_node(struct health_memory *memory, uint32_t node)
{
    memory->records[node] = no_record;
}

void health_memory_forget_cluster(struct health_memory *memory, uint32_t cluster)
{
    memory->clusters[cluster] = no_cluster;
}

struct health_node_memory *health_memory_node(struct health_memory *memory, uint32_t node)
{
    return &memory->records[node].told;
}

struct health_cluster_memory *health_memory_cluster(struct health_memory *memory, uint32_t cluster)
{
    return &memory->clusters[cluster];
}

static bool uuid_equal(const struct health_uuid *a, const struct health_uuid *b)
{
    return a->hi == b->hi && a->lo == b->lo;
}

static bool uuid_zero(const struct health_uuid *uuid)
{
    return !uuid->hi && !uuid->lo;
}

/* A worse taint stays. */
static void taint(struct health_node_memory *told, enum health_taint taint)
{
    if (told->taint == HEALTH_TAINT_NONE || taint < told->taint)
        told->taint = (uint8_t)taint;
}

/* ---- Observations ---- */

/* The highest of one history; another history begins anew. */
static void raise_mark(struct health_position *mark, const struct health_uuid *history,
                       int64_t seqno)
{
    if (!uuid_equal(&mark->history, history))
        *mark = (struct health_position){*history, seqno};
    else if (seqno > mark->seqno)
        mark->seqno = seqno;
}

static bool serves(const struct health_view *view)
{
    return view->component == HEALTH_COMPONENT_PRIMARY && view->ready == HEALTH_ANSWER_YES &&
           (view->local_state == HEALTH_LOCAL_SYNCED || view->local_state == HEALTH_LOCAL_DONOR) &&
           !uuid_zero(&view->state_uuid);
}

static void note_served(struct health_memory *memory, const struct health_engine *engine,
                        uint32_t node, const struct health_view *view, int64_t at_ns)
{
    struct health_node_memory *told = &memory->records[node].told;
    struct health_cluster_memory *cluster = &memory->clusters[engine->cold[node].cluster];

    told->served_ns = at_ns;
    told->served_size = view->size > 0 ? view->size : 0;
    if (view->last_committed < 0)
        return;
    raise_mark(&told->served, &view->state_uuid, view->last_committed);
    if (engine->nodes[node].state != HEALTH_STATE_GREEN)
        return;
    raise_mark(&cluster->served, &view->state_uuid, view->last_committed);
    cluster->served_ns = at_ns;
}

/* Does its position come on? A joiner's tells that it lives, a donor's that it is not blocked. */
static void note_committed(struct health_memory *memory, const struct health_engine *engine,
                           uint32_t node, const struct health_view *view, int64_t at_ns)
{
    struct record *record = &memory->records[node];
    struct health_node_memory *told = &record->told;
    int64_t highest = memory->clusters[engine->cold[node].cluster].served.seqno;

    if (view->last_committed > record->committed && told->joining_ns)
        told->moved_ns = at_ns;
    if (view->local_state != HEALTH_LOCAL_DONOR || view->last_committed != record->committed ||
        view->last_committed >= highest)
        told->stood_ns = 0;
    else if (!told->stood_ns)
        told->stood_ns = at_ns;
    record->committed = view->last_committed;
}

static void take_view(struct health_memory *memory, const struct health_engine *engine,
                      uint32_t node, const struct health_view *view, int64_t at_ns)
{
    if (view->local_state == HEALTH_LOCAL_ERROR)
        taint(&memory->records[node].told, HEALTH_TAINT_INCONSISTENT);
    if (serves(view))
        note_served(memory, engine, node, view, at_ns);
    note_committed(memory, engine, node, view, at_ns);
}

static void take_probe(struct health_memory *memory, const struct health_engine *engine,
                       const struct health_observation *observation)
{
    struct health_node_memory *told = &memory->records[observation->node].told;
    const struct health_probe *probe = &observation->probe;

    if (probe->error != told->probe_error)
        told->probe_error_ns = observation->at_ns;
    told->probe_error = probe->error;
    if (probe->ok && probe->has_view)
        take_view(memory, engine, observation->node, &probe->view, observation->at_ns);
}

static void take_files(struct health_node_memory *told, const struct health_heartbeat *beat,
                       int64_t at_ns)
{
    told->process = beat->process;
    told->grastate = beat->grastate;
    told->gvwstate = beat->gvwstate;
    told->sst_in_progress = beat->sst_in_progress;
    told->files_ns = at_ns;
    told->recovery = beat->recovery;
    told->recovery_ns = beat->recovery.status == HEALTH_RECOVERY_NONE ? 0 : at_ns;
    if (beat->process != HEALTH_PROCESS_STOPPED)
        return;
    if (beat->sst_in_progress == HEALTH_ANSWER_YES ||
        (beat->grastate.known && uuid_zero(&beat->grastate.uuid)))
        taint(told, HEALTH_TAINT_TORN);
}

static void take_moved(struct health_node_memory *told, uint64_t moved, int64_t at_ns)
{
    if (!moved)
        return;
    if (moved != told->moved && told->joining_ns)
        told->moved_ns = at_ns;
    told->moved = moved;
}

static void take_heartbeat(struct health_memory *memory, const struct health_engine *engine,
                           const struct health_observation *observation)
{
    struct record *record = &memory->records[observation->node];
    const struct health_heartbeat *beat = &observation->heartbeat;

    if (uuid_equal(&record->boot, &beat->boot) && beat->seq <= record->seq)
        return;
    record->boot = beat->boot;
    record->seq = beat->seq;
    take_files(&record->told, beat, observation->at_ns);
    take_moved(&record->told, beat->moved, observation->at_ns);
    if (beat->has_local && beat->local.ok && beat->local.has_view)
        take_view(memory, engine, observation->node, &beat->local.view, observation->at_ns);
}

void health_memory_observe(struct health_memory *memory, const struct health_engine *engine,
                           const struct health_observation *observation)
{
    if (observation->node >= memory->node_capacity)
        return;
    if (observation->witness == HEALTH_WITNESS_PROBE)
        take_probe(memory, engine, observation);
    else if (observation->witness == HEALTH_WITNESS_AGENT)
        take_heartbeat(memory, engine, observation);
}

/* ---- Reports ---- */

static void note_double_crash(struct health_memory *memory, const struct health_engine *engine,
                              uint32_t cluster, int64_t at_ns)
{
    const int64_t window_ns = engine->limits_ns.double_crash_ns;
    unsigned count = 0;
    uint32_t node;

    for (node = engine->clusters[cluster].first; node != HEALTH_NODE_NONE;
         node = engine->cold[node].next)
        count += memory->records[node].told.crash_ns[0] &&
                 at_ns - memory->records[node].told.crash_ns[0] <= window_ns;
    if (count < 2)
        return;
    memory->clusters[cluster].crashed_ns = at_ns;
    for (node = engine->clusters[cluster].first; node != HEALTH_NODE_NONE;
         node = engine->cold[node].next)
        if (memory->records[node].told.crash_ns[0] &&
            at_ns - memory->records[node].told.crash_ns[0] <= window_ns)
            memory->records[node].told.crashed_together = true;
}

static void note_crash(struct health_memory *memory, const struct health_engine *engine,
                       uint32_t node, int64_t at_ns)
{
    struct health_node_memory *told = &memory->records[node].told;

    memmove(told->crash_ns + 1, told->crash_ns,
            (HEALTH_CRASHES_KEPT - 1) * sizeof told->crash_ns[0]);
    told->crash_ns[0] = at_ns;
    note_double_crash(memory, engine, engine->cold[node].cluster, at_ns);
}

static bool joins(const struct health_report *report)
{
    return report->reason == HEALTH_REASON_JOINING || report->reason == HEALTH_REASON_STARTING ||
           report->reason == HEALTH_REASON_PORT_CLOSED ||
           report->reason == HEALTH_REASON_MAYBE_JOINING;
}

static void note_join(struct record *record, const struct health_report *report)
{
    struct health_node_memory *told = &record->told;

    if (!joins(report)) {
        told->joining_ns = 0;
        told->moved_ns = 0;
        return;
    }
    if (!told->joining_ns)
        told->joining_ns = report->at_ns;
    if (report->reason == HEALTH_REASON_JOINING)
        taint(told, HEALTH_TAINT_JOINING);
}

/* It serves: whatever was wrong with its data is mended. */
static void note_green(struct health_node_memory *told)
{
    told->taint = HEALTH_TAINT_NONE;
    told->wanted = false;
    told->stood_ns = 0;
}

static void take_node_report(struct health_memory *memory, const struct health_engine *engine,
                             const struct health_report *report)
{
    struct record *record = &memory->records[report->subject];
    bool down =
        report->state == HEALTH_STATE_RED_UNCLEAN || report->state == HEALTH_STATE_RED_CLEAN;

    if (report->state == HEALTH_STATE_RED_UNCLEAN && record->lives)
        note_crash(memory, engine, report->subject, report->at_ns);
    if (report->state != HEALTH_STATE_UNKNOWN)
        record->lives = !down;
    if (report->state == HEALTH_STATE_GREEN)
        note_green(&record->told);
    note_join(record, report);
}

static void take_cluster_report(struct health_memory *memory, const struct health_engine *engine,
                                uint32_t cluster, const struct health_report *report)
{
    struct health_cluster_memory *known = &memory->clusters[cluster];

    if (report->state == HEALTH_COLOUR_GREEN)
        known->split = false;
    if (engine->clusters[cluster].signs >> HEALTH_SIGN_SPLIT_BRAIN & 1u)
        known->split = true;
}

void health_memory_report(struct health_memory *memory, const struct health_engine *engine,
                          const struct health_report *report)
{
    if (report->subject < memory->node_capacity)
        take_node_report(memory, engine, report);
    else if (report->subject - memory->node_capacity < memory->cluster_capacity)
        take_cluster_report(memory, engine, report->subject - memory->node_capacity, report);
}

void health_memory_acknowledge(struct health_memory *memory, const struct health_engine *engine,
                               uint32_t cluster)
{
    uint32_t node;

    memory->clusters[cluster].crashed_ns = 0;
    for (node = engine->clusters[cluster].first; node != HEALTH_NODE_NONE;
         node = engine->cold[node].next)
        memory->records[node].told.crashed_together = false;
}

/* ---- Cases ---- */

static void fill_node(const struct health_memory *memory, const struct health_engine *engine,
                      uint32_t node, struct health_case_node *ret_node)
{
    struct health_why why;

    why_of(engine, node, &why);
    *ret_node = (struct health_case_node){
        .node = node,
        .known = why.node,
        .probe_age_ns = why.probe_age_ns,
        .agent_age_ns = why.agent_age_ns,
        .view_age_ns = why.view_age_ns,
        .memory = memory->records[node].told,
    };
    memcpy(ret_node->facts, why.facts, sizeof why.facts);
}

enum health_error health_memory_case(const struct health_memory *memory,
                                     const struct health_engine *engine, uint32_t cluster,
                                     const struct health_limits *limits, int64_t now_ns,
                                     struct health_case *ret_case)
{
    uint32_t node;

    if (health_cluster_snapshot(engine, cluster, &ret_case->cluster) != HEALTH_OK)
        return HEALTH_ENOENT;
    ret_case->now_ns = now_ns;
    ret_case->limits = limits;
    ret_case->memory = memory->clusters[cluster];
    ret_case->count = 0;
    for (node = engine->clusters[cluster].first; node != HEALTH_NODE_NONE;
         node = engine->cold[node].next)
        fill_node(memory, engine, node, &ret_case->nodes[ret_case->count++]);
    return HEALTH_OK;
}
