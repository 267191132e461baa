/*
 * token.h - the token that the commands need which change something.
 */
#ifndef HEALTHD_CLI_LIVE_TOKEN_H
#define HEALTHD_CLI_LIVE_TOKEN_H

#include "live.h"

/* Take the environment's file where none was said, and look whether it can be used. Gives EXIT_DONE, or it was
 * said what is wrong. */
int token_check(struct live *live);

#endif
