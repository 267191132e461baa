/*
 * sse.c - see sse.h.
 */
#include "sse.h"

#include <stdio.h>
#include <string.h>

/* The value of a field's line; NULL: it is another field's. */
static const char *value_of(const char *line, const char *field)
{
    size_t length = strlen(field);
    if (strncmp(line, field, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return *line == ' ' ? line + 1 : line;
}

static void end_event(struct sse *sse, sse_say *say, void *context)
{
    if (sse->event[0])
        say(context, sse);
    sse->event[0] = '\0';
    sse->data[0] = '\0';
}

static void take_line(struct sse *sse, sse_say *say, void *context)
{
    const char *value;

    if (sse->length == 0)
        end_event(sse, say, context);
    else if ((value = value_of(sse->line, "event")))
        snprintf(sse->event, sizeof sse->event, "%.*s", (int)sizeof sse->event - 1, value);
    else if ((value = value_of(sse->line, "data")))
        snprintf(sse->data, sizeof sse->data, "%s", value);
}

bool sse_read(struct sse *sse, const char *bytes, size_t length, sse_say *say, void *context)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            sse->line[sse->length] = '\0';
            take_line(sse, say, context);
            sse->length = 0;
        } else if (sse->length == sizeof sse->line - 1) {
            return false;
        } else if (bytes[i] != '\r') {
            sse->line[sse->length++] = bytes[i];
        }
    }
    return true;
}

void sse_restart(struct sse *sse)
{
    sse->length = 0;
    sse->event[0] = '\0';
    sse->data[0] = '\0';
}
