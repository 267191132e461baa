/*
 * redis_watcher.c - a subscriber that checks the order of what it hears.
 */
#include "redis_watcher.h"

#include <cjson/cJSON.h>
#include <healthd/observer.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECTS_MAX 20000u

struct heard {
    char name[64]; /* CLUSTER/NODE */
    double epoch;
    double version;
};

struct redis_watcher {
    const struct redis_server *server;
    pthread_t thread;
    atomic_bool stop;
    atomic_bool subscribed;
    atomic_ullong events;
    atomic_ullong disorders;
    atomic_ullong repeats;
    atomic_llong last_ns;
    struct heard *heard; /* a hash table with linear probing */
};

static struct heard *find(struct redis_watcher *watcher, const char *name)
{
    size_t at = 5381;
    for (const char *c = name; *c; c++)
        at = at * 33 + (unsigned char)*c;
    for (at %= SUBJECTS_MAX;; at = (at + 1) % SUBJECTS_MAX) {
        struct heard *heard = &watcher->heard[at];
        if (!heard->name[0])
            snprintf(heard->name, sizeof heard->name, "%s", name);
        if (strcmp(heard->name, name) == 0)
            return heard;
    }
}

static void hear(struct redis_watcher *watcher, const char *text)
{
    cJSON *json = cJSON_Parse(text);
    const cJSON *node = cJSON_GetObjectItem(json, "node");
    const cJSON *cluster = cJSON_GetObjectItem(json, "cluster");
    const cJSON *epoch = cJSON_GetObjectItem(json, "epoch");
    const cJSON *version = cJSON_GetObjectItem(json, "version");
    bool removed = cJSON_IsTrue(cJSON_GetObjectItem(json, "removed"));
    char name[64];

    if (!cluster || !epoch || (!version && !removed)) {
        fprintf(stderr, "no event: %s\n", text);
        atomic_fetch_add(&watcher->disorders, 1);
    } else {
        snprintf(name, sizeof name, "%.30s/%.30s", cluster->valuestring,
                 node ? node->valuestring : "");
        struct heard *heard = find(watcher, name);
        double number = removed ? 0 : version->valuedouble;
        if (epoch->valuedouble < heard->epoch ||
            (epoch->valuedouble == heard->epoch && number < heard->version)) {
            fprintf(stderr, "out of order after %.0f, %.0f: %s\n", heard->epoch, heard->version,
                    text);
            atomic_fetch_add(&watcher->disorders, 1);
        }
        if (epoch->valuedouble == heard->epoch && number == heard->version)
            atomic_fetch_add(&watcher->repeats, 1);
        heard->epoch = epoch->valuedouble;
        heard->version = number;
    }
    cJSON_Delete(json);
}

/* Until the connection is lost or the test ends. */
static void listen_to(struct redis_watcher *watcher, redisContext *context)
{
    redisReply *reply;

    redisAppendCommand(context, "PSUBSCRIBE healthd:*:events");
    int written = 0;
    while (!written)
        if (redisBufferWrite(context, &written) != REDIS_OK)
            return;
    while (!atomic_load(&watcher->stop)) {
        struct pollfd ready = {.fd = context->fd, .events = POLLIN};
        if (poll(&ready, 1, 20) == 0)
            continue;
        if (redisBufferRead(context) != REDIS_OK)
            return;
        int64_t now_ns = health_clock_ns();
        while (redisGetReplyFromReader(context, (void **)&reply) == REDIS_OK && reply) {
            if (reply->elements == 4) {
                hear(watcher, reply->element[3]->str);
                atomic_store(&watcher->last_ns, now_ns);
                atomic_fetch_add(&watcher->events, 1);
            } else {
                atomic_store(&watcher->subscribed, true);
            }
            freeReplyObject(reply);
        }
    }
}

static void *watch(void *argument)
{
    struct redis_watcher *watcher = argument;
    const struct timeval patience = {0, 200000};
    const struct timespec pause = {.tv_nsec = 5000000};

    while (!atomic_load(&watcher->stop)) {
        redisContext *context =
            redisConnectWithTimeout("127.0.0.1", watcher->server->port, patience);
        if (context && !context->err) {
            if (watcher->server->password[0])
                freeReplyObject(redisCommand(context, "AUTH %s", watcher->server->password));
            listen_to(watcher, context);
        }
        redisFree(context);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

struct redis_watcher *redis_watcher_start(const struct redis_server *server)
{
    struct redis_watcher *watcher = calloc(1, sizeof *watcher);
    const struct timespec pause = {.tv_nsec = 1000000};

    watcher->heard = calloc(SUBJECTS_MAX, sizeof *watcher->heard);
    watcher->server = server;
    if (!watcher->heard || pthread_create(&watcher->thread, NULL, watch, watcher) != 0)
        abort();
    while (!atomic_load(&watcher->subscribed))
        nanosleep(&pause, NULL);
    return watcher;
}

void redis_watcher_stop(struct redis_watcher *watcher)
{
    atomic_store(&watcher->stop, true);
    pthread_join(watcher->thread, NULL);
    free(watcher->heard);
    free(watcher);
}

uint64_t redis_watcher_events(const struct redis_watcher *watcher)
{
    return atomic_load(&watcher->events);
}

uint64_t redis_watcher_disorders(const struct redis_watcher *watcher)
{
    return atomic_load(&watcher->disorders);
}

int64_t redis_watcher_last_ns(const struct redis_watcher *watcher)
{
    return atomic_load(&watcher->last_ns);
}

uint64_t redis_watcher_repeats(const struct redis_watcher *watcher)
{
    return atomic_load(&watcher->repeats);
}
