/*
 * memory.c - what must not be forgotten of a cluster when its nodes are down.
 */
#include "record.h"

#include "heartbeat.h"
#include "judge.h"

#include <stdlib.h>
#include <string.h>

/* A transfer comes on when this many more bytes are written: a fourth of one write of rsync's (256 KiB, however slow its
 * network), and nine times what a script that only polls writes while a join becomes stuck (124 bytes/s for 60 s). */
#define MOVED_LEAST (UINT64_C(64) << 10)

static const struct record no_record = {
    .told = {.served.seqno = HEALTH_SEQNO_NONE, .recovery.seqno = HEALTH_SEQNO_NONE},
    .committed.seqno = HEALTH_SEQNO_NONE,
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

/* A worse taint stays. */
static void taint(struct health_node_memory *told, enum health_taint taint)
{
    if (told->taint == HEALTH_TAINT_NONE || taint < told->taint)
        told->taint = (uint8_t)taint;
}

/* ---- Observations ---- */

/* The highest of one history; another history begins anew. True: it has come on. */
static bool raise_mark(struct health_position *mark, const struct health_uuid *history,
                       int64_t seqno)
{
    bool raised = !health_uuid_equal(&mark->history, history) || seqno > mark->seqno;

    if (raised)
        *mark = (struct health_position){*history, seqno};
    return raised;
}

static bool serves(const struct health_view *view)
{
    return view->component == HEALTH_COMPONENT_PRIMARY && view->ready == HEALTH_ANSWER_YES &&
           (view->local_state == HEALTH_LOCAL_SYNCED || view->local_state == HEALTH_LOCAL_DONOR) &&
           !health_uuid_is_zero(&view->state_uuid);
}

/* Does somebody serve alone, since a time when nobody did, at less than had been served? Then the numbers above are given
 * a second time, and whoever holds the former ones has another history under them. Only who founded a component has
 * surely applied all that it holds: a member may lag behind the others. */
static bool founds_below(const struct health_cluster_memory *cluster, int64_t green_ns,
                         const struct health_view *view)
{
    return view->size == 1 && view->recv_queue == 0 && cluster->served_ns < green_ns &&
           health_uuid_equal(&cluster->served.history, &view->state_uuid) &&
           view->last_committed < cluster->served.seqno;
}

/* An agent's view may be older than the probe's that came before it: positions only rise, and its size counts if
 * it is the latest. */
static void note_served(struct health_memory *memory, const struct health_engine *engine,
                        uint32_t node, const struct health_view *view, int64_t at_ns)
{
    struct health_node_memory *told = &memory->records[node].told;
    struct health_cluster_memory *cluster = &memory->clusters[engine->cold[node].cluster];

    if (at_ns >= told->served_ns) {
        told->served_ns = at_ns;
        told->served_size = view->size > 0 ? view->size : 0;
    }
    if (view->last_committed < 0)
        return;
    raise_mark(&told->served, &view->state_uuid, view->last_committed);
    if (engine->nodes[node].state != HEALTH_STATE_GREEN)
        return;
    cluster->split |= founds_below(cluster, engine->since_ns[node], view);
    raise_mark(&cluster->served, &view->state_uuid, view->last_committed);
    if (at_ns > cluster->served_ns)
        cluster->served_ns = at_ns;
}

static void note_moved(struct record *record, const struct health_engine *engine, int64_t at_ns)
{
    if (!record->told.joining_ns || at_ns < record->told.moved_ns)
        return;
    record->told.moved_ns = at_ns;
    record->moved_origin_ns = engine->origin_ns;
}

/* A donor whose position stands while its cluster's has gone on. */
static void note_standing(struct record *record, const struct health_engine *engine,
                          const struct health_position *highest, int64_t at_ns)
{
    const struct health_position *committed = &record->committed;
    bool behind = health_uuid_equal(&committed->history, &highest->history) &&
                  committed->seqno < highest->seqno;

    if (!behind || record->told.stood_ns)
        return;
    record->told.stood_ns = at_ns;
    record->stood_origin_ns = engine->origin_ns;
}

/* Does its position come on? A joiner's tells that it lives, a donor's that it is not blocked. */
static void note_committed(struct health_memory *memory, const struct health_engine *engine,
                           uint32_t node, const struct health_view *view, int64_t at_ns)
{
    struct record *record = &memory->records[node];
    const struct health_cluster_memory *cluster = &memory->clusters[engine->cold[node].cluster];
    bool raised = view->last_committed >= 0 &&
                  raise_mark(&record->committed, &view->state_uuid, view->last_committed);

    if (raised)
        note_moved(record, engine, at_ns);
    if (raised || view->local_state != HEALTH_LOCAL_DONOR)
        record->told.stood_ns = 0;
    else if (view->last_committed >= 0)
        note_standing(record, engine, &cluster->served, at_ns);
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
    struct record *record = &memory->records[observation->node];
    const struct health_probe *probe = &observation->probe;

    if (observation->at_ns < record->probe_ns)
        return;
    record->probe_ns = observation->at_ns;
    if (probe->error != record->told.probe_error)
        record->told.probe_error_ns = probe->ok ? 0 : observation->at_ns;
    record->told.probe_error = probe->error;
    if (probe->ok && probe->has_view)
        take_view(memory, engine, observation->node, &probe->view, observation->at_ns);
}

/* What a running server's files say is of no last stop; but who receives its state has a marker there. */
static void take_files(struct health_node_memory *told, const struct health_heartbeat *beat,
                       bool green, int64_t at_ns)
{
    const bool stopped = beat->process == HEALTH_PROCESS_STOPPED;

    told->process = beat->process;
    told->grastate = beat->grastate;
    told->gvwstate = beat->gvwstate;
    told->sst_in_progress = beat->sst_in_progress;
    told->files_ns = at_ns;
    told->recovery = stopped ? beat->recovery : no_record.told.recovery;
    told->recovery_ns = told->recovery.status == HEALTH_RECOVERY_NONE ? 0 : at_ns;
    if (stopped && (beat->sst_in_progress == HEALTH_ANSWER_YES ||
                    (beat->grastate.known && health_uuid_is_zero(&beat->grastate.uuid))))
        taint(told, HEALTH_TAINT_TORN);
    else if (!green && beat->sst_in_progress == HEALTH_ANSWER_YES)
        taint(told, HEALTH_TAINT_JOINING);
}

static void take_moved(struct record *record, const struct health_engine *engine, uint64_t moved,
                       int64_t at_ns)
{
    bool first = !record->told.moved;

    record->told.moved = moved;
    /* Less than at the mark wraps around, and counts: a new life, or one that ended and left its bytes to nobody. */
    if (!moved || (!first && moved - record->mark < MOVED_LEAST))
        return;
    record->mark = moved;
    note_moved(record, engine, at_ns);
}

/* The engine says which beats come in order; of these, each counts once. */
static bool beat_counts(const struct record *record, const struct node *node,
                        const struct health_heartbeat *beat)
{
    bool latest = node->boot == boot_tag(beat) && node->seq == (uint32_t)beat->seq;
    bool known = health_uuid_equal(&record->boot, &beat->boot) && record->seq == beat->seq;
    return latest && !known;
}

static void take_heartbeat(struct health_memory *memory, const struct health_engine *engine,
                           const struct health_observation *observation)
{
    struct record *record = &memory->records[observation->node];
    const struct node *node = &engine->nodes[observation->node];
    const struct health_heartbeat *beat = &observation->heartbeat;

    if (!beat_counts(record, node, beat))
        return;
    record->boot = beat->boot;
    record->seq = beat->seq;
    take_files(&record->told, beat, node->state == HEALTH_STATE_GREEN, observation->at_ns);
    take_moved(record, engine, beat->moved, observation->at_ns);
    if (beat->has_local && beat->local.ok && beat->local.has_view)
        take_view(memory, engine, observation->node, &beat->local.view,
                  observation->at_ns - engine->limits_ns.heartbeat_interval_ns);
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

/* Did a member crash within the window before this moment? */
static bool crashed_by(const struct record *record, int64_t at_ns, int64_t window_ns)
{
    int64_t crash_ns = record->told.crash_ns[0];
    return record->member_crashed && crash_ns <= at_ns && at_ns - crash_ns <= window_ns;
}

static void note_double_crash(struct health_memory *memory, const struct health_engine *engine,
                              uint32_t cluster, int64_t at_ns)
{
    const int64_t window_ns = engine->limits_ns.double_crash_ns;
    unsigned count = 0;
    uint32_t node;

    for (node = engine->clusters[cluster].first; node != HEALTH_NODE_NONE;
         node = engine->cold[node].next)
        count += crashed_by(&memory->records[node], at_ns, window_ns);
    if (count < 2)
        return;
    memory->clusters[cluster].crashed_ns = at_ns;
    for (node = engine->clusters[cluster].first; node != HEALTH_NODE_NONE;
         node = engine->cold[node].next)
        memory->records[node].told.crashed_together |=
            crashed_by(&memory->records[node], at_ns, window_ns);
}

/* Only what was seen to live is seen to crash. What a member had acknowledged may be lost with it; a joiner has
 * acknowledged nothing. */
static void note_crash(struct health_memory *memory, const struct health_engine *engine,
                       uint32_t node, int64_t at_ns)
{
    struct record *record = &memory->records[node];
    int64_t *crash_ns = record->told.crash_ns;

    memmove(crash_ns + 1, crash_ns, (HEALTH_CRASHES_KEPT - 1) * sizeof *crash_ns);
    crash_ns[0] = at_ns;
    record->member_crashed = record->member;
    if (record->member)
        note_double_crash(memory, engine, engine->cold[node].cluster, at_ns);
}

static void note_life(struct health_memory *memory, const struct health_engine *engine,
                      const struct health_report *report)
{
    struct record *record = &memory->records[report->subject];
    bool runs = report->state == HEALTH_STATE_GREEN || report->state == HEALTH_STATE_YELLOW;
    bool seen_to_end = record->life == LIFE_SEEN ||
                       (record->life == LIFE_STOPPED && report->reason == HEALTH_REASON_KILLED);

    if (runs && record->life != LIFE_SEEN) {
        record->member = false;
        record->committed = no_record.committed;
        record->life = LIFE_SEEN;
    }
    if (report->state == HEALTH_STATE_RED_UNCLEAN) {
        if (seen_to_end)
            note_crash(memory, engine, report->subject, report->at_ns);
        record->life = LIFE_OVER;
    } else if (report->state == HEALTH_STATE_RED_CLEAN && record->life == LIFE_SEEN) {
        record->life = LIFE_STOPPED;
    }
}

/* Whose port is closed is on its way up, unless it has served in this life: then it is on its way out. */
static bool comes_up(const struct record *record, const struct node *node,
                     const struct health_report *report)
{
    bool served = record->member && record->pid == node->pid;

    if (report->reason == HEALTH_REASON_STARTING || report->reason == HEALTH_REASON_PORT_CLOSED)
        return !served;
    return report->reason == HEALTH_REASON_JOINING || report->reason == HEALTH_REASON_MAYBE_JOINING;
}

/* What is not known of it, or that it is not ready yet, ends no join. */
static bool join_ends(const struct health_report *report)
{
    return report->state != HEALTH_STATE_UNKNOWN && report->reason != HEALTH_REASON_NOT_READY;
}

/* Where its transfer's bytes or its position are known, standing still from the first on is seen as well. */
static void begin_join(struct record *record, const struct health_engine *engine, int64_t at_ns)
{
    if (record->told.joining_ns)
        return;
    record->told.joining_ns = at_ns;
    if (record->told.moved || record->committed.seqno != HEALTH_SEQNO_NONE)
        note_moved(record, engine, at_ns);
}

static void note_join(struct record *record, const struct health_engine *engine,
                      const struct health_report *report)
{
    struct health_node_memory *told = &record->told;

    if (comes_up(record, &engine->nodes[report->subject], report)) {
        begin_join(record, engine, report->at_ns);
    } else if (join_ends(report)) {
        told->joining_ns = 0;
        told->moved_ns = 0;
    }
    if (report->reason == HEALTH_REASON_JOINING)
        taint(told, HEALTH_TAINT_JOINING);
}

/* It serves: whatever was wrong with its data is mended. */
static void note_green(struct record *record, const struct node *node)
{
    record->member = true;
    record->pid = node->pid;
    record->told.taint = HEALTH_TAINT_NONE;
    record->told.wanted = false;
}

/* Once every node serves nobody holds other write-sets under the same numbers any more. That the cluster is Green does
 * not say it: it may expect fewer nodes than it has. */
static void forget_split(struct health_memory *memory, const struct health_engine *engine,
                         uint32_t cluster)
{
    struct health_cluster_snapshot snapshot;

    if (health_cluster_snapshot(engine, cluster, &snapshot) == HEALTH_OK &&
        snapshot.states[HEALTH_STATE_GREEN] == snapshot.nodes &&
        !(snapshot.signs >> HEALTH_SIGN_SPLIT_BRAIN & 1u))
        memory->clusters[cluster].split = false;
}

static void take_node_report(struct health_memory *memory, const struct health_engine *engine,
                             const struct health_report *report)
{
    struct record *record = &memory->records[report->subject];
    const struct node *node = &engine->nodes[report->subject];

    note_life(memory, engine, report);
    note_join(record, engine, report);
    if (report->state == HEALTH_STATE_GREEN) {
        note_green(record, node);
        forget_split(memory, engine, engine->cold[report->subject].cluster);
    } else {
        record->told.stood_ns = 0;
    }
}

static void take_cluster_report(struct health_memory *memory, const struct health_engine *engine,
                                uint32_t cluster)
{
    if ((unsigned)engine->clusters[cluster].signs >> HEALTH_SIGN_SPLIT_BRAIN & 1u)
        memory->clusters[cluster].split = true;
    else
        forget_split(memory, engine, cluster);
}

void health_memory_report(struct health_memory *memory, const struct health_engine *engine,
                          const struct health_report *report)
{
    if (report->subject < memory->node_capacity)
        take_node_report(memory, engine, report);
    else if (report->subject - memory->node_capacity < memory->cluster_capacity)
        take_cluster_report(memory, engine, report->subject - memory->node_capacity);
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
