/*
 * token.c - see token.h.
 */
#include "token.h"

#include <healthd/secret.h>

#include <stdlib.h>
#include <string.h>

int token_check(struct live *live)
{
    char token[HEALTH_SECRET_SIZE];

    if (!live->token_file)
        live->token_file = getenv("HEALTHD_TOKEN_FILE");
    if (!live->token_file || !*live->token_file)
        return command_misused(live->command, "the server's token is expected: --token-file F or "
                                              "HEALTHD_TOKEN_FILE");
    const char *problem = health_secret_read(live->token_file, token);
    explicit_bzero(token, sizeof token);
    if (problem)
        return command_misused(live->command, "token file %s: %s", live->token_file, problem);
    return EXIT_DONE;
}

static int carry_out(struct live *live, const char *cluster,
                     void (*change)(struct live *live, const char *cluster))
{
    int code = token_check(live);

    if (code != EXIT_DONE)
        return code;
    if (live_open(live))
        change(live, cluster);
    live_close(live);
    return live->code;
}

int token_run(const struct command *command, int argc, char **argv,
              void (*change)(struct live *live, const char *cluster))
{
    static const struct option options[] = {LIVE_OPTIONS, TOKEN_OPTION, {NULL, 0, NULL, 0}};
    struct live live = {.command = command};
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(command);
        if (option == '?')
            return command_option_misused(command, argv);
        live_option(&live, option, optarg);
    }
    if (argc - optind != 1)
        return command_misused(command, "a cluster is expected");
    return carry_out(&live, argv[optind], change);
}
