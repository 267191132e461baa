/*
 * owed.h - the set of subjects whose report was dropped and is still owed.
 *
 * A bit for each subject, and above each 64 words of bits a word that says which of them may hold any:
 * a tree of at most five levels. Adding, removing and finding the next one touch one word a level, so
 * they cost the same whatever is in the set, and the set takes an eighth of a byte a subject.
 *
 * Rejected: a queue of debts. It would pay the oldest debt first, but a debt that a newer report
 * settles leaves a stale entry in its middle, and whoever takes the next one may have to skip
 * thousands of those.
 *
 * Threads: the writer adds; the writer and the reader remove and take. With `shared` false one thread
 * does everything.
 */
#ifndef HEALTHD_ENGINE_OWED_H
#define HEALTHD_ENGINE_OWED_H

#include "word.h"

#include <stddef.h>

/* 64^5 = 2^30 ids. */
#define OWED_LEVELS_MAX 5u

struct owed {
    struct word *level[OWED_LEVELS_MAX]; /* level[0]: the ids; the last level is one word */
    struct word *top;
    uint32_t words[OWED_LEVELS_MAX];
    uint32_t levels;
    bool shared;
};

/* Bytes of memory that owed_init() needs for ids below `count` (1 to 2^30). */
size_t owed_bytes(uint32_t count);

/* Lay the empty set out in `memory`: zeroed, aligned for a word, owed_bytes() long. */
void owed_init(struct owed *set, void *memory, uint32_t count, bool shared);

/* Add an id; it may be there already (writer). */
void owed_add(struct owed *set, uint32_t id);

/* Remove an id. False: it was not there. */
bool owed_remove(struct owed *set, uint32_t id);

/* Take the first id at or after *cursor, going round at the end, and move *cursor past it. False: the
 * set is empty. */
bool owed_take(struct owed *set, uint32_t *cursor, uint32_t *ret_id);

/* How many are in the set: for people, as the cost grows with the ids there may be (a word for 64). While
 * the other thread is inside, the answer may lag. */
uint32_t owed_count(const struct owed *set);

/* Is there possibly anything in the set? While the other thread is inside, the answer may lag. */
static inline bool owed_any(const struct owed *set)
{
    return word_load(set->top) != 0;
}

#endif
