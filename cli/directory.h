/*
 * directory.h - what the engine's numbers are called: names of clusters and nodes by subject.
 *
 * The engine knows dense numbers and nothing of names (a node reports under its own number, cluster c
 * under the engine's node capacity + c). Whoever embeds it keeps the names; here is where.
 */
#ifndef HEALTHD_CLI_DIRECTORY_H
#define HEALTHD_CLI_DIRECTORY_H

#include <healthd/engine.h>

#define DIRECTORY_NAME_MAX 64 /* with the final 0 */

struct directory {
    uint32_t node_capacity;
    uint32_t cluster_capacity;
    struct directory_entry *entries; /* one a subject */
};

struct directory_entry {
    char cluster[DIRECTORY_NAME_MAX]; /* "": this number is not in use */
    char node[DIRECTORY_NAME_MAX];    /* "": the cluster itself */
    uint32_t spent; /* versions up to this one were reports of a former holder of the number */
};

/* False: memory is short. */
bool directory_init(struct directory *directory, uint32_t node_capacity, uint32_t cluster_capacity);
void directory_clear(struct directory *directory);

/* Names longer than DIRECTORY_NAME_MAX are the caller's mistake and are cut. */
void directory_set_node(struct directory *directory, uint32_t node, const char *cluster,
                        const char *name);
void directory_set_cluster(struct directory *directory, uint32_t cluster, const char *name);

/* The number is free again; `version` is the last one that was reported under it. */
void directory_forget(struct directory *directory, uint32_t subject, uint32_t version);

/* What a subject is called; NULL: the number is not in use (a report of something removed meanwhile). */
const struct directory_entry *directory_find(const struct directory *directory, uint32_t subject);

/* The subject of a cluster. */
static inline uint32_t directory_cluster_subject(const struct directory *directory,
                                                 uint32_t cluster)
{
    return directory->node_capacity + cluster;
}

#endif
