/*
 * match.c - the first row of a table that matches the facts.
 */
#include "match.h"

const struct health_rule *health_table_match(const struct health_table *table, const uint8_t *facts)
{
    return match_first(table, fact_bits_of(facts, table->fact_count));
}
