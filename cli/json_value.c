/*
 * json_value.c - values that cJSON has no exact form for.
 */
#include "json_value.h"

#include "wall_time.h"

#include <healthd/observer.h>

#include <stdio.h>

void json_add_integer(cJSON *json, const char *key, long long value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", value);
    cJSON_AddRawToObject(json, key, digits);
}

void json_add_time(cJSON *json, const char *key, int64_t wall_ns)
{
    char text[WALL_TIME_SIZE];
    cJSON_AddStringToObject(json, key, wall_time_format(wall_ns, text));
}

void json_add_time_if_any(cJSON *json, const char *key, int64_t wall_ns)
{
    if (wall_ns)
        json_add_time(json, key, wall_ns);
    else
        cJSON_AddNullToObject(json, key);
}

void json_add_text(cJSON *json, const char *key, const char *text)
{
    if (text)
        cJSON_AddStringToObject(json, key, text);
    else
        cJSON_AddNullToObject(json, key);
}

void json_add_answer(cJSON *json, const char *key, enum health_answer answer)
{
    if (answer == HEALTH_ANSWER_NOT_KNOWN)
        cJSON_AddNullToObject(json, key);
    else
        cJSON_AddBoolToObject(json, key, answer == HEALTH_ANSWER_YES);
}

const char *json_text(const cJSON *json, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
    return text ? text : "";
}

bool json_read_time(const cJSON *json, int64_t *ret_wall_ns)
{
    const char *text = cJSON_GetStringValue(json);

    *ret_wall_ns = 0;
    return cJSON_IsNull(json) || (text && wall_time_parse(text, ret_wall_ns) && *ret_wall_ns);
}

char *json_print(cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

int64_t wall_offset_ns(void)
{
    return wall_time_now_ns() - health_clock_ns();
}
