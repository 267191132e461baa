/*
 * trace_private.h - what the files of the trace reader and writer share.
 */
#ifndef HEALTHD_PROBES_TRACE_PRIVATE_H
#define HEALTHD_PROBES_TRACE_PRIVATE_H

#include "words.h"

#include <healthd/trace.h>

/* Extra keys that were noted already: each is said once. */
#define NOTED_MAX 64

/* Version 2 added what a view says for people, version 3 positions, progress and recoveries. The former are the
 * same without. */
#define BINARY_MAGIC "HLTHTRC3"
#define BINARY_MAGICS_FORMER \
    { \
        "HLTHTRC1", "HLTHTRC2" \
    }
#define BINARY_MAGIC_SIZE 8

#define MEMBERS_MAX UINT8_MAX

/* Whoever replays adds limits and steps to a time, in nanoseconds: so much is left for it above the latest. */
#define TIME_ROOM_US (INT64_C(100) * 24 * 3600 * 1000000)
#define TIME_MAX_US (INT64_MAX / HEALTH_NS_PER_US - TIME_ROOM_US)

/* Views repeat: each node's last one is kept, of its probe and of its agent; and what its server called
 * itself then. The position counts from the one told last. */
struct view_memory {
    struct health_view view[2];
    int64_t committed[2];
    char version[2][HEALTH_VERSION_MAX];
};

struct uuid_table {
    struct health_uuid *uuids;
    size_t count;
    size_t capacity;
};

/* Where an entry leaps ahead in time, the next line is read too before it is given. */
struct trace_ahead {
    bool held; /* `next` was read, and is to be given next */
    enum health_trace_kind kind;
    struct health_trace_entry next;
    char *text; /* what the entry that leaps refers to, while `next` uses the reader's own */
    size_t text_capacity;
    struct health_member members[MEMBERS_MAX];
    char version[HEALTH_VERSION_MAX];
};

struct health_trace_reader {
    struct health_trace_options options;
    struct health_trace_header header;
    FILE *stream;
    char *line; /* getline's */
    size_t line_capacity;
    char *text; /* the line with long integers quoted; the current mark */
    size_t text_capacity;
    uint64_t line_number;
    uint64_t offset;   /* bytes read of a binary trace */
    int64_t binary_us; /* time of its last entry */
    int64_t latest_ns;
    uint64_t problems;
    bool binary;
    bool ended;
    char *noted[NOTED_MAX];
    size_t noted_count;
    struct health_member members[MEMBERS_MAX];
    char version[HEALTH_VERSION_MAX];
    struct trace_ahead ahead;
    struct uuid_table uuids;
    struct view_memory views[HEALTH_CLUSTER_NODES_MAX];
};

/* Note a problem where the reader stands, or a harmless thing; printf-like. */
void trace_problem(struct health_trace_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void trace_remark(struct health_trace_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Make the reader's text buffer at least so large. */
bool trace_text_reserve(struct health_trace_reader *reader, size_t size);

/* trace_decode.c: a line of JSON to the header, or to an entry. False: a problem was noted. */
bool trace_decode_header(struct health_trace_reader *reader, const char *line, size_t length);
bool trace_decode_entry(struct health_trace_reader *reader, const char *line, size_t length,
                        struct health_trace_entry *entry);

/* trace_encode.c: the header or an entry as a line of JSON, without the line's end; the caller frees. */
char *trace_encode_header(const struct health_trace_header *header);
char *trace_encode_entry(const struct health_trace_header *header,
                         const struct health_trace_entry *entry);

/* trace_binary.c */
enum health_trace_kind trace_binary_next(struct health_trace_reader *reader,
                                         struct health_trace_entry *entry);
bool trace_binary_open(struct health_trace_reader *reader);

#endif
