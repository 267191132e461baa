/*
 * cmd_check.c - healthctl check: one line and an exit code, as Nagios and its kin expect of a plugin.
 */
#include "live.h"
#include "picture.h"
#include "status_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of the protocol's codes. */
enum { OK, WARNING, CRITICAL, UNKNOWN };
static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

static int code_of(const char *colour)
{
    return strcmp(colour, "green") == 0    ? OK
           : strcmp(colour, "yellow") == 0 ? WARNING
           : strcmp(colour, "red") == 0    ? CRITICAL
                                           : UNKNOWN;
}

/* Of two clusters the worse: what is proven to be down is worse than what nobody knows, and that is worse
 * than what serves. */
static int worse(int a, int b)
{
    static const int weight[] = {[OK] = 0, [WARNING] = 1, [UNKNOWN] = 2, [CRITICAL] = 3};
    return weight[a] > weight[b] ? a : b;
}

/* A bar would begin the figures. */
static void print_sentence(const char *text)
{
    for (; *text; text++)
        putchar(*text == '|' ? '/' : *text);
}

static void print_cluster(const cJSON *cluster)
{
    char census[STATUS_CENSUS_MAX];
    const cJSON *fault;

    status_census(cluster, census);
    print_sentence(picture_text(cluster, "name"));
    fputs(" is ", stdout);
    print_sentence(picture_text(cluster, "colour"));
    printf(" (%s): ", census);
    print_sentence(picture_text(cluster, "text"));
    for (fault = picture_first(picture_get(cluster, "faults")); fault; fault = fault->next) {
        fputs(", fault ", stdout);
        print_sentence(cJSON_IsString(fault) ? fault->valuestring : "?");
    }
}

/* One cluster is told whatever it is; of many, those that are not green. */
static void print_clusters(const cJSON *document, unsigned count, unsigned bad)
{
    const cJSON *cluster = NULL;
    const char *separator = "";

    if (count > 1 && bad)
        printf("%u of %u clusters %s not green: ", bad, count, bad == 1 ? "is" : "are");
    else if (count > 1)
        printf("%u clusters are green", count);
    while ((cluster = live_next_cluster(document, cluster))) {
        if (count > 1 && code_of(picture_text(cluster, "colour")) == OK)
            continue;
        fputs(separator, stdout);
        print_cluster(cluster);
        separator = "; ";
    }
}

/* 'label'=value;warn;crit;min;max */
static void print_figures(const cJSON *document)
{
    const cJSON *cluster = NULL;
    double green, expected, can_lose;

    fputs(" |", stdout);
    while ((cluster = live_next_cluster(document, cluster))) {
        const char *name = picture_text(cluster, "name");
        if (picture_number(picture_get(cluster, "states"), "green", &green) &&
            picture_number(cluster, "expected", &expected))
            printf(" '%s_green'=%.0f;;;0;%.0f", name, green, expected);
        if (picture_number(cluster, "can_lose", &can_lose))
            printf(" '%s_can_lose'=%.0f;;;0", name, can_lose);
    }
    putchar('\n');
}

static int judge(const cJSON *document)
{
    const cJSON *cluster = NULL;
    unsigned count = 0, bad = 0;
    int code = OK;

    while ((cluster = live_next_cluster(document, cluster))) {
        int one = code_of(picture_text(cluster, "colour"));
        code = worse(code, one);
        count++;
        bad += one != OK;
    }
    if (!count) {
        puts("UNKNOWN - the server watches no cluster");
        return UNKNOWN;
    }
    printf("%s - ", words[code]);
    print_clusters(document, count, bad);
    print_figures(document);
    return code;
}

/* Plugins say everything on standard output, mishaps too. */
static int check(struct live *live, const char *cluster)
{
    char path[LIVE_PATH_MAX];
    char problem[CLIENT_PROBLEM_MAX];
    struct client_answer answer;
    int code;

    if (!live_cluster_path(live, cluster, "", path))
        return UNKNOWN;
    client_ask(live->client, "GET", path, NULL, &answer);
    cJSON *document = live_document(&answer, problem, &code);
    if (!document) {
        fputs("UNKNOWN - ", stdout);
        print_sentence(problem);
        puts(cluster && answer.status == 404 ? "; of a node, ask: healthctl why NODE" : "");
        return UNKNOWN;
    }
    code = judge(document);
    cJSON_Delete(document);
    return code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS, {NULL, 0, NULL, 0}};
    struct live live = {.command = &command_check};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_check);
        if (option == '?') {
            command_option_misused(&command_check, argv);
            return UNKNOWN;
        }
        live_option(&live, option, optarg);
    }
    if (argc - optind > 1) {
        command_misused(&command_check, "one cluster at most is expected");
        return UNKNOWN;
    }
    int code = live_open(&live) ? check(&live, argv[optind]) : UNKNOWN;
    live_close(&live);
    return code;
}

const struct command command_check = {
    .name = "check",
    .arguments = "[CLUSTER]" LIVE_ARGUMENTS,
    .about = "Say in one line how clusters are, as a plugin of Nagios does",
    .help = LIVE_HELP
    "\n"
    "The line has figures after a bar: green nodes of those expected, and how many more may be\n"
    "lost. Of several clusters the worst gives the exit code.\n\n"
    "Exit codes: 0 green; 1 yellow; 2 red; 3 unknown, the server was not reached or does not\n"
    "know the cluster, or wrong usage. A red cluster is worse than one that is unknown, and\n"
    "that is worse than a yellow one.\n",
    .run = run,
};
