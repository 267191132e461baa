/*
 * heartbeat_listener.c - heartbeats in.
 *
 * One UDP socket on the loop, before all timers: what has arrived is read before an age is judged. A wake
 * reads a bounded number of datagrams; the rest wakes the loop again. A challenge goes back from the
 * address that the beat came to, or an agent's connected socket would not take it.
 */
#include "heartbeat_listener.h"

#include "heartbeat_address.h"
#include "heartbeat_peers.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH 256              /* datagrams a wake */
#define RECEIVE_BUFFER 4194304 /* thousands of agents may speak at once, as after a stall of ours */
#define REMARK_INTERVAL_NS (60 * HEALTH_NS_PER_S)
#define UNANSWERED_MAX 5

enum complaint { MALFORMED, FORGED, STRANGER, DEAF_AGENT, COMPLAINT_COUNT };

struct complaints {
    int64_t said_ns; /* 0: never */
    uint64_t unsaid;
};

struct health_listener {
    health_observe *observe;
    health_remark *remark;
    void *context;
    char *key_file; /* NULL: beats are not authenticated */
    struct wire_key *key;
    struct wire_reader *reader;
    struct event *readable;
    int fd;
    struct peers peers;
    struct health_listener_counters counters;
    struct complaints complaints[COMPLAINT_COUNT];
};

/* A datagram as it came. */
struct arrival {
    char bytes[WIRE_MAX + 2]; /* one more than allowed, and a final 0 */
    size_t size;
    int64_t at_ns;
    struct way way;
};

/* Say what was refused, at most once a minute for each kind, and how often meanwhile. */
static void complain(struct health_listener *listener, enum complaint kind, uint32_t node,
                     const struct arrival *arrival, const char *what)
{
    struct complaints *complaints = &listener->complaints[kind];
    char from[ADDRESS_TEXT_MAX];
    char text[512];

    if (complaints->said_ns && arrival->at_ns - complaints->said_ns < REMARK_INTERVAL_NS) {
        complaints->unsaid++;
        return;
    }
    address_format((const struct sockaddr *)&arrival->way.from, arrival->way.from_length, from);
    int used = snprintf(text, sizeof text, "heartbeat from %s: %s", from, what);
    if (complaints->unsaid && used > 0 && (size_t)used < sizeof text)
        snprintf(text + used, sizeof text - (size_t)used, " (and %llu more like it since)",
                 (unsigned long long)complaints->unsaid);
    *complaints = (struct complaints){.said_ns = arrival->at_ns};
    listener->remark(listener->context, node, text);
}

/* The address a datagram came to becomes the one its answer leaves from. The way out is left to routing,
 * but for link-local addresses, which mean nothing without their interface. */
static void answer_from(struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            info.ipi_spec_dst = info.ipi_addr;
            info.ipi_ifindex = 0;
            memcpy(CMSG_DATA(header), &info, sizeof info);
        } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(header), sizeof info);
            if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                info.ipi6_ifindex = 0;
            memcpy(CMSG_DATA(header), &info, sizeof info);
        }
    }
}

static bool send_back(const struct health_listener *listener, const struct way *way,
                      struct iovec datagram)
{
    struct way back = *way;
    struct msghdr message = {
        .msg_name = &back.from,
        .msg_namelen = back.from_length,
        .msg_iov = &datagram,
        .msg_iovlen = 1,
        .msg_control = back.control,
        .msg_controllen = back.control_length,
    };
    answer_from(&message);
    return datagram.iov_len && sendmsg(listener->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

static void challenge(struct health_listener *listener, struct peer *peer,
                      const struct health_uuid *boot, struct arrival *arrival)
{
    struct wire_challenge challenge = {.boot = *boot};
    const char *nonce = peer_challenge(peer, arrival->at_ns);
    char datagram[WIRE_MAX];

    if (!nonce)
        return;
    snprintf(challenge.nonce, sizeof challenge.nonce, "%s", nonce);
    size_t size = wire_encode_challenge(listener->key, &challenge, datagram);
    if (send_back(listener, &arrival->way, (struct iovec){datagram, size}))
        listener->counters.challenges++;
    if (peer->unanswered % UNANSWERED_MAX == 0)
        complain(listener, DEAF_AGENT, peer->node, arrival,
                 "this agent does not answer our challenges: is the way back to it open (UDP, from "
                 "our port)? If it is, somebody plays back an old recording");
}

static void observe(struct health_listener *listener, const struct peer *peer,
                    const struct wire_beat *beat, int64_t at_ns)
{
    const struct health_observation observation = {
        .at_ns = at_ns,
        .node = peer->node,
        .witness = HEALTH_WITNESS_AGENT,
        .heartbeat = beat->beat,
    };
    listener->counters.accepted++;
    listener->observe(listener->context, &observation);
}

static void beat_arrived(struct health_listener *listener, struct wire_beat *beat,
                         struct arrival *arrival)
{
    struct peer *peer = peers_find(&listener->peers, beat->cluster, beat->node);
    char text[256];

    if (!peer) {
        listener->counters.stranger++;
        snprintf(text, sizeof text,
                 "node \"%s\" of cluster \"%s\" is not configured here: add it, or stop its agent "
                 "sending to us",
                 beat->node, beat->cluster);
        complain(listener, STRANGER, HEALTH_NODE_NONE, arrival, text);
        return;
    }
    switch (peer_admit(peer, beat, listener->key != NULL, arrival->at_ns)) {
    case PEER_TAKE:
        peer->way = arrival->way;
        observe(listener, peer, beat, arrival->at_ns);
        break;
    case PEER_STALE:
        listener->counters.stale++;
        break;
    case PEER_CHALLENGE:
        listener->counters.stale++;
        challenge(listener, peer, &beat->beat.boot, arrival);
        break;
    }
}

static void datagram_arrived(struct health_listener *listener, struct arrival *arrival)
{
    struct wire_beat beat;

    switch (wire_open(listener->key, arrival->bytes, arrival->size)) {
    case WIRE_MALFORMED:
        listener->counters.malformed++;
        complain(listener, MALFORMED, HEALTH_NODE_NONE, arrival, "this is no heartbeat");
        break;
    case WIRE_FORGED:
        listener->counters.forged++;
        complain(listener, FORGED, HEALTH_NODE_NONE, arrival,
                 "it was not made with our key: is the key file there the same as here?");
        break;
    case WIRE_GOOD:
        if (wire_decode_beat(listener->reader, arrival->bytes, &beat)) {
            beat_arrived(listener, &beat, arrival);
        } else {
            listener->counters.malformed++;
            complain(listener, MALFORMED, HEALTH_NODE_NONE, arrival, listener->reader->wrong);
        }
        break;
    }
}

/* False: nothing more is there now. */
static bool receive(struct health_listener *listener, struct arrival *arrival)
{
    struct iovec part = {.iov_base = arrival->bytes, .iov_len = sizeof arrival->bytes - 1};
    struct msghdr message = {
        .msg_name = &arrival->way.from,
        .msg_namelen = sizeof arrival->way.from,
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = arrival->way.control,
        .msg_controllen = sizeof arrival->way.control,
    };
    ssize_t size = recvmsg(listener->fd, &message, MSG_DONTWAIT);
    if (size < 0)
        return errno == EINTR;
    arrival->size = (size_t)size;
    arrival->at_ns = health_clock_ns();
    arrival->way.from_length = message.msg_namelen;
    arrival->way.control_length = message.msg_controllen;
    datagram_arrived(listener, arrival);
    return true;
}

static void readable(evutil_socket_t fd, short what, void *context)
{
    struct arrival arrival = {.size = 0};
    (void)fd;
    (void)what;
    for (unsigned i = 0; i < BATCH && receive(context, &arrival); i++)
        continue;
}

static bool say(struct health_listener *listener, const char *listen, const char *what)
{
    char text[512];
    snprintf(text, sizeof text, "cannot listen for heartbeats on \"%s\": %s", listen, what);
    listener->remark(listener->context, HEALTH_NODE_NONE, text);
    return false;
}

static void set_options(int fd, int family)
{
    const int on = 1;
    const int off = 0;
    const int room = RECEIVE_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    } else {
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    }
}

/* Bind to a numeric address: an address to listen on is this machine's own, not a name. */
static bool open_socket(struct health_listener *listener, const char *listen)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
        .ai_socktype = SOCK_DGRAM,
    };
    struct address_parts parts;
    struct addrinfo *address;
    const char *wrong = address_split(listen, &parts);

    if (wrong)
        return say(listener, listen, wrong);
    if (getaddrinfo(parts.host, parts.port, &hints, &address) != 0)
        return say(listener, listen, "ADDRESS:PORT is expected, as in 0.0.0.0:9201 or [::]:9201");
    listener->fd = socket(address->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd >= 0)
        set_options(listener->fd, address->ai_family);
    bool bound =
        listener->fd >= 0 && bind(listener->fd, address->ai_addr, address->ai_addrlen) == 0;
    int error = errno;
    freeaddrinfo(address);
    return bound || say(listener, listen, strerror(error));
}

static enum health_error prepare(struct health_listener *listener,
                                 const struct health_listener_options *options)
{
    if (options->key_file) {
        listener->key_file = strdup(options->key_file);
        if (!listener->key_file)
            return HEALTH_ENOMEM;
        listener->key = wire_key_read(options->key_file, options->remark, options->context);
        if (!listener->key)
            return HEALTH_EINVAL;
    }
    if (!open_socket(listener, options->listen))
        return HEALTH_EINVAL;
    listener->reader = wire_reader_create();
    listener->readable =
        event_new(options->base, listener->fd, EV_READ | EV_PERSIST, readable, listener);
    if (!listener->reader || !listener->readable ||
        event_priority_set(listener->readable, 0) != 0 || event_add(listener->readable, NULL) != 0)
        return HEALTH_ENOMEM;
    return HEALTH_OK;
}

enum health_error health_listener_create(const struct health_listener_options *options,
                                         struct health_listener **ret_listener)
{
    struct health_listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return HEALTH_ENOMEM;
    listener->observe = options->observe;
    listener->remark = options->remark;
    listener->context = options->context;
    listener->fd = -1;
    enum health_error error = prepare(listener, options);
    if (error == HEALTH_OK)
        *ret_listener = listener;
    else
        health_listener_destroy(listener);
    return error;
}

void health_listener_destroy(struct health_listener *listener)
{
    if (!listener)
        return;
    if (listener->readable)
        event_free(listener->readable);
    if (listener->fd >= 0)
        close(listener->fd);
    peers_clear(&listener->peers);
    wire_reader_destroy(listener->reader);
    wire_key_destroy(listener->key);
    free(listener->key_file);
    free(listener);
}

enum health_error health_listener_add(struct health_listener *listener, const char *cluster,
                                      const char *name, uint32_t node)
{
    return peers_add(&listener->peers, cluster, name, node);
}

enum health_error health_listener_remove(struct health_listener *listener, uint32_t node)
{
    return peers_remove(&listener->peers, node);
}

enum health_error health_listener_recover(struct health_listener *listener, uint32_t node)
{
    const struct peer *peer = peers_of(&listener->peers, node);
    char datagram[WIRE_MAX];

    if (!peer)
        return HEALTH_ENOENT;
    if (!peer->way.from_length)
        return HEALTH_EINVAL;
    const struct wire_request request = {.boot = peer->boot, .seq = peer->seq};
    size_t size = wire_encode_request(listener->key, &request, datagram);
    send_back(listener, &peer->way, (struct iovec){datagram, size});
    return HEALTH_OK;
}

bool health_listener_reread(struct health_listener *listener)
{
    if (!listener->key_file)
        return true;
    struct wire_key *key = wire_key_read(listener->key_file, listener->remark, listener->context);
    if (!key)
        return false;
    wire_key_destroy(listener->key);
    listener->key = key;
    return true;
}

void health_listener_counters(const struct health_listener *listener,
                              struct health_listener_counters *ret_counters)
{
    *ret_counters = listener->counters;
}

uint16_t listener_port(const struct health_listener *listener)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.v6 = {0}};
    socklen_t length = sizeof address;

    if (getsockname(listener->fd, &address.any, &length) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}
