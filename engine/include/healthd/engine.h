/*
 * healthd/engine.h - the state engine: observations in, states and colours out.
 *
 * Pure: no I/O, no clock, no environment, no allocation after creation. The same calls with the same
 * arguments give the same results, byte for byte. One engine holds many clusters; nodes and clusters
 * come and go at run time within the capacities given at creation.
 *
 *   observation -> testimony (the latest of each witness, with its age)
 *               -> facts -> rules -> answers -> state        (engine/judge.c)
 *   states      -> census -> rules -> colour
 *   a change    -> a report in the queue
 *
 * Time. `now_ns` comes with each call, is monotonic and must not go back. The engine says when it wants
 * to be called next (health_engine_deadline()); being called earlier or more often changes nothing.
 * Being called *late* means that the caller was stopped: nobody gets older by that time, and no timeout
 * that was measured across it counts.
 *
 * Threads. An engine belongs to one thread. Other threads read reports (the queue) or copies
 * (snapshots that the owner took).
 *
 * Identity. Nodes and clusters are small dense numbers; names stay with the caller. A number is free
 * again once its node or cluster is removed: stop observing before removing. A report of the former one
 * may still wait in the queue then; the versions under a number go on growing.
 */
#ifndef HEALTHD_ENGINE_H
#define HEALTHD_ENGINE_H

#include <healthd/observation.h>
#include <healthd/queue.h>
#include <healthd/ruleset.h>

struct health_engine;

#define HEALTH_QUEUES_MAX 4

struct health_engine_options {
    uint32_t nodes;                       /* capacity: 1 to 2^24 */
    uint32_t clusters;                    /* capacity: 1 to 2^24 */
    int64_t now_ns;                       /* when the engine begins */
    const struct health_limits *limits;   /* copied */
    const struct health_ruleset *ruleset; /* borrowed; must outlive the engine */
    /* One for each reader of reports, so that a slow one keeps nothing from the others; NULL: none.
     * Borrowed. Each needs `nodes` + `clusters` subjects: a node reports under its own number, cluster c
     * under `nodes` + c. */
    struct health_queue *queues[HEALTH_QUEUES_MAX];
};

/* How many observations did what. */
struct health_engine_counters {
    uint64_t observations; /* handed over */
    uint64_t unchanged;    /* of those, only refreshed an age */
    uint64_t stale;  /* older than the testimony held, duplicate, or of a former agent: ignored */
    uint64_t voided; /* timeouts measured across our own stall: ignored */
    uint64_t judged; /* times a cluster was judged */
    uint64_t stalls; /* times the engine was called late */
};

/*
 * Create an engine: its only allocation.
 * Errors: HEALTH_EINVAL (a range above, or limits that contradict each other), HEALTH_ENOMEM.
 * *ret_engine is written on success only; the caller owns it.
 */
HEALTH_API enum health_error health_engine_create(const struct health_engine_options *options,
                                                  struct health_engine **ret_engine);

/* Free an engine; NULL is fine. The queues and the ruleset remain the caller's. */
HEALTH_API void health_engine_destroy(struct health_engine *engine);

/* Why health_engine_create() would refuse these limits, in words; NULL: it takes them. Static; any thread. */
HEALTH_API const char *health_limits_problem(const struct health_limits *limits);

/* Bytes that an engine of these options takes: what its creation allocates. 0 for bad options. */
HEALTH_API size_t health_engine_bytes(const struct health_engine_options *options);

/*
 * Add a cluster without nodes. expected_size (1 to HEALTH_CLUSTER_NODES_MAX) is the number of Green
 * nodes that makes it Green.
 * Errors: HEALTH_EINVAL, HEALTH_ELIMIT, HEALTH_ETIME.
 */
HEALTH_API enum health_error health_cluster_add(struct health_engine *engine, int64_t now_ns,
                                                uint32_t expected_size, uint32_t *ret_cluster);

/* Remove a cluster and its nodes. No report is made of it. Errors: HEALTH_ENOENT. */
HEALTH_API enum health_error health_cluster_remove(struct health_engine *engine, uint32_t cluster);

/* Set the expected number of Green nodes. Errors: HEALTH_EINVAL, HEALTH_ENOENT, HEALTH_ETIME. */
HEALTH_API enum health_error health_cluster_expect(struct health_engine *engine, int64_t now_ns,
                                                   uint32_t cluster, uint32_t expected_size);

/*
 * Add a node to a cluster, Unknown until testimony comes.
 * Errors: HEALTH_ENOENT (cluster), HEALTH_ELIMIT (the capacity, or HEALTH_CLUSTER_NODES_MAX),
 * HEALTH_ETIME.
 */
HEALTH_API enum health_error health_node_add(struct health_engine *engine, int64_t now_ns,
                                             uint32_t cluster, uint32_t *ret_node);

/* Remove a node. No report is made of it; its cluster is judged again.
 * Errors: HEALTH_ENOENT, HEALTH_ETIME. */
HEALTH_API enum health_error health_node_remove(struct health_engine *engine, int64_t now_ns,
                                                uint32_t node);

/*
 * Take a node out of service (on) or give it back. It is only about where clients are sent: the node is as
 * if it said itself that it is in maintenance, so that a Green one is not routable, and its state goes on
 * to be judged and reported as ever. Holds until it is given back or the node is removed, whatever is
 * observed. A report is made when routability changes; saying again what holds changes nothing.
 * Errors: HEALTH_ENOENT, HEALTH_ETIME.
 */
HEALTH_API enum health_error health_node_maintain(struct health_engine *engine, int64_t now_ns,
                                                  uint32_t node, bool on);

/*
 * Take one observation. The observation may be a little older than now_ns (witnesses overtake each
 * other); testimony is dated by observation->at_ns, and one that is older than what is held changes
 * nothing. The cost is constant; an observation that says nothing new touches one or two cache lines.
 * Errors: HEALTH_ENOENT (node), HEALTH_EINVAL (a field outside its enum, at_ns after now_ns),
 * HEALTH_ETIME. Whatever the error, the clock may have moved on, and nothing else.
 */
HEALTH_API enum health_error health_engine_observe(struct health_engine *engine, int64_t now_ns,
                                                   const struct health_observation *observation);

/* Say which node is going to be observed a little later (some ten observations), so that its memory is
 * on its way by then. Worth it beyond some 100 000 nodes in random order. Changes nothing. */
HEALTH_API void health_engine_prefetch(const struct health_engine *engine, uint32_t node);

/* Let time pass: judge what has come due. Errors: HEALTH_ETIME. */
HEALTH_API enum health_error health_engine_tick(struct health_engine *engine, int64_t now_ns);

/* When health_engine_tick() must be called at the latest, unless something else is called before. */
HEALTH_API int64_t health_engine_deadline(const struct health_engine *engine);

HEALTH_API void health_engine_counters(const struct health_engine *engine,
                                       struct health_engine_counters *ret_counters);

/* A node as the engine believes it to be. */
struct health_node_snapshot {
    uint32_t cluster;
    enum health_state state;
    enum health_reason reason;
    enum health_answer routable;
    enum health_reason routable_reason;
    int64_t since_ns;       /* when this state began */
    uint32_t version;       /* of its reports */
    uint32_t transitions;   /* changes of state in all; stays at 65535 */
    uint32_t unclean_exits; /* crashes seen; stays at 65535 */
    uint32_t
        incarnation; /* lives of mysqld seen: 1 is the first; stays at 65535. An agent's restart
                            * is none */
    uint32_t pid;    /* mysqld's, from its agent; 0 not known */
    bool maintained; /* an operator has taken it out of service */
};

/* A cluster as the engine believes it to be. */
struct health_cluster_snapshot {
    enum health_colour colour;
    enum health_reason reason;
    int64_t since_ns;
    uint32_t version;
    uint32_t signs;                      /* set of 1 << enum health_sign */
    uint32_t nodes;                      /* configured now */
    uint32_t expected;                   /* Green nodes that make it Green */
    uint32_t states[HEALTH_STATE_COUNT]; /* how many nodes are in each state */
    uint32_t primary_size;               /* of the last Primary view; 0 not known */
    uint32_t others;                     /* its members that are no configured node (arbitrators) */
    int32_t
        can_lose; /* how many more members may crash before the rest is no majority; -1 not known */
    uint64_t conf_id;         /* of the last Primary view; HEALTH_CONF_NONE not known */
    uint32_t state_uuid_head; /* first 8 hex digits of its state UUID */
};

/* Copy what is believed of a node or cluster now. Errors: HEALTH_ENOENT. */
HEALTH_API enum health_error health_node_snapshot(const struct health_engine *engine, uint32_t node,
                                                  struct health_node_snapshot *ret_snapshot);
HEALTH_API enum health_error health_cluster_snapshot(const struct health_engine *engine,
                                                     uint32_t cluster,
                                                     struct health_cluster_snapshot *ret_snapshot);

/* One thing that would change a node's state: this fact having that value instead. */
struct health_change {
    uint8_t fact;  /* enum health_node_fact */
    uint8_t value; /* of that fact */
    uint8_t state; /* enum health_state that would follow */
};

#define HEALTH_CHANGES_MAX 64

/* Why a node is in its state: what `healthctl why` prints. */
struct health_why {
    struct health_node_snapshot node;
    uint8_t answers[HEALTH_QUESTION_COUNT];                 /* enum health_answer */
    const struct health_rule *rules[HEALTH_QUESTION_COUNT]; /* the rows that gave them */
    uint8_t facts[HEALTH_NODE_FACT_COUNT];
    int64_t probe_age_ns;  /* of the probe's testimony; -1: none */
    int64_t link_age_ns;   /* since the link last changed; -1: none */
    int64_t agent_age_ns;  /* since the last accepted heartbeat; -1: none */
    int64_t view_age_ns;   /* of the node's own view; -1: none */
    bool view_from_agent;  /* its agent read it, not the monitor's probe */
    uint64_t view_conf_id; /* HEALTH_CONF_NONE: none */
    uint32_t view_size;    /* 0: not known */
    int64_t next_ns;       /* when passing time alone may change something */
    uint32_t change_count;
    struct health_change changes[HEALTH_CHANGES_MAX];
};

/* Explain a node. Changes nothing. `node` is what was last judged; facts, answers and changes are those of
 * the last call, and go together. Where only an age has moved on since, as between two ticks, they may be
 * ahead of `node`: what they add up to is its state with the next judgement. Errors: HEALTH_ENOENT. */
HEALTH_API enum health_error health_engine_why(const struct health_engine *engine, uint32_t node,
                                               struct health_why *ret_why);

#endif
