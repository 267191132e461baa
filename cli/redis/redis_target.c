/*
 * redis_target.c - where Redis is.
 */
#include "redis_target.h"

#include "config_value.h"

#include <stdlib.h>
#include <string.h>

bool redis_target_init(struct redis_target *target, const char *text)
{
    struct config_endpoint endpoint;

    memset(target, 0, sizeof *target);
    if (!config_redis_valid(text))
        return false;
    if (text[0] == '/') {
        target->host = strdup(text);
    } else if (config_endpoint_parse(text, &endpoint)) {
        target->host = strndup(endpoint.host, endpoint.host_length);
        target->port = (int)endpoint.port;
    }
    return target->host != NULL;
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
