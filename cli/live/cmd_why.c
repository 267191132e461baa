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

/* ---- A recorded moment ---- */

static int print_recorded(const struct recorded *recorded, const char *name, uint32_t node)
{
    const struct replay *replay = &recorded->replay;
    const struct overview overview = {.roster = &recorded->roster,
                                      .engine = replay->engine,
                                      .sightings = recorded->sightings,
                                      .limits = &replay->limits,
                                      .now_ns = replay->now_ns};
    struct why_times times;
    struct health_why why;
    char *text = json_print(overview_why(&overview, node));
    cJSON *json = cJSON_Parse(text ? text : ""); /* as whoever asks a server reads it */

    health_engine_why(replay->engine, node, &why);
    snprintf(times.name, sizeof times.name, "%s at %.3f s", name,
             replay_seconds(replay, replay->now_ns));
    snprintf(times.since, sizeof times.since, "since %.3f s",
             replay_seconds(replay, why.node.since_ns));
    if (why.next_ns == HEALTH_NEVER_NS)
        snprintf(times.next, sizeof times.next, "nothing changes");
    else
        snprintf(times.next, sizeof times.next, "it is judged anew at %.3f s",
                 replay_seconds(replay, why.next_ns));
    why_print(json, &times);
    cJSON_Delete(json);
    free(text);
    return EXIT_DONE;
}

static int find_node(const struct replay *replay, const char *name)
{
    for (uint32_t i = 0; i < replay->header->node_count; i++)
        if (strcmp(replay->header->nodes[i], name) == 0)
            return (int)i;
    return -1;
}

static int explain_recorded(const char *path, const char *name, const char *at)
{
    struct recorded recorded;
    int64_t until_ns;
    int result = EXIT_USAGE;

    if (!recorded_open(&recorded, path)) {
        recorded_close(&recorded);
        return result;
    }
    int node = find_node(&recorded.replay, name);
    if (node < 0) {
        command_misused(&command_why, "node \"%s\" is not in the trace", name);
    } else if (recorded_time(&recorded, &command_why, at, &until_ns)) {
        recorded_run(&recorded, until_ns);
        result = print_recorded(&recorded, name, (uint32_t)node);
    }
    recorded_close(&recorded);
    return result;
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

static int explain_live(struct live *live, const char *name)
{
    struct directory_entry entry;
    char path[LIVE_PATH_MAX];
    cJSON *document = NULL;

    if (!live_open(live))
        return live->code;
    if (live_find_node(live, name, &entry)) {
        live_path(&entry, "", path);
        document = live_get(live, path, NULL);
    }
    if (document)
        print_live(document, &entry);
    int code = document ? EXIT_DONE : live->code;
    cJSON_Delete(document);
    live_close(live);
    return code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        LIVE_OPTIONS, {"at", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
    struct live live = {.command = &command_why};
    const char *at = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_why);
        if (option == '?')
            return command_option_misused(&command_why, argv);
        if (!live_option(&live, option, optarg))
            at = optarg;
    }
    int count = argc - optind;
    if (count == 2 && (live.server || live.timeout))
        return command_misused(&command_why, "a trace needs no server: --server and --timeout go "
                                             "with a node alone");
    if (count == 1 && at)
        return command_misused(&command_why, "--at goes with a trace: TRACE NODE is expected");
    if (count == 2)
        return explain_recorded(argv[optind], argv[optind + 1], at);
    if (count == 1)
        return explain_live(&live, argv[optind]);
    return command_misused(&command_why, "a node, or a trace and a node, are expected");
}

const struct command command_why = {
    .name = "why",
    .arguments = "[CLUSTER/]NODE" LIVE_ARGUMENTS " | TRACE NODE [--at T]",
    .about = "Explain why a node is in its state, now or at a moment of a trace",
    .help =
        "  NODE alone is asked of a running healthd; with a trace before it, the recording is\n"
        "  replayed.\n\n" LIVE_HELP
        "  --at T         the moment of a trace: seconds from the start, or a t_us such as\n"
        "                 1112815232us; without it, the trace's end\n\n"
        "Shows the three answers with the rules that gave them, the witnesses with the age of\n"
        "their testimony, the facts, and which single facts would change the state.\n\n"
        "Exit codes: 0 done; 2 wrong usage, no such node, or a trace that cannot be used; 3 the\n"
        "server was not reached, or its answer cannot be used.\n",
    .run = run,
};
