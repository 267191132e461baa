/*
 * trace_binary.h - the compact form's building blocks, shared by its reader and its writer.
 *
 * healthd-trace(5) describes the form. Numbers are base-128 varints, low group first; signed ones are
 * zigzag. Times are differences to the entry before. A UUID is its place in a table that both sides
 * grow alike; a view that equals the one its node told last is one bit.
 */
#ifndef HEALTHD_PROBES_TRACE_BINARY_H
#define HEALTHD_PROBES_TRACE_BINARY_H

#include "trace_private.h"

enum { RECORD_PROBE = 1, RECORD_LINK = 2, RECORD_HEARTBEAT = 3, RECORD_MARK = 4 };

/* Flags of a probe. Queue and position differ where a view repeats; a version hardly ever does. */
enum {
    PROBE_OK = 1,
    PROBE_VIEW = 2,
    PROBE_SAME_VIEW = 4,
    PROBE_QUEUE = 8,
    PROBE_VERSION = 16, /* it is another than the one told last, "" for none */
    PROBE_COMMITTED = 32,
};

/* Flags of a heartbeat. */
enum { BEAT_LOCAL = 1, BEAT_GRASTATE = 2, BEAT_MOVED = 4, BEAT_RECOVERY = 8 };

/* A view's small fields, in the order they are written, one byte each. */
#define VIEW_BYTES(X) \
    X(component) \
    X(local_state) \
    X(ready) \
    X(connected) \
    X(rejects) \
    X(desync) \
    X(read_only) \
    X(donor_rejects) \
    X(maintenance) \
    X(gathering)

static inline uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* Views with member lists are never abbreviated: the list is the caller's. What is for people is told beside
 * the view. */
static inline bool same_view(const struct health_view *a, const struct health_view *b)
{
#define X(field) &&a->field == b->field
    return !a->member_count && !b->member_count &&
           health_uuid_equal(&a->state_uuid, &b->state_uuid) &&
           health_uuid_equal(&a->gcomm_uuid, &b->gcomm_uuid) && a->conf_id == b->conf_id &&
           a->size == b->size && a->weight == b->weight VIEW_BYTES(X);
#undef X
}

/* Append a UUID to a table; its place counts from 1. False: out of memory. */
bool uuid_table_add(struct uuid_table *table, const struct health_uuid *uuid);

/* The place of a UUID, 0 when it is not there. */
size_t uuid_table_find(const struct uuid_table *table, const struct health_uuid *uuid);

#endif
