/*
 * test_requests.c - what a monitor asks of an agent, challenges and positions: who obeys, and whom.
 */
#include "heartbeat_rig.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* The key, and how a file holds it. */
static const char secret[] = "0123456789abcdef";
static const char secret_file[] = "0123456789abcdef\n";

static size_t make_challenge(const char *key_text, struct health_uuid boot, char datagram[WIRE_MAX])
{
    struct wire_challenge challenge = {.boot = boot};
    struct wire_key *key = wire_key_create(key_text, strlen(key_text));
    cr_assert(wire_nonce(challenge.nonce));
    size_t size = wire_encode_challenge(key, &challenge, datagram);
    wire_key_destroy(key);
    return size;
}

Test(requests, an_agent_answers_only_challenges_that_are_right_and_meant_for_it)
{
    struct rig *rig = rig_begin(secret_file);
    char datagram[WIRE_MAX];
    rig_beat(rig);
    struct health_uuid boot = rig->last.heartbeat.boot;
    struct health_uuid other = {boot.hi ^ 1, boot.lo};
    const struct sockaddr *sender = (const struct sockaddr *)&rig->tap.sender;
    cr_assert_eq(rig->wanted, 1);

    size_t size = make_challenge("another key, long enough", boot, datagram);
    sendto(rig->tap.in, datagram, size, 0, sender, sizeof rig->tap.sender);
    size = make_challenge(secret, other, datagram);
    sendto(rig->tap.in, datagram, size, 0, sender, sizeof rig->tap.sender);
    sendto(rig->tap.in, "{}\n", 3, 0, sender, sizeof rig->tap.sender);
    sendto(rig->tap.in, rig->tap.tape[0], rig->tap.sizes[0], 0, sender, sizeof rig->tap.sender);
    rig_run(rig);
    cr_assert_eq(rig->wanted, 1);
    size = make_challenge(secret, boot, datagram);
    sendto(rig->tap.in, datagram, size, 0, sender, sizeof rig->tap.sender);
    rig_run(rig);
    cr_assert_eq(rig->wanted, 2);
    rig_end(rig);
}

static size_t make_request(const char *key_text, struct health_uuid boot, uint64_t seq,
                           char datagram[WIRE_MAX])
{
    const struct wire_request request = {.boot = boot, .seq = seq};
    struct wire_key *key = key_text ? wire_key_create(key_text, strlen(key_text)) : NULL;
    size_t size = wire_encode_request(key, &request, datagram);
    wire_key_destroy(key);
    return size;
}

/* What the agent makes of it when it comes from its monitor's address. */
static unsigned requests_after(struct rig *rig, const char *key_text, struct health_uuid boot,
                               uint64_t seq)
{
    char datagram[WIRE_MAX];
    size_t size = make_request(key_text, boot, seq, datagram);
    unsigned before = rig->requests;

    cr_assert_gt(size, 0);
    sendto(rig->tap.in, datagram, size, 0, (const struct sockaddr *)&rig->tap.sender,
           sizeof rig->tap.sender);
    rig_run(rig);
    return rig->requests - before;
}

Test(requests, a_monitor_asks_for_the_position_where_the_last_beat_came_from)
{
    const char *const keys[] = {NULL, secret_file};
    for (int i = 0; i < 2; i++) {
        struct rig *rig = rig_begin(keys[i]);
        cr_assert_eq(health_listener_recover(rig->listener, 5), HEALTH_ENOENT);
        cr_assert_eq(health_listener_recover(rig->listener, 4), HEALTH_EINVAL);
        rig_beat(rig);
        cr_assert_eq(rig->observed, 1);
        cr_assert_eq(health_listener_recover(rig->listener, 4), HEALTH_OK);
        rig_run(rig);
        cr_assert_eq(rig->requests, 1);
        cr_assert_eq(rig->wanted, keys[i] ? 1 : 0, "a request is no challenge");
        cr_assert_eq(health_listener_remove(rig->listener, 4), HEALTH_OK);
        cr_assert_eq(health_listener_recover(rig->listener, 4), HEALTH_ENOENT);
        rig_end(rig);
    }
}

/* It writes in a data directory: only for who has the key, for this life, and now. */
Test(requests, an_agent_obeys_only_requests_that_are_right_meant_for_it_and_new)
{
    struct rig *rig = rig_begin(secret_file);
    rig_beat(rig);
    struct health_uuid boot = rig->last.heartbeat.boot;
    uint64_t seq = rig->last.heartbeat.seq;

    cr_expect_eq(requests_after(rig, secret, boot, seq), 1);
    cr_expect_eq(requests_after(rig, NULL, boot, seq), 0, "it is not signed");
    cr_expect_eq(requests_after(rig, "another key, long enough", boot, seq), 0);
    cr_expect_eq(requests_after(rig, secret, (struct health_uuid){boot.hi ^ 1, boot.lo}, seq), 0);
    cr_expect_eq(requests_after(rig, secret, (struct health_uuid){0, 0}, seq), 0);
    cr_expect_eq(requests_after(rig, secret, boot, seq + 1), 0, "of a beat that is not sent yet");
    for (uint64_t age = 1; age <= 22; age++) {
        health_sender_send(rig->sender, &rig_running);
        cr_expect_eq(requests_after(rig, secret, boot, seq), age <= 20 ? 1 : 0, "%lu beats ago",
                     age);
    }
    rig_restart_sender(rig);
    rig_beat(rig);
    cr_expect_eq(requests_after(rig, secret, boot, rig->last.heartbeat.seq), 0, "a former life");
    rig_end(rig);
}

/* Without a key the address must be the monitor's, which the kernel sees to. */
Test(requests, without_a_key_only_the_monitors_address_is_obeyed)
{
    struct rig *rig = rig_begin(NULL);
    char datagram[WIRE_MAX];
    rig_beat(rig);
    struct health_uuid boot = rig->last.heartbeat.boot;
    size_t size = make_request(NULL, boot, rig->last.heartbeat.seq, datagram);
    int stranger = rig_socket(0, NULL);

    sendto(stranger, datagram, size, 0, (const struct sockaddr *)&rig->tap.sender,
           sizeof rig->tap.sender);
    rig_run(rig);
    cr_expect_eq(rig->requests, 0);
    cr_expect_eq(requests_after(rig, NULL, boot, rig->last.heartbeat.seq), 1);
    close(stranger);
    rig_end(rig);
}
