/*
 * heartbeat_monitor.c - one monitor as a sender sees it.
 */
#include "heartbeat_monitor.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#define RESOLVE_AGAIN_NS (60 * HEALTH_NS_PER_S)
#define RESOLVE_SOON_NS (5 * HEALTH_NS_PER_S)
#define REMARK_INTERVAL_NS (60 * HEALTH_NS_PER_S)
#define HEARD_MAX 16 /* datagrams a wake */

static void say(struct monitor *monitor, const char *what, const char *why)
{
    char text[512];
    int64_t now_ns = health_clock_ns();

    if (monitor->said_ns && now_ns - monitor->said_ns < REMARK_INTERVAL_NS)
        return;
    monitor->said_ns = now_ns;
    snprintf(text, sizeof text, "monitor %s: %s: %s", monitor->text, what, why);
    monitor->remark(monitor->context, HEALTH_NODE_NONE, text);
}

static void disconnect(struct monitor *monitor)
{
    if (monitor->readable)
        event_free(monitor->readable);
    monitor->readable = NULL;
    if (monitor->fd >= 0)
        close(monitor->fd);
    monitor->fd = -1;
}

/* The next address of its name, if it has several. */
static void turn(struct monitor *monitor)
{
    if (monitor->resolved.count < 2)
        return;
    disconnect(monitor);
    monitor->current = (monitor->current + 1) % monitor->resolved.count;
}

/* Whatever was sent, an error of it may be waiting: reading takes it away. */
static void readable(evutil_socket_t fd, short what, void *context)
{
    struct monitor *monitor = context;
    char datagram[WIRE_MAX + 2];

    (void)what;
    for (unsigned i = 0; i < HEARD_MAX && monitor->fd == fd; i++) {
        ssize_t size = recv(fd, datagram, sizeof datagram - 1, MSG_DONTWAIT);
        if (size < 0 && errno == ECONNREFUSED)
            turn(monitor);
        else if (size < 0)
            return;
        else
            monitor->heard(monitor->context, monitor, datagram, (size_t)size);
    }
}

static bool connect_to(struct monitor *monitor, uint32_t index)
{
    const struct sockaddr *address =
        (const struct sockaddr *)&monitor->resolved.addresses[index].address;

    monitor->fd = socket(address->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (monitor->fd >= 0 &&
        connect(monitor->fd, address, monitor->resolved.addresses[index].length) == 0) {
        monitor->readable =
            event_new(monitor->base, monitor->fd, EV_READ | EV_PERSIST, readable, monitor);
        if (monitor->readable && event_priority_set(monitor->readable, 0) == 0 &&
            event_add(monitor->readable, NULL) == 0) {
            monitor->current = index;
            return true;
        }
        errno = ENOMEM;
    }
    int error = errno;
    disconnect(monitor);
    errno = error;
    return false;
}

/* A socket to the first address from the current one on that has a way. */
static bool connected(struct monitor *monitor)
{
    if (monitor->fd >= 0)
        return true;
    for (uint32_t i = 0; i < monitor->resolved.count; i++)
        if (connect_to(monitor, (monitor->current + i) % monitor->resolved.count))
            return true;
    return false;
}

static bool same_address(const struct resolved *a, uint32_t i, const struct resolved *b, uint32_t j)
{
    return a->addresses[i].length == b->addresses[j].length &&
           memcmp(&a->addresses[i].address, &b->addresses[j].address, a->addresses[i].length) == 0;
}

/* The socket is kept where its address is still one of the name's. */
static void take_addresses(struct monitor *monitor, const struct resolved *resolved)
{
    uint32_t found = 0;

    while (found < resolved->count && monitor->fd >= 0 &&
           !same_address(resolved, found, &monitor->resolved, monitor->current))
        found++;
    if (found == resolved->count)
        disconnect(monitor);
    monitor->current = found < resolved->count ? found : 0;
    monitor->resolved = *resolved;
}

static void forget_answer(struct monitor *monitor)
{
    if (monitor->answer)
        event_free(monitor->answer);
    monitor->answer = NULL;
    if (monitor->answer_fd >= 0)
        close(monitor->answer_fd);
    monitor->answer_fd = -1;
}

static void answered(evutil_socket_t fd, short what, void *context)
{
    struct monitor *monitor = context;
    struct resolved resolved;
    bool there = resolve_take(fd, &resolved);

    (void)what;
    forget_answer(monitor);
    if (there && resolved.error == 0 && resolved.count > 0) {
        take_addresses(monitor, &resolved);
        monitor->resolve_ns = health_clock_ns() + RESOLVE_AGAIN_NS;
        return;
    }
    /* What the name meant before is better than nothing. */
    say(monitor, "its name cannot be resolved, trying on",
        there ? gai_strerror(resolved.error) : "no answer");
    monitor->resolve_ns = health_clock_ns() + RESOLVE_SOON_NS;
}

static void ask(struct monitor *monitor)
{
    if (monitor->numeric || monitor->answer_fd >= 0 || health_clock_ns() < monitor->resolve_ns)
        return;
    monitor->resolve_ns = health_clock_ns() + RESOLVE_SOON_NS;
    monitor->answer_fd = resolve_begin(&monitor->parts);
    if (monitor->answer_fd < 0) {
        say(monitor, "its name cannot be resolved, trying on", strerror(errno));
        return;
    }
    monitor->answer = event_new(monitor->base, monitor->answer_fd, EV_READ, answered, monitor);
    if (!monitor->answer || event_priority_set(monitor->answer, 0) != 0 ||
        event_add(monitor->answer, NULL) != 0)
        forget_answer(monitor);
}

enum health_error monitor_begin(struct monitor *monitor)
{
    const char *wrong = address_split(monitor->text, &monitor->parts);

    monitor->fd = -1;
    monitor->answer_fd = -1;
    if (!wrong && strcmp(monitor->parts.port, "0") == 0)
        wrong = "port 0 is no port to send to";
    if (wrong) {
        say(monitor, "not an address to send heartbeats to", wrong);
        return HEALTH_EINVAL;
    }
    monitor->numeric = resolve_numeric(&monitor->parts, &monitor->resolved);
    ask(monitor);
    return HEALTH_OK;
}

void monitor_end(struct monitor *monitor)
{
    disconnect(monitor);
    forget_answer(monitor);
}

/* An error that waited for the socket is told instead of sending: the datagram goes out on the second try,
 * to the next address if this one refused. */
static void try_again(struct monitor *monitor, const char *datagram, size_t size)
{
    turn(monitor);
    if (connected(monitor))
        (void)send(monitor->fd, datagram, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The network has changed, it seems: a new socket for the next beat, and a new address where there is one. */
static void lose_way(struct monitor *monitor, int error)
{
    int64_t soon_ns = health_clock_ns() + RESOLVE_SOON_NS;

    say(monitor, "heartbeats cannot be sent, trying on", strerror(error));
    turn(monitor);
    disconnect(monitor);
    if (soon_ns < monitor->resolve_ns)
        monitor->resolve_ns = soon_ns;
}

void monitor_send(struct monitor *monitor, const char *datagram, size_t size)
{
    ask(monitor);
    if (monitor->resolved.count == 0)
        return;
    if (!connected(monitor)) {
        lose_way(monitor, errno);
        return;
    }
    if (send(monitor->fd, datagram, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return;
    if (errno == ECONNREFUSED)
        try_again(monitor, datagram, size);
    else if (errno != EAGAIN && errno != ENOBUFS)
        lose_way(monitor, errno);
}
