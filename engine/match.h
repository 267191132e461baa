/*
 * match.h - facts as sets of bits, and the first row of a table that bars none of them.
 *
 * Each fact is one byte with the bit of its value set. A row bars values, so it matches when the facts'
 * bits and its bars have nothing in common: two words to look at, however many facts there are.
 */
#ifndef HEALTHD_ENGINE_MATCH_H
#define HEALTHD_ENGINE_MATCH_H

#include <healthd/ruleset.h>

_Static_assert(HEALTH_FACTS_MAX == 16, "facts are two words of eight bytes");

struct fact_bits {
    uint64_t low;  /* facts 0 to 7, the first in the lowest byte */
    uint64_t high; /* facts 8 to 15 */
};

/* Eight bytes as a word; compilers know this for one load. */
static inline uint64_t match_word(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
           (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

static inline uint64_t match_bits(const uint8_t *facts, unsigned count)
{
    uint64_t bits = 0;

    for (unsigned fact = 0; fact < count; fact++)
        bits |= UINT64_C(1) << (facts[fact] + 8 * fact);
    return bits;
}

static inline struct fact_bits fact_bits_of(const uint8_t *facts, unsigned count)
{
    return count <= 8 ? (struct fact_bits){match_bits(facts, count), 0}
                      : (struct fact_bits){match_bits(facts, 8), match_bits(facts + 8, count - 8)};
}

/* The first row that matches; NULL only for a table that is not total. */
static inline const struct health_rule *match_first(const struct health_table *table,
                                                    struct fact_bits bits)
{
    for (unsigned i = 0; i < table->rule_count; i++) {
        const struct health_rule *rule = &table->rules[i];
        if (((bits.low & match_word(rule->bars)) | (bits.high & match_word(rule->bars + 8))) == 0)
            return rule;
    }
    return NULL;
}

#endif
