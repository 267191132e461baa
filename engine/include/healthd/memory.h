/*
 * healthd/memory.h - what must not be forgotten of a cluster when its nodes are down.
 *
 * The engine judges the present. Who advises on a fault needs the past too: the highest position that was
 * ever served, who was left with a torn state, who crashed how often, how far a join has come. This is kept
 * here, beside the engine and fed with the same observations, and handed out as a *case*: all that is known
 * of one cluster at one moment. <healthd/diagnosis.h> names faults and advises from a case alone.
 *
 * Pure like the engine: no I/O, no clock, no allocation after creation. What has to outlive the process is
 * exported and imported field by field; where it is stored is the caller's business.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_MEMORY_H
#define HEALTHD_MEMORY_H

#include <healthd/engine.h>

struct health_memory;

/* "Position not known." Galera's own -1, "undefined", is the same. */
#define HEALTH_SEQNO_NONE (-1)

/* A place in a history: the state UUID and the number of the last write-set. */
struct health_position {
    struct health_uuid history; /* {0, 0}: not known */
    int64_t seqno;              /* HEALTH_SEQNO_NONE */
};

/* Why a node's data is not to be trusted, whatever position its files show. Each is lifted when the node has
 * been a serving member again. Sources: galera/src/replicator_smm.cpp, mark_unsafe() and mark_corrupt(). */
#define HEALTH_TAINTS(X) \
    X(NONE, "none", "nothing is known against its data") \
    X(INCONSISTENT, "inconsistent", "it was voted inconsistent") \
    X(TORN, "torn", \
      "a state transfer or a DDL was torn: its saved UUID is zero, or the transfer's marker is " \
      "there") \
    X(JOINING, "joining", "it was last seen receiving its state, and has not served since")

enum health_taint {
#define X(id, ...) HEALTH_TAINT_##id,
    HEALTH_TAINTS(X)
#undef X
        HEALTH_TAINT_COUNT
};

HEALTH_API const char *health_taint_name(enum health_taint taint);
HEALTH_API const char *health_taint_text(enum health_taint taint);

/* Unclean exits of one node that are remembered by their time. */
#define HEALTH_CRASHES_KEPT 4

/* What is remembered of a node. Times are monotonic; 0: never. */
struct health_node_memory {
    struct health_position served;   /* the highest it reported as a serving member */
    int64_t served_ns;               /* when it last reported so */
    int32_t served_size;             /* size of its view then; 0: not known. 1: it was alone */
    uint8_t taint;                   /* enum health_taint */
    uint8_t probe_error;             /* of the latest probe: enum health_probe_error */
    int64_t probe_error_ns;          /* since when it fails so */
    struct health_grastate grastate; /* as its agent last read it, like the next three */
    uint8_t gvwstate;
    uint8_t sst_in_progress;
    uint8_t process;                       /* enum health_process: what its agent said then */
    int64_t files_ns;                      /* when the agent said so */
    struct health_recovery recovery;       /* of this stop: what --wsrep-recover found */
    int64_t recovery_ns;                   /* when the agent said so */
    int64_t crash_ns[HEALTH_CRASHES_KEPT]; /* the latest first */
    int64_t joining_ns;                    /* when its join began; 0: it does not join */
    uint64_t moved;                        /* bytes its transfer has moved, as far as known */
    int64_t moved_ns;      /* when its join last came on: bytes or position. 0: nothing is known */
    int64_t stood_ns;      /* since when its position stands although others' move; 0: it moves */
    bool crashed_together; /* it crashed within moments of another; stays until acknowledged */
    bool wanted;           /* it was down when a recovery began, and is to be admitted again */
};

/* What is remembered of a cluster. */
struct health_cluster_memory {
    struct health_position served; /* the high-water mark: the highest that a Green node reported */
    int64_t served_ns;             /* when one last did */
    int64_t crashed_ns; /* when members crashed within moments; stays until acknowledged */
    /* Since all of its nodes were last Green, one number may mean two write-sets: two Primary components of one
     * history were seen, or somebody served alone below the mark after an outage. */
    bool split;
};

/* One node of a case. */
struct health_case_node {
    uint32_t node; /* the engine's number */
    struct health_node_snapshot known;
    uint8_t facts[HEALTH_NODE_FACT_COUNT];
    int64_t probe_age_ns; /* as in struct health_why; -1: none */
    int64_t agent_age_ns;
    int64_t view_age_ns;
    struct health_node_memory memory;
};

/* All that is known of one cluster at one moment. */
struct health_case {
    int64_t now_ns;
    const struct health_limits *limits; /* borrowed */
    struct health_cluster_snapshot cluster;
    struct health_cluster_memory memory;
    uint32_t count;
    struct health_case_node nodes[HEALTH_CLUSTER_NODES_MAX]; /* in the order they were added */
};

/* For as many as the engine has room for. Errors: HEALTH_EINVAL, HEALTH_ENOMEM. */
HEALTH_API enum health_error health_memory_create(const struct health_engine_options *options,
                                                  struct health_memory **ret_memory);
HEALTH_API void health_memory_destroy(struct health_memory *memory); /* NULL is fine */

/*
 * Take an observation right after the engine has taken it (HEALTH_OK). Constant cost. A position counts for the
 * cluster only while the engine holds the node Green; heartbeats count in the order of (boot, seq).
 */
HEALTH_API void health_memory_observe(struct health_memory *memory,
                                      const struct health_engine *engine,
                                      const struct health_observation *observation);

/* Take a report, in order: counts crashes, begins and ends joins, lifts taints. */
HEALTH_API void health_memory_report(struct health_memory *memory,
                                     const struct health_engine *engine,
                                     const struct health_report *report);

/* The number is a new node's, or a new cluster's: nothing of it is remembered. */
HEALTH_API void health_memory_forget_node(struct health_memory *memory, uint32_t node);
HEALTH_API void health_memory_forget_cluster(struct health_memory *memory, uint32_t cluster);

/* A person has taken note of the quick double crash. */
HEALTH_API void health_memory_acknowledge(struct health_memory *memory,
                                          const struct health_engine *engine, uint32_t cluster);

/* Export and import, for whoever stores it. The pointers are good until the node or cluster is forgotten. */
HEALTH_API struct health_node_memory *health_memory_node(struct health_memory *memory,
                                                         uint32_t node);
HEALTH_API struct health_cluster_memory *health_memory_cluster(struct health_memory *memory,
                                                               uint32_t cluster);

/* All that is known of a cluster now. `limits` is borrowed. Errors: HEALTH_ENOENT. */
HEALTH_API enum health_error health_memory_case(const struct health_memory *memory,
                                                const struct health_engine *engine,
                                                uint32_t cluster,
                                                const struct health_limits *limits, int64_t now_ns,
                                                struct health_case *ret_case);

#endif
