/*
 * placeholder.h - words in braces that stand for something in a handler's command: {node}, {cluster}...
 */
#ifndef HEALTHD_CLI_PLACEHOLDER_H
#define HEALTHD_CLI_PLACEHOLDER_H

#include <stdbool.h>

#define PLACEHOLDERS(X) \
    X(CLUSTER, "cluster") \
    X(NODE, "node") \
    X(ADDRESS, "address") \
    X(PORT, "port") \
    X(ACTION, "action") \
    X(FAULT, "fault") \
    X(FENCING, "fencing") \
    X(POSITION, "position")

enum placeholder {
#define X(id, name) PLACEHOLDER_##id,
    PLACEHOLDERS(X)
#undef X
        PLACEHOLDER_COUNT
};

#define PLACEHOLDER_EXPECTED \
    "{cluster}, {node}, {address}, {port}, {action}, {fault}, {fencing} or {position}"

/* Is everything in braces one of them? */
bool placeholder_valid(const char *word);

/* The word with what they stand for; nothing in a value is looked at again. The caller frees. NULL: memory is
 * short. */
char *placeholder_fill(const char *word, const char *const values[PLACEHOLDER_COUNT]);

#endif
