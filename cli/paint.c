/*
 * paint.c - see paint.h.
 */
#include "paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool paint_wanted(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    return (!refused || !*refused) && isatty(fileno(stream));
}

const char *paint_state(bool on, const char *state)
{
    if (!on)
        return "";
    if (strcmp(state, "green") == 0)
        return "\033[32m";
    if (strcmp(state, "yellow") == 0)
        return "\033[33m";
    if (strncmp(state, "red", 3) == 0)
        return "\033[31m";
    return "\033[35m";
}

const char *paint_dim(bool on)
{
    return on ? "\033[2m" : "";
}

const char *paint_end(bool on)
{
    return on ? "\033[0m" : "";
}
