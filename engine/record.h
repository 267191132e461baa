/*
 * record.h - what a memory is made of.
 */
#ifndef HEALTHD_ENGINE_RECORD_H
#define HEALTHD_ENGINE_RECORD_H

#include <healthd/memory.h>

/* What has been seen of the life of a node's mysqld. */
enum life {
    LIFE_OVER,    /* never seen to run, or its end is told */
    LIFE_SEEN,    /* it runs, or is not known about since it did */
    LIFE_STOPPED, /* it ended, and so far gracefully: its agent may still have seen a signal */
};

/* What is kept of a node beside what is told of it. */
struct record {
    struct health_node_memory told;
    struct health_uuid boot; /* of the latest heartbeat, like the next */
    uint64_t seq;
    int64_t probe_ns;                 /* when the latest probe was made */
    struct health_position committed; /* the highest of this life, whatever it was then */
    uint64_t mark;                    /* told.moved when the transfer last came on */
    int64_t moved_origin_ns;          /* the engine's origin when told.moved_ns was set: it moves */
    int64_t stood_origin_ns;          /* ... on by the length of each stall. As for stood_ns */
    uint32_t pid;                     /* mysqld's when it was last a serving member */
    uint8_t life;                     /* enum life */
    bool member;                      /* it was a serving member in this life */
    bool member_crashed;              /* ... and in the one that ended with its latest crash */
};

struct health_memory {
    struct record *records;
    struct health_cluster_memory *clusters;
    uint32_t node_capacity;
    uint32_t cluster_capacity;
};

#endif
