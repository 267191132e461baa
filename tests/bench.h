/*
 * bench.h - an engine on the bench: called by hand, with one cluster of three.
 */
#ifndef HEALTHD_TESTS_BENCH_H
#define HEALTHD_TESTS_BENCH_H

#include <healthd/engine.h>
#include <healthd/rules.h>

#define MS HEALTH_NS_PER_MS
#define DAY (INT64_C(86400) * HEALTH_NS_PER_S)

struct bench {
    struct health_engine *engine;
    struct health_queue *queue;
    struct health_limits limits;
    uint32_t cluster;
    uint32_t nodes[3];
};

/* An engine with room for so much, and nothing in it; probes 100 ms, timeout 500 ms, beats 200 ms. */
struct bench bench_begin(uint32_t nodes, uint32_t clusters);

/* ... and with a cluster of three nodes. */
struct bench bench_begin_with_cluster(void);

void bench_end(struct bench *bench);

/* A probe's answer of a member of a whole view of three. */
struct health_observation bench_answer(uint32_t node, int64_t at_ns);

/* All three nodes answer so. */
void bench_answer_all(struct bench *bench, int64_t now_ns);

enum health_state bench_state(const struct bench *bench, uint32_t node);

/* Call the engine at its deadlines up to a time, as a loop does. */
void bench_run_to(struct bench *bench, int64_t now_ns);

#endif
