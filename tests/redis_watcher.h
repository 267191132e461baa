/*
 * redis_watcher.h - a subscriber in a thread of its own: notes when events come, and that none comes out of
 * order: of each node (and cluster) the (epoch, version) never goes back.
 */
#ifndef HEALTHD_TESTS_REDIS_WATCHER_H
#define HEALTHD_TESTS_REDIS_WATCHER_H

#include "redis_server.h"

#include <stdint.h>

struct redis_watcher;

/* Subscribe to the events of all clusters; returns when subscribed. Connects again when the connection is
 * lost, and remembers what it has seen. */
struct redis_watcher *redis_watcher_start(const struct redis_server *server);

/* Unsubscribe and free. */
void redis_watcher_stop(struct redis_watcher *watcher);

uint64_t redis_watcher_events(const struct redis_watcher *watcher);
uint64_t redis_watcher_disorders(const struct redis_watcher *watcher);
uint64_t redis_watcher_repeats(const struct redis_watcher *watcher); /* the same version again */
int64_t redis_watcher_last_ns(const struct redis_watcher *watcher);  /* when the last event came */

#endif
