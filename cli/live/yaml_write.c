/*
 * yaml_write.c - see yaml_write.h.
 *
 * JSON is YAML, so the document is read as YAML and written again in blocks: numbers stay the digits that
 * they were, whatever their size.
 */
#include "yaml_write.h"

#include <string.h>
#include <strings.h>
#include <yaml.h>

/* May a text be written without quotes, and stay one? Words that YAML takes for something else may not. */
static bool is_plain(const char *text, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./ ";
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};

    if (length != strlen(text) || !length || !strchr(letters, *text) ||
        strspn(text, others) != length || text[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    return true;
}

/* The same event in the style of a block. */
static void restyle(yaml_event_t *event)
{
    if (event->type == YAML_DOCUMENT_START_EVENT)
        event->data.document_start.implicit = 1;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        event->data.sequence_start.style = YAML_BLOCK_SEQUENCE_STYLE;
    if (event->type == YAML_MAPPING_START_EVENT)
        event->data.mapping_start.style = YAML_BLOCK_MAPPING_STYLE;
    if (event->type == YAML_SCALAR_EVENT &&
        event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE &&
        is_plain((const char *)event->data.scalar.value, event->data.scalar.length)) {
        event->data.scalar.style = YAML_PLAIN_SCALAR_STYLE;
        event->data.scalar.plain_implicit = 1;
    }
}

static bool copy(yaml_parser_t *parser, yaml_emitter_t *emitter)
{
    yaml_event_type_t type;

    do {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return false;
        type = event.type;
        restyle(&event);
        if (!yaml_emitter_emit(emitter, &event)) /* takes the event, well or badly */
            return false;
    } while (type != YAML_STREAM_END_EVENT);
    return true;
}

bool yaml_write(FILE *stream, const char *json)
{
    yaml_parser_t parser;
    yaml_emitter_t emitter;

    if (!yaml_parser_initialize(&parser))
        return false;
    if (!yaml_emitter_initialize(&emitter)) {
        yaml_parser_delete(&parser);
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)json, strlen(json));
    yaml_emitter_set_output_file(&emitter, stream);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    bool good = copy(&parser, &emitter);
    yaml_emitter_delete(&emitter);
    yaml_parser_delete(&parser);
    return good;
}
