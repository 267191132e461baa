/*
 * diagnosis_stage.h - a case made by hand, and its diagnosis.
 */
#ifndef HEALTHD_TESTS_DIAGNOSIS_STAGE_H
#define HEALTHD_TESTS_DIAGNOSIS_STAGE_H

#include <healthd/rules.h>

#include "finding.h"

#define NOW_NS (INT64_C(1000) * HEALTH_NS_PER_S)

extern struct health_limits limits;
extern struct health_case known;
extern struct health_diagnosis diagnosis; /* the last that one of these has made */
extern const struct health_position served;

/* `count` members that serve, all of them expected. */
void stage_begin(uint32_t count);

void stage_state(uint32_t place, enum health_state state, enum health_reason reason);
void stage_crash(uint32_t place);

/* Is it diagnosed? */
bool stage_has(enum health_fault fault);

/* That precondition of the advice, which has to be asked. */
const struct health_statement *stage_precondition(enum health_statement_id id);

/* The action is asked for, and this alone forbids it. */
void stage_expect_only(enum health_action action, enum health_statement_id id);

#endif
