/*
 * yaml_tree.c - a YAML document as a tree of nodes that know their lines.
 */
#include "yaml_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note_bad_yaml(struct notes *notes, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "memory is short";
    if (parser->error == YAML_READER_ERROR) /* which knows bytes, and no lines */
        notes_error(notes, parser->mark.line + 1, "not YAML: %s", problem);
    else
        notes_error(notes, parser->problem_mark.line + 1, "not YAML: %s%s%s", problem,
                    parser->context ? ", " : "", parser->context ? parser->context : "");
}

/* A second document would be ignored, so it is an error. */
static bool refuse_second(yaml_parser_t *parser, struct notes *notes)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second)) {
        note_bad_yaml(notes, parser);
        return false;
    }
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    if (root)
        notes_error(notes, yaml_line(root), "one document is expected, and this begins another");
    yaml_document_delete(&second);
    return true;
}

static bool load(yaml_parser_t *parser, yaml_document_t *tree, struct notes *notes)
{
    if (!yaml_parser_load(parser, tree)) {
        note_bad_yaml(notes, parser);
        return false;
    }
    if (!yaml_document_get_root_node(tree) || refuse_second(parser, notes))
        return true;
    yaml_document_delete(tree);
    return false;
}

bool yaml_tree_load(yaml_document_t *tree, struct notes *notes)
{
    yaml_parser_t parser;
    bool loaded = false;
    FILE *file = fopen(notes->path, "rbe");

    if (!file) {
        notes_error(notes, 0, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_file(&parser, file);
        loaded = load(&parser, tree, notes);
        yaml_parser_delete(&parser);
    } else {
        notes_error(notes, 0, "memory is short");
    }
    fclose(file);
    return loaded;
}

size_t yaml_line(const yaml_node_t *node)
{
    return node->start_mark.line + 1;
}

static bool is_plain(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

bool yaml_is_null(const yaml_node_t *node)
{
    if (!is_plain(node))
        return false;
    const char *text = (const char *)node->data.scalar.value;
    return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

const char *yaml_text(const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE || yaml_is_null(node))
        return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL; /* a 0 inside cuts it short */
}

bool yaml_number(const yaml_node_t *node, uint32_t min, uint32_t max, uint32_t *ret_number)
{
    const char *text = yaml_text(node);
    if (!text || !is_plain(node) || strspn(text, "0123456789") != strlen(text) ||
        strlen(text) > 10 || (text[0] == '0' && text[1]))
        return false;
    unsigned long long value = strtoull(text, NULL, 10);
    if (value < min || value > max)
        return false;
    *ret_number = (uint32_t)value;
    return true;
}

bool yaml_flag(const yaml_node_t *node, bool *ret_flag)
{
    const char *text = yaml_text(node);
    if (!text || !is_plain(node) || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
        return false;
    *ret_flag = strcmp(text, "true") == 0;
    return true;
}
