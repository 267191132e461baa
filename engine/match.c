/*
 * match.c - the first row of a table that matches the facts.
 *
 * Each fact is one byte with the bit of its value set. A row bars values, so it matches when the facts'
 * bits and its bars have nothing in common: two words to look at, however many facts there are.
 */
#include <healthd/ruleset.h>

#include <string.h>

#define WORDS (HEALTH_FACTS_MAX / sizeof(uint64_t))

_Static_assert(WORDS == 2, "a row's bars are two words");

static bool matches(const struct health_rule *rule, const uint64_t *bits)
{
    uint64_t bars[WORDS];
    memcpy(bars, rule->bars, sizeof bars);
    return ((bits[0] & bars[0]) | (bits[1] & bars[1])) == 0;
}

const struct health_rule *health_table_match(const struct health_table *table, const uint8_t *facts)
{
    uint8_t bytes[HEALTH_FACTS_MAX] = {0};
    uint64_t bits[WORDS];

    for (unsigned fact = 0; fact < table->fact_count; fact++)
        bytes[fact] = (uint8_t)(1u << facts[fact]);
    memcpy(bits, bytes, sizeof bits);
    for (unsigned i = 0; i < table->rule_count; i++)
        if (matches(&table->rules[i], bits))
            return &table->rules[i];
    return NULL;
}
