/*
 * http_clusters.c - clusters and nodes as JSON.
 */
#include "http_private.h"

#include "json_value.h"

#include <healthd/observer.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

uint32_t http_find_cluster(struct http_call *call)
{
    uint32_t cluster = roster_find_cluster(call->overview->roster, call->parts[2]);
    if (cluster == ROSTER_NONE)
        http_refuse(call, HTTP_NOTFOUND,
                    "the name of a cluster is expected (/v1/clusters has "
                    "them)");
    return cluster;
}

/* What every answer begins with: which form it has, and who speaks. */
static void add_head(cJSON *json, const struct overview *overview)
{
    json_add_integer(json, "schema", OVERVIEW_SCHEMA);
    cJSON_AddStringToObject(json, "healthd", HEALTHD_VERSION);
    cJSON_AddStringToObject(json, "reporter", overview->reporter);
    json_add_integer(json, "epoch", (long long)overview->epoch);
    json_add_time(json, "time", health_clock_ns() + wall_offset_ns());
}

void http_answer_part(struct http_call *call, int code, const char *name, cJSON *part)
{
    cJSON *json = cJSON_CreateObject();
    if (json)
        add_head(json, call->overview);
    cJSON_AddItemToObject(json, name, part);
    http_answer_json(call, code, json);
}

void http_serve_cluster(struct http_call *call)
{
    uint32_t cluster = http_find_cluster(call);
    if (cluster != ROSTER_NONE)
        http_answer_part(call, HTTP_OK, "cluster", overview_cluster(call->overview, cluster));
}

void http_serve_diagnosis(struct http_call *call)
{
    uint32_t cluster = http_find_cluster(call);
    if (cluster != ROSTER_NONE)
        http_answer_json(call, HTTP_OK, overview_diagnosis(call->overview, cluster));
}

void http_acknowledge(struct http_call *call)
{
    const struct http_options *options = &call->http->options;
    uint32_t cluster = http_find_cluster(call);

    if (cluster == ROSTER_NONE)
        return;
    bool kept = options->acknowledge(options->context, cluster);
    cJSON *json = overview_diagnosis(call->overview, cluster);
    cJSON_AddBoolToObject(json, "kept", kept);
    http_answer_json(call, HTTP_OK, json);
}

uint32_t http_find_node(struct http_call *call)
{
    uint32_t cluster = http_find_cluster(call);
    if (cluster == ROSTER_NONE)
        return ROSTER_NONE;
    uint32_t node = roster_find_node(call->overview->roster, cluster, call->parts[3]);
    if (node == ROSTER_NONE)
        http_refuse(call, HTTP_NOTFOUND, "the name of a node of this cluster is expected");
    return node;
}

void http_answer_node(struct http_call *call, uint32_t node)
{
    cJSON *json = overview_why(call->overview, node);
    cJSON_AddStringToObject(json, "cluster", call->parts[2]);
    http_answer_part(call, HTTP_OK, "node", json);
}

void http_serve_node(struct http_call *call)
{
    uint32_t node = http_find_node(call);
    if (node != ROSTER_NONE)
        http_answer_node(call, node);
}

/* ---- All of them, a cluster a slice ---- */

struct listing {
    uint32_t next; /* number to go on from */
    bool begun;    /* the head is out */
    bool listed;   /* one is out already */
};

/* The head without its closing brace, and the list begun. */
static void begin_listing(const struct overview *overview, struct evbuffer *out)
{
    cJSON *json = cJSON_CreateObject();
    char *text = NULL;

    if (json) {
        add_head(json, overview);
        text = json_print(json);
    }
    if (text)
        evbuffer_add_printf(out, "%.*s,\"clusters\":[", (int)strlen(text) - 1, text);
    free(text);
}

static bool next_cluster(void *state, const struct overview *overview, struct evbuffer *out)
{
    struct listing *listing = state;
    const struct roster *roster = overview->roster;

    if (!listing->begun)
        begin_listing(overview, out);
    listing->begun = true;
    while (listing->next < roster->directory.cluster_capacity &&
           !roster->clusters[listing->next].used)
        listing->next++;
    if (listing->next == roster->directory.cluster_capacity) {
        evbuffer_add_printf(out, "]}\n");
        return false;
    }
    cJSON *json = overview_cluster(overview, listing->next++);
    char *text = json ? json_print(json) : NULL;
    if (text)
        evbuffer_add_printf(out, "%s%s", listing->listed ? ",\n" : "\n", text);
    listing->listed |= text != NULL;
    free(text);
    return true;
}

void http_serve_clusters(struct http_call *call)
{
    const struct http_slices slices = {
        .next = next_cluster, .release = free, .state = calloc(1, sizeof(struct listing))};

    if (slices.state)
        http_answer_slices(call, "application/json", &slices);
    else
        http_refuse(call, HTTP_SERVUNAVAIL, "memory is short");
}
