/*
 * report_json.c - a report as JSON.
 */
#include "report_json.h"

#include "json_value.h"

const char *report_state_name(const struct directory_entry *entry, uint8_t state)
{
    return entry->node[0] ? health_state_name((enum health_state)state)
                          : health_colour_name((enum health_colour)state);
}

uint8_t report_state_before(const struct directory_entry *entry, const struct health_report *report)
{
    uint32_t seen = report->version - report->missed - 1;
    return seen > entry->spent ? report->from : 0;
}

static void add_state(cJSON *json, const struct directory_entry *entry,
                      const struct health_report *report)
{
    cJSON_AddStringToObject(json, "cluster", entry->cluster);
    if (entry->node[0])
        cJSON_AddStringToObject(json, "node", entry->node);
    cJSON_AddStringToObject(json, "state", report_state_name(entry, report->state));
}

static void add_reason(cJSON *json, const struct directory_entry *entry,
                       const struct health_report *report)
{
    cJSON_AddStringToObject(json, "reason", health_reason_name((enum health_reason)report->reason));
    if (entry->node[0] && report->routable != HEALTH_ANSWER_NOT_KNOWN)
        cJSON_AddBoolToObject(json, "routable", report->routable == HEALTH_ANSWER_YES);
}

char *report_json_line(const struct directory_entry *entry, const struct health_report *report,
                       bool with_version)
{
    cJSON *json = cJSON_CreateObject();

    json_add_integer(json, "t_us", report->at_ns / HEALTH_NS_PER_US);
    add_state(json, entry, report);
    cJSON_AddStringToObject(json, "from",
                            report_state_name(entry, report_state_before(entry, report)));
    add_reason(json, entry, report);
    if (with_version)
        json_add_integer(json, "version", report->version);
    return json_print(json);
}

char *report_json_stored(const struct directory_entry *entry, const struct health_report *report,
                         const char *reporter, int64_t wall_offset_ns)
{
    cJSON *json = cJSON_CreateObject();

    add_state(json, entry, report);
    add_reason(json, entry, report);
    json_add_time(json, "since", report->since_ns + wall_offset_ns);
    json_add_integer(json, "version", report->version);
    json_add_integer(json, "epoch", (long long)report->epoch);
    cJSON_AddStringToObject(json, "reporter", reporter);
    return json_print(json);
}
