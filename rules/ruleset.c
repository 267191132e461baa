/*
 * ruleset.c - binds the tables into health_rules_galera, and says what is safe to do about each
 * fault.
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
    .faults =
        {
            [HEALTH_FAULT_SPLIT_BRAIN] =
                {"two Primary components of one history serve side by side",
                 "Stop clients from reaching the smaller side. Do not restart or rejoin its nodes "
                 "before its writes are saved: a state transfer discards them."},
            [HEALTH_FAULT_FOREIGN_HISTORY] = {"a node serves another history than the rest",
                                              "Keep clients off it. It was bootstrapped anew, or "
                                              "belongs elsewhere; rejoining it "
                                              "replaces its data."},
            [HEALTH_FAULT_INCONSISTENT] =
                {"a node was voted inconsistent",
                 "Never bootstrap from it, whatever position it recovers. Keep its data for "
                 "inquiry, then let it rejoin by a full state transfer."},
            [HEALTH_FAULT_MAJORITY_AT_RISK] =
                {"half of the last Primary view or more has crashed",
                 "Expect the survivors to stop serving within seconds. Do not bootstrap one before "
                 "every member is known to be down or non-Primary."},
        },
};
