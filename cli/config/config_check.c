/*
 * config_check.c - what no single value shows: that something is missing, there twice, or contradicts.
 */
#include "config_private.h"

#include <healthd/engine.h>

#include <string.h>

/* "" stands for a value that was refused already. */
static bool same(const char *a, const char *b)
{
    return a && b && *a && strcmp(a, b) == 0;
}

/* Names that mean something else where nodes are named: the cluster itself in traces, the others over HTTP. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = {"cluster", "diagnosis", "acknowledge", "recover", "turn"};

    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (same(name, taken[i]))
            return true;
    return false;
}

static void check_node(const struct config_cluster *cluster, size_t index, struct notes *notes)
{
    const struct config_node *node = &cluster->nodes[index];

    if (!node->name)
        notes_error(notes, node->line, "a name is expected for this node");
    if (is_taken(node->name))
        notes_error(notes, node->line, "another name than \"%s\" is expected for a node",
                    node->name);
    for (size_t i = 0; i < index; i++) {
        const struct config_node *former = &cluster->nodes[i];
        if (same(node->name, former->name))
            notes_error(notes, node->line, "node %s is there twice: each needs a name of its own",
                        node->name);
        else if (same(node->host, former->host) && node->port == former->port)
            notes_error(notes, node->line, "node %s has this address already: each needs its own",
                        former->name ? former->name : "");
    }
}

/* Who may log in, and how. */
static void check_access(const struct config_cluster *cluster, struct notes *notes)
{
    if (cluster->password_file && cluster->defaults_file)
        notes_error(notes, cluster->line, "either password_file or defaults_file is expected");
    if (!cluster->tls_cert != !cluster->tls_key)
        notes_error(notes, cluster->line, "tls_cert and tls_key are expected together");
    if (cluster->tls_cert && !cluster->tls_ca)
        notes_error(notes, cluster->line,
                    "tls_ca is expected where tls_cert is: it makes TLS required");
}

static void check_whole(const struct config_cluster *cluster, struct notes *notes)
{
    const char *name = cluster->name ? cluster->name : "";

    if (!cluster->node_count)
        notes_error(notes, cluster->line, "nodes are expected: cluster %s has none", name);
    if (cluster->node_count > HEALTH_CLUSTER_NODES_MAX)
        notes_error(notes, cluster->nodes[HEALTH_CLUSTER_NODES_MAX].line,
                    "at most %d nodes are expected: cluster %s has %zu", HEALTH_CLUSTER_NODES_MAX,
                    name, cluster->node_count);
}

static void check_cluster(const struct config *config, size_t index, bool whole,
                          struct notes *notes)
{
    const struct config_cluster *cluster = &config->clusters[index];

    if (!cluster->name)
        notes_error(notes, cluster->line, "a name is expected for this cluster");
    for (size_t i = 0; i < index; i++)
        if (same(cluster->name, config->clusters[i].name))
            notes_error(notes, cluster->line,
                        "cluster %s is there twice: each needs a name of its own", cluster->name);
    if (whole)
        check_whole(cluster, notes);
    check_access(cluster, notes);
    for (size_t i = 0; i < cluster->node_count; i++)
        check_node(cluster, i, notes);
}

static void check_times(const struct config *config, struct notes *notes)
{
    if (config->view_interval_ms < config->probe_interval_ms)
        notes_error(notes, 0, "probe.view_interval_ms of at least interval_ms (%u) is expected",
                    config->probe_interval_ms);

    struct health_limits limits;
    const char *problem =
        config_limits(config, &limits) ? health_limits_problem(&limits) : "no limits follow";
    if (problem)
        notes_error(notes, 0,
                    "limits that agree are expected, and %s (healthctl rules prints them)",
                    problem);
}

/* HTTP and the agent-check are both of TCP. What is written in two ways and is one place, healthd finds at its start. */
static void check_listeners(const struct config *config, struct notes *notes)
{
    if (same(config->http_listen, config->agent_check.listen))
        notes_error(notes, 0,
                    "agent_check.listen: another port than http.listen has is expected (%s)",
                    config->http_listen);
}

void config_check(struct config *config, enum config_use use, struct notes *notes)
{
    bool whole = use == CONFIG_FOR_DAEMON;

    if (whole)
        config_fill(config);
    for (size_t i = 0; i < config->cluster_count; i++)
        check_cluster(config, i, whole, notes);
    config_check_handlers(config, notes);
    if (whole) {
        check_times(config, notes);
        check_listeners(config, notes);
    }
}
