/*
 * config_stage.h - configurations read from texts, and what is said of them.
 */
#ifndef HEALTHD_TESTS_CONFIG_STAGE_H
#define HEALTHD_TESTS_CONFIG_STAGE_H

#include "config.h"

#define LAB "clusters: [{name: lab, nodes: [{name: n1, address: 10.0.0.1}]}]\n"

/* What may be a key, and a password or token too. */
#define STAGE_KEY "0123456789abcdef"

/* What was said, one a line, without the path before the line number. */
struct said {
    char text[8192];
    const char *path;
    unsigned errors;
    unsigned warnings;
};

/* A config_say that keeps it; `context` is a struct said. */
void stage_say(void *context, bool error, const char *text);

/* Read this text as a file. */
bool stage_read(const char *text, enum config_use use, struct config *config, struct said *said);

#endif
