/*
 * words.c - a server's words to values.
 */
#include "words.h"

#include <string.h>
#include <strings.h>

enum health_component word_component(const char *text)
{
    if (strcasecmp(text, "Primary") == 0)
        return HEALTH_COMPONENT_PRIMARY;
    if (strcasecmp(text, "non-Primary") == 0 || strcasecmp(text, "non_Primary") == 0)
        return HEALTH_COMPONENT_NON_PRIMARY;
    if (strcasecmp(text, "Disconnected") == 0)
        return HEALTH_COMPONENT_DISCONNECTED;
    return HEALTH_COMPONENT_NOT_KNOWN;
}

enum health_answer word_switch(const char *text)
{
    if (strcasecmp(text, "ON") == 0 || strcmp(text, "1") == 0)
        return HEALTH_ANSWER_YES;
    if (strcasecmp(text, "OFF") == 0 || strcmp(text, "0") == 0)
        return HEALTH_ANSWER_NO;
    return HEALTH_ANSWER_NOT_KNOWN;
}

enum health_answer word_gathering(const char *text)
{
    if (strcasecmp(text, "GATHER") == 0 || strcasecmp(text, "INSTALL") == 0)
        return HEALTH_ANSWER_YES;
    return strcasecmp(text, "OPERATIONAL") == 0 ? HEALTH_ANSWER_NO : HEALTH_ANSWER_NOT_KNOWN;
}

/* It comes from outside and goes into JSON, logs and terminals. */
const char *word_version(const char *text, char copy[HEALTH_VERSION_MAX])
{
    size_t length = 0;

    for (; text && text[length] && length < HEALTH_VERSION_MAX - 1; length++)
        copy[length] = text[length] < ' ' || text[length] > '~' ? '?' : text[length];
    copy[length] = '\0';
    return length ? copy : NULL;
}
