/*
 * heartbeat_peers.c - the nodes whose beats a listener takes, and how far each agent has come.
 */
#include "heartbeat_peers.h"

#include <healthd/hash.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Long enough for any network, short enough that an answer is fresh. */
#define NONCE_LIFE_NS (5 * HEALTH_NS_PER_S)

/* Of both names and the 0 behind each. */
static size_t hash(const char *cluster, const char *name)
{
    uint64_t value = health_hash_add(HEALTH_HASH_NOTHING, cluster, strlen(cluster) + 1);
    return (size_t)health_hash_add(value, name, strlen(name) + 1);
}

static struct peer **bucket(const struct peers *peers, const char *cluster, const char *name)
{
    return &peers->buckets[hash(cluster, name) & (peers->bucket_count - 1)];
}

static bool grow(struct peers *peers)
{
    struct peers larger = {.bucket_count = peers->bucket_count ? 2 * peers->bucket_count : 16};

    larger.buckets = calloc(larger.bucket_count, sizeof(struct peer *));
    if (!larger.buckets)
        return false;
    for (size_t i = 0; i < peers->bucket_count; i++)
        for (struct peer *peer = peers->buckets[i], *next; peer; peer = next) {
            struct peer **head = bucket(&larger, peer->cluster, peer->name);
            next = peer->next;
            peer->next = *head;
            *head = peer;
        }
    free(peers->buckets);
    peers->buckets = larger.buckets;
    peers->bucket_count = larger.bucket_count;
    return true;
}

/* Where the pointer to a node's peer lies; NULL: there is none. */
static struct peer **place_of(const struct peers *peers, uint32_t node)
{
    for (size_t i = 0; i < peers->bucket_count; i++)
        for (struct peer **place = &peers->buckets[i]; *place; place = &(*place)->next)
            if ((*place)->node == node)
                return place;
    return NULL;
}

static bool valid_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length < WIRE_NAME_MAX;
}

enum health_error peers_add(struct peers *peers, const char *cluster, const char *name,
                            uint32_t node)
{
    if (!valid_name(cluster) || !valid_name(name) || place_of(peers, node) ||
        peers_find(peers, cluster, name))
        return HEALTH_EINVAL;
    if (peers->count == peers->bucket_count && !grow(peers))
        return HEALTH_ENOMEM;
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return HEALTH_ENOMEM;
    struct peer **head = bucket(peers, cluster, name);
    peer->node = node;
    snprintf(peer->cluster, sizeof peer->cluster, "%s", cluster);
    snprintf(peer->name, sizeof peer->name, "%s", name);
    peer->next = *head;
    *head = peer;
    peers->count++;
    return HEALTH_OK;
}

enum health_error peers_remove(struct peers *peers, uint32_t node)
{
    struct peer **place = place_of(peers, node);
    if (!place)
        return HEALTH_ENOENT;
    struct peer *peer = *place;
    *place = peer->next;
    free(peer);
    peers->count--;
    return HEALTH_OK;
}

struct peer *peers_find(const struct peers *peers, const char *cluster, const char *name)
{
    if (!peers->bucket_count)
        return NULL;
    for (struct peer *peer = *bucket(peers, cluster, name); peer; peer = peer->next)
        if (strcmp(peer->cluster, cluster) == 0 && strcmp(peer->name, name) == 0)
            return peer;
    return NULL;
}

struct peer *peers_of(const struct peers *peers, uint32_t node)
{
    struct peer **place = place_of(peers, node);
    return place ? *place : NULL;
}

void peers_clear(struct peers *peers)
{
    for (size_t i = 0; i < peers->bucket_count; i++)
        for (struct peer *peer = peers->buckets[i], *next; peer; peer = next) {
            next = peer->next;
            free(peer);
        }
    free(peers->buckets);
    *peers = (struct peers){0};
}

static bool former(const struct peer *peer, const struct health_uuid *boot)
{
    for (unsigned i = 0; i < PEER_FORMER_BOOTS; i++)
        if (health_uuid_equal(&peer->former[i], boot))
            return true;
    return false;
}

static bool answers(const struct peer *peer, const struct wire_beat *beat, int64_t now_ns)
{
    return peer->nonce[0] && now_ns < peer->nonce_until_ns &&
           CRYPTO_memcmp(peer->nonce, beat->answer, WIRE_NONCE_MAX) == 0;
}

static void adopt(struct peer *peer, const struct health_uuid *boot)
{
    if (!health_uuid_is_zero(&peer->boot)) {
        peer->former[peer->former_next] = peer->boot;
        peer->former_next = (peer->former_next + 1) % PEER_FORMER_BOOTS;
    }
    peer->boot = *boot;
    peer->nonce[0] = '\0'; /* an answer is good once */
}

enum peer_verdict peer_admit(struct peer *peer, const struct wire_beat *beat, bool keyed,
                             int64_t now_ns)
{
    const struct health_uuid *boot = &beat->beat.boot;

    if (health_uuid_equal(boot, &peer->boot)) {
        if (beat->beat.seq <= peer->seq)
            return PEER_STALE;
    } else if (!keyed) {
        if (former(peer, boot))
            return PEER_STALE;
        adopt(peer, boot);
    } else {
        if (!answers(peer, beat, now_ns))
            return PEER_CHALLENGE;
        adopt(peer, boot);
    }
    peer->seq = beat->beat.seq;
    peer->unanswered = 0;
    return PEER_TAKE;
}

const char *peer_challenge(struct peer *peer, int64_t now_ns)
{
    if (!peer->nonce[0] || now_ns >= peer->nonce_until_ns) {
        if (!wire_nonce(peer->nonce)) {
            peer->nonce[0] = '\0';
            return NULL;
        }
        peer->nonce_until_ns = now_ns + NONCE_LIFE_NS;
    }
    peer->unanswered++;
    return peer->nonce;
}
