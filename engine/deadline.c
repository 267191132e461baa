/*
 * deadline.c - see deadline.h for the idea.
 */
#include "deadline.h"

/* Negative: a is earlier than b. */
static int32_t compare(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static uint32_t blocks_of(uint32_t count)
{
    return (count + DEADLINE_BLOCK - 1) / DEADLINE_BLOCK;
}

size_t deadlines_bytes(uint32_t count)
{
    return (size_t)blocks_of(count) * (DEADLINE_BLOCK + 1) * sizeof(uint32_t);
}

void deadlines_init(struct deadlines *set, void *memory, uint32_t count, uint32_t now_ms)
{
    set->count = count;
    set->blocks = blocks_of(count);
    set->at_ms = memory;
    set->block_min = set->at_ms + (size_t)set->blocks * DEADLINE_BLOCK;
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (size_t i = 0; i < (size_t)set->blocks * DEADLINE_BLOCK; i++)
        set->at_ms[i] = set->next_ms;
    for (uint32_t block = 0; block < set->blocks; block++)
        set->block_min[block] = set->next_ms;
}

void deadlines_arm(struct deadlines *set, uint32_t id, uint32_t at_ms)
{
    uint32_t block = id / DEADLINE_BLOCK;

    set->at_ms[id] = at_ms;
    if (compare(at_ms, set->block_min[block]) < 0)
        set->block_min[block] = at_ms;
    if (compare(at_ms, set->next_ms) < 0)
        set->next_ms = at_ms;
}

/* Call what is due in one block, then set its bound to the earliest that is left. A call may arm ids of
 * this block behind the scan; the bound is taken afterwards, so it covers them. */
static void block_expire(struct deadlines *set, uint32_t block, uint32_t now_ms, deadline_due *due,
                         void *context)
{
    uint32_t first = block * DEADLINE_BLOCK;
    uint32_t last = first + DEADLINE_BLOCK < set->count ? first + DEADLINE_BLOCK : set->count;
    uint32_t earliest = now_ms + DEADLINE_FARTHEST_MS;

    for (uint32_t id = first; id < last; id++)
        if (compare(set->at_ms[id], now_ms) <= 0)
            set->at_ms[id] = due(context, id);
    for (uint32_t id = first; id < last; id++)
        if (compare(set->at_ms[id], earliest) < 0)
            earliest = set->at_ms[id];
    set->block_min[block] = earliest;
}

void deadlines_expire(struct deadlines *set, uint32_t now_ms, deadline_due *due, void *context)
{
    /* Calls that arm an id lower next_ms by themselves, whatever block it lies in. */
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (uint32_t block = 0; block < set->blocks; block++) {
        if (compare(set->block_min[block], now_ms) <= 0)
            block_expire(set, block, now_ms, due, context);
        if (compare(set->block_min[block], set->next_ms) < 0)
            set->next_ms = set->block_min[block];
    }
}
