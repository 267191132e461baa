/*
 * config_call.c - a configuration from the command line: one cluster, for a first look.
 */
#include "config_private.h"
#include "config_value.h"

#include <stdlib.h>
#include <string.h>

static const char *keep(struct config *config, struct notes *notes, const char *text, size_t length)
{
    const char *kept = config_keep(config, text, length);
    if (!kept)
        notes_error(notes, 0, "memory is short");
    return kept;
}

/* "n1=10.0.0.1:3306" */
static void read_node(struct config *config, struct notes *notes, const char *text,
                      struct config_node *node)
{
    struct config_endpoint endpoint;
    const char *equals = strchr(text, '=');

    node->name = node->host = ""; /* refused, unless all is well */
    if (!equals || !config_endpoint_parse(equals + 1, &endpoint)) {
        notes_error(notes, 0, "--node %s: NAME=HOST[:PORT] is expected", text);
        return;
    }
    node->name = keep(config, notes, text, (size_t)(equals - text));
    node->host = keep(config, notes, endpoint.host, endpoint.host_length);
    node->port = endpoint.port;
    if (node->name && !config_name_valid(node->name))
        notes_error(notes, 0, "--node %s: a name of " CONFIG_NAME_EXPECTED " is expected", text);
}

static const char *read_file(struct config *config, struct notes *notes, const char *option,
                             const char *path, enum config_content content)
{
    const char *expected;
    if (!path)
        return NULL;
    const char *problem = config_file_problem(path, content, &expected);
    if (problem)
        notes_error(notes, 0, "%s %s: %s is expected: %s", option, path, expected, problem);
    else if (config_file_exposed(path))
        notes_warn(notes, 0, "%s can be read by everybody on this machine: chmod o-r it", path);
    return keep(config, notes, path, strlen(path));
}

static void read_cluster(const struct config_call *call, struct config *config, struct notes *notes)
{
    struct config_cluster *cluster = calloc(1, sizeof *cluster);
    if (!cluster) {
        notes_error(notes, 0, "memory is short");
        return;
    }
    config->clusters = cluster;
    config->cluster_count = 1;
    cluster->name = keep(config, notes, call->cluster, strlen(call->cluster));
    if (cluster->name && !config_name_valid(cluster->name))
        notes_error(notes, 0, "--cluster %s: a name of " CONFIG_NAME_EXPECTED " is expected",
                    call->cluster);
    if (call->user)
        cluster->user = keep(config, notes, call->user, strlen(call->user));
    cluster->password_file =
        read_file(config, notes, "--password-file", call->password_file, CONFIG_CONTENT_SECRET);
    cluster->nodes = calloc(call->node_count ? call->node_count : 1, sizeof *cluster->nodes);
    cluster->node_count = cluster->nodes ? call->node_count : 0;
    for (size_t i = 0; i < cluster->node_count; i++)
        read_node(config, notes, call->nodes[i], &cluster->nodes[i]);
}

/* NULL: not given, or it was refused. */
static const char *read_listen(struct config *config, struct notes *notes, const char *option,
                               const char *listen)
{
    if (!listen)
        return NULL;
    if (strcmp(listen, CONFIG_LISTEN_NONE) != 0 && !config_listen_valid(listen))
        notes_error(notes, 0, "%s %s: " CONFIG_LISTEN_EXPECTED ", or none, is expected", option,
                    listen);
    return keep(config, notes, listen, strlen(listen));
}

bool config_call(const struct config_call *call, config_say *say, void *context,
                 struct config *ret_config)
{
    struct notes notes = {.path = "healthd"};

    config_init(ret_config);
    read_cluster(call, ret_config, &notes);
    ret_config->heartbeat_key_file =
        read_file(ret_config, &notes, "--key-file", call->key_file, CONFIG_CONTENT_KEY);
    ret_config->heartbeat_listen =
        read_listen(ret_config, &notes, "--heartbeat", call->heartbeat_listen);
    ret_config->http_listen = read_listen(ret_config, &notes, "--http", call->http_listen);
    ret_config->http_token_file =
        read_file(ret_config, &notes, "--token-file", call->token_file, CONFIG_CONTENT_SECRET);
    config_check(ret_config, CONFIG_FOR_DAEMON, &notes);
    notes_tell(&notes, say, context);
    bool good = notes.error_count == 0;
    notes_clear(&notes);
    return good;
}
