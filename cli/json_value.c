/*
 * json_value.c - values that cJSON has no exact form for.
 */
#include "json_value.h"

#include <healthd/observer.h>

#include <stdio.h>
#include <time.h>

void json_add_integer(cJSON *json, const char *key, long long value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", value);
    cJSON_AddRawToObject(json, key, digits);
}

void json_add_time(cJSON *json, const char *key, int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / HEALTH_NS_PER_S);
    struct tm parts;
    char text[40];
    char whole[24];

    gmtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, sizeof text, "%s.%03dZ", whole,
             (int)(wall_ns % HEALTH_NS_PER_S / HEALTH_NS_PER_MS));
    cJSON_AddStringToObject(json, key, text);
}

char *json_print(cJSON *json)
{
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

int64_t wall_offset_ns(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * HEALTH_NS_PER_S + wall.tv_nsec - health_clock_ns();
}
