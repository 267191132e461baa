/*
 * names.c - enumerated values to their texts, all made from the lists in the public headers.
 */
#include <healthd/lists.h>
#include <healthd/memory.h>
#include <healthd/observation.h>
#include <healthd/reason.h>
#include <healthd/ruleset.h>

NAME_FUNCTION(health_answer_name, health_answer, HEALTH_ANSWERS, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_state_name, health_state, HEALTH_STATES, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_colour_name, health_colour, HEALTH_COLOURS, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_witness_name, health_witness, HEALTH_WITNESSES, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_component_name, health_component, HEALTH_COMPONENTS, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_probe_error_name, health_probe_error, HEALTH_PROBE_ERRORS, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_link_name, health_link, HEALTH_LINKS, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_process_name, health_process, HEALTH_PROCESSES, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_sign_name, health_sign, HEALTH_SIGNS, ENTRY_TEXT_OF_TWO)
NAME_FUNCTION(health_recovery_name, health_recovery_status, HEALTH_RECOVERIES, ENTRY_TEXT_OF_TWO)

NAME_FUNCTION(health_reason_name, health_reason, HEALTH_REASONS, ENTRY_NAME)
NAME_FUNCTION(health_taint_name, health_taint, HEALTH_TAINTS, ENTRY_NAME)

NAME_FUNCTION(health_reason_text, health_reason, HEALTH_REASONS, ENTRY_TEXT)
NAME_FUNCTION(health_taint_text, health_taint, HEALTH_TAINTS, ENTRY_TEXT)

const char *health_error_text(enum health_error error)
{
    switch (error) {
#define X(id, value, text) \
    case HEALTH_##id: \
        return text;
        HEALTH_ERRORS(X)
#undef X
    }
    return "?";
}

/* The values of each fact, then the table of facts that points to them. */
#define VALUES(domain, id, ...) static const char *const domain##_##id[] = {__VA_ARGS__};
#define FACT(domain, id, title) {(title), domain##_##id, COUNT_OF(domain##_##id)},

#define X(id, title, ...) VALUES(node, id, __VA_ARGS__)
HEALTH_NODE_FACTS(X)
#undef X
#define X(id, title, ...) FACT(node, id, title)
const struct health_fact_names health_node_facts[HEALTH_NODE_FACT_COUNT] = {HEALTH_NODE_FACTS(X)};
#undef X

#define X(id, title, ...) VALUES(exit, id, __VA_ARGS__)
HEALTH_EXIT_FACTS(X)
#undef X
#define X(id, title, ...) FACT(exit, id, title)
const struct health_fact_names health_exit_facts[HEALTH_EXITS_COUNT] = {HEALTH_EXIT_FACTS(X)};
#undef X

#define X(id, title, ...) VALUES(answer, id, __VA_ARGS__)
HEALTH_ANSWER_FACTS(X)
#undef X
#define X(id, title, ...) FACT(answer, id, title)
const struct health_fact_names health_answer_facts[HEALTH_QUESTION_COUNT] = {
    HEALTH_ANSWER_FACTS(X)};
#undef X

#define X(id, title, ...) VALUES(routable, id, __VA_ARGS__)
HEALTH_ROUTABLE_FACTS(X)
#undef X
#define X(id, title, ...) FACT(routable, id, title)
const struct health_fact_names health_routable_facts[HEALTH_ROUTABLE_COUNT] = {
    HEALTH_ROUTABLE_FACTS(X)};
#undef X

#define X(id, title, ...) VALUES(colour, id, __VA_ARGS__)
HEALTH_COLOUR_FACTS(X)
#undef X
#define X(id, title, ...) FACT(colour, id, title)
const struct health_fact_names health_colour_facts[HEALTH_COLOURS_COUNT] = {HEALTH_COLOUR_FACTS(X)};
#undef X
