/*
 * diagnosis_json.c - see diagnosis_json.h.
 */
#include "diagnosis_json.h"

#include "json_value.h"
#include "overview.h"

#include <healthd/uuid.h>

#include <stdio.h>
#include <string.h>

static const char *node_name(const struct diagnosis_told *told, uint32_t place)
{
    const struct directory_entry *entry =
        place < told->known->count
            ? directory_find(&told->roster->directory, told->known->nodes[place].node)
            : NULL;
    return entry ? entry->node : NULL;
}

static void add_age(cJSON *json, const char *key, int64_t age_ns)
{
    if (age_ns >= 0)
        json_add_integer(json, key, age_ns / HEALTH_NS_PER_MS);
    else
        cJSON_AddNullToObject(json, key);
}

static void add_time(cJSON *json, const struct diagnosis_told *told, const char *key, int64_t at_ns)
{
    if (told->wall_offset_ns == DIAGNOSIS_NO_WALL)
        cJSON_AddNullToObject(json, key);
    else
        json_add_time(json, key, at_ns + told->wall_offset_ns);
}

static void add_names(cJSON *json, const struct diagnosis_told *told, const char *key,
                      uint32_t places)
{
    cJSON *list = cJSON_AddArrayToObject(json, key);

    for (uint32_t i = 0; i < told->known->count; i++)
        if (places >> i & 1u)
            cJSON_AddItemToArray(list, cJSON_CreateString(node_name(told, i)));
}

/* {"history":...,"seqno":...,"age_ms":...}, or null. */
static void add_position(cJSON *json, const char *key, const struct health_position *position,
                         int64_t age_ns)
{
    char history[UUID_TEXT_SIZE];

    if (health_uuid_is_zero(&position->history)) {
        cJSON_AddNullToObject(json, key);
        return;
    }
    cJSON *told = cJSON_AddObjectToObject(json, key);
    uuid_format(&position->history, history);
    cJSON_AddStringToObject(told, "history", history);
    json_add_integer(told, "seqno", position->seqno);
    add_age(told, "age_ms", age_ns);
}

/* ---- Sentences ---- */

/* A position that is not known is said to be that: -1 would be taken for one. */
static void write_number(int64_t value, char text[UUID_TEXT_SIZE])
{
    if (value == HEALTH_SEQNO_NONE)
        snprintf(text, UUID_TEXT_SIZE, "?");
    else
        snprintf(text, UUID_TEXT_SIZE, "%lld", (long long)value);
}

/* The value of the word that stands at `word`, behind its $; NULL: it is none of ours. */
static const char *value_of(const struct diagnosis_told *told,
                            const struct health_statement *statement, const char *word,
                            size_t length, char text[UUID_TEXT_SIZE])
{
    const char *node = node_name(told, statement->place);

#define IS(name) (length == sizeof(name) - 1 && memcmp(word, name, length) == 0)
    if (IS("node"))
        return node ? node : "none";
    if (IS("state"))
        return health_state_name((enum health_state)statement->state);
    if (IS("reason"))
        return health_reason_text((enum health_reason)statement->reason);
    if (IS("error"))
        return health_probe_error_name((enum health_probe_error)statement->value);
    if (IS("history") && health_uuid_is_zero(&statement->history))
        return "?";
    if (IS("history"))
        uuid_format(&statement->history, text);
    else if (IS("value") || IS("limit"))
        write_number(*word == 'v' ? statement->value : statement->limit, text);
    else
        return NULL;
#undef IS
    return text;
}

static void append(char text[DIAGNOSIS_TEXT_MAX], const char *what, size_t length)
{
    size_t used = strlen(text);
    snprintf(text + used, DIAGNOSIS_TEXT_MAX - used, "%.*s", (int)length, what);
}

void diagnosis_sentence(const struct diagnosis_told *told, const struct health_statement *statement,
                        char text[DIAGNOSIS_TEXT_MAX])
{
    const char *rest = health_statement_text((enum health_statement_id)statement->id);
    char value[UUID_TEXT_SIZE];

    *text = '\0';
    while (*rest) {
        size_t plain = strcspn(rest, "$");
        append(text, rest, plain);
        rest += plain;
        if (!*rest)
            break;
        size_t word = strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz");
        const char *meant = value_of(told, statement, rest + 1, word, value);
        append(text, meant ? meant : rest, meant ? strlen(meant) : word + 1);
        rest += word + 1;
    }
}

/* ---- Faults ---- */

static cJSON *evidence_json(const struct diagnosis_told *told,
                            const struct health_statement *statement)
{
    cJSON *json = cJSON_CreateObject();
    char text[DIAGNOSIS_TEXT_MAX];

    diagnosis_sentence(told, statement, text);
    cJSON_AddStringToObject(json, "what",
                            health_statement_name((enum health_statement_id)statement->id));
    json_add_text(json, "node", node_name(told, statement->place));
    cJSON_AddBoolToObject(json, "known", statement->answer == HEALTH_ANSWER_YES);
    cJSON_AddStringToObject(json, "text", text);
    add_age(json, "age_ms", statement->age_ns);
    return json;
}

static cJSON *fault_json(const struct diagnosis_told *told, const struct health_finding *finding)
{
    const struct health_fault_row *row = &health_faults[finding->fault];
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "code", row->name);
    cJSON_AddStringToObject(json, "severity", health_severity_name(row->severity));
    cJSON_AddStringToObject(json, "meaning", row->meaning);
    cJSON_AddStringToObject(json, "advice", row->advice);
    add_time(json, told, "since", finding->since_ns);
    add_age(json, "for_ms", told->known->now_ns - finding->since_ns);
    add_names(json, told, "nodes", finding->places);
    json_add_text(json, "explained_by",
                  finding->explained_by == HEALTH_UNEXPLAINED
                      ? NULL
                      : health_faults[finding->explained_by].name);
    cJSON *evidence = cJSON_AddArrayToObject(json, "evidence");
    for (uint32_t i = 0; i < finding->count; i++)
        cJSON_AddItemToArray(evidence, evidence_json(told, &finding->evidence[i]));
    return json;
}

/* ---- The action ---- */

static cJSON *precondition_json(const struct diagnosis_told *told,
                                const struct health_statement *statement)
{
    cJSON *json = cJSON_CreateObject();
    char text[DIAGNOSIS_TEXT_MAX];

    diagnosis_sentence(told, statement, text);
    cJSON_AddStringToObject(json, "name",
                            health_statement_name((enum health_statement_id)statement->id));
    json_add_text(json, "node", node_name(told, statement->place));
    json_add_answer(json, "met", (enum health_answer)statement->answer);
    cJSON_AddStringToObject(json, "text", text);
    add_age(json, "age_ms", statement->age_ns);
    return json;
}

static void add_preconditions(cJSON *json, const struct diagnosis_told *told,
                              const struct health_advice *advice)
{
    cJSON *preconditions = cJSON_AddArrayToObject(json, "preconditions");
    cJSON *changes = cJSON_AddArrayToObject(json, "would_change");
    char text[DIAGNOSIS_TEXT_MAX];

    for (uint32_t i = 0; i < advice->count; i++) {
        const struct health_statement *asked = &advice->preconditions[i];
        cJSON_AddItemToArray(preconditions, precondition_json(told, asked));
        if (asked->answer == HEALTH_ANSWER_YES)
            continue;
        diagnosis_sentence(told, asked, text);
        cJSON_AddItemToArray(changes, cJSON_CreateString(text));
    }
}

static void add_action(cJSON *document, const struct diagnosis_told *told)
{
    const struct health_diagnosis *diagnosis = told->diagnosis;
    const struct health_advice *advice = &diagnosis->advice;
    const char safe_case[] = {advice->safe_case, '\0'};

    if (advice->action == HEALTH_ACTION_NONE) {
        cJSON_AddNullToObject(document, "action");
        return;
    }
    cJSON *json = cJSON_AddObjectToObject(document, "action");
    cJSON_AddStringToObject(json, "action", health_action_name((enum health_action)advice->action));
    json_add_text(json, "node", node_name(told, advice->place));
    cJSON_AddBoolToObject(json, "allowed", advice->allowed);
    json_add_text(json, "case", advice->safe_case ? safe_case : NULL);
    json_add_text(json, "fault",
                  diagnosis->treated == HEALTH_UNEXPLAINED
                      ? NULL
                      : health_faults[diagnosis->findings[diagnosis->treated].fault].name);
    add_position(json, "position", &advice->position, -1);
    add_names(json, told, "recover", advice->recover_places);
    add_preconditions(json, told, advice);
}

/* ---- What is remembered ---- */

static int64_t age_of(const struct diagnosis_told *told, int64_t then_ns)
{
    return then_ns ? told->known->now_ns - then_ns : -1;
}

static unsigned crash_count(const struct health_node_memory *memory)
{
    unsigned count = 0;
    while (count < HEALTH_CRASHES_KEPT && memory->crash_ns[count])
        count++;
    return count;
}

static cJSON *node_memory_json(const struct diagnosis_told *told, uint32_t place)
{
    const struct health_node_memory *memory = &told->known->nodes[place].memory;
    const struct health_position recovered = {memory->recovery.uuid, memory->recovery.seqno};
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "node", node_name(told, place));
    add_position(json, "served", &memory->served, age_of(told, memory->served_ns));
    cJSON_AddStringToObject(json, "taint", health_taint_name((enum health_taint)memory->taint));
    json_add_integer(json, "crashes", crash_count(memory));
    add_age(json, "crash_age_ms", age_of(told, memory->crash_ns[0]));
    cJSON_AddBoolToObject(json, "crashed_together", memory->crashed_together);
    cJSON_AddBoolToObject(json, "wanted", memory->wanted);
    cJSON_AddStringToObject(
        json, "recovery",
        health_recovery_name((enum health_recovery_status)memory->recovery.status));
    add_position(json, "recovered", &recovered, age_of(told, memory->recovery_ns));
    return json;
}

static void add_memory(cJSON *document, const struct diagnosis_told *told)
{
    const struct health_cluster_memory *memory = &told->known->memory;
    cJSON *json = cJSON_AddObjectToObject(document, "memory");

    add_position(json, "served", &memory->served, age_of(told, memory->served_ns));
    add_age(json, "double_crash_age_ms", age_of(told, memory->crashed_ns));
    cJSON_AddBoolToObject(json, "split", memory->split);
    cJSON *nodes = cJSON_AddArrayToObject(json, "nodes");
    for (uint32_t i = 0; i < told->known->count; i++)
        cJSON_AddItemToArray(nodes, node_memory_json(told, i));
}

cJSON *diagnosis_json(const struct diagnosis_told *told)
{
    cJSON *json = cJSON_CreateObject();

    if (!json)
        return NULL;
    json_add_integer(json, "schema", OVERVIEW_SCHEMA);
    cJSON_AddStringToObject(json, "cluster", roster_cluster_name(told->roster, told->cluster));
    add_time(json, told, "time", told->known->now_ns);
    cJSON_AddStringToObject(json, "colour", health_colour_name(told->known->cluster.colour));
    cJSON *faults = cJSON_AddArrayToObject(json, "faults");
    for (uint32_t i = 0; i < told->diagnosis->count; i++)
        cJSON_AddItemToArray(faults, fault_json(told, &told->diagnosis->findings[i]));
    add_action(json, told);
    add_memory(json, told);
    return json;
}
