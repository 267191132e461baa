/*
 * fault_watch.h - faults are logged as they begin and end.
 *
 * Most faults come and go with a change of a state; some with time alone (a join that stands still), so that
 * each cluster is looked at after its changes and each second.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_FAULT_WATCH_H
#define HEALTHD_CLI_FAULT_WATCH_H

#include "overview.h"

struct fault_watch;

/* The overview is borrowed, and read at each look. NULL: memory is short. */
struct fault_watch *fault_watch_create(const struct overview *overview, uint32_t cluster_capacity);
void fault_watch_destroy(struct fault_watch *watch); /* NULL is fine */

/* Log what has begun or ended in a cluster since it was looked at last. */
void fault_watch_look(struct fault_watch *watch, uint32_t cluster);
void fault_watch_look_at_all(struct fault_watch *watch);

/* The number is a new cluster's. */
void fault_watch_forget(struct fault_watch *watch, uint32_t cluster);

#endif
