/*
 * cmd_acknowledge.c - healthctl acknowledge: a person has taken note of a quick double crash.
 */
#include "live.h"
#include "token.h"

#include <stdio.h>

enum { TOKEN_FILE = 512 };

static void acknowledge(struct live *live, const char *cluster)
{
    struct directory_entry entry;
    struct client_answer answer;
    char path[LIVE_PATH_MAX];
    char problem[CLIENT_PROBLEM_MAX];
    int code;

    if (!live_parse_name(live, cluster, false, &entry))
        return;
    live_path(&entry, "/acknowledge", path);
    client_ask(live->client, "POST", path, NULL, &answer);
    cJSON *document = live_document(&answer, problem, &code);
    live->code = EXIT_DONE;
    if (document)
        printf("%s: the quick double crash is acknowledged\n", entry.cluster);
    else
        live_complain(live, code, "%s", problem);
    cJSON_Delete(document);
}

static int carry_out(struct live *live, const char *cluster)
{
    int code = token_check(live);

    if (code != EXIT_DONE)
        return code;
    if (live_open(live))
        acknowledge(live, cluster);
    live_close(live);
    return live->code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        LIVE_OPTIONS, {"token-file", required_argument, NULL, TOKEN_FILE}, {NULL, 0, NULL, 0}};
    struct live live = {.command = &command_acknowledge};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_acknowledge);
        if (option == '?')
            return command_option_misused(&command_acknowledge, argv);
        if (option == TOKEN_FILE)
            live.token_file = optarg;
        else
            live_option(&live, option, optarg);
    }
    if (argc - optind != 1)
        return command_misused(&command_acknowledge, "a cluster is expected");
    return carry_out(&live, argv[optind]);
}

const struct command command_acknowledge = {
    .name = "acknowledge",
    .arguments = "CLUSTER [--token-file F]" LIVE_ARGUMENTS,
    .about = "Say that a quick double crash was looked into",
    .help =
        "  --token-file F\n"
        "                 its first line is the token of the server's http.token_file (default\n"
        "                 $HEALTHD_TOKEN_FILE)\n" LIVE_HELP "\n"
        "Exit codes: 0 done; 2 wrong usage, or no such cluster; 3 the server was not reached, "
        "or\nrefuses.\n",
    .run = run,
};
