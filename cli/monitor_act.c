/*
 * monitor_act.c - what is done about faults: turns, the lease, and who acts, put together.
 */
#include "monitor_private.h"
#include "json_value.h"
#include "log.h"

#include <healthd/diagnosis.h>

#include <stdio.h>

/* ---- What the actor asks ---- */

static void diagnose(void *context, uint32_t cluster, struct health_diagnosis *ret_diagnosis)
{
    struct monitor *monitor = context;

    monitor_refresh(monitor);
    overview_diagnose(&monitor->overview, cluster, ret_diagnosis);
}

static char *document(void *context, uint32_t cluster)
{
    const struct monitor *monitor = context;
    cJSON *json = overview_diagnosis(&monitor->overview, cluster);

    return json ? json_print(json) : NULL;
}

/* Without Redis one healthd alone is assumed, and that is said. */
static bool is_leased(const struct monitor *monitor, uint32_t cluster, int64_t *ret_fencing)
{
    *ret_fencing = 0;
    if (!monitor->first->redis.wanted)
        return true;
    return monitor->lease && lease_held(monitor->lease, cluster, health_clock_ns(), ret_fencing);
}

static bool recover(void *context, uint32_t node)
{
    return monitor_recover(context, node);
}

static bool leased(void *context, uint32_t cluster, int64_t *ret_fencing)
{
    return is_leased(context, cluster, ret_fencing);
}

static void on_written(void *context)
{
    struct monitor *monitor = context;
    if (monitor->actor)
        actor_written(monitor->actor);
}

/* ---- Life ---- */

bool monitor_create_memory(struct monitor *monitor, const struct config *config)
{
    const struct memory_file_options options = {
        .base = monitor->options.base,
        .path = config->memory,
        .roster = &monitor->roster,
        .memory = monitor->memory,
        .written = on_written,
        .context = monitor,
    };
    monitor->memory_file = memory_file_create(&options);
    return monitor->memory_file != NULL;
}

bool monitor_create_actor(struct monitor *monitor)
{
    monitor->turns = turns_create(monitor->roster.directory.cluster_capacity, health_clock_ns());
    const struct actor_options options = {
        .base = monitor->options.base,
        .roster = &monitor->roster,
        .engine = monitor->engine,
        .memory = monitor->memory,
        .memory_file = monitor->memory_file,
        .turns = monitor->turns,
        .config = &monitor->config,
        .epoch = monitor->options.epoch,
        .diagnose = diagnose,
        .document = document,
        .leased = leased,
        .recover = recover,
        .context = monitor,
    };
    monitor->actor = monitor->turns ? actor_create(&options) : NULL;
    return monitor->actor != NULL;
}

static void on_remark(void *context, const char *text)
{
    char value[LOG_VALUE_MAX];
    (void)context;
    log_event(LOG_WARNING, "lease", "text=%s", log_value(value, sizeof value, text));
}

/* When something is acted upon, from the start or since a reload. */
static void begin_to_act(struct monitor *monitor)
{
    snprintf(monitor->lease_holder, sizeof monitor->lease_holder, "%s:%llu",
             monitor->options.reporter, (unsigned long long)monitor->options.epoch);
    const struct lease_options options = {
        .base = monitor->options.base,
        .redis = &monitor->first->redis,
        .roster = &monitor->roster,
        .holder = monitor->lease_holder,
        .remark = on_remark,
    };
    monitor->acts = true;
    if (monitor->first->redis.wanted)
        monitor->lease = lease_create(&options);
    log_event(LOG_NOTICE, "acting", "mode=act lease=%s%s",
              monitor->first->redis.wanted ? "redis" : "none",
              monitor->first->redis.wanted ? ""
                                           : " text=\"without Redis a single monitor is assumed\"");
}

static void on_gone(void *context, uint32_t cluster, const struct turn_place *place)
{
    const struct monitor *monitor = context;
    char task[LOG_VALUE_MAX], holder[LOG_VALUE_MAX];

    log_event(LOG_WARNING, "turn-expired", "cluster=%s task=%s holder=%s",
              roster_cluster_name(&monitor->roster, cluster),
              log_value(task, sizeof task, place->task),
              log_value(holder, sizeof holder, place->holder));
}

void monitor_mind_acting(struct monitor *monitor)
{
    if (!monitor->acts && config_acts(monitor->config))
        begin_to_act(monitor);
    turns_mind(monitor->turns, health_clock_ns(), on_gone, monitor);
    actor_mind(monitor->actor);
}

void monitor_end_acting(struct monitor *monitor)
{
    for (uint32_t i = 0;
         monitor->actor && monitor->lease && i < monitor->roster.directory.cluster_capacity; i++)
        if (actor_is_busy(monitor->actor, i))
            lease_keep(monitor->lease, i);
    actor_destroy(monitor->actor);
    monitor->actor = NULL;
}

void monitor_forget_acting(struct monitor *monitor, uint32_t cluster)
{
    turns_forget(monitor->turns, cluster);
    actor_forget(monitor->actor, cluster);
    if (monitor->lease)
        lease_forget(monitor->lease, cluster);
}

/* ---- Looking in ---- */

static void add_place(cJSON *json, const struct turn_place *place)
{
    cJSON_AddStringToObject(json, "task", place->task);
    cJSON_AddStringToObject(json, "holder", place->holder);
    json_add_time(json, "since", place->since_ns + wall_offset_ns());
}

static void add_turn(cJSON *json, const struct turn *turn)
{
    cJSON *told = cJSON_AddObjectToObject(json, "turn");

    if (turn->held)
        add_place(cJSON_AddObjectToObject(told, "held_by"), &turn->places[0]);
    else
        cJSON_AddNullToObject(told, "held_by");
    cJSON *waiting = cJSON_AddArrayToObject(told, "waiting");
    for (uint32_t i = turn->held; i < turn->count; i++) {
        cJSON *item = cJSON_CreateObject();
        add_place(item, &turn->places[i]);
        cJSON_AddItemToArray(waiting, item);
    }
}

static void add_lease(const struct monitor *monitor, cJSON *json, uint32_t cluster)
{
    cJSON *lease = cJSON_AddObjectToObject(json, "lease");
    int64_t fencing = 0;

    cJSON_AddStringToObject(lease, "by",
                            monitor->first->redis.wanted ? "redis" : "single monitor assumed");
    cJSON_AddBoolToObject(lease, "held", is_leased(monitor, cluster, &fencing));
    json_add_integer(lease, "fencing", fencing);
}

static void add_memory(const struct monitor *monitor, cJSON *json)
{
    const char *problem = memory_file_problem(monitor->memory_file);
    cJSON *memory = cJSON_AddObjectToObject(json, "memory");

    cJSON_AddBoolToObject(memory, "kept", !problem);
    json_add_text(memory, "why", problem);
}

/* What is done, by whom, and why not. */
static void add_acting(const void *context, cJSON *json, uint32_t cluster)
{
    const struct monitor *monitor = context;

    add_turn(json, turn_of(monitor->turns, cluster));
    actor_add(monitor->actor, json, cluster);
    add_lease(monitor, json, cluster);
    add_memory(monitor, json);
}

static const struct turn *turn_in(const void *context, uint32_t cluster)
{
    const struct monitor *monitor = context;
    return turn_of(monitor->turns, cluster);
}

static uint64_t count_of(const void *context, unsigned action, unsigned outcome)
{
    const struct monitor *monitor = context;
    return actor_count(monitor->actor, (enum health_action)action, (enum intent_outcome)outcome);
}

void monitor_show_acting(struct monitor *monitor)
{
    monitor->acting = (struct overview_acting){
        .add = add_acting, .turn = turn_in, .count = count_of, .context = monitor};
}

struct turns *monitor_turns(struct monitor *monitor)
{
    return monitor->turns;
}
