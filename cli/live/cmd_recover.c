/*
 * cmd_recover.c - healthctl recover: have the agents of nodes that are down find out their positions.
 *
 * Asked is once a second, because a datagram may be lost; told is what their heartbeats say then.
 */
#include "live.h"
#include "picture.h"
#include "token.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* An agent that has not begun by then does not hear us. */
#define DEAF_S 10

/* How many of the nodes are so? */
static unsigned count(const cJSON *document, const char *recovery)
{
    const cJSON *node;
    unsigned found = 0;

    cJSON_ArrayForEach(node, picture_get(picture_get(document, "memory"), "nodes")) found +=
        strcmp(picture_text(node, "recovery"), recovery) == 0;
    return found;
}

static void print(const cJSON *document)
{
    const cJSON *node;

    cJSON_ArrayForEach(node, picture_get(picture_get(document, "memory"), "nodes"))
    {
        const cJSON *position = picture_get(node, "recovered");
        double seqno;
        printf("%-12s %-8s", picture_text(node, "node"), picture_text(node, "recovery"));
        if (picture_number(position, "seqno", &seqno))
            printf(" %s:%.0f", picture_text(position, "history"), seqno);
        putchar('\n');
    }
}

/* NULL: it was said why not. */
static cJSON *ask(struct live *live, const char *path)
{
    struct client_answer answer;
    char problem[CLIENT_PROBLEM_MAX];
    int code;

    client_ask(live->client, "POST", path, NULL, &answer);
    cJSON *document = live_document(&answer, problem, &code);
    if (!document)
        live_complain(live, code, "%s", problem);
    return document;
}

/* False: nothing is to be waited for any more. */
static bool goes_on(const cJSON *document, unsigned seconds)
{
    bool asked = cJSON_GetArraySize(picture_get(document, "asked")) > 0;
    return count(document, "running") > 0 || (asked && seconds < DEAF_S);
}

static void tell_progress(const cJSON *document, unsigned seconds)
{
    if (seconds > 1 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%u s: %u running, %u done, %u failed", seconds,
                count(document, "running"), count(document, "done"), count(document, "failed"));
}

static void conclude(struct live *live, const cJSON *document, unsigned seconds)
{
    if (seconds > 1 && isatty(STDERR_FILENO))
        fputc('\n', stderr);
    print(document);
    if (cJSON_GetArraySize(picture_get(document, "asked")) > 0)
        live_complain(
            live, EXIT_BROKEN,
            "some agents do not begin: do they run, and is the way back to them open (UDP, "
            "from healthd's port)?");
    else if (count(document, "failed"))
        live_complain(live, EXIT_BROKEN, "some failed: the agent's log says why");
}

static void recover(struct live *live, const char *cluster)
{
    const struct timespec second = {.tv_sec = 1};
    char path[LIVE_PATH_MAX];
    cJSON *document;

    if (!live_cluster_path(live, cluster, "/recover", path))
        return;
    for (unsigned seconds = 0; (document = ask(live, path)); seconds++) {
        bool more = goes_on(document, seconds);
        tell_progress(document, seconds);
        if (!more) {
            live->code = EXIT_DONE;
            conclude(live, document, seconds);
        }
        cJSON_Delete(document);
        if (!more)
            return;
        nanosleep(&second, NULL);
    }
}

static int run(int argc, char **argv)
{
    return token_run(&command_recover, argc, argv, recover);
}

const struct command command_recover = {
    .name = "recover",
    .arguments = "CLUSTER" TOKEN_ARGUMENT LIVE_ARGUMENTS,
    .about = "Have agents of nodes that are down recover their positions",
    .help = TOKEN_HELP LIVE_HELP
    "\n"
    "Asks where a bootstrap lacks positions (healthctl diagnose), waits, and shows them. The "
    "agents\nneed to know how: the command behind -- on their command lines.\n"
    "Exit codes: 0 done; 1 some failed, or do not answer; 2 wrong usage, or no such cluster; 3 "
    "the\nserver was not reached, or refuses.\n",
    .run = run,
};
