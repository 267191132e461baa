/*
 * intent.c - intents as JSON.
 */
#include "intent.h"

#include "json_value.h"

#include <healthd/lists.h>
#include <healthd/uuid.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 1000

NAME_FUNCTION(intent_outcome_name, intent_outcome, INTENT_OUTCOMES, ENTRY_NAME)
NAME_FUNCTION(intent_outcome_text, intent_outcome, INTENT_OUTCOMES, ENTRY_TEXT)

/* ---- Positions ---- */

const char *position_format(const struct health_position *position, char text[POSITION_TEXT_SIZE])
{
    char uuid[UUID_TEXT_SIZE];

    uuid_format(&position->history, uuid);
    snprintf(text, POSITION_TEXT_SIZE, "%s:%" PRId64, uuid, position->seqno);
    return text;
}

void position_add(cJSON *json, const char *key, const struct health_position *position)
{
    char text[POSITION_TEXT_SIZE];

    json_add_text(json, key,
                  position->seqno == HEALTH_SEQNO_NONE ? NULL : position_format(position, text));
}

bool position_read(const cJSON *json, struct health_position *ret_position)
{
    const char *text = cJSON_GetStringValue(json);
    char uuid[UUID_TEXT_SIZE];
    char *end;

    *ret_position = (struct health_position){.seqno = HEALTH_SEQNO_NONE};
    if (cJSON_IsNull(json))
        return true;
    if (!text || strlen(text) < UUID_TEXT_SIZE + 1 || text[UUID_TEXT_SIZE - 1] != ':')
        return false;
    memcpy(uuid, text, UUID_TEXT_SIZE - 1);
    uuid[UUID_TEXT_SIZE - 1] = '\0';
    text += UUID_TEXT_SIZE;
    if (strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    ret_position->seqno = strtoll(text, &end, 10);
    return errno == 0 && !*end && uuid_parse(uuid, &ret_position->history);
}

/* ---- Writing ---- */

void intent_add(cJSON *json, const struct intent *intent)
{
    cJSON_AddStringToObject(json, "id", intent->id);
    cJSON_AddStringToObject(json, "fault", health_faults[intent->fault].name);
    cJSON_AddStringToObject(json, "action", health_action_name((enum health_action)intent->action));
    cJSON_AddStringToObject(json, "node", intent->node);
    position_add(json, "position", &intent->position);
    json_add_integer(json, "fencing", intent->fencing);
    json_add_integer(json, "attempt", intent->attempt);
    json_add_time_if_any(json, "begun", intent->begun_ns);
    json_add_time_if_any(json, "ended", intent->ended_ns);
    cJSON_AddStringToObject(json, "outcome",
                            intent_outcome_name((enum intent_outcome)intent->outcome));
}

/* ---- Reading ---- */

static const cJSON *value_of(const cJSON *json, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(json, key);
}

static bool copy_text(char *field, size_t size, const char *text)
{
    if (!*text || strlen(text) >= size)
        return false;
    memcpy(field, text, strlen(text) + 1);
    return true;
}

/* The one of these names; false: it is none of them. */
static bool find(const char *(*name)(unsigned index), unsigned count, const char *text,
                 uint8_t *ret_index)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(name(i), text) == 0) {
            *ret_index = (uint8_t)i;
            return true;
        }
    return false;
}

static const char *fault_name(unsigned index)
{
    return health_faults[index].name;
}

static const char *action_name(unsigned index)
{
    return health_action_name((enum health_action)index);
}

static const char *outcome_name(unsigned index)
{
    return intent_outcome_name((enum intent_outcome)index);
}

const char *intent_read(const cJSON *json, struct intent *ret_intent)
{
    const cJSON *fencing = value_of(json, "fencing");
    const cJSON *attempt = value_of(json, "attempt");

    if (!copy_text(ret_intent->id, sizeof ret_intent->id, json_text(json, "id")))
        return "id";
    if (!find(fault_name, HEALTH_FAULT_COUNT, json_text(json, "fault"), &ret_intent->fault))
        return "fault";
    if (!find(action_name, HEALTH_ACTION_COUNT, json_text(json, "action"), &ret_intent->action))
        return "action";
    if (!copy_text(ret_intent->node, sizeof ret_intent->node, json_text(json, "node")))
        return "node";
    if (!position_read(value_of(json, "position"), &ret_intent->position))
        return "position";
    if (!cJSON_IsNumber(fencing) || fencing->valuedouble < 0 || fencing->valuedouble > 1e15)
        return "fencing";
    if (!cJSON_IsNumber(attempt) || attempt->valuedouble < 1 || attempt->valuedouble > ATTEMPTS_MAX)
        return "attempt";
    ret_intent->fencing = (int64_t)fencing->valuedouble;
    ret_intent->attempt = (uint32_t)attempt->valuedouble;
    if (!json_read_time(value_of(json, "begun"), &ret_intent->begun_ns))
        return "begun";
    if (!json_read_time(value_of(json, "ended"), &ret_intent->ended_ns))
        return "ended";
    if (!find(outcome_name, INTENT_OUTCOME_COUNT, json_text(json, "outcome"), &ret_intent->outcome))
        return "outcome";
    return NULL;
}

bool intent_failed(enum intent_outcome outcome)
{
    return outcome == INTENT_FAILED || outcome == INTENT_TIMED_OUT || outcome == INTENT_NOT_REACHED;
}
