/*
 * maintenance.h - who is out of service for maintenance, since when, until when, and why.
 *
 * An operator's word, beside all testimony: clients are sent elsewhere, and the node's state goes on to be
 * judged and told. It is about a name, so it outlives a restart (in a file, where one is configured) and a
 * reload that keeps the name, whatever becomes of the number under it.
 *
 * The file is replaced as a whole, by a thread of its own. One that cannot be read, or is damaged, is told of
 * and left as it is: then what is set is kept in memory only, and each answer says so.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_MAINTENANCE_H
#define HEALTHD_CLI_MAINTENANCE_H

#include "directory.h"

/* Bytes of a reason, with the final 0. */
#define MAINTENANCE_REASON_SIZE 201

/* As far away as its end may be. */
#define MAINTENANCE_DAYS_MAX 366

/* What an operator wants. */
struct maintenance_wish {
    const char *reason;
    int64_t until_ns; /* of the wall clock; 0: until it is ended */
};

struct maintenance_entry {
    struct maintenance_entry *next;
    char cluster[DIRECTORY_NAME_MAX];
    char node[DIRECTORY_NAME_MAX];
    char reason[MAINTENANCE_REASON_SIZE];
    int64_t since_ns; /* of the wall clock, like the next */
    int64_t until_ns; /* 0: until it is ended */
    uint32_t number;  /* under which it is watched; HEALTH_NODE_NONE: it is not, now */
};

struct maintenance;

/* For nodes below `nodes`; who is in the file is in maintenance again. `path` NULL: in memory only. NULL: memory
 * is short. */
struct maintenance *maintenance_create(uint32_t nodes, const char *path);

/* Write what is to be written, for at most `patience_ms`, and free; NULL is fine. */
void maintenance_destroy(struct maintenance *maintenance, int patience_ms);

/* A node's entry; NULL: it is in service. */
const struct maintenance_entry *maintenance_of(const struct maintenance *maintenance,
                                               uint32_t node);

/* Does all of it outlive a restart? No without a file, or when that was not to be read or written. */
bool maintenance_is_kept(const struct maintenance *maintenance);

/* Begin it, or change why and until when. NULL: memory is short. */
const struct maintenance_entry *maintenance_begin(struct maintenance *maintenance,
                                                  const struct directory_entry *names,
                                                  uint32_t node,
                                                  const struct maintenance_wish *wish);

/* End it: the node is in service again, or nobody has its name any more. */
void maintenance_end(struct maintenance *maintenance, const struct maintenance_entry *entry);

/* A node is watched under a number from now on. NULL: it is in service. */
const struct maintenance_entry *maintenance_claim(struct maintenance *maintenance,
                                                  const struct directory_entry *names,
                                                  uint32_t node);

/* The number is another's soon. */
void maintenance_release(struct maintenance *maintenance, uint32_t node);

/* One that nobody has claimed; NULL: all are watched. */
const struct maintenance_entry *maintenance_unclaimed(const struct maintenance *maintenance);

/* One whose time is up; NULL: none. */
const struct maintenance_entry *maintenance_due(const struct maintenance *maintenance,
                                                int64_t wall_ns);

/* Tell the log when the file begins to fail, or works again. */
void maintenance_mind_file(struct maintenance *maintenance);

#endif
