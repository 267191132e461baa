/*
 * sse.h - a stream of server-sent events, taken apart.
 *
 * As much of it as is used here: event and data, in one line each. A line that is
 * longer than any of healthd's means that somebody else speaks.
 */
#ifndef HEALTHD_CLI_LIVE_SSE_H
#define HEALTHD_CLI_LIVE_SSE_H

#include <stdbool.h>
#include <stddef.h>

#define SSE_LINE_MAX 8192
#define SSE_NAME_MAX 64

struct sse {
    char line[SSE_LINE_MAX];
    size_t length;
    char event[SSE_NAME_MAX];
    char data[SSE_LINE_MAX];
};

/* Called with each event that is complete: sse->event and ->data are its. */
typedef void sse_say(void *context, const struct sse *sse);

/* Read on. False: this is no such stream. */
bool sse_read(struct sse *sse, const char *bytes, size_t length, sse_say *say, void *context);

/* The next bytes are of another connection. */
void sse_restart(struct sse *sse);

#endif
