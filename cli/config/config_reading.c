/*
 * config_reading.c - how single values, mappings and lists of a configuration file are read.
 */
#include "config_reading.h"
#include "config_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Single values ---- */

yaml_node_t *config_node_of(struct reading *reading, int number)
{
    return yaml_document_get_node(&reading->tree, number);
}

void *config_field_of(const struct key *key, void *target)
{
    return (char *)target + key->offset;
}

/* A value that is not so: say what is expected, and what was found if it is a word. */
void config_refuse(struct reading *reading, const struct key *key, const yaml_node_t *value,
                   const char *expected)
{
    const char *text = yaml_text(value);
    notes_error(&reading->notes, yaml_line(value), "%s is expected for %s%s%s%s", expected,
                key->name, text ? ", not \"" : "", text ? text : "", text ? "\"" : "");
}

void config_read_number(struct reading *reading, const struct key *key, yaml_node_t *value,
                        void *target)
{
    char expected[48];
    if (yaml_number(value, key->min, key->max, config_field_of(key, target)))
        return;
    snprintf(expected, sizeof expected, "a number from %u to %u", key->min, key->max);
    config_refuse(reading, key, value, expected);
}

void config_read_flag(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    if (!yaml_flag(value, config_field_of(key, target)))
        config_refuse(reading, key, value, "true or false");
}

/* Keep a text that is as `valid` wants it. NULL: it is not, and that was said; the field is "" then, so
 * that nobody says that it is missing. */
const char *config_keep_text(struct reading *reading, const struct key *key, yaml_node_t *value,
                             void *target, bool (*valid)(const char *text), const char *expected)
{
    const char *text = yaml_text(value);
    const char **field = config_field_of(key, target);

    *field = "";
    if (!text || !*text || (valid && !valid(text))) {
        config_refuse(reading, key, value, expected);
        return NULL;
    }
    const char *kept = config_keep(reading->config, text, strlen(text));
    if (kept)
        *field = kept;
    else
        notes_error(&reading->notes, yaml_line(value), "memory is short");
    return kept;
}

void config_read_text(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    config_keep_text(reading, key, value, target, NULL, "a text");
}

void config_read_name(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    config_keep_text(reading, key, value, target, config_name_valid, CONFIG_NAME_EXPECTED);
}

void config_read_host(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    config_keep_text(reading, key, value, target, config_host_valid, CONFIG_HOST_EXPECTED);
}

static bool listen_or_none(const char *text)
{
    return strcmp(text, CONFIG_LISTEN_NONE) == 0 || config_listen_valid(text);
}

void config_read_listen(struct reading *reading, const struct key *key, yaml_node_t *value,
                        void *target)
{
    config_keep_text(reading, key, value, target, listen_or_none,
                     CONFIG_LISTEN_EXPECTED ", or none,");
}

void config_read_endpoint(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    config_keep_text(reading, key, value, target, config_redis_valid, CONFIG_ENDPOINT_EXPECTED ",");
}

/* Who only replays has none of these files. */
static void read_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target, enum config_content content)
{
    const char *path = config_keep_text(reading, key, value, target, NULL, "the path of a file");
    const char *expected;
    if (!path || !reading->whole)
        return;
    const char *problem = config_file_problem(path, content, &expected);
    if (problem)
        notes_error(&reading->notes, yaml_line(value), "%s is expected for %s: %s: %s", expected,
                    key->name, path, problem);
    else if (strncmp(key->name, "tls_c", strlen("tls_c")) != 0 && config_file_exposed(path))
        notes_warn(&reading->notes, yaml_line(value),
                   "%s can be read by everybody on this machine: chmod o-r it", path);
}

void config_read_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                      void *target)
{
    read_file(reading, key, value, target, CONFIG_CONTENT_ANY);
}

void config_read_secret_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                             void *target)
{
    read_file(reading, key, value, target, CONFIG_CONTENT_SECRET);
}

void config_read_key_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    read_file(reading, key, value, target, CONFIG_CONTENT_KEY);
}

void config_read_new_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                          void *target)
{
    const char *path = config_keep_text(reading, key, value, target, NULL, "the path of a file");
    const char *problem = path && reading->whole ? config_directory_problem(path) : NULL;
    if (problem)
        notes_error(&reading->notes, yaml_line(value),
                    "a file that can be created is expected for %s: %s: %s", key->name, path,
                    problem);
}

void config_read_kept_file(struct reading *reading, const struct key *key, yaml_node_t *value,
                           void *target)
{
    config_read_new_file(reading, key, value, target);
    const char *path = *(const char **)config_field_of(key, target);
    const char *problem = reading->whole ? config_kept_file_problem(path) : NULL;
    if (problem) /* no mistake: to watch without what it holds is better than not to watch */
        notes_warn(&reading->notes, yaml_line(value),
                   "a file that can be read is expected for %s: %s: %s", key->name, path, problem);
}

/* ---- Mappings and lists ---- */

static const struct key *find_key(const struct key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static void refuse_key(struct reading *reading, const yaml_node_t *node, const char *name,
                       const struct key *keys)
{
    char known[512];
    size_t length = 0;

    for (const struct key *key = keys; key->name && length < sizeof known; key++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                   key == keys ? "" : ", ", key->name);
    notes_error(&reading->notes, yaml_line(node),
                "key \"%s\" is not known here; one of these is expected: %s", name, known);
}

/* The line where a key of a mapping was said before `pair`; 0: it was not. */
static size_t said_before(struct reading *reading, const yaml_node_t *mapping,
                          const yaml_node_pair_t *pair, const char *name)
{
    for (const yaml_node_pair_t *other = mapping->data.mapping.pairs.start; other < pair; other++) {
        const yaml_node_t *key = config_node_of(reading, other->key);
        const char *text = yaml_text(key);
        if (text && strcmp(text, name) == 0)
            return yaml_line(key);
    }
    return 0;
}

static void read_pair(struct reading *reading, const yaml_node_t *mapping,
                      const yaml_node_pair_t *pair, const struct key *keys, void *target)
{
    const yaml_node_t *name_node = config_node_of(reading, pair->key);
    const char *name = yaml_text(name_node);

    if (!name) {
        notes_error(&reading->notes, yaml_line(name_node), "the name of a key is expected");
        return;
    }
    const struct key *key = find_key(keys, name);
    size_t before = said_before(reading, mapping, pair, name);
    if (!key)
        refuse_key(reading, name_node, name, keys);
    else if (before)
        notes_error(&reading->notes, yaml_line(name_node),
                    "%s is said once, and line %zu says it already", name, before);
    else
        key->read(reading, key, config_node_of(reading, pair->value), target);
}

void config_read_mapping(struct reading *reading, const yaml_node_t *mapping,
                         const struct key *keys, void *target)
{
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++)
        read_pair(reading, mapping, pair, keys, target);
}

/* A section whose keys are all commented out is empty, not wrong. */
void config_read_section(struct reading *reading, const struct key *key, yaml_node_t *value,
                         void *target)
{
    if (value->type == YAML_MAPPING_NODE)
        config_read_mapping(reading, value, key->keys, config_field_of(key, target));
    else if (!yaml_is_null(value))
        config_refuse(reading, key, value, "a mapping of keys and values");
}

/* The items of a list of mappings, each with its line, into an array. NULL: there are none. */
void *config_read_list(struct reading *reading, const struct key *key, const yaml_node_t *value,
                       const char *expected, size_t item_size, size_t line_offset,
                       size_t *ret_count)
{
    if (value->type != YAML_SEQUENCE_NODE) {
        config_refuse(reading, key, value, "a list of mappings");
        return NULL;
    }
    const yaml_node_item_t *start = value->data.sequence.items.start;
    size_t count = (size_t)(value->data.sequence.items.top - start);
    char *array = count ? calloc(count, item_size) : NULL;
    if (count && !array)
        notes_error(&reading->notes, yaml_line(value), "memory is short");
    for (size_t i = 0; array && i < count; i++) {
        const yaml_node_t *item = config_node_of(reading, start[i]);
        char *place = array + i * item_size;
        *(size_t *)(void *)(place + line_offset) = yaml_line(item);
        if (item->type == YAML_MAPPING_NODE)
            config_read_mapping(reading, item, key->keys, place);
        else
            config_refuse(reading, key, item, expected);
    }
    *ret_count = array ? count : 0;
    return array;
}

/* Is this key in a mapping? */
bool config_has_key(struct reading *reading, const yaml_node_t *mapping, const char *name)
{
    return said_before(reading, mapping, mapping->data.mapping.pairs.top, name) > 0;
}
