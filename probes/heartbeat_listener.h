/*
 * heartbeat_listener.h - what tests need to know of a listener beyond <healthd/heartbeat.h>.
 */
#ifndef HEALTHD_PROBES_HEARTBEAT_LISTENER_H
#define HEALTHD_PROBES_HEARTBEAT_LISTENER_H

#include <healthd/heartbeat.h>

/* The port it is bound to, for one that was asked for port 0. */
uint16_t listener_port(const struct health_listener *listener);

#endif
