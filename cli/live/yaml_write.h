/*
 * yaml_write.h - a JSON document as YAML, for people.
 */
#ifndef HEALTHD_CLI_LIVE_YAML_WRITE_H
#define HEALTHD_CLI_LIVE_YAML_WRITE_H

#include <stdbool.h>
#include <stdio.h>

/* Write it. False: memory is short, or the text is no JSON document. */
bool yaml_write(FILE *stream, const char *json);

#endif
