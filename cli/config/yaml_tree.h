/*
 * yaml_tree.h - a YAML document as a tree of nodes that know their lines.
 */
#ifndef HEALTHD_CLI_YAML_TREE_H
#define HEALTHD_CLI_YAML_TREE_H

#include "notes.h"

#include <stdint.h>
#include <yaml.h>

/* Load the one document of the file that the notes are about. False: it is not to be had, and a note
 * says why. */
bool yaml_tree_load(yaml_document_t *tree, struct notes *notes);

/* The line of a node, from 1. */
size_t yaml_line(const yaml_node_t *node);

bool yaml_is_null(const yaml_node_t *node);

/* The text of a scalar that is not null; NULL: it is none. */
const char *yaml_text(const yaml_node_t *node);

/* A plain scalar of decimal digits in a range, or true and false. False: it is none. */
bool yaml_number(const yaml_node_t *node, uint32_t min, uint32_t max, uint32_t *ret_number);
bool yaml_flag(const yaml_node_t *node, bool *ret_flag);

#endif
