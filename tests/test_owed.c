/*
 * test_owed.c - the set of owed subjects against a plain array of flags.
 */
#include "owed.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct flags {
    bool *set;
    uint32_t count;
};

/* The first set flag at or after `from`, going round; `count` if there is none. */
static uint32_t flags_next(const struct flags *flags, uint32_t from)
{
    for (uint32_t i = 0; i < flags->count; i++)
        if (flags->set[(from + i) % flags->count])
            return (from + i) % flags->count;
    return flags->count;
}

static uint32_t flags_count(const struct flags *flags)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < flags->count; i++)
        count += flags->set[i];
    return count;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void walk(struct owed *owed, struct flags *flags, uint32_t steps, uint32_t seed)
{
    uint32_t cursor = 0;
    uint32_t expected_from = 0;

    for (uint32_t step = 0; step < steps; step++) {
        uint32_t what = next_random(&seed) % 10;
        uint32_t id = next_random(&seed) % flags->count;
        if (what < 4) {
            owed_add(owed, id);
            flags->set[id] = true;
        } else if (what < 6) {
            if (owed_remove(owed, id) != flags->set[id])
                cr_assert_fail("removing %u of %u at step %u", id, flags->count, step);
            flags->set[id] = false;
        } else {
            uint32_t expected = flags_next(flags, expected_from % flags->count);
            uint32_t taken = flags->count;
            if (owed_any(owed) != (expected < flags->count))
                cr_assert_fail("any of %u at step %u", flags->count, step);
            if (owed_take(owed, &cursor, &taken) != (expected < flags->count) || taken != expected)
                cr_assert_fail("took %u, not %u, of %u at step %u", taken, expected, flags->count,
                               step);
            if (expected < flags->count) {
                flags->set[expected] = false;
                expected_from = expected + 1;
            }
        }
        if (step % 64 == 0)
            cr_assert_eq(owed_count(owed), flags_count(flags), "of %u at step %u", flags->count,
                         step);
    }
}

Test(owed, agrees_with_an_array_of_flags_at_every_size)
{
    static const uint32_t counts[] = {1, 2, 63, 64, 65, 4095, 4096, 4097, 262144, 262145};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (int shared = 0; shared <= 1; shared++) {
            struct owed owed;
            struct flags flags = {calloc(counts[i], sizeof(bool)), counts[i]};
            void *memory = calloc(1, owed_bytes(counts[i]));
            owed_init(&owed, memory, counts[i], shared);
            walk(&owed, &flags, counts[i] > 5000 ? 3000 : 30000, (uint32_t)i);
            free(memory);
            free(flags.set);
        }
    }
}

Test(owed, takes_an_eighth_of_a_byte_an_id_and_at_most_five_levels)
{
    cr_expect_eq(owed_bytes(1), 8);
    cr_expect_eq(owed_bytes(64), 8);
    cr_expect_eq(owed_bytes(65), 24);
    cr_expect_leq(owed_bytes(1000000), 127000);
    cr_expect_leq(owed_bytes(UINT32_C(1) << 30), 137000000);
}
