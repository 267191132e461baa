/*
 * line.h - a bounded ring of subject numbers: one thread appends, two may take.
 *
 * Only the writer appends. Both take from the head: the reader to serve the oldest, the writer to drop
 * it; so the head moves by compare-and-swap. Head and tail are 64-bit and never wrap: a successful swap
 * proves that the entry read before it was still the head. The writer appends after it has seen a head
 * with room behind it, and a head only grows, so the line never holds more than its capacity.
 *
 * Each side keeps its last look at the other's end and looks again only when that does not tell, so the
 * two do not fight over cache lines while there is both room and work.
 */
#ifndef HEALTHD_ENGINE_LINE_H
#define HEALTHD_ENGINE_LINE_H

#include "word.h"

#include <stdalign.h>
#include <stddef.h>

#define CACHE_LINE 64u

struct line {
    alignas(CACHE_LINE) _Atomic uint32_t *entries; /* from head to tail, modulo their number */
    uint64_t mask;
    uint64_t capacity;
    bool shared; /* by two threads */

    alignas(CACHE_LINE) struct word tail; /* the writer's: where it appends next */
    uint64_t head_seen;                   /* the writer's last look at the head */

    alignas(CACHE_LINE) struct word head; /* both take here */

    alignas(CACHE_LINE) uint64_t tail_seen; /* the reader's last look at the tail */
};

/* The number of entries to lay out for `capacity`: a power of two. */
static inline uint64_t line_entries(uint64_t capacity)
{
    uint64_t entries = 1;

    while (entries < capacity)
        entries *= 2;
    return entries;
}

/* Make a line that holds nothing over zeroed memory for line_entries() numbers. */
static inline void line_init(struct line *line, void *memory, uint64_t capacity, bool shared)
{
    *line = (struct line){.entries = memory,
                          .mask = line_entries(capacity) - 1,
                          .capacity = capacity,
                          .shared = shared};
}

static inline uint32_t line_read(const struct line *line, uint64_t at)
{
    return atomic_load_explicit(&line->entries[at & line->mask], memory_order_relaxed);
}

static inline void line_write(struct line *line, uint64_t at, uint32_t subject)
{
    atomic_store_explicit(&line->entries[at & line->mask], subject, memory_order_relaxed);
}

/* Is there room for one more (writer)? */
static inline bool line_has_room(struct line *line)
{
    uint64_t tail = word_peek(&line->tail);

    if (tail - line->head_seen < line->capacity)
        return true;
    line->head_seen = word_load(&line->head);
    return tail - line->head_seen < line->capacity;
}

/* Append; there is room (writer). */
static inline void line_append(struct line *line, uint32_t subject)
{
    uint64_t tail = word_peek(&line->tail);

    assert(tail - line->head_seen < line->capacity);
    line_write(line, tail, subject);
    word_store(&line->tail, tail + 1);
}

/* Try once to take the entry at `head`, which is before the tail. False: the other thread has. */
static inline bool line_take_at(struct line *line, uint64_t head, uint32_t *ret_subject)
{
    uint32_t subject = line_read(line, head);

    if (!word_change(&line->head, head, head + 1, line->shared))
        return false;
    *ret_subject = subject;
    return true;
}

/* Take the oldest of a line that has just been seen without room (writer). Either way there is room
 * afterwards. False: the reader has taken it first, and made that room. */
static inline bool line_take_to_drop(struct line *line, uint32_t *ret_subject)
{
    line->head_seen++;
    return line_take_at(line, line->head_seen - 1, ret_subject);
}

/* Take the oldest (reader). False: nobody stands in line. It tries again only past what the writer has
 * dropped under its hands. */
static inline bool line_take(struct line *line, uint32_t *ret_subject)
{
    for (;;) {
        uint64_t head = word_load(&line->head);
        if (head >= line->tail_seen) {
            line->tail_seen = word_load(&line->tail);
            if (head >= line->tail_seen)
                return false;
        }
        if (line_take_at(line, head, ret_subject))
            return true;
    }
}

/* How many stand in line, from either thread. The tail first: the head seen after it can only make the
 * line shorter than it was at that time, never longer than its capacity. */
static inline uint64_t line_length(const struct line *line)
{
    uint64_t tail = word_load(&line->tail);
    uint64_t head = word_load(&line->head);

    return head < tail ? tail - head : 0;
}

#endif
