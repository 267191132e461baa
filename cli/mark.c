/*
 * mark.c - a recording's marks, in words.
 */
#include "mark.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *gap(FILE *words)
{
    return ftell(words) > 0 ? " " : "";
}

/* A value of a mark: a word, a number, yes or no, or a list of them. */
static void write_value(FILE *words, const cJSON *value)
{
    if (cJSON_IsString(value))
        fprintf(words, "%s%s", gap(words), value->valuestring);
    else if (cJSON_IsNumber(value))
        fprintf(words, "%s%g", gap(words), value->valuedouble);
    else if (cJSON_IsBool(value))
        fprintf(words, "%s%s", gap(words), cJSON_IsTrue(value) ? "yes" : "no");
    for (const cJSON *item = value->child; item; item = item->next)
        write_value(words, item);
}

static bool is_plain(const char *key)
{
    return strcmp(key, "fault") == 0 || strcmp(key, "event") == 0 || strcmp(key, "nodes") == 0;
}

char *mark_words(const char *mark)
{
    char *text = NULL;
    size_t size;
    FILE *words = open_memstream(&text, &size);
    cJSON *json = cJSON_Parse(mark);

    for (const cJSON *item = json && words ? json->child : NULL; item; item = item->next) {
        if (!is_plain(item->string))
            fprintf(words, "%s%s", gap(words), item->string);
        write_value(words, item);
    }
    cJSON_Delete(json);
    if (words)
        fclose(words);
    return text;
}
