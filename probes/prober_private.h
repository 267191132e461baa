/*
 * prober_private.h - what the prober's files share: the prober, and one node's place in it.
 */
#ifndef HEALTHD_PROBES_PROBER_PRIVATE_H
#define HEALTHD_PROBES_PROBER_PRIVATE_H

#include "target.h"
#include "view_read.h"

#include <healthd/prober.h>

/* What the probe of a node is at. */
enum probe_stage {
    PROBE_RESTS,      /* between two probes */
    PROBE_CONNECTS,   /* on a helper thread */
    PROBE_ASKS_LIGHT, /* DO 1 */
    PROBE_ASKS_STATUS,
    PROBE_ASKS_NAMES,   /* which variables are there: once a connection */
    PROBE_ASKS_MEMBERS, /* and the variables' values, in one question */
    PROBE_ASKS_VALUES,  /* only these */
};

/* The connection that stands, and what was learnt about its server. */
struct standing {
    struct client *client; /* NULL: none */
    struct event *readable;
    struct event *writable; /* only while a question waits for it */
    bool members_barred;    /* the member list may not be read */
    bool names_known;       /* the rest is filled in */
    bool has[VIEW_VARIABLE_COUNT];
    char values_sql[320];
    char members_sql[384];
};

/* A connection on which a question stays unanswered. It is kept, because its end is evidence, and because
 * a view that hangs must not be asked for beside it. */
struct silent {
    struct client *client; /* NULL: none */
    struct event *readable;
    bool of_view;
};

struct probed {
    struct health_prober *prober;
    uint32_t node;  /* the caller's number */
    uint32_t place; /* in the prober's arrays */
    struct target target;
    struct standing standing;
    struct silent silent;
    struct connecting *connecting; /* under way, wanted or given up */
    enum probe_stage stage;
    bool given_up; /* the connecting under way has been reported as a timeout */
    bool full;     /* this probe reads the view */
    enum health_probe_error last_error;
    enum health_probe_error light_error; /* of the last light probe */
    enum health_probe_error remarked;    /* of the last failure that people were told of */
    int64_t round_ns;                    /* when the last probe was due */
    int64_t started_ns;                  /* when what is unanswered began */
    int64_t deadline_ns;
    unsigned stalls;          /* of ours, for which that was put off */
    int64_t due_ns;           /* when the next probe begins */
    int64_t view_due_ns;      /* when the next probe reads the view */
    int64_t view_barred_ns;   /* until then none does: the last one hangs */
    int64_t view_patience_ns; /* doubles while they hang */
    int64_t attend_until_ns;  /* until then each does */
    int64_t hurry_until_ns;   /* until then probes follow each other quickly */
    int64_t hurry_wait_ns;    /* the next one so much later; doubles */
    int64_t fresh_due_ns;     /* when a connection is made anew */
    int64_t denied_wait_ns;   /* doubles while access is denied */
    bool extra_port_said;
    uint64_t random;
    struct health_view view;
    struct health_member members[HEALTH_CLUSTER_NODES_MAX];
    char version[HEALTH_VERSION_MAX];
    bool has_view;
};

struct health_prober {
    struct health_prober_options options;
    struct pool *pool;
    struct event *timer;
    struct probed **nodes;
    int64_t *wake_ns; /* of each node: when its next step is due. Scanned for the earliest */
    uint32_t count;
    uint32_t capacity;
    int64_t armed_ns; /* what the timer is set to; HEALTH_NEVER_NS: it is not */
    struct health_prober_counters counters;
};

/* The wait after `wait_ns`: twice as long, up to the most; after none (0), the least. */
static inline int64_t doubled_wait(int64_t wait_ns, int64_t least_ns, int64_t most_ns)
{
    int64_t doubled_ns = wait_ns ? 2 * wait_ns : least_ns;
    return doubled_ns < most_ns ? doubled_ns : most_ns;
}

/* prober_node.c: one probe, from its beginning to its end. */

/* Something is due: begin a probe, or end one whose time is up. */
void probed_wake(struct probed *probed, int64_t now_ns);

/* Ask now rather than when it is due; nothing where a probe is under way. */
void probed_hasten(struct probed *probed, int64_t now_ns);

/* A connection has ended: ask at once, and then quickly. */
void probed_hurry(struct probed *probed, int64_t now_ns);

/* Every probe ends here. */
void probed_finish(struct probed *probed, const struct client_failure *failure);
void probed_finish_well(struct probed *probed);

/* Let go of all it holds. A connecting under way ends by itself. */
void probed_free(struct probed *probed);

void probed_tell(struct probed *probed, struct health_observation *observation);
void probed_remark(struct probed *probed, const char *what, const char *detail, const char *advice);

/* A number from 0 to `below` - 1, for phases and jitter. */
uint64_t probed_random(struct probed *probed, uint64_t below);

/* A tenth of an interval, to one side or the other. */
int64_t probed_jitter(struct probed *probed, int64_t interval_ns);

/* prober_ask.c: the questions of a probe. */

void probed_ask_first(struct probed *probed);

/* The socket of the question under way is ready. */
void probed_go_on(struct probed *probed, bool to_write);

/* prober_link.c: the connections of a node. */

/* Take the new connection in the old one's place. */
void link_adopt(struct probed *probed, struct client *client);

/* The question under way waits to write. */
void link_await_writable(struct probed *probed);

/* The connection ended under a question. */
void link_lost(struct probed *probed, const struct client_failure *failure);

/* The question under way was not answered in time: the connection stands no longer. */
void link_silent(struct probed *probed, int64_t now_ns);

/* The last answer shows that the silent connection is of no more use, if it is. */
void link_answered(struct probed *probed);

/* A view is to be asked for now: no other may hang. */
void link_make_way(struct probed *probed);

void link_free(struct probed *probed);

/* prober.c: the node's next step is due then. */
void prober_plan(struct health_prober *prober, struct probed *probed);

#endif
