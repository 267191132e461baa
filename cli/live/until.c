/*
 * until.c - see until.h.
 */
#include "until.h"

#include "maintenance.h"
#include "wall_time.h"

#include <healthd/types.h>

#include <stdlib.h>
#include <string.h>

#define DAY_S 86400
#define LONGEST_S (MAINTENANCE_DAYS_MAX * DAY_S)

static long long unit_s(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return DAY_S;
    default:
        return 0;
    }
}

/* "1h30m" */
static bool parse_span(const char *text, long long *ret_s)
{
    long long total = 0;

    do {
        char *end;
        if (*text < '0' || *text > '9')
            return false;
        long long count = strtoll(text, &end, 10);
        long long unit = unit_s(*end);
        if (!unit || count > LONGEST_S || total > LONGEST_S)
            return false;
        total += count * unit;
        text = end + 1;
    } while (*text);
    *ret_s = total;
    return true;
}

/* "06:00": today or tomorrow, whichever is to come. */
static bool parse_clock(const char *text, time_t now, time_t *ret_time)
{
    struct tm parts;
    const char *rest;

    localtime_r(&now, &parts);
    rest = strptime(text, "%H:%M", &parts);
    if (!rest || *rest)
        return false;
    parts.tm_sec = 0;
    parts.tm_isdst = -1;
    *ret_time = mktime(&parts);
    if (*ret_time <= now) {
        parts.tm_mday++;
        parts.tm_isdst = -1;
        *ret_time = mktime(&parts);
    }
    return true;
}

bool until_parse(const char *text, time_t now, time_t *ret_time)
{
    long long span_s;
    int64_t at_ns;

    if (parse_span(text, &span_s))
        *ret_time = now + (time_t)span_s;
    else if (wall_time_parse(text, &at_ns))
        *ret_time = (time_t)(at_ns / HEALTH_NS_PER_S);
    else if (!parse_clock(text, now, ret_time))
        return false;
    return *ret_time > now && *ret_time <= now + LONGEST_S;
}
