/*
 * healthd/observation.h - what can be seen of a node: the engine's whole input.
 *
 * An observation is a plain value. Whoever sees (a probe, the watcher of an idle link, the receiver of
 * heartbeats, the reader of a trace) fills one in and hands it to health_engine_observe(), which copies
 * what it needs. "Not known" is always a value of its own, never a zero that could be mistaken for news.
 *
 * The names follow the trace format (healthd-trace(5)) and, below "view", Galera's own status variables:
 * https://galeracluster.com/library/documentation/galera-status-variables.html
 */
#ifndef HEALTHD_OBSERVATION_H
#define HEALTHD_OBSERVATION_H

#include <healthd/types.h>

/* A UUID as two big-endian halves; {0, 0} means "none", as Galera itself writes it. */
struct health_uuid {
    uint64_t hi;
    uint64_t lo;
};

static inline bool health_uuid_equal(const struct health_uuid *a, const struct health_uuid *b)
{
    return a->hi == b->hi && a->lo == b->lo;
}

static inline bool health_uuid_is_zero(const struct health_uuid *uuid)
{
    return !uuid->hi && !uuid->lo;
}

/* wsrep_cluster_status, spelled in several ways by several servers. */
#define HEALTH_COMPONENTS(X) \
    X(NOT_KNOWN, "not known") \
    X(PRIMARY, "Primary") \
    X(NON_PRIMARY, "non-Primary") \
    X(DISCONNECTED, "Disconnected")

enum health_component {
#define X(id, text) HEALTH_COMPONENT_##id,
    HEALTH_COMPONENTS(X)
#undef X
        HEALTH_COMPONENT_COUNT
};

/* wsrep_local_state as the provider numbers it (wsrep_api.h: wsrep_member_status_t). */
enum health_local_state {
    HEALTH_LOCAL_UNDEFINED = 0,
    HEALTH_LOCAL_JOINER = 1,
    HEALTH_LOCAL_DONOR = 2,
    HEALTH_LOCAL_JOINED = 3,
    HEALTH_LOCAL_SYNCED = 4,
    HEALTH_LOCAL_ERROR = 5, /* voted inconsistent */
    HEALTH_LOCAL_NOT_KNOWN = 255,
};

/* One row of mysql.wsrep_cluster_members. `node` is the configured node of that name, or
 * HEALTH_NODE_NONE for a stranger (an arbitrator, a node that is not configured). */
struct health_member {
    struct health_uuid gcomm_uuid;
    uint32_t node;
};

/* Bytes of what a server calls itself, with the final 0; longer texts are cut. */
#define HEALTH_VERSION_MAX 64

/* What a node says of its cluster and of itself. */
struct health_view {
    struct health_uuid state_uuid; /* wsrep_cluster_state_uuid: the history */
    struct health_uuid gcomm_uuid; /* wsrep_gcomm_uuid: names the member */
    uint64_t conf_id;              /* wsrep_cluster_conf_id; HEALTH_CONF_NONE */
    int32_t size;                  /* wsrep_cluster_size; -1 not known */
    int32_t weight;                /* wsrep_cluster_weight; -1 not known */
    uint8_t component;             /* enum health_component */
    uint8_t local_state;           /* enum health_local_state */
    uint8_t ready;                 /* wsrep_ready: enum health_answer */
    uint8_t connected;             /* wsrep_connected: enum health_answer */
    uint8_t rejects;               /* wsrep_reject_queries is not NONE: enum health_answer */
    uint8_t desync;                /* wsrep_desync: enum health_answer */
    uint8_t read_only;             /* read_only: enum health_answer */
    uint8_t donor_rejects;         /* wsrep_sst_donor_rejects_queries: enum health_answer */
    uint8_t maintenance;           /* pxc_maint_mode is not DISABLED: enum health_answer */
    uint8_t gathering;             /* wsrep_evs_state is GATHER or INSTALL: the group looks for
                                          * members it does not hear. enum health_answer */
    uint8_t member_count;          /* members[] in use; 0: the list was not readable */
    int32_t recv_queue;            /* wsrep_local_recv_queue; -1 not known. No rule looks at it */
    int64_t last_committed;        /* wsrep_last_committed; -1 not known. No rule looks at it */
    const struct health_member *members; /* borrowed for the call that hands over the observation */
    const char
        *version; /* the server's, as it greets; NULL not known. Borrowed as well, for people */
};

/* How a probe failed. Which of these prove what is the rules' business (rules/): an error packet proves
 * that mysqld runs, a refused connection that nothing listens, a timeout nothing at all. */
#define HEALTH_PROBE_ERRORS(X) \
    X(NONE, "none") \
    X(REFUSED, "refused") \
    X(TIMEOUT, "timeout") \
    X(LOST, "lost") \
    X(RESET, "reset") \
    X(UNREACHABLE, "unreachable") \
    X(AUTH, "auth") \
    X(TOO_MANY_CONNECTIONS, "too_many_connections") \
    X(NOT_READY, "not_ready") \
    X(SHUTTING_DOWN, "shutting_down") \
    X(SQL_ERROR, "sql_error")

enum health_probe_error {
#define X(id, text) HEALTH_PROBE_##id,
    HEALTH_PROBE_ERRORS(X)
#undef X
        HEALTH_PROBE_ERROR_COUNT
};

/* A finished probe: of the monitor, or of an agent over its own socket. A *light* probe is ok and has
 * no view: the server took work (so it runs and is ready), and the last full view keeps its own age. */
struct health_probe {
    bool ok;
    bool has_view;
    uint8_t error;           /* enum health_probe_error; NONE when ok */
    uint16_t code;           /* MySQL's error number; 0 not known. 2000-2999 are the client's own */
    int64_t rtt_ns;          /* from sending to judging: at_ns - rtt_ns is when it was sent */
    struct health_view view; /* meaningful only when has_view */
};

/* An idle connection, watched for readiness to read. */
#define HEALTH_LINKS(X) \
    X(NOT_KNOWN, "not known") \
    X(UP, "up") \
    X(EOF, "eof") \
    X(RESET, "reset") \
    X(TIMEOUT, "timeout")

enum health_link {
#define X(id, text) HEALTH_LINK_##id,
    HEALTH_LINKS(X)
#undef X
        HEALTH_LINK_COUNT
};

/* What an agent says of the mysqld beside it. */
#define HEALTH_PROCESSES(X) \
    X(NOT_KNOWN, "not known") \
    X(RUNNING, "running") \
    X(STARTING, "starting") \
    X(UNRESPONSIVE, "unresponsive") \
    X(STOPPED, "stopped")

enum health_process {
#define X(id, text) HEALTH_PROCESS_##id,
    HEALTH_PROCESSES(X)
#undef X
        HEALTH_PROCESS_COUNT
};

/* How mysqld ended, where the agent can know it. */
enum health_exit_kind {
    HEALTH_EXIT_NOT_KNOWN,
    HEALTH_EXIT_CODE,
    HEALTH_EXIT_SIGNAL,
};

/* grastate.dat as read after the exit. seqno -1 is Galera's "undefined". */
struct health_grastate {
    bool known;
    struct health_uuid uuid;
    int64_t seqno;
    uint8_t safe_to_bootstrap; /* enum health_answer */
};

/* mysqld --wsrep-recover, run by the agent of a node that is down when a monitor asks for it. */
#define HEALTH_RECOVERIES(X) \
    X(NONE, "none") \
    X(RUNNING, "running") \
    X(DONE, "done") \
    X(FAILED, "failed")

enum health_recovery_status {
#define X(id, text) HEALTH_RECOVERY_##id,
    HEALTH_RECOVERIES(X)
#undef X
        HEALTH_RECOVERY_COUNT
};

/* The latest recovery since mysqld went. What it found is meaningful when it is DONE. */
struct health_recovery {
    uint8_t status; /* enum health_recovery_status */
    struct health_uuid uuid;
    int64_t seqno;
};

struct health_heartbeat {
    struct health_uuid boot; /* one life of the agent */
    uint64_t seq;            /* grows by one with each beat of one boot */
    int64_t sent_us;         /* the sender's own clock; for people, never for decisions */
    uint32_t pid;            /* mysqld's; 0 not known */
    uint8_t process;         /* enum health_process */
    char proc_state;         /* state letter of /proc/PID/stat; 0 not known */
    uint8_t exit_kind;       /* enum health_exit_kind */
    int32_t exit_value;      /* the code or the signal */
    struct health_grastate grastate;
    uint8_t gvwstate;        /* gvwstate.dat exists: enum health_answer */
    uint8_t sst_in_progress; /* the state-transfer marker exists: enum health_answer */
    uint64_t moved;          /* bytes that mysqld and its children have written; 0 not known */
    struct health_recovery recovery;
    bool has_local; /* the agent asked mysqld itself: `local` is its latest answer */
    struct health_probe local;
};

struct health_observation {
    int64_t at_ns; /* when it was seen, on the monitor's monotonic clock */
    uint32_t node;
    uint8_t witness; /* enum health_witness: which member of the union is meant */
    union {
        struct health_probe probe;
        uint8_t link; /* enum health_link */
        struct health_heartbeat heartbeat;
    };
};

/* Stable texts; "?" outside the enum. Any thread. */
HEALTH_API const char *health_component_name(enum health_component component);
HEALTH_API const char *health_probe_error_name(enum health_probe_error error);
HEALTH_API const char *health_link_name(enum health_link link);
HEALTH_API const char *health_process_name(enum health_process process);
HEALTH_API const char *health_recovery_name(enum health_recovery_status status);

#endif
