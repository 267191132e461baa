/*
 * deadline.h - one deadline for each of very many ids, nearly always refreshed before it comes.
 *
 * A timer heap pays log n cache misses for each refresh. Here a refresh is one store: at_ms[] holds the
 * deadlines, and block_min[] holds for each 64 of them a bound that is never later than their earliest;
 * group_min[] does the same for each 64 blocks. Moving a deadline later leaves the bounds as they are
 * (still bounds); moving it earlier lowers them. Expiry reads the bounds of the groups, opens only the
 * groups and blocks that may hold something due, and tightens their bounds.
 *
 * Opening a block costs as much as several calls, and each call that finds an id refreshed puts its
 * deadline off. `early_ms` lets expiry call ids of a block that it opens anyway that much before their
 * time: those of one block then come together, once in a refresh's time to live, and not one by one.
 *
 * Times are milliseconds of a 32-bit clock that wraps: two times are compared by the sign of their
 * difference, so a deadline lies at most DEADLINE_FARTHEST_MS ahead of now. "No deadline" is that far:
 * it comes after all, once in six days, and `due` puts it off again. For the same reason time must not
 * run on for more than DEADLINE_FARTHEST_MS without deadlines_expire(). Memory: 4.06 bytes an id.
 */
#ifndef HEALTHD_ENGINE_DEADLINE_H
#define HEALTHD_ENGINE_DEADLINE_H

#include <stddef.h>
#include <stdint.h>

#define DEADLINE_BLOCK 64u                       /* ids in a block, and blocks in a group */
#define DEADLINE_FARTHEST_MS (UINT32_C(1) << 29) /* about six days */

struct deadlines {
    uint32_t *at_ms;     /* [count], rounded up to whole blocks */
    uint32_t *block_min; /* [blocks] */
    uint32_t *group_min; /* [groups] */
    uint32_t count;
    uint32_t blocks;
    uint32_t groups;
    uint32_t
        early_ms;     /* how much before its time an id may be called; 0 unless the owner sets it */
    uint32_t next_ms; /* when to expire next: never later than the earliest deadline of all */
};

/* Called for an id whose deadline has come; gives its next one. May arm other ids, in any block and for
 * any time, also a past one. */
typedef uint32_t deadline_due(void *context, uint32_t id);

/* Bytes of memory that deadlines_init() needs for `count` ids. */
size_t deadlines_bytes(uint32_t count);

/* Lay the set out in `memory` (64-byte aligned, deadlines_bytes() long); every id is unarmed. */
void deadlines_init(struct deadlines *set, void *memory, uint32_t count, uint32_t now_ms);

/* Set the deadline of one id, earlier or later than before. */
void deadlines_arm(struct deadlines *set, uint32_t id, uint32_t at_ms);

/* Call `due` for every id whose deadline is at or before now_ms, in order of id and once each; and,
 * where one of a block is, for those of that block whose deadline comes within early_ms. What is
 * due again when that is done, because a call gave or armed a past time for an id whose turn was over,
 * is left to the next expiry; next_ms says so. */
void deadlines_expire(struct deadlines *set, uint32_t now_ms, deadline_due *due, void *context);

#endif
