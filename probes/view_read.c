/*
 * view_read.c - rows of a mysqld's answers to a view.
 *
 * What cannot be read as expected is not known, never a zero: another version may say it in other words.
 */
#include "view_read.h"

#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const view_variable_names[VIEW_VARIABLE_COUNT] = {
#define NAME(id, name) [VIEW_##id] = name,
    VIEW_VARIABLES(NAME)
#undef NAME
};

void view_clear(struct health_view *view)
{
    *view = (struct health_view){
        .conf_id = HEALTH_CONF_NONE,
        .size = -1,
        .weight = -1,
        .local_state = HEALTH_LOCAL_NOT_KNOWN,
        .recv_queue = -1,
        .last_committed = -1,
    };
}

/* A whole number up to `most`; `otherwise` if it is none. */
static uint64_t number_of(const char *text, uint64_t most, uint64_t otherwise)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    return errno || end == text || *end || *text == '-' || value > most ? otherwise : value;
}

static void take_local_state(struct health_view *view, const char *value)
{
    view->local_state = (uint8_t)number_of(value, HEALTH_LOCAL_ERROR, HEALTH_LOCAL_NOT_KNOWN);
}

static void take_cluster_status(struct health_view *view, const char *value)
{
    view->component = (uint8_t)word_component(value);
}

static void take_cluster_size(struct health_view *view, const char *value)
{
    view->size = (int32_t)number_of(value, INT32_MAX, (uint64_t)-1);
}

static void take_cluster_weight(struct health_view *view, const char *value)
{
    view->weight = (int32_t)number_of(value, INT32_MAX, (uint64_t)-1);
}

static void take_cluster_conf_id(struct health_view *view, const char *value)
{
    view->conf_id = number_of(value, UINT64_MAX, HEALTH_CONF_NONE);
}

static void take_cluster_state_uuid(struct health_view *view, const char *value)
{
    uuid_parse(value, &view->state_uuid);
}

static void take_gcomm_uuid(struct health_view *view, const char *value)
{
    uuid_parse(value, &view->gcomm_uuid);
}

static void take_ready(struct health_view *view, const char *value)
{
    view->ready = (uint8_t)word_switch(value);
}

static void take_connected(struct health_view *view, const char *value)
{
    view->connected = (uint8_t)word_switch(value);
}

static void take_evs_state(struct health_view *view, const char *value)
{
    view->gathering = (uint8_t)word_gathering(value);
}

static void take_local_recv_queue(struct health_view *view, const char *value)
{
    view->recv_queue = (int32_t)number_of(value, INT32_MAX, (uint64_t)-1);
}

/* Before it has any, the server says -1 as an unsigned number. */
static void take_last_committed(struct health_view *view, const char *value)
{
    view->last_committed = (int64_t)number_of(value, INT64_MAX, (uint64_t)-1);
}

bool view_take_status(struct health_view *view, const char *name, const char *value)
{
    static const struct {
        const char *name;
        void (*take)(struct health_view *view, const char *value);
    } fields[] = {
#define FIELD(name) {#name, take_##name},
        VIEW_STATUS(FIELD)
#undef FIELD
    };

    if (strncmp(name, "wsrep_", 6) != 0)
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(name + 6, fields[i].name) == 0)
            fields[i].take(view, value);
    return true;
}

/* Active unless it says the word of rest. */
static uint8_t unless(const char *value, const char *rest)
{
    return strcasecmp(value, rest) == 0 ? HEALTH_ANSWER_NO : HEALTH_ANSWER_YES;
}

void view_take_variable(struct health_view *view, enum view_variable variable, const char *value)
{
    if (!value)
        return;
    switch (variable) {
    case VIEW_REJECT_QUERIES:
        view->rejects = unless(value, "NONE");
        break;
    case VIEW_DESYNC:
        view->desync = (uint8_t)word_switch(value);
        break;
    case VIEW_READ_ONLY:
        view->read_only = (uint8_t)word_switch(value);
        break;
    case VIEW_DONOR_REJECTS:
        view->donor_rejects = (uint8_t)word_switch(value);
        break;
    case VIEW_MAINT_MODE:
        view->maintenance = unless(value, "DISABLED");
        break;
    case VIEW_VARIABLE_COUNT:
        break;
    }
}
