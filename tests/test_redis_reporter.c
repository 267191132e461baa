/*
 * test_redis_reporter.c - the Redis reporter against a real redis-server that is treated badly.
 *
 * What is true is the engine's belief; what is tested is that Redis comes to hold it, whatever was done, in
 * a time that is printed; that no event goes back; and that nothing blocks. A plain program: it needs a
 * loop, a server and a subscriber of its own for each scene. Arguments: the scenes to play (all).
 */
#include "redis_scenes.h"

#include <healthd/observer.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;
static unsigned checks;

void check(bool good, const char *file, int line, const char *text)
{
    checks++;
    if (good)
        return;
    failures++;
    fprintf(stderr, "  FAILED at %s:%d: %s\n", file, line, text);
}

void raise_curtain(struct play *play, const struct stage_options *options)
{
    redis_server_init(&play->server);
    redis_server_start(&play->server);
    play->watcher = redis_watcher_start(&play->server);
    stage_begin(&play->stage, &play->server, options);
    CHECK(play->stage.reporter != NULL);
    CHECK(stage_until_equal(&play->stage, 5000) >= 0);
}

void drop_curtain(struct play *play)
{
    CHECK(redis_watcher_disorders(play->watcher) == 0);
    stage_end(&play->stage);
    redis_watcher_stop(play->watcher);
    redis_server_clear(&play->server);
}

void change_each(struct stage *stage, unsigned rounds)
{
    for (unsigned i = 0; i < rounds * stage->nodes; i++)
        if (directory_find(&stage->directory, i % stage->nodes))
            stage_change(stage, i % stage->nodes);
}

void recovers(struct stage *stage, const char *what, int patience_ms)
{
    int ms = stage_until_equal(stage, patience_ms);
    printf("    %s: equal after %d ms\n", what, ms);
    CHECK(ms >= 0);
    change_each(stage, 1);
    CHECK(stage_until_equal(stage, 2000) >= 0);
}

const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(json, key);
    return cJSON_IsString(item) ? item->valuestring : "?";
}

int number_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(json, key);
    return cJSON_IsNumber(item) ? item->valueint : -1;
}

cJSON *ask_json(const struct redis_server *server, const char *key, const char *field)
{
    char *text = field ? redis_server_ask(server, "HGET %s %s", key, field)
                       : redis_server_ask(server, "GET %s", key);
    cJSON *json = cJSON_Parse(text);
    if (!json)
        fprintf(stderr, "  no JSON in %s %s: \"%s\"\n", key, field ? field : "", text);
    free(text);
    return json;
}

static const struct scene {
    const char *name;
    void (*play)(void);
} scenes[] = {
#define X(name) {#name, scene_##name},
    REDIS_SCENES(X)
#undef X
};

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    unsigned played = 0;

    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        if (!wanted(scenes[i].name, argc, argv))
            continue;
        int64_t start_ns = health_clock_ns();
        printf("%s\n", scenes[i].name);
        scenes[i].play();
        printf("  (%" PRId64 " ms)\n", (health_clock_ns() - start_ns) / HEALTH_NS_PER_MS);
        played++;
    }
    printf("%u scenes, %u checks, %u failed\n", played, checks, failures);
    return failures || !played;
}
