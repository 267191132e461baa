/*
 * redis_link.h - a connection to Redis that is kept: made, authenticated, given our script, made again.
 *
 * Every failure (no connection, an error reply, no answer in time) has one way: the connection is closed,
 * whatever was in flight is void, and after a back-off (redis_backoff.h) there is a new one. So a link is
 * either up, and then answers what it is given in order, or it is not.
 *
 * hiredis 0.14 has no time-outs and resolves names on the caller's thread: both are done here. The
 * password file is read at each connect. The program must ignore SIGPIPE.
 */
#ifndef HEALTHD_CLI_REDIS_LINK_H
#define HEALTHD_CLI_REDIS_LINK_H

#include <stdbool.h>
#include <stdint.h>

/* Commands in flight at most: enough to keep Redis busy across a network, few enough that what it cannot
 * take waits where it coalesces. */
#define REDIS_LINK_DEPTH 64u

#define REDIS_ARGUMENTS_MAX 160 /* of one command */

struct event_base;
struct redis_link;
struct redisReply;

/* Who uses a link. Callbacks may call the link, but not destroy it. */
struct redis_link_user {
    void (*up)(void *context);   /* nothing is in flight */
    void (*down)(void *context); /* what was in flight may have been done or not */
    /* A command's reply. The one error among them is WRONGTYPE: a key of this command holds something
     * else, which is no fault of the connection. */
    void (*reply)(void *context, uint32_t tag, const struct redisReply *reply);
    void (*remark)(void *context, const char *text); /* one line for people */
    void *context;
};

struct redis_link_options {
    struct event_base *base;
    const char *address;       /* "HOST:PORT", or the path of a Unix socket */
    const char *user;          /* NULL: none */
    const char *password_file; /* NULL: none */
    const char *script;        /* what redis_link_run() runs */
};

/* Begins to connect at the loop's next turn. NULL: memory is short, or the address cannot be used (a
 * remark said so). */
struct redis_link *redis_link_create(const struct redis_link_options *options,
                                     const struct redis_link_user *user);
void redis_link_destroy(struct redis_link *link); /* NULL is fine */

/* How many commands may be sent now; 0 while the link is not up. */
unsigned redis_link_room(const struct redis_link *link);

bool redis_link_up(const struct redis_link *link);
bool redis_link_idle(const struct redis_link *link); /* up, and nothing in flight */

/* Run the script: argv is what follows the script's hash in EVALSHA. There must be room. */
void redis_link_run(struct redis_link *link, uint32_t tag, int argc, const char **argv);

/* All that was wanted has been done: the back-off begins anew. */
void redis_link_worked(struct redis_link *link);

struct redis_link_counters {
    uint64_t connects; /* times the link came up */
    uint64_t failures;
};

void redis_link_counters(const struct redis_link *link, struct redis_link_counters *ret_counters);

#endif
