/*
 * directory.c - what the engine's numbers are called.
 */
#include "directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool directory_init(struct directory *directory, uint32_t node_capacity, uint32_t cluster_capacity)
{
    directory->node_capacity = node_capacity;
    directory->cluster_capacity = cluster_capacity;
    directory->entries =
        calloc((size_t)node_capacity + cluster_capacity, sizeof *directory->entries);
    return directory->entries != NULL;
}

void directory_clear(struct directory *directory)
{
    free(directory->entries);
    memset(directory, 0, sizeof *directory);
}

static void set(struct directory *directory, uint32_t subject, const char *cluster,
                const char *node)
{
    struct directory_entry *entry = &directory->entries[subject];
    snprintf(entry->cluster, sizeof entry->cluster, "%s", cluster);
    snprintf(entry->node, sizeof entry->node, "%s", node);
}

void directory_set_node(struct directory *directory, uint32_t node, const char *cluster,
                        const char *name)
{
    set(directory, node, cluster, name);
}

void directory_set_cluster(struct directory *directory, uint32_t cluster, const char *name)
{
    set(directory, directory_cluster_subject(directory, cluster), name, "");
}

void directory_forget(struct directory *directory, uint32_t subject, uint32_t version)
{
    set(directory, subject, "", "");
    directory->entries[subject].spent = version;
}

const struct directory_entry *directory_find(const struct directory *directory, uint32_t subject)
{
    if (subject >= directory->node_capacity + directory->cluster_capacity ||
        !directory->entries[subject].cluster[0])
        return NULL;
    return &directory->entries[subject];
}
