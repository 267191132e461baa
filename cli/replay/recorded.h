/*
 * recorded.h - a recording replayed with what healthd has around its engine, so that the same can be told of it.
 */
#ifndef HEALTHD_CLI_RECORDED_H
#define HEALTHD_CLI_RECORDED_H

#include "command.h"
#include "replay.h"
#include "roster.h"
#include "sightings.h"

struct recorded {
    struct replay replay;
    struct roster roster;
    struct sightings *sightings;
};

/* False: it was said why not. Close it either way. */
bool recorded_open(struct recorded *recorded, const char *path);
void recorded_close(struct recorded *recorded);

/* When "--at TEXT" is; NULL: the trace's end. False: it was said what is expected, for `command`. */
bool recorded_time(const struct recorded *recorded, const struct command *command, const char *text,
                   int64_t *ret_until_ns);

/* Replay until then. */
void recorded_run(struct recorded *recorded, int64_t until_ns);

#endif
