/*
 * healthd/ruleset.h - the seam between the engine, which remembers, and the rules, which decide.
 *
 * The engine reduces testimony to *facts*: small enumerated values, with every comparison of times
 * already made. Rules are rows over facts: "when these facts have one of these values, the answer is
 * that, and this is why". Tables are ordered, the first row that matches gives the answer, and every
 * table answers every combination of facts (tests enumerate them). A controller may bring its own.
 *
 *   testimony --(engine: facts)--> exit      how did the process end?        an exit fact
 *                                  running   is mysqld running?              yes / no / not known
 *                                  member    is it in the Primary component? yes / no / not known
 *                                  clean     did it exit gracefully?         yes / no / not known
 *                                  state     what do the answers add up to?  enum health_state
 *                                  routable  should clients be sent there?   yes / no / not known
 *   states ------------------------> colour  what do the states add up to?   enum health_colour
 */
#ifndef HEALTHD_RULESET_H
#define HEALTHD_RULESET_H

#include <healthd/reason.h>
#include <healthd/types.h>

/* The most facts that one table looks at, and the most values that one fact has: small enough that the
 * facts about a node, one bit set in one byte each, are two words. */
#define HEALTH_FACTS_MAX 16
#define HEALTH_VALUES_MAX 8

/* Facts about one node: what the running, member and clean tables look at. Each value list starts
 * with 0. The engine says when exactly each value holds: of probe in probe_fact(), of agent in
 * agent_word(), of peers in views.c, of view-grew in joiner.c, of leave in leave.c, of the others in facts.c;
 * exit is what the exit table answers. */
#define HEALTH_NODE_FACTS(X) \
    X(PROBE, "probe", "none", "ok", "error", "leaving", "silent", "closed", "refused") \
    X(LINK, "link", "none", "up", "closed") \
    X(AGENT, "agent", "none", "ok", "alive", "starting", "deaf", "frozen", "gone") \
    X(SPOKE, "agent-spoke", "before-close", "since-close") \
    X(AWAITED, "agent-awaited", "no", "yes") \
    X(CLOSE, "close", "settled", "just-now") \
    X(CLAIM, "claim", "none", "member", "donor", "joining", "not-ready", "non-primary", \
      "disconnected", "inconsistent") \
    X(CLAIM_AGE, "claim-age", "recent", "old") \
    X(PEERS, "peers", "none", "agree", "exclude", "split", "foreign") \
    X(GREW, "view-grew", "no", "maybe", "yes") \
    X(EXIT, "exit", "none", "pending", "unproven", "clean", "signal", "failed", "unsafe") \
    X(LEAVE, "leave", "none", "waiting", "left", "held")

enum health_node_fact {
#define X(id, ...) HEALTH_FACT_##id,
    HEALTH_NODE_FACTS(X)
#undef X
        HEALTH_NODE_FACT_COUNT
};

enum health_probe_fact {
    HEALTH_PROBE_FACT_NONE,    /* the probe has never reported, or not for too long */
    HEALTH_PROBE_FACT_OK,      /* it was answered */
    HEALTH_PROBE_FACT_ERROR,   /* answered with an error packet: mysqld runs */
    HEALTH_PROBE_FACT_LEAVING, /* answered "shutdown in progress" */
    HEALTH_PROBE_FACT_SILENT,  /* timeout, unreachable */
    HEALTH_PROBE_FACT_CLOSED,  /* the connection was lost or reset */
    HEALTH_PROBE_FACT_REFUSED, /* nothing listens */
    HEALTH_PROBE_FACT_COUNT
};

enum health_link_fact {
    HEALTH_LINK_FACT_NONE,
    HEALTH_LINK_FACT_UP,
    HEALTH_LINK_FACT_CLOSED,
    HEALTH_LINK_FACT_COUNT
};

enum health_agent_fact {
    HEALTH_AGENT_FACT_NONE,  /* no agent, a stale one, or one that a later probe refuted */
    HEALTH_AGENT_FACT_OK,    /* mysqld answers its agent */
    HEALTH_AGENT_FACT_ALIVE, /* the process is there; nothing is known of its answers */
    HEALTH_AGENT_FACT_STARTING, /* the process is there and takes no connection (also: on its way out) */
    HEALTH_AGENT_FACT_DEAF,   /* the process is there and answers nothing */
    HEALTH_AGENT_FACT_FROZEN, /* stopped by a signal or a debugger */
    HEALTH_AGENT_FACT_GONE,   /* the process has ended */
    HEALTH_AGENT_FACT_COUNT
};

enum health_spoke_fact { HEALTH_SPOKE_BEFORE, HEALTH_SPOKE_SINCE, HEALTH_SPOKE_COUNT };
enum health_awaited_fact { HEALTH_AWAITED_NO, HEALTH_AWAITED_YES, HEALTH_AWAITED_COUNT };
enum health_close_fact { HEALTH_CLOSE_SETTLED, HEALTH_CLOSE_JUST_NOW, HEALTH_CLOSE_COUNT };

enum health_claim_fact { /* what the node says of itself */
                         HEALTH_CLAIM_NONE,
                         HEALTH_CLAIM_MEMBER,
                         HEALTH_CLAIM_DONOR,
                         HEALTH_CLAIM_JOINING,
                         HEALTH_CLAIM_NOT_READY,
                         HEALTH_CLAIM_NON_PRIMARY,
                         HEALTH_CLAIM_DISCONNECTED,
                         HEALTH_CLAIM_INCONSISTENT,
                         HEALTH_CLAIM_COUNT
};

enum health_claim_age_fact { HEALTH_CLAIM_RECENT, HEALTH_CLAIM_OLD, HEALTH_CLAIM_AGE_COUNT };

enum health_peers_fact { /* what the others' views say of its membership */
                         HEALTH_PEERS_NONE,
                         HEALTH_PEERS_AGREE, /* another node reports the view this one was last seen in */
                         HEALTH_PEERS_EXCLUDE, /* a newer whole view leaves it out, or its own has lost its majority */
                         HEALTH_PEERS_SPLIT, /* two Primary components, and it is not on the larger side */
                         HEALTH_PEERS_FOREIGN, /* the others have another history */
                         HEALTH_PEERS_COUNT
};

enum health_grew_fact { HEALTH_GREW_NO, HEALTH_GREW_MAYBE, HEALTH_GREW_YES, HEALTH_GREW_COUNT };

enum health_exit_fact { /* what the agent knows of the end */
                        HEALTH_EXIT_FACT_NONE,
                        HEALTH_EXIT_FACT_PENDING, /* files look clean; the exit code may still come */
                        HEALTH_EXIT_FACT_UNPROVEN, /* ... and did not come */
                        HEALTH_EXIT_FACT_CLEAN,
                        HEALTH_EXIT_FACT_SIGNAL,
                        HEALTH_EXIT_FACT_FAILED,
                        HEALTH_EXIT_FACT_UNSAFE,
                        HEALTH_EXIT_FACT_COUNT
};

enum health_leave_fact { /* how the peers' view moved as the connections closed */
                         HEALTH_LEAVE_NONE,    /* nobody could tell */
                         HEALTH_LEAVE_WAITING, /* they have not been seen since */
                         HEALTH_LEAVE_LEFT,    /* it shrank at once: a graceful leave */
                         HEALTH_LEAVE_HELD,    /* it did not: a crash */
                         HEALTH_LEAVE_COUNT
};

/* Facts about an exit, as one heartbeat tells it: what the exit table looks at. Of the two files, present is
 * HEALTH_ANSWER_YES. */
#define HEALTH_EXIT_FACTS(X) \
    X(ENDED, "ended", "not-known", "code-0", "code-other", "signal") \
    X(SEQNO, "seqno", "not-known", "undefined", "saved") \
    X(UUID, "uuid", "not-known", "zero", "set") \
    X(GVWSTATE, "gvwstate.dat", "not-known", "present", "absent") \
    X(SST, "sst_in_progress", "not-known", "present", "absent")

enum health_exit_facts {
#define X(id, ...) HEALTH_EXITS_##id,
    HEALTH_EXIT_FACTS(X)
#undef X
        HEALTH_EXITS_COUNT
};

enum { HEALTH_ENDED_NOT_KNOWN, HEALTH_ENDED_CODE_0, HEALTH_ENDED_CODE_OTHER, HEALTH_ENDED_SIGNAL };
enum { HEALTH_SEQNO_NOT_KNOWN, HEALTH_SEQNO_UNDEFINED, HEALTH_SEQNO_SAVED };
enum { HEALTH_UUID_NOT_KNOWN, HEALTH_UUID_ZERO, HEALTH_UUID_SET };

/* The three answers: what the state table looks at. Values are enum health_answer. */
#define HEALTH_ANSWER_FACTS(X) \
    X(RUNNING, "running", "not known", "yes", "no") \
    X(MEMBER, "member", "not known", "yes", "no") \
    X(CLEAN, "clean", "not known", "yes", "no")

enum health_question {
#define X(id, ...) HEALTH_QUESTION_##id,
    HEALTH_ANSWER_FACTS(X)
#undef X
        HEALTH_QUESTION_COUNT
};

/* What the routable table looks at: the state's text values, and the node's own variables as
 * enum health_answer. maint_mode is also "yes" for a node that an operator maintains. */
#define HEALTH_ROUTABLE_FACTS(X) \
    X(STATE, "state", "unknown", "green", "yellow", "red-clean", "red-unclean") \
    X(REJECTS, "reject_queries", "not known", "yes", "no") \
    X(MAINT, "maint_mode", "not known", "yes", "no") \
    X(DONATES, "donor", "no", "yes") \
    X(DONOR_REJECTS, "donor_rejects", "not known", "yes", "no") \
    X(DESYNC, "desync", "not known", "yes", "no") \
    X(READ_ONLY, "read_only", "not known", "yes", "no")

enum health_routable_fact {
#define X(id, ...) HEALTH_ROUTABLE_##id,
    HEALTH_ROUTABLE_FACTS(X)
#undef X
        HEALTH_ROUTABLE_COUNT
};

/* What the colour table looks at. */
#define HEALTH_COLOUR_FACTS(X) \
    X(GREENS, "green-nodes", "none", "some", "expected") \
    X(MAJORITY, "majority", "kept", "doubtful", "crashed") \
    X(UNKNOWNS, "unknown-nodes", "none", "too-few", "enough", "all") \
    X(SPLIT, "split", "no", "sides", "tie")

enum health_colour_fact {
#define X(id, ...) HEALTH_COLOURS_##id,
    HEALTH_COLOUR_FACTS(X)
#undef X
        HEALTH_COLOURS_COUNT
};

enum { HEALTH_GREENS_NONE, HEALTH_GREENS_SOME, HEALTH_GREENS_EXPECTED };
/* "doubtful": the count says that the majority crashed, and the members' weights are not known. */
enum { HEALTH_MAJORITY_KEPT, HEALTH_MAJORITY_DOUBTFUL, HEALTH_MAJORITY_CRASHED };
/* "too-few": fewer than a quorum of the last Primary view. "all": not one node is known about. */
enum { HEALTH_UNKNOWNS_NONE, HEALTH_UNKNOWNS_TOO_FEW, HEALTH_UNKNOWNS_ENOUGH, HEALTH_UNKNOWNS_ALL };
enum { HEALTH_SPLIT_NO, HEALTH_SPLIT_SIDES, HEALTH_SPLIT_TIE };

/* One row. It matches when no fact has a value that bars it. bars[fact] is a set (bit v: value v), the
 * complement of the values the row allows: 0 allows any. */
struct health_rule {
    uint16_t id; /* stable; rows of one table lie in steps of 10 */
    uint8_t answer;
    uint8_t reason; /* enum health_reason; NONE where the table only maps */
    uint8_t bars[HEALTH_FACTS_MAX];
};

/* Does the row allow this value of this fact? */
static inline bool health_rule_allows(const struct health_rule *rule, unsigned fact, unsigned value)
{
    return !(rule->bars[fact] >> value & 1u);
}

/* What one fact is called, and its values. */
struct health_fact_names {
    const char *name;
    const char *const *values;
    uint8_t count;
};

struct health_table {
    const char *name;
    const char *question;
    const struct health_fact_names *facts;
    const struct health_fact_names *answers; /* what its answers are called */
    const struct health_rule *rules;
    uint16_t fact_count;
    uint16_t rule_count;
};

/* The names of a table's facts, for whoever prints or builds a table. */
HEALTH_API extern const struct health_fact_names health_node_facts[HEALTH_NODE_FACT_COUNT];
HEALTH_API extern const struct health_fact_names health_exit_facts[HEALTH_EXITS_COUNT];
HEALTH_API extern const struct health_fact_names health_answer_facts[HEALTH_QUESTION_COUNT];
HEALTH_API extern const struct health_fact_names health_routable_facts[HEALTH_ROUTABLE_COUNT];
HEALTH_API extern const struct health_fact_names health_colour_facts[HEALTH_COLOURS_COUNT];

/*
 * Find the first row of a table that matches `facts` (one value per fact of the table). Pure.
 * NULL only for a table that is not total, which health_ruleset tests exclude.
 */
HEALTH_API const struct health_rule *health_table_match(const struct health_table *table,
                                                        const uint8_t *facts);

/* What only the nodes' views side by side show of a cluster, beyond its colour. A set of bits; a diagnosis
 * (<healthd/diagnosis.h>) names faults by them, and by more. */
#define HEALTH_SIGNS(X) \
    X(SPLIT_BRAIN, "split-brain")           /* two Primary components of one history */ \
    X(FOREIGN_HISTORY, "foreign-history")   /* two histories */ \
    X(INCONSISTENT, "inconsistent-node")    /* a node was voted inconsistent */ \
    X(MAJORITY_AT_RISK, "majority-at-risk") /* half of the last Primary view or more crashed */

enum health_sign {
#define X(id, name) HEALTH_SIGN_##id,
    HEALTH_SIGNS(X)
#undef X
        HEALTH_SIGN_COUNT
};

HEALTH_API const char *health_sign_name(enum health_sign sign);

/*
 * Every number the engine compares times with, in nanoseconds. Inputs first; the rest follows from
 * them (health_limits_derive() in <healthd/rules.h> says how) and may be overridden one by one.
 */
#define HEALTH_LIMITS(X) \
    X(probe_interval, "interval between probes (given)") \
    X(probe_timeout, "a probe's whole budget (given)") \
    X(heartbeat_interval, "interval between heartbeats (given)") \
    X(probe_stale, "a probe that has not even failed for so long is no testimony") \
    X(agent_stale, "an agent silent for so long is no testimony") \
    X(agent_wait, "how long a new node's agent is waited for before a closed port counts") \
    X(view_hold, "how long a view stands while probes get only error packets") \
    X(view_stale, "how long a view stands while light probes are answered") \
    X(close_hold, "how long a lost connection alone changes nothing") \
    X(settle, "testimony this much younger than a close was surely taken after it") \
    X(leave_lead, "peers may show a graceful leave this long before the close is seen") \
    X(leave_window, "peers show a graceful leave at most so long after the close") \
    X(evict_min, "peers drop a member that crashed no sooner than so long after it last spoke") \
    X(evict_max, "peers that count a member for so long after it closed count a living one") \
    X(leave_wait, "how long the peers' word on a close is waited for") \
    X(exit_grace, "how long an agent's word on the exit code is waited for") \
    X(pulse, "the engine wants to be called this often, so that it notices its own stalls") \
    X(stall, "being called this late means that we were stopped, not the world") \
    X(crash_loop, "a node that crashes three times within so long is not started again") \
    X(double_crash, \
      "members that crash within so long of each other may take acknowledged writes along") \
    X(stuck, "a join, or a donor, that does not come on for so long is stuck")

struct health_limits {
#define X(name, text) int64_t name##_ns;
    HEALTH_LIMITS(X)
#undef X
};

struct health_ruleset {
    const struct health_table *exit;
    const struct health_table *running;
    const struct health_table *member;
    const struct health_table *clean;
    const struct health_table *state;
    const struct health_table *routable;
    const struct health_table *colour;
};

#endif
