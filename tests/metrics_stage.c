/*
 * metrics_stage.c - an overview to be told as metrics.
 */
#include "metrics_stage.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <healthd/memory.h>
#include <healthd/observer.h>
#include <healthd/prober.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES 3
#define MS HEALTH_NS_PER_MS

/* A part of the stage itself: no test goes on without it. */
static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "the stage: %s\n", what);
    abort();
}

static void on_observation(void *context, const struct health_observation *observation)
{
    (void)context;
    (void)observation;
}

static void on_remark(void *context, uint32_t node, const char *text)
{
    (void)context;
    (void)node;
    (void)text;
}

static void create_engine(struct metrics_stage *stage, uint32_t clusters)
{
    const struct health_cadence cadence = {1000 * MS, 500 * MS, 500 * MS};
    const struct health_queue_options line = {
        .subjects = clusters * (NODES + 1), .capacity = 16, .epoch = 1};

    must(health_limits_derive(&cadence, &stage->limits) == HEALTH_OK, "limits");
    must(health_queue_create(&line, &stage->queue) == HEALTH_OK, "a queue");
    const struct health_engine_options options = {.nodes = clusters * NODES,
                                                  .clusters = clusters,
                                                  .now_ns = health_clock_ns(),
                                                  .limits = &stage->limits,
                                                  .ruleset = &health_rules_galera,
                                                  .queues = {stage->queue}};
    must(health_engine_create(&options, &stage->engine) == HEALTH_OK, "an engine");
    must(health_memory_create(&options, &stage->memory) == HEALTH_OK, "a memory");
}

static void create_prober(struct metrics_stage *stage)
{
    stage->base = event_base_new();
    must(stage->base && event_base_priority_init(stage->base, 2) == 0, "a loop");
    const struct health_prober_options options = {.base = stage->base,
                                                  .interval_ns = 1000 * MS,
                                                  .timeout_ns = 500 * MS,
                                                  .view_interval_ns = 3000 * MS,
                                                  .observe = on_observation,
                                                  .remark = on_remark};
    must(health_prober_create(&options, &stage->prober) == HEALTH_OK, "a prober");
}

void metrics_stage_begin(struct metrics_stage *stage, uint32_t clusters)
{
    const uint32_t room = clusters + 1;

    *stage = (struct metrics_stage){.reload = {.good = true, .good_at_ns = 1500 * MS}};
    create_engine(stage, room);
    create_prober(stage);
    stage->sightings = sightings_create(room * NODES);
    must(stage->sightings && roster_init(&stage->roster, room * NODES, room), "a roster");
    stage->overview = (struct overview){
        .roster = &stage->roster,
        .engine = stage->engine,
        .memory = stage->memory,
        .sightings = stage->sightings,
        .prober = stage->prober,
        .queue_stdout = stage->queue,
        .lag = &stage->lag,
        .reload = &stage->reload,
        .limits = &stage->limits,
    };
    for (uint32_t i = 0; i < clusters; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%u", i);
        metrics_stage_add(stage, name);
    }
}

void metrics_stage_end(struct metrics_stage *stage)
{
    health_prober_destroy(stage->prober);
    event_base_free(stage->base);
    sightings_destroy(stage->sightings);
    roster_clear(&stage->roster);
    health_memory_destroy(stage->memory);
    health_engine_destroy(stage->engine);
    health_queue_destroy(stage->queue);
}

uint32_t metrics_stage_add(struct metrics_stage *stage, const char *name)
{
    static const char *const names[NODES] = {"n1", "n2", "n3"};
    uint32_t cluster;
    uint32_t node;

    must(health_cluster_add(stage->engine, health_clock_ns(), NODES, &cluster) == HEALTH_OK,
         "a cluster");
    roster_add_cluster(&stage->roster, cluster, name);
    for (unsigned i = 0; i < NODES; i++) {
        must(health_node_add(stage->engine, health_clock_ns(), cluster, &node) == HEALTH_OK,
             "a node");
        roster_add_node(&stage->roster, cluster, node, names[i]);
        sightings_forget(stage->sightings, node);
        metrics_stage_answer(stage, node, 700 * HEALTH_NS_PER_US);
    }
    return cluster;
}

static void see(struct metrics_stage *stage, struct health_observation *seen)
{
    seen->at_ns = health_clock_ns();
    sightings_take(stage->sightings, seen);
    must(health_engine_observe(stage->engine, seen->at_ns, seen) == HEALTH_OK, "an observation");
}

void metrics_stage_answer(struct metrics_stage *stage, uint32_t node, int64_t rtt_ns)
{
    see(stage, &(struct health_observation){.node = node,
                                            .witness = HEALTH_WITNESS_PROBE,
                                            .probe = {.ok = true, .rtt_ns = rtt_ns}});
}

void metrics_stage_failure(struct metrics_stage *stage, uint32_t node,
                           enum health_probe_error error)
{
    see(stage, &(struct health_observation){.node = node,
                                            .witness = HEALTH_WITNESS_PROBE,
                                            .probe = {.error = (uint8_t)error}});
}

char *metrics_stage_page(struct metrics_stage *stage, bool openmetrics, metrics_stage_take *take)
{
    const struct metrics_extra extra = {.http_connections = 2, .http_requests = 5};
    struct metrics_page *page = metrics_page_create(openmetrics, &extra);
    struct evbuffer *all = evbuffer_new();
    bool more = true;

    must(page && all, "a page");
    for (unsigned slice = 0; more; slice++) {
        size_t before = evbuffer_get_length(all);
        int64_t began_ns = health_clock_ns();
        more = metrics_page_next(page, &stage->overview, all);
        int64_t took_ns = health_clock_ns() - began_ns;
        if (take)
            take(stage, slice, evbuffer_get_length(all) - before, took_ns);
    }
    size_t length = evbuffer_get_length(all);
    char *text = malloc(length + 1);
    must(text && evbuffer_remove(all, text, length) == (int)length, "its text");
    text[length] = '\0';
    evbuffer_free(all);
    metrics_page_destroy(page);
    return text;
}
