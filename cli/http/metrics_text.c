/*
 * metrics_text.c - metrics as text.
 */
#include "metrics_text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A number takes at most so many characters, and so do the signs around labels and the sample's ending. */
#define NUMBER_MAX 32
#define SIGNS_MAX 32

#define NS_PER_S UINT64_C(1000000000)

void metrics_text_clear(struct metrics_text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

/* Make room for so many bytes. False: there is none. */
static bool reserve(struct metrics_text *text, size_t size)
{
    size_t capacity = text->capacity ? text->capacity : 65536;

    if (text->capacity - text->length >= size)
        return true;
    while (capacity - text->length < size)
        capacity *= 2;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = true;
        return false;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

/* ---- Pieces, for which there is room ---- */

static void put(struct metrics_text *text, const char *bytes, size_t length)
{
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void put_text(struct metrics_text *text, const char *string)
{
    put(text, string, strlen(string));
}

static size_t write_whole(char *to, uint64_t number)
{
    char digits[NUMBER_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    memcpy(to, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

/* Exact: doubles would not be, from some weeks on. At least one digit follows the point, as in the bounds
 * of OpenMetrics' histograms. */
static size_t write_seconds(char *to, uint64_t ns)
{
    uint64_t part = ns % NS_PER_S;
    uint64_t digit = NS_PER_S / 10;
    size_t length = write_whole(to, ns / NS_PER_S);

    to[length++] = '.';
    do {
        to[length++] = (char)('0' + part / digit);
        part %= digit;
        digit /= 10;
    } while (part);
    return length;
}

/* ---- Lines ---- */

/* What samples end in, by type; a histogram has several. */
static const char *const endings[] = {"", "_total", "", "", "_info"};

static void put_heading(struct metrics_text *text, const char *what, const char *ending,
                        const char *words)
{
    if (!reserve(text, strlen(text->name) + strlen(words) + SIGNS_MAX))
        return;
    put_text(text, what);
    put_text(text, text->name);
    put_text(text, ending);
    put(text, " ", 1);
    put_text(text, words);
    put(text, "\n", 1);
}

/* In the older format the name of a family is that of its samples, and there are no state sets or infos. */
void metrics_begin(struct metrics_text *text, enum metrics_type type, const char *name,
                   const char *help)
{
    static const char *const types[] = {"gauge", "counter", "histogram", "stateset", "info"};
    static const char *const older_types[] = {"gauge", "counter", "histogram", "gauge", "gauge"};
    const char *ending = text->openmetrics ? "" : endings[type];

    text->type = type;
    text->name = name;
    metrics_subject(text);
    put_heading(text, "# HELP ", ending, help);
    put_heading(text, "# TYPE ", ending, text->openmetrics ? types[type] : older_types[type]);
}

void metrics_subject(struct metrics_text *text)
{
    text->subject_length = 0;
}

static size_t escape(char *to, const char *from)
{
    size_t length = 0;

    for (; *from; from++) {
        if (*from == '\\' || *from == '"' || *from == '\n')
            to[length++] = '\\';
        to[length++] = *from == '\n' ? 'n' : *from;
    }
    return length;
}

void metrics_label(struct metrics_text *text, const char *key, const char *value)
{
    char *at = text->subject + text->subject_length;

    assert(text->subject_length + strlen(key) + 2 * strlen(value) + 4 <= sizeof text->subject);
    if (text->subject_length)
        *at++ = ',';
    at += escape(at, key);
    *at++ = '=';
    *at++ = '"';
    at += escape(at, value);
    *at++ = '"';
    text->subject_length = (size_t)(at - text->subject);
}

/* A sample up to its number. False: there is no room. */
static bool begin_sample(struct metrics_text *text, const char *ending, const char *key,
                         const char *value)
{
    size_t more = key ? strlen(key) + strlen(value) : 0;

    if (!reserve(text, strlen(text->name) + text->subject_length + more + SIGNS_MAX +
                           2 * (size_t)NUMBER_MAX))
        return false;
    put_text(text, text->name);
    put_text(text, ending);
    if (!text->subject_length && !key) {
        put(text, " ", 1);
        return true;
    }
    put(text, "{", 1);
    put(text, text->subject, text->subject_length);
    if (key) {
        put(text, ",", text->subject_length ? 1 : 0);
        put_text(text, key);
        put(text, "=\"", 2);
        put_text(text, value);
        put(text, "\"", 1);
    }
    put(text, "} ", 2);
    return true;
}

static void put_sample(struct metrics_text *text, const char *ending, const char *key,
                       const char *value, uint64_t number)
{
    if (!begin_sample(text, ending, key, value))
        return;
    text->length += write_whole(text->bytes + text->length, number);
    put(text, "\n", 1);
}

static void put_sample_seconds(struct metrics_text *text, const char *ending, const char *key,
                               const char *value, uint64_t ns)
{
    if (!begin_sample(text, ending, key, value))
        return;
    text->length += write_seconds(text->bytes + text->length, ns);
    put(text, "\n", 1);
}

/* ---- Samples ---- */

void metrics_whole(struct metrics_text *text, const char *key, const char *value, uint64_t number)
{
    put_sample(text, endings[text->type], key, value, number);
}

void metrics_seconds(struct metrics_text *text, const char *key, const char *value, int64_t ns)
{
    put_sample_seconds(text, endings[text->type], key, value, ns > 0 ? (uint64_t)ns : 0);
}

void metrics_states(struct metrics_text *text, const char *(*name)(unsigned state), unsigned count,
                    uint32_t set)
{
    for (unsigned i = 0; i < count; i++)
        put_sample(text, "", text->name, name(i), set >> i & 1u);
}

/* One below a class is in the classes above it too. */
void metrics_histogram(struct metrics_text *text, const struct durations *durations)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < DURATION_CLASS_COUNT; i++) {
        char bound[NUMBER_MAX];
        bound[write_seconds(bound, duration_bounds_us[i] * UINT64_C(1000))] = '\0';
        count += durations->counts[i];
        put_sample(text, "_bucket", "le", bound, count);
    }
    count += durations->counts[DURATION_CLASS_COUNT];
    put_sample(text, "_bucket", "le", "+Inf", count);
    put_sample(text, "_count", NULL, NULL, count);
    put_sample_seconds(text, "_sum", NULL, NULL, durations->sum_ns);
}

void metrics_end(struct metrics_text *text)
{
    if (text->openmetrics && reserve(text, SIGNS_MAX))
        put_text(text, "# EOF\n");
}
