/*
 * notify.h - what the service manager is told: sd_notify(3)'s protocol, one datagram a message.
 */
#ifndef HEALTHD_CLI_NOTIFY_H
#define HEALTHD_CLI_NOTIFY_H

#include <stdint.h>

/* Send a message such as "READY=1\nSTATUS=..." to $NOTIFY_SOCKET; nothing if that is not set. Never waits. */
void notify_send(const char *message);

/* A reload begins; it ends with "READY=1". */
void notify_reloading(void);

/* How often the manager wants "WATCHDOG=1", in microseconds; 0: it does not. */
uint64_t notify_watchdog_us(void);

#endif
