/*
 * plan.h - may healthd act now? From what is known, a verdict; the first thing in the way is what is told.
 *
 * Pure: the same input gives the same verdict.
 */
#ifndef HEALTHD_CLI_PLAN_H
#define HEALTHD_CLI_PLAN_H

#include "config.h"

#include <healthd/diagnosis.h>

/* In the order in which they are looked at. */
#define PLAN_VERDICTS(X) \
    X(NOTHING, "nothing-to-do", "no known fault asks for an action") \
    X(OFF, "mode-off", "its mode is off") \
    X(NO_HANDLER, "no-handler", "no command is configured for this fault") \
    X(ADVISE, "mode-advise", "its mode is advise: nothing is done") \
    X(NOT_KEPT, "memory-not-kept", "what must not be forgotten is not kept in a file") \
    X(SETTLING, "settling", "healthd has just started: a task may still claim its turn") \
    X(NO_LEASE, "lease-not-held", "this healthd does not hold the lease of the cluster") \
    X(NOT_ALLOWED, "not-allowed", "a precondition is not met") \
    X(FRESH, "fault-fresh", "it has been there only for moments: more may follow") \
    X(EXHAUSTED, "left-to-people", "it was tried as often as configured") \
    X(COOL_DOWN, "cool-down", "it is too soon after the last action") \
    X(TURN, "turn-held", "somebody else has the turn") \
    X(ACT, "act", "it is done")

enum plan_verdict {
#define X(id, ...) PLAN_##id,
    PLAN_VERDICTS(X)
#undef X
        PLAN_VERDICT_COUNT
};

const char *plan_verdict_name(enum plan_verdict value);
const char *plan_verdict_text(enum plan_verdict value);

struct plan_input {
    const struct health_diagnosis *diagnosis;
    enum config_mode mode; /* of the fault that is treated */
    bool handled;          /* a command is configured for it */
    bool kept;             /* the memory's file is good */
    bool settled;          /* one lease has passed since the start */
    bool leased;           /* we hold the lease, or no Redis is configured */
    bool turn;             /* it is ours, or free */
    int64_t now_ns;
    int64_t rest_until_ns; /* cool-down, or back-off; 0: none */
    uint32_t failures;     /* since it last went well */
    uint32_t retries;
};

/* A fault has to have been there for so long, as all limits of moments are: of members that crash for one reason the
 * first must not be started while the others go. It would wait for a component that is not there any more. */
#define PLAN_FRESH_NS (5 * HEALTH_NS_PER_S)

enum plan_verdict plan_decide(const struct plan_input *input);

/* May positions be asked for, which --wsrep-recover shows? They are where we would act, but for the advice itself. */
bool plan_recovers(const struct plan_input *input);

/* So long nothing is done after this many failures in a row (0: it went well). */
int64_t plan_rest_ns(const struct config_handler *handler, uint32_t failures);

/* What is to be done. */
struct plan_step {
    uint8_t action;                  /* enum health_action */
    uint32_t place;                  /* of the node, in the case */
    struct health_position position; /* of a bootstrap */
};

struct plan_step plan_step(const struct health_diagnosis *diagnosis);

/* Is this still what is to be done, and allowed? */
bool plan_holds(const struct plan_step *step, const struct health_diagnosis *now);

#endif
