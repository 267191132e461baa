/*
 * ruleset.c - binds the tables into health_rules_galera.
 */
#include "tables.h"

#include <healthd/rules.h>

const struct health_ruleset health_rules_galera = {
    .exit = &exit_table,
    .running = &running_table,
    .member = &member_table,
    .clean = &clean_table,
    .state = &state_table,
    .routable = &routable_table,
    .colour = &colour_table,
};
