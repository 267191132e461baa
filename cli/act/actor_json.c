/*
 * actor_json.c - what is done in a cluster, as a part of its document.
 */
#include "actor_private.h"
#include "json_value.h"

#include <healthd/observer.h>

/* What comes next, or would. */
static void add_next(cJSON *json, const struct actor_job *job)
{
    bool some = job->verdict != PLAN_NOTHING && job->told_action != HEALTH_ACTION_NONE;
    cJSON *next = some ? cJSON_AddObjectToObject(json, "next") : NULL;

    if (!some) {
        cJSON_AddNullToObject(json, "next");
        return;
    }
    cJSON_AddStringToObject(next, "fault", health_faults[job->told_fault].name);
    cJSON_AddStringToObject(next, "action",
                            health_action_name((enum health_action)job->told_action));
    json_add_text(next, "node",
                  job->told_node == HEALTH_NODE_NONE
                      ? NULL
                      : roster_node_name(job->actor->options.roster, job->told_node));
}

static void add_actions(cJSON *json, const struct actor_job *job)
{
    cJSON *list = cJSON_AddArrayToObject(json, "actions");
    uint32_t count = job->last_count < ACTOR_LAST_MAX ? job->last_count : ACTOR_LAST_MAX;

    for (uint32_t i = 1; i <= count; i++) {
        cJSON *item = cJSON_CreateObject();
        intent_add(item, &job->last[(job->last_count - i) % ACTOR_LAST_MAX]);
        cJSON_AddItemToArray(list, item);
    }
}

void actor_add(const struct actor *actor, cJSON *json, uint32_t cluster)
{
    const struct actor_job *job = &actor->jobs[cluster];
    cJSON *doing = cJSON_AddObjectToObject(json, "doing");
    bool acts = job->phase != ACTOR_IDLE;

    cJSON_AddStringToObject(doing, "mode", config_mode_name(job->mode));
    cJSON_AddStringToObject(doing, "verdict", plan_verdict_name(job->verdict));
    cJSON_AddStringToObject(doing, "text", plan_verdict_text(job->verdict));
    add_next(doing, job);
    bool rests = !acts && job->rest_until_ns > health_clock_ns();
    json_add_time_if_any(doing, "rests_until", rests ? job->rest_until_ns + wall_offset_ns() : 0);
    if (acts)
        intent_add(cJSON_AddObjectToObject(doing, "current"), &job->intent);
    else
        cJSON_AddNullToObject(doing, "current");
    add_actions(doing, job);
}
