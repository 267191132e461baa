/*
 * trace_fields.h - the fields of a JSON object, each with its own complaint.
 *
 * All getters take the object, the words for where it stands, and the key. A value that is not what it
 * should be is said once for a line, and marks the line as failed.
 */
#ifndef HEALTHD_PROBES_TRACE_FIELDS_H
#define HEALTHD_PROBES_TRACE_FIELDS_H

#include "trace_private.h"

#include <cjson/cJSON.h>

/* A line under way: what reads it and whether it is still good. */
struct decoder {
    struct health_trace_reader *reader;
    bool failed;
};

#define FAIL(decoder, ...) \
    do { \
        if (!(decoder)->failed) \
            trace_problem((decoder)->reader, __VA_ARGS__); \
        (decoder)->failed = true; \
    } while (0)

/* Parse a line that must be one JSON object; NULL: it was said why not. The caller deletes it. */
cJSON *fields_parse(struct health_trace_reader *reader, const char *line, size_t length);

/* Every key must be one of `known` (ended by NULL), or is said once; and stand once, or the line fails. When
 * reading is strict, a key that is not known fails too, but in the header and among a server's status. */
void fields_check(struct decoder *decoder, const cJSON *object, const char *where,
                  const char *const *known);

/* A key's value; NULL: absent, or null. */
const cJSON *field_get(const cJSON *object, const char *key);

/* An optional integer from 0 to `max`; `missing` when it is absent. */
uint64_t field_count(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key, uint64_t max, uint64_t missing);

/* An optional integer of 64 bits. */
int64_t field_signed(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key, int64_t missing);

/* An optional text; NULL: absent. */
const char *field_text(struct decoder *decoder, const cJSON *object, const char *where,
                       const char *key);

/* An optional object; NULL: absent. */
const cJSON *field_object(struct decoder *decoder, const cJSON *object, const char *where,
                          const char *key);

/* An optional UUID; all zero: absent. */
struct health_uuid field_uuid(struct decoder *decoder, const cJSON *object, const char *where,
                              const char *key);

/* One of a list of words, as its place in the list. */
uint8_t field_word(struct decoder *decoder, const cJSON *object, const char *where, const char *key,
                   const char *const *words, unsigned count, uint8_t missing);

/* A server's switch: ON or OFF, 1 or 0, true or false. What else it may say is not known. */
uint8_t field_switch(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key);

/* A variable that is at rest with one word and active with any other. */
uint8_t field_unless(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key, const char *rest);

/* trace_decode.c: a heartbeat's object. What is wrong is said, and fails the decoder. The heartbeat must be
 * all zero before. */
void trace_decode_beat(struct decoder *decoder, const cJSON *json, struct health_heartbeat *beat);

/* trace_encode.c: add a heartbeat to an object as its "heartbeat". `header` names the nodes of member lists
 * and may be NULL where there are none. */
void trace_encode_beat(cJSON *object, const struct health_trace_header *header,
                       const struct health_heartbeat *beat);

#endif
