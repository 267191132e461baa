/*
 * http.h - the monitor's picture over HTTP: for people, load balancers, Prometheus.
 *
 * Served from the monitor's own loop, after everything that sees and judges. So nothing here may take long:
 * what grows with the number of nodes is made and sent in slices (http_answer.h), and connections are
 * bounded in number, size and time (http_connections.h).
 *
 * Threads: that of the event base.
 */
#ifndef HEALTHD_CLI_HTTP_H
#define HEALTHD_CLI_HTTP_H

#include "overview.h"

struct event_base;
struct http;
struct maintenance_wish;
struct turns;

struct http_options {
    struct event_base *base; /* with three priorities */
    const char *listen;      /* ADDRESS:PORT */
    const char *token_file;  /* who shows its first line may change something; NULL: nobody may */
    const struct overview *overview; /* borrowed, like the next */
    struct turns *turns;             /* who may work on each cluster */
    /* Let the engine judge what has come due, so that no answer is older than its question. */
    void (*refresh)(void *context);
    /* Take a node out of service, or give it back (`wish` NULL). False: memory is short. */
    bool (*maintain)(void *context, uint32_t node, const struct maintenance_wish *wish);
    /* A person has taken note of a cluster's quick double crash. */
    bool (*acknowledge)(void *context, uint32_t cluster); /* would a restart remember it? */
    /* Ask a node's agent for its position. False: it has none to ask. */
    bool (*recover)(void *context, uint32_t node);
    void *context;
};

/* NULL: it was logged why not. */
struct http *http_create(const struct http_options *options);
void http_destroy(struct http *http); /* NULL is fine */

/* The history has grown: who follows it is told, soon. */
void http_told(struct http *http);

#endif
