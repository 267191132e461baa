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

/* How far a time lies ahead of another; negative when it lies behind. */
static int32_t ahead(uint32_t at_ms, uint32_t of_ms)
{
    return (int32_t)(at_ms - of_ms);
}

/* The earliest of `count` times, none later than DEADLINE_FARTHEST_MS from now. No branch and a signed
 * minimum, so that compilers look at several at once. */
static inline uint32_t earliest(const uint32_t *at_ms, uint32_t count, uint32_t now_ms)
{
    int32_t first = (int32_t)DEADLINE_FARTHEST_MS;

    for (uint32_t i = 0; i < count; i++) {
        int32_t other = ahead(at_ms[i], now_ms);
        first = other < first ? other : first;
    }
    return now_ms + (uint32_t)first;
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
    set->early_ms = 0;
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (size_t i = 0; i < deadlines_bytes(count) / sizeof(uint32_t); i++)
        set->at_ms[i] = set->next_ms; /* the deadlines and all bounds */
}

void deadlines_arm(struct deadlines *set, uint32_t id, uint32_t at_ms)
{
    uint32_t block = id / DEADLINE_BLOCK;
    uint32_t group = block / DEADLINE_BLOCK;

    set->at_ms[id] = at_ms;
    if (ahead(at_ms, set->block_min[block]) >= 0)
        return;
    set->block_min[block] = at_ms;
    if (ahead(at_ms, set->group_min[group]) >= 0)
        return;
    set->group_min[group] = at_ms;
    if (ahead(at_ms, set->next_ms) < 0)
        set->next_ms = at_ms;
}

static void expire_block(struct deadlines *set, uint32_t block, uint32_t now_ms, deadline_due *due,
                         void *context)
{
    uint32_t first = block * DEADLINE_BLOCK;
    uint32_t until_ms = now_ms + set->early_ms;

    for (uint32_t id = first; id < first + DEADLINE_BLOCK; id++)
        if (ahead(set->at_ms[id], until_ms) <= 0)
            set->at_ms[id] = id < set->count ? due(context, id) : now_ms + DEADLINE_FARTHEST_MS;
    set->block_min[block] = earliest(&set->at_ms[first], DEADLINE_BLOCK, now_ms);
}

static void expire_group(struct deadlines *set, uint32_t group, uint32_t now_ms, deadline_due *due,
                         void *context)
{
    uint32_t first = group * DEADLINE_BLOCK;
    uint32_t count = part(set->blocks, first, DEADLINE_BLOCK);

    for (uint32_t block = first; block < first + count; block++)
        if (ahead(set->block_min[block], now_ms) <= 0)
            expire_block(set, block, now_ms, due, context);
    set->group_min[group] = earliest(&set->block_min[first], count, now_ms);
}

void deadlines_expire(struct deadlines *set, uint32_t now_ms, deadline_due *due, void *context)
{
    if (ahead(set->next_ms, now_ms) > 0)
        return;
    set->next_ms = now_ms + DEADLINE_FARTHEST_MS;
    for (uint32_t group = 0; group < set->groups; group++) {
        if (ahead(set->group_min[group], now_ms) <= 0)
            expire_group(set, group, now_ms, due, context);
        if (ahead(set->group_min[group], set->next_ms) < 0)
            set->next_ms = set->group_min[group];
    }
}
