/*
 * heartbeat_address.h - addresses as people write them: "HOST:PORT", "[::1]:9201", "HOST".
 */
#ifndef HEALTHD_PROBES_HEARTBEAT_ADDRESS_H
#define HEALTHD_PROBES_HEARTBEAT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESS_HOST_MAX 256
#define ADDRESS_PORT_MAX 8
#define ADDRESS_TEXT_MAX 64

struct address_parts {
    char host[ADDRESS_HOST_MAX];
    char port[ADDRESS_PORT_MAX]; /* HEALTH_HEARTBEAT_PORT where none is given */
};

/* NULL, or what is wrong with the text. */
const char *address_split(const char *text, struct address_parts *ret_parts);

/* For people; "?" when it cannot be said. */
void address_format(const struct sockaddr *address, socklen_t length, char text[ADDRESS_TEXT_MAX]);

#endif
