/*
 * healthd/heartbeat.h - heartbeats on the wire: an agent sends, a monitor listens. UDP, one beat a datagram.
 *
 * A datagram is a line of JSON, and with a shared key a second line, the hexadecimal HMAC-SHA256 (RFC 2104)
 * of the first without its end; at most 1400 bytes:
 *
 *   {"cluster":"lab","node":"n1","heartbeat":{...},"answer":"..."}\n9f86d0...\n
 *
 * "heartbeat" is the object of the trace format. Order is (boot, seq), never a wall clock. With a key, a
 * boot that the monitor does not know yet, be it a new agent's or one that somebody recorded and plays
 * back, is challenged: the monitor answers {"challenge":"NONCE","boot":"..."} with its own HMAC, and
 * takes beats of that boot once one carries the nonce as "answer". So a replayed datagram changes nothing,
 * whatever has been restarted meanwhile. Without a key everybody on the network can forge.
 *
 * A monitor may ask an agent to recover its node's position: {"recover":true,"boot":"...","seq":N}, with its HMAC.
 * N is the latest beat that it has taken; only the life that is meant obeys, and only a few beats later.
 *
 * Threads: each belongs to the thread of its event base.
 */
#ifndef HEALTHD_HEARTBEAT_H
#define HEALTHD_HEARTBEAT_H

#include <healthd/observer.h>

struct event_base;
struct health_listener;
struct health_sender;

#define HEALTH_HEARTBEAT_PORT 9201

struct health_listener_options {
    struct event_base *base; /* borrowed; needs at least two priorities */
    const char *listen;      /* "ADDRESS:PORT", "[::]:9201" */
    const char *key_file;    /* NULL: beats are not authenticated */
    health_observe *observe;
    health_remark *remark;
    void *context; /* handed to both */
};

/* Begin to listen. Errors: HEALTH_EINVAL (an address or a key that cannot be used, or the socket cannot be
 * bound: a remark said which and why), HEALTH_ENOMEM. */
enum health_error health_listener_create(const struct health_listener_options *options,
                                         struct health_listener **ret_listener);
void health_listener_destroy(struct health_listener *listener);

/* Take beats of this node of this cluster from now on, as observations of `node`. */
enum health_error health_listener_add(struct health_listener *listener, const char *cluster,
                                      const char *name, uint32_t node);
enum health_error health_listener_remove(struct health_listener *listener, uint32_t node);

/*
 * Ask the agent of a node that is down to recover its position (mysqld --wsrep-recover). What it finds comes with
 * its beats. A datagram may be lost: ask again until they tell of it.
 * Errors: HEALTH_ENOENT (no such node), HEALTH_EINVAL (no agent of it has spoken yet).
 */
enum health_error health_listener_recover(struct health_listener *listener, uint32_t node);

/* Read the key again. False: a remark said why not, and the former key stays. */
bool health_listener_reread(struct health_listener *listener);

/* What came. */
struct health_listener_counters {
    uint64_t accepted;
    uint64_t malformed; /* no beat, or longer than a datagram may be */
    uint64_t forged;    /* without the right HMAC */
    uint64_t stale;     /* of an old or unproven boot, duplicates, late ones */
    uint64_t stranger;  /* of a node or cluster that is not configured */
    uint64_t challenges;
};

void health_listener_counters(const struct health_listener *listener,
                              struct health_listener_counters *ret_counters);

struct health_sender_options {
    struct event_base *base;
    const char *cluster;
    const char *node;
    const char *const *monitors; /* "HOST:PORT" each; names are resolved again now and then */
    size_t monitor_count;
    const char *key_file; /* NULL: none */
    health_remark *remark;
    void (*wanted)(void *context);  /* a monitor has challenged: a beat now would answer it */
    void (*recover)(void *context); /* a monitor asks for the position; NULL: nobody can tell it */
    void *context;
};

/* Errors as for a listener. */
enum health_error health_sender_create(const struct health_sender_options *options,
                                       struct health_sender **ret_sender);
void health_sender_destroy(struct health_sender *sender);

/* Send a beat to all monitors; boot, seq and sent_us are filled in by the sender. */
void health_sender_send(struct health_sender *sender, const struct health_heartbeat *beat);

#endif
