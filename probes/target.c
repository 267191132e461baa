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

/* Does it make sense to try the other port? Not where the name or the login failed. */
static bool may_try_other_port(const struct client_failure *failure)
{
    return failure->error == HEALTH_PROBE_REFUSED || failure->error == HEALTH_PROBE_TIMEOUT ||
           failure->error == HEALTH_PROBE_TOO_MANY_CONNECTIONS ||
           failure->error == HEALTH_PROBE_RESET || failure->error == HEALTH_PROBE_LOST;
}

/* The extra port has half of the time, so that a firewall before it does not bar the other. */
static void try_ports(struct connecting *connecting, int64_t now_ns)
{
    const struct health_target *given = &connecting->target.given;
    struct client_login login = {
        .host = given->host,
        .port = given->port,
        .socket = given->socket,
        .user = given->user,
        .password_file = given->password_file,
        .defaults_file = given->defaults_file,
        .tls_ca = given->tls_ca,
        .tls_cert = given->tls_cert,
        .tls_key = given->tls_key,
    };

    if (given->extra_port) {
        login.port = given->extra_port;
        login.deadline_ns = now_ns + (connecting->deadline_ns - now_ns) / 2;
        connecting->client = client_connect(&login, &connecting->dial, &connecting->failure);
        connecting->by_extra_port = connecting->client != NULL;
        if (connecting->client || !may_try_other_port(&connecting->failure))
            return;
        login.port = given->port;
    }
    login.deadline_ns = connecting->deadline_ns;
    connecting->client = client_connect(&login, &connecting->dial, &connecting->failure);
}

static void connect_now(struct pool_job *job)
{
    struct connecting *connecting = (struct connecting *)job;
    int64_t now_ns = health_clock_ns();

    if (now_ns < connecting->deadline_ns) /* else it has stood in line for too long */
        try_ports(connecting, now_ns);
}

static void drop(struct pool_job *job)
{
    connecting_free((struct connecting *)job);
}

struct connecting *connecting_begin(struct pool *pool, const struct target *target,
                                    int64_t deadline_ns, void (*done)(struct pool_job *job),
                                    void *wanted_by)
{
    static const struct client_failure late = {.error = HEALTH_PROBE_TIMEOUT, .code = 2003};
    struct connecting *connecting = calloc(1, sizeof *connecting);

    if (!connecting || !target_copy(&connecting->target, &target->given)) {
        free(connecting);
        return NULL;
    }
    connecting->job = (struct pool_job){.work = connect_now, .done = done, .drop = drop};
    atomic_init(&connecting->dial.fd, -1);
    connecting->failure = late;
    connecting->deadline_ns = deadline_ns;
    connecting->wanted_by = wanted_by;
    pool_submit(pool, &connecting->job);
    return connecting;
}

void connecting_give_up(struct connecting *connecting)
{
    client_hang_up(&connecting->dial);
}

void connecting_free(struct connecting *connecting)
{
    client_close(connecting->client, true);
    target_clear(&connecting->target);
    free(connecting);
}
