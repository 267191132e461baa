/*
 * queue_interleavings.c - the reporting queue's two sides, interleaved step by step at will.
 *
 * Real threads rarely stop in the middle of a push or a pop; a preempted one does, for as long as it
 * likes. Here the two sides are coroutines of one thread, and before each step on a shared word chance
 * decides who goes on, often for long. A seed gives the same interleaving each time.
 *
 * What must hold at every switch: the line is within its capacity and has no subject twice. What must
 * hold of every push and pop: while the other side stands still, it ends within a few steps, wherever
 * the other stands; so nobody ever waits. And once the writer rests and the reader drains, the
 * reader's picture is the writer's.
 *
 * The words here replace those of engine/word.h; the queue above them is compiled in as it is. Effects
 * of weaker memory order do not show; for those see queue_threads.c under ThreadSanitizer.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

/* ---- Words with a switch before each step ---- */

static void step(void);

#define HEALTHD_ENGINE_WORD_H

struct word {
    uint64_t bits;
};

static uint64_t word_peek(const struct word *from)
{
    return from->bits;
}

static void word_poke(struct word *to, uint64_t value)
{
    to->bits = value;
}

static uint64_t word_load(const struct word *from)
{
    step();
    return from->bits;
}

static void word_store(struct word *to, uint64_t value)
{
    step();
    to->bits = value;
}

static uint64_t word_exchange(struct word *at, uint64_t value, bool shared)
{
    (void)shared;
    step();
    uint64_t old = at->bits;
    at->bits = value;
    return old;
}

static uint64_t word_set_bits(struct word *at, uint64_t bits, bool shared)
{
    return word_exchange(at, (step(), at->bits | bits), shared);
}

static uint64_t word_clear_bits(struct word *at, uint64_t bits, bool shared)
{
    return word_exchange(at, (step(), at->bits & ~bits), shared);
}

static bool word_change(struct word *at, uint64_t from, uint64_t to, bool shared)
{
    (void)shared;
    step();
    if (at->bits != from)
        return false;
    at->bits = to;
    return true;
}

#include "../engine/owed.c"
#include "../engine/queue.c"
