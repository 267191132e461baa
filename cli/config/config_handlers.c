/*
 * config_handlers.c - handlers: faults, and what is done about each.
 */
#include "config_reading.h"
#include "config_value.h"
#include "placeholder.h"

#include <healthd/diagnosis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 120000
#define COOL_DOWN_MS 60000
#define BACKOFF_MS 10000
#define RETRIES 2
#define RETRIES_MAX 10
#define TIME_MAX_MS UINT32_C(86400000)

/* The faults that an action can follow from; what stands beside each says which. */
static const struct {
    uint8_t fault;
    bool said_only; /* it is acted upon only where its own handler says so */
} handled[] = {
    {HEALTH_FAULT_SPLIT_BRAIN, true},   /* stop a node of the smaller side */
    {HEALTH_FAULT_FULL_CRASH, false},   /* bootstrap */
    {HEALTH_FAULT_FULL_STOP, false},    /* bootstrap */
    {HEALTH_FAULT_NODE_CRASHED, false}, /* start */
    {HEALTH_FAULT_NODE_STOPPED, false}, /* start, after a bootstrap only */
};

#define HANDLED_COUNT (sizeof handled / sizeof *handled)

static const char *const mode_names[] = {
    [CONFIG_MODE_NOT_SAID] = "advise",
    [CONFIG_MODE_OFF] = "off",
    [CONFIG_MODE_ADVISE] = "advise",
    [CONFIG_MODE_ACT] = "act",
};

const char *config_mode_name(enum config_mode mode)
{
    return mode_names[mode];
}

/* ---- Reading ---- */

static read_value read_actions, read_fault, read_mode, read_command, read_environment, read_retries;

static const struct key action_keys[] = {
    VALUE("fault", read_fault, config_handler, fault),
    VALUE("command", read_command, config_handler, command),
    VALUE("mode", read_mode, config_handler, mode),
    NUMBER("timeout_ms", config_handler, timeout_ms, 1, TIME_MAX_MS),
    NUMBER("cool_down_ms", config_handler, cool_down_ms, 1, TIME_MAX_MS),
    {"retries", read_retries, 0, 0, RETRIES_MAX, NULL},
    NUMBER("backoff_ms", config_handler, backoff_ms, 1, TIME_MAX_MS),
    VALUE("environment", read_environment, config_handler, environment),
    NO_MORE,
};

const struct key config_handlers_keys[] = {
    VALUE("mode", read_mode, config_handlers, mode),
    {"actions", read_actions, 0, 0, 0, action_keys},
    NO_MORE,
};

static void read_mode(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    const char *text = yaml_text(value);

    for (unsigned i = CONFIG_MODE_OFF; text && i <= CONFIG_MODE_ACT; i++)
        if (strcmp(text, mode_names[i]) == 0) {
            *(enum config_mode *)config_field_of(key, target) = (enum config_mode)i;
            return;
        }
    config_refuse(reading, key, value, "off, advise or act");
}

static void read_fault(struct reading *reading, const struct key *key, yaml_node_t *value,
                       void *target)
{
    const char *text = yaml_text(value);
    struct config_handler *handler = target;
    char expected[200] = "a fault that healthd can act upon (";

    handler->fault_said = true;
    handler->fault = HEALTH_FAULT_COUNT;
    for (size_t i = 0; i < HANDLED_COUNT; i++) {
        const char *name = health_faults[handled[i].fault].name;
        size_t length = strlen(expected);
        snprintf(expected + length, sizeof expected - length, "%s%s", i ? ", " : "", name);
        if (text && strcmp(text, name) == 0)
            handler->fault = handled[i].fault;
    }
    if (handler->fault == HEALTH_FAULT_COUNT) {
        size_t length = strlen(expected);
        snprintf(expected + length, sizeof expected - length, ")");
        config_refuse(reading, key, value, expected);
    }
}

static void read_retries(struct reading *reading, const struct key *key, yaml_node_t *value,
                         void *target)
{
    struct config_handler *handler = target;
    const struct key number = {key->name, NULL, 0, key->min, key->max, NULL};

    handler->retries_said = true;
    config_read_number(reading, &number, value, &handler->retries);
}

/* A list of words into an array that ends with NULL, and is empty when it is none, which was said. NULL: memory is
 * short. */
static const char **read_words(struct reading *reading, const struct key *key,
                               const yaml_node_t *value, bool (*valid)(const char *text),
                               const char *expected)
{
    const yaml_node_item_t *start = value->data.sequence.items.start;
    size_t count =
        value->type == YAML_SEQUENCE_NODE ? (size_t)(value->data.sequence.items.top - start) : 0;
    const char **words = calloc(count + 1, sizeof *words);

    if (!words)
        notes_error(&reading->notes, yaml_line(value), "memory is short");
    else if (value->type != YAML_SEQUENCE_NODE)
        config_refuse(reading, key, value, "a list of words");
    count = words ? count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct key word = {key->name, NULL, 0, 0, 0, NULL};
        config_keep_text(reading, &word, config_node_of(reading, start[i]), &words[i], valid,
                         expected);
    }
    return words;
}

/* "" was refused already. */
static void check_program(struct reading *reading, const yaml_node_t *value, const char *path)
{
    bool refused = path && !*path;
    const char *problem;

    if (!path || (!refused && path[0] != '/'))
        notes_error(&reading->notes, yaml_line(value),
                    "the path of a program, from /, is expected as the first word of command");
    else if (reading->whole && !refused && (problem = config_program_problem(path)))
        notes_error(&reading->notes, yaml_line(value),
                    "a program that can be run is expected for command: %s: %s", path, problem);
}

static void read_command(struct reading *reading, const struct key *key, yaml_node_t *value,
                         void *target)
{
    struct config_handler *handler = target;
    const char **words = read_words(reading, key, value, placeholder_valid,
                                    "a word, in which braces hold " PLACEHOLDER_EXPECTED " only,");

    handler->command = words;
    if (!words || value->type != YAML_SEQUENCE_NODE)
        return;
    check_program(reading, value, words[0]);
}

static bool variable_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return strspn(name, letters) == strlen(name) && !strchr("0123456789", name[0]);
}

static void read_environment(struct reading *reading, const struct key *key, yaml_node_t *value,
                             void *target)
{
    struct config_handler *handler = target;
    handler->environment =
        read_words(reading, key, value, variable_valid, "the name of a variable");
}

static void read_actions(struct reading *reading, const struct key *key, yaml_node_t *value,
                         void *target)
{
    struct config_handlers *handlers = target;
    handlers->actions = config_read_list(
        reading, key, value, "a mapping with a fault and a command", sizeof *handlers->actions,
        offsetof(struct config_handler, line), &handlers->action_count);
}

void config_read_handlers(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    struct config_handlers *handlers = config_field_of(key, target);

    handlers->line = yaml_line(value);
    config_read_section(reading, key, value, target);
}

/* ---- Asking ---- */

/* A stopped node is started as a crashed one is, where nothing else is said. */
const struct config_handler *config_find_handler(const struct config *config, unsigned fault)
{
    for (size_t i = 0; i < config->handlers.action_count; i++)
        if (config->handlers.actions[i].fault == fault)
            return &config->handlers.actions[i];
    return fault == HEALTH_FAULT_NODE_STOPPED
               ? config_find_handler(config, HEALTH_FAULT_NODE_CRASHED)
               : NULL;
}

static bool said_only(unsigned fault)
{
    for (size_t i = 0; i < HANDLED_COUNT; i++)
        if (handled[i].fault == fault)
            return handled[i].said_only;
    return true;
}

enum config_mode config_handler_mode(const struct config *config, unsigned fault)
{
    const struct config_handler *handler = config_find_handler(config, fault);
    enum config_mode all = config->handlers.mode;

    if (all == CONFIG_MODE_NOT_SAID)
        all = CONFIG_MODE_ADVISE;
    if (handler && handler->mode != CONFIG_MODE_NOT_SAID)
        return handler->mode;
    return all == CONFIG_MODE_ACT && (!handler || said_only(fault)) ? CONFIG_MODE_ADVISE : all;
}

bool config_acts(const struct config *config)
{
    for (size_t i = 0; i < HANDLED_COUNT; i++)
        if (config_handler_mode(config, handled[i].fault) == CONFIG_MODE_ACT)
            return true;
    return false;
}

/* ---- The whole ---- */

static void check_handler(const struct config_handlers *handlers, size_t index, struct notes *notes)
{
    const struct config_handler *handler = &handlers->actions[index];

    if (!handler->fault_said)
        notes_error(notes, handler->line, "a fault is expected for this action");
    if (!handler->command) /* what was refused is there, and empty */
        notes_error(notes, handler->line, "a command is expected for this action");
    for (size_t i = 0; handler->fault_said && i < index; i++)
        if (handlers->actions[i].fault == handler->fault && handler->fault != HEALTH_FAULT_COUNT)
            notes_error(notes, handler->line, "fault %s is handled once, and line %zu does so",
                        health_faults[handler->fault].name, handlers->actions[i].line);
}

/* Where act is said; 0: nowhere. */
static size_t acts_in_line(const struct config_handlers *handlers)
{
    if (handlers->mode == CONFIG_MODE_ACT)
        return handlers->line;
    for (size_t i = 0; i < handlers->action_count; i++)
        if (handlers->actions[i].mode == CONFIG_MODE_ACT)
            return handlers->actions[i].line;
    return 0;
}

void config_check_handlers(const struct config *config, struct notes *notes)
{
    const size_t line = acts_in_line(&config->handlers);

    for (size_t i = 0; i < config->handlers.action_count; i++)
        check_handler(&config->handlers, i, notes);
    if (line && !config->memory)
        notes_error(notes, line,
                    "memory, the path of a file, is expected where the mode is act: without it a "
                    "restart forgets what may not be done");
}

void config_fill_handlers(struct config *config)
{
    for (size_t i = 0; i < config->handlers.action_count; i++) {
        struct config_handler *handler = &config->handlers.actions[i];
        handler->timeout_ms = handler->timeout_ms ? handler->timeout_ms : TIMEOUT_MS;
        handler->cool_down_ms = handler->cool_down_ms ? handler->cool_down_ms : COOL_DOWN_MS;
        handler->backoff_ms = handler->backoff_ms ? handler->backoff_ms : BACKOFF_MS;
        handler->retries = handler->retries_said ? handler->retries : RETRIES;
    }
}

void config_clear_handlers(struct config *config)
{
    for (size_t i = 0; i < config->handlers.action_count; i++) {
        free(config->handlers.actions[i].command);
        free(config->handlers.actions[i].environment);
    }
    free(config->handlers.actions);
}
