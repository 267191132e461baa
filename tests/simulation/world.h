/*
 * world.h - a simulated world: one Galera cluster, its network, and a monitor that looks at it through a
 * real engine.
 *
 * A world is a function of its seed. It goes on in steps of a millisecond and never looks at what the
 * engine believes, so a change of the engine does not change what happens in it. The judge (oracle.c)
 * knows the truth, and what any witness can know of it; the engine's every report is held against both.
 *
 *   faults.c  what is done to it       mysqld.c   one server's life       group.c   Galera's views
 *   agents.c  heartbeats               monitor.c  probes and idle links   oracle.c  the judge
 *                                      truth.c   what is true, and what can be seen of it
 *
 * Timings are those of the recordings in tests/traces and of Galera's defaults. What neither shows is
 * marked "Assumed".
 */
#ifndef HEALTHD_TESTS_WORLD_H
#define HEALTHD_TESTS_WORLD_H

#include "../random.h"

#include <healthd/engine.h>
#include <healthd/rules.h>

#define NODES_MAX 7
#define MEMBERS_MAX (NODES_MAX + 1) /* and an arbitrator */
#define VIEWS_MAX 512               /* of one run; the oldest are used again */
#define DATAGRAMS_MAX 256
#define NO_VIEW (-1)

/* The stages of a mysqld's life. From DYING on it is gone for good; its connections linger. */
enum life {
    LIFE_DOWN,
    LIFE_STARTING, /* recovering: port closed, in no view */
    LIFE_JOINING,  /* in the view, receiving a state transfer: port closed */
    LIFE_UP,
    LIFE_LEAVING, /* a graceful stop is under way */
    LIFE_DYING,   /* killed: the kernel frees memory before it closes connections */
};

enum port { PORT_SHUT, PORT_OPEN, PORT_HANGS };

/* A view that was installed. Arbitrators' bits come after the nodes'. */
struct view {
    uint32_t members;
    uint32_t base; /* members of the last Primary view, without those who left politely */
    uint64_t conf; /* of the last Primary view */
    uint64_t history;
    bool primary;
    int64_t made;
    int64_t suspect_ms; /* how long a silent member is borne */
    int64_t merge_ms;   /* how long it takes to find others */
    uint32_t left;      /* members who said goodbye when not all could hear it */
};

/* A member of the group: a node, or the arbitrator, of which only the first part is used. */
struct member {
    int view; /* in which it is; NO_VIEW */
    int zone; /* members of one zone reach each other */
    bool frozen;
    int64_t
        lost[MEMBERS_MAX]; /* since when it has not heard of another member of its view; 0 heard */

    enum life life;
    int64_t until; /* when its stage of life ends */
    int64_t born;
    int64_t ended;
    int64_t evicted_at;
    int64_t shut; /* when its port was shut last */
    int lives;
    bool host_off;
    bool bootstraps; /* it is started to found a cluster */
    bool by_sst;     /* its state transfer is a whole one */
    int donor;       /* who gives it; -1 */
    int gives_to;    /* -1: it is no donor */
    enum port port;
    uint32_t connections; /* which generation is open: all older ones are closed */
    int shown;            /* the view that its status shows, a moment later than it is installed */
    int64_t shows_at;
    int64_t synced_at; /* in this view; ready from then on */
    bool leaving_says_disconnected;
    bool inconsistent;
    bool denies;  /* access denied, for the probe's user */
    bool crowded; /* too many connections */
    bool paused;  /* the provider is (FTWRL): a position is saved while it runs */
    bool rejects;
    bool desynced;
    /* how it ended last, and what its files say */
    bool clean;
    bool touched;        /* in this life Galera's files were changed */
    bool killed_leaving; /* in a polite stop, after it had left: without an agent nobody can know */
    uint8_t exit_kind;
    int32_t exit_value;
    struct health_grastate saved;
    uint8_t gvwstate;
    uint8_t sst_marker;
    int64_t steps[3];   /* of a graceful stop: view, connections, port */
    int64_t restart_at; /* a supervisor starts it again; 0 no */
};

struct probe_run {
    bool busy;
    bool full;
    bool connected;
    uint8_t told;
    bool captured; /* an answer is on its way */
    uint32_t connection;
    uint32_t count;
    int64_t next;
    int64_t sent;
    int64_t reaches; /* when the question is at the server at the earliest */
    int64_t arrives; /* when the answer is back */
    int life;        /* which life of mysqld answered; -1: it says nothing of one */
    struct health_probe answer;
    struct health_member members[MEMBERS_MAX];
};

struct link_run {
    bool up;
    uint32_t connection;
    int64_t next;
};

struct agent {
    bool exists;
    bool alive;
    bool knows_exits; /* it can learn exit codes, after: */
    int64_t exit_lag_ms;
    int64_t next;
    int64_t restart_at;
    int64_t silent_until; /* hangs */
    struct health_uuid boot;
    uint64_t seq;
    uint32_t beats;
    int64_t sample_lag;
    bool sampled;
    int64_t sampled_at;
    int sampled_life;
    int watched_life; /* which it has seen running; -1 none */
    struct health_probe sample;
};

struct datagram {
    bool used;
    uint32_t node;
    int64_t at;
    int64_t formed; /* when what it says of the process was seen */
    int life;       /* of mysqld, of which it speaks; -1: it says that there is none */
    struct health_heartbeat beat;
};

/* The way between the monitor and one node. */
struct path {
    bool sql_cut;
    bool beats_cut;
    uint32_t loss; /* percent */
    int64_t delay; /* ms, each way, at most */
};

/* What the judge keeps of a node. */
struct judged {
    uint8_t believed;
    uint8_t reason;
    uint32_t version;
    uint32_t read_version; /* of the latest report taken from the queue */
    uint8_t read_state;
    uint8_t read_reason;
    uint64_t condition; /* what is true and what can be seen, as bits */
    int64_t since;      /* when that changed last */
    int life;           /* the present or last one */
    int life_told;      /* the newest life of which anything was delivered */
    int64_t heard_at;   /* when a beat of the present life came in last; 0 never */
    int exit_told;      /* the life whose exit code was told */
    bool clean_before;  /* how the last life that was told of ended */
    /* In which others claimed to be the cluster, after one was founded anew: known, and not settled, is
     * that the engine goes on doubting a node that a dead one's higher ids left out. */
    int contested_life;
    int64_t counted_seen; /* when a peer's view held it last */
    bool seen_serving;    /* it serves, and was believed Green since it began to */
    uint32_t changes;
    uint32_t allowance; /* changes that what happened can account for */
};

struct settings {
    uint32_t nodes;
    bool arbitrator;
    uint32_t agents; /* percent of nodes that have one */
    bool links;
    bool weights;
    bool member_lists;
    bool light; /* most probes are light */
    bool quiet; /* no bad network */
    int64_t interval;
    int64_t timeout;
    int64_t beat;
    int64_t length;
    uint32_t queue;
};

struct totals {
    uint64_t runs;
    uint64_t node_ms;
    uint64_t world_ms;
    uint64_t faults;
    uint64_t observations;
    uint64_t reports;
    uint64_t failures;
};

struct world {
    uint64_t seed;
    uint64_t chance; /* the state of the random numbers */
    bool tells;
    bool failed;
    int64_t ends;
    struct settings set;
    int64_t now;
    uint32_t member_count;
    struct member members[MEMBERS_MAX];
    struct view views[VIEWS_MAX];
    int view_next;
    uint32_t foundings;    /* of the cluster, since the world began */
    uint64_t last_history; /* the newest one founded */
    int64_t zoned;         /* when zones changed last */

    struct path paths[NODES_MAX];
    struct probe_run probes[NODES_MAX];
    struct link_run links[NODES_MAX];
    struct agent agents[NODES_MAX];
    struct datagram datagrams[DATAGRAMS_MAX];
    int64_t next_datagram;
    int64_t paused_until; /* the monitor; 0: it runs */

    int64_t next_fault;
    int64_t calm_from; /* no more faults; all is healed */
    int healing;       /* how far that is */
    int64_t path_until[NODES_MAX];
    int64_t frozen_until[NODES_MAX];
    int64_t host_until[NODES_MAX];
    int64_t errors_until[NODES_MAX];
    int64_t zones_until;

    struct health_limits limits;
    struct health_engine *engine;
    struct health_queue *queue;
    struct judged judged[NODES_MAX + 1]; /* by subject: the cluster comes after the nodes */
    int views_seen;
    int64_t joining_seen; /* when somebody joined last */
    int64_t hidden_seen;  /* when there was last a node whose view nobody sees: it may be in any */
    struct totals *totals;
};

/* Chance. */
static inline int64_t between(struct world *world, int64_t low, int64_t high)
{
    return low + (int64_t)random_below(&world->chance, (uint64_t)(high - low + 1));
}

static inline bool percent(struct world *world, uint32_t chance)
{
    return random_below(&world->chance, 100) < chance;
}

/* A line of the timeline, when somebody reads it. */
void world_tell(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Run the world of one seed. False: the judge found an error. */
bool world_run(uint64_t seed, bool tells, struct totals *totals);

/* Hand an observation of a node to the engine, now. */
void world_observe(struct world *world, struct health_observation *observation);

/* mysqld.c */
bool mysqld_runs(const struct member *node);
bool mysqld_serves(const struct world *world,
                   const struct member *node); /* a member that takes work */
void mysqld_start(struct world *world, uint32_t id, bool bootstraps);
void mysqld_stop(struct world *world, uint32_t id);
void mysqld_kill(struct world *world, uint32_t id, uint8_t exit_kind, int32_t exit_value);
void mysqld_step(struct world *world, uint32_t id);
/* What it answers to a probe that reaches it now. False: nothing, yet. `over_network`: not its agent. */
bool mysqld_answer(struct world *world, uint32_t id, bool full, bool over_network,
                   struct health_probe *answer, struct health_member *members);

/* group.c */
void group_step(struct world *world);
void group_found(struct world *world, uint32_t id, uint64_t history, uint64_t conf);
bool group_join(struct world *world, uint32_t id);
void group_leave(struct world *world, uint32_t id);
void group_force_primary(struct world *world, uint32_t id);
bool group_present(const struct world *world, uint32_t id, uint32_t other);
/* The view of the members who can commit; NO_VIEW: there is none. */
int group_serving(const struct world *world);

/* monitor.c, agents.c, faults.c */
void monitor_begin(struct world *world);
void monitor_step(struct world *world);
void agents_begin(struct world *world);
void agents_step(struct world *world);
void agents_process_ended(struct world *world, uint32_t id);
void agents_deliver(struct world *world);
void faults_step(struct world *world);

/* oracle.c */
void oracle_begin(struct world *world);
void oracle_delivered(struct world *world, const struct health_observation *observation, int life,
                      int64_t formed);
void oracle_look(struct world *world); /* has anything changed? */
void oracle_step(struct world *world);
void oracle_fail(struct world *world, uint32_t subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
