/*
 * reach.c - why a port cannot be reached.
 */
#include "reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum health_probe_error reach_error(int number, enum health_probe_error otherwise)
{
    switch (number) {
    case 0:
        return HEALTH_PROBE_NONE;
    case ECONNREFUSED:
        return HEALTH_PROBE_REFUSED;
    case ETIMEDOUT:
    case EAGAIN:
    case EINPROGRESS:
        return HEALTH_PROBE_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
        return HEALTH_PROBE_RESET;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        return HEALTH_PROBE_UNREACHABLE;
    default:
        return otherwise;
    }
}

/* 0, or why not. */
static int try_address(const struct addrinfo *address, int timeout_ms)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 || connect(fd, address->ai_addr, address->ai_addrlen) != 0 ? errno : 0;

    if (fd >= 0 && error == EINPROGRESS) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        socklen_t size = sizeof error;
        if (poll(&wait, 1, timeout_ms) > 0)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (fd >= 0)
        close(fd);
    return error;
}

enum health_probe_error reach_port(const char *host, unsigned port, int timeout_ms)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    enum health_probe_error worst = HEALTH_PROBE_REFUSED;
    struct addrinfo *addresses;
    char service[16];

    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, &hints, &addresses) != 0)
        return HEALTH_PROBE_UNREACHABLE;
    for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
        enum health_probe_error error =
            reach_error(try_address(address, timeout_ms), HEALTH_PROBE_UNREACHABLE);
        if (error == HEALTH_PROBE_NONE) {
            worst = HEALTH_PROBE_NONE;
            break;
        }
        if (error != HEALTH_PROBE_REFUSED)
            worst = error;
    }
    freeaddrinfo(addresses);
    return worst;
}
