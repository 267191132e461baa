/*
 * http_body.h - what a question says in its body.
 */
#ifndef HEALTHD_CLI_HTTP_BODY_H
#define HEALTHD_CLI_HTTP_BODY_H

#include "http_answer.h"

#define HTTP_BODY_KEYS_MAX 4

/* An object: no other keys, none of them twice. */
struct http_body {
    const char *example;
    const char *expected; /* the keys, for people */
    const char *keys[HTTP_BODY_KEYS_MAX];
};

/* The body of a question. NULL: it is not so, and that was answered. The caller deletes. */
cJSON *http_body_read(struct http_call *call, const struct http_body *body);

#endif
