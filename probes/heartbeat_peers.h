/*
 * heartbeat_peers.h - the nodes whose beats a listener takes, and how far each agent has come.
 *
 * Order is (boot, seq). Without a key a boot that was replaced is refused for good (its late packets, or a
 * recording of it); with one, every boot but the current one has to prove that it lives.
 */
#ifndef HEALTHD_PROBES_HEARTBEAT_PEERS_H
#define HEALTHD_PROBES_HEARTBEAT_PEERS_H

#include "heartbeat_wire.h"

#include <netinet/in.h>
#include <stdalign.h>
#include <sys/socket.h>

#define PEER_FORMER_BOOTS 4

/* Where a datagram came from, and where to: an answer leaves from there, or an agent's connected socket would not
 * take it. */
struct way {
    struct sockaddr_storage from;
    socklen_t from_length; /* 0: none has come */
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
                                         CMSG_SPACE(sizeof(struct in_pktinfo))];
    size_t control_length;
};

struct peer {
    struct peer *next; /* in its bucket */
    uint32_t node;
    char cluster[WIRE_NAME_MAX];
    char name[WIRE_NAME_MAX];
    struct health_uuid boot; /* zero: no agent has spoken yet */
    uint64_t seq;            /* its last beat's */
    struct health_uuid former[PEER_FORMER_BOOTS];
    unsigned former_next;
    char nonce[WIRE_NONCE_MAX]; /* "": none is pending */
    int64_t nonce_until_ns;
    unsigned unanswered; /* challenges since the last beat that was taken */
    struct way way;      /* of the last beat that was taken */
};

struct peers {
    struct peer **buckets; /* a power of two of them */
    size_t bucket_count;
    size_t count;
};

/* HEALTH_EINVAL: a name is empty or too long, or the node or its name is there already. */
enum health_error peers_add(struct peers *peers, const char *cluster, const char *name,
                            uint32_t node);
enum health_error peers_remove(struct peers *peers, uint32_t node);
struct peer *peers_find(const struct peers *peers, const char *cluster, const char *name);
struct peer *peers_of(const struct peers *peers, uint32_t node);
void peers_clear(struct peers *peers);

enum peer_verdict { PEER_TAKE, PEER_STALE, PEER_CHALLENGE };

/* What is to become of a beat? PEER_TAKE has noted it as the latest. `keyed`: beats are authenticated. */
enum peer_verdict peer_admit(struct peer *peer, const struct wire_beat *beat, bool keyed,
                             int64_t now_ns);

/* The nonce to challenge with: one a node, whatever boots ask, so that nobody can crowd out the right one.
 * NULL: the kernel gave no randomness. */
const char *peer_challenge(struct peer *peer, int64_t now_ns);

#endif
