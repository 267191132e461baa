/*
 * until.h - when something shall end, as people say it.
 */
#ifndef HEALTHD_CLI_LIVE_UNTIL_H
#define HEALTHD_CLI_LIVE_UNTIL_H

#include <stdbool.h>
#include <time.h>

#define UNTIL_EXPECTED \
    "a time to come within a year is expected: 90m, 1h30m, 2d, 06:00, or YYYY-MM-DDTHH:MM:SSZ"

/* A span from `now`, the next time that the clock here shows it, or RFC 3339. False: it is none of them,
 * or not to come within a year. */
bool until_parse(const char *text, time_t now, time_t *ret_time);

#endif
