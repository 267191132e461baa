/*
 * expect.c - see expect.h.
 */
#include "expect.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool set_has(const struct state_set *set, const char *state)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->states[i], state) == 0)
            return true;
    return false;
}

static bool read_states(const cJSON *object, const char *key, bool wanted, struct state_set *set)
{
    const cJSON *states = cJSON_GetObjectItemCaseSensitive(object, key);
    const cJSON *state;

    if (!states)
        return !wanted;
    if (!cJSON_IsArray(states) || cJSON_GetArraySize(states) > EXPECT_STATES_MAX)
        return false;
    cJSON_ArrayForEach(state, states)
    {
        const char *text = cJSON_GetStringValue(state);
        if (!text || strlen(text) >= sizeof set->states[0])
            return false;
        snprintf(set->states[set->count++], sizeof set->states[0], "%s", text);
    }
    return set->count > 0 || !wanted;
}

/* Times stay far below 2^53 microseconds (285 years), where doubles are exact. */
static bool read_number(const cJSON *object, const char *key, int64_t *ret_value)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(value) || value->valuedouble < 0 || value->valuedouble > 9e15)
        return false;
    *ret_value = (int64_t)value->valuedouble;
    return true;
}

static bool read_expectation(const cJSON *json, struct expectation *expectation)
{
    const char *subject = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "subject"));
    int64_t within_ms;

    if (!subject || strlen(subject) >= sizeof expectation->subject)
        return false;
    snprintf(expectation->subject, sizeof expectation->subject, "%s", subject);
    if (!read_number(json, "from_us", &expectation->from_us) ||
        !read_number(json, "within_ms", &within_ms))
        return false;
    expectation->within_us = within_ms * 1000;
    return read_states(json, "must", true, &expectation->must) &&
           read_states(json, "meanwhile", false, &expectation->meanwhile);
}

/* A new expectation at the end of the list; NULL: out of memory. */
static struct expectation *append(struct expectations *expectations)
{
    size_t bytes = (expectations->count + 1) * sizeof *expectations->list;
    struct expectation *list = realloc(expectations->list, bytes);
    if (!list)
        return NULL;
    expectations->list = list;
    memset(&list[expectations->count], 0, sizeof *list);
    return &list[expectations->count++];
}

static bool read_json(struct expectations *expectations, const cJSON *json)
{
    if (!cJSON_IsObject(json))
        return false;
    if (!cJSON_GetObjectItemCaseSensitive(json, "subject"))
        return read_number(json, "end_us", &expectations->end_us);
    struct expectation *expectation = append(expectations);
    return expectation && read_expectation(json, expectation);
}

static bool read_line(struct expectations *expectations, const char *line)
{
    cJSON *json = cJSON_ParseWithOpts(line, NULL, true);
    bool good = read_json(expectations, json);
    cJSON_Delete(json);
    return good;
}

bool expectations_read(const char *path, struct expectations *ret_expectations)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    unsigned number = 0;
    bool good = true;

    memset(ret_expectations, 0, sizeof *ret_expectations);
    ret_expectations->end_us = -1;
    if (!file) {
        fprintf(stderr, "%s: cannot be opened: %s\n", path, strerror(errno));
        return false;
    }
    while (good && getline(&line, &capacity, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        number++;
        good = !*line || read_line(ret_expectations, line);
        if (!good)
            fprintf(stderr,
                    "%s: line %u: an expectation is expected: subject, from_us, within_ms, must; "
                    "or the end: end_us\n",
                    path, number);
    }
    if (good && ret_expectations->end_us < 0) {
        fprintf(stderr, "%s: a last line with end_us is expected\n", path);
        good = false;
    }
    free(line);
    fclose(file);
    if (!good)
        expectations_clear(ret_expectations);
    return good;
}

void expectations_clear(struct expectations *expectations)
{
    free(expectations->list);
    memset(expectations, 0, sizeof *expectations);
}

void changes_add(struct changes *changes, const char *subject, const char *state, int64_t at_us)
{
    if (changes->count == changes->capacity) {
        changes->capacity = changes->capacity ? 2 * changes->capacity : 64;
        changes->list = realloc(changes->list, changes->capacity * sizeof *changes->list);
        if (!changes->list) {
            fputs("out of memory\n", stderr);
            abort();
        }
    }
    struct change *change = &changes->list[changes->count++];
    snprintf(change->subject, sizeof change->subject, "%s", subject);
    snprintf(change->state, sizeof change->state, "%s", state);
    change->at_us = at_us;
}

void changes_clear(struct changes *changes)
{
    free(changes->list);
    memset(changes, 0, sizeof *changes);
}

/* The subject's neighbour of expectation i in the list; NULL: none. */
static const struct expectation *neighbour(const struct expectations *expectations, size_t i,
                                           bool next)
{
    const struct expectation *best = NULL;
    const struct expectation *self = &expectations->list[i];

    for (size_t k = 0; k < expectations->count; k++) {
        const struct expectation *other = &expectations->list[k];
        bool later = other->from_us > self->from_us || (other->from_us == self->from_us && k > i);
        if (k == i || strcmp(other->subject, self->subject) != 0 || later != next)
            continue;
        if (!best || (next ? other->from_us < best->from_us : other->from_us >= best->from_us))
            best = other;
    }
    return best;
}

/* One expectation's part of the recording. */
struct part {
    const struct expectation *expectation;
    const struct expectation *former;
    int64_t grace_us; /* until then `former` and `meanwhile` are allowed too */
    int64_t end_us;
};

static bool allowed(const struct part *part, const char *state, int64_t at_us)
{
    if (set_has(&part->expectation->must, state))
        return true;
    if (at_us >= part->grace_us)
        return false;
    if (set_has(&part->expectation->meanwhile, state))
        return true;
    return part->former ? set_has(&part->former->must, state) : strcmp(state, "unknown") == 0;
}

/* What was wrong in a part, one entry for each wrong state. */
struct tally {
    struct broken wrong[8];
    size_t count;
};

static void tally_add(struct tally *tally, const struct part *part, const char *state,
                      int64_t lasted_us)
{
    for (size_t i = 0; i < tally->count; i++)
        if (strcmp(tally->wrong[i].state, state) == 0) {
            tally->wrong[i].lasted_us += lasted_us;
            return;
        }
    if (tally->count == sizeof tally->wrong / sizeof *tally->wrong)
        return;
    struct broken *broken = &tally->wrong[tally->count++];
    broken->expectation = part->expectation;
    broken->lasted_us = lasted_us;
    snprintf(broken->state, sizeof broken->state, "%s", state);
}

/* Judge the stretch in which a state lasted; the end of the grace cuts it in two. */
static void judge_stretch(struct tally *tally, const struct part *part, const char *state,
                          int64_t from_us, int64_t to_us)
{
    int64_t cut = part->grace_us;
    if (from_us < cut && cut < to_us) {
        judge_stretch(tally, part, state, from_us, cut);
        from_us = cut;
    }
    if (to_us > from_us && !allowed(part, state, from_us))
        tally_add(tally, part, state, to_us - from_us);
}

static unsigned states_named(const struct expectation *expectation)
{
    unsigned named = (unsigned)expectation->must.count;
    for (size_t i = 0; i < expectation->meanwhile.count; i++)
        named += !set_has(&expectation->must, expectation->meanwhile.states[i]);
    return named;
}

/* Walk the subject's states through one part. Gives how often they changed in it. */
static unsigned walk_part(struct tally *tally, const struct part *part,
                          const struct changes *changes)
{
    const char *state = "unknown";
    int64_t since_us = part->expectation->from_us;
    unsigned moves = 0;

    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->list[i];
        if (strcmp(change->subject, part->expectation->subject) != 0 ||
            change->at_us >= part->end_us)
            continue;
        if (change->at_us > since_us) {
            judge_stretch(tally, part, state, since_us, change->at_us);
            since_us = change->at_us;
        }
        moves += change->at_us > part->expectation->from_us && strcmp(change->state, state) != 0;
        state = change->state;
    }
    judge_stretch(tally, part, state, since_us, part->end_us);
    return moves;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct score expectations_score(const struct expectations *expectations,
                                const struct changes *changes, broken_found *found, void *context)
{
    struct score score = {0, 0, 0};

    for (size_t i = 0; i < expectations->count; i++) {
        const struct expectation *expectation = &expectations->list[i];
        const struct expectation *next = neighbour(expectations, i, true);
        struct part part = {
            .expectation = expectation,
            .former = neighbour(expectations, i, false),
            .end_us = next ? next->from_us : expectations->end_us,
        };
        struct tally tally = {.count = 0};
        part.grace_us = earlier(expectation->from_us + expectation->within_us, part.end_us);
        unsigned moves = walk_part(&tally, &part, changes);
        unsigned named = states_named(expectation);
        score.flaps += moves > named ? moves - named : 0;
        for (size_t k = 0; k < tally.count; k++) {
            score.broken++;
            score.wrong_us += tally.wrong[k].lasted_us;
            if (found)
                found(context, &tally.wrong[k]);
        }
    }
    return score;
}
