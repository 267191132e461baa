/*
 * test_heartbeat.c - heartbeats that are lost, forged, recorded and played back.
 */
#include "heartbeat_rig.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define KEY "0123456789abcdef\n"

Test(heartbeat, without_a_key_a_beat_is_taken_at_once)
{
    struct rig *rig = rig_begin(NULL);
    int64_t before_ns = health_clock_ns();
    rig_beat(rig);
    cr_assert_eq(rig->observed, 1);
    cr_assert_eq(rig->last.node, 4);
    cr_assert_eq(rig->last.witness, HEALTH_WITNESS_AGENT);
    cr_assert_geq(rig->last.at_ns, before_ns);
    cr_assert_leq(rig->last.at_ns, health_clock_ns());
    cr_assert_eq(rig->last.at_ns % HEALTH_NS_PER_US, 0);
    cr_assert_eq(rig->last.heartbeat.process, HEALTH_PROCESS_RUNNING);
    cr_assert_eq(rig->last.heartbeat.pid, 7);
    cr_assert_eq(rig->last.heartbeat.seq, 1);
    cr_assert_gt(rig->last.heartbeat.sent_us, INT64_C(1500000000000000));
    rig_beat(rig);
    cr_assert_eq(rig->last.heartbeat.seq, 2);
    cr_assert_eq(rig_counters(rig).accepted, 2);
    cr_assert_eq(rig->remarks, 0, "%s", rig->remark);
    rig_end(rig);
}

Test(heartbeat, a_boot_that_is_not_known_is_challenged_and_proves_itself)
{
    struct rig *rig = rig_begin(KEY);
    rig_beat(rig);
    cr_assert_eq(rig->wanted, 1);
    cr_assert_eq(rig_counters(rig).challenges, 1);
    cr_assert_eq(rig_counters(rig).accepted, 1);
    cr_assert_eq(rig->last.heartbeat.seq, 2);
    rig_beat(rig);
    rig_beat(rig);
    cr_assert_eq(rig_counters(rig).challenges, 1); /* once is enough */
    rig->tap.tape[1][rig->tap.sizes[1] - 1] = '\0';
    rig->tap.tape[2][rig->tap.sizes[2] - 1] = '\0';
    cr_assert_not_null(strstr(rig->tap.tape[1], "\"answer\""));
    cr_assert_null(strstr(rig->tap.tape[2], "\"answer\""));
    cr_assert_eq(rig_counters(rig).accepted, 3);
    cr_assert_eq(rig->remarks, 0, "%s", rig->remark);
    rig_end(rig);
}

Test(heartbeat, a_lost_challenge_is_made_again)
{
    struct rig *rig = rig_begin(KEY);
    rig->tap.cut_challenges = true;
    for (int i = 0; i < 5; i++)
        rig_beat(rig);
    cr_assert_eq(rig->observed, 0);
    cr_assert_eq(rig_counters(rig).challenges, 5);
    cr_assert_not_null(strstr(rig->remark, "does not answer"));
    rig->tap.cut_challenges = false;
    rig_beat(rig);
    cr_assert_eq(rig->observed, 1);
    rig_end(rig);
}

/* Whatever was recorded and whoever was restarted: playing it back changes nothing. */
Test(heartbeat, a_replay_changes_nothing)
{
    struct rig *rig = rig_begin(KEY);
    for (int i = 0; i < 3; i++)
        rig_beat(rig);
    unsigned observed = rig->observed;
    size_t recorded = rig->tap.count;
    cr_assert_eq(observed, 3);
    cr_assert_eq(recorded, 4);

    rig_play_all(rig); /* while the same life goes on */
    cr_assert_eq(rig->observed, observed);
    cr_assert_eq(rig_counters(rig).stale, 1 + recorded);

    rig_restart_sender(rig); /* the agent is another now */
    rig->answers = false;
    rig_play_all(rig);
    cr_assert_eq(rig->observed, observed);
    rig->answers = true;
    rig_beat(rig);
    cr_assert_eq(rig->observed, observed + 1);
    const struct health_heartbeat newest = rig->last.heartbeat;
    rig_play_all(rig); /* the former life's, and this one's */
    cr_assert_eq(rig->observed, observed + 1);
    cr_assert_eq(memcmp(&newest, &rig->last.heartbeat, sizeof newest), 0);

    rig_restart_listener(rig); /* the monitor knows nobody now */
    rig->answers = false;
    rig_play_all(rig);
    cr_assert_eq(rig->observed, observed + 1);
    cr_assert_gt(rig_counters(rig).challenges, 0);
    rig->answers = true;
    rig_beat(rig);
    cr_assert_eq(rig->observed, observed + 2);
    cr_assert_neq(newest.seq, rig->last.heartbeat.seq);

    rig_restart_listener(rig); /* both at once */
    rig_restart_sender(rig);
    rig->answers = false;
    rig_play_all(rig);
    cr_assert_eq(rig->observed, observed + 2);
    rig_end(rig);
}

/* Playing back while the new agent is trying to prove itself does not keep it out. */
Test(heartbeat, a_replay_does_not_crowd_out_the_living)
{
    struct rig *rig = rig_begin(KEY);
    rig_beat(rig);
    rig_restart_listener(rig);
    rig_restart_sender(rig);
    rig->answers = false;
    unsigned observed = rig->observed;
    health_sender_send(rig->sender, &rig_running); /* will be challenged ... */
    rig_run(rig);
    cr_assert_eq(rig->wanted, 2);
    for (int i = 0; i < 10; i++)
        rig_play(rig, 0); /* ... and meanwhile others ask too */
    rig_run(rig);
    health_sender_send(rig->sender, &rig_running); /* carries the answer */
    rig_run(rig);
    cr_assert_eq(rig->observed, observed + 1);
    rig_end(rig);
}

Test(heartbeat, without_a_key_duplicates_and_former_lives_are_refused)
{
    struct rig *rig = rig_begin(NULL);
    rig_beat(rig);
    rig_beat(rig);
    rig_play_all(rig);
    cr_assert_eq(rig->observed, 2);
    rig_restart_sender(rig);
    rig_beat(rig);
    cr_assert_eq(rig->observed, 3);
    rig_play_all(rig);
    cr_assert_eq(rig->observed, 3);
    cr_assert_eq(rig_counters(rig).stale, 5);
    rig_end(rig);
}

Test(heartbeat, late_beats_are_refused)
{
    struct rig *rig = rig_begin(NULL);
    int out = rig->tap.out;
    rig_beat(rig);
    rig->tap.out = rig_socket(0, NULL); /* leads nowhere: the next beat is on its way for long */
    rig_beat(rig);
    close(rig->tap.out);
    rig->tap.out = out;
    rig_beat(rig);
    cr_assert_eq(rig->last.heartbeat.seq, 3);
    rig_play(rig, 1);
    rig_run(rig);
    cr_assert_eq(rig->last.heartbeat.seq, 3);
    cr_assert_eq(rig->observed, 2);
    cr_assert_eq(rig_counters(rig).stale, 1);
    rig_end(rig);
}

Test(heartbeat, another_key_is_forgery_until_it_is_ours)
{
    struct rig *rig = rig_begin("another key, long enough");
    rig_write_key(rig, KEY);
    rig_restart_sender(rig);
    for (int i = 0; i < 5; i++)
        rig_beat(rig);
    cr_assert_eq(rig->observed, 0);
    cr_assert_eq(rig_counters(rig).forged, 5);
    cr_assert_eq(rig_counters(rig).challenges, 0);
    cr_assert_eq(rig->remarks, 1); /* at most one a minute */
    cr_assert_not_null(strstr(rig->remark, "127.0.0.1:"));

    rig_write_key(rig, "short");
    cr_assert_not(health_listener_reread(rig->listener));
    rig_beat(rig);
    cr_assert_eq(rig->observed, 0);
    rig_write_key(rig, KEY);
    cr_assert(health_listener_reread(rig->listener));
    rig_beat(rig);
    cr_assert_eq(rig->observed, 1);
    rig_end(rig);
}

/* Without a key there is nothing to check a challenge with. */
Test(heartbeat, an_agent_without_a_key_is_refused_by_a_monitor_with_one)
{
    struct rig *rig = rig_begin(KEY);
    char first = rig->key_file[0];
    rig->key_file[0] = '\0';
    rig_restart_sender(rig);
    rig->key_file[0] = first;
    rig_beat(rig);
    cr_assert_eq(rig->observed, 0);
    cr_assert_eq(rig_counters(rig).forged, 1);
    rig_end(rig);
}

Test(heartbeat, strangers_and_rubbish_are_counted)
{
    struct rig *rig = rig_begin(NULL);
    char large[WIRE_MAX + 1];
    cr_assert_eq(health_listener_remove(rig->listener, 4), HEALTH_OK);
    cr_assert_eq(health_listener_add(rig->listener, "other", "n1", 4), HEALTH_OK);
    rig_beat(rig);
    cr_assert_eq(rig_counters(rig).stranger, 1);
    cr_assert_not_null(strstr(rig->remark, "\"n1\" of cluster \"lab\""));
    memset(large, ' ', sizeof large);
    memcpy(large, rig->tap.tape[0], rig->tap.sizes[0] - 1);
    large[sizeof large - 1] = '\n';
    (void)send(rig->tap.out, large, sizeof large, 0);
    (void)send(rig->tap.out, "", 0, 0);
    (void)send(rig->tap.out, "hello\n", 6, 0);
    rig_run(rig);
    cr_assert_eq(rig_counters(rig).malformed, 3);
    cr_assert_eq(rig->remarks, 2); /* one of each kind */
    cr_assert_eq(health_listener_add(rig->listener, "lab", "n1", 5), HEALTH_OK);
    rig_beat(rig);
    cr_assert_eq(rig->last.node, 5);
    cr_assert_eq(rig->observed, 1);
    rig_end(rig);
}

/* More than one wake takes. */
Test(heartbeat, a_burst_is_taken_whole)
{
    struct rig *rig = rig_begin(NULL);
    for (int i = 0; i < 1000; i++) {
        char text[256];
        int size = snprintf(text, sizeof text,
                            "{\"cluster\":\"lab\",\"node\":\"n1\",\"heartbeat\":{\"boot\":"
                            "\"573eebdb-e711-4f41-9041-7299d955b7a3\",\"seq\":%d,\"mysqld\":"
                            "\"running\"}}\n",
                            i);
        cr_assert_eq(send(rig->tap.out, text, (size_t)size, 0), size);
    }
    rig_run(rig);
    cr_assert_eq(rig_counters(rig).accepted, 1000);
    rig_end(rig);
}

static void direct(struct rig *rig, const char *listen, const char *host)
{
    char address[64];
    const char *monitors[] = {address};
    rig_start_listener(rig, listen);
    snprintf(address, sizeof address, "%s:%u", host, listener_port(rig->listener));
    rig_start_sender(rig, monitors, 1);
    rig->observed = 0;
    for (int i = 0; i < 20 && rig->observed == 0; i++)
        rig_beat(rig);
    cr_assert_eq(rig->observed > 0, true, "%s -> %s: %s", address, listen, rig->remark);
}

/* Each with a challenge, which must come back from where the beat went to. */
Test(heartbeat, addresses_of_all_kinds)
{
    struct rig *rig = rig_begin(KEY);
    direct(rig, "0.0.0.0:0", "127.0.0.2");
    direct(rig, "0.0.0.0:0", "localhost"); /* a name: resolved off the loop */
    int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                          .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (probe >= 0 && bind(probe, (const struct sockaddr *)&loopback, sizeof loopback) == 0) {
        direct(rig, "[::1]:0", "[::1]");
        direct(rig, "[::]:0", "[::1]");
        direct(rig, "[::]:0", "127.0.0.3");
        direct(rig, "[::]:0", "localhost");
        direct(rig, "127.0.0.1:0", "localhost"); /* where ::1, its first address, refuses */
    }
    close(probe);
    rig_end(rig);
}

/* A monitor that is away takes nothing from the others, and no beat once it is back. */
Test(heartbeat, several_monitors)
{
    struct rig *rig = rig_begin(NULL);
    char away[32];
    char there[32];
    const char *monitors[] = {away, "no..such.host:9201", there};
    uint16_t port;
    int fd = rig_socket(0, &port);

    close(fd);
    snprintf(away, sizeof away, "127.0.0.1:%u", port);
    snprintf(there, sizeof there, "127.0.0.1:%u", listener_port(rig->listener));
    rig_start_sender(rig, monitors, 3);
    for (int i = 0; i < 5; i++)
        rig_beat(rig);
    cr_assert_eq(rig->observed, 5);
    health_sender_send(rig->sender,
                       &rig_running); /* refused: an error waits at the socket now ... */
    fd = rig_socket(port, NULL);
    health_sender_send(rig->sender, &rig_running); /* ... and does not cost this beat */
    char datagram[WIRE_MAX];
    cr_assert_gt(recv(fd, datagram, sizeof datagram, 0), 0);
    close(fd);
    rig_end(rig);
}

static void ignore_heard(void *context, struct monitor *monitor, char *datagram, size_t size)
{
    (void)context;
    (void)monitor;
    (void)datagram;
    (void)size;
}

/* A name with two addresses, of which the first refuses. */
Test(heartbeat, the_next_address_of_a_name_is_tried)
{
    struct rig *rig = rig_begin(NULL);
    struct monitor monitor = {.base = rig->base,
                              .text = "127.0.0.1:1",
                              .remark = rig_remark,
                              .heard = ignore_heard,
                              .context = rig};
    char datagram[WIRE_MAX];
    socklen_t length = sizeof(struct sockaddr_in);
    int fd = rig_socket(0, NULL);

    cr_assert_eq(monitor_begin(&monitor), HEALTH_OK);
    cr_assert_eq(monitor.resolved.count, 1);
    cr_assert_eq(
        getsockname(fd, (struct sockaddr *)&monitor.resolved.addresses[1].address, &length), 0);
    monitor.resolved.addresses[1].length = length;
    monitor.resolved.count = 2;
    monitor_send(&monitor, "x", 1);
    rig_run(rig); /* the loop learns of the refusal */
    monitor_send(&monitor, "x", 1);
    cr_assert_eq(recv(fd, datagram, sizeof datagram, 0), 1);
    rig_run(rig);
    monitor_send(&monitor, "x", 1); /* and stays with what works */
    cr_assert_eq(recv(fd, datagram, sizeof datagram, 0), 1);
    monitor_end(&monitor);
    close(fd);
    rig_end(rig);
}

Test(heartbeat, what_cannot_be_used_is_said)
{
    struct rig *rig = rig_begin(NULL);
    static const char *const places[] = {"9201", "localhost:9201", "1.2.3.4:9201", "[::1", "::1:9"};
    static const char *const monitors[] = {"::1:9", "host:port", "10.0.0.1:0", ""};
    struct health_listener *listener;
    struct health_sender *sender;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const struct health_listener_options options = {
            .base = rig->base, .listen = places[i], .remark = rig_remark, .context = rig};
        cr_assert_eq(health_listener_create(&options, &listener), HEALTH_EINVAL, "%s", places[i]);
        cr_assert_not_null(strstr(rig->remark, places[i]));
    }
    for (size_t i = 0; i < sizeof monitors / sizeof *monitors; i++) {
        const struct health_sender_options options = {.base = rig->base,
                                                      .cluster = "lab",
                                                      .node = "n1",
                                                      .monitors = &monitors[i],
                                                      .monitor_count = 1,
                                                      .remark = rig_remark,
                                                      .context = rig};
        cr_assert_eq(health_sender_create(&options, &sender), HEALTH_EINVAL, "%s", monitors[i]);
        cr_assert_not_null(strstr(rig->remark, monitors[i]));
    }
    rig_end(rig);
}
