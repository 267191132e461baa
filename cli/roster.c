/*
 * roster.c - who is watched.
 */
#include "roster.h"

#include <stdlib.h>
#include <string.h>

bool roster_init(struct roster *roster, uint32_t node_capacity, uint32_t cluster_capacity)
{
    memset(roster, 0, sizeof *roster);
    roster->clusters = calloc(cluster_capacity, sizeof *roster->clusters);
    roster->cluster_of = calloc(node_capacity, sizeof *roster->cluster_of);
    if (directory_init(&roster->directory, node_capacity, cluster_capacity) && roster->clusters &&
        roster->cluster_of)
        return true;
    roster_clear(roster);
    return false;
}

void roster_clear(struct roster *roster)
{
    directory_clear(&roster->directory);
    free(roster->clusters);
    free(roster->cluster_of);
    memset(roster, 0, sizeof *roster);
}

void roster_add_cluster(struct roster *roster, uint32_t cluster, const char *name)
{
    roster->clusters[cluster] = (struct roster_cluster){.used = true};
    roster->cluster_count++;
    directory_set_cluster(&roster->directory, cluster, name);
}

void roster_add_node(struct roster *roster, uint32_t cluster, uint32_t node, const char *name)
{
    struct roster_cluster *home = &roster->clusters[cluster];
    home->nodes[home->count++] = node;
    roster->cluster_of[node] = cluster;
    roster->node_count++;
    directory_set_node(&roster->directory, node, roster_cluster_name(roster, cluster), name);
}

void roster_remove_cluster(struct roster *roster, uint32_t cluster, uint32_t version)
{
    roster->clusters[cluster].used = false;
    roster->cluster_count--;
    directory_forget(&roster->directory, directory_cluster_subject(&roster->directory, cluster),
                     version);
}

void roster_remove_node(struct roster *roster, uint32_t node, uint32_t version)
{
    struct roster_cluster *home = &roster->clusters[roster->cluster_of[node]];
    uint32_t place = roster_place(roster, roster->cluster_of[node], node);

    home->count--;
    memmove(&home->nodes[place], &home->nodes[place + 1],
            (home->count - place) * sizeof *home->nodes);
    roster->node_count--;
    directory_forget(&roster->directory, node, version);
}

uint32_t roster_find_cluster(const struct roster *roster, const char *name)
{
    for (uint32_t i = 0; i < roster->directory.cluster_capacity; i++)
        if (roster->clusters[i].used && strcmp(roster_cluster_name(roster, i), name) == 0)
            return i;
    return ROSTER_NONE;
}

uint32_t roster_find_node(const struct roster *roster, uint32_t cluster, const char *name)
{
    const struct roster_cluster *home = &roster->clusters[cluster];
    for (uint32_t i = 0; i < home->count; i++)
        if (strcmp(roster_node_name(roster, home->nodes[i]), name) == 0)
            return home->nodes[i];
    return ROSTER_NONE;
}

uint32_t roster_place(const struct roster *roster, uint32_t cluster, uint32_t node)
{
    const struct roster_cluster *home = &roster->clusters[cluster];
    for (uint32_t i = 0; i < home->count; i++)
        if (home->nodes[i] == node)
            return i;
    return ROSTER_NONE;
}

const char *roster_cluster_name(const struct roster *roster, uint32_t cluster)
{
    uint32_t subject = directory_cluster_subject(&roster->directory, cluster);
    return roster->directory.entries[subject].cluster;
}

const char *roster_node_name(const struct roster *roster, uint32_t node)
{
    return roster->directory.entries[node].node;
}
