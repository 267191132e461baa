/*
 * config.c - a configuration file, read with libyaml event by event.
 *
 * Each mapping has a table of its keys; a key that is not in it is an error with its line, because a
 * misspelt limit that is silently ignored is worse than none.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct source {
    const char *path;
    yaml_parser_t parser;
    yaml_event_t event;
    bool failed;
};

static void fail(struct source *source, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct source *source, size_t line, const char *format, ...)
{
    va_list arguments;

    if (source->failed)
        return;
    va_start(arguments, format);
    fprintf(stderr, "%s:%zu: ", source->path, line + 1);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    source->failed = true;
}

/* Go on to the next event. After a failure the stream only ends. */
static yaml_event_type_t next(struct source *source)
{
    yaml_event_delete(&source->event);
    memset(&source->event, 0, sizeof source->event);
    if (!source->failed && !yaml_parser_parse(&source->parser, &source->event))
        fail(source, source->parser.problem_mark.line, "not YAML: %s",
             source->parser.problem ? source->parser.problem : "unreadable");
    return source->failed ? YAML_STREAM_END_EVENT : source->event.type;
}

static const char *text_of(const struct source *source)
{
    return (const char *)source->event.data.scalar.value;
}

/* Skip the value whose first event is the current one. */
static void skip_value(struct source *source)
{
    int depth = 0;
    do {
        yaml_event_type_t type = source->event.type;
        if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
            depth++;
        if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
            depth--;
        if (depth > 0)
            next(source);
    } while (depth > 0 && !source->failed && source->event.type != YAML_STREAM_END_EVENT);
}

/* The current scalar as a whole number in a range. */
static uint32_t number_of(struct source *source, uint32_t min, uint32_t max)
{
    char *end = NULL;
    size_t line = source->event.start_mark.line;

    if (source->event.type != YAML_SCALAR_EVENT) {
        fail(source, line, "a number from %u to %u is expected", min, max);
        return 0;
    }
    errno = 0;
    unsigned long value = strtoul(text_of(source), &end, 10);
    if (errno || *end || end == text_of(source) || *text_of(source) == '-' || value < min ||
        value > max) {
        fail(source, line, "a number from %u to %u is expected", min, max);
        return 0;
    }
    return (uint32_t)value;
}

typedef void read_value(struct source *source, void *target, const char *key);

/* One key of a mapping: what reads its value; NULL: healthd's own, skipped here. */
struct key {
    const char *name;
    read_value *read;
};

/* Read a mapping whose start is the current event. */
static void read_mapping(struct source *source, const struct key *keys, void *target)
{
    if (source->event.type != YAML_MAPPING_START_EVENT) {
        fail(source, source->event.start_mark.line, "a mapping of keys and values is expected%s",
             "");
        return;
    }
    while (next(source) == YAML_SCALAR_EVENT) {
        const struct key *key = keys;
        while (key->name && strcmp(key->name, text_of(source)) != 0)
            key++;
        if (!key->name) {
            fail(source, source->event.start_mark.line, "key \"%s\" is not known here",
                 text_of(source));
            return;
        }
        next(source);
        if (key->read)
            key->read(source, target, key->name);
        else
            skip_value(source);
    }
}

static void read_interval(struct source *source, void *target, const char *key)
{
    (void)key;
    *(uint32_t *)target = number_of(source, 1, 3600000);
}

static void read_probe_interval(struct source *source, void *target, const char *key)
{
    read_interval(source, &((struct config *)target)->probe_interval_ms, key);
}

static void read_probe_timeout(struct source *source, void *target, const char *key)
{
    read_interval(source, &((struct config *)target)->probe_timeout_ms, key);
}

static void read_beat_interval(struct source *source, void *target, const char *key)
{
    read_interval(source, &((struct config *)target)->heartbeat_interval_ms, key);
}

static void read_probe(struct source *source, void *target, const char *key)
{
    static const struct key keys[] = {
        {"interval_ms", read_probe_interval}, {"timeout_ms", read_probe_timeout}, {NULL, NULL}};
    (void)key;
    read_mapping(source, keys, target);
}

static void read_heartbeat(struct source *source, void *target, const char *key)
{
    static const struct key keys[] = {
        {"interval_ms", read_beat_interval}, {"listen", NULL}, {"key_file", NULL}, {NULL, NULL}};
    (void)key;
    read_mapping(source, keys, target);
}

static void read_limit(struct source *source, void *target, const char *key)
{
    size_t count;
    const struct health_limit_row *rows = health_limit_rows(&count);
    struct config *config = target;

    for (size_t i = 0; i < count; i++)
        if (strncmp(rows[i].name, key, strlen(rows[i].name)) == 0 &&
            strcmp(key + strlen(rows[i].name), "_ms") == 0)
            *(int64_t *)(void *)((char *)&config->limits + rows[i].offset) =
                number_of(source, 1, 3600000) * HEALTH_NS_PER_MS;
}

static void read_limits(struct source *source, void *target, const char *key)
{
    static const struct key keys[] = {
#define X(name, text) {#name "_ms", read_limit},
        HEALTH_LIMITS(X)
#undef X
            {NULL, NULL}
    };
    (void)key;
    read_mapping(source, keys, target);
}

static void read_cluster_name(struct source *source, void *target, const char *key)
{
    struct config_cluster *cluster = target;
    (void)key;
    if (source->event.type != YAML_SCALAR_EVENT || !*text_of(source) ||
        strlen(text_of(source)) >= sizeof cluster->name)
        fail(source, source->event.start_mark.line, "a name of 1 to 63 characters is expected%s",
             "");
    else
        snprintf(cluster->name, sizeof cluster->name, "%s", text_of(source));
}

static void read_expected_size(struct source *source, void *target, const char *key)
{
    (void)key;
    ((struct config_cluster *)target)->expected_size =
        number_of(source, 1, HEALTH_CLUSTER_NODES_MAX);
}

static void read_clusters(struct source *source, void *target, const char *key)
{
    static const struct key keys[] = {{"name", read_cluster_name},
                                      {"expected_size", read_expected_size},
                                      {"user", NULL},
                                      {"password_file", NULL},
                                      {"defaults_file", NULL},
                                      {"nodes", NULL},
                                      {NULL, NULL}};
    struct config *config = target;
    (void)key;
    if (source->event.type != YAML_SEQUENCE_START_EVENT) {
        fail(source, source->event.start_mark.line, "a list of clusters is expected");
        return;
    }
    while (next(source) == YAML_MAPPING_START_EVENT) {
        if (config->cluster_count == CONFIG_CLUSTERS_MAX) {
            fail(source, source->event.start_mark.line, "at most 64 clusters are expected");
            return;
        }
        read_mapping(source, keys, &config->clusters[config->cluster_count++]);
    }
    if (!source->failed && source->event.type != YAML_SEQUENCE_END_EVENT)
        fail(source, source->event.start_mark.line, "a cluster is a mapping with a name");
}

static void read_document(struct source *source, struct config *config)
{
    static const struct key keys[] = {{"clusters", read_clusters},
                                      {"probe", read_probe},
                                      {"heartbeat", read_heartbeat},
                                      {"limits", read_limits},
                                      {"http", NULL},
                                      {"report", NULL},
                                      {"record", NULL},
                                      {NULL, NULL}};
    yaml_event_type_t type = next(source);
    while (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT)
        type = next(source);
    if (type != YAML_STREAM_END_EVENT)
        read_mapping(source, keys, config);
}

bool config_read(const char *path, struct config *ret_config)
{
    struct source source = {.path = path};
    FILE *file = fopen(path, "rb");

    memset(ret_config, 0, sizeof *ret_config);
    if (!file) {
        fprintf(stderr, "%s: cannot be opened: %s\n", path, strerror(errno));
        return false;
    }
    if (yaml_parser_initialize(&source.parser)) {
        yaml_parser_set_input_file(&source.parser, file);
        read_document(&source, ret_config);
        yaml_event_delete(&source.event);
        yaml_parser_delete(&source.parser);
    } else {
        fail(&source, 0, "out of memory");
    }
    fclose(file);
    return !source.failed;
}
