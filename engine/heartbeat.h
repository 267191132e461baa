/*
 * heartbeat.h - what a node's agent says of the mysqld beside it.
 */
#ifndef HEALTHD_ENGINE_HEARTBEAT_H
#define HEALTHD_ENGINE_HEARTBEAT_H

#include "layout.h"

/* Take a heartbeat. Errors: HEALTH_EINVAL (a field outside its enum). */
enum health_error heartbeat_observed(struct health_engine *engine,
                                     const struct health_observation *observation);

#endif
