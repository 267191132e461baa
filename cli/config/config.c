/*
 * config.c - a configuration's life, its defaults, and the limits that follow from it.
 */
#include "config_private.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_CAPACITY 1024
#define REDIS_ADDRESS "127.0.0.1:6379"
#define REDIS_LOG_LENGTH 10000

/* Without a key anybody who reaches the port can forge an agent's word, so only this machine does. */
#define LISTEN_WITH_KEY "0.0.0.0:9201"
#define LISTEN_WITHOUT_KEY "127.0.0.1:9201"

/* Where clustercheck's users expect it. */
#define HTTP_LISTEN "127.0.0.1:9200"

#define AGENT_CHECK_LISTEN "127.0.0.1:9202"

struct config_text {
    struct config_text *next;
    char text[];
};

const char *config_keep(struct config *config, const char *text, size_t length)
{
    struct config_text *kept = malloc(sizeof *kept + length + 1);
    if (!kept)
        return NULL;
    memcpy(kept->text, text, length);
    kept->text[length] = '\0';
    kept->next = config->texts;
    config->texts = kept;
    return kept->text;
}

void config_init(struct config *config)
{
    *config = (struct config){.report_stdout = true};
}

void config_clear(struct config *config)
{
    while (config->texts) {
        struct config_text *next = config->texts->next;
        free(config->texts);
        config->texts = next;
    }
    for (size_t i = 0; i < config->cluster_count; i++)
        free(config->clusters[i].nodes);
    free(config->clusters);
    config_clear_handlers(config);
    memset(config, 0, sizeof *config);
}

const struct config_cluster *config_find_cluster(const struct config *config, const char *name)
{
    for (size_t i = 0; config && i < config->cluster_count; i++)
        if (strcmp(config->clusters[i].name, name) == 0)
            return &config->clusters[i];
    return NULL;
}

const struct config_node *config_find_node(const struct config_cluster *cluster, const char *name)
{
    for (size_t i = 0; cluster && i < cluster->node_count; i++)
        if (strcmp(cluster->nodes[i].name, name) == 0)
            return &cluster->nodes[i];
    return NULL;
}

static void fill_number(uint32_t *number, uint32_t value)
{
    if (!*number)
        *number = value;
}

static void fill_text(const char **text, const char *value)
{
    if (!*text)
        *text = value;
}

static void forget_none(const char **listen)
{
    if (strcmp(*listen, CONFIG_LISTEN_NONE) == 0)
        *listen = NULL;
}

static void fill_cluster(struct config_cluster *cluster)
{
    fill_number(&cluster->expected_size, (uint32_t)cluster->node_count);
    if (!cluster->defaults_file)
        fill_text(&cluster->user, CONFIG_USER);
    for (size_t i = 0; i < cluster->node_count; i++) {
        struct config_node *node = &cluster->nodes[i];
        fill_text(&node->host, node->name);
        fill_number(&node->port, CONFIG_MYSQL_PORT);
        fill_number(&node->extra_port, cluster->extra_port);
    }
}

void config_fill(struct config *config)
{
    fill_number(&config->probe_interval_ms, 1000);
    fill_number(&config->probe_timeout_ms, 500);
    uint32_t view_ms = 2 * config->probe_interval_ms;
    fill_number(&config->view_interval_ms, view_ms > 3000 ? view_ms : 3000);
    fill_number(&config->heartbeat_interval_ms, 500);
    fill_text(&config->heartbeat_listen,
              config->heartbeat_key_file ? LISTEN_WITH_KEY : LISTEN_WITHOUT_KEY);
    fill_text(&config->http_listen, HTTP_LISTEN);
    fill_text(&config->agent_check.listen,
              config->agent_check.wanted ? AGENT_CHECK_LISTEN : CONFIG_LISTEN_NONE);
    forget_none(&config->heartbeat_listen);
    forget_none(&config->http_listen);
    forget_none(&config->agent_check.listen);
    fill_number(&config->queue_capacity, QUEUE_CAPACITY);
    fill_text(&config->redis.address, REDIS_ADDRESS);
    fill_number(&config->redis.log_length, REDIS_LOG_LENGTH);
    for (size_t i = 0; i < config->cluster_count; i++)
        fill_cluster(&config->clusters[i]);
    config_fill_handlers(config);
}

size_t config_node_count(const struct config *config)
{
    size_t nodes = 0;
    for (size_t i = 0; i < config->cluster_count; i++)
        nodes += config->clusters[i].node_count;
    return nodes;
}

bool config_limits(const struct config *config, struct health_limits *ret_limits)
{
    const struct health_cadence cadence = {
        .probe_interval_ns = config->probe_interval_ms * HEALTH_NS_PER_MS,
        .probe_timeout_ns = config->probe_timeout_ms * HEALTH_NS_PER_MS,
        .heartbeat_interval_ns = config->heartbeat_interval_ms * HEALTH_NS_PER_MS,
    };

    if (health_limits_derive(&cadence, ret_limits) != HEALTH_OK)
        return false;
#define X(name, text) \
    if (config->limits.name##_ns) \
        ret_limits->name##_ns = config->limits.name##_ns;
    HEALTH_LIMITS(X)
#undef X
    return true;
}
