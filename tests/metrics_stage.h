/*
 * metrics_stage.h - an overview to be told as metrics: clusters of three with nobody behind them.
 */
#ifndef HEALTHD_TESTS_METRICS_STAGE_H
#define HEALTHD_TESTS_METRICS_STAGE_H

#include "metrics.h"

#include <healthd/engine.h>
#include <healthd/rules.h>

struct event_base;

struct metrics_stage {
    struct event_base *base;
    struct health_limits limits;
    struct health_engine *engine;
    struct health_queue *queue;
    struct health_prober *prober;
    struct health_memory *memory;
    struct sightings *sightings;
    struct roster roster;
    struct lag lag;
    struct overview_reload reload;
    struct overview overview;
};

/* With so many clusters, called c0 and so on, of nodes n1, n2, n3; each has been probed. */
void metrics_stage_begin(struct metrics_stage *stage, uint32_t clusters);
void metrics_stage_end(struct metrics_stage *stage);

/* A cluster more, of three nodes. Gives its number. */
uint32_t metrics_stage_add(struct metrics_stage *stage, const char *name);

/* A probe of this node was answered after so long, or failed in this way. */
void metrics_stage_answer(struct metrics_stage *stage, uint32_t node, int64_t rtt_ns);
void metrics_stage_failure(struct metrics_stage *stage, uint32_t node,
                           enum health_probe_error error);

/* The slices of a whole page: each is handed to `take`, if any. The text is the caller's to free. */
typedef void metrics_stage_take(struct metrics_stage *stage, unsigned slice, size_t length,
                                int64_t took_ns);
char *metrics_stage_page(struct metrics_stage *stage, bool openmetrics, metrics_stage_take *take);

#endif
