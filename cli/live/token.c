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
