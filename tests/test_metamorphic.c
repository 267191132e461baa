/*
 * test_metamorphic.c - changes to a recording that must not change, or change in a known way, what is
 * said of it.
 */
#include "recorder_mark.h"
#include "recording.h"

#include <criterion/criterion.h>
#include <string.h>

/* Every recording, with `change` applied to a copy, must be told the same. */
static void expect_same_story(struct recording (*change)(const struct recording *, uint64_t),
                              uint64_t ticks_seed)
{
    for (size_t i = 0; recording_names[i]; i++) {
        struct recording original = recording_load(recording_names[i]);
        struct recording changed = change(&original, i + 1);
        struct transcript before = recording_replay(&original, 0);
        struct transcript after = recording_replay(&changed, ticks_seed);

        cr_expect_str_eq(after.text, before.text, "%s is told differently", recording_names[i]);
        transcript_free(&before);
        transcript_free(&after);
        recording_free(&changed);
        recording_free(&original);
    }
}

static struct recording with_duplicates(const struct recording *original, uint64_t seed)
{
    struct recording changed = {.header = original->header};
    for (size_t i = 0; i < original->count; i++) {
        recording_append(&changed, &original->entries[i]);
        while (random_below(&seed, 3) == 0)
            recording_append(&changed, &original->entries[i]);
    }
    return changed;
}

Test(metamorphic, duplicates_change_nothing)
{
    expect_same_story(with_duplicates, 0);
}

/* After each heartbeat, an older one of any node arrives again, as if it had been held up. */
static struct recording with_stale_beats(const struct recording *original, uint64_t seed)
{
    struct recording changed = {.header = original->header};
    for (size_t i = 0; i < original->count; i++) {
        const struct health_trace_entry *entry = &original->entries[i];
        recording_append(&changed, entry);
        if (entry->observation.witness != HEALTH_WITNESS_AGENT)
            continue;
        struct health_trace_entry stale = original->entries[random_below(&seed, i + 1)];
        stale.at_ns = entry->at_ns;
        if (stale.observation.witness == HEALTH_WITNESS_AGENT)
            recording_append(&changed, &stale);
    }
    return changed;
}

Test(metamorphic, stale_heartbeats_change_nothing)
{
    expect_same_story(with_stale_beats, 0);
}

static struct recording unchanged(const struct recording *original, uint64_t seed)
{
    (void)seed;
    return recording_copy(original);
}

Test(metamorphic, extra_ticks_change_nothing)
{
    expect_same_story(unchanged, 1);
    expect_same_story(unchanged, 2);
}

/* Replace a word in a transcript's lines. */
static char *with_names(const char *text, const struct health_trace_header *names)
{
    char *renamed = NULL;
    size_t size;
    FILE *stream = open_memstream(&renamed, &size);
    char line[256];

    while (*text) {
        size_t length = strcspn(text, "\n");
        char subject[64];
        long long at_us;
        int used;
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        cr_assert_eq(sscanf(line, "%lld %63s%n", &at_us, subject, &used), 2);
        unsigned node;
        if (sscanf(subject, "n%u", &node) == 1)
            snprintf(subject, sizeof subject, "%s", names->nodes[node - 1]);
        fprintf(stream, "%lld %s%s\n", at_us, subject, line + used);
        text += length + (text[length] == '\n');
    }
    fclose(stream);
    return renamed;
}

Test(metamorphic, renaming_nodes_renames_the_output_only)
{
    for (size_t i = 0; recording_names[i]; i++) {
        struct recording original = recording_load(recording_names[i]);
        struct recording renamed = recording_copy(&original);
        for (uint32_t k = 0; k < renamed.header.node_count; k++)
            snprintf(renamed.header.nodes[k], sizeof renamed.header.nodes[k], "db-%c",
                     'z' - (char)k);
        struct transcript before = recording_replay(&original, 0);
        struct transcript after = recording_replay(&renamed, 0);
        char *expected = with_names(before.text, &renamed.header);

        cr_expect_str_eq(after.text, expected, "%s", recording_names[i]);
        free(expected);
        transcript_free(&before);
        transcript_free(&after);
        recording_free(&renamed);
        recording_free(&original);
    }
}

/* Nodes in another order in the list: the same story of each, whatever number it has. */
Test(metamorphic, the_order_of_nodes_does_not_matter_to_what_is_said_of_each)
{
    for (size_t i = 0; recording_names[i]; i++) {
        struct recording original = recording_load(recording_names[i]);
        struct recording turned = recording_copy(&original);
        uint32_t count = turned.header.node_count;
        for (uint32_t k = 0; k < count; k++)
            memcpy(turned.header.nodes[count - 1 - k], original.header.nodes[k],
                   sizeof turned.header.nodes[k]);
        for (size_t k = 0; k < turned.count; k++)
            turned.entries[k].observation.node = count - 1 - turned.entries[k].observation.node;
        struct transcript before = recording_replay(&original, 0);
        struct transcript after = recording_replay(&turned, 0);

        cr_expect_eq(after.changes.count, before.changes.count, "%s", recording_names[i]);
        for (size_t k = 0; k < before.changes.count; k++) {
            const struct change *change = &before.changes.list[k];
            cr_expect_str_eq(transcript_state(&after, change->subject, change->at_us),
                             transcript_state(&before, change->subject, change->at_us));
        }
        transcript_free(&before);
        transcript_free(&after);
        recording_free(&turned);
        recording_free(&original);
    }
}

Test(metamorphic, shifting_the_clock_shifts_the_output_only)
{
    static const int64_t shifts_us[] = {1, 999, 1234567, INT64_C(86400) * 1000000 * 400};

    for (size_t i = 0; recording_names[i]; i++)
        for (size_t k = 0; k < sizeof shifts_us / sizeof *shifts_us; k++) {
            struct recording original = recording_load(recording_names[i]);
            struct recording shifted = recording_copy(&original);
            for (size_t e = 0; e < shifted.count; e++)
                shifted.entries[e].at_ns += shifts_us[k] * HEALTH_NS_PER_US;
            struct transcript before = recording_replay(&original, 0);
            struct transcript after = recording_replay(&shifted, 0);

            cr_assert_eq(after.changes.count, before.changes.count);
            for (size_t c = 0; c < before.changes.count; c++) {
                cr_expect_eq(after.changes.list[c].at_us,
                             before.changes.list[c].at_us + shifts_us[k]);
                cr_expect_str_eq(after.changes.list[c].state, before.changes.list[c].state);
            }
            transcript_free(&before);
            transcript_free(&after);
            recording_free(&shifted);
            recording_free(&original);
        }
}

#define MAINTENANCE_MARKS 64
static char marks[MAINTENANCE_MARKS][96];

/* Any node goes into maintenance and comes back, at any moment. */
static struct recording with_maintenance(const struct recording *original, uint64_t seed)
{
    struct recording changed = {.header = original->header};
    size_t said = 0;

    for (size_t i = 0; i < original->count; i++) {
        recording_append(&changed, &original->entries[i]);
        if (said == MAINTENANCE_MARKS || random_below(&seed, original->count) >= MAINTENANCE_MARKS)
            continue;
        uint64_t node = random_below(&seed, original->header.node_count);
        snprintf(marks[said], sizeof marks[said], RECORDER_MAINTENANCE,
                 original->header.nodes[node], random_below(&seed, 2) ? "true" : "false");
        struct health_trace_entry mark = {
            .kind = HEALTH_TRACE_MARK, .at_ns = original->entries[i].at_ns, .mark = marks[said++]};
        recording_append(&changed, &mark);
    }
    return changed;
}

/* The same states at the same times; only where clients are sent differs. */
Test(metamorphic, maintenance_hides_no_state)
{
    for (size_t i = 0; recording_names[i]; i++) {
        struct recording original = recording_load(recording_names[i]);
        struct recording changed = with_maintenance(&original, i + 1);
        struct transcript before = recording_replay(&original, 0);
        struct transcript after = recording_replay(&changed, 0);

        cr_assert_eq(after.changes.count, before.changes.count, "%s", recording_names[i]);
        for (size_t k = 0; k < before.changes.count; k++) {
            cr_expect_eq(after.changes.list[k].at_us, before.changes.list[k].at_us);
            cr_expect_str_eq(after.changes.list[k].subject, before.changes.list[k].subject);
            cr_expect_str_eq(after.changes.list[k].state, before.changes.list[k].state);
        }
        cr_expect_str_neq(after.text, before.text, "%s: no maintenance is told",
                          recording_names[i]);
        transcript_free(&before);
        transcript_free(&after);
        recording_free(&changed);
        recording_free(&original);
    }
}
