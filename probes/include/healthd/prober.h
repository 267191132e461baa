/*
 * healthd/prober.h - the mysqld probe and the idle link: asks each node whether it works.
 *
 * One persistent connection a node, and one probe in flight on it, ever: where each round asked anew, SHOW
 * STATUS piled up inside a mysqld that hung, and ending the oldest crashed it (a report to Galera's makers,
 * github.com/mariadb-corporation/galera, number 458). Two tiers: the *light* probe `DO 1`, which a node
 * that does not take work answers with error 1047, at each interval; the *full* one, which reads the view
 * (wsrep status, the variables that bar clients, the member list), less often and whenever the caller asks
 * for attention.
 * Now and then a light probe goes over a fresh connection, because old sessions hide that new ones fail.
 * Between probes the connection is watched for readiness: its end is an observation, and asks at once. A
 * connection on which a question stays unanswered is watched on, and a view that hangs is not asked beside.
 *
 * No node delays another. What may block (resolving a name, connecting, a TLS handshake: libmariadb's
 * non-blocking calls block in all three) happens on helper threads, which end when they have been idle
 * for a while, and ends with the probe's time; what runs on the loop cannot block, and takes no answer without end.
 * Deadlines are the prober's own and are judged after the sockets that are ready have been read, so that a
 * stall of ours is not taken for a node's silence.
 *
 * Every probe ends in one place, with one enum health_probe_error, and makes one observation.
 *
 * Threads: a prober belongs to the thread of its event base.
 */
#ifndef HEALTHD_PROBER_H
#define HEALTHD_PROBER_H

#include <healthd/observer.h>

struct event_base;
struct health_prober;

/* How to reach one mysqld. Texts are copied. NULL or 0 means "not given". */
struct health_target {
    const char *host; /* a name or an address; NULL with `socket` */
    uint16_t port;
    uint16_t extra_port; /* MariaDB's extra_port or MySQL's admin_port: tried first, then `port` */
    const char *socket;  /* of a mysqld on this machine: used instead of host */
    const char *user;
    const char *password_file; /* its first line; read at each connect */
    const char *defaults_file; /* an option file with user and password in [client] */
    const char *tls_ca; /* given: TLS is required and the server's certificate and name verified */
    const char *tls_cert;
    const char *tls_key;
};

struct health_prober_options {
    struct event_base *base; /* borrowed; needs at least two priorities */
    int64_t interval_ns;     /* between the starts of two probes of a node */
    int64_t timeout_ns;      /* of one probe, connecting included */
    int64_t
        view_interval_ns; /* between full probes when nothing changes; never below interval_ns */
    health_observe *observe;
    health_remark *remark;
    /* Which configured node is called `name` in the cluster of `node`? HEALTH_NODE_NONE: none. May
     * be NULL: nobody is. */
    uint32_t (*member)(void *context, uint32_t node, const char *name);
    void *context; /* handed to all three */
};

/* Create a prober without nodes. Errors: HEALTH_EINVAL, HEALTH_ENOMEM. */
enum health_error health_prober_create(const struct health_prober_options *options,
                                       struct health_prober **ret_prober);

/* End all probes and free. Waits for helper threads, but no longer than a probe's timeout: one whose resolver
 * hangs is left behind, and touches nothing of the prober's. NULL is fine. */
void health_prober_destroy(struct health_prober *prober);

/*
 * Begin to probe a node. `node` is the caller's number and comes back in observations; `name` gives
 * it a phase of its own. The first probe comes within an interval.
 * Errors: HEALTH_EINVAL (a target without host and socket, or with a file that cannot be read: a remark
 * said which), HEALTH_ENOMEM.
 */
enum health_error health_prober_add(struct health_prober *prober, uint32_t node, const char *name,
                                    const struct health_target *target);

/* Stop probing a node; no observation of it follows. Errors: HEALTH_ENOENT. */
enum health_error health_prober_remove(struct health_prober *prober, uint32_t node);

/* Something has changed around this node: ask for its view now, and make every probe a full one until
 * `until_ns`. */
void health_prober_attend(struct health_prober *prober, uint32_t node, int64_t until_ns);

/* The credentials may have changed: who denied access is tried at once. Connections that stand are kept. */
void health_prober_reread(struct health_prober *prober);

/* What probing has cost and found. */
struct health_prober_counters {
    uint64_t light; /* probes begun */
    uint64_t full;
    uint64_t connects;
    uint64_t failed[HEALTH_PROBE_ERROR_COUNT];
    uint32_t in_flight; /* now */
    uint32_t threads;   /* helper threads now */
};

void health_prober_counters(const struct health_prober *prober,
                            struct health_prober_counters *ret_counters);

#endif
