/*
 * memory_file.h - what must not be forgotten of clusters and nodes (<healthd/memory.h>), by name, in a small
 * durable file.
 *
 * The mark of a cluster is written when it moved, at most once a second; what is found out about a node's data,
 * crashes and intents at once. A file that cannot be read, or is damaged, or another's, is told of and left as it is:
 * healthd goes on in memory only, says so, and takes no action.
 *
 * Threads: the engine's; the file's own is hidden.
 */
#ifndef HEALTHD_CLI_MEMORY_FILE_H
#define HEALTHD_CLI_MEMORY_FILE_H

#include "intent.h"
#include "roster.h"

#include <healthd/memory.h>

struct event_base;
struct memory_file;

struct memory_file_options {
    struct event_base *base;
    const char *path;            /* NULL: in memory only */
    const struct roster *roster; /* borrowed, like the next */
    struct health_memory *memory;
    void (*written)(void *context); /* more is on the disk; may be NULL */
    void *context;
};

/* NULL: memory is short. A file that is not to be used is logged, and is no error. */
struct memory_file *memory_file_create(const struct memory_file_options *options);

/* Write what is to be written, for at most `patience_ms`, and free; NULL is fine. */
void memory_file_destroy(struct memory_file *file, int patience_ms);

/* Somebody is watched from now on, and nothing of it is in the engine's memory yet: what is known by its name
 * comes back. */
void memory_file_recall_cluster(struct memory_file *file, uint32_t cluster);
void memory_file_recall_node(struct memory_file *file, uint32_t node);

/* Somebody is soon watched no longer: it is remembered by name. */
void memory_file_retire(struct memory_file *file, uint32_t cluster);

/* Each second: write what has moved. */
void memory_file_mind(struct memory_file *file);

/* Do so at the loop's next turn. */
void memory_file_hurry(struct memory_file *file);

/* NULL: all outlives a restart. Else why not, for people. */
const char *memory_file_problem(const struct memory_file *file);

/* The latest intent of a cluster; NULL: there was none. */
const struct intent *memory_file_intent(const struct memory_file *file, uint32_t cluster);

/* Write one down, now. Gives the number to ask memory_file_is_written() for; 0: it is not kept. */
uint64_t memory_file_intend(struct memory_file *file, uint32_t cluster,
                            const struct intent *intent);
bool memory_file_is_written(struct memory_file *file, uint64_t number);

#endif
