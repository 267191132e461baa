/*
 * roster.h - who is watched: clusters and their nodes, by the engine's numbers.
 */
#ifndef HEALTHD_CLI_ROSTER_H
#define HEALTHD_CLI_ROSTER_H

#include "directory.h"

#define ROSTER_NONE UINT32_MAX

struct roster_cluster {
    bool used;
    bool renewed; /* who belongs to it, or how many are expected, has just changed */
    uint32_t count;
    uint32_t nodes[HEALTH_CLUSTER_NODES_MAX]; /* in the engine's order, which is that of coming */
};

struct roster {
    struct directory directory;      /* numbers to names */
    struct roster_cluster *clusters; /* by the cluster's number */
    uint32_t *cluster_of;            /* by the node's number */
    uint32_t cluster_count;          /* in use */
    uint32_t node_count;
};

/* False: memory is short. */
bool roster_init(struct roster *roster, uint32_t node_capacity, uint32_t cluster_capacity);
void roster_clear(struct roster *roster);

void roster_add_cluster(struct roster *roster, uint32_t cluster, const char *name);
void roster_add_node(struct roster *roster, uint32_t cluster, uint32_t node, const char *name);

/* A cluster goes after its nodes. `version`: the last that was reported under the number. */
void roster_remove_cluster(struct roster *roster, uint32_t cluster, uint32_t version);
void roster_remove_node(struct roster *roster, uint32_t node, uint32_t version);

/* By name. ROSTER_NONE: there is none. */
uint32_t roster_find_cluster(const struct roster *roster, const char *name);
uint32_t roster_find_node(const struct roster *roster, uint32_t cluster, const char *name);

/* A node's place in its cluster, as a trace numbers it; ROSTER_NONE: it is not in it. */
uint32_t roster_place(const struct roster *roster, uint32_t cluster, uint32_t node);

const char *roster_cluster_name(const struct roster *roster, uint32_t cluster);
const char *roster_node_name(const struct roster *roster, uint32_t node);

#endif
