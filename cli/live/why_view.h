/*
 * why_view.h - why a node is in its state, for people: of a running healthd as of a recorded moment.
 */
#ifndef HEALTHD_CLI_LIVE_WHY_VIEW_H
#define HEALTHD_CLI_LIVE_WHY_VIEW_H

#include <cjson/cJSON.h>

/* Times are told by whoever knows the clock they are of. */
struct why_times {
    char name[160]; /* whose state, and when: "n3 at 5.000 s" */
    char since[96]; /* "since 3.120 s" */
    char next[64];  /* when time alone may change it: "not before 9.120 s" */
};

/* Print a node as overview_why() tells it. */
void why_print(const cJSON *node, const struct why_times *times);

#endif
