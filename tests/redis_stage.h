/*
 * redis_stage.h - a real engine, queue, directory and loop with a Redis reporter, fed by hand.
 *
 * Clusters are called c0, c1...; their nodes n0, n1..., numbered through all clusters.
 */
#ifndef HEALTHD_TESTS_REDIS_STAGE_H
#define HEALTHD_TESTS_REDIS_STAGE_H

#include "directory.h"
#include "redis_server.h"
#include "reporter.h"

#define STAGE_NODES_EACH 3u

struct stage_options {
    const char *address; /* NULL: the server's */
    const char *password_file;
    const char *user;
    uint64_t epoch;      /* 0: 1000 */
    uint32_t clusters;   /* 0: 2 */
    uint32_t capacity;   /* of the queue; 0: 64 */
    int interval_ms;     /* 0: 1000 */
    uint32_t log_length; /* 0: 100000 */
};

struct stage {
    struct redis_server *server;
    struct event_base *base;
    struct health_engine *engine;
    struct health_queue *queue;
    struct directory directory;
    struct reporter_redis *reporter;
    uint32_t clusters;
    uint32_t nodes;
    uint32_t *phase; /* of each node's habit */
    uint32_t longest_queue;
    int64_t longest_turn_ns; /* that the loop was not back for */
    unsigned remarks;
    char remark[800]; /* the last one */
};

void stage_begin(struct stage *stage, struct redis_server *server,
                 const struct stage_options *options);
void stage_end(struct stage *stage);

/* Make a node change its state or whether it is routable, and wake the reporter. Each call makes one
 * version of the node at least. */
void stage_change(struct stage *stage, uint32_t node);

/* Let the loop run for so long. */
void stage_run_ms(struct stage *stage, int ms);

/* Does what Redis holds equal the engine's belief: all nodes, all clusters, nothing else? `loud`: tell
 * what does not. */
bool stage_equal(struct stage *stage, bool loud);

/* Run until it is equal; how many ms that took, or -1 after the patience (then what differs is told). */
int stage_until_equal(struct stage *stage, int patience_ms);

/* Run until the reporter has a connection (or none); ms or -1. */
int stage_until_connected(struct stage *stage, bool connected, int patience_ms);

/* Run until a remark says this; ms or -1. */
int stage_until_remark(struct stage *stage, const char *words, int patience_ms);

struct reporter_redis_counters stage_counters(const struct stage *stage);

#endif
