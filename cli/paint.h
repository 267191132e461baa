/*
 * paint.h - colours for people at a terminal, and only for them.
 */
#ifndef HEALTHD_CLI_PAINT_H
#define HEALTHD_CLI_PAINT_H

#include <stdbool.h>
#include <stdio.h>

/* Are colours wanted on this stream? No without a terminal, and no with NO_COLOR (no-color.org). */
bool paint_wanted(FILE *stream);

/* The escape sequence that a state's or colour's name is shown with, and the one that ends it. Both are
 * empty when `on` is false. */
const char *paint_state(bool on, const char *state);
const char *paint_dim(bool on);
const char *paint_end(bool on);

#endif
