/*
 * heartbeat_address.c - addresses as people write them.
 */
#include "heartbeat_address.h"

#include <healthd/heartbeat.h>

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_port(const char *text)
{
    size_t length = strlen(text);
    return length >= 1 && length <= 5 && strspn(text, "0123456789") == length &&
           strtol(text, NULL, 10) <= 65535;
}

/* Where the port begins; NULL: there is none. The host is what stands before, *ret_length of it. */
static const char *find_port(const char *host, size_t *ret_length)
{
    const char *colon = strrchr(host, ':');
    *ret_length = colon ? (size_t)(colon - host) : strlen(host);
    return colon ? colon + 1 : NULL;
}

const char *address_split(const char *text, struct address_parts *ret_parts)
{
    const char *host = text;
    const char *port;
    size_t length;

    if (*text == '[') {
        const char *close = strchr(text, ']');
        if (!close || (close[1] != '\0' && close[1] != ':'))
            return "an IPv6 address is written [ADDRESS]:PORT";
        host = text + 1;
        length = (size_t)(close - host);
        port = close[1] ? close + 2 : NULL;
    } else {
        port = find_port(text, &length);
        if (memchr(text, ':', length))
            return "an IPv6 address is written [ADDRESS]:PORT";
    }
    if (length == 0 || length >= ADDRESS_HOST_MAX)
        return "HOST:PORT is expected";
    if (port && !is_port(port))
        return "a port from 0 to 65535 is expected after the colon";
    snprintf(ret_parts->host, sizeof ret_parts->host, "%.*s", (int)length, host);
    if (port)
        snprintf(ret_parts->port, sizeof ret_parts->port, "%.7s", port);
    else
        snprintf(ret_parts->port, sizeof ret_parts->port, "%d", HEALTH_HEARTBEAT_PORT);
    return NULL;
}

void address_format(const struct sockaddr *address, socklen_t length, char text[ADDRESS_TEXT_MAX])
{
    char host[48];
    char port[8];

    if (getnameinfo(address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(text, ADDRESS_TEXT_MAX, "?");
    else
        snprintf(text, ADDRESS_TEXT_MAX, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}
