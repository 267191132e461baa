/*
 * cmd_status.c - healthctl status: what a running healthd believes, now or from now on.
 */
#include "live.h"
#include "paint.h"
#include "picture.h"
#include "status_view.h"
#include "watch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT = 'o', HEADERLESS = 512, WATCH };

struct call {
    struct live live;
    const char *output;
    bool headings;
    bool watch;
    const char *cluster; /* NULL: all */
};

static bool is(const struct call *call, const char *output)
{
    return strcmp(call->output, output) == 0;
}

static int colour_code(const cJSON *document)
{
    const cJSON *cluster = NULL;
    int code = EXIT_DONE;

    while ((cluster = live_next_cluster(document, cluster)))
        if (strcmp(picture_text(cluster, "colour"), "green") != 0)
            code = EXIT_BROKEN;
    return code;
}

static void print_names(const cJSON *document)
{
    const cJSON *cluster = NULL;
    const cJSON *node;

    while ((cluster = live_next_cluster(document, cluster)))
        for (node = picture_first(picture_get(cluster, "nodes")); node; node = node->next)
            printf("%s/%s\n", picture_text(cluster, "name"), picture_text(node, "name"));
}

static void print(struct call *call, const cJSON *document, const char *text)
{
    const struct table_look look = {.width = is(call, "wide") ? 0 : table_terminal_width(stdout),
                                    .headings = call->headings,
                                    .paint = paint_wanted(stdout)};
    if (is(call, "json") || is(call, "yaml"))
        live_print(&call->live, call->output, text);
    else if (is(call, "name"))
        print_names(document);
    else
        table_print(status_view(document, is(call, "wide")), stdout, &look);
}

static int show(struct call *call)
{
    const char *text;
    cJSON *document = live_get_clusters(&call->live, call->cluster, &text);

    if (!document)
        return call->live.code;
    call->live.code = colour_code(document);
    print(call, document, text);
    cJSON_Delete(document);
    return call->live.code;
}

/* Gives EXIT_DONE when the call can be carried out. */
static int check(const struct call *call)
{
    static const char *const outputs[] = {"table", "wide", "json", "yaml", "name"};
    unsigned i = 0;

    while (i < sizeof outputs / sizeof *outputs && !is(call, outputs[i]))
        i++;
    if (i == sizeof outputs / sizeof *outputs)
        return command_misused(&command_status,
                               "-o %s: table, wide, json, yaml or name is expected", call->output);
    if (call->watch && i > 1)
        return command_misused(&command_status, "--watch: -o table or -o wide is expected, not %s",
                               call->output);
    if (call->watch && !isatty(STDOUT_FILENO))
        return command_misused(&command_status,
                               "--watch: a terminal is expected; into a pipe there is "
                               "healthctl events --follow");
    return EXIT_DONE;
}

static int carry_out(struct call *call)
{
    int code = check(call);

    if (code != EXIT_DONE)
        return code;
    if (!live_open(&call->live))
        return call->live.code;
    code = call->watch ? watch(&call->live, call->cluster, is(call, "wide"), call->headings)
                       : show(call);
    live_close(&call->live);
    return code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS,
                                            {"output", required_argument, NULL, OUTPUT},
                                            {"no-headers", no_argument, NULL, HEADERLESS},
                                            {"watch", no_argument, NULL, WATCH},
                                            {NULL, 0, NULL, 0}};
    struct call call = {.live = {.command = &command_status}, .output = "table", .headings = true};
    int option;

    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_status);
        if (option == '?')
            return command_option_misused(&command_status, argv);
        if (option == OUTPUT)
            call.output = optarg;
        call.headings &= option != HEADERLESS;
        call.watch |= option == WATCH;
        live_option(&call.live, option, optarg);
    }
    if (argc - optind > 1)
        return command_misused(&command_status, "one cluster at most is expected");
    call.cluster = argv[optind];
    return carry_out(&call);
}

const struct command command_status = {
    .name = "status",
    .arguments = "[CLUSTER] [-o table|wide|json|yaml|name] [--no-headers] [--watch]" LIVE_ARGUMENTS,
    .about = "Show what a running healthd believes of its clusters",
    .help =
        "  -o, --output F\n"
        "                 table (the default), wide (every column, however long a line gets),\n"
        "                 json (the server's document), yaml (the same), name (CLUSTER/NODE)\n"
        "  --no-headers   no headings\n"
        "  --watch        stay, and redraw on every change and each second; q or Ctrl-C "
        "ends\n" LIVE_HELP "\n"
        "PROBE and AGENT are what that witness says, with its age and the age at which it is\n"
        "believed no more. MEMBERS is how many the node's view has, its number, and its\n"
        "component where that is not Primary. A donor is routable, and yes:donor: load\n"
        "balancers send clients there only while no other node takes any. On a terminal,\n"
        "columns that have no room are left out, the least important first.\n\n"
        "Exit codes: 0 every cluster shown is green (--watch: it was ended); 1 one is not;\n"
        "2 wrong usage, or no such cluster; 3 the server was not reached, or its answer cannot\n"
        "be used.\n",
    .run = run,
};
