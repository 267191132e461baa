/*
 * maintenance_text.h - lists of who is in maintenance, and their JSON: what the file holds.
 *
 *   {"maintenance":1,"nodes":[{"cluster":"lab","node":"n1","reason":"...","since":"...","until":"..."}]}
 */
#ifndef HEALTHD_CLI_MAINTENANCE_TEXT_H
#define HEALTHD_CLI_MAINTENANCE_TEXT_H

#include "maintenance.h"

#include <cjson/cJSON.h>

#define MAINTENANCE_PROBLEM_SIZE 200

#define MAINTENANCE_REASON_EXPECTED "a text of 1 to 200 bytes of UTF-8"
#define MAINTENANCE_TIME_EXPECTED "a time such as 2026-05-01T10:00:00Z"

/* Is it a text that can be a reason? */
bool maintenance_reason_valid(const char *text);

/* Why, since when and until when. */
void maintenance_add(cJSON *json, const struct maintenance_entry *entry);

/* A list as the text of a file; the caller frees. NULL: memory is short. */
char *maintenance_print(const struct maintenance_entry *first);

/* The list that a text holds. False: `problem` says which place is not as expected, and the list is empty. */
bool maintenance_parse(const char *text, struct maintenance_entry **ret_first,
                       char problem[MAINTENANCE_PROBLEM_SIZE]);

/* A copy of a list, in one block to be freed. NULL: memory is short. */
struct maintenance_copy {
    struct maintenance_entry *first;
    struct maintenance_entry entries[];
};

struct maintenance_copy *maintenance_copy(const struct maintenance_entry *first);

/* The text of one, for its file. */
char *maintenance_copy_print(const void *copy);

/* Free a list. */
void maintenance_free(struct maintenance_entry *first);

#endif
