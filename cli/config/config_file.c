/*
 * config_file.c - a configuration file: which keys there are.
 */
#include "config_reading.h"

#include <stdio.h>
#include <string.h>

static read_value read_limit, read_redis, read_agent_check, read_nodes, read_clusters;

static const struct key node_keys[] = {
    VALUE("name", config_read_name, config_node, name),
    VALUE("address", config_read_host, config_node, host),
    NUMBER("port", config_node, port, 1, UINT16_MAX),
    NUMBER("extra_port", config_node, extra_port, 1, UINT16_MAX),
    NO_MORE,
};

static const struct key cluster_keys[] = {
    VALUE("name", config_read_name, config_cluster, name),
    NUMBER("expected_size", config_cluster, expected_size, 1, HEALTH_CLUSTER_NODES_MAX),
    VALUE("user", config_read_text, config_cluster, user),
    VALUE("password_file", config_read_secret_file, config_cluster, password_file),
    VALUE("defaults_file", config_read_file, config_cluster, defaults_file),
    VALUE("tls_ca", config_read_file, config_cluster, tls_ca),
    VALUE("tls_cert", config_read_file, config_cluster, tls_cert),
    VALUE("tls_key", config_read_file, config_cluster, tls_key),
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
    VALUE("listen", config_read_listen, config, heartbeat_listen),
    NUMBER("interval_ms", config, heartbeat_interval_ms, 1, CONFIG_INTERVAL_MAX_MS),
    VALUE("key_file", config_read_key_file, config, heartbeat_key_file),
    NO_MORE,
};

static const struct key http_keys[] = {
    VALUE("listen", config_read_listen, config, http_listen),
    VALUE("token_file", config_read_secret_file, config, http_token_file),
    VALUE("maintenance_file", config_read_kept_file, config, http_maintenance_file),
    NO_MORE,
};

static const struct key agent_check_keys[] = {
    VALUE("listen", config_read_listen, config_agent_check, listen),
    NO_MORE,
};

static const struct key redis_keys[] = {
    VALUE("address", config_read_endpoint, config_redis, address),
    VALUE("user", config_read_text, config_redis, user),
    VALUE("password_file", config_read_secret_file, config_redis, password_file),
    NUMBER("log_length", config_redis, log_length, 1, 100000000),
    NO_MORE,
};

static const struct key report_keys[] = {
    NUMBER("queue_capacity", config, queue_capacity, 1, 1048576),
    VALUE("stdout", config_read_flag, config, report_stdout),
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
    {"probe", config_read_section, 0, 0, 0, probe_keys},
    {"heartbeat", config_read_section, 0, 0, 0, heartbeat_keys},
    {"http", config_read_section, 0, 0, 0, http_keys},
    {"agent_check", read_agent_check, offsetof(struct config, agent_check), 0, 0, agent_check_keys},
    {"report", config_read_section, 0, 0, 0, report_keys},
    VALUE("record", config_read_new_file, config, record),
    VALUE("memory", config_read_kept_file, config, memory),
    {"handlers", config_read_handlers, offsetof(struct config, handlers), 0, 0,
     config_handlers_keys},
    {"limits", config_read_section, offsetof(struct config, limits), 0, 0, limit_keys},
    NO_MORE,
};

/* ---- Values that are read in their own way ---- */

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
    config_read_number(reading, &number, value, &number_ms);
    *(int64_t *)config_field_of(key, target) = number_ms * HEALTH_NS_PER_MS;
}

static void read_redis(struct reading *reading, const struct key *key, yaml_node_t *value,
                       void *target)
{
    struct config_redis *redis = config_field_of(key, target);
    redis->wanted = true;
    config_read_section(reading, key, value, target);
}

static void read_agent_check(struct reading *reading, const struct key *key, yaml_node_t *value,
                             void *target)
{
    struct config_agent_check *agent_check = config_field_of(key, target);
    agent_check->wanted = true;
    config_read_section(reading, key, value, target);
}

static void read_nodes(struct reading *reading, const struct key *key, yaml_node_t *value,
                       void *target)
{
    struct config_cluster *cluster = target;
    cluster->nodes =
        config_read_list(reading, key, value, "a mapping with a name", sizeof *cluster->nodes,
                         offsetof(struct config_node, line), &cluster->node_count);
}

static void read_clusters(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    struct config *config = target;
    config->clusters =
        config_read_list(reading, key, value, "a mapping with a name", sizeof *config->clusters,
                         offsetof(struct config_cluster, line), &config->cluster_count);
    if (reading->whole && value->type == YAML_SEQUENCE_NODE && !config->cluster_count)
        config_refuse(reading, key, value, "at least one cluster");
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
        config_read_mapping(reading, root, document_keys, reading->config);
    if (reading->whole && (empty || !config_has_key(reading, root, "clusters")))
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
