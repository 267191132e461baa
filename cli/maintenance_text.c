/*
 * maintenance_text.c - who is in maintenance as JSON.
 */
#include "maintenance_text.h"

#include "config_value.h"
#include "json_value.h"
#include "wall_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1

/* Bytes of a UTF-8 sequence that begins here; 0: none does. */
static size_t sequence_length(const unsigned char *at)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

    for (size_t more = 0; more < sizeof forms / sizeof *forms; more++) {
        if ((*at & forms[more].mask) != forms[more].lead)
            continue;
        uint32_t code = *at & (unsigned char)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (at[i] & 0x3fu);
        }
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        return code < forms[more].least || code > 0x10ffff || surrogate ? 0 : more + 1;
    }
    return 0;
}

bool maintenance_reason_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length;

    if (!*text || strlen(text) >= MAINTENANCE_REASON_SIZE)
        return false;
    for (; *at && (length = sequence_length(at)) > 0; at += length)
        ;
    return *at == '\0';
}

void maintenance_add(cJSON *json, const struct maintenance_entry *entry)
{
    cJSON_AddStringToObject(json, "reason", entry->reason);
    json_add_time(json, "since", entry->since_ns);
    json_add_time_if_any(json, "until", entry->until_ns);
}

char *maintenance_print(const struct maintenance_entry *first)
{
    cJSON *json = cJSON_CreateObject();

    if (!json)
        return NULL;
    json_add_integer(json, "maintenance", VERSION);
    cJSON *nodes = cJSON_AddArrayToObject(json, "nodes");
    for (; first; first = first->next) {
        cJSON *node = cJSON_CreateObject();
        cJSON_AddStringToObject(node, "cluster", first->cluster);
        cJSON_AddStringToObject(node, "node", first->node);
        maintenance_add(node, first);
        cJSON_AddItemToArray(nodes, node);
    }
    return json_print(json);
}

/* ---- Reading ---- */

/* NULL, or the key that is not as expected, which is said. */
static const char *wrong_key(const cJSON *json, struct maintenance_entry *entry,
                             const char **ret_expected)
{
    const cJSON *until = cJSON_GetObjectItemCaseSensitive(json, "until");

    *ret_expected = CONFIG_NAME_EXPECTED;
    if (!config_name_valid(json_text(json, "cluster")))
        return "cluster";
    if (!config_name_valid(json_text(json, "node")))
        return "node";
    *ret_expected = MAINTENANCE_REASON_EXPECTED;
    if (!maintenance_reason_valid(json_text(json, "reason")))
        return "reason";
    *ret_expected = MAINTENANCE_TIME_EXPECTED;
    if (!wall_time_parse(json_text(json, "since"), &entry->since_ns))
        return "since";
    if (!cJSON_IsNull(until) && !wall_time_parse(json_text(json, "until"), &entry->until_ns))
        return "until";
    snprintf(entry->cluster, sizeof entry->cluster, "%s", json_text(json, "cluster"));
    snprintf(entry->node, sizeof entry->node, "%s", json_text(json, "node"));
    snprintf(entry->reason, sizeof entry->reason, "%s", json_text(json, "reason"));
    return NULL;
}

static bool parse_node(const cJSON *json, size_t place, struct maintenance_entry **link,
                       char problem[MAINTENANCE_PROBLEM_SIZE])
{
    struct maintenance_entry *entry = calloc(1, sizeof *entry);
    const char *expected;

    *link = entry;
    if (!entry) {
        snprintf(problem, MAINTENANCE_PROBLEM_SIZE, "memory is short");
        return false;
    }
    entry->number = HEALTH_NODE_NONE;
    const char *key = wrong_key(json, entry, &expected);
    if (key)
        snprintf(problem, MAINTENANCE_PROBLEM_SIZE, "nodes[%zu].%s: %s is expected", place, key,
                 expected);
    return !key;
}

static bool parse_nodes(const cJSON *json, struct maintenance_entry **ret_first,
                        char problem[MAINTENANCE_PROBLEM_SIZE])
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "maintenance");
    const cJSON *nodes = cJSON_GetObjectItemCaseSensitive(json, "nodes");
    struct maintenance_entry **link = ret_first;
    const cJSON *node;
    size_t place = 0;

    if (!cJSON_IsNumber(version) || version->valueint != VERSION || !cJSON_IsArray(nodes)) {
        snprintf(problem, MAINTENANCE_PROBLEM_SIZE,
                 "a JSON object with maintenance: %d and a list of nodes is expected", VERSION);
        return false;
    }
    cJSON_ArrayForEach(node, nodes)
    {
        if (!parse_node(node, place++, link, problem))
            return false;
        link = &(*link)->next;
    }
    return true;
}

bool maintenance_parse(const char *text, struct maintenance_entry **ret_first,
                       char problem[MAINTENANCE_PROBLEM_SIZE])
{
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);

    *ret_first = NULL;
    bool good = parse_nodes(json, ret_first, problem);
    cJSON_Delete(json);
    if (good)
        return true;
    maintenance_free(*ret_first);
    *ret_first = NULL;
    return false;
}

struct maintenance_copy *maintenance_copy(const struct maintenance_entry *first)
{
    size_t count = 0;

    for (const struct maintenance_entry *entry = first; entry; entry = entry->next)
        count++;
    struct maintenance_copy *copy = calloc(1, sizeof *copy + count * sizeof copy->entries[0]);
    if (!copy)
        return NULL;
    copy->first = count ? copy->entries : NULL;
    for (struct maintenance_entry *entry = copy->entries; first; first = first->next, entry++) {
        *entry = *first;
        entry->next = first->next ? entry + 1 : NULL;
    }
    return copy;
}

char *maintenance_copy_print(const void *copy)
{
    return maintenance_print(((const struct maintenance_copy *)copy)->first);
}

void maintenance_free(struct maintenance_entry *first)
{
    while (first) {
        struct maintenance_entry *next = first->next;
        free(first);
        first = next;
    }
}
