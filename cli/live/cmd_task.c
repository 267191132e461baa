/*
 * cmd_task.c - healthctl task: run a command while nobody else works on the cluster.
 */
#include "config_value.h"
#include "live.h"
#include "task.h"
#include "token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX = 512 };

#define WAIT_MAX_S 604800

static int carry_out(struct live *live, struct task *task)
{
    int code = token_check(live);

    if (code != EXIT_DONE)
        return code;
    code = live_open(live) ? task_run(task) : live->code;
    live_close(live);
    return code;
}

static bool parse_wait(const char *text, long *ret_seconds)
{
    char *end;

    errno = 0;
    *ret_seconds = strtol(text, &end, 10);
    return !errno && *text >= '0' && *text <= '9' && !*end && *ret_seconds <= WAIT_MAX_S;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS,
                                            TOKEN_OPTION,
                                            {"wait-max", required_argument, NULL, WAIT_MAX},
                                            {NULL, 0, NULL, 0}};
    struct live live = {.command = &command_task};
    struct task task = {.live = &live, .wait_max_s = -1};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_task);
        if (option == '?')
            return command_option_misused(&command_task, argv);
        if (option != WAIT_MAX)
            live_option(&live, option, optarg);
        else if (!parse_wait(optarg, &task.wait_max_s))
            return command_misused(&command_task,
                                   "--wait-max %s: seconds from 0 to %d are expected", optarg,
                                   WAIT_MAX_S);
    }
    /* getopt has put all that does not begin with "--" behind it. */
    if (argc - optind < 4 || strcmp(argv[optind], "run") != 0)
        return command_misused(&command_task, "run, a cluster, a name and -- COMMAND are expected");
    task.cluster = argv[optind + 1];
    task.name = argv[optind + 2];
    task.argv = &argv[optind + 3];
    if (!config_name_valid(task.name))
        return command_misused(&command_task, "%s: a name of " CONFIG_NAME_EXPECTED " is expected",
                               task.name);
    return carry_out(&live, &task);
}

const struct command command_task = {
    .name = "task",
    .arguments = "run CLUSTER NAME [--wait-max S]" TOKEN_ARGUMENT LIVE_ARGUMENTS " -- COMMAND...",
    .about = "Run a command while nobody else works on the cluster",
    .help =
        "It waits for the cluster's turn, which other tasks and healthd's own actions take as "
        "well,\n"
        "runs the command with its input and output untouched, and gives the turn back. When "
        "healthd\n"
        "cannot be reached for so long that the turn is lost, the command gets SIGTERM.\n\n"
        "  --wait-max S   seconds to wait for the turn at most, 0 to 604800; without it, as long "
        "as\n"
        "                 it takes\n" TOKEN_HELP LIVE_HELP "\n"
        "Exit codes: the command's own, 128 and a signal's number when one ended it, 126 or 127 "
        "when\n"
        "it cannot be run. Before it runs: 2 wrong usage, or no such cluster; 3 the server was "
        "not\n"
        "reached or refuses, the line is full, or the turn did not come in time.\n",
    .run = run,
};
