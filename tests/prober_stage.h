/*
 * prober_stage.h - a real prober and a loop, and all that it saw.
 */
#ifndef HEALTHD_TESTS_PROBER_STAGE_H
#define HEALTHD_TESTS_PROBER_STAGE_H

#include "fake_mysqld.h"

#include <healthd/prober.h>

#define SEEN_MEMBERS_MAX 8

struct seen {
    int64_t told_ns; /* when the observer was told */
    struct health_observation what;
    struct health_member members[SEEN_MEMBERS_MAX];
    char version[HEALTH_VERSION_MAX]; /* of a view */
};

struct prober_stage {
    struct event_base *base;
    struct health_prober *prober;
    struct seen *seen;
    size_t count;
    size_t capacity;
    unsigned remarks;
    char remark[512]; /* the last */
};

struct cadence_ms {
    int interval;
    int timeout;
    int view;
};

void prober_stage_open(struct prober_stage *stage, struct cadence_ms cadence);
void prober_stage_close(struct prober_stage *stage);

/* Probe a fake, under its own number. */
void prober_stage_add(struct prober_stage *stage, const struct fake_house *house, unsigned fake);

void prober_stage_run(struct prober_stage *stage, int ms);

/* What one waits for: a probe with this outcome, or a link. */
struct wanted {
    uint32_t node;
    uint8_t witness;
    uint8_t value; /* enum health_probe_error, or enum health_link */
    bool with_view;
};

/* Run until such a one is seen from `from` on; NULL: it was not, in `ms`. */
const struct seen *prober_stage_await(struct prober_stage *stage, size_t from, struct wanted wanted,
                                      int ms);
const struct seen *prober_stage_await_probe(struct prober_stage *stage, uint32_t node,
                                            enum health_probe_error error, int ms);
const struct seen *prober_stage_await_link(struct prober_stage *stage, uint32_t node,
                                           enum health_link link, int ms);

/* How many of the node's probes, from `from` on, ended so; and how many did not. */
unsigned prober_stage_count(const struct prober_stage *stage, size_t from, uint32_t node,
                            enum health_probe_error error);
unsigned prober_stage_count_others(const struct prober_stage *stage, size_t from, uint32_t node,
                                   enum health_probe_error error);

/* Probe times of nodes 0 to count - 1 from `from` on, in microseconds. */
struct times_us {
    double median;
    double most;
    unsigned probes;
    unsigned failed;
};

struct times_us prober_stage_times(const struct prober_stage *stage, size_t from, uint32_t count);

#endif
