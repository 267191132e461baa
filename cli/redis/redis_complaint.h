/*
 * redis_complaint.h - tells people what is wrong with Redis and what to do, and not too often.
 */
#ifndef HEALTHD_CLI_REDIS_COMPLAINT_H
#define HEALTHD_CLI_REDIS_COMPLAINT_H

#include <stdbool.h>
#include <stdint.h>

struct redis_complaint {
    char place[320]; /* "Redis HOST:PORT" */
    void (*remark)(void *context, const char *text);
    void *context;
    char said[256]; /* the last problem told */
    int64_t said_ns;
    bool open; /* told, and not told to be over */
};

/* Something went wrong: `problem` is an error reply or a sentence of ours. The same is told once a minute,
 * another one after ten seconds, or at once if it is the first that people can do something about. */
void redis_complaint_raise(struct redis_complaint *complaint, const char *problem);

/* It works. Told if a problem was. */
void redis_complaint_settle(struct redis_complaint *complaint);

#endif
