/*
 * overview.c - the picture as JSON.
 */
#include "overview.h"

#include "diagnosis_json.h"
#include "json_value.h"
#include "maintenance_text.h"
#include "report_json.h"

#include <healthd/diagnosis.h>
#include <healthd/observer.h>
#include <healthd/rules.h>

#include <stdio.h>

/* ---- Small parts ---- */

static void add_since(cJSON *json, int64_t since_ns)
{
    json_add_time(json, "since", since_ns + wall_offset_ns());
}

static void add_reason(cJSON *json, const char *key, enum health_reason reason)
{
    cJSON_AddStringToObject(json, key, health_reason_name(reason));
}

/* Number or null. */
static void add_number(cJSON *json, const char *key, bool known, long long value)
{
    if (known)
        json_add_integer(json, key, value);
    else
        cJSON_AddNullToObject(json, key);
}

static void add_age(cJSON *json, int64_t age_ns, int64_t limit_ns)
{
    add_number(json, "age_ms", age_ns >= 0, age_ns / HEALTH_NS_PER_MS);
    if (limit_ns)
        json_add_integer(json, "limit_ms", limit_ns / HEALTH_NS_PER_MS);
}

static const char *fact_value(const struct health_why *why, enum health_node_fact fact)
{
    return health_node_facts[fact].values[why->facts[fact]];
}

/* ---- Witnesses ---- */

static int64_t now_of(const struct overview *overview)
{
    return overview->now_ns ? overview->now_ns : health_clock_ns();
}

/* How old what is believed is; where nothing is, how long ago the witness spoke last. -1: never. */
static int64_t age_or_silence(const struct overview *overview, int64_t age_ns, int64_t spoke_ns)
{
    return age_ns >= 0 || !spoke_ns ? age_ns : now_of(overview) - spoke_ns;
}

/* What a witness says, as the fact that the engine makes of it, with the age against the limit at which it
 * is no longer believed. */
static cJSON *add_witness(cJSON *json, const char *name, const struct health_why *why,
                          enum health_node_fact fact)
{
    cJSON *witness = cJSON_AddObjectToObject(json, name);
    cJSON_AddStringToObject(witness, "says", fact_value(why, fact));
    return witness;
}

static void add_probe(cJSON *json, const struct overview *overview, const struct health_why *why,
                      const struct sighting *sighting)
{
    cJSON *probe = add_witness(json, "probe", why, HEALTH_FACT_PROBE);
    bool failed = sighting->probe_ns && sighting->error != HEALTH_PROBE_NONE;

    add_age(probe, age_or_silence(overview, why->probe_age_ns, sighting->probe_ns),
            overview->limits->probe_stale_ns);
    add_number(probe, "rtt_us", sighting->probe_ns != 0, sighting->rtt_ns / HEALTH_NS_PER_US);
    json_add_text(probe, "error",
                  failed ? health_probe_error_name((enum health_probe_error)sighting->error)
                         : NULL);
    add_number(probe, "code", failed && sighting->code, sighting->code);
}

static void add_agent(cJSON *json, const struct overview *overview, const struct health_why *why,
                      const struct sighting *sighting)
{
    const struct health_heartbeat *beat = &sighting->heartbeat;
    cJSON *agent = add_witness(json, "agent", why, HEALTH_FACT_AGENT);

    add_age(agent, age_or_silence(overview, why->agent_age_ns, sighting->beat_ns),
            overview->limits->agent_stale_ns);
    if (why->agent_age_ns < 0)
        return;
    cJSON_AddStringToObject(agent, "mysqld",
                            health_process_name((enum health_process)beat->process));
    if (beat->exit_kind != HEALTH_EXIT_NOT_KNOWN)
        json_add_integer(agent, beat->exit_kind == HEALTH_EXIT_CODE ? "exit_code" : "exit_signal",
                         beat->exit_value);
    if (beat->grastate.known)
        json_add_integer(agent, "grastate_seqno", beat->grastate.seqno);
}

static const struct health_view *view_of(const struct health_why *why,
                                         const struct sighting *sighting)
{
    return why->view_from_agent ? &sighting->agent_view : &sighting->view;
}

const struct health_view *overview_view(const struct overview *overview,
                                        const struct health_why *why, uint32_t node)
{
    return view_of(why, sightings_of(overview->sightings, node));
}

static void add_view(cJSON *json, const struct overview *overview, const struct health_why *why,
                     const struct sighting *sighting)
{
    const struct health_view *view = view_of(why, sighting);
    cJSON *told = add_witness(json, "view", why, HEALTH_FACT_CLAIM);

    cJSON_AddStringToObject(told, "from", why->view_from_agent ? "agent" : "probe");
    add_age(told, why->view_age_ns, overview->limits->view_stale_ns);
    add_number(told, "conf_id", why->view_conf_id != HEALTH_CONF_NONE,
               (long long)why->view_conf_id);
    add_number(told, "size", why->view_size != 0, why->view_size);
    if (why->view_age_ns < 0)
        return;
    cJSON_AddStringToObject(told, "component",
                            health_component_name((enum health_component)view->component));
    add_number(told, "local_state", view->local_state != HEALTH_LOCAL_NOT_KNOWN, view->local_state);
    json_add_answer(told, "ready", (enum health_answer)view->ready);
    json_add_answer(told, "read_only", (enum health_answer)view->read_only);
    json_add_answer(told, "desync", (enum health_answer)view->desync);
    json_add_answer(told, "rejects", (enum health_answer)view->rejects);
    add_number(told, "queue", view->recv_queue != -1, view->recv_queue);
    json_add_text(told, "server", view->version);
}

/* The members that a node names, by name; one that is not configured (an arbitrator) is "?". */
static void add_members(cJSON *json, const struct overview *overview, const struct health_why *why,
                        const struct sighting *sighting)
{
    if (!sighting->member_count || why->view_age_ns < 0)
        return;
    cJSON *members = cJSON_AddArrayToObject(json, "members");
    for (uint8_t i = 0; i < sighting->member_count; i++) {
        const struct directory_entry *member =
            sighting->members[i] == HEALTH_NODE_NONE
                ? NULL
                : directory_find(&overview->roster->directory, sighting->members[i]);
        cJSON_AddItemToArray(members, cJSON_CreateString(member ? member->node : "?"));
    }
}

static void add_witnesses(cJSON *json, const struct overview *overview,
                          const struct health_why *why, uint32_t node)
{
    const struct sighting *sighting = sightings_of(overview->sightings, node);

    add_probe(json, overview, why, sighting);
    add_age(add_witness(json, "link", why, HEALTH_FACT_LINK), why->link_age_ns, 0);
    add_agent(json, overview, why, sighting);
    add_witness(json, "peers", why, HEALTH_FACT_PEERS);
    add_view(json, overview, why, sighting);
    add_members(json, overview, why, sighting);
}

/* ---- Nodes ---- */

static void add_address(cJSON *json, const struct overview *overview,
                        const struct directory_entry *names)
{
    const struct config_node *node =
        config_find_node(config_find_cluster(overview->config, names->cluster), names->node);
    if (!node)
        return;
    cJSON_AddStringToObject(json, "address", node->host);
    json_add_integer(json, "port", node->port);
}

static void add_verdict(cJSON *json, const struct health_node_snapshot *node)
{
    cJSON_AddStringToObject(json, "state", health_state_name(node->state));
    add_reason(json, "reason", node->reason);
    cJSON_AddStringToObject(json, "text", health_reason_text(node->reason));
    add_since(json, node->since_ns);
    json_add_integer(json, "version", node->version);
    json_add_answer(json, "routable", node->routable);
    add_reason(json, "routable_reason", node->routable_reason);
    json_add_integer(json, "transitions", node->transitions);
    json_add_integer(json, "unclean_exits", node->unclean_exits);
    json_add_integer(json, "incarnation", node->incarnation);
    add_number(json, "pid", node->pid != 0, node->pid);
}

/* null, or why; and whether a restart would remember it. */
static void add_maintenance(cJSON *json, const struct overview *overview, uint32_t node)
{
    const struct maintenance_entry *entry =
        overview->maintenance ? maintenance_of(overview->maintenance, node) : NULL;

    if (!entry) {
        cJSON_AddNullToObject(json, "maintenance");
        return;
    }
    cJSON *maintenance = cJSON_AddObjectToObject(json, "maintenance");
    maintenance_add(maintenance, entry);
    cJSON_AddBoolToObject(maintenance, "kept", maintenance_is_kept(overview->maintenance));
}

static cJSON *node_json(const struct overview *overview, uint32_t node, struct health_why *ret_why)
{
    const struct directory_entry *names = directory_find(&overview->roster->directory, node);
    cJSON *json = cJSON_CreateObject();

    if (!json || health_engine_why(overview->engine, node, ret_why) != HEALTH_OK)
        return json;
    cJSON_AddStringToObject(json, "name", names->node);
    add_address(json, overview, names);
    add_verdict(json, &ret_why->node);
    add_maintenance(json, overview, node);
    add_witnesses(json, overview, ret_why, node);
    return json;
}

cJSON *overview_node(const struct overview *overview, uint32_t node)
{
    struct health_why why;
    return node_json(overview, node, &why);
}

static void add_answers(cJSON *json, const struct health_why *why)
{
    cJSON *answers = cJSON_AddArrayToObject(json, "answers");

    for (unsigned i = 0; i < HEALTH_QUESTION_COUNT; i++) {
        cJSON *answer = cJSON_CreateObject();
        cJSON_AddStringToObject(answer, "question", health_answer_facts[i].name);
        json_add_answer(answer, "answer", (enum health_answer)why->answers[i]);
        json_add_integer(answer, "rule", why->rules[i]->id);
        add_reason(answer, "reason", (enum health_reason)why->rules[i]->reason);
        cJSON_AddStringToObject(answer, "text",
                                health_reason_text((enum health_reason)why->rules[i]->reason));
        cJSON_AddItemToArray(answers, answer);
    }
}

static void add_facts(cJSON *json, const struct health_why *why)
{
    cJSON *facts = cJSON_AddObjectToObject(json, "facts");
    for (unsigned i = 0; i < HEALTH_NODE_FACT_COUNT; i++)
        cJSON_AddStringToObject(facts, health_node_facts[i].name,
                                fact_value(why, (enum health_node_fact)i));
}

static void add_changes(cJSON *json, const struct overview *overview, const struct health_why *why)
{
    cJSON *changes = cJSON_AddArrayToObject(json, "changes");

    for (uint32_t i = 0; i < why->change_count; i++) {
        const struct health_fact_names *fact = &health_node_facts[why->changes[i].fact];
        cJSON *change = cJSON_CreateObject();
        cJSON_AddStringToObject(change, "fact", fact->name);
        cJSON_AddStringToObject(change, "value", fact->values[why->changes[i].value]);
        cJSON_AddStringToObject(change, "state",
                                health_state_name((enum health_state)why->changes[i].state));
        cJSON_AddItemToArray(changes, change);
    }
    int64_t left_ns = why->next_ns - now_of(overview);
    add_number(json, "next_ms", why->next_ns != HEALTH_NEVER_NS,
               (left_ns > 0 ? left_ns : 0) / HEALTH_NS_PER_MS);
}

cJSON *overview_why(const struct overview *overview, uint32_t node)
{
    struct health_why why;
    cJSON *json = node_json(overview, node, &why);

    if (!json)
        return NULL;
    add_answers(json, &why);
    add_facts(json, &why);
    add_changes(json, overview, &why);
    return json;
}

/* ---- Clusters ---- */

static void add_faults(cJSON *json, const struct health_diagnosis *diagnosis)
{
    cJSON *list = cJSON_AddArrayToObject(json, "faults");
    for (uint32_t i = 0; i < diagnosis->count; i++)
        cJSON_AddItemToArray(list,
                             cJSON_CreateString(health_faults[diagnosis->findings[i].fault].name));
}

/* NULL: nothing explains it. */
static const char *explainer_name(const struct health_finding *finding)
{
    return finding->explained_by == HEALTH_UNEXPLAINED ? NULL
                                                       : health_faults[finding->explained_by].name;
}

/* What each fault means and what is safe to do. */
static void add_advice(cJSON *json, const struct health_diagnosis *diagnosis)
{
    cJSON *list = cJSON_AddArrayToObject(json, "advice");
    for (uint32_t i = 0; i < diagnosis->count; i++) {
        const struct health_fault_row *told = &health_faults[diagnosis->findings[i].fault];
        cJSON *advice = cJSON_CreateObject();
        cJSON_AddStringToObject(advice, "fault", told->name);
        cJSON_AddStringToObject(advice, "severity", health_severity_name(told->severity));
        cJSON_AddStringToObject(advice, "meaning", told->meaning);
        cJSON_AddStringToObject(advice, "advice", told->advice);
        json_add_text(advice, "explained_by", explainer_name(&diagnosis->findings[i]));
        cJSON_AddItemToArray(list, advice);
    }
}

static void add_census(cJSON *json, const struct health_cluster_snapshot *cluster)
{
    cJSON *states = cJSON_AddObjectToObject(json, "states");
    char head[9];

    for (unsigned i = 0; i < HEALTH_STATE_COUNT; i++)
        json_add_integer(states, health_state_name((enum health_state)i), cluster->states[i]);
    json_add_integer(json, "expected", cluster->expected);
    add_number(json, "can_lose", cluster->can_lose >= 0, cluster->can_lose);
    add_number(json, "primary_size", cluster->primary_size != 0, cluster->primary_size);
    json_add_integer(json, "arbitrators", cluster->others);
    add_number(json, "conf_id", cluster->conf_id != HEALTH_CONF_NONE, (long long)cluster->conf_id);
    snprintf(head, sizeof head, "%08x", cluster->state_uuid_head);
    json_add_text(json, "state_uuid_head", cluster->state_uuid_head ? head : NULL);
}

void overview_diagnose(const struct overview *overview, uint32_t cluster,
                       struct health_diagnosis *ret_diagnosis)
{
    struct health_case known;

    health_memory_case(overview->memory, overview->engine, cluster, overview->limits,
                       health_clock_ns(), &known);
    health_diagnose(&known, ret_diagnosis);
}

cJSON *overview_diagnosis(const struct overview *overview, uint32_t cluster)
{
    struct health_case known;
    struct health_diagnosis diagnosis;
    const struct diagnosis_told told = {&known, &diagnosis, overview->roster, cluster,
                                        wall_offset_ns()};

    if (health_memory_case(overview->memory, overview->engine, cluster, overview->limits,
                           health_clock_ns(), &known) != HEALTH_OK)
        return NULL;
    health_diagnose(&known, &diagnosis);
    return diagnosis_json(&told);
}

cJSON *overview_cluster(const struct overview *overview, uint32_t cluster)
{
    const struct roster_cluster *home = &overview->roster->clusters[cluster];
    struct health_cluster_snapshot snapshot;
    struct health_diagnosis diagnosis;
    cJSON *json = cJSON_CreateObject();

    if (!json || health_cluster_snapshot(overview->engine, cluster, &snapshot) != HEALTH_OK)
        return json;
    cJSON_AddStringToObject(json, "name", roster_cluster_name(overview->roster, cluster));
    cJSON_AddStringToObject(json, "colour", health_colour_name(snapshot.colour));
    add_reason(json, "reason", snapshot.reason);
    cJSON_AddStringToObject(json, "text", health_reason_text(snapshot.reason));
    add_since(json, snapshot.since_ns);
    json_add_integer(json, "version", snapshot.version);
    overview_diagnose(overview, cluster, &diagnosis);
    add_faults(json, &diagnosis);
    add_advice(json, &diagnosis);
    if (overview->acting)
        overview->acting->add(overview->acting->context, json, cluster);
    add_census(json, &snapshot);
    cJSON *nodes = cJSON_AddArrayToObject(json, "nodes");
    for (uint32_t i = 0; i < home->count; i++)
        cJSON_AddItemToArray(nodes, overview_node(overview, home->nodes[i]));
    return json;
}

/* ---- Changes ---- */

cJSON *overview_event(const struct history_event *event)
{
    cJSON *json = cJSON_CreateObject();

    if (!json)
        return NULL;
    json_add_integer(json, "number", (long long)event->number);
    json_add_time(json, "time", event->at_ns + wall_offset_ns());
    cJSON_AddStringToObject(json, "cluster", event->names.cluster);
    if (event->names.node[0])
        cJSON_AddStringToObject(json, "node", event->names.node);
    cJSON_AddStringToObject(json, "state", report_state_name(&event->names, event->state));
    cJSON_AddStringToObject(json, "from", report_state_name(&event->names, event->from));
    add_reason(json, "reason", (enum health_reason)event->reason);
    cJSON_AddStringToObject(json, "text", health_reason_text((enum health_reason)event->reason));
    if (event->names.node[0])
        json_add_answer(json, "routable", (enum health_answer)event->routable);
    if (event->routable_reason)
        add_reason(json, "routable_reason", (enum health_reason)event->routable_reason);
    json_add_integer(json, "version", event->version);
    return json;
}
