/*
 * deadline.c - see deadline.h for the idea.
 *
 * What holds between any two calls, and while `due` runs: a bound is not later than what it bounds,
 * deadlines by block_min[], those by group_min[], those by next_ms. The exception is what expiry is
 * inside of at that moment, a block, its group and the whole, whose bounds it takes afresh on leaving.
 * Arming lowers the bounds above a deadline from the lowest up, as far as it is earlier. So whatever a
 * call arms, ahead of expiry, behind it or in the very block, is met in this pass or makes next_ms say
 * that another is due.
 */
#include "deadline.h"

#include <stdbool.h>

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
static uint32_t earliest(const uint32_t *at_ms, uint32_t count, uint32_t now_ms)
{
    uint32_t first = place(now_ms + DEADLINE_FARTHEST_MS, now_ms);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = place(at_ms[i], now_ms);
        first = other < first ? other : first;
    }
    return first - SPAN_MS + now_ms;
}

/* How many there are from `first` on, but for one block or group at most. */
static uint32_t part(uint32_t count, uint32_t first, uint32_t most)
{
    return count - first < most ? count - first : most;
}

static uint32_t parts(uint32_t count, uint32_t most)
{
    return count / most + (count % most != 0);
}

size_t deadlines_bytes(uint32_t count)
{
    uint32_t blocks = parts(count, DEADLINE_BLOCK);
    uint32_t groups = parts(blocks, DEADLINE_BLOCK);

    return ((size_t)blocks * DEADLINE_BLOCK + blocks + groups) * sizeof(uint32_t);
}

void deadlines_init(struct deadlines *set, void *memory, uint32_t count, uint32_t now_ms)
{
    set->count = count;
    set->blocks = parts(count, DEADLINE_BLOCK);
    set->groups = parts(set->blocks, DEADLINE_BLOCK);
    set->at_ms = memory;
    set->block_min = set->at_ms + (size_t)set->blocks * DEADLINE_BLOCK;
    set->group_min = set->block_min + set->blocks;
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (size_t i = 0; i < deadlines_bytes(count) / sizeof(uint32_t); i++)
        set->at_ms[i] = set->next_ms; /* the deadlines and all bounds */
}

void deadlines_arm(struct deadlines *set, uint32_t id, uint32_t at_ms)
{
    uint32_t block = id / DEADLINE_BLOCK;
    uint32_t group = block / DEADLINE_BLOCK;

    set->at_ms[id] = at_ms;
    if (!is_before(at_ms, set->block_min[block]))
        return;
    set->block_min[block] = at_ms;
    if (!is_before(at_ms, set->group_min[group]))
        return;
    set->group_min[group] = at_ms;
    if (is_before(at_ms, set->next_ms))
        set->next_ms = at_ms;
}

static void expire_block(struct deadlines *set, uint32_t block, uint32_t now_ms, deadline_due *due,
                         void *context)
{
    uint32_t first = block * DEADLINE_BLOCK;
    uint32_t count = part(set->count, first, DEADLINE_BLOCK);

    for (uint32_t id = first; id < first + count; id++)
        if (is_due(set->at_ms[id], now_ms))
            set->at_ms[id] = due(context, id);
    set->block_min[block] = earliest(&set->at_ms[first], count, now_ms);
}

static void expire_group(struct deadlines *set, uint32_t group, uint32_t now_ms, deadline_due *due,
                         void *context)
{
    uint32_t first = group * DEADLINE_BLOCK;
    uint32_t count = part(set->blocks, first, DEADLINE_BLOCK);

    for (uint32_t block = first; block < first + count; block++)
        if (is_due(set->block_min[block], now_ms))
            expire_block(set, block, now_ms, due, context);
    set->group_min[group] = earliest(&set->block_min[first], count, now_ms);
}

void deadlines_expire(struct deadlines *set, uint32_t now_ms, deadline_due *due, void *context)
{
    if (!is_due(set->next_ms, now_ms))
        return;
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (uint32_t group = 0; group < set->groups; group++) {
        if (is_due(set->group_min[group], now_ms))
            expire_group(set, group, now_ms, due, context);
        if (is_before(set->group_min[group], set->next_ms))
            set->next_ms = set->group_min[group];
    }
}
