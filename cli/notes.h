/*
 * notes.h - everything that is wrong with a text, in the order of its lines.
 *
 * Whoever reads notes what is not as it should be and goes on, so that people are told all of it at
 * once and not one mistake a try.
 */
#ifndef HEALTHD_CLI_NOTES_H
#define HEALTHD_CLI_NOTES_H

#include <stdbool.h>
#include <stddef.h>

struct note {
    size_t line;
    bool error; /* or only a warning */
    char *text;
};

struct notes {
    const char *path; /* what they are about */
    struct note *list;
    size_t count;
    size_t error_count;
};

/* Note what is wrong in a line (0: in the whole), and what is expected. */
void notes_error(struct notes *notes, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void notes_warn(struct notes *notes, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Called with each note as "PATH:LINE: text". */
typedef void notes_say(void *context, bool error, const char *text);
void notes_tell(struct notes *notes, notes_say *say, void *context);

void notes_clear(struct notes *notes);

#endif
