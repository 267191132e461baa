/*
 * http_private.h - what the server is made of, and what it serves.
 */
#ifndef HEALTHD_CLI_HTTP_PRIVATE_H
#define HEALTHD_CLI_HTTP_PRIVATE_H

#include "http_answer.h"
#include "http_connections.h"

struct evhttp;
struct http_followers;

struct http {
    struct http_options options;
    struct evhttp *server;
    struct http_connections *connections;
    struct http_followers *followers;
    uint64_t requests;
};

/* What is served where. */
struct http_route {
    unsigned methods; /* EVHTTP_REQ_... */
    const char *path; /* "*" stands for one name */
    void (*serve)(struct http_call *call);
    bool changes; /* asks for the token */
};

extern const struct http_route http_routes[];
extern const size_t http_route_count;

/* ---- What is served, a file each ---- */

void http_serve_page(struct http_call *call);     /* http_page.c */
void http_serve_clusters(struct http_call *call); /* http_clusters.c */
void http_serve_cluster(struct http_call *call);
void http_serve_node(struct http_call *call);
void http_serve_diagnosis(struct http_call *call);
void http_acknowledge(struct http_call *call);
void http_recover(struct http_call *call);           /* http_recover.c */
void http_begin_maintenance(struct http_call *call); /* http_maintenance.c */
void http_end_maintenance(struct http_call *call);
void http_serve_live(struct http_call *call); /* http_health.c */
void http_serve_ready(struct http_call *call);
void http_serve_history(struct http_call *call); /* http_events.c */
void http_serve_events(struct http_call *call);
void http_serve_metrics(struct http_call *call); /* http_metrics.c */
void http_balance_node(struct http_call *call);  /* http_balance.c */
void http_balance_cluster(struct http_call *call);

void http_ask_turn(struct http_call *call); /* http_turn.c */
void http_renew_turn(struct http_call *call);
void http_give_up_turn(struct http_call *call);

/* The cluster that part 2 of the path names; ROSTER_NONE: there is none, and that was answered. */
uint32_t http_find_cluster(struct http_call *call);

/* Answer with a document of one part. */
void http_answer_part(struct http_call *call, int code, const char *name, cJSON *part);

/* The node that parts 2 and 3 of the path name; ROSTER_NONE: there is none, and that was answered. */
uint32_t http_find_node(struct http_call *call);

/* Answer with a node's document. */
void http_answer_node(struct http_call *call, uint32_t node);

/* Who follows the events. */
struct http_followers *http_followers_create(struct http *http);
void http_followers_destroy(struct http_followers *followers);
void http_followers_told(struct http_followers *followers);

#endif
