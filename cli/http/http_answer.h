/*
 * http_answer.h - questions taken apart, and the forms an answer can have.
 */
#ifndef HEALTHD_CLI_HTTP_ANSWER_H
#define HEALTHD_CLI_HTTP_ANSWER_H

#include "http.h"

#include <event2/keyvalq_struct.h>

struct evbuffer;
struct evhttp_request;

#define HTTP_PARTS_MAX 5

/* One question. */
struct http_call {
    struct http *http;
    const struct overview *overview;
    struct evhttp_request *request;
    struct evkeyvalq query;
    char *parts[HTTP_PARTS_MAX]; /* of the path, decoded: /node/n1 has "node" and "n1" */
    unsigned part_count;
};

/* Add a header of the answer. */
void http_header(struct http_call *call, const char *name, const char *value);

/* Answer with a text. */
void http_answer(struct http_call *call, int code, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Answer with bytes that never change and live as long as the program. */
void http_answer_static(struct http_call *call, const char *type, const char *bytes, size_t length);

/* Answer with a document, which is deleted; NULL: memory is short. */
void http_answer_json(struct http_call *call, int code, cJSON *json);

/* For a close callback: the reader of an answer that is not at its end has gone. Where it went by itself, the
 * server leaves the request to who answers. */
void http_reader_gone(struct evhttp_request *request);

/* Say what is wrong: {"error":"..."}, with what is expected. */
void http_refuse(struct http_call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * An answer in slices, for what grows with the number of nodes. `next` adds a slice to `out`: some tens of
 * kilobytes, so that it takes well below a millisecond; false: this was the last. It is called again once
 * the slice has been taken. Nodes and clusters may have come and gone in between. `release` is called once,
 * whether the answer came to its end or its reader went away.
 */
struct http_slices {
    bool (*next)(void *state, const struct overview *overview, struct evbuffer *out);
    void (*release)(void *state);
    void *state;
};

void http_answer_slices(struct http_call *call, const char *type, const struct http_slices *slices);

#endif
