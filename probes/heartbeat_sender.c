/*
 * heartbeat_sender.c - heartbeats out.
 */
#include "heartbeat_monitor.h"

#include <healthd/heartbeat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* What an answer to a challenge adds to a beat. */
#define ANSWER_SIZE (sizeof ",\"answer\":\"\"" + WIRE_NONCE_MAX)

/* How many beats a monitor's request may lag behind: some seconds, and not for whoever recorded it. */
#define REQUEST_BEATS 20

struct health_sender {
    health_remark *remark;
    void (*wanted)(void *context);
    void (*recover)(void *context);
    void *context;
    struct wire_key *key; /* NULL: none */
    struct wire_reader *reader;
    struct wire_beat beat; /* who we are, and the last beat */
    char **texts;          /* of the monitors */
    struct monitor *monitors;
    size_t monitor_count;
};

static void remark(void *context, uint32_t node, const char *text)
{
    struct health_sender *sender = context;
    sender->remark(sender->context, node, text);
}

/* Is it meant for this life of ours, and sent just now? */
static bool is_request(struct health_sender *sender, const char *json)
{
    const struct health_heartbeat *ours = &sender->beat.beat;
    struct wire_request request;

    return wire_decode_request(sender->reader, json, &request) &&
           health_uuid_equal(&request.boot, &ours->boot) && request.seq <= ours->seq &&
           ours->seq - request.seq <= REQUEST_BEATS;
}

static bool is_challenge(struct health_sender *sender, const char *json,
                         struct wire_challenge *ret_challenge)
{
    return sender->key && wire_decode_challenge(sender->reader, json, ret_challenge) &&
           health_uuid_equal(&ret_challenge->boot, &sender->beat.beat.boot);
}

/* Only what is of a monitor that has our key is obeyed; without a key, what comes from a monitor's address. */
static void heard(void *context, struct monitor *monitor, char *datagram, size_t size)
{
    struct health_sender *sender = context;
    struct wire_challenge challenge;

    if (wire_open(sender->key, datagram, size) != WIRE_GOOD)
        return;
    if (is_challenge(sender, datagram, &challenge)) {
        memcpy(monitor->nonce, challenge.nonce, sizeof monitor->nonce);
        if (sender->wanted)
            sender->wanted(sender->context);
    } else if (sender->recover && is_request(sender, datagram)) {
        sender->recover(sender->context);
    }
}

/* A random (version 4) UUID for this life. */
static bool make_boot(struct health_uuid *ret_boot)
{
    if (getrandom(ret_boot, sizeof *ret_boot, 0) != (ssize_t)sizeof *ret_boot)
        return false;
    ret_boot->hi = (ret_boot->hi & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    ret_boot->lo = (ret_boot->lo >> 2) | UINT64_C(0x8000000000000000);
    return true;
}

static bool take_name(struct health_sender *sender, const char *what, const char *name,
                      char copy[WIRE_NAME_MAX])
{
    char text[160];
    size_t length = strlen(name);

    if (length >= 1 && length < WIRE_NAME_MAX) {
        memcpy(copy, name, length + 1);
        return true;
    }
    snprintf(text, sizeof text, "the %s's name must have 1 to %d characters", what,
             WIRE_NAME_MAX - 1);
    remark(sender, HEALTH_NODE_NONE, text);
    return false;
}

static enum health_error begin_monitors(struct health_sender *sender,
                                        const struct health_sender_options *options)
{
    sender->texts = calloc(options->monitor_count + 1, sizeof *sender->texts);
    sender->monitors = calloc(options->monitor_count + 1, sizeof *sender->monitors);
    if (!sender->texts || !sender->monitors)
        return HEALTH_ENOMEM;
    for (size_t i = 0; i < options->monitor_count; i++) {
        sender->texts[i] = strdup(options->monitors[i]);
        if (!sender->texts[i])
            return HEALTH_ENOMEM;
        sender->monitors[i] = (struct monitor){
            .base = options->base,
            .text = sender->texts[i],
            .remark = remark,
            .heard = heard,
            .context = sender,
        };
        sender->monitor_count = i + 1;
        enum health_error error = monitor_begin(&sender->monitors[i]);
        if (error != HEALTH_OK)
            return error;
    }
    return HEALTH_OK;
}

static enum health_error prepare(struct health_sender *sender,
                                 const struct health_sender_options *options)
{
    if (!take_name(sender, "cluster", options->cluster, sender->beat.cluster) ||
        !take_name(sender, "node", options->node, sender->beat.node))
        return HEALTH_EINVAL;
    if (options->key_file) {
        sender->key = wire_key_read(options->key_file, remark, sender);
        if (!sender->key)
            return HEALTH_EINVAL;
    }
    sender->reader = wire_reader_create();
    if (!sender->reader || !make_boot(&sender->beat.beat.boot))
        return HEALTH_ENOMEM;
    return begin_monitors(sender, options);
}

enum health_error health_sender_create(const struct health_sender_options *options,
                                       struct health_sender **ret_sender)
{
    struct health_sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        return HEALTH_ENOMEM;
    sender->remark = options->remark;
    sender->wanted = options->wanted;
    sender->recover = options->recover;
    sender->context = options->context;
    enum health_error error = prepare(sender, options);
    if (error == HEALTH_OK)
        *ret_sender = sender;
    else
        health_sender_destroy(sender);
    return error;
}

void health_sender_destroy(struct health_sender *sender)
{
    if (!sender)
        return;
    for (size_t i = 0; i < sender->monitor_count; i++) {
        monitor_end(&sender->monitors[i]);
        free(sender->texts[i]);
    }
    free(sender->monitors);
    free(sender->texts);
    wire_reader_destroy(sender->reader);
    wire_key_destroy(sender->key);
    free(sender);
}

static int64_t wall_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Encode the beat with what fits into a datagram. The member list never goes along: who is named there is
 * known to the monitor from its own probes. */
static size_t encode(struct health_sender *sender, char datagram[WIRE_MAX])
{
    struct health_heartbeat *beat = &sender->beat.beat;
    bool *const parts[] = {&beat->local.has_view, &beat->has_local};

    beat->local.view.member_count = 0;
    size_t size = wire_encode_beat(sender->key, &sender->beat, datagram);
    for (size_t i = 0; i < 2 && (size == 0 || size > WIRE_MAX - ANSWER_SIZE); i++) {
        *parts[i] = false;
        size = wire_encode_beat(sender->key, &sender->beat, datagram);
    }
    return size;
}

/* The same beat with the answer to this monitor's challenge, which is good once. */
static void send_answer(struct health_sender *sender, struct monitor *monitor)
{
    char datagram[WIRE_MAX];

    memcpy(sender->beat.answer, monitor->nonce, sizeof monitor->nonce);
    monitor->nonce[0] = '\0';
    size_t size = wire_encode_beat(sender->key, &sender->beat, datagram);
    if (size)
        monitor_send(monitor, datagram, size);
    sender->beat.answer[0] = '\0';
}

void health_sender_send(struct health_sender *sender, const struct health_heartbeat *beat)
{
    char datagram[WIRE_MAX];
    struct health_heartbeat *ours = &sender->beat.beat;
    const struct health_uuid boot = ours->boot;
    uint64_t seq = ours->seq;

    *ours = *beat;
    ours->boot = boot;
    ours->seq = seq + 1;
    ours->sent_us = wall_clock_us();
    size_t size = encode(sender, datagram);
    for (size_t i = 0; i < sender->monitor_count; i++) {
        if (sender->monitors[i].nonce[0])
            send_answer(sender, &sender->monitors[i]);
        else if (size)
            monitor_send(&sender->monitors[i], datagram, size);
    }
}
