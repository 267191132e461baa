/*
 * owed.c - see owed.h for the idea.
 *
 * What holds when nobody is inside: a word that is not zero has its bit set in the level above. The
 * opposite need not hold; a finder that meets a zero word under a set bit tidies it up.
 *
 * With two threads: whoever makes a word non-zero sets its bit above (raise), and whoever makes it zero
 * clears that bit and then looks at the word again (tidy). If an addition came in between, either its
 * raise comes after the clearing and the bit is set, or it comes before, and then the clearing, which
 * changes the same word above, sees everything the addition did: the second look finds the word
 * non-zero and raises it again. So no addition is ever hidden for longer than the other thread's tidy
 * takes. Raising stops at a bit that is set already or at a word that was non-zero already, because
 * whoever made it so is bound to do the rest.
 */
#include "owed.h"

#define BITS 64u

/* The number of trailing zeros: a de Bruijn sequence shifted by the lowest bit shows a different six
 * bits at its top for each of the 64 places. ISO C has no such operation before C23. */
static uint32_t lowest_bit(uint64_t bits)
{
    static const uint8_t place[BITS] = {
        0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28, //
        62, 5,  39, 46, 44, 42, 22, 9,  24, 35, 59, 56, 49, 18, 29, 11, //
        63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10, //
        51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
    };
    return place[((bits & (~bits + 1)) * UINT64_C(0x022fdd63cc95386d)) >> 58];
}

static uint64_t bit_of(uint32_t index)
{
    return UINT64_C(1) << index % BITS;
}

static uint32_t words_for(uint32_t bits)
{
    return bits / BITS + (bits % BITS != 0);
}

size_t owed_bytes(uint32_t count)
{
    size_t words = 0;

    do {
        count = words_for(count);
        words += count;
    } while (count > 1);
    return words * sizeof(struct word);
}

void owed_init(struct owed *set, void *memory, uint32_t count, bool shared)
{
    struct word *next = memory;

    set->levels = 0;
    set->shared = shared;
    do {
        assert(set->levels < OWED_LEVELS_MAX);
        count = words_for(count);
        set->level[set->levels] = next;
        set->words[set->levels] = count;
        set->levels++;
        next += count;
    } while (count > 1);
    set->top = set->level[set->levels - 1];
}

/* Set bit `index` of `level`, and what follows from it above. */
static void raise_bit(struct owed *set, uint32_t level, uint32_t index)
{
    for (; level < set->levels; level++) {
        if (word_set_bits(&set->level[level][index / BITS], bit_of(index), set->shared))
            return;
        index /= BITS;
    }
}

/* Word `index` of `level` was seen to be zero: say so above. */
static void tidy(struct owed *set, uint32_t level, uint32_t index)
{
    for (; level + 1 < set->levels; level++) {
        struct word *above = &set->level[level + 1][index / BITS];
        uint64_t left = word_clear_bits(above, bit_of(index), set->shared) & ~bit_of(index);
        if (word_load(&set->level[level][index])) {
            raise_bit(set, level + 1, index);
            return;
        }
        if (left)
            return;
        index /= BITS;
    }
}

void owed_add(struct owed *set, uint32_t id)
{
    raise_bit(set, 0, id);
}

bool owed_remove(struct owed *set, uint32_t id)
{
    struct word *leaf = &set->level[0][id / BITS];

    /* A bit that is not set cannot appear under the writer's hands, and if it vanishes under the
     * reader's, that is found out below. */
    if (!(word_peek(leaf) & bit_of(id)))
        return false;
    uint64_t old = word_clear_bits(leaf, bit_of(id), set->shared);
    if (old == bit_of(id))
        tidy(set, 0, id / BITS);
    return old & bit_of(id);
}

/* Find the first set bit at or after `from`, at the lowest level where the way there differs. */
static bool find_up(const struct owed *set, uint32_t from, uint32_t *ret_level, uint32_t *ret_index)
{
    for (uint32_t level = 0; level < set->levels; level++) {
        if (from / BITS >= set->words[level])
            return false;
        uint64_t bits = word_load(&set->level[level][from / BITS]) & ~(bit_of(from) - 1);
        if (bits) {
            *ret_level = level;
            *ret_index = from / BITS * BITS + lowest_bit(bits);
            return true;
        }
        from = from / BITS + 1;
    }
    return false;
}

/* Follow bit `index` of `level` down to the lowest id under it. False: there is none; it is tidied. */
static bool find_down(struct owed *set, uint32_t level, uint32_t index, uint32_t *ret_id)
{
    while (level > 0) {
        level--;
        uint64_t bits = word_load(&set->level[level][index]);
        if (!bits) {
            tidy(set, level, index);
            return false;
        }
        index = index * BITS + lowest_bit(bits);
    }
    *ret_id = index;
    return true;
}

bool owed_take(struct owed *set, uint32_t *cursor, uint32_t *ret_id)
{
    uint32_t from = *cursor;
    uint32_t level;
    uint32_t index;
    uint32_t id;

    for (;;) {
        if (!find_up(set, from, &level, &index)) {
            if (from == 0)
                return false;
            from = 0;
        } else if (find_down(set, level, index, &id) && owed_remove(set, id)) {
            *cursor = id + 1;
            *ret_id = id;
            return true;
        }
    }
}

/* Set bits: added up in pairs, fours and eights, and the eights by a multiplication. */
static uint32_t count_bits(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(bits * UINT64_C(0x0101010101010101) >> 56);
}

uint32_t owed_count(const struct owed *set)
{
    uint32_t count = 0;

    for (uint32_t i = 0; owed_any(set) && i < set->words[0]; i++)
        count += count_bits(word_load(&set->level[0][i]));
    return count;
}
