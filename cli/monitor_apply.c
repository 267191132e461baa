/*
 * monitor_apply.c - what is watched is made equal to a configuration.
 *
 * Clusters and nodes are the same when their names are. Of a node that has another address now, nothing
 * that was seen before holds: it begins anew. One that has only other credentials or ports beside keeps
 * its state, and is connected to anew. The first configuration is applied like any other, to nothing.
 */
#include "monitor_private.h"
#include "log.h"

#include <stdio.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_place(const struct config_node *a, const struct config_node *b)
{
    return strcmp(a->host, b->host) == 0 && a->port == b->port;
}

static bool same_access(const struct config_cluster *a, const struct config_cluster *b)
{
    return same_text(a->user, b->user) && same_text(a->password_file, b->password_file) &&
           same_text(a->defaults_file, b->defaults_file) && same_text(a->tls_ca, b->tls_ca) &&
           same_text(a->tls_cert, b->tls_cert) && same_text(a->tls_key, b->tls_key);
}

/* ---- Single nodes ---- */

static void probe_node(struct monitor *monitor, const struct config_cluster *cluster,
                       const struct config_node *node, uint32_t number)
{
    const struct health_target target = {
        .host = node->host,
        .port = (uint16_t)node->port,
        .extra_port = (uint16_t)node->extra_port,
        .user = cluster->user,
        .password_file = cluster->password_file,
        .defaults_file = cluster->defaults_file,
        .tls_ca = cluster->tls_ca,
        .tls_cert = cluster->tls_cert,
        .tls_key = cluster->tls_key,
    };
    enum health_error error = health_prober_add(monitor->prober, number, node->name, &target);
    if (error != HEALTH_OK)
        log_event(LOG_ERR, "failed", "cluster=%s node=%s text=\"it cannot be probed: %s\"",
                  cluster->name, node->name, health_error_text(error));
}

/* Is it reached in another way, at the same place? */
static bool reached_otherwise(const struct config_node *node, const struct config_node *was,
                              const struct config_cluster *wanted,
                              const struct config_cluster *former)
{
    return was && (!same_access(wanted, former) || was->extra_port != node->extra_port);
}

/* Stop probing a node that stays. Its connection goes with that, and must not count as one that stands. */
static void unprobe_node(struct monitor *monitor, uint32_t number)
{
    const struct health_observation ended = {.at_ns = monitor->now_ns,
                                             .node = number,
                                             .witness = HEALTH_WITNESS_LINK,
                                             .link = HEALTH_LINK_TIMEOUT};

    health_prober_remove(monitor->prober, number);
    if (sightings_of(monitor->sightings, number)->link != HEALTH_LINK_UP)
        return;
    if (monitor->recorder)
        recorder_take(monitor->recorder, &ended);
    health_engine_observe(monitor->engine, monitor->now_ns, &ended);
    sightings_take(monitor->sightings, &ended);
}

static void add_node(struct monitor *monitor, uint32_t cluster, const struct config_cluster *wanted,
                     const struct config_node *node)
{
    uint32_t number;
    enum health_error error = health_node_add(monitor->engine, monitor->now_ns, cluster, &number);

    if (error != HEALTH_OK) {
        log_event(LOG_ERR, "failed", "cluster=%s node=%s text=\"it cannot be watched: %s\"",
                  wanted->name, node->name, health_error_text(error));
        return;
    }
    roster_add_node(&monitor->roster, cluster, number, node->name);
    journal_forget(monitor->journal, number);
    health_memory_forget_node(monitor->memory, number);
    memory_file_recall_node(monitor->memory_file, number);
    sightings_forget(monitor->sightings, number);
    if (monitor->listener)
        health_listener_add(monitor->listener, wanted->name, node->name, number);
    probe_node(monitor, wanted, node, number);
    log_event(LOG_INFO, "node-added", "cluster=%s node=%s host=%s port=%u", wanted->name,
              node->name, node->host, node->port);
    monitor_resume_maintenance(monitor, number);
}

static void remove_node(struct monitor *monitor, uint32_t number)
{
    const struct directory_entry *entry = directory_find(&monitor->roster.directory, number);
    struct health_node_snapshot node = {.version = 0};

    log_event(LOG_INFO, "node-removed", "cluster=%s node=%s", entry->cluster, entry->node);
    memory_file_retire(monitor->memory_file, monitor->roster.cluster_of[number]);
    health_prober_remove(monitor->prober, number);
    if (monitor->listener)
        health_listener_remove(monitor->listener, number);
    health_node_snapshot(monitor->engine, number, &node);
    health_node_remove(monitor->engine, monitor->now_ns, number);
    maintenance_release(monitor->maintenance, number);
    roster_remove_node(&monitor->roster, number, node.version);
}

/* ---- Single clusters ---- */

static void remove_cluster(struct monitor *monitor, uint32_t number)
{
    struct roster_cluster *home = &monitor->roster.clusters[number];
    struct health_cluster_snapshot cluster = {.version = 0};

    monitor_forget_acting(monitor, number); /* while it has its names, and ends what runs there */
    while (home->count)
        remove_node(monitor, home->nodes[home->count - 1]);
    if (monitor->recorder)
        recorder_end(monitor->recorder, number, monitor->now_ns);
    health_cluster_snapshot(monitor->engine, number, &cluster);
    health_cluster_remove(monitor->engine, number);
    roster_remove_cluster(&monitor->roster, number, cluster.version);
}

/* Remove the nodes that are no longer wanted, or are elsewhere now, and let go of those that are reached in
 * another way; from the last on, so that the places of those before are what a trace calls them. Did any go? */
static bool remove_nodes(struct monitor *monitor, uint32_t number,
                         const struct config_cluster *wanted, const struct config_cluster *former)
{
    const struct roster_cluster *home = &monitor->roster.clusters[number];
    uint32_t before = home->count;

    for (uint32_t i = home->count; i-- > 0;) {
        const char *name = roster_node_name(&monitor->roster, home->nodes[i]);
        const struct config_node *node = config_find_node(wanted, name);
        const struct config_node *was = config_find_node(former, name);
        if (!node || (was && !same_place(node, was)))
            remove_node(monitor, home->nodes[i]);
        else if (reached_otherwise(node, was, wanted, former))
            unprobe_node(monitor, home->nodes[i]);
    }
    return home->count != before;
}

/* Add the nodes that are not there yet, and connect anew to those reached in another way. Did any come? */
static bool add_nodes(struct monitor *monitor, uint32_t number, const struct config_cluster *wanted,
                      const struct config_cluster *former)
{
    uint32_t before = monitor->roster.clusters[number].count;

    for (size_t i = 0; i < wanted->node_count; i++) {
        const struct config_node *node = &wanted->nodes[i];
        const struct config_node *was = config_find_node(former, node->name);
        uint32_t present = roster_find_node(&monitor->roster, number, node->name);
        if (present == ROSTER_NONE)
            add_node(monitor, number, wanted, node);
        else if (reached_otherwise(node, was, wanted, former))
            probe_node(monitor, wanted, node, present);
    }
    return monitor->roster.clusters[number].count != before;
}

static uint32_t add_cluster(struct monitor *monitor, const struct config_cluster *wanted)
{
    uint32_t number;
    if (health_cluster_add(monitor->engine, monitor->now_ns, wanted->expected_size, &number) !=
        HEALTH_OK)
        return ROSTER_NONE;
    roster_add_cluster(&monitor->roster, number, wanted->name);
    health_memory_forget_cluster(monitor->memory, number);
    memory_file_recall_cluster(monitor->memory_file, number);
    fault_watch_forget(monitor->fault_watch, number);
    return number;
}

/* Let go of what a cluster that is watched holds no longer. */
static void shrink_cluster(struct monitor *monitor, const struct config_cluster *wanted)
{
    uint32_t number = roster_find_cluster(&monitor->roster, wanted->name);

    if (number != ROSTER_NONE)
        monitor->roster.clusters[number].renewed = remove_nodes(
            monitor, number, wanted, config_find_cluster(monitor->config, wanted->name));
}

/* Has it changed who belongs to it, or how many are expected? */
static bool grow_cluster(struct monitor *monitor, const struct config_cluster *wanted)
{
    const struct config_cluster *former = config_find_cluster(monitor->config, wanted->name);
    uint32_t number = roster_find_cluster(&monitor->roster, wanted->name);
    bool is_new = number == ROSTER_NONE;

    if (is_new)
        number = add_cluster(monitor, wanted);
    if (number == ROSTER_NONE) {
        log_event(LOG_ERR, "failed", "cluster=%s text=\"there is no room for it\"", wanted->name);
        return false;
    }
    bool changed = is_new || monitor->roster.clusters[number].renewed;
    changed |= add_nodes(monitor, number, wanted, former);
    if (former && former->expected_size != wanted->expected_size) {
        health_cluster_expect(monitor->engine, monitor->now_ns, number, wanted->expected_size);
        changed = true;
    }
    monitor->roster.clusters[number].renewed = changed;
    return changed;
}

/* ---- The whole ---- */

static bool has_room(const struct monitor *monitor, const struct config *config)
{
    return config_node_count(config) <= monitor->roster.directory.node_capacity &&
           config->cluster_count <= monitor->roster.directory.cluster_capacity;
}

/* Once all clusters are there: a trace's name depends on how many there are. */
static void record_clusters(struct monitor *monitor, const struct config *config)
{
    struct health_trace_header header = {
        .probe_interval_ms = monitor->first->probe_interval_ms,
        .probe_timeout_ms = monitor->first->probe_timeout_ms,
        .heartbeat_interval_ms = monitor->first->heartbeat_interval_ms,
    };
    for (size_t i = 0; i < config->cluster_count; i++) {
        uint32_t number = roster_find_cluster(&monitor->roster, config->clusters[i].name);
        if (number == ROSTER_NONE || !monitor->roster.clusters[number].renewed)
            continue;
        header.expected_size = config->clusters[i].expected_size;
        recorder_begin(monitor->recorder, number, &header, monitor->now_ns);
        monitor_record_maintenance(monitor, number);
    }
}

bool monitor_apply(struct monitor *monitor, const struct config *config)
{
    const struct roster *roster = &monitor->roster;
    bool changed = false;

    /* All of it happens at one moment; at first, at that when the engine began: its clock has steps of a
     * millisecond from there on, and a replay begins there too. */
    if (monitor->config)
        monitor_now(monitor, health_clock_ns());
    for (uint32_t i = 0; i < roster->directory.cluster_capacity; i++)
        if (roster->clusters[i].used &&
            !config_find_cluster(config, roster_cluster_name(roster, i))) {
            remove_cluster(monitor, i);
            changed = true;
        }
    /* First all that go: nodes that change their cluster need room for one life each, not for two. */
    for (size_t i = 0; i < config->cluster_count; i++)
        shrink_cluster(monitor, &config->clusters[i]);
    for (size_t i = 0; i < config->cluster_count; i++)
        changed |= grow_cluster(monitor, &config->clusters[i]);
    monitor_drop_maintenance(monitor);
    if (monitor->recorder)
        record_clusters(monitor, config);
    monitor->config = monitor->overview.config = config;
    monitor_settle(monitor);
    return changed;
}

static void remain(const char *key, bool same)
{
    if (!same)
        log_event(LOG_WARNING, "reload",
                  "key=%s text=\"it changes with a restart only: the former value holds\"", key);
}

static void tell_what_remains(const struct config *first, const struct config *config)
{
    remain("probe", first->probe_interval_ms == config->probe_interval_ms &&
                        first->probe_timeout_ms == config->probe_timeout_ms &&
                        first->view_interval_ms == config->view_interval_ms);
    remain("heartbeat", first->heartbeat_interval_ms == config->heartbeat_interval_ms &&
                            same_text(first->heartbeat_listen, config->heartbeat_listen) &&
                            same_text(first->heartbeat_key_file, config->heartbeat_key_file));
    remain("http", same_text(first->http_listen, config->http_listen) &&
                       same_text(first->http_token_file, config->http_token_file) &&
                       same_text(first->http_maintenance_file, config->http_maintenance_file));
    remain("agent_check", same_text(first->agent_check.listen, config->agent_check.listen));
    remain("report", first->queue_capacity == config->queue_capacity &&
                         first->report_stdout == config->report_stdout);
    remain("report.redis", first->redis.wanted == config->redis.wanted &&
                               same_text(first->redis.address, config->redis.address) &&
                               same_text(first->redis.user, config->redis.user) &&
                               same_text(first->redis.password_file, config->redis.password_file) &&
                               first->redis.log_length == config->redis.log_length);
    remain("record", same_text(first->record, config->record));
    remain("memory", same_text(first->memory, config->memory));
    remain("limits", memcmp(&first->limits, &config->limits, sizeof first->limits) == 0);
}

bool monitor_reload(struct monitor *monitor, const struct config *config)
{
    if (!has_room(monitor, config)) {
        log_event(
            LOG_ERR, "reload",
            "text=\"room for %u nodes and %u clusters was made at the start: restart for more\"",
            monitor->roster.directory.node_capacity, monitor->roster.directory.cluster_capacity);
        return false;
    }
    tell_what_remains(monitor->first, config);
    monitor_refresh(monitor); /* first what has come due, as a replay does */
    bool changed = monitor_apply(monitor, config);
    if (changed && monitor->reporter_redis)
        reporter_redis_names_changed(monitor->reporter_redis);
    monitor_reread(monitor);
    return true;
}

void monitor_reread(struct monitor *monitor)
{
    health_prober_reread(monitor->prober);
    if (monitor->listener)
        health_listener_reread(monitor->listener);
}
