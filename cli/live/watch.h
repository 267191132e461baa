/*
 * watch.h - the picture on a screen, drawn anew whenever it changes.
 */
#ifndef HEALTHD_CLI_LIVE_WATCH_H
#define HEALTHD_CLI_LIVE_WATCH_H

#include "live.h"

/* Stay until the user ends it; gives the exit code. `cluster` NULL: all of them. */
int watch(struct live *live, const char *cluster, bool wide, bool headings);

#endif
