/*
 * colour_rules.c - what do the states of a cluster's nodes add up to?
 *
 * Red is a proof, not a fear: no node serves, and those not known about are too few for a quorum of the
 * last Primary view; or so many of its members crashed that the rest is no majority, which Galera
 * itself finds out some five seconds later.
 */
#include "tables.h"

#define IF(fact, values) [HEALTH_COLOURS_##fact] = ALLOW(values)
#define ROW(id, answer, reason, ...) \
    { \
        (id), HEALTH_COLOUR_##answer, HEALTH_REASON_##reason, \
        { \
            __VA_ARGS__ \
        } \
    }

static const struct health_rule colour_rules[] = {
    ROW(10, RED, MAJORITY_CRASHED, IF(MAJORITY, BIT(HEALTH_MAJORITY_CRASHED))),
    ROW(20, GREEN, ALL_SERVE, IF(GREENS, BIT(HEALTH_GREENS_EXPECTED))),
    ROW(30, YELLOW, SOME_SERVE, IF(GREENS, BIT(HEALTH_GREENS_SOME))),
    ROW(40, UNKNOWN, SPLIT_TIE, IF(SPLIT, BIT(HEALTH_SPLIT_TIE))),
    ROW(50, RED, NO_MEMBER, IF(UNKNOWNS, BIT(HEALTH_UNKNOWNS_NONE))),
    ROW(60, UNKNOWN, MONITOR_ISOLATED, IF(UNKNOWNS, BIT(HEALTH_UNKNOWNS_ALL))),
    ROW(70, RED, NO_QUORUM, IF(UNKNOWNS, BIT(HEALTH_UNKNOWNS_TOO_FEW))),
    ROW(80, UNKNOWN, NOT_ENOUGH_KNOWN, IF(UNKNOWNS, BIT(HEALTH_UNKNOWNS_ENOUGH))),
};

#define ENTRY(id, text) text,
static const char *const colour_names[] = {HEALTH_COLOURS(ENTRY)};
#undef ENTRY
static const struct health_fact_names colour_answers = {"colour", colour_names,
                                                        COUNT_OF(colour_names)};

DEFINE_TABLE(colour, "what do the states add up to?", health_colour_facts, &colour_answers);
