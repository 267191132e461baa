/*
 * word.h - 64-bit words that two threads share, or that one thread owns.
 *
 * Each step gives the word's old value. Shared, a step is one atomic read-modify-write that publishes
 * what was stored before it and shows what the other side published (acquire and release). Owned, it
 * is a plain load and a plain store, several times cheaper; the caller knows which it is.
 */
#ifndef HEALTHD_ENGINE_WORD_H
#define HEALTHD_ENGINE_WORD_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct word {
    _Atomic uint64_t bits;
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a word that hides a lock would let the reader wait");

static inline uint64_t word_load(const struct word *from)
{
    return atomic_load_explicit(&from->bits, memory_order_acquire);
}

static inline void word_store(struct word *to, uint64_t value)
{
    atomic_store_explicit(&to->bits, value, memory_order_release);
}

/* Load and store what only the calling thread changes, or what needs no order. */
static inline uint64_t word_peek(const struct word *from)
{
    return atomic_load_explicit(&from->bits, memory_order_relaxed);
}

static inline void word_poke(struct word *to, uint64_t value)
{
    atomic_store_explicit(&to->bits, value, memory_order_relaxed);
}

static inline uint64_t word_exchange(struct word *at, uint64_t value, bool shared)
{
    if (shared)
        return atomic_exchange_explicit(&at->bits, value, memory_order_acq_rel);
    uint64_t old = word_peek(at);
    word_poke(at, value);
    return old;
}

static inline uint64_t word_set_bits(struct word *at, uint64_t bits, bool shared)
{
    if (shared)
        return atomic_fetch_or_explicit(&at->bits, bits, memory_order_acq_rel);
    uint64_t old = word_peek(at);
    word_poke(at, old | bits);
    return old;
}

static inline uint64_t word_clear_bits(struct word *at, uint64_t bits, bool shared)
{
    if (shared)
        return atomic_fetch_and_explicit(&at->bits, ~bits, memory_order_acq_rel);
    uint64_t old = word_peek(at);
    word_poke(at, old & ~bits);
    return old;
}

/* Change the word from `from` to `to`. False: it was not `from`, so the other thread has changed it. */
static inline bool word_change(struct word *at, uint64_t from, uint64_t to, bool shared)
{
    if (shared)
        return atomic_compare_exchange_strong_explicit(&at->bits, &from, to, memory_order_acq_rel,
                                                       memory_order_relaxed);
    if (word_peek(at) != from)
        return false;
    word_poke(at, to);
    return true;
}

#endif
