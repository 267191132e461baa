/*
 * test_faults.c - each fault has a trace that shows it, and is told of it when and as it should be.
 *
 * tests/faults/CODE.expect.json is a list of moments: {"at": seconds, "faults": [...], "action": ...}. A fault is
 * "code n1 n2", and "code n1 < cause" when it is explained; they stand in the order in which they are told. An
 * action is "start n3", or "start n3: what is not met, in order"; null is none.
 */
#include "replay.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <healthd/diagnosis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 2048

static void path_of(char *path, size_t size, const char *code, const char *ending)
{
    snprintf(path, size, "%s/../faults/%s%s", TRACES_DIR, code, ending);
}

static cJSON *read_json(const char *path)
{
    FILE *file = fopen(path, "re");
    char text[16384];

    cr_assert_not_null(file, "%s: this fault has no expectation", path);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    cJSON *json = cJSON_Parse(text);
    cr_assert(cJSON_IsArray(json) && cJSON_GetArraySize(json) > 0, "%s: a list is expected", path);
    return json;
}

/* ---- What is said, as text ---- */

static void add(char *text, const char *word)
{
    strncat(text, word, TEXT_MAX - strlen(text) - 1);
}

static void add_nodes(char *text, const struct replay *replay, uint32_t places)
{
    for (uint32_t i = 0; i < replay->header->node_count; i++)
        if (places >> i & 1u) {
            add(text, " ");
            add(text, replay->header->nodes[i]);
        }
}

static void tell_faults(char *text, const struct replay *replay,
                        const struct health_diagnosis *diagnosis)
{
    for (uint32_t i = 0; i < diagnosis->count; i++) {
        const struct health_finding *finding = &diagnosis->findings[i];
        add(text, health_faults[finding->fault].name);
        add_nodes(text, replay, finding->places);
        if (finding->explained_by != HEALTH_UNEXPLAINED) {
            add(text, " < ");
            add(text, health_faults[finding->explained_by].name);
        }
        add(text, "\n");
    }
}

static void tell_action(char *text, const struct replay *replay, const struct health_advice *advice)
{
    const char *mark = ": ";

    add(text, health_action_name((enum health_action)advice->action));
    if (advice->place != HEALTH_NODE_NONE)
        add_nodes(text, replay, 1u << advice->place);
    for (uint32_t i = 0; i < advice->count; i++)
        if (advice->preconditions[i].answer != HEALTH_ANSWER_YES) {
            add(text, mark);
            add(text, health_statement_name((enum health_statement_id)advice->preconditions[i].id));
            mark = ", ";
        }
}

/* ---- What is expected, as the same text ---- */

static void expect_faults(char *text, const cJSON *moment)
{
    const cJSON *fault;
    cJSON_ArrayForEach(fault, cJSON_GetObjectItemCaseSensitive(moment, "faults"))
    {
        add(text, fault->valuestring);
        add(text, "\n");
    }
}

static void expect_action(char *text, const cJSON *moment)
{
    const cJSON *action = cJSON_GetObjectItemCaseSensitive(moment, "action");
    cr_assert_not_null(action, "an action, or null, is expected of each moment");
    add(text, cJSON_IsNull(action) ? "none" : action->valuestring);
}

static void check_moment(const char *code, struct replay *replay, const cJSON *moment)
{
    const struct replay_listener silent = {.context = NULL};
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(moment, "at");
    char wanted[TEXT_MAX] = "", told[TEXT_MAX] = "";
    struct health_diagnosis diagnosis;

    cr_assert(cJSON_IsNumber(at), "%s: a moment without its time", code);
    replay_run(replay, replay->start_ns + (int64_t)(at->valuedouble * 1e9), &silent);
    replay_diagnose(replay, &diagnosis);
    tell_faults(told, replay, &diagnosis);
    tell_action(told, replay, &diagnosis.advice);
    expect_faults(wanted, moment);
    expect_action(wanted, moment);
    cr_expect_str_eq(told, wanted, "%s at %g s: said is\n%s\nexpected is\n%s\n", code,
                     at->valuedouble, told, wanted);
}

/* Does one of the moments expect the fault at all? */
static bool is_shown(const char *code, const cJSON *moments)
{
    const cJSON *moment, *fault;

    cJSON_ArrayForEach(moment, moments)
    {
        cJSON_ArrayForEach(fault, cJSON_GetObjectItemCaseSensitive(moment, "faults"))
        {
            size_t length = strlen(code);
            if (strncmp(fault->valuestring, code, length) == 0 &&
                (fault->valuestring[length] == ' ' || !fault->valuestring[length]))
                return true;
        }
    }
    return false;
}

static void check_fault(const char *code)
{
    const struct replay_options options = {.strict = true};
    struct replay replay;
    char path[512];
    const cJSON *moment;

    path_of(path, sizeof path, code, ".expect.json");
    cJSON *moments = read_json(path);
    cr_expect(is_shown(code, moments), "%s: its own trace never shows it", code);
    path_of(path, sizeof path, code, ".jsonl");
    cr_assert(replay_open(&replay, path, &options), "%s: this fault has no trace", code);
    cJSON_ArrayForEach(moment, moments)
    {
        check_moment(code, &replay, moment);
    }
    replay_close(&replay);
    cJSON_Delete(moments);
}

/* ---- Recordings of real faults ---- */

/* Whatever moment is asked for, nothing else may be said of it. */
static const struct {
    const char *name;
    uint32_t faults;
} recordings[] = {
#define F(fault) (1u << HEALTH_FAULT_##fault)
#define CRASH (F(NODE_CRASHED) | F(MEMBERS_FEWER))
#define STOP (F(NODE_STOPPED) | F(MEMBERS_FEWER))
#define JOIN F(JOINER_UNDER_WAY)
    {"auth_denied", F(WRONG_CREDENTIALS)},
    {"cut_all_n3", F(MEMBERS_FEWER) | F(UNKNOWN) | F(CUT_OFF_FROM_PEERS)},
    {"cut_sql_n3", F(CUT_OFF_FROM_MONITOR)},
    {"five_kill2", CRASH | STOP | F(QUICK_DOUBLE_CRASH)},
    {"kill9_majority", CRASH | F(QUICK_DOUBLE_CRASH) | F(MAJORITY_AT_RISK) | F(QUORUM_LOST)},
    {"kill9_rejoin", CRASH | JOIN},
    {"kill9_rejoin_1s", CRASH | JOIN},
    {"lossy_network", F(CUT_OFF_FROM_MONITOR)},
    {"monitor_paused", 0},
    {"no_agents_kill9", CRASH | JOIN},
    {"shutdown_all", STOP | F(FULL_STOP)},
    {"sigstop_zombie", F(NODE_FROZEN) | F(CUT_OFF_FROM_PEERS) | F(MEMBERS_FEWER)},
    {"sigterm_rejoin", STOP | JOIN},
    {"sst_joiner", STOP | JOIN},
    {"steady", 0},
};

static void check_recording(const char *name, uint32_t allowed)
{
    const struct replay_options options = {.strict = true};
    const struct replay_listener silent = {.context = NULL};
    static struct health_diagnosis diagnosis;
    struct replay replay;
    uint32_t shown = 0;
    char path[512], told[TEXT_MAX];

    snprintf(path, sizeof path, "%s/%s.jsonl", TRACES_DIR, name);
    cr_assert(replay_open(&replay, path, &options));
    for (int64_t at_ns = replay.start_ns; replay.has_entry; at_ns += HEALTH_NS_PER_S / 10) {
        replay_run(&replay, at_ns, &silent);
        replay_diagnose(&replay, &diagnosis);
        shown |= diagnosis.faults;
        *told = '\0';
        tell_faults(told, &replay, &diagnosis);
        cr_expect_eq(diagnosis.faults & ~allowed, 0, "%s at %g s: said is\n%s", name,
                     replay_seconds(&replay, at_ns), told);
    }
    cr_expect_eq(shown, allowed, "%s: of what is there, something was never said", name);
    replay_close(&replay);
}

Test(recordings, nothing_is_said_of_them_that_is_not_there)
{
    for (size_t i = 0; i < sizeof recordings / sizeof *recordings; i++)
        check_recording(recordings[i].name, recordings[i].faults);
}

/* One test a fault, so that one that is wrong hides no other. */
#define X(id, code, ...) \
    Test(faults, id) \
    { \
        check_fault(code); \
    }
HEALTH_FAULTS(X)
#undef X
