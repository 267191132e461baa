/*
 * placeholder.c - words in braces that stand for something.
 */
#include "placeholder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one that begins here with its brace, and how long it is; PLACEHOLDER_COUNT: none does. */
static enum placeholder find(const char *text, size_t *ret_length)
{
    static const char *const names[] = {
#define X(id, name) "{" name "}",
        PLACEHOLDERS(X)
#undef X
    };

    for (unsigned i = 0; i < PLACEHOLDER_COUNT; i++) {
        *ret_length = strlen(names[i]);
        if (strncmp(text, names[i], *ret_length) == 0)
            return (enum placeholder)i;
    }
    return PLACEHOLDER_COUNT;
}

bool placeholder_valid(const char *word)
{
    size_t length;

    while ((word = strchr(word, '{'))) {
        if (find(word, &length) == PLACEHOLDER_COUNT)
            return false;
        word += length;
    }
    return true;
}

char *placeholder_fill(const char *word, const char *const values[PLACEHOLDER_COUNT])
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    size_t length;

    if (!out)
        return NULL;
    while (*word) {
        enum placeholder which = find(word, &length);
        if (which == PLACEHOLDER_COUNT)
            fputc(*word++, out);
        else {
            fputs(values[which], out);
            word += length;
        }
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
