/*
 * config_file.c - a configuration file: which keys there are, and how each is read.
 *
 * Each mapping has a table of its keys. A key that is not in it is an error, because a misspelt limit
 * that is silently ignored is worse than none; so is one that is said twice.
 */
#include "config_private.h"
#include "config_value.h"
#include "yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct notes notes;
    yaml_document_t tree;
    struct config *config;
    bool whole; /* for the daemon: nothing may be missing */
};

struct key;
typedef void read_value(struct reading *reading, const struct key *key, yaml_node_t *value,
                        void *target);

/* One key of a mapping. `target` of its reader is where the mapping's values go. */
struct key {
    const char *name;
    read_value *read;
    size_t offset; /* of the field in the target */
    uint32_t min;
    uint32_t max;
    const struct key *keys; /* what its value, or each item of it, may have */
};

static read_value read_number, read_flag, read_text, read_name, read_host, read_listen,
    read_endpoint, read_file, read_new_file, read_limit, read_section, read_redis, read_agent_check,
    read_nodes, read_clusters;

#define NO_MORE \
    { \
        NULL, NULL, 0, 0, 0, NULL \
    }
#define NUMBER(name, type, field, min, max) \
    { \
        name, read_number, offsetof(struct type, field), min, max, NULL \
    }
#define VALUE(name, reader, type, field) \
    { \
        name, reader, offsetof(struct type, field), 0, 0, NULL \
    }

static const struct key node_keys[] = {
    VALUE("name", read_name, config_node, name),
    VALUE("address", read_host, config_node, host),
    NUMBER("port", config_node, port, 1, UINT16_MAX),
    NUMBER("extra_port", config_node, extra_port, 1, UINT16_MAX),
    NO_MORE,
};

static const struct key cluster_keys[] = {
    VALUE("name", read_name, config_cluster, name),
    NUMBER("expected_size", config_cluster, expected_size, 1, HEALTH_CLUSTER_NODES_MAX),
    VALUE("user", read_text, config_cluster, user),
    VALUE("password_file", read_file, config_cluster, password_file),
    VALUE("defaults_file", read_file, config_cluster, defaults_file),
    VALUE("tls_ca", read_file, config_cluster, tls_ca),
    VALUE("tls_cert", read_file, config_cluster, tls_cert),
    VALUE("tls_key", read_file, config_cluster, tls_key),
    NUMBER("extra_port", config_cluster, extra_port, 1, UINT16_MAX),
    {"nodes", read_nodes, 0, 0, 0, node_keys},
    NO_MORE,
};

static const struct key probe_keys[] = {
    NUMBER("interval_ms", config, probe_interval_ms, 1, CONFIG_INTERVAL_MAX_MS),
    NUMBER("timeout_ms", config, probe_timeout_ms, 1, CONFIG_INTERVAL_MAX_MS),
    NUMBER("view_interval_ms", config, view_interval_ms, 1, CONFIG_INTERVAL_MAX_MS),
    NO_MORE,
};

static const struct key heartbeat_keys[] = {
    VALUE("listen", read_listen, config, heartbeat_listen),
    NUMBER("interval_ms", config, heartbeat_interval_ms, 1, CONFIG_INTERVAL_MAX_MS),
    VALUE("key_file", read_file, config, heartbeat_key_file),
    NO_MORE,
};

static const struct key http_keys[] = {
    VALUE("listen", read_listen, config, http_listen),
    VALUE("token_file", read_file, config, http_token_file),
    VALUE("maintenance_file", read_new_file, config, http_maintenance_file),
    NO_MORE,
};

static const struct key agent_check_keys[] = {
    VALUE("listen", read_listen, config_agent_check, listen),
    NO_MORE,
};

static const struct key redis_keys[] = {
    VALUE("address", read_endpoint, config_redis, address),
    VALUE("user", read_text, config_redis, user),
    VALUE("password_file", read_file, config_redis, password_file),
    NUMBER("log_length", config_redis, log_length, 1, 100000000),
    NO_MORE,
};

static const struct key report_keys[] = {
    NUMBER("queue_capacity", config, queue_capacity, 1, 1048576),
    VALUE("stdout", read_flag, config, report_stdout),
    {"redis", read_redis, offsetof(struct config, redis), 0, 0, redis_keys},
    NO_MORE,
};

static const struct key limit_keys[] = {
#define X(name, text) \
    { \
        #name "_ms", \
        read_limit, \
        offsetof(struct health_limits, name##_ns), \
        1, \
        CONFIG_INTERVAL_MAX_MS, \
        NULL},
    HEALTH_LIMITS(X)
#undef X
        NO_MORE,
};

static const struct key document_keys[] = {
    {"clusters", read_clusters, 0, 0, 0, cluster_keys},
    {"probe", read_section, 0, 0, 0, probe_keys},
    {"heartbeat", read_section, 0, 0, 0, heartbeat_keys},
    {"http", read_section, 0, 0, 0, http_keys},
    {"agent_check", read_agent_check, offsetof(struct config, agent_check), 0, 0, agent_check_keys},
    {"report", read_section, 0, 0, 0, report_keys},
    VALUE("record", read_new_file, config, record),
    VALUE("memory", read_new_file, config, memory),
    {"limits", read_section, offsetof(struct config, limits), 0, 0, limit_keys},
    NO_MORE,
};

/* ---- Single values ---- */

static yaml_node_t *node_of(struct reading *reading, int number)
{
    return yaml_document_get_node(&reading->tree, number);
}

static void *field_of(const struct key *key, void *target)
{
    return (char *)target + key->offset;
}

/* A value that is not so: say what is expected, and what was found if it is a word. */
static void refuse(struct reading *reading, const struct key *key, const yaml_node_t *value,
                   const char *expected)
{
    const char *text = yaml_text(value);
    notes_error(&reading->notes, yaml_line(value), "%s is expected for %s%s%s%s", expected,
                key->name, text ? ", not \"" : "", text ? text : "", text ? "\"" : "");
}

static void read_number(struct reading *reading, const struct key *key, yaml_node_t *value,
                        void *target)
{
    char expected[48];
    if (yaml_number(value, key->min, key->max, field_of(key, target)))
        return;
    snprintf(expected, sizeof expected, "a number from %u to %u", key->min, key->max);
    refuse(reading, key, value, expected);
}

static void read_flag(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    if (!yaml_flag(value, field_of(key, target)))
        refuse(reading, key, value, "true or false");
}

/* Keep a text that is as `valid` wants it. NULL: it is not, and that was said; the field is "" then, so
 * that nobody says that it is missing. */
static const char *keep_text(struct reading *reading, const struct key *key, yaml_node_t *value,
                             void *target, bool (*valid)(const char *text), const char *expected)
{
    const char *text = yaml_text(value);
    const char **field = field_of(key, target);

    *field = "";
    if (!text || !*text || (valid && !valid(text))) {
        refuse(reading, key, value, expected);
        return NULL;
    }
    const char *kept = config_keep(reading->config, text, strlen(text));
    if (kept)
        *field = kept;
    else
        notes_error(&reading->notes, yaml_line(value), "memory is short");
    return kept;
}

static void read_text(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    keep_text(reading, key, value, target, NULL, "a text");
}

static void read_name(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    keep_text(reading, key, value, target, config_name_valid, CONFIG_NAME_EXPECTED);
}

static void read_host(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    keep_text(reading, key, value, target, config_host_valid, CONFIG_HOST_EXPECTED);
}

static bool listen_or_none(const char *text)
{
    return strcmp(text, CONFIG_LISTEN_NONE) == 0 || config_listen_valid(text);
}

static void read_listen(struct reading *reading, const struct key *key, yaml_node_t *value,
                        void *target)
{
    keep_text(reading, key, value, target, listen_or_none, CONFIG_LISTEN_EXPECTED ", or none,");
}

static void read_endpoint(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    keep_text(reading, key, value, target, config_redis_valid, CONFIG_ENDPOINT_EXPECTED ",");
}

/* Who only replays has none of these files. */
static void read_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    const char *path = keep_text(reading, key, value, target, NULL, "the path of a file");
    if (!path || !reading->whole)
        return;
    const char *problem = config_file_problem(path);
    if (problem)
        notes_error(&reading->notes, yaml_line(value),
                    "a file that can be read is expected for %s: %s: %s", key->name, path, problem);
    else if (strncmp(key->name, "tls_c", strlen("tls_c")) != 0 && config_file_exposed(path))
        notes_warn(&reading->notes, yaml_line(value),
                   "%s can be read by everybody on this machine: chmod o-r it", path);
}

static void read_new_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    const char *path = keep_text(reading, key, value, target, NULL, "the path of a file");
    const char *problem = path && reading->whole ? config_directory_problem(path) : NULL;
    if (problem)
        notes_error(&reading->notes, yaml_line(value),
                    "a file that can be created is expected for %s: %s: %s", key->name, path,
                    problem);
}

/* The first three are the cadence, which the prober goes by too: it is given in one place only. */
static void read_limit(struct reading *reading, const struct key *key, yaml_node_t *value,
                       void *target)
{
    uint32_t number_ms = 0;
    const struct key number = {key->name, NULL, 0, key->min, key->max, NULL};

    if (key->offset <= offsetof(struct health_limits, heartbeat_interval_ns)) {
        notes_error(&reading->notes, yaml_line(value),
                    "%s is set by interval_ms and timeout_ms of probe and heartbeat", key->name);
        return;
    }
    read_number(reading, &number, value, &number_ms);
    *(int64_t *)field_of(key, target) = number_ms * HEALTH_NS_PER_MS;
}

/* ---- Mappings and lists ---- */

static const struct key *find_key(const struct key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static void refuse_key(struct reading *reading, const yaml_node_t *node, const char *name,
                       const struct key *keys)
{
    char known[512];
    size_t length = 0;

    for (const struct key *key = keys; key->name && length < sizeof known; key++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                   key == keys ? "" : ", ", key->name);
    notes_error(&reading->notes, yaml_line(node),
                "key \"%s\" is not known here; one of these is expected: %s", name, known);
}

/* The line where a key of a mapping was said before `pair`; 0: it was not. */
static size_t said_before(struct reading *reading, const yaml_node_t *mapping,
                          const yaml_node_pair_t *pair, const char *name)
{
    for (const yaml_node_pair_t *other = mapping->data.mapping.pairs.start; other < pair; other++) {
        const yaml_node_t *key = node_of(reading, other->key);
        const char *text = yaml_text(key);
        if (text && strcmp(text, name) == 0)
            return yaml_line(key);
    }
    return 0;
}

static void read_pair(struct reading *reading, const yaml_node_t *mapping,
                      const yaml_node_pair_t *pair, const struct key *keys, void *target)
{
    const yaml_node_t *name_node = node_of(reading, pair->key);
    const char *name = yaml_text(name_node);

    if (!name) {
        notes_error(&reading->notes, yaml_line(name_node), "the name of a key is expected");
        return;
    }
    const struct key *key = find_key(keys, name);
    size_t before = said_before(reading, mapping, pair, name);
    if (!key)
        refuse_key(reading, name_node, name, keys);
    else if (before)
        notes_error(&reading->notes, yaml_line(name_node),
                    "%s is said once, and line %zu says it already", name, before);
    else
        key->read(reading, key, node_of(reading, pair->value), target);
}

static void read_mapping(struct reading *reading, const yaml_node_t *mapping,
                         const struct key *keys, void *target)
{
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++)
        read_pair(reading, mapping, pair, keys, target);
}

/* A section whose keys are all commented out is empty, not wrong. */
static void read_section(struct reading *reading, const struct key *key, yaml_node_t *value,
                         void *target)
{
    if (value->type == YAML_MAPPING_NODE)
        read_mapping(reading, value, key->keys, field_of(key, target));
    else if (!yaml_is_null(value))
        refuse(reading, key, value, "a mapping of keys and values");
}

static void read_redis(struct reading *reading, const struct key *key, yaml_node_t *value,
                       void *target)
{
    struct config_redis *redis = field_of(key, target);
    redis->wanted = true;
    read_section(reading, key, value, target);
}

static void read_agent_check(struct reading *reading, const struct key *key, yaml_node_t *value,
                             void *target)
{
    struct config_agent_check *agent_check = field_of(key, target);
    agent_check->wanted = true;
    read_section(reading, key, value, target);
}

/* The items of a list of mappings, each with its line, into an array. NULL: there are none. */
static void *read_list(struct reading *reading, const struct key *key, const yaml_node_t *value,
                       size_t item_size, size_t line_offset, size_t *ret_count)
{
    if (value->type != YAML_SEQUENCE_NODE) {
        refuse(reading, key, value, "a list of mappings");
        return NULL;
    }
    const yaml_node_item_t *start = value->data.sequence.items.start;
    size_t count = (size_t)(value->data.sequence.items.top - start);
    char *array = count ? calloc(count, item_size) : NULL;
    if (count && !array)
        notes_error(&reading->notes, yaml_line(value), "memory is short");
    for (size_t i = 0; array && i < count; i++) {
        const yaml_node_t *item = node_of(reading, start[i]);
        char *place = array + i * item_size;
        *(size_t *)(void *)(place + line_offset) = yaml_line(item);
        if (item->type == YAML_MAPPING_NODE)
            read_mapping(reading, item, key->keys, place);
        else
            refuse(reading, key, item, "a mapping with a name");
    }
    *ret_count = array ? count : 0;
    return array;
}

static void read_nodes(struct reading *reading, const struct key *key, yaml_node_t *value,
                       void *target)
{
    struct config_cluster *cluster = target;
    cluster->nodes = read_list(reading, key, value, sizeof *cluster->nodes,
                               offsetof(struct config_node, line), &cluster->node_count);
}

static void read_clusters(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    struct config *config = target;
    config->clusters = read_list(reading, key, value, sizeof *config->clusters,
                                 offsetof(struct config_cluster, line), &config->cluster_count);
    if (reading->whole && value->type == YAML_SEQUENCE_NODE && !config->cluster_count)
        refuse(reading, key, value, "at least one cluster");
}

/* Is this key in a mapping? */
static bool has_key(struct reading *reading, const yaml_node_t *mapping, const char *name)
{
    return said_before(reading, mapping, mapping->data.mapping.pairs.top, name) > 0;
}

static void read_document(struct reading *reading)
{
    const yaml_node_t *root = yaml_document_get_root_node(&reading->tree);
    bool empty = !root || yaml_is_null(root);

    if (!empty && root->type != YAML_MAPPING_NODE) {
        notes_error(&reading->notes, yaml_line(root), "a mapping of keys and values is expected");
        return;
    }
    if (!empty)
        read_mapping(reading, root, document_keys, reading->config);
    if (reading->whole && (empty || !has_key(reading, root, "clusters")))
        notes_error(&reading->notes, 0, "clusters are expected: there is nothing to watch");
}

bool config_read(const char *path, enum config_use use, config_say *say, void *context,
                 struct config *ret_config)
{
    struct reading reading = {
        .notes = {.path = path}, .config = ret_config, .whole = use == CONFIG_FOR_DAEMON};

    config_init(ret_config);
    if (yaml_tree_load(&reading.tree, &reading.notes)) {
        read_document(&reading);
        yaml_document_delete(&reading.tree);
        config_check(ret_config, use, &reading.notes);
    }
    notes_tell(&reading.notes, say, context);
    bool good = reading.notes.error_count == 0;
    notes_clear(&reading.notes);
    return good;
}

/* Go through the tables until the key of this index. */
static bool walk_keys(const struct key *keys, const char *section, size_t *index, char *text,
                      size_t size)
{
    for (; keys->name; keys++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", section, *section ? "." : "", keys->name);
        if ((*index)-- == 0) {
            snprintf(text, size, "%s", name);
            return true;
        }
        if (keys->keys && walk_keys(keys->keys, name, index, text, size))
            return true;
    }
    return false;
}

const char *config_key(size_t index, char *text, size_t size)
{
    return walk_keys(document_keys, "", &index, text, size) ? text : NULL;
}
