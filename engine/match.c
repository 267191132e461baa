/*
 * match.c - the first row of a table that matches the facts.
 */
#include <healthd/ruleset.h>

static bool matches(const struct health_rule *rule, const uint8_t *facts, unsigned count)
{
    for (unsigned fact = 0; fact < count; fact++)
        if (rule->when[fact] && !(rule->when[fact] >> facts[fact] & 1u))
            return false;
    return true;
}

const struct health_rule *health_table_match(const struct health_table *table, const uint8_t *facts)
{
    for (unsigned i = 0; i < table->rule_count; i++)
        if (matches(&table->rules[i], facts, table->fact_count))
            return &table->rules[i];
    return NULL;
}
