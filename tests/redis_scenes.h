/*
 * redis_scenes.h - what the scenes of the Redis reporter's test share.
 */
#ifndef HEALTHD_TESTS_REDIS_SCENES_H
#define HEALTHD_TESTS_REDIS_SCENES_H

#include "redis_stage.h"
#include "redis_watcher.h"

#include <cjson/cJSON.h>

#define REDIS_SCENES(X) \
    X(values) \
    X(log) \
    X(coalesced) \
    X(restart) \
    X(frozen) \
    X(full) \
    X(readonly) \
    X(masterdown) \
    X(disk) \
    X(password) \
    X(noauth) \
    X(flushed_scripts) \
    X(killed_connections) \
    X(lost_data) \
    X(wrong_type) \
    X(reporter_dies) \
    X(two_reporters) \
    X(script) \
    X(names) \
    X(addresses) \
    X(slow_name) \
    X(no_redis) \
    X(last_words) \
    X(latency) \
    X(throughput)

#define X(name) void scene_##name(void);
REDIS_SCENES(X)
#undef X

/* Count a check, and tell when it fails. */
void check(bool good, const char *file, int line, const char *text);
#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)

/* A scene: a server, a subscriber, a stage, played by one function. */
struct play {
    struct redis_server server;
    struct redis_watcher *watcher;
    struct stage stage;
};

void raise_curtain(struct play *play, const struct stage_options *options);

/* Nothing may have gone back meanwhile. */
void drop_curtain(struct play *play);

/* Make every node change so many times. */
void change_each(struct stage *stage, unsigned rounds);

/* After a mishap is over: all must be there, and what changes then. `what` is printed with the time it took. */
void recovers(struct stage *stage, const char *what, int patience_ms);

/* Members of an object; "?" and -1 where there is none of that type. */
const char *text_of(const cJSON *json, const char *key);
int number_of(const cJSON *json, const char *key);

/* A key's value, or a field's of a hash. The caller deletes. */
cJSON *ask_json(const struct redis_server *server, const char *key, const char *field);

#endif
