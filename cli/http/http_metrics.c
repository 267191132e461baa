/*
 * http_metrics.c - metrics, for Prometheus and whoever reads its formats.
 */
#include "http_private.h"

#include "metrics.h"

#include <event2/http.h>
#include <string.h>

#define OPENMETRICS "application/openmetrics-text"

void http_serve_metrics(struct http_call *call)
{
    const char *accept =
        evhttp_find_header(evhttp_request_get_input_headers(call->request), "Accept");
    const bool openmetrics = accept && strstr(accept, OPENMETRICS);
    const struct metrics_extra extra = {
        .http_connections = http_connections_count(call->http->connections),
        .http_requests = call->http->requests,
    };
    const struct http_slices slices = {
        .next = metrics_page_next,
        .release = metrics_page_destroy,
        .state = metrics_page_create(openmetrics, &extra),
    };

    http_header(call, "Vary", "Accept");
    if (slices.state)
        http_answer_slices(call,
                           openmetrics ? OPENMETRICS "; version=1.0.0; charset=utf-8"
                                       : "text/plain; version=0.0.4; charset=utf-8",
                           &slices);
    else
        http_refuse(call, HTTP_SERVUNAVAIL, "memory is short");
}
