/*
 * heartbeat_rig.c - see heartbeat_rig.h
 */
#include "heartbeat_rig.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <unistd.h>

const struct health_heartbeat rig_running = {.process = HEALTH_PROCESS_RUNNING, .pid = 7};

static void observe(void *context, const struct health_observation *observation)
{
    struct rig *rig = context;
    rig->last = *observation;
    rig->observed++;
}

void rig_remark(void *context, uint32_t node, const char *text)
{
    struct rig *rig = context;
    (void)node;
    snprintf(rig->remark, sizeof rig->remark, "%s", text);
    rig->remarks++;
}

static void wanted(void *context)
{
    struct rig *rig = context;
    rig->wanted++;
    if (rig->answers)
        health_sender_send(rig->sender, &rig_running);
}

static void recover(void *context)
{
    struct rig *rig = context;
    rig->requests++;
}

void rig_write_key(struct rig *rig, const char *bytes)
{
    if (!rig->key_file[0])
        scratch_file(rig->key_file, "key", "", 0);
    FILE *file = fopen(rig->key_file, "w");
    cr_assert_not_null(file);
    fputs(bytes, file);
    fclose(file);
}

int rig_socket(uint16_t port, uint16_t *ret_port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    if (ret_port)
        *ret_port = ntohs(address.sin_port);
    return fd;
}

static void connect_port(int fd, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
}

void rig_start_listener(struct rig *rig, const char *listen)
{
    const struct health_listener_options options = {
        .base = rig->base,
        .listen = listen,
        .key_file = rig->key_file[0] ? rig->key_file : NULL,
        .observe = observe,
        .remark = rig_remark,
        .context = rig,
    };
    health_listener_destroy(rig->listener);
    rig->listener = NULL;
    cr_assert_eq(health_listener_create(&options, &rig->listener), HEALTH_OK, "%s", rig->remark);
    cr_assert_eq(health_listener_add(rig->listener, "lab", "n1", 4), HEALTH_OK);
}

void rig_start_sender(struct rig *rig, const char *const *monitors, size_t count)
{
    const struct health_sender_options options = {
        .base = rig->base,
        .cluster = "lab",
        .node = "n1",
        .monitors = monitors,
        .monitor_count = count,
        .key_file = rig->key_file[0] ? rig->key_file : NULL,
        .remark = rig_remark,
        .wanted = wanted,
        .recover = recover,
        .context = rig,
    };
    health_sender_destroy(rig->sender);
    rig->sender = NULL;
    cr_assert_eq(health_sender_create(&options, &rig->sender), HEALTH_OK, "%s", rig->remark);
}

static void tap_beat(struct tap *tap)
{
    socklen_t length = sizeof tap->sender;
    cr_assert_lt(tap->count, TAPE_MAX);
    ssize_t size = recvfrom(tap->in, tap->tape[tap->count], WIRE_MAX, 0,
                            (struct sockaddr *)&tap->sender, &length);
    if (size <= 0)
        return;
    tap->sizes[tap->count++] = (size_t)size;
    (void)send(tap->out, tap->tape[tap->count - 1], (size_t)size, 0);
}

static void tap_challenge(struct tap *tap)
{
    char datagram[WIRE_MAX];
    ssize_t size = recv(tap->out, datagram, sizeof datagram, 0);
    if (size > 0 && !tap->cut_challenges)
        (void)sendto(tap->in, datagram, (size_t)size, 0, (struct sockaddr *)&tap->sender,
                     sizeof tap->sender);
}

void rig_run(struct rig *rig)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < 30; i++) {
        event_base_loop(rig->base, EVLOOP_NONBLOCK);
        if (rig->tap.in) {
            tap_beat(&rig->tap);
            tap_challenge(&rig->tap);
        }
        nanosleep(&pause, NULL);
    }
}

void rig_play(struct rig *rig, size_t index)
{
    cr_assert_eq(send(rig->tap.out, rig->tap.tape[index], rig->tap.sizes[index], 0),
                 (ssize_t)rig->tap.sizes[index]);
}

void rig_play_all(struct rig *rig)
{
    for (size_t i = 0; i < rig->tap.count; i++)
        rig_play(rig, i);
    rig_run(rig);
}

static void lead_to_listener(struct rig *rig)
{
    if (rig->tap.out)
        close(rig->tap.out);
    rig->tap.out = rig_socket(0, NULL);
    connect_port(rig->tap.out, listener_port(rig->listener));
}

void rig_restart_listener(struct rig *rig)
{
    rig_start_listener(rig, "127.0.0.1:0");
    lead_to_listener(rig);
}

void rig_restart_sender(struct rig *rig)
{
    static char address[32];
    static const char *monitors[] = {address};
    struct sockaddr_in tap;
    socklen_t length = sizeof tap;

    getsockname(rig->tap.in, (struct sockaddr *)&tap, &length);
    snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(tap.sin_port));
    rig_start_sender(rig, monitors, 1);
}

struct rig *rig_begin(const char *key)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig->base = event_base_new();
    rig->answers = true;
    cr_assert_eq(event_base_priority_init(rig->base, 2), 0);
    if (key)
        rig_write_key(rig, key);
    rig->tap.in = rig_socket(0, NULL);
    rig_restart_listener(rig);
    rig_restart_sender(rig);
    return rig;
}

void rig_end(struct rig *rig)
{
    health_listener_destroy(rig->listener);
    health_sender_destroy(rig->sender);
    event_base_free(rig->base);
    if (rig->tap.in)
        close(rig->tap.in);
    if (rig->tap.out)
        close(rig->tap.out);
    if (rig->key_file[0])
        unlink(rig->key_file);
    free(rig);
}

struct health_listener_counters rig_counters(const struct rig *rig)
{
    struct health_listener_counters counted;
    health_listener_counters(rig->listener, &counted);
    return counted;
}

void rig_beat(struct rig *rig)
{
    health_sender_send(rig->sender, &rig_running);
    rig_run(rig);
}
