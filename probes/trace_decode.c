/*
 * trace_decode.c - one line of JSON to the header or to an entry.
 */
#include "trace_fields.h"

#include <stdlib.h>
#include <string.h>

static uint8_t get_component(struct decoder *decoder, const cJSON *wsrep, const char *where)
{
    const char *text = field_text(decoder, wsrep, where, "cluster_status");
    return (uint8_t)(text ? word_component(text) : HEALTH_COMPONENT_NOT_KNOWN);
}

/* What the group communication is at, as far as it tells of a search for members. */
static uint8_t get_gathering(struct decoder *decoder, const cJSON *wsrep, const char *where)
{
    const char *text = field_text(decoder, wsrep, where, "evs_state");
    return (uint8_t)(text ? word_gathering(text) : HEALTH_ANSWER_NOT_KNOWN);
}

/* -1, with or without a sign, is the server's "none yet". */
static int64_t get_committed(struct decoder *decoder, const cJSON *wsrep, const char *where)
{
    const cJSON *value = field_get(wsrep, "last_committed");
    if (cJSON_IsNumber(value) && value->valuedouble == -1)
        return -1;
    uint64_t number = field_count(decoder, wsrep, where, "last_committed", UINT64_MAX, UINT64_MAX);
    return number > INT64_MAX ? -1 : (int64_t)number;
}

static uint32_t node_index(const struct health_trace_header *header, const char *name)
{
    for (uint32_t i = 0; i < header->node_count; i++)
        if (strcmp(header->nodes[i], name) == 0)
            return i;
    return HEALTH_NODE_NONE;
}

static void decode_members(struct decoder *decoder, const cJSON *probe, const char *where,
                           struct health_view *view)
{
    static const char *const known[] = {"gcomm_uuid", "name", NULL};
    struct health_trace_reader *reader = decoder->reader;
    const cJSON *members = field_get(probe, "members");
    const cJSON *member;

    if (!members)
        return;
    if (!cJSON_IsArray(members) || cJSON_GetArraySize(members) > MEMBERS_MAX) {
        FAIL(decoder, "%s.members: an array of at most %d is expected", where, MEMBERS_MAX);
        return;
    }
    view->members = reader->members;
    cJSON_ArrayForEach(member, members)
    {
        if (!cJSON_IsObject(member)) {
            FAIL(decoder, "%s.members: objects are expected", where);
            return;
        }
        fields_check(decoder, member, "members", known);
        const char *name = field_text(decoder, member, "members", "name");
        reader->members[view->member_count++] = (struct health_member){
            .gcomm_uuid = field_uuid(decoder, member, "members", "gcomm_uuid"),
            .node = name ? node_index(&reader->header, name) : HEALTH_NODE_NONE,
        };
    }
}

static void decode_view(struct decoder *decoder, const cJSON *probe, const char *where,
                        struct health_view *view)
{
    static const char *const known[] = {
        "local_state", "cluster_status", "cluster_size", "cluster_weight", "ready", "connected",
        "cluster_conf_id", "cluster_state_uuid", "gcomm_uuid", "evs_state", "local_recv_queue",
        "last_committed",
        /* carried by recordings, not used here */
        "flow_control_paused_ns", "desync_count", "local_index", NULL};
    static const char *const known_vars[] = {"reject_queries", "desync",
                                             "read_only",      "sst_donor_rejects_queries",
                                             "pxc_maint_mode", NULL};
    const cJSON *wsrep = field_get(probe, "wsrep");
    const cJSON *vars = field_object(decoder, probe, where, "vars");

    fields_check(decoder, wsrep, "wsrep", known);
    view->state_uuid = field_uuid(decoder, wsrep, where, "cluster_state_uuid");
    view->gcomm_uuid = field_uuid(decoder, wsrep, where, "gcomm_uuid");
    view->conf_id =
        field_count(decoder, wsrep, where, "cluster_conf_id", UINT64_MAX, HEALTH_CONF_NONE);
    view->size =
        (int32_t)field_count(decoder, wsrep, where, "cluster_size", INT32_MAX, (uint64_t)-1);
    view->weight =
        (int32_t)field_count(decoder, wsrep, where, "cluster_weight", INT32_MAX, (uint64_t)-1);
    view->component = get_component(decoder, wsrep, where);
    view->local_state = (uint8_t)field_count(decoder, wsrep, where, "local_state", UINT8_MAX,
                                             HEALTH_LOCAL_NOT_KNOWN);
    view->ready = field_switch(decoder, wsrep, where, "ready");
    view->connected = field_switch(decoder, wsrep, where, "connected");
    view->gathering = get_gathering(decoder, wsrep, where);
    view->recv_queue =
        (int32_t)field_count(decoder, wsrep, where, "local_recv_queue", INT32_MAX, (uint64_t)-1);
    view->last_committed = get_committed(decoder, wsrep, where);
    view->version =
        word_version(field_text(decoder, probe, where, "version"), decoder->reader->version);
    if (vars) {
        fields_check(decoder, vars, "vars", known_vars);
        view->rejects = field_unless(decoder, vars, where, "reject_queries", "NONE");
        view->desync = field_switch(decoder, vars, where, "desync");
        view->read_only = field_switch(decoder, vars, where, "read_only");
        view->donor_rejects = field_switch(decoder, vars, where, "sst_donor_rejects_queries");
        view->maintenance = field_unless(decoder, vars, where, "pxc_maint_mode", "DISABLED");
    }
    decode_members(decoder, probe, where, view);
}

static void decode_probe(struct decoder *decoder, const cJSON *json, const char *where,
                         struct health_probe *probe)
{
    static const char *const known[] = {"ok",   "rtt_us",  "error",   "code", "wsrep",
                                        "vars", "members", "version", NULL};
#define X(id, text) text,
    static const char *const errors[] = { HEALTH_PROBE_ERRORS(X) };
#undef X
    const cJSON *ok = field_get(json, "ok");

    fields_check(decoder, json, where, known);
    if (!cJSON_IsBool(ok)) {
        FAIL(decoder, "%s.ok: true or false is expected", where);
        return;
    }
    probe->ok = cJSON_IsTrue(ok);
    probe->rtt_ns = (int64_t)field_count(decoder, json, where, "rtt_us", INT64_MAX / 1000, 0) *
                    HEALTH_NS_PER_US;
    probe->code = (uint16_t)field_count(decoder, json, where, "code", UINT16_MAX, 0);
    probe->error = field_word(decoder, json, where, "error", errors, HEALTH_PROBE_ERROR_COUNT,
                              HEALTH_PROBE_NONE);
    if (!probe->ok && probe->error == HEALTH_PROBE_NONE)
        FAIL(decoder, "%s.error: a failed probe says how it failed", where);
    if (probe->ok)
        probe->error = HEALTH_PROBE_NONE;
    probe->has_view = field_object(decoder, json, where, "wsrep") != NULL;
    if (probe->has_view)
        decode_view(decoder, json, where, &probe->view);
}

static void decode_exit(struct decoder *decoder, const cJSON *json, struct health_heartbeat *beat)
{
    static const char *const known[] = {"code", "signal", NULL};
    const cJSON *ended = field_object(decoder, json, "heartbeat", "exit");

    if (!ended)
        return;
    fields_check(decoder, ended, "exit", known);
    if (field_get(ended, "signal")) {
        beat->exit_kind = HEALTH_EXIT_SIGNAL;
        beat->exit_value = (int32_t)field_count(decoder, ended, "exit", "signal", 255, 0);
    } else if (field_get(ended, "code")) {
        beat->exit_kind = HEALTH_EXIT_CODE;
        beat->exit_value = (int32_t)field_count(decoder, ended, "exit", "code", 255, 0);
    }
}

static void decode_grastate(struct decoder *decoder, const cJSON *json,
                            struct health_grastate *grastate)
{
    static const char *const known[] = {"uuid", "seqno", "safe_to_bootstrap", NULL};
    const cJSON *saved = field_object(decoder, json, "heartbeat", "grastate");

    if (!saved)
        return;
    fields_check(decoder, saved, "grastate", known);
    grastate->known = true;
    grastate->uuid = field_uuid(decoder, saved, "grastate", "uuid");
    grastate->seqno = field_signed(decoder, saved, "grastate", "seqno", -1);
    grastate->safe_to_bootstrap = field_switch(decoder, saved, "grastate", "safe_to_bootstrap");
}

static void decode_recovery(struct decoder *decoder, const cJSON *json,
                            struct health_recovery *recovery)
{
    static const char *const known[] = {"status", "uuid", "seqno", NULL};
#define X(id, text) text,
    static const char *const statuses[] = { HEALTH_RECOVERIES(X) };
#undef X
    const cJSON *told = field_object(decoder, json, "heartbeat", "recovery");

    recovery->seqno = -1;
    if (!told)
        return;
    fields_check(decoder, told, "recovery", known);
    recovery->status = field_word(decoder, told, "recovery", "status", statuses,
                                  HEALTH_RECOVERY_COUNT, HEALTH_RECOVERY_NONE);
    if (recovery->status != HEALTH_RECOVERY_DONE)
        return;
    if (!field_get(told, "uuid") || !field_get(told, "seqno"))
        FAIL(decoder, "recovery: one that is done has uuid and seqno");
    recovery->uuid = field_uuid(decoder, told, "recovery", "uuid");
    recovery->seqno = field_signed(decoder, told, "recovery", "seqno", -1);
}

void trace_decode_beat(struct decoder *decoder, const cJSON *json, struct health_heartbeat *beat)
{
    static const char *const known[] = {
        "boot", "seq",      "sent_us",         "pid",   "mysqld",   "proc_state", "grastate",
        "exit", "gvwstate", "sst_in_progress", "moved", "recovery", "local",      NULL};
#define X(id, text) text,
    static const char *const processes[] = { HEALTH_PROCESSES(X) };
#undef X
    fields_check(decoder, json, "heartbeat", known);
    if (!field_get(json, "boot") || !field_get(json, "seq") || !field_get(json, "mysqld"))
        FAIL(decoder, "heartbeat: boot, seq and mysqld are expected");
    beat->boot = field_uuid(decoder, json, "heartbeat", "boot");
    beat->seq = field_count(decoder, json, "heartbeat", "seq", UINT64_MAX, 0);
    beat->sent_us = field_signed(decoder, json, "heartbeat", "sent_us", 0);
    beat->pid = (uint32_t)field_count(decoder, json, "heartbeat", "pid", UINT32_MAX, 0);
    beat->process = field_word(decoder, json, "heartbeat", "mysqld", processes,
                               HEALTH_PROCESS_COUNT, HEALTH_PROCESS_NOT_KNOWN);
    const char *letter = field_text(decoder, json, "heartbeat", "proc_state");
    beat->proc_state = letter ? letter[0] : '\0';
    beat->gvwstate = field_switch(decoder, json, "heartbeat", "gvwstate");
    beat->sst_in_progress = field_switch(decoder, json, "heartbeat", "sst_in_progress");
    decode_exit(decoder, json, beat);
    decode_grastate(decoder, json, &beat->grastate);
    beat->moved = field_count(decoder, json, "heartbeat", "moved", UINT64_MAX, 0);
    decode_recovery(decoder, json, &beat->recovery);
    const cJSON *local = field_object(decoder, json, "heartbeat", "local");
    beat->has_local = local != NULL;
    if (local)
        decode_probe(decoder, local, "local", &beat->local);
}

static uint8_t decode_link(struct decoder *decoder, const cJSON *json)
{
#define X(id, text) text,
    static const char *const links[] = { HEALTH_LINKS(X) };
#undef X
    return field_word(decoder, json, "entry", "link", links, HEALTH_LINK_COUNT,
                      HEALTH_LINK_NOT_KNOWN);
}

static void decode_observation(struct decoder *decoder, const cJSON *json,
                               struct health_trace_entry *entry)
{
    struct health_observation *observation = &entry->observation;
    const cJSON *probe = field_object(decoder, json, "entry", "probe");
    const cJSON *beat = field_object(decoder, json, "entry", "heartbeat");
    bool link = field_get(json, "link") != NULL;
    const char *name = field_text(decoder, json, "entry", "node");

    if ((probe != NULL) + (beat != NULL) + link != 1) {
        FAIL(decoder, "exactly one of probe, link, heartbeat or mark is expected");
        return;
    }
    observation->at_ns = entry->at_ns;
    observation->node = name ? node_index(&decoder->reader->header, name) : HEALTH_NODE_NONE;
    if (observation->node == HEALTH_NODE_NONE) {
        FAIL(decoder, "node \"%.64s\" is not one of the header's nodes", name ? name : "");
        return;
    }
    if (probe) {
        observation->witness = HEALTH_WITNESS_PROBE;
        decode_probe(decoder, probe, "probe", &observation->probe);
    } else if (beat) {
        observation->witness = HEALTH_WITNESS_AGENT;
        trace_decode_beat(decoder, beat, &observation->heartbeat);
    } else {
        observation->witness = HEALTH_WITNESS_LINK;
        observation->link = decode_link(decoder, json);
    }
}

/* Keep a mark's own text, which is shown to people as it stands. */
static void decode_mark(struct decoder *decoder, const cJSON *mark,
                        struct health_trace_entry *entry)
{
    char *text = cJSON_PrintUnformatted(mark);
    size_t size = text ? strlen(text) + 1 : 0;
    if (text && trace_text_reserve(decoder->reader, size)) {
        entry->kind = HEALTH_TRACE_MARK;
        entry->mark = memcpy(decoder->reader->text, text, size);
    } else {
        FAIL(decoder, "out of memory for a mark");
    }
    free(text);
}

bool trace_decode_entry(struct health_trace_reader *reader, const char *line, size_t length,
                        struct health_trace_entry *entry)
{
    static const char *const known[] = {"t_us", "node", "probe", "link", "heartbeat", "mark", NULL};
    struct decoder decoder = {.reader = reader};
    cJSON *json = fields_parse(reader, line, length);

    if (!json)
        return false;
    fields_check(&decoder, json, "entry", known);
    entry->kind = HEALTH_TRACE_OBSERVATION;
    entry->line = reader->line_number;
    if (!field_get(json, "t_us"))
        FAIL(&decoder, "t_us is expected: monotonic microseconds");
    entry->at_ns =
        (int64_t)field_count(&decoder, json, "entry", "t_us", TIME_MAX_US, 0) * HEALTH_NS_PER_US;
    const cJSON *mark = field_object(&decoder, json, "entry", "mark");
    if (mark)
        decode_mark(&decoder, mark, entry);
    else if (!decoder.failed)
        decode_observation(&decoder, json, entry);
    cJSON_Delete(json);
    return !decoder.failed;
}

static void copy_text(struct decoder *decoder, const cJSON *json, const char *key, char *buffer,
                      size_t size)
{
    const char *text = field_text(decoder, json, "header", key);
    if (text && strlen(text) >= size)
        FAIL(decoder, "header.%s: at most %zu characters are expected", key, size - 1);
    snprintf(buffer, size, "%s", text ? text : "");
}

static void decode_names(struct decoder *decoder, const cJSON *json,
                         struct health_trace_header *header)
{
    const cJSON *names = field_get(json, "nodes");
    const cJSON *name;

    if (!cJSON_IsArray(names) || cJSON_GetArraySize(names) < 1 ||
        cJSON_GetArraySize(names) > HEALTH_CLUSTER_NODES_MAX) {
        FAIL(decoder, "header.nodes: an array of 1 to %d names is expected",
             HEALTH_CLUSTER_NODES_MAX);
        return;
    }
    cJSON_ArrayForEach(name, names)
    {
        const char *text = cJSON_GetStringValue(name);
        if (!text || !*text || strlen(text) >= HEALTH_TRACE_NAME_MAX ||
            node_index(header, text) != HEALTH_NODE_NONE) {
            FAIL(decoder, "header.nodes: different names of 1 to %d characters are expected",
                 HEALTH_TRACE_NAME_MAX - 1);
            return;
        }
        if (strcmp(text, "cluster") == 0) {
            FAIL(decoder, "header.nodes: no node may be named \"cluster\": expectations mean the "
                          "whole by it");
            return;
        }
        snprintf(header->nodes[header->node_count++], HEALTH_TRACE_NAME_MAX, "%s", text);
    }
}

/* A cadence that the engine can work with: 1 ms to an hour. */
static uint32_t get_cadence(struct decoder *decoder, const cJSON *json, const char *key,
                            uint32_t missing)
{
    uint32_t value = (uint32_t)field_count(decoder, json, "header", key, 3600000, missing);
    if (value == 0)
        FAIL(decoder, "header.%s: 1 to 3600000 ms is expected", key);
    return value;
}

bool trace_decode_header(struct health_trace_reader *reader, const char *line, size_t length)
{
    static const char *const known[] = {"trace",
                                        "scenario",
                                        "about",
                                        "cluster",
                                        "expected_size",
                                        "nodes",
                                        "probe_interval_ms",
                                        "probe_timeout_ms",
                                        "heartbeat_interval_ms",
                                        "recorded_on",
                                        NULL};
    struct health_trace_header *header = &reader->header;
    struct decoder decoder = {.reader = reader};
    cJSON *json = fields_parse(reader, line, length);

    if (!json)
        return false;
    if (field_count(&decoder, json, "header", "trace", UINT32_MAX, 0) != 1) {
        FAIL(&decoder, "a header with \"trace\":1 is expected in the first line");
    } else {
        fields_check(&decoder, json, "header", known);
        decode_names(&decoder, json, header);
        copy_text(&decoder, json, "cluster", header->cluster, sizeof header->cluster);
        copy_text(&decoder, json, "scenario", header->scenario, sizeof header->scenario);
        copy_text(&decoder, json, "about", header->about, sizeof header->about);
        header->expected_size = (uint32_t)field_count(&decoder, json, "header", "expected_size",
                                                      HEALTH_CLUSTER_NODES_MAX, header->node_count);
        if (header->expected_size == 0)
            FAIL(&decoder, "header.expected_size: 1 to %d is expected", HEALTH_CLUSTER_NODES_MAX);
        header->probe_interval_ms = get_cadence(&decoder, json, "probe_interval_ms", 1000);
        header->probe_timeout_ms = get_cadence(&decoder, json, "probe_timeout_ms", 500);
        header->heartbeat_interval_ms = get_cadence(&decoder, json, "heartbeat_interval_ms", 500);
        if (!header->cluster[0])
            snprintf(header->cluster, sizeof header->cluster, "cluster");
    }
    cJSON_Delete(json);
    return !decoder.failed;
}
