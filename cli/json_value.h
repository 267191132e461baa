/*
 * json_value.h - values that cJSON has no exact form for.
 */
#ifndef HEALTHD_CLI_JSON_VALUE_H
#define HEALTHD_CLI_JSON_VALUE_H

#include <cjson/cJSON.h>
#include <stdint.h>

/* cJSON's own numbers are doubles: 64 bits go in as text. */
void json_add_integer(cJSON *json, const char *key, long long value);

/* Wall-clock time as RFC 3339, UTC, with milliseconds. */
void json_add_time(cJSON *json, const char *key, int64_t wall_ns);

/* The text of a document, which is deleted. The caller frees; NULL: memory is short. */
char *json_print(cJSON *json);

/* The wall clock minus the monotonic one, now. */
int64_t wall_offset_ns(void);

#endif
