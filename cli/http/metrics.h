/*
 * metrics.h - what is told as metrics.
 *
 * docs/man/healthd-metrics.7 describes each family, and a test compares. Names follow Prometheus'
 * conventions, in base units; labels are configured names and enumerated values, never ids or positions,
 * of which there may be any number. What is not known has no sample, rather than one that lies.
 */
#ifndef HEALTHD_CLI_METRICS_H
#define HEALTHD_CLI_METRICS_H

#include "metrics_text.h"
#include "overview.h"
#include "usage.h"

struct evbuffer;

/* What the overview does not have. */
struct metrics_extra {
    struct usage usage;
    uint32_t http_connections;
    uint64_t http_requests;
};

/* ---- Families ---- */

/* metrics_own.c: healthd itself: its parts, its process. */
void metrics_tell_own(struct metrics_text *text, const struct overview *overview,
                      const struct metrics_extra *extra);

/* What is told of a cluster. */
struct metrics_cluster {
    const struct overview *overview;
    uint32_t number;
    struct health_cluster_snapshot known;
};

/* metrics_subjects.c: a family of which each cluster, or each node, has samples. */
struct metrics_family {
    enum metrics_type type;
    const char *name;
    const char *help;
    /* One of the two. */
    void (*tell_cluster)(struct metrics_text *text, const struct metrics_cluster *cluster);
    void (*tell_node)(struct metrics_text *text, const struct health_node_snapshot *node,
                      const struct sighting *sighting);
};

extern const struct metrics_family metrics_families[];
extern const unsigned metrics_family_count;

/* ---- All of them, in slices ---- */

struct metrics_page;

/* NULL: memory is short. */
struct metrics_page *metrics_page_create(bool openmetrics, const struct metrics_extra *extra);

/* As struct http_slices wants them; `state` is a page. */
bool metrics_page_next(void *state, const struct overview *overview, struct evbuffer *out);
void metrics_page_destroy(void *state);

#endif
