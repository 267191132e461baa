/*
 * fault_rules.c - what is to be said of each fault, and what faults, actions and statements are called.
 */
#include <healthd/diagnosis.h>
#include <healthd/lists.h>

const struct health_fault_row health_faults[HEALTH_FAULT_COUNT] = {
#define X(id, name, severity, meaning, advice) \
    {(name), HEALTH_SEVERITY_##severity, (meaning), (advice)},
    HEALTH_FAULTS(X)
#undef X
};

NAME_FUNCTION(health_severity_name, health_severity, HEALTH_SEVERITIES, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_action_name, health_action, HEALTH_ACTIONS, ENTRY_TEXT_OF_TWO)

NAME_FUNCTION(health_statement_name, health_statement_id, HEALTH_STATEMENTS, ENTRY_NAME)

NAME_FUNCTION(health_statement_text, health_statement_id, HEALTH_STATEMENTS, ENTRY_TEXT)
