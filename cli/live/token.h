/*
 * token.h - the token that the commands need which change something.
 */
#ifndef HEALTHD_CLI_LIVE_TOKEN_H
#define HEALTHD_CLI_LIVE_TOKEN_H

#include "live.h"

#define TOKEN_OPTION \
    { \
        "token-file", required_argument, NULL, LIVE_TOKEN_FILE \
    }
#define TOKEN_ARGUMENT " [--token-file F]"
#define TOKEN_HELP \
    "  --token-file F\n" \
    "                 its first line is the token of the server's http.token_file (default\n" \
    "                 $HEALTHD_TOKEN_FILE)\n"

/* Take the environment's file where none was said, and look whether it can be used. Gives EXIT_DONE, or it was
 * said what is wrong. */
int token_check(struct live *live);

/* A whole command that changes something of one cluster, its only argument. Gives the exit code. */
int token_run(const struct command *command, int argc, char **argv,
              void (*change)(struct live *live, const char *cluster));

#endif
