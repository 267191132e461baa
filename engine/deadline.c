/*
 * deadline.c - see deadline.h for the idea.
 *
 * Two bounds hold between any two calls, and while `due` runs:
 *  - block_min[b] is not later than any deadline of block b, unless expiry is inside that block; then
 *    it takes the bound afresh when the calls are done.
 *  - next_ms is not later than any block_min[] that expiry has passed or will not visit.
 * Arming lowers both where needed, so whatever a call arms, behind expiry, ahead of it or in the very
 * block, is met in this pass or makes next_ms say that another is due.
 *
 * The bounds are read in runs of constant length, which compilers turn into vector instructions: at a
 * million ids a pass that finds nothing due reads 62 kB.
 */
#include "deadline.h"

#include <stdbool.h>

/* The bounds of this many blocks are looked at in one go. */
#define RUN 64u

/* Later than any deadline that may be told from a past one. */
#define SPAN_MS (UINT32_C(1) << 31)

/* A time on a line that starts half the clock's span before `now`, where order is that of numbers. */
static uint32_t place(uint32_t at_ms, uint32_t now_ms)
{
    return at_ms - now_ms + SPAN_MS;
}

static bool is_due(uint32_t at_ms, uint32_t now_ms)
{
    return place(at_ms, now_ms) <= SPAN_MS;
}

static bool is_before(uint32_t at_ms, uint32_t other_ms)
{
    return place(at_ms, other_ms) < SPAN_MS;
}

/* The earliest of `count` times, none later than DEADLINE_FARTHEST_MS from now. */
static inline uint32_t earliest_of(const uint32_t *at_ms, uint32_t count, uint32_t now_ms)
{
    uint32_t earliest = place(now_ms + DEADLINE_FARTHEST_MS, now_ms);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = place(at_ms[i], now_ms);
        earliest = other < earliest ? other : earliest;
    }
    return earliest - SPAN_MS + now_ms;
}

/* The same; a full run has its own copy of the loop, whose length is constant. */
static uint32_t earliest(const uint32_t *at_ms, uint32_t count, uint32_t now_ms)
{
    return count == RUN ? earliest_of(at_ms, RUN, now_ms) : earliest_of(at_ms, count, now_ms);
}

static uint32_t at_most(uint32_t count, uint32_t limit)
{
    return count < limit ? count : limit;
}

static uint32_t blocks_of(uint32_t count)
{
    return count / DEADLINE_BLOCK + (count % DEADLINE_BLOCK != 0);
}

size_t deadlines_bytes(uint32_t count)
{
    return (size_t)blocks_of(count) * (DEADLINE_BLOCK + 1) * sizeof(uint32_t);
}

void deadlines_init(struct deadlines *set, void *memory, uint32_t count, uint32_t now_ms)
{
    size_t places = (size_t)blocks_of(count) * DEADLINE_BLOCK;

    set->count = count;
    set->blocks = blocks_of(count);
    set->at_ms = memory;
    set->block_min = set->at_ms + places;
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (size_t i = 0; i < places; i++)
        set->at_ms[i] = set->next_ms;
    for (uint32_t block = 0; block < set->blocks; block++)
        set->block_min[block] = set->next_ms;
}

void deadlines_arm(struct deadlines *set, uint32_t id, uint32_t at_ms)
{
    uint32_t *bound = &set->block_min[id / DEADLINE_BLOCK];

    set->at_ms[id] = at_ms;
    if (!is_before(at_ms, *bound))
        return;
    *bound = at_ms;
    if (is_before(at_ms, set->next_ms))
        set->next_ms = at_ms;
}

/* Call what is due in one block, then take its bound afresh. */
static void expire_block(struct deadlines *set, uint32_t block, uint32_t now_ms, deadline_due *due,
                         void *context)
{
    uint32_t first = block * DEADLINE_BLOCK;
    uint32_t count = at_most(set->count - first, DEADLINE_BLOCK);

    for (uint32_t id = first; id < first + count; id++)
        if (is_due(set->at_ms[id], now_ms))
            set->at_ms[id] = due(context, id);
    set->block_min[block] = earliest(&set->at_ms[first], count, now_ms);
}

void deadlines_expire(struct deadlines *set, uint32_t now_ms, deadline_due *due, void *context)
{
    if (!is_due(set->next_ms, now_ms))
        return;
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (uint32_t first = 0; first < set->blocks; first += RUN) {
        uint32_t count = at_most(set->blocks - first, RUN);
        const uint32_t *bounds = &set->block_min[first];
        uint32_t next_ms = earliest(bounds, count, now_ms);

        if (is_due(next_ms, now_ms)) {
            for (uint32_t i = 0; i < count; i++)
                if (is_due(bounds[i], now_ms))
                    expire_block(set, first + i, now_ms, due, context);
            next_ms = earliest(bounds, count, now_ms);
        }
        if (is_before(next_ms, set->next_ms))
            set->next_ms = next_ms;
    }
}
