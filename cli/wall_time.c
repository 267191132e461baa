/*
 * wall_time.c - times of the wall clock as text.
 */
#include "wall_time.h"

#include <healthd/types.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DATE_AND_TIME "0000-00-00T00:00:00"
#define OFFSET "00:00"

int64_t wall_time_now_ns(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * HEALTH_NS_PER_S + wall.tv_nsec;
}

const char *wall_time_format(int64_t wall_ns, char text[WALL_TIME_SIZE])
{
    time_t seconds = (time_t)(wall_ns / HEALTH_NS_PER_S);
    struct tm parts;
    char whole[24];

    gmtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, WALL_TIME_SIZE, "%s.%03dZ", whole,
             (int)(wall_ns % HEALTH_NS_PER_S / HEALTH_NS_PER_MS));
    return text;
}

/* Does the text begin like this, with any digit for a 0? */
static bool begins_like(const char *text, const char *pattern)
{
    for (; *pattern; pattern++, text++)
        if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern)
            return false;
    return true;
}

static int number_at(const char *digits, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++)
        number = 10 * number + (digits[i] - '0');
    return number;
}

/* "Z", "+02:00" to seconds. False: it is neither, or something follows. */
static bool read_offset(const char *text, int *ret_s)
{
    *ret_s = 0;
    if (strcmp(text, "Z") == 0)
        return true;
    if ((*text != '+' && *text != '-') || !begins_like(text + 1, OFFSET) ||
        text[1 + strlen(OFFSET)] != '\0')
        return false;
    int hours = number_at(text + 1, 2);
    int minutes = number_at(text + 4, 2);
    *ret_s = (*text == '-' ? -60 : 60) * (60 * hours + minutes);
    return hours < 24 && minutes < 60;
}

bool wall_time_parse(const char *text, int64_t *ret_wall_ns)
{
    int64_t fraction_ns = 0;
    int offset_s;

    if (!begins_like(text, DATE_AND_TIME))
        return false;
    struct tm parts = {
        .tm_year = number_at(text, 4) - 1900,
        .tm_mon = number_at(text + 5, 2) - 1,
        .tm_mday = number_at(text + 8, 2),
        .tm_hour = number_at(text + 11, 2),
        .tm_min = number_at(text + 14, 2),
        .tm_sec = number_at(text + 17, 2),
    };
    const struct tm said = parts;
    const char *rest = text + strlen(DATE_AND_TIME);
    if (*rest == '.') {
        int64_t unit_ns = HEALTH_NS_PER_S / 10;
        const char *digit = ++rest;
        for (; isdigit((unsigned char)*rest); rest++, unit_ns /= 10)
            fraction_ns += (*rest - '0') * unit_ns;
        if (rest == digit)
            return false;
    }
    /* Years that 64 bits of nanoseconds hold; and a 31st of June would become a 1st of July. */
    if (!read_offset(rest, &offset_s) || said.tm_year < 70 || said.tm_year >= 300)
        return false;
    time_t seconds = timegm(&parts);
    *ret_wall_ns = ((int64_t)seconds - offset_s) * HEALTH_NS_PER_S + fraction_ns;
    return parts.tm_mon == said.tm_mon && parts.tm_mday == said.tm_mday &&
           parts.tm_hour == said.tm_hour && parts.tm_min == said.tm_min &&
           parts.tm_sec == said.tm_sec;
}
