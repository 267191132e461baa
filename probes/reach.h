/*
 * reach.h - why a port cannot be reached.
 *
 * libmariadb says of a refused connection, an unreachable host and a connect that took too long all the
 * same (error 2002, "(115)", which is EINPROGRESS): it connects without blocking and does not ask the
 * socket afterwards. But refused is evidence, and the others are not; so whoever needs to know asks here.
 */
#ifndef HEALTHD_PROBES_REACH_H
#define HEALTHD_PROBES_REACH_H

#include <healthd/observation.h>

/*
 * Try to reach a port, and give up after timeout_ms (blocks; resolves names). HEALTH_PROBE_NONE: it can be
 * reached. REFUSED only if every address of the host refuses.
 */
enum health_probe_error reach_port(const char *host, unsigned port, int timeout_ms);

/* A system's error number in a probe's words; `otherwise` for any that says nothing of the other side. */
enum health_probe_error reach_error(int number, enum health_probe_error otherwise);

#endif
