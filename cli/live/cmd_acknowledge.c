/*
 * cmd_acknowledge.c - healthctl acknowledge: a person has taken note of a quick double crash.
 */
#include "live.h"
#include "picture.h"
#include "token.h"

#include <stdio.h>

static void acknowledge(struct live *live, const char *cluster)
{
    struct client_answer answer;
    char path[LIVE_PATH_MAX];
    char problem[CLIENT_PROBLEM_MAX];
    int code;

    if (!live_cluster_path(live, cluster, "/acknowledge", path))
        return;
    client_ask(live->client, "POST", path, NULL, &answer);
    cJSON *document = live_document(&answer, problem, &code);
    live->code = EXIT_DONE;
    if (document)
        printf("%s: the quick double crash is acknowledged%s\n", cluster,
               picture_no(document, "kept")
                   ? "; healthd will not remember that when it is restarted"
                   : "");
    else
        live_complain(live, code, "%s", problem);
    cJSON_Delete(document);
}

static int run(int argc, char **argv)
{
    return token_run(&command_acknowledge, argc, argv, acknowledge);
}

const struct command command_acknowledge = {
    .name = "acknowledge",
    .arguments = "CLUSTER" TOKEN_ARGUMENT LIVE_ARGUMENTS,
    .about = "Say that a quick double crash was looked into",
    .help = TOKEN_HELP LIVE_HELP
    "\n"
    "Exit codes: 0 done; 2 wrong usage, or no such cluster; 3 the server was not reached, "
    "or\nrefuses.\n",
    .run = run,
};
