/*
 * testimony.h - what a probe or an idle link shows becomes testimony.
 */
#ifndef HEALTHD_ENGINE_TESTIMONY_H
#define HEALTHD_ENGINE_TESTIMONY_H

#include "layout.h"

/* Take what a probe or a link shows. Errors: HEALTH_EINVAL (a field outside its enum). */
enum health_error probe_observed(struct health_engine *engine,
                                 const struct health_observation *observation);
enum health_error link_observed(struct health_engine *engine,
                                const struct health_observation *observation);

#endif
