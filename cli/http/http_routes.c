/*
 * http_routes.c - what is served where.
 */
#include "http_private.h"

#include <event2/http.h>

#define READ (EVHTTP_REQ_GET | EVHTTP_REQ_HEAD)
#define CHECK (READ | EVHTTP_REQ_OPTIONS) /* HAProxy's own check asks OPTIONS */

const struct http_route http_routes[] = {
    {CHECK, "/", http_serve_page, false},
    {READ, "/v1/clusters", http_serve_clusters, false},
    {READ, "/v1/clusters/*", http_serve_cluster, false},
    {READ, "/v1/clusters/*/diagnosis", http_serve_diagnosis, false},
    {EVHTTP_REQ_POST, "/v1/clusters/*/acknowledge", http_acknowledge, true},
    {EVHTTP_REQ_POST, "/v1/clusters/*/recover", http_recover, true},
    {READ, "/v1/clusters/*/*", http_serve_node, false},
    {EVHTTP_REQ_POST, "/v1/clusters/*/*/maintenance", http_begin_maintenance, true},
    {EVHTTP_REQ_DELETE, "/v1/clusters/*/*/maintenance", http_end_maintenance, true},
    {EVHTTP_REQ_POST, "/v1/clusters/*/turn", http_ask_turn, true},
    {EVHTTP_REQ_PUT, "/v1/clusters/*/turn/*", http_renew_turn, true},
    {EVHTTP_REQ_DELETE, "/v1/clusters/*/turn/*", http_give_up_turn, true},
    {READ, "/v1/history", http_serve_history, false},
    {EVHTTP_REQ_GET, "/v1/events", http_serve_events, false},
    {CHECK, "/node/*", http_balance_node, false},
    {CHECK, "/node/*/*", http_balance_node, false},
    {CHECK, "/cluster/*", http_balance_cluster, false},
    {READ, "/metrics", http_serve_metrics, false},
    {CHECK, "/livez", http_serve_live, false},
    {CHECK, "/readyz", http_serve_ready, false},
};

const size_t http_route_count = sizeof http_routes / sizeof *http_routes;
