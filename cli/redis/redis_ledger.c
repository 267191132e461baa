/*
 * redis_ledger.c - what Redis is owed.
 */
#include "redis_ledger.h"

#include <stdlib.h>
#include <string.h>

bool redis_ledger_init(struct redis_ledger *ledger, const struct directory *directory,
                       const struct health_engine *engine)
{
    ledger->directory = directory;
    ledger->engine = engine;
    ledger->clusters = calloc(directory->cluster_capacity, sizeof *ledger->clusters);
    ledger->next_node = calloc(directory->node_capacity, sizeof *ledger->next_node);
    return ledger->clusters && ledger->next_node;
}

void redis_ledger_clear(struct redis_ledger *ledger)
{
    free(ledger->clusters);
    free(ledger->next_node);
    free(ledger->gone);
    memset(ledger, 0, sizeof *ledger);
}

const struct directory_entry *redis_ledger_cluster(const struct redis_ledger *ledger,
                                                   uint32_t cluster)
{
    return directory_find(ledger->directory, directory_cluster_subject(ledger->directory, cluster));
}

void redis_ledger_owe(struct redis_ledger *ledger, uint32_t cluster)
{
    uint8_t *debt = &ledger->clusters[cluster].debt;
    if (*debt != REDIS_DEBT_NOW)
        ledger->in_debt++;
    if (*debt == REDIS_DEBT_LATER)
        ledger->put_off--;
    *debt = REDIS_DEBT_NOW;
}

void redis_ledger_put_off(struct redis_ledger *ledger, uint32_t cluster)
{
    if (ledger->clusters[cluster].debt != REDIS_DEBT_NONE)
        return;
    ledger->clusters[cluster].debt = REDIS_DEBT_LATER;
    ledger->put_off++;
}

/* Learn which nodes each cluster has: a list for each, in the order of numbers. */
static void list_nodes(struct redis_ledger *ledger)
{
    struct health_node_snapshot node;

    for (uint32_t c = 0; c < ledger->directory->cluster_capacity; c++)
        ledger->clusters[c].first_node = HEALTH_NODE_NONE;
    for (uint32_t n = ledger->directory->node_capacity; n-- > 0;) {
        if (!directory_find(ledger->directory, n) ||
            health_node_snapshot(ledger->engine, n, &node) != HEALTH_OK)
            continue;
        ledger->next_node[n] = ledger->clusters[node.cluster].first_node;
        ledger->clusters[node.cluster].first_node = n;
    }
}

void redis_ledger_owe_all(struct redis_ledger *ledger)
{
    for (uint32_t c = 0; c < ledger->directory->cluster_capacity; c++)
        if (redis_ledger_cluster(ledger, c))
            redis_ledger_owe(ledger, c);
    list_nodes(ledger);
    ledger->gone_sent = 0;
}

void redis_ledger_call_in(struct redis_ledger *ledger)
{
    for (uint32_t c = 0; c < ledger->directory->cluster_capacity; c++)
        if (ledger->clusters[c].debt == REDIS_DEBT_LATER)
            redis_ledger_owe(ledger, c);
}

static bool name_in_use(const struct redis_ledger *ledger, const char *name)
{
    for (uint32_t c = 0; c < ledger->directory->cluster_capacity; c++) {
        const struct directory_entry *entry = redis_ledger_cluster(ledger, c);
        if (entry && strcmp(entry->cluster, name) == 0)
            return true;
    }
    return false;
}

/* If memory is too short for it, upstream is told no lie still: the cluster's reporter key expires. */
static void bury(struct redis_ledger *ledger, char *name)
{
    size_t count = ledger->gone_count + 1u;
    char(*gone)[DIRECTORY_NAME_MAX] = realloc(ledger->gone, count * sizeof *gone);

    if (gone) {
        ledger->gone = gone;
        memcpy(gone[ledger->gone_count++], name, sizeof *gone);
    }
    name[0] = '\0';
}

void redis_ledger_names_changed(struct redis_ledger *ledger)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < ledger->gone_count; i++)
        if (!name_in_use(ledger, ledger->gone[i]))
            memmove(ledger->gone[kept++], ledger->gone[i], sizeof *ledger->gone);
    ledger->gone_count = kept;
    for (uint32_t c = 0; c < ledger->directory->cluster_capacity; c++) {
        const struct directory_entry *entry = redis_ledger_cluster(ledger, c);
        char *name = ledger->clusters[c].name;
        bool same = entry && strcmp(entry->cluster, name) == 0;
        if (name[0] && !same && !name_in_use(ledger, name))
            bury(ledger, name);
    }
}

bool redis_ledger_settled(const struct redis_ledger *ledger)
{
    return !ledger->in_debt && ledger->gone_sent == ledger->gone_count;
}

static bool add_cluster(const struct redis_ledger *ledger, struct redis_command *command,
                        uint32_t cluster)
{
    struct health_cluster_snapshot now;

    if (health_cluster_snapshot(ledger->engine, cluster, &now) != HEALTH_OK)
        return false;
    return redis_command_add(command, redis_ledger_cluster(ledger, cluster),
                             &(struct health_report){
                                 .version = now.version,
                                 .state = (uint8_t)now.colour,
                                 .reason = (uint8_t)now.reason,
                                 .since_ns = now.since_ns,
                             });
}

static bool add_node(const struct redis_ledger *ledger, struct redis_command *command,
                     uint32_t node)
{
    struct health_node_snapshot now;

    if (health_node_snapshot(ledger->engine, node, &now) != HEALTH_OK)
        return false;
    return redis_command_add(command, directory_find(ledger->directory, node),
                             &(struct health_report){
                                 .version = now.version,
                                 .state = (uint8_t)now.state,
                                 .reason = (uint8_t)now.reason,
                                 .routable = (uint8_t)now.routable,
                                 .since_ns = now.since_ns,
                             });
}

/* A cluster as the engine believes it to be now. */
static bool pay_whole(struct redis_ledger *ledger, const struct redis_writer *writer,
                      struct redis_command *command, uint32_t number)
{
    struct redis_cluster *cluster = &ledger->clusters[number];
    const struct directory_entry *entry = redis_ledger_cluster(ledger, number);

    cluster->debt = REDIS_DEBT_NONE;
    ledger->in_debt--;
    redis_command_begin(command, writer, REDIS_TASK_WHOLE, entry ? entry->cluster : "", 0);
    if (!entry)
        return false;
    memcpy(cluster->name, entry->cluster, sizeof cluster->name);
    bool added = add_cluster(ledger, command, number);
    for (uint32_t n = cluster->first_node; added && n != HEALTH_NODE_NONE; n = ledger->next_node[n])
        added = add_node(ledger, command, n);
    cluster->fields = (uint8_t)command->reports;
    if (!added)
        redis_ledger_put_off(ledger, number); /* memory is short */
    return added;
}

bool redis_ledger_pay(struct redis_ledger *ledger, const struct redis_writer *writer,
                      struct redis_command *command, uint32_t *ret_cluster)
{
    if (ledger->gone_sent < ledger->gone_count) {
        redis_command_begin(command, writer, REDIS_TASK_GONE, ledger->gone[ledger->gone_sent++], 0);
        *ret_cluster = HEALTH_NODE_NONE;
        return true;
    }
    while (ledger->clusters[ledger->look_next].debt != REDIS_DEBT_NOW)
        ledger->look_next = (ledger->look_next + 1) % ledger->directory->cluster_capacity;
    *ret_cluster = ledger->look_next;
    return pay_whole(ledger, writer, command, *ret_cluster);
}
