/*
 * http_answer.c - the forms an answer can have.
 */
#include "http_private.h"

#include "json_value.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void http_header(struct http_call *call, const char *name, const char *value)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(call->request);
    evhttp_remove_header(headers, name);
    evhttp_add_header(headers, name, value);
}

/* libevent would send a body to HEAD, too. Frees it; NULL: memory is short. */
static void reply(struct http_call *call, int code, const char *type, struct evbuffer *body)
{
    bool head = evhttp_request_get_command(call->request) == EVHTTP_REQ_HEAD;
    char length[24];

    snprintf(length, sizeof length, "%zu", body ? evbuffer_get_length(body) : 0);
    http_header(call, "Content-Length", length);
    http_header(call, "Content-Type", type);
    evhttp_send_reply(call->request, code, NULL, head ? NULL : body);
    if (body)
        evbuffer_free(body);
}

void http_answer(struct http_call *call, int code, const char *type, const char *format, ...)
{
    struct evbuffer *body = evbuffer_new();
    va_list arguments;

    va_start(arguments, format);
    if (body)
        evbuffer_add_vprintf(body, format, arguments);
    va_end(arguments);
    reply(call, code, type, body);
}

void http_answer_static(struct http_call *call, const char *type, const char *bytes, size_t length)
{
    struct evbuffer *body = evbuffer_new();

    if (body)
        evbuffer_add_reference(body, bytes, length, NULL, NULL);
    reply(call, HTTP_OK, type, body);
}

void http_answer_json(struct http_call *call, int code, cJSON *json)
{
    char *text = json ? json_print(json) : NULL;

    if (text)
        http_answer(call, code, "application/json", "%s\n", text);
    else
        http_answer(call, HTTP_SERVUNAVAIL, "text/plain", "memory is short\n");
    free(text);
}

void http_refuse(struct http_call *call, int code, const char *format, ...)
{
    char text[512];
    cJSON *json = cJSON_CreateObject();
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cJSON_AddStringToObject(json, "error", text);
    http_answer_json(call, code, json);
}

void http_reader_gone(struct evhttp_request *request)
{
    if (!evhttp_request_get_connection(request))
        evhttp_send_reply_end(request); /* frees it */
}

/* ---- In slices ---- */

struct stream {
    struct http *http;
    struct evhttp_request *request;
    struct http_slices slices;
    struct event *turn; /* makes the next slice, when the loop has nothing better to do */
};

static void free_stream(struct stream *stream)
{
    stream->slices.release(stream->slices.state);
    if (stream->turn)
        event_free(stream->turn);
    free(stream);
}

static void on_taken(struct evhttp_connection *peer, void *context)
{
    struct stream *stream = context;
    (void)peer;
    event_active(stream->turn, EV_TIMEOUT, 0);
}

static void on_gone(struct evhttp_connection *peer, void *context)
{
    struct stream *stream = context;
    (void)peer;
    http_reader_gone(stream->request);
    free_stream(stream);
}

static void finish(struct stream *stream)
{
    evhttp_connection_set_closecb(evhttp_request_get_connection(stream->request), NULL, NULL);
    evhttp_send_reply_end(stream->request);
    free_stream(stream);
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct stream *stream = context;
    struct evbuffer *slice = evbuffer_new();
    bool more =
        slice && stream->slices.next(stream->slices.state, stream->http->options.overview, slice);
    (void)fd;
    (void)what;

    if (slice && evbuffer_get_length(slice))
        evhttp_send_reply_chunk_with_cb(stream->request, slice, more ? on_taken : NULL, stream);
    else if (more)
        event_active(stream->turn, EV_TIMEOUT, 0);
    if (slice)
        evbuffer_free(slice);
    if (!more)
        finish(stream);
}

void http_answer_slices(struct http_call *call, const char *type, const struct http_slices *slices)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (!stream) {
        slices->release(slices->state);
        http_refuse(call, HTTP_SERVUNAVAIL, "memory is short");
        return;
    }
    *stream = (struct stream){.http = call->http, .request = call->request, .slices = *slices};
    stream->turn = event_new(call->http->options.base, -1, 0, on_turn, stream);
    http_header(call, "Content-Type", type);
    if (!stream->turn) {
        free_stream(stream);
        http_refuse(call, HTTP_SERVUNAVAIL, "memory is short");
    } else if (evhttp_request_get_command(call->request) == EVHTTP_REQ_HEAD) {
        free_stream(stream);
        evhttp_send_reply(call->request, HTTP_OK, NULL, NULL);
    } else {
        event_priority_set(stream->turn, HTTP_PRIORITY);
        evhttp_connection_set_closecb(evhttp_request_get_connection(call->request), on_gone,
                                      stream);
        evhttp_send_reply_start(call->request, HTTP_OK, NULL);
        event_active(stream->turn, EV_TIMEOUT, 0);
    }
}
