/*
 * json_value.h - values that cJSON has no exact form for.
 */
#ifndef HEALTHD_CLI_JSON_VALUE_H
#define HEALTHD_CLI_JSON_VALUE_H

#include <cjson/cJSON.h>
#include <healthd/types.h>

/* cJSON's own numbers are doubles: 64 bits go in as text. */
void json_add_integer(cJSON *json, const char *key, long long value);

/* Wall-clock time as RFC 3339, UTC, with milliseconds. */
void json_add_time(cJSON *json, const char *key, int64_t wall_ns);

/* What may be missing, and is null then: a time that is 0, a text that is NULL, an answer that is not known. */
void json_add_time_if_any(cJSON *json, const char *key, int64_t wall_ns);
void json_add_text(cJSON *json, const char *key, const char *text);
void json_add_answer(cJSON *json, const char *key, enum health_answer answer);

/* A member's text; "" where it is none. */
const char *json_text(const cJSON *json, const char *key);

/* A time as it was added, or null, which is 0. False: it is neither. */
bool json_read_time(const cJSON *json, int64_t *ret_wall_ns);

/* The text of a document, which is deleted. The caller frees; NULL: memory is short. */
char *json_print(cJSON *json);

/* The wall clock minus the monotonic one, now. */
int64_t wall_offset_ns(void);

#endif
