/*
 * target.c - how to reach one mysqld; connecting to it on a helper thread.
 */
#include "target.h"

#include <stdlib.h>
#include <string.h>

/* The texts of a target, so that copying and clearing cannot miss one. */
#define TEXTS(X) \
    X(host) \
    X(socket) \
    X(user) \
    X(password_file) \
    X(defaults_file) \
    X(tls_ca) \
    X(tls_cert) \
    X(tls_key)

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

bool target_copy(struct target *target, const struct health_target *given)
{
    size_t size = 1;
#define X(field) size += size_of(given->field);
    TEXTS(X)
#undef X
    target->given = *given;
    target->texts = malloc(size);
    if (!target->texts)
        return false;

    char *end = target->texts;
#define X(field) \
    if (given->field) { \
        target->given.field = memcpy(end, given->field, size_of(given->field)); \
        end += size_of(given->field); \
    }
    TEXTS(X)
#undef X
    return true;
}

void target_clear(struct target *target)
{
    free(target->texts);
    *target = (struct target){.texts = NULL};
}

/* Does it make sense to try the other port? Not where the name or the network failed, nor the login. */
static bool may_try_other_port(const struct client_failure *failure)
{
    return failure->error == HEALTH_PROBE_REFUSED ||
           failure->error == HEALTH_PROBE_TOO_MANY_CONNECTIONS ||
           failure->error == HEALTH_PROBE_RESET || failure->error == HEALTH_PROBE_LOST;
}

static void connect_now(struct pool_job *job)
{
    struct connecting *connecting = (struct connecting *)job;
    const struct health_target *given = &connecting->target.given;
    struct client_login login = {
        .host = given->host,
        .port = given->extra_port ? given->extra_port : given->port,
        .socket = given->socket,
        .user = given->user,
        .password_file = given->password_file,
        .defaults_file = given->defaults_file,
        .tls_ca = given->tls_ca,
        .tls_cert = given->tls_cert,
        .tls_key = given->tls_key,
        .timeout_s = connecting->timeout_s,
    };

    connecting->client = client_connect(&login, &connecting->failure);
    if (!connecting->client && given->extra_port && may_try_other_port(&connecting->failure)) {
        login.port = given->port;
        connecting->client = client_connect(&login, &connecting->failure);
    } else if (connecting->client && given->extra_port) {
        connecting->by_extra_port = true;
    }
}

struct connecting *connecting_begin(struct pool *pool, const struct target *target,
                                    int64_t timeout_ns, void (*done)(struct pool_job *job),
                                    void *wanted_by)
{
    struct connecting *connecting = calloc(1, sizeof *connecting);

    if (!connecting || !target_copy(&connecting->target, &target->given)) {
        free(connecting);
        return NULL;
    }
    connecting->job = (struct pool_job){.work = connect_now, .done = done};
    connecting->timeout_s = (unsigned)((timeout_ns + HEALTH_NS_PER_S - 1) / HEALTH_NS_PER_S);
    connecting->wanted_by = wanted_by;
    pool_submit(pool, &connecting->job);
    return connecting;
}

void connecting_free(struct connecting *connecting)
{
    client_close(connecting->client, false);
    target_clear(&connecting->target);
    free(connecting);
}
