/*
 * trace_encode.c - the header, or an entry, as a line of JSON with its keys in a fixed order.
 *
 * What is not known is left out, so that a line read back says just the same.
 */
#include "trace_fields.h"

#include <stdlib.h>

/* Integers go in as raw digits: cJSON's own numbers are doubles. */
static void add_unsigned(cJSON *object, const char *key, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    cJSON_AddRawToObject(object, key, digits);
}

static void add_signed(cJSON *object, const char *key, int64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    cJSON_AddRawToObject(object, key, digits);
}

static void add_uuid(cJSON *object, const char *key, const struct health_uuid *uuid)
{
    char text[UUID_TEXT_SIZE];
    if (!uuid->hi && !uuid->lo)
        return;
    uuid_format(uuid, text);
    cJSON_AddStringToObject(object, key, text);
}

static void add_answer(cJSON *object, const char *key, uint8_t answer, const char *yes,
                       const char *no)
{
    if (answer != HEALTH_ANSWER_NOT_KNOWN)
        cJSON_AddStringToObject(object, key, answer == HEALTH_ANSWER_YES ? yes : no);
}

static void add_bool(cJSON *object, const char *key, uint8_t answer)
{
    if (answer != HEALTH_ANSWER_NOT_KNOWN)
        cJSON_AddBoolToObject(object, key, answer == HEALTH_ANSWER_YES);
}

static void add_wsrep(cJSON *probe, const struct health_view *view)
{
    cJSON *wsrep = cJSON_AddObjectToObject(probe, "wsrep");

    if (view->local_state != HEALTH_LOCAL_NOT_KNOWN)
        add_unsigned(wsrep, "local_state", view->local_state);
    if (view->component != HEALTH_COMPONENT_NOT_KNOWN)
        cJSON_AddStringToObject(wsrep, "cluster_status",
                                health_component_name((enum health_component)view->component));
    if (view->size != -1)
        add_signed(wsrep, "cluster_size", view->size);
    if (view->weight != -1)
        add_signed(wsrep, "cluster_weight", view->weight);
    add_answer(wsrep, "ready", view->ready, "ON", "OFF");
    add_answer(wsrep, "connected", view->connected, "ON", "OFF");
    add_answer(wsrep, "evs_state", view->gathering, "GATHER", "OPERATIONAL");
    add_unsigned(wsrep, "cluster_conf_id", view->conf_id);
    add_uuid(wsrep, "cluster_state_uuid", &view->state_uuid);
    add_uuid(wsrep, "gcomm_uuid", &view->gcomm_uuid);
    if (view->recv_queue != -1)
        add_signed(wsrep, "local_recv_queue", view->recv_queue);
    if (view->last_committed != -1)
        add_signed(wsrep, "last_committed", view->last_committed);
}

static void add_vars(cJSON *probe, const struct health_view *view)
{
    if (!(view->rejects | view->desync | view->read_only | view->donor_rejects | view->maintenance))
        return;
    cJSON *vars = cJSON_AddObjectToObject(probe, "vars");
    add_answer(vars, "reject_queries", view->rejects, "ALL", "NONE");
    add_answer(vars, "desync", view->desync, "ON", "OFF");
    add_answer(vars, "read_only", view->read_only, "ON", "OFF");
    add_answer(vars, "sst_donor_rejects_queries", view->donor_rejects, "ON", "OFF");
    add_answer(vars, "pxc_maint_mode", view->maintenance, "MAINTENANCE", "DISABLED");
}

static void add_members(cJSON *probe, const struct health_trace_header *header,
                        const struct health_view *view)
{
    if (!view->member_count)
        return;
    cJSON *members = cJSON_AddArrayToObject(probe, "members");
    for (unsigned i = 0; i < view->member_count; i++) {
        cJSON *member = cJSON_CreateObject();
        add_uuid(member, "gcomm_uuid", &view->members[i].gcomm_uuid);
        if (view->members[i].node < header->node_count)
            cJSON_AddStringToObject(member, "name", header->nodes[view->members[i].node]);
        cJSON_AddItemToArray(members, member);
    }
}

static void add_probe(cJSON *object, const char *key, const struct health_trace_header *header,
                      const struct health_probe *probe)
{
    cJSON *json = cJSON_AddObjectToObject(object, key);

    cJSON_AddBoolToObject(json, "ok", probe->ok);
    if (!probe->ok)
        cJSON_AddStringToObject(json, "error",
                                health_probe_error_name((enum health_probe_error)probe->error));
    if (probe->code)
        add_unsigned(json, "code", probe->code);
    add_signed(json, "rtt_us", probe->rtt_ns / HEALTH_NS_PER_US);
    if (probe->has_view) {
        add_wsrep(json, &probe->view);
        add_vars(json, &probe->view);
        add_members(json, header, &probe->view);
        if (probe->view.version)
            cJSON_AddStringToObject(json, "version", probe->view.version);
    }
}

static void add_end(cJSON *json, const struct health_heartbeat *beat)
{
    if (beat->grastate.known) {
        cJSON *grastate = cJSON_AddObjectToObject(json, "grastate");
        add_uuid(grastate, "uuid", &beat->grastate.uuid);
        add_signed(grastate, "seqno", beat->grastate.seqno);
        if (beat->grastate.safe_to_bootstrap != HEALTH_ANSWER_NOT_KNOWN)
            add_unsigned(grastate, "safe_to_bootstrap",
                         beat->grastate.safe_to_bootstrap == HEALTH_ANSWER_YES);
    }
    if (beat->exit_kind != HEALTH_EXIT_NOT_KNOWN) {
        cJSON *ended = cJSON_AddObjectToObject(json, "exit");
        add_signed(ended, beat->exit_kind == HEALTH_EXIT_CODE ? "code" : "signal",
                   beat->exit_value);
    }
}

/* What was found is told in full, zero UUID and -1 too: both are results. */
static void add_recovery(cJSON *json, const struct health_recovery *recovery)
{
    char uuid[UUID_TEXT_SIZE];

    if (recovery->status == HEALTH_RECOVERY_NONE)
        return;
    cJSON *told = cJSON_AddObjectToObject(json, "recovery");
    cJSON_AddStringToObject(told, "status",
                            health_recovery_name((enum health_recovery_status)recovery->status));
    if (recovery->status != HEALTH_RECOVERY_DONE)
        return;
    uuid_format(&recovery->uuid, uuid);
    cJSON_AddStringToObject(told, "uuid", uuid);
    add_signed(told, "seqno", recovery->seqno);
}

void trace_encode_beat(cJSON *object, const struct health_trace_header *header,
                       const struct health_heartbeat *beat)
{
    cJSON *json = cJSON_AddObjectToObject(object, "heartbeat");
    char boot[UUID_TEXT_SIZE];
    char letter[2] = {beat->proc_state, '\0'};

    uuid_format(&beat->boot, boot);
    cJSON_AddStringToObject(json, "boot", boot);
    add_unsigned(json, "seq", beat->seq);
    add_signed(json, "sent_us", beat->sent_us);
    if (beat->pid)
        add_unsigned(json, "pid", beat->pid);
    cJSON_AddStringToObject(json, "mysqld",
                            health_process_name((enum health_process)beat->process));
    if (beat->proc_state)
        cJSON_AddStringToObject(json, "proc_state", letter);
    add_end(json, beat);
    add_bool(json, "gvwstate", beat->gvwstate);
    add_bool(json, "sst_in_progress", beat->sst_in_progress);
    if (beat->moved)
        add_unsigned(json, "moved", beat->moved);
    add_recovery(json, &beat->recovery);
    if (beat->has_local)
        add_probe(json, "local", header, &beat->local);
}

char *trace_encode_entry(const struct health_trace_header *header,
                         const struct health_trace_entry *entry)
{
    const struct health_observation *observation = &entry->observation;
    cJSON *json = cJSON_CreateObject();

    add_signed(json, "t_us", entry->at_ns / HEALTH_NS_PER_US);
    if (entry->kind == HEALTH_TRACE_MARK) {
        cJSON_AddRawToObject(json, "mark", entry->mark);
    } else {
        cJSON_AddStringToObject(json, "node", header->nodes[observation->node]);
        if (observation->witness == HEALTH_WITNESS_PROBE)
            add_probe(json, "probe", header, &observation->probe);
        else if (observation->witness == HEALTH_WITNESS_AGENT)
            trace_encode_beat(json, header, &observation->heartbeat);
        else
            cJSON_AddStringToObject(json, "link",
                                    health_link_name((enum health_link)observation->link));
    }
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

char *trace_encode_header(const struct health_trace_header *header)
{
    cJSON *json = cJSON_CreateObject();

    add_unsigned(json, "trace", 1);
    if (header->scenario[0])
        cJSON_AddStringToObject(json, "scenario", header->scenario);
    if (header->about[0])
        cJSON_AddStringToObject(json, "about", header->about);
    cJSON_AddStringToObject(json, "cluster", header->cluster);
    add_unsigned(json, "expected_size", header->expected_size);
    cJSON *nodes = cJSON_AddArrayToObject(json, "nodes");
    for (uint32_t i = 0; i < header->node_count; i++)
        cJSON_AddItemToArray(nodes, cJSON_CreateString(header->nodes[i]));
    add_unsigned(json, "probe_interval_ms", header->probe_interval_ms);
    add_unsigned(json, "probe_timeout_ms", header->probe_timeout_ms);
    add_unsigned(json, "heartbeat_interval_ms", header->heartbeat_interval_ms);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}
