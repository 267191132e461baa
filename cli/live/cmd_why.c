/*
 * cmd_why.c - healthctl why: why a node is in its state, now or at a moment of a trace.
 *
 * Both are told through the same document: a replay has around its engine what healthd has.
 */
#include "json_value.h"
#include "live.h"
#include "overview.h"
#include "picture.h"
#include "recorded.h"
#include "why_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
    struct live live;
    const char *output;
    const char *trace; /* NULL: now */
    const char *node;
    const char *at;
};

static bool is(const struct call *call, const char *output)
{
    return strcmp(call->output, output) == 0;
}

/* ---- A recorded moment ---- */

static void print_recorded(struct call *call, const struct recorded *recorded, uint32_t node)
{
    const struct replay *replay = &recorded->replay;
    const struct overview overview = {.roster = &recorded->roster,
                                      .engine = replay->engine,
                                      .sightings = recorded->sightings,
                                      .limits = &replay->limits,
                                      .now_ns = replay->now_ns};
    struct why_times times;
    struct health_why why;
    cJSON *document = cJSON_CreateObject();

    cJSON_AddNumberToObject(document, "schema", OVERVIEW_SCHEMA);
    cJSON_AddItemToObject(document, "node", overview_why(&overview, node));
    char *text = json_print(document);
    document = cJSON_Parse(text ? text : ""); /* as whoever asks a server reads it */
    health_engine_why(replay->engine, node, &why);
    snprintf(times.name, sizeof times.name, "%s at %.3f s", call->node,
             replay_seconds(replay, replay->now_ns));
    snprintf(times.since, sizeof times.since, "since %.3f s",
             replay_seconds(replay, why.node.since_ns));
    if (why.next_ns == HEALTH_NEVER_NS)
        snprintf(times.next, sizeof times.next, "nothing changes");
    else
        snprintf(times.next, sizeof times.next, "it is judged anew at %.3f s",
                 replay_seconds(replay, why.next_ns));
    if (is(call, "table"))
        why_print(picture_get(document, "node"), &times);
    else
        live_print(&call->live, call->output, text);
    cJSON_Delete(document);
    free(text);
}

static int find_node(const struct replay *replay, const char *name)
{
    for (uint32_t i = 0; i < replay->header->node_count; i++)
        if (strcmp(replay->header->nodes[i], name) == 0)
            return (int)i;
    return -1;
}

static int explain_recorded(struct call *call)
{
    struct recorded recorded;
    int64_t until_ns;

    call->live.code = EXIT_USAGE;
    if (!recorded_open(&recorded, call->trace)) {
        recorded_close(&recorded);
        return call->live.code;
    }
    int node = find_node(&recorded.replay, call->node);
    if (node < 0) {
        command_misused(&command_why, "node \"%s\" is not in the trace", call->node);
    } else if (recorded_time(&recorded, &command_why, call->at, &until_ns)) {
        recorded_run(&recorded, until_ns);
        call->live.code = EXIT_DONE;
        print_recorded(call, &recorded, (uint32_t)node);
    }
    recorded_close(&recorded);
    return call->live.code;
}

/* ---- Now ---- */

static void print_live(const cJSON *document, const struct directory_entry *entry)
{
    const cJSON *node = picture_get(document, "node");
    struct why_times times;
    char span[PICTURE_SPAN_MAX];
    double next_ms;

    picture_since(document, node, "since", span);
    snprintf(times.name, sizeof times.name, "%s/%s", entry->cluster, entry->node);
    snprintf(times.since, sizeof times.since, "for %s (since %.40s)", span,
             picture_text(node, "since"));
    if (picture_number(node, "next_ms", &next_ms))
        snprintf(times.next, sizeof times.next, "it is judged anew in %.1f s", next_ms / 1e3);
    else
        snprintf(times.next, sizeof times.next, "nothing changes");
    why_print(node, &times);
}

static void explain_found(struct call *call, const struct directory_entry *entry)
{
    char path[LIVE_PATH_MAX];
    const char *text;

    live_path(entry, "", path);
    cJSON *document = live_get(&call->live, path, &text);
    if (!document)
        return;
    call->live.code = EXIT_DONE;
    if (is(call, "table"))
        print_live(document, entry);
    else
        live_print(&call->live, call->output, text);
    cJSON_Delete(document);
}

static int explain_live(struct call *call)
{
    struct directory_entry entry;

    if (!live_open(&call->live))
        return call->live.code;
    if (live_find_node(&call->live, call->node, &entry))
        explain_found(call, &entry);
    live_close(&call->live);
    return call->live.code;
}

/* ---- The call ---- */

static int carry_out(struct call *call)
{
    if (!is(call, "table") && !is(call, "json") && !is(call, "yaml"))
        return command_misused(&command_why, "-o %s: table, json or yaml is expected",
                               call->output);
    if (call->trace && (call->live.server || call->live.timeout))
        return command_misused(&command_why, "a trace needs no server: --server and --timeout go "
                                             "with a node alone");
    if (call->at && !call->trace)
        return command_misused(&command_why, "--at goes with a trace: TRACE NODE is expected");
    return call->trace ? explain_recorded(call) : explain_live(call);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS,
                                            {"output", required_argument, NULL, 'o'},
                                            {"at", required_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    struct call call = {.live = {.command = &command_why}, .output = "table"};
    int option;

    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_why);
        if (option == '?')
            return command_option_misused(&command_why, argv);
        if (option == 'o')
            call.output = optarg;
        else if (option == 'a')
            call.at = optarg;
        else
            live_option(&call.live, option, optarg);
    }
    int count = argc - optind;
    if (count != 1 && count != 2)
        return command_misused(&command_why, "a node, or a trace and a node, are expected");
    call.trace = count == 2 ? argv[optind] : NULL;
    call.node = argv[argc - 1];
    return carry_out(&call);
}

const struct command command_why = {
    .name = "why",
    .arguments =
        "[CLUSTER/]NODE [-o table|json|yaml]" LIVE_ARGUMENTS " | TRACE NODE [--at T] [-o ...]",
    .about = "Explain why a node is in its state, now or at a moment of a trace",
    .help =
        "  NODE alone is asked of a running healthd; with a trace before it, the recording is\n"
        "  replayed.\n\n"
        "  -o, --output F\n"
        "                 table (the default: for people), json (the document), yaml (the "
        "same)\n" LIVE_HELP
        "  --at T         the moment of a trace: seconds from the start, or a t_us such as\n"
        "                 1112815232us; without it, the trace's end\n\n"
        "Shows the three answers with the rules that gave them, the witnesses with the age of\n"
        "their testimony, the facts, and which single facts would change the state.\n\n"
        "Exit codes: 0 done; 2 wrong usage, no such node, or a trace that cannot be used; 3 the\n"
        "server was not reached, or its answer cannot be used.\n",
    .run = run,
};
