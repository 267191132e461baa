/*
 * http_connections.h - who is connected: how many at most, and for how long without a question.
 *
 * libevent's server caps neither. A connection has HTTP_PATIENCE_MS for its question, from its beginning or
 * from the end of its last answer, and for taking an answer that ends by itself; then it is ended, however
 * much it drips. When the number is reached, the one whose time is up first makes room for the newcomer:
 * who does not ask keeps nobody out.
 *
 * How a connection's end is noticed: libevent frees its bufferevent and tells nobody, but clears its
 * callbacks when it does, and a reference of ours keeps the memory. So each is looked at now and then.
 *
 * Threads: that of the event base.
 */
#ifndef HEALTHD_CLI_HTTP_CONNECTIONS_H
#define HEALTHD_CLI_HTTP_CONNECTIONS_H

#include "door.h"

struct evhttp;
struct evhttp_request;
struct http_connections;

#define HTTP_CONNECTIONS_MAX 256
#define HTTP_PATIENCE_MS 10000

/* Watch over the connections of `server`, which `listener` takes. All are borrowed. NULL: memory is short. */
struct http_connections *http_connections_create(struct event_base *base, struct evhttp *server,
                                                 struct evconnlistener *listener);

/* After the server was freed. NULL is fine. */
void http_connections_destroy(struct http_connections *connections);

/* Its question is here: from now on it may take its time for the answer (`lasting`), or has as much as it
 * had for the question. */
void http_connections_asked(struct http_connections *connections, struct evhttp_request *request,
                            bool lasting);

/* The answer is complete. */
void http_connections_answered(struct http_connections *connections,
                               struct evhttp_request *request);

uint32_t http_connections_count(const struct http_connections *connections);

#endif
