/*
 * trace_fields.c - the fields of a JSON object, each with its own complaint.
 *
 * cJSON holds numbers as doubles, which lose integers above 2^53 (a configuration id of "none" is
 * 2^64-1). So before a line is parsed, each long integer outside a string is put into a string that
 * begins with a byte no JSON text may hold; integer_of() reads such strings digit by digit.
 */
#include "trace_fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONG_DIGITS 15
#define LONG_MARK '\x01'

static bool is_integer(const char *digits, size_t length)
{
    return digits[length] != '.' && digits[length] != 'e' && digits[length] != 'E';
}

/* Copy a line into the text buffer with its long integers quoted. */
static bool quote_long_integers(struct health_trace_reader *reader, const char *line, size_t length)
{
    bool in_string = false;
    size_t used = 0;

    if (!trace_text_reserve(reader, 2 * length + 4))
        return false;
    char *text = reader->text;
    for (size_t i = 0; i < length;) {
        size_t digits = strspn(line + i, "0123456789");
        if (!in_string && digits >= LONG_DIGITS && is_integer(line + i, digits)) {
            bool minus = used && text[used - 1] == '-';
            used -= minus;
            text[used++] = '"';
            text[used++] = LONG_MARK;
            if (minus)
                text[used++] = '-';
            memcpy(text + used, line + i, digits);
            used += digits;
            text[used++] = '"';
            i += digits;
        } else if (digits) {
            memcpy(text + used, line + i, digits);
            used += digits;
            i += digits;
        } else {
            if (in_string && line[i] == '\\' && i + 1 < length)
                text[used++] = line[i++];
            else if (line[i] == '"')
                in_string = !in_string;
            text[used++] = line[i++];
        }
    }
    text[used] = '\0';
    return true;
}

cJSON *fields_parse(struct health_trace_reader *reader, const char *line, size_t length)
{
    if (memchr(line, '\0', length)) {
        trace_problem(reader, "a zero byte stands in the line: one JSON object is expected");
        return NULL;
    }
    if (!quote_long_integers(reader, line, length))
        return NULL;
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithOpts(reader->text, &end, true);
    if (!cJSON_IsObject(json)) {
        trace_problem(reader, "not a JSON object (near column %td)",
                      end ? end - reader->text + 1 : 1);
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

const cJSON *field_get(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

/* Say each extra key once. */
static void remark_key(struct health_trace_reader *reader, const char *where, const char *key)
{
    char name[160];
    snprintf(name, sizeof name, "%s.%s", where, key);
    for (size_t i = 0; i < reader->noted_count; i++)
        if (strcmp(reader->noted[i], name) == 0)
            return;
    if (reader->noted_count == NOTED_MAX)
        return;
    char *copy = strdup(name);
    if (!copy)
        return;
    reader->noted[reader->noted_count++] = copy;
    trace_remark(reader, "key %s is not known and is ignored (said once)", name);
}

/* Objects that may hold further keys: a server's own status names, and what a recorder says of itself. */
static bool is_open(const char *where)
{
    return strcmp(where, "wsrep") == 0 || strcmp(where, "header") == 0;
}

void fields_check(struct decoder *decoder, const cJSON *object, const char *where,
                  const char *const *known)
{
    for (const cJSON *item = object->child; item; item = item->next) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], item->string) != 0)
            i++;
        if (!known[i] && decoder->reader->options.strict && !is_open(where))
            FAIL(decoder, "key %s.%s is not known", where, item->string);
        else if (!known[i])
            remark_key(decoder->reader, where, item->string);
        for (const cJSON *other = object->child; other != item; other = other->next)
            if (strcmp(other->string, item->string) == 0)
                FAIL(decoder, "%s.%s stands twice", where, item->string);
    }
}

/* The digits of an integer, of either sign, as a magnitude. */
static bool digits_of(const char *text, bool *ret_minus, uint64_t *ret_magnitude)
{
    uint64_t value = 0;
    *ret_minus = *text == '-';
    text += *ret_minus;
    for (; *text; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (!isdigit((unsigned char)*text) || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_magnitude = value;
    return true;
}

/* A JSON value as an exact integer. */
static bool integer_of(const cJSON *value, bool *ret_minus, uint64_t *ret_magnitude)
{
    if (cJSON_IsString(value) && value->valuestring[0] == LONG_MARK)
        return digits_of(value->valuestring + 1, ret_minus, ret_magnitude);
    if (!cJSON_IsNumber(value) || value->valuedouble < -1e15 || value->valuedouble > 1e15 ||
        value->valuedouble != (double)(int64_t)value->valuedouble)
        return false;
    *ret_minus = value->valuedouble < 0;
    *ret_magnitude = (uint64_t)(*ret_minus ? -value->valuedouble : value->valuedouble);
    return true;
}

uint64_t field_count(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key, uint64_t max, uint64_t missing)
{
    const cJSON *value = field_get(object, key);
    bool minus;
    uint64_t magnitude;

    if (!value)
        return missing;
    if (!integer_of(value, &minus, &magnitude) || (minus && magnitude) || magnitude > max) {
        FAIL(decoder, "%s.%s: a whole number from 0 to %llu is expected", where, key,
             (unsigned long long)max);
        return missing;
    }
    return magnitude;
}

int64_t field_signed(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key, int64_t missing)
{
    const cJSON *value = field_get(object, key);
    bool minus;
    uint64_t magnitude;

    if (!value)
        return missing;
    if (!integer_of(value, &minus, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + (minus ? 1u : 0u)) {
        FAIL(decoder, "%s.%s: a whole number of 64 bits is expected", where, key);
        return missing;
    }
    return minus ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
}

const char *field_text(struct decoder *decoder, const cJSON *object, const char *where,
                       const char *key)
{
    const cJSON *value = field_get(object, key);
    if (!value)
        return NULL;
    if (!cJSON_IsString(value) || value->valuestring[0] == LONG_MARK) {
        FAIL(decoder, "%s.%s: a text is expected", where, key);
        return NULL;
    }
    return value->valuestring;
}

const cJSON *field_object(struct decoder *decoder, const cJSON *object, const char *where,
                          const char *key)
{
    const cJSON *value = field_get(object, key);
    if (value && !cJSON_IsObject(value)) {
        FAIL(decoder, "%s.%s: an object is expected", where, key);
        return NULL;
    }
    return value;
}

struct health_uuid field_uuid(struct decoder *decoder, const cJSON *object, const char *where,
                              const char *key)
{
    struct health_uuid uuid = {0, 0};
    const char *text = field_text(decoder, object, where, key);
    if (text && *text && !uuid_parse(text, &uuid))
        FAIL(decoder, "%s.%s: a UUID of 36 characters is expected, not \"%.40s\"", where, key,
             text);
    return uuid;
}

uint8_t field_word(struct decoder *decoder, const cJSON *object, const char *where, const char *key,
                   const char *const *words, unsigned count, uint8_t missing)
{
    const char *text = field_text(decoder, object, where, key);
    if (!text)
        return missing;
    for (unsigned i = 0; i < count; i++)
        if (strcasecmp(text, words[i]) == 0)
            return (uint8_t)i;
    FAIL(decoder, "%s.%s: \"%.40s\" is none of the words of this key", where, key, text);
    return missing;
}

uint8_t field_switch(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key)
{
    const cJSON *value = field_get(object, key);
    if (!value)
        return HEALTH_ANSWER_NOT_KNOWN;
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
    if (cJSON_IsNumber(value) && (value->valuedouble == 0 || value->valuedouble == 1))
        return value->valuedouble == 1 ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
    const char *text = cJSON_GetStringValue(value);
    if (text && word_switch(text) != HEALTH_ANSWER_NOT_KNOWN)
        return (uint8_t)word_switch(text);
    if (text && text[0] != LONG_MARK)
        trace_remark(decoder->reader, "%s.%s: \"%.40s\" is neither ON nor OFF: taken as not known",
                     where, key, text);
    else
        FAIL(decoder, "%s.%s: ON or OFF is expected", where, key);
    return HEALTH_ANSWER_NOT_KNOWN;
}

uint8_t field_unless(struct decoder *decoder, const cJSON *object, const char *where,
                     const char *key, const char *rest)
{
    const char *text = field_text(decoder, object, where, key);
    if (!text)
        return HEALTH_ANSWER_NOT_KNOWN;
    return strcasecmp(text, rest) == 0 ? HEALTH_ANSWER_NO : HEALTH_ANSWER_YES;
}
