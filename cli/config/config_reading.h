/*
 * config_reading.h - what a configuration file is read with: tables of keys, and how each kind of value is read.
 *
 * Each mapping has a table of its keys. A key that is not in it is an error, because a misspelt limit that is
 * silently ignored is worse than none; so is one that is said twice.
 */
#ifndef HEALTHD_CLI_CONFIG_READING_H
#define HEALTHD_CLI_CONFIG_READING_H

#include "config_private.h"
#include "yaml_tree.h"

struct reading {
    struct notes notes;
    yaml_document_t tree;
    struct config *config;
    bool whole; /* for the daemon: nothing may be missing */
};

struct key;
typedef void read_value(struct reading *reading, const struct key *key, yaml_node_t *value,
                        void *target);

/* One key of a mapping. `target` of its reader is where the mapping's values go. */
struct key {
    const char *name;
    read_value *read;
    size_t offset; /* of the field in the target */
    uint32_t min;
    uint32_t max;
    const struct key *keys; /* what its value, or each item of it, may have */
};

#define NO_MORE \
    { \
        NULL, NULL, 0, 0, 0, NULL \
    }
#define NUMBER(name, type, field, min, max) \
    { \
        name, config_read_number, offsetof(struct type, field), min, max, NULL \
    }
#define VALUE(name, reader, type, field) \
    { \
        name, reader, offsetof(struct type, field), 0, 0, NULL \
    }

/* ---- What keys are read by ---- */

read_value config_read_number, config_read_flag, config_read_text, config_read_name,
    config_read_host, config_read_listen, config_read_endpoint, config_read_file,
    config_read_secret_file, config_read_key_file, config_read_new_file, config_read_kept_file,
    config_read_section;

/* handlers, and what they may have. */
read_value config_read_handlers;
extern const struct key config_handlers_keys[];

/* ---- What these are made of ---- */

yaml_node_t *config_node_of(struct reading *reading, int number);
void *config_field_of(const struct key *key, void *target);

/* A value that is not so: say what is expected, and what was found if it is a word. */
void config_refuse(struct reading *reading, const struct key *key, const yaml_node_t *value,
                   const char *expected);

/* Keep a text that is as `valid` wants it. NULL: it is not, and that was said; the field is "" then, so that nobody
 * says that it is missing. */
const char *config_keep_text(struct reading *reading, const struct key *key, yaml_node_t *value,
                             void *target, bool (*valid)(const char *text), const char *expected);

/* The items of a list of mappings, each as is `expected` and with its line, into an array. NULL: there are
 * none. */
void *config_read_list(struct reading *reading, const struct key *key, const yaml_node_t *value,
                       const char *expected, size_t item_size, size_t line_offset,
                       size_t *ret_count);

/* Is this key in a mapping? */
bool config_has_key(struct reading *reading, const yaml_node_t *mapping, const char *name);
void config_read_mapping(struct reading *reading, const yaml_node_t *mapping,
                         const struct key *keys, void *target);

#endif
