/*
 * cmd_diagnose.c - healthctl diagnose: what is wrong, what may be done, and what that rests on.
 *
 * Both a running healthd and a recording are told through the same document.
 */
#include "diagnosis_json.h"
#include "diagnosis_view.h"
#include "json_value.h"
#include "live.h"
#include "overview.h"
#include "picture.h"
#include "recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
    struct live live;
    const char *output;
    const char *what; /* a cluster, or a trace; NULL: all clusters */
    const char *at;
};

static bool is(const struct call *call, const char *output)
{
    return strcmp(call->output, output) == 0;
}

/* Takes the document, as a reader of JSON has it. */
static void print_document(struct call *call, cJSON *document, const char *when)
{
    char *text = is(call, "table") ? NULL : cJSON_PrintUnformatted(document);

    if (is(call, "table"))
        diagnosis_print(document, when);
    else
        live_print(&call->live, call->output, text);
    free(text);
    cJSON_Delete(document);
}

static int code_of(const cJSON *document)
{
    return picture_first(picture_get(document, "faults")) ? EXIT_BROKEN : EXIT_DONE;
}

/* ---- A recorded moment ---- */

static cJSON *diagnose_recorded(const struct recorded *recorded)
{
    const struct replay *replay = &recorded->replay;
    struct health_case known;
    struct health_diagnosis diagnosis;
    const struct diagnosis_told told = {&known, &diagnosis, &recorded->roster, 0,
                                        DIAGNOSIS_NO_WALL};

    health_memory_case(replay->memory, replay->engine, replay->cluster, &replay->limits,
                       replay->now_ns, &known);
    health_diagnose(&known, &diagnosis);
    char *text = json_print(diagnosis_json(&told));
    cJSON *document = cJSON_Parse(text ? text : "");
    free(text);
    return document;
}

static int explain_recorded(struct call *call)
{
    struct recorded recorded;
    char when[32];
    int64_t until_ns;
    int code = EXIT_USAGE;

    if (recorded_open(&recorded, call->what) &&
        recorded_time(&recorded, &command_diagnose, call->at, &until_ns)) {
        recorded_run(&recorded, until_ns);
        snprintf(when, sizeof when, "%.3f s",
                 replay_seconds(&recorded.replay, recorded.replay.now_ns));
        cJSON *document = diagnose_recorded(&recorded);
        code = code_of(document);
        print_document(call, document, when);
    }
    recorded_close(&recorded);
    return code;
}

/* ---- Now ---- */

static cJSON *ask(struct call *call, const char *cluster)
{
    char path[LIVE_PATH_MAX];

    return live_cluster_path(&call->live, cluster, "/diagnosis", path)
               ? live_get(&call->live, path, NULL)
               : NULL;
}

static int explain_one(struct call *call)
{
    cJSON *document = ask(call, call->what);

    if (!document)
        return call->live.code;
    call->live.code = code_of(document);
    print_document(call, document, NULL);
    return call->live.code;
}

/* The diagnoses of all clusters; NULL: it was said why not. */
static cJSON *ask_all(struct call *call)
{
    cJSON *clusters = live_get_clusters(&call->live, NULL, NULL);
    cJSON *list = clusters ? cJSON_CreateArray() : NULL;
    const cJSON *cluster = NULL;

    while (list && (cluster = live_next_cluster(clusters, cluster))) {
        cJSON *document = ask(call, picture_text(cluster, "name"));
        if (document) {
            cJSON_AddItemToArray(list, document);
        } else {
            cJSON_Delete(list);
            list = NULL;
        }
    }
    cJSON_Delete(clusters);
    return list;
}

static void print_all(struct call *call, cJSON *list)
{
    const cJSON *document;
    bool first = true;

    if (is(call, "table")) {
        for (document = picture_first(list); document; document = document->next) {
            if (!first)
                putchar('\n');
            diagnosis_print(document, NULL);
            first = false;
        }
        cJSON_Delete(list);
        return;
    }
    cJSON *whole = cJSON_CreateObject();
    cJSON_AddNumberToObject(whole, "schema", OVERVIEW_SCHEMA);
    cJSON_AddItemToObject(whole, "diagnoses", list);
    print_document(call, whole, NULL);
}

static int explain_all(struct call *call)
{
    cJSON *list = ask_all(call);
    const cJSON *document;

    if (!list)
        return call->live.code;
    call->live.code = EXIT_DONE;
    for (document = picture_first(list); document; document = document->next)
        if (code_of(document) != EXIT_DONE)
            call->live.code = EXIT_BROKEN;
    print_all(call, list);
    return call->live.code;
}

static int explain_live(struct call *call)
{
    if (!live_open(&call->live))
        return call->live.code;
    int code = call->what ? explain_one(call) : explain_all(call);
    live_close(&call->live);
    return code;
}

static int carry_out(struct call *call)
{
    if (!is(call, "table") && !is(call, "json") && !is(call, "yaml"))
        return command_misused(&command_diagnose, "-o %s: table, json or yaml is expected",
                               call->output);
    if (call->at && !call->what)
        return command_misused(&command_diagnose, "--at goes with a trace: TRACE is expected");
    if (call->at && (call->live.server || call->live.timeout))
        return command_misused(&command_diagnose,
                               "a trace needs no server: --server and --timeout go with a cluster");
    return call->at ? explain_recorded(call) : explain_live(call);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS,
                                            {"output", required_argument, NULL, 'o'},
                                            {"at", required_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    struct call call = {.live = {.command = &command_diagnose}, .output = "table"};
    int option;

    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_diagnose);
        if (option == '?')
            return command_option_misused(&command_diagnose, argv);
        if (option == 'o')
            call.output = optarg;
        else if (option == 'a')
            call.at = optarg;
        else
            live_option(&call.live, option, optarg);
    }
    if (argc - optind > 1)
        return command_misused(&command_diagnose, "one cluster, or one trace, is expected");
    call.what = argv[optind];
    return carry_out(&call);
}

const struct command command_diagnose = {
    .name = "diagnose",
    .arguments = "[CLUSTER] [-o table|json|yaml]" LIVE_ARGUMENTS " | TRACE --at T [-o ...]",
    .about = "Say what is wrong, what may be done, and what that rests on",
    .help =
        "  CLUSTER is asked of a running healthd, all of them without it; with --at, a recording\n"
        "  is replayed.\n\n"
        "  -o, --output F\n"
        "                 table (the default: for people), json (the document), yaml (the "
        "same)\n" LIVE_HELP
        "  --at T         the moment of a trace: seconds from the start, or a t_us such as\n"
        "                 1112815232us\n\n"
        "Shows each fault with its evidence, then the one action that comes next with each\n"
        "precondition as met, not met or not known, and what would have to change.\n\n"
        "Exit codes: 0 no fault; 1 there are faults; 2 wrong usage, no such cluster, or a trace\n"
        "that cannot be used; 3 the server was not reached, or its answer cannot be used.\n",
    .run = run,
};
