/*
 * redis_target.c - where Redis is.
 */
#include "redis_target.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

bool redis_target_init(struct redis_target *target, const char *text)
{
    const char *colon = strrchr(text, ':');
    char *end;

    memset(target, 0, sizeof *target);
    if (strchr(text, '/')) {
        target->host = strdup(text);
        return target->host && strlen(text) < sizeof((struct sockaddr_un *)NULL)->sun_path;
    }
    if (!colon || colon == text)
        return false;
    long port = strtol(colon + 1, &end, 10);
    if (*end || end == colon + 1 || port < 1 || port > 65535)
        return false;
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    size_t skip = bracketed ? 1 : 0;
    target->host = strndup(text + skip, (size_t)(colon - text) - 2 * skip);
    target->port = (int)port;
    return target->host && target->host[0];
}

void redis_target_clear(struct redis_target *target)
{
    redis_lookup_abandon(target->lookup);
    free(target->host);
}

const char *redis_target_next(struct redis_target *target)
{
    if (!target->port || redis_address_literal(target->host))
        return target->host;
    return redis_target_has_more(target) ? target->addresses.text[target->next++] : NULL;
}

bool redis_target_has_more(const struct redis_target *target)
{
    return target->next < target->addresses.count;
}

void redis_target_forget(struct redis_target *target)
{
    target->addresses.count = 0;
    target->next = 0;
}
