/*
 * tables.h - the tables, each defined in the file that holds its rows.
 *
 * A row is an id, an answer, a reason, and for each fact that matters the set of values it may have.
 * The last row of a table covers what is left; tests prove that every combination of facts is answered.
 */
#ifndef HEALTHD_RULES_TABLES_H
#define HEALTHD_RULES_TABLES_H

#include <healthd/lists.h>
#include <healthd/ruleset.h>

#define BIT(value) (1u << (value))

/* A row stores what bars it: the complement of what it allows. */
#define ALLOW(values) ((uint8_t) ~(values))

/* Define the table `title` over rows `title`_rules. */
#define DEFINE_TABLE(title, asks, domain, named) \
    const struct health_table title##_table = { \
        .name = #title, \
        .question = (asks), \
        .facts = (domain), \
        .answers = (named), \
        .rules = title##_rules, \
        .fact_count = COUNT_OF(domain), \
        .rule_count = COUNT_OF(title##_rules), \
    }

extern const struct health_table exit_table, running_table, member_table, clean_table, state_table,
    routable_table, colour_table;

#endif
