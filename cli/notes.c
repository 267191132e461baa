/*
 * notes.c - everything that is wrong with a text.
 */
#include "notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct notes *notes, size_t line, bool error, const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

static void add(struct notes *notes, size_t line, bool error, const char *format, va_list arguments)
{
    notes->error_count += error;
    struct note *list = realloc(notes->list, (notes->count + 1) * sizeof *list);
    if (!list)
        return; /* the count of errors stands */
    notes->list = list;
    struct note *last = &list[notes->count];
    *last = (struct note){.line = line, .error = error};
    if (vasprintf(&last->text, format, arguments) != -1)
        notes->count++;
}

void notes_error(struct notes *notes, size_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(notes, line, true, format, arguments);
    va_end(arguments);
}

void notes_warn(struct notes *notes, size_t line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(notes, line, false, format, arguments);
    va_end(arguments);
}

/* By insertion: notes are few, and those of one line stay in their order. */
static void sort(struct notes *notes)
{
    for (size_t i = 1; i < notes->count; i++) {
        struct note moved = notes->list[i];
        size_t place = i;
        for (; place > 0 && notes->list[place - 1].line > moved.line; place--)
            notes->list[place] = notes->list[place - 1];
        notes->list[place] = moved;
    }
}

void notes_tell(struct notes *notes, notes_say *say, void *context)
{
    sort(notes);
    for (size_t i = 0; i < notes->count; i++) {
        const struct note *note = &notes->list[i];
        char *text = NULL;
        int length = note->line ? asprintf(&text, "%s:%zu: %s", notes->path, note->line, note->text)
                                : asprintf(&text, "%s: %s", notes->path, note->text);
        say(context, note->error, length == -1 ? note->text : text);
        if (length != -1)
            free(text);
    }
}

void notes_clear(struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        free(notes->list[i].text);
    free(notes->list);
    memset(notes, 0, sizeof *notes);
}
