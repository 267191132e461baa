/*
 * memory_text.h - what must outlive healthd, as a value, and as the text of a file: two lines, a JSON document and
 * the SHA-256 of that line in hexadecimal.
 *
 *   {"healthd_memory":1,"clusters":{"lab":{"served":"UUID:SEQNO","served_at":"...","crashed_at":null,
 *    "split":false,"intent":null,"nodes":{"n1":{"served":...,"taint":"none","crashes":["..."],...}}}}}
 *
 * All times are of the wall clock. A text that is not exactly so is refused as a whole: none of it is guessed.
 */
#ifndef HEALTHD_CLI_MEMORY_TEXT_H
#define HEALTHD_CLI_MEMORY_TEXT_H

#include "intent.h"

#include <healthd/memory.h>

#define MEMORY_PROBLEM_SIZE 256

/* Times are 0 where memory.h says "never". */
struct memory_node {
    char name[DIRECTORY_NAME_MAX];
    struct health_position served;
    int64_t served_ns;
    int32_t served_size;
    uint8_t taint;
    bool crashed_together;
    bool wanted;
    int64_t crash_ns[HEALTH_CRASHES_KEPT];
};

struct memory_cluster {
    char name[DIRECTORY_NAME_MAX];
    struct health_position served;
    int64_t served_ns;
    int64_t crashed_ns;
    bool split;
    struct intent intent; /* the latest */
    uint32_t count;
    struct memory_node nodes[HEALTH_CLUSTER_NODES_MAX];
};

struct memory_image {
    size_t count;
    size_t capacity;
    struct memory_cluster *clusters;
};

/* A place for a cluster, or for a node of one, found by its name or made. NULL: memory is short, or, of a node,
 * there are HEALTH_CLUSTER_NODES_MAX already. */
struct memory_cluster *memory_image_cluster(struct memory_image *image, const char *name);
struct memory_node *memory_image_node(struct memory_cluster *cluster, const char *name);

/* The text; the caller frees. NULL: memory is short. */
char *memory_print(const struct memory_image *image);

/* The image that a text holds. False: `problem` says what is not as expected, and the image is empty. */
bool memory_parse(const char *text, struct memory_image *ret_image,
                  char problem[MEMORY_PROBLEM_SIZE]);

bool memory_image_copy(const struct memory_image *image, struct memory_image *ret_copy);
void memory_image_clear(struct memory_image *image);

#endif
