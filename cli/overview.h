/*
 * overview.h - everything that may be looked at, and how it is told as JSON.
 *
 * Whoever shows the monitor's picture (HTTP, metrics, load balancers) reads it from here, and changes
 * nothing. The JSON is part of the interface: it is described in healthd-http(7) and carries
 * OVERVIEW_SCHEMA, which grows when a key changes its meaning or goes. New keys may come at any time.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_OVERVIEW_H
#define HEALTHD_CLI_OVERVIEW_H

#include "config.h"
#include "history.h"
#include "lag.h"
#include "roster.h"
#include "sightings.h"

#include <cjson/cJSON.h>

#define OVERVIEW_SCHEMA 1

struct health_diagnosis;
struct health_listener;
struct health_memory;
struct health_prober;
struct maintenance;
struct reporter_redis;
struct turn;

/* What became of the configurations that were read. */
struct overview_reload {
    bool good;          /* the last one was taken over */
    int64_t good_at_ns; /* when one was taken over last, the first at the start; wall clock */
};

/* What is done about faults, for whoever looks in. */
struct overview_acting {
    void (*add)(const void *context, cJSON *json, uint32_t cluster); /* to a cluster's document */
    const struct turn *(*turn)(const void *context, uint32_t cluster);
    uint64_t (*count)(const void *context, unsigned action, unsigned outcome); /* of an intent */
    const void *context;
};

struct overview {
    const struct roster *roster;
    const struct health_engine *engine;
    const struct health_memory *memory;
    const struct sightings *sightings;
    const struct history *history;
    const struct maintenance *maintenance; /* NULL: nobody can be in it, as in a recording */
    const struct health_prober *prober;
    const struct health_listener *listener; /* NULL, here and below: there is none */
    const struct health_queue *queue_stdout;
    const struct health_queue *queue_redis;
    const struct reporter_redis *redis;
    const struct lag *lag;
    const struct overview_reload *reload;
    const struct health_limits *limits;
    const struct config *config; /* as it is now */
    const char *reporter;
    uint64_t epoch;
    int64_t now_ns;                       /* of a recording; 0: it is the clock's */
    int64_t start_ns;                     /* wall clock */
    const struct overview_acting *acting; /* NULL: nothing can be done, as in a recording */
};

/* What is wrong with a cluster now, and what may be done. */
void overview_diagnose(const struct overview *overview, uint32_t cluster,
                       struct health_diagnosis *ret_diagnosis);

/* The same as a document (diagnosis_json.h). */
cJSON *overview_diagnosis(const struct overview *overview, uint32_t cluster);

/* One cluster with its nodes. The caller deletes; NULL, here and below: memory is short. */
cJSON *overview_cluster(const struct overview *overview, uint32_t cluster);

/* One node: its state, and what each witness says with its age against its limit. */
cJSON *overview_node(const struct overview *overview, uint32_t node);

/* The same, and the answers with their rules, the facts, and what would change the state. */
cJSON *overview_why(const struct overview *overview, uint32_t node);

/* The node's view that `why` rests on, as its witness read it. */
const struct health_view *overview_view(const struct overview *overview,
                                        const struct health_why *why, uint32_t node);

/* One change. */
cJSON *overview_event(const struct history_event *event);

#endif
