/*
 * layout.h - how the engine's memory is laid out, and the few helpers that read it.
 *
 * What an unchanged observation touches lies in `struct node`, one cache line. What only a change
 * touches lies in `struct node_cold`, since_ns[] and `struct cluster`. Names, addresses and full UUIDs
 * are not here at all. Per node of three-node clusters: 64 + 32 + 8 + 4.06 (deadlines) + 56/3 bytes.
 *
 * Times are milliseconds of the engine's own 32-bit clock, which stands still while we were stopped
 * and wraps after 49 days: two times are compared by the sign of their difference, and node_rest()
 * keeps old ones from falling off the far end.
 */
#ifndef HEALTHD_ENGINE_LAYOUT_H
#define HEALTHD_ENGINE_LAYOUT_H

#include "deadline.h"

#include <healthd/engine.h>

/* Node flags. The low bits hold two small enums. */
enum {
    NODE_LINK_MASK = 0x0003,  /* enum health_link_fact */
    NODE_LEAVE_MASK = 0x000c, /* enum leave_verdict << 2 */
    NODE_LEAVE_SHIFT = 2,
    NODE_USED = 0x0010,     /* the slot holds a node */
    NODE_CLOSED = 0x0020,   /* a closing is under way: link_ms says since when */
    NODE_GONE = 0x0040,     /* not running, when that was last known */
    NODE_GREW = 0x0080,     /* down when a view grew: it may be the joiner */
    NODE_REFUTED = 0x0100,  /* a probe answered after its agent had seen it end */
    NODE_CLAIM = 0x0200,    /* the claim is of this life of mysqld and not expired */
    NODE_EXCLUDED = 0x0400, /* a newer whole view left this very claim out */
    NODE_COUNTED = 0x0800,  /* this life's unclean exit is counted */
    NODE_WAITS = 0x1000, /* its leave, or its place in the view, is not decided: look again soon */
    NODE_TAINTED = 0x2000,  /* voted inconsistent, and not a member since */
    NODE_BY_AGENT = 0x4000, /* the claim was read by its agent, not by the probe */
    NODE_HUSHED = 0x8000,   /* nothing answered any more when the closing began */
};

/* How a closing went, as far as the peers' views have told. */
enum leave_verdict {
    LEAVE_UNDECIDED,
    LEAVE_LEFT,
    LEAVE_HELD,
    LEAVE_SPENT, /* cannot be told any more: a new life began, or the moment was not observed */
};

/* A claim is what a node last said of its cluster. Its small fields are kept as the bytes they came in,
 * so that they compare in one step: said[] copies struct health_view from `component` on. */
enum {
    SAID_COMPONENT,
    SAID_LOCAL_STATE,
    SAID_READY,
    SAID_CONNECTED,
    SAID_REJECTS,
    SAID_DESYNC,
    SAID_READ_ONLY,
    SAID_DONOR_REJECTS,
    SAID_MAINTENANCE,
    SAID_COUNT
};

_Static_assert(offsetof(struct health_view, maintenance) -
                       offsetof(struct health_view, component) ==
                   SAID_MAINTENANCE,
               "the small fields of a view lie side by side, in the order of the enum");

#define CONF_NONE UINT32_MAX

/* Steps in which a silence is kept. 255 of them, 16 s, stand for any longer one: no leave takes so long to
 * show. */
#define QUIET_STEP_MS 64u

struct node {
    uint32_t probe_ms; /* when the probe last reported what `probe` says */
    uint32_t claim_ms; /* when the claim was read at the earliest: its probe was sent then */
    uint32_t agent_ms; /* when the last heartbeat came; before the first, when the node was added */
    uint32_t boot;     /* tag of the agent's boot id; 0: no agent yet */
    uint32_t seq;      /* of the last heartbeat; 32 bits, compared by the sign of the difference */
    uint32_t pid;
    uint64_t history; /* tag of the state UUID, see uuid_tag(); 0 none */
    uint64_t member;  /* tag of the gcomm UUID; 0 none */
    uint32_t conf;    /* configuration id; kept while it says "none". CONF_NONE: never had one */
    uint16_t size;
    uint16_t weight; /* 0 not known */
    uint8_t said[SAID_COUNT];
    uint8_t probe; /* enum health_probe_fact */
    uint8_t agent; /* enum health_agent_fact */
    uint8_t exit;  /* enum health_exit_fact, never UNPROVEN */
    uint8_t state; /* enum health_state */
    uint8_t reason;
    uint16_t flags;
};

_Static_assert(sizeof(struct node) == 64, "a node is one cache line");

/* A reason needs no whole byte. */
#define ROUTABLE_BITS 7
_Static_assert(HEALTH_REASON_COUNT <= 1 << ROUTABLE_BITS, "every reason fits into its bits");

struct node_cold {
    uint32_t cluster;
    uint32_t next;    /* in its cluster, or in the free list */
    uint32_t version; /* of its reports; goes on when the slot is used again */
    uint32_t link_ms; /* when the closing began; without one, when the link came up */
    uint32_t gone_ms; /* when its agent first saw it gone */
    uint32_t
        former_boot; /* tag of the agent's boot before this one: its late packets are refused */
    uint16_t transitions;
    uint16_t unclean;
    uint16_t incarnation;
    uint8_t routable : ROUTABLE_BITS; /* enum health_reason: why it is routable or not */
    bool maintained : 1;              /* an operator has taken it out of service */
    uint8_t
        quiet; /* how long nothing had been heard when the closing began, in steps of QUIET_STEP_MS */
};

_Static_assert(sizeof(struct node_cold) == 32, "two of them are one cache line");

/* The newest Primary view that any usable claim has shown, and what was learnt around it. */
struct cluster {
    uint32_t first;   /* its nodes, in the order they were added; HEALTH_NODE_NONE: none */
    uint32_t version; /* of its reports; goes on when the slot is used again */
    uint64_t history; /* tag of the state UUID; 0: no Primary view seen yet */
    int64_t since_ns;
    uint32_t conf;         /* of the newest Primary view */
    uint32_t whole_conf;   /* the highest that was reported by all of its members; 0 none */
    uint32_t seen_ms;      /* when conf was first seen */
    uint32_t members;      /* bit i: the i-th node of the list is in the view members_conf */
    uint32_t members_conf; /* CONF_NONE: no member list known */
    uint16_t size;
    uint8_t former_size; /* of the view before conf, as far as a byte tells */
    uint8_t former_step; /* by how much conf is greater than that view's id; 0: conf began a life */
    uint8_t expected;
    uint8_t count;       /* nodes now */
    uint8_t others;      /* members that are no configured node, learnt when all were in one view */
    uint8_t others_most; /* the most that these ever were: they may come back */
    uint8_t colour;
    uint8_t reason;
    uint8_t signs;    /* set of 1 << enum health_sign */
    uint32_t torn_ms; /* when a member of the view conf was first heard non-Primary */
    bool used : 1;
    bool torn : 1;             /* ... which one still says */
    bool unsettled : 1;        /* not all who answer have been asked since conf was first seen */
    bool gathering : 1;        /* a member has been seen looking for others, in the view conf */
    bool former_gathering : 1; /* ... in the view before it */
    bool equal_weights : 1;    /* each member is known to weigh one */
};

_Static_assert(sizeof(struct cluster) <= 64, "a cluster is one cache line");

/* struct health_limits, as milliseconds of the engine's clock. */
struct limits_ms {
#define X(name, text) uint32_t name;
    HEALTH_LIMITS(X)
#undef X
};

struct health_engine {
    struct node *nodes;
    struct node_cold *cold;
    int64_t *since_ns; /* of each node's state */
    struct cluster *clusters;
    struct deadlines deadlines;
    const struct health_ruleset *rules;
    struct health_queue *queues[HEALTH_QUEUES_MAX]; /* used from the first on */
    int64_t origin_ns;                              /* moves on by the length of each stall */
    int64_t now_ns;
    int64_t late_ns; /* being called after this means that we were stopped */
    int64_t stall_end_ns;
    uint32_t now_ms;
    uint32_t stall_end_ms;
    uint32_t node_capacity;
    uint32_t cluster_capacity;
    uint32_t free_node; /* HEALTH_NODE_NONE: full */
    uint32_t free_cluster;
    struct limits_ms limits;
    struct health_limits limits_ns;
    struct health_engine_counters counters; /* .observations: only those that changed something */
};

static inline bool node_exists(const struct health_engine *engine, uint32_t node)
{
    return node < engine->node_capacity && engine->nodes[node].flags & NODE_USED;
}

static inline bool cluster_exists(const struct health_engine *engine, uint32_t cluster)
{
    return cluster < engine->cluster_capacity && engine->clusters[cluster].used;
}

/* Milliseconds from one time to a later one; negative when it is not later. */
static inline int32_t ms_since(uint32_t then, uint32_t now)
{
    return (int32_t)(now - then);
}

/* A monotonic time on the engine's clock. */
static inline uint32_t engine_ms(const struct health_engine *engine, int64_t ns)
{
    return (uint32_t)((ns - engine->origin_ns) / HEALTH_NS_PER_MS);
}

/*
 * Reduce a UUID to 64 bits: its first 32 as they are, so that people recognise them, and the next 32
 * mixed with the other half. Galera's UUIDs are time-based and few; two that meet in one cluster differ
 * in the tag, and one differs from "none" (0), but for a chance of 2^-64.
 */
static inline uint64_t uuid_tag(const struct health_uuid *uuid)
{
    return uuid->hi ^ uuid->lo * UINT64_C(0x9e3779b97f4a7c15) >> 32;
}

static inline enum health_link_fact node_link(const struct node *node)
{
    return (enum health_link_fact)(node->flags & NODE_LINK_MASK);
}

static inline enum leave_verdict node_leave(const struct node *node)
{
    return (enum leave_verdict)((node->flags & NODE_LEAVE_MASK) >> NODE_LEAVE_SHIFT);
}

static inline void node_flag(struct node *node, unsigned flag, bool on)
{
    node->flags = (uint16_t)(on ? node->flags | flag : node->flags & ~flag);
}

static inline void node_set_link(struct node *node, enum health_link_fact link)
{
    unsigned rest = node->flags & ~(unsigned)NODE_LINK_MASK;
    node->flags = (uint16_t)(rest | (unsigned)link);
}

static inline void node_set_leave(struct node *node, enum leave_verdict leave)
{
    unsigned rest = node->flags & ~(unsigned)NODE_LEAVE_MASK;
    node->flags = (uint16_t)(rest | (unsigned)leave << NODE_LEAVE_SHIFT);
}

/* Is a closing under way that began while the node still answered? */
static inline bool closed_while_answering(const struct node *node)
{
    return (node->flags & (NODE_CLOSED | NODE_HUSHED)) == NODE_CLOSED;
}

/* Was it last seen in the newest view that its cluster has shown? */
static inline bool in_newest_view(const struct cluster *cluster, const struct node *node)
{
    return node->history == cluster->history && node->conf == cluster->conf;
}

/* Does it answer now, the monitor or its agent? */
static inline bool node_answers(const uint8_t *facts)
{
    return facts[HEALTH_FACT_PROBE] == HEALTH_PROBE_FACT_OK ||
           facts[HEALTH_FACT_AGENT] == HEALTH_AGENT_FACT_OK;
}

#endif
