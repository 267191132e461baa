/*
 * wall_time.h - times of the wall clock as people and programs exchange them: RFC 3339.
 */
#ifndef HEALTHD_CLI_WALL_TIME_H
#define HEALTHD_CLI_WALL_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define WALL_TIME_SIZE 40

int64_t wall_time_now_ns(void);

/* UTC, with milliseconds. Gives the text. */
const char *wall_time_format(int64_t wall_ns, char text[WALL_TIME_SIZE]);

/* Read one: 2026-05-01T10:00:00Z, 2026-05-01T12:00:00.5+02:00. False: it is none. */
bool wall_time_parse(const char *text, int64_t *ret_wall_ns);

#endif
