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
