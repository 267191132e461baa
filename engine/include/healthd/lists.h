/*
 * healthd/lists.h - what is made of a list: its length, and the function that gives its values their texts.
 *
 * Shared by healthd's own folders; it is no part of the library and is not installed.
 */
#ifndef HEALTHD_LISTS_H
#define HEALTHD_LISTS_H

#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* The text at `index`, or "?" for a value that is none of the enum's. */
static inline const char *list_pick(const char *const *texts, size_t count, size_t index)
{
    return index < count ? texts[index] : "?";
}

/* `entry` makes of each of the list's rows its text and a comma. */
#define NAME_FUNCTION(function, type, list, entry) \
    const char *function(enum type value) \
    { \
        static const char *const texts[] = {list(entry)}; \
        return list_pick(texts, COUNT_OF(texts), (size_t)value); \
    }

/* Entries: of lists of (id, text), and of (id, name, text). */
#define ENTRY_TEXT_OF_TWO(id, text) text,
#define ENTRY_NAME(id, name, text) name,
#define ENTRY_TEXT(id, name, text) text,

#endif
