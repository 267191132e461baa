/*
 * routable_rules.c - should clients be sent to a node?
 *
 * A second answer, never mixed into the state: a member that refuses queries is Green and not routable.
 * What is not known forbids nothing.
 */
#include "tables.h"

#define IF(fact, values) [HEALTH_ROUTABLE_##fact] = ALLOW(values)
#define ROW(id, answer, reason, ...) \
    { \
        (id), HEALTH_ANSWER_##answer, HEALTH_REASON_##reason, \
        { \
            __VA_ARGS__ \
        } \
    }
#define SAID BIT(HEALTH_ANSWER_YES)

static const struct health_rule routable_rules[] = {
    ROW(10, NOT_KNOWN, NOT_ENOUGH_KNOWN, IF(STATE, BIT(HEALTH_STATE_UNKNOWN))),
    ROW(20, NO, NOT_GREEN,
        IF(STATE,
           BIT(HEALTH_STATE_YELLOW) | BIT(HEALTH_STATE_RED_CLEAN) | BIT(HEALTH_STATE_RED_UNCLEAN))),
    ROW(30, NO, REJECTING, IF(REJECTS, SAID)),
    ROW(40, NO, MAINTENANCE, IF(MAINT, SAID)),
    ROW(50, NO, DONOR_REJECTS, IF(DONATES, BIT(1)), IF(DONOR_REJECTS, SAID)),
    ROW(60, NO, DESYNCED, IF(DESYNC, SAID)),
    ROW(70, NO, READ_ONLY, IF(READ_ONLY, SAID)),
    ROW(80, YES, ROUTABLE, 0),
};

DEFINE_TABLE(routable, "should clients be sent there?", health_routable_facts,
             &health_answer_facts[HEALTH_QUESTION_RUNNING]);
