/*
 * actor_stage.c - an actor on a stage.
 */
#include "actor_stage.h"

#include "json_value.h"

#include <healthd/observer.h>
#include <healthd/rules.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void diagnose(void *context, uint32_t cluster, struct health_diagnosis *ret_diagnosis)
{
    struct stage *stage = context;
    (void)cluster;
    *ret_diagnosis = stage->diagnosis;
    if (stage->last_diagnosis && ++stage->diagnoses > stage->last_diagnosis)
        ret_diagnosis->advice.allowed = false;
}

static char *document(void *context, uint32_t cluster)
{
    (void)context;
    (void)cluster;
    return strdup("{\"cluster\":\"lab\"}");
}

static bool leased(void *context, uint32_t cluster, int64_t *ret_fencing)
{
    struct stage *stage = context;
    (void)cluster;
    *ret_fencing = stage->fencing;
    if (stage->leases && --stage->leases == 0)
        stage->leased = false;
    return stage->leased;
}

static bool recover(void *context, uint32_t node)
{
    struct stage *stage = context;
    (void)node;
    stage->recoveries++;
    return true;
}

static void on_written(void *context)
{
    struct stage *stage = context;
    if (stage->actor)
        actor_written(stage->actor);
}

static void open_all(struct stage *stage)
{
    const struct memory_file_options file = {
        .base = stage->base,
        .path = stage->memory_path,
        .roster = &stage->roster,
        .memory = stage->memory,
        .written = on_written,
        .context = stage,
    };
    stage->file = memory_file_create(&file);
    stage->turns = turns_create(2, health_clock_ns() - TURN_TTL_NS);
    const struct actor_options actor = {
        .base = stage->base,
        .roster = &stage->roster,
        .engine = stage->engine,
        .memory = stage->memory,
        .memory_file = stage->file,
        .turns = stage->turns,
        .config = &stage->now,
        .epoch = 7,
        .diagnose = diagnose,
        .document = document,
        .leased = leased,
        .recover = recover,
        .context = stage,
    };
    stage->actor = actor_create(&actor);
    cr_assert(stage->file && stage->actor);
}

static void close_all(struct stage *stage)
{
    actor_destroy(stage->actor);
    stage->actor = NULL;
    turns_destroy(stage->turns);
    memory_file_destroy(stage->file, 5000);
}

void stage_restart(struct stage *stage)
{
    close_all(stage);
    open_all(stage);
}

static void on_say(void *context, bool error, const char *text)
{
    (void)context;
    cr_assert_not(error, "%s", text);
}

/* Put a path where a word stands. */
static void put(char *text, size_t size, const char *word, const char *path)
{
    char rest[2048];
    char *at;

    while ((at = strstr(text, word))) {
        snprintf(rest, sizeof rest, "%s", at + strlen(word));
        snprintf(at, size - (size_t)(at - text), "%s%s", path, rest);
    }
}

static void configure(struct stage *stage, const char *mode, const char *keys)
{
    char path[SCRATCH_SIZE];
    char text[4096];
    int length = snprintf(text, sizeof text,
                          "clusters: [{name: lab, nodes: [{name: n1, address: 10.0.0.1, port: "
                          "3307}, {name: n2}, {name: n3}]}]\nmemory: MEMORY\nhandlers:\n  mode: "
                          "%s\n  actions:\n    - {%s}\n",
                          mode, keys);

    (void)length;
    put(text, sizeof text, "TRACE", stage->trace_path);
    put(text, sizeof text, "MEMORY", stage->memory_path);
    scratch_file(path, "config", text, strlen(text));
    cr_assert(config_read(path, CONFIG_FOR_DAEMON, on_say, NULL, &stage->config));
    unlink(path);
    stage->now = &stage->config;
}

static void make_engine(struct stage *stage)
{
    const struct health_cadence cadence = {.probe_interval_ns = HEALTH_NS_PER_S,
                                           .probe_timeout_ns = HEALTH_NS_PER_S / 2,
                                           .heartbeat_interval_ns = HEALTH_NS_PER_S};
    const struct health_engine_options options = {.nodes = 4,
                                                  .clusters = 2,
                                                  .now_ns = health_clock_ns(),
                                                  .limits = &stage->limits,
                                                  .ruleset = &health_rules_galera};

    cr_assert_eq(health_limits_derive(&cadence, &stage->limits), HEALTH_OK);
    cr_assert_eq(health_engine_create(&options, &stage->engine), HEALTH_OK);
    cr_assert_eq(health_memory_create(&options, &stage->memory), HEALTH_OK);
    cr_assert(roster_init(&stage->roster, 4, 2));
    health_cluster_add(stage->engine, options.now_ns, NODES, &stage->cluster);
    roster_add_cluster(&stage->roster, stage->cluster, "lab");
    for (unsigned i = 0; i < NODES; i++) {
        char name[4] = {'n', (char)('1' + i), '\0'};
        health_node_add(stage->engine, options.now_ns, stage->cluster, &stage->nodes[i]);
        roster_add_node(&stage->roster, stage->cluster, stage->nodes[i], name);
    }
}

void stage_begin(struct stage *stage, const char *mode, const char *keys)
{
    memset(stage, 0, sizeof *stage);
    signal(SIGPIPE, SIG_IGN);
    stage->leased = true;
    stage->base = event_base_new();
    event_base_priority_init(stage->base, 3);
    scratch_directory(stage->folder, "actor");
    snprintf(stage->memory_folder, sizeof stage->memory_folder, "%s/kept", stage->folder);
    mkdir(stage->memory_folder, 0700);
    snprintf(stage->memory_path, sizeof stage->memory_path, "%s/kept/memory.json", stage->folder);
    snprintf(stage->trace_path, sizeof stage->trace_path, "%s/trace", stage->folder);
    stage->diagnosis.treated = HEALTH_UNEXPLAINED;
    configure(stage, mode, keys);
    make_engine(stage);
    open_all(stage);
    for (int i = 0; i < 500 && !memory_file_is_written(stage->file, 1); i++)
        usleep(10000); /* the first text is the file's own */
}

void stage_end(struct stage *stage)
{
    close_all(stage);
    health_memory_destroy(stage->memory);
    health_engine_destroy(stage->engine);
    roster_clear(&stage->roster);
    config_clear(&stage->config);
    event_base_free(stage->base);
    unlink(stage->memory_path);
    unlink(stage->trace_path);
    rmdir(stage->memory_folder);
    rmdir(stage->folder);
}

void stage_advise(struct stage *stage, enum health_fault fault, enum health_action action)
{
    stage->diagnosis = (struct health_diagnosis){
        .count = 1,
        .findings = {{.fault = (uint8_t)fault, .explained_by = HEALTH_UNEXPLAINED, .places = 1}},
        .faults = UINT32_C(1) << fault,
        .advice = {.action = (uint8_t)action, .allowed = true, .place = 0},
    };
}

void stage_run(struct stage *stage, int ms)
{
    const struct timeval step = {.tv_usec = 20000};

    for (; ms > 0; ms -= 20) {
        turns_mind(stage->turns, health_clock_ns(), NULL, NULL);
        memory_file_mind(stage->file);
        actor_mind(stage->actor);
        event_base_loopexit(stage->base, &step);
        event_base_dispatch(stage->base);
    }
}

bool stage_until(struct stage *stage, const char *words)
{
    for (int i = 0; i < 250 && !strstr(stage_doing(stage), words); i++)
        stage_run(stage, 20);
    return strstr(stage_doing(stage), words);
}

const char *stage_doing(struct stage *stage)
{
    static char said[16384];
    cJSON *json = cJSON_CreateObject();

    actor_add(stage->actor, json, stage->cluster);
    char *text = json_print(json);
    snprintf(said, sizeof said, "%s", text);
    free(text);
    return said;
}

const char *stage_trace(struct stage *stage)
{
    FILE *file = fopen(stage->trace_path, "r");

    memset(stage->trace, 0, sizeof stage->trace);
    if (!file)
        return stage->trace;
    size_t length = fread(stage->trace, 1, sizeof stage->trace - 1, file);
    fclose(file);
    stage->trace[length] = '\0';
    return stage->trace;
}

static void observe(struct stage *stage, const struct health_observation *seen)
{
    cr_assert_eq(health_engine_observe(stage->engine, seen->at_ns, seen), HEALTH_OK);
}

void stage_green(struct stage *stage, unsigned node)
{
    const struct health_observation seen = {
        .at_ns = health_clock_ns(),
        .node = stage->nodes[node],
        .witness = HEALTH_WITNESS_PROBE,
        .probe = {.ok = true,
                  .has_view = true,
                  .view = {.state_uuid = {1, 2},
                           .gcomm_uuid = {node + 1, 7},
                           .conf_id = 5,
                           .size = 1,
                           .weight = 1,
                           .component = HEALTH_COMPONENT_PRIMARY,
                           .local_state = HEALTH_LOCAL_SYNCED,
                           .ready = HEALTH_ANSWER_YES,
                           .connected = HEALTH_ANSWER_YES}}};
    struct health_node_snapshot known;

    observe(stage, &seen);
    health_node_snapshot(stage->engine, stage->nodes[node], &known);
    cr_assert_eq(known.state, HEALTH_STATE_GREEN);
}

void stage_stopped(struct stage *stage, unsigned node)
{
    struct health_observation seen = {
        .at_ns = health_clock_ns(),
        .node = stage->nodes[node],
        .witness = HEALTH_WITNESS_AGENT,
        .heartbeat = {.boot = {node + 1, 1},
                      .seq = 1,
                      .process = HEALTH_PROCESS_STOPPED,
                      .exit_kind = HEALTH_EXIT_CODE,
                      .grastate = {true, {1, 2}, 9, HEALTH_ANSWER_NO}}};
    struct health_node_snapshot known;

    observe(stage, &seen);
    health_node_snapshot(stage->engine, stage->nodes[node], &known);
    cr_assert(known.state == HEALTH_STATE_RED_CLEAN || known.state == HEALTH_STATE_RED_UNCLEAN,
              "%s", health_state_name(known.state));
}
