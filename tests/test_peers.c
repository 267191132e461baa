/*
 * test_peers.c - with whom heartbeats are exchanged: keys, addresses, names, and the order of what they send.
 */
#include "heartbeat_address.h"
#include "heartbeat_peers.h"
#include "heartbeat_wire.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char last_remark[512];

static void remark(void *context, uint32_t node, const char *text)
{
    (void)context;
    (void)node;
    snprintf(last_remark, sizeof last_remark, "%s", text);
}

/* Write a key file, read it, and give the HMAC of "x" in two digits; -1: it was refused. */
static int mac_of_file(const void *bytes, size_t size, mode_t mode)
{
    char path[SCRATCH_SIZE];
    unsigned char mac[WIRE_MAC_SIZE];

    scratch_file(path, "key", bytes, size);
    cr_assert_eq(chmod(path, mode), 0);
    last_remark[0] = '\0';
    struct wire_key *key = wire_key_read(path, remark, NULL);
    unlink(path);
    if (!key)
        return -1;
    cr_assert(wire_mac(key, "x", 1, mac));
    wire_key_destroy(key);
    return mac[0] << 8 | mac[1];
}

Test(peers, key_files)
{
    static char large[5000];

    cr_assert_eq(mac_of_file("0123456789abcde", 15, 0600), -1);
    cr_assert_not_null(strstr(last_remark, "shorter than 16 bytes"));
    cr_assert_eq(mac_of_file("0123456789abcde\n", 16, 0600), -1);
    cr_assert_eq(mac_of_file(large, sizeof large, 0600), -1);
    int mac = mac_of_file("0123456789abcdef", 16, 0600);
    cr_assert_geq(mac, 0);
    cr_assert_str_empty(last_remark);
    cr_assert_eq(mac_of_file("0123456789abcdef\n", 17, 0600), mac);
    cr_assert_eq(mac_of_file("0123456789abcdef\r\n", 18, 0600), mac);
    cr_assert_neq(mac_of_file("0123456789abcdef\n\n", 18, 0600), mac);
    cr_assert_neq(mac_of_file("0123456789abcdeg", 16, 0600), mac);
    cr_assert_geq(mac_of_file("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, 0600), 0);
    cr_assert_eq(mac_of_file("0123456789abcdef", 16, 0644), mac);
    cr_assert_not_null(strstr(last_remark, "can read it"));
    cr_assert_null(wire_key_read("/nowhere/key", remark, NULL));
    cr_assert_not_null(strstr(last_remark, "/nowhere/key"));
}

Test(peers, addresses)
{
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        const char *port;
    } cases[] = {
        {"10.0.0.1:9300", "10.0.0.1", "9300"},
        {"[::1]:9201", "::1", "9201"},
        {"[fe80::1%eth0]:1", "fe80::1%eth0", "1"},
        {"monitor.example", "monitor.example", "9201"},
        {"[::]", "::", "9201"},
        {"", NULL, NULL},
        {":9201", NULL, NULL},
        {"host:", NULL, NULL},
        {"host:http", NULL, NULL},
        {"host:65536", NULL, NULL},
        {"host:-1", NULL, NULL},
        {"::1", NULL, NULL},
        {"::1:9201", NULL, NULL},
        {"[::1", NULL, NULL},
        {"[::1]9201", NULL, NULL},
        {"[]:9201", NULL, NULL},
    };
    struct address_parts parts;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *wrong = address_split(cases[i].text, &parts);
        cr_assert_eq(!wrong, cases[i].host != NULL, "%s", cases[i].text);
        if (wrong)
            continue;
        cr_assert_str_eq(parts.host, cases[i].host);
        cr_assert_str_eq(parts.port, cases[i].port);
    }
}

Test(peers, peers_are_found_by_both_names)
{
    struct peers peers = {0};
    char name[16];

    cr_assert_null(peers_find(&peers, "c", "n0"));
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%u", i / 2);
        cr_assert_eq(peers_add(&peers, i % 2 ? "a" : "b", name, i), HEALTH_OK);
    }
    cr_assert_eq(peers_add(&peers, "a", "n3", 5000), HEALTH_EINVAL);
    cr_assert_eq(peers_add(&peers, "a", "other", 3), HEALTH_EINVAL);
    cr_assert_eq(peers_add(&peers, "", "other", 5000), HEALTH_EINVAL);
    for (uint32_t i = 0; i < 1000; i += 3)
        cr_assert_eq(peers_remove(&peers, i), HEALTH_OK);
    cr_assert_eq(peers_remove(&peers, 3), HEALTH_ENOENT);
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%u", i / 2);
        const struct peer *peer = peers_find(&peers, i % 2 ? "a" : "b", name);
        cr_assert_eq(peer != NULL, i % 3 != 0);
        if (peer)
            cr_assert_eq(peer->node, i);
    }
    peers_clear(&peers);
}

static enum peer_verdict admit(struct peer *peer, uint64_t boot, uint64_t seq, const char *answer,
                               bool keyed, int64_t now_ns)
{
    struct wire_beat beat = {.beat = {.boot = {boot, 1}, .seq = seq}};
    snprintf(beat.answer, sizeof beat.answer, "%s", answer);
    return peer_admit(peer, &beat, keyed, now_ns);
}

Test(peers, order_is_boot_and_sequence)
{
    struct peer peer = {0};

    cr_assert_eq(admit(&peer, 1, 0, "", false, 0), PEER_TAKE); /* the first may be 0 */
    cr_assert_eq(admit(&peer, 1, 0, "", false, 0), PEER_STALE);
    cr_assert_eq(admit(&peer, 1, 2, "", false, 0), PEER_TAKE); /* a gap proves life */
    cr_assert_eq(admit(&peer, 1, 1, "", false, 0), PEER_STALE);
    cr_assert_eq(admit(&peer, 1, UINT32_MAX, "", false, 0), PEER_TAKE);
    cr_assert_eq(admit(&peer, 1, UINT64_C(1) << 32, "", false, 0), PEER_TAKE);
    cr_assert_eq(admit(&peer, 1, UINT32_MAX, "", false, 0), PEER_STALE);
    cr_assert_eq(admit(&peer, 1, UINT64_MAX, "", false, 0), PEER_TAKE);
    cr_assert_eq(admit(&peer, 1, 0, "", false, 0), PEER_STALE); /* 64 bits do not wrap */
    /* A restarted agent begins anew; the former life is over. */
    for (uint64_t boot = 2; boot < 6; boot++)
        cr_assert_eq(admit(&peer, boot, 1, "", false, 0), PEER_TAKE);
    for (uint64_t boot = 1; boot < 5; boot++)
        cr_assert_eq(admit(&peer, boot, 99, "", false, 0), PEER_STALE);
    cr_assert_eq(admit(&peer, 5, 2, "", false, 0), PEER_TAKE);
}

Test(peers, a_boot_is_proven_by_a_fresh_answer_once)
{
    struct peer peer = {0};
    const int64_t now = HEALTH_NS_PER_S;
    char nonce[WIRE_NONCE_MAX];
    char zeros[WIRE_NONCE_MAX];

    memset(zeros, '0', sizeof zeros - 1);
    zeros[sizeof zeros - 1] = '\0';
    cr_assert_eq(admit(&peer, 1, 1, "", true, now), PEER_CHALLENGE);
    cr_assert_eq(admit(&peer, 1, 1, zeros, true, now), PEER_CHALLENGE);
    snprintf(nonce, sizeof nonce, "%s", peer_challenge(&peer, now));
    /* Another boot that asks meanwhile gets the same, so that it cannot crowd out the first. */
    cr_assert_str_eq(peer_challenge(&peer, now), nonce);
    cr_assert_eq(admit(&peer, 1, 1, "", true, now), PEER_CHALLENGE);
    cr_assert_eq(admit(&peer, 1, 1, zeros, true, now), PEER_CHALLENGE);
    cr_assert_eq(admit(&peer, 1, 2, nonce, true, now), PEER_TAKE);
    cr_assert_eq(admit(&peer, 1, 2, nonce, true, now), PEER_STALE);
    cr_assert_eq(admit(&peer, 1, 3, "", true, now), PEER_TAKE);
    cr_assert_eq(admit(&peer, 2, 9, nonce, true, now), PEER_CHALLENGE); /* used up */
    /* A new one each time, and none is good for ever. */
    char second[WIRE_NONCE_MAX];
    snprintf(second, sizeof second, "%s", peer_challenge(&peer, now));
    cr_assert_str_neq(second, nonce);
    cr_assert_eq(admit(&peer, 2, 9, second, true, now + 5 * HEALTH_NS_PER_S), PEER_CHALLENGE);
    cr_assert_str_neq(peer_challenge(&peer, now + 5 * HEALTH_NS_PER_S), second);
    /* A former boot is not refused for good: its agent may still live, and can prove it. */
    const char *third = peer_challenge(&peer, now + 5 * HEALTH_NS_PER_S);
    cr_assert_eq(admit(&peer, 2, 9, third, true, now + 5 * HEALTH_NS_PER_S), PEER_TAKE);
    cr_assert_eq(admit(&peer, 1, 4, "", true, now), PEER_CHALLENGE);
}
