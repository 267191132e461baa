/*
 * fault_rules.c - what is to be said of each fault, and what faults, actions and statements are called.
 */
#include <healthd/diagnosis.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

const struct health_fault_row health_faults[HEALTH_FAULT_COUNT] = {
#define X(id, name, severity, meaning, advice) \
    {(name), HEALTH_SEVERITY_##severity, (meaning), (advice)},
    HEALTH_FAULTS(X)
#undef X
};

static const char *pick(const char *const *texts, size_t count, size_t index)
{
    return index < count ? texts[index] : "?";
}

#define NAME_FUNCTION(function, type, list) \
    const char *function(enum type value) \
    { \
        static const char *const texts[] = {list(ENTRY)}; \
        return pick(texts, COUNT_OF(texts), (size_t)value); \
    }

#define ENTRY(id, text) text,
NAME_FUNCTION(health_severity_name, health_severity, HEALTH_SEVERITIES)
NAME_FUNCTION(health_action_name, health_action, HEALTH_ACTIONS)
#undef ENTRY

#define ENTRY(id, name, text) name,
NAME_FUNCTION(health_statement_name, health_statement_id, HEALTH_STATEMENTS)
#undef ENTRY

#define ENTRY(id, name, text) text,
NAME_FUNCTION(health_statement_text, health_statement_id, HEALTH_STATEMENTS)
#undef ENTRY
