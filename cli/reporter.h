/*
 * reporter.h - reporters drain queues: each takes the reports of one queue to one place.
 *
 * Each reporter has a queue of its own, so that a slow place keeps nothing from the others; what a place
 * cannot take waits in its queue, where a newer report of a node replaces the older.
 */
#ifndef HEALTHD_CLI_REPORTER_H
#define HEALTHD_CLI_REPORTER_H

#include "directory.h"

struct event_base;

/* What every reporter is handed. All borrowed. */
struct reporter_source {
    struct health_queue *queue; /* this reporter's own */
    const struct directory *directory;
    const struct health_engine *engine; /* for snapshots: what is true now */
    uint64_t epoch;                     /* of this life of the daemon */
    const char *reporter;               /* who reports: host name and process, for people */
    void (*remark)(void *context, const char *text); /* one line for people */
    void *context;
};

struct reporter_stdout;

/* Write each report as one JSON line to a descriptor, which is made non-blocking while this lives. A
 * reader who does not read holds up nothing. NULL: memory is short. */
struct reporter_stdout *reporter_stdout_create(struct event_base *base,
                                               const struct reporter_source *source, int fd);

/* There may be something in the queue. */
void reporter_stdout_wake(struct reporter_stdout *reporter);

/* Write what is there, for at most `patience_ms`, and free; NULL is fine. */
void reporter_stdout_destroy(struct reporter_stdout *reporter, int patience_ms);

struct reporter_redis;

struct reporter_redis_options {
    const char *address;       /* "HOST:PORT", or the path of a Unix socket */
    const char *user;          /* NULL: none (ACLs of Redis 6) */
    const char *password_file; /* NULL: none; its first line, read again at each connect */
    int64_t interval_ns; /* the reporter's key is renewed so often, and lives three times as long */
    uint32_t log_length; /* about so many entries are kept in the stream */
};

struct reporter_redis_counters {
    uint64_t written; /* reports that Redis has stored */
    uint64_t refused; /* that it refused as older than what it has */
    uint64_t failed;  /* tries that ended in an error or without an answer */
    uint64_t connects;
    bool connected;
    int64_t behind_ns; /* since when something has not been stored yet; 0: everything is */
};

/*
 * Report to Redis, now and whenever it is there: whatever becomes of it, once it takes writes again what
 * is stored equals what the engine believes (docs/redis.md). The source's epoch must be below 2^53 - 2^20
 * and greater in each life, the interval at least a millisecond. The program must ignore SIGPIPE. NULL:
 * memory is short, or an option cannot be used (a remark said which).
 */
struct reporter_redis *reporter_redis_create(struct event_base *base,
                                             const struct reporter_source *source,
                                             const struct reporter_redis_options *options);

/* There may be something in the queue: it leaves at once. */
void reporter_redis_wake(struct reporter_redis *reporter);

/* The directory has changed: nodes or clusters came, went or have another number. Call it before the loop
 * goes on. What is gone is removed upstream, and all is written anew under an epoch greater by one. */
void reporter_redis_names_changed(struct reporter_redis *reporter);

void reporter_redis_counters(const struct reporter_redis *reporter,
                             struct reporter_redis_counters *ret_counters);

/* Write what is there, for at most `patience_ms`, and free; NULL is fine. Runs the loop, so it must not be
 * called from inside it. */
void reporter_redis_destroy(struct reporter_redis *reporter, int patience_ms);

#endif
