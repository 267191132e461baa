/*
 * trace_binary.c - reading the compact form. Every byte may be wrong: each read is checked, and the
 * first that makes no sense ends the trace with a note of where.
 */
#include "trace_binary.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX (1u << 20)
#define MARK_MAX (1u << 20)
#define UUIDS_MAX (1u << 20)

bool uuid_table_add(struct uuid_table *table, const struct health_uuid *uuid)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;
        struct health_uuid *uuids = realloc(table->uuids, capacity * sizeof *uuids);
        if (!uuids)
            return false;
        table->uuids = uuids;
        table->capacity = capacity;
    }
    table->uuids[table->count++] = *uuid;
    return true;
}

/* From the end: the newest are the ones in use. */
size_t uuid_table_find(const struct uuid_table *table, const struct health_uuid *uuid)
{
    for (size_t i = table->count; i > 0; i--)
        if (health_uuid_equal(&table->uuids[i - 1], uuid))
            return i;
    return 0;
}

/* A read that failed makes all later ones fail too, so that a record is checked once, at its end. */
struct source {
    struct health_trace_reader *reader;
    const char *wrong; /* what made no sense; NULL: nothing yet */
};

static void fail(struct source *source, const char *wrong)
{
    if (!source->wrong)
        source->wrong = wrong;
}

static uint8_t read_byte(struct source *source)
{
    if (source->wrong)
        return 0;
    int byte = getc(source->reader->stream);
    if (byte == EOF) {
        fail(source, "the trace ends in the middle of an entry");
        return 0;
    }
    source->reader->offset++;
    return (uint8_t)byte;
}

static void read_bytes(struct source *source, char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)read_byte(source);
}

static uint64_t read_number(struct source *source)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(source);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    fail(source, "a number has more than 64 bits");
    return 0;
}

static int64_t read_signed(struct source *source)
{
    return unzigzag(read_number(source));
}

/* A number below a bound. */
static uint64_t read_below(struct source *source, uint64_t bound, const char *wrong)
{
    uint64_t value = read_number(source);
    if (value >= bound)
        fail(source, wrong);
    return value < bound ? value : 0;
}

static uint64_t read_half(struct source *source)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 8)
        value |= (uint64_t)read_byte(source) << shift;
    return value;
}

/* 0 is "none"; one more than the table holds announces a new one. */
static struct health_uuid read_uuid(struct source *source)
{
    struct uuid_table *table = &source->reader->uuids;
    struct health_uuid uuid = {0, 0};
    uint64_t place = read_number(source);

    if (source->wrong || place == 0)
        return uuid;
    if (place <= table->count)
        return table->uuids[place - 1];
    if (place != table->count + 1 || table->count >= UUIDS_MAX) {
        fail(source, "a UUID's place is not in the table");
        return uuid;
    }
    uuid.hi = read_half(source);
    uuid.lo = read_half(source);
    if (!source->wrong && !uuid_table_add(table, &uuid))
        fail(source, "out of memory for the UUID table");
    return uuid;
}

static void read_view(struct source *source, struct health_view *view)
{
    struct health_trace_reader *reader = source->reader;

    view->state_uuid = read_uuid(source);
    view->gcomm_uuid = read_uuid(source);
    view->conf_id = read_number(source);
    view->size = (int32_t)read_signed(source);
    view->weight = (int32_t)read_signed(source);
#define X(field) view->field = read_byte(source);
    VIEW_BYTES(X)
#undef X
    view->member_count = read_byte(source);
    view->members = reader->members;
    for (unsigned i = 0; i < view->member_count; i++) {
        reader->members[i].gcomm_uuid = read_uuid(source);
        uint64_t node = read_below(source, reader->header.node_count + 1u,
                                   "a member's node is not in the header");
        reader->members[i].node = node ? (uint32_t)node - 1 : HEALTH_NODE_NONE;
    }
    if (view->component >= HEALTH_COMPONENT_COUNT || view->ready >= HEALTH_ANSWER_COUNT ||
        view->connected >= HEALTH_ANSWER_COUNT)
        fail(source, "a view's byte is out of range");
}

/* The position, told as the way from the last one. */
static int64_t read_committed(struct source *source, int64_t *last)
{
    uint64_t value = (uint64_t)*last + (uint64_t)read_signed(source);
    if (value > INT64_MAX) {
        fail(source, "a position is out of range");
        return -1;
    }
    *last = (int64_t)value;
    return *last;
}

/* What a view says beside what it repeats. */
static void read_beside_view(struct source *source, uint8_t flags, struct view_memory *memory,
                             unsigned witness, struct health_view *view)
{
    char *last = memory->version[witness];

    view->recv_queue = flags & PROBE_QUEUE ? (int32_t)read_below(source, (uint64_t)INT32_MAX + 1,
                                                                 "a queue's length is out of range")
                                           : -1;
    if (flags & PROBE_VERSION) {
        size_t size = (size_t)read_below(source, HEALTH_VERSION_MAX, "a version is too long");
        read_bytes(source, last, size);
        last[size] = '\0';
    }
    view->version = word_version(last, source->reader->version);
    view->last_committed =
        flags & PROBE_COMMITTED ? read_committed(source, &memory->committed[witness]) : -1;
}

static void read_probe(struct source *source, uint32_t node, unsigned witness,
                       struct health_probe *probe)
{
    struct view_memory *memory = &source->reader->views[node];
    struct health_view *last = &memory->view[witness];
    uint8_t flags = read_byte(source);

    probe->ok = flags & PROBE_OK;
    probe->has_view = flags & PROBE_VIEW;
    probe->rtt_ns = (int64_t)read_below(source, INT64_MAX / 1000, "a round trip is out of range") *
                    HEALTH_NS_PER_US;
    probe->error = (uint8_t)read_below(source, HEALTH_PROBE_ERROR_COUNT, "an error is not known");
    probe->code = (uint16_t)read_below(source, UINT16_MAX + 1u, "an error code is out of range");
    if (!probe->has_view)
        return;
    if (flags & PROBE_SAME_VIEW) {
        probe->view = *last;
    } else {
        read_view(source, &probe->view);
        *last = probe->view;
        last->member_count = 0; /* the list lives until the next entry only */
    }
    read_beside_view(source, flags, memory, witness, &probe->view);
}

static void read_recovery(struct source *source, struct health_recovery *recovery)
{
    recovery->status =
        (uint8_t)read_below(source, HEALTH_RECOVERY_COUNT, "a recovery is not known");
    recovery->uuid = read_uuid(source);
    recovery->seqno = read_signed(source);
}

static void read_beat(struct source *source, uint32_t node, struct health_heartbeat *beat)
{
    uint8_t flags = read_byte(source);

    beat->has_local = flags & BEAT_LOCAL;
    beat->grastate.known = flags & BEAT_GRASTATE;
    beat->boot = read_uuid(source);
    beat->seq = read_number(source);
    beat->sent_us = read_signed(source);
    beat->pid = (uint32_t)read_below(source, UINT32_MAX, "a pid is out of range");
    beat->process = (uint8_t)read_below(source, HEALTH_PROCESS_COUNT, "a process is not known");
    beat->proc_state = (char)read_byte(source);
    beat->exit_kind = (uint8_t)read_below(source, HEALTH_EXIT_SIGNAL + 1u, "an exit is not known");
    beat->exit_value = (int32_t)read_signed(source);
    beat->gvwstate = (uint8_t)read_below(source, HEALTH_ANSWER_COUNT, "an answer is not known");
    beat->sst_in_progress =
        (uint8_t)read_below(source, HEALTH_ANSWER_COUNT, "an answer is not known");
    if (beat->grastate.known) {
        beat->grastate.uuid = read_uuid(source);
        beat->grastate.seqno = read_signed(source);
        beat->grastate.safe_to_bootstrap =
            (uint8_t)read_below(source, HEALTH_ANSWER_COUNT, "an answer is not known");
    }
    if (flags & BEAT_MOVED)
        beat->moved = read_number(source);
    beat->recovery.seqno = -1;
    if (flags & BEAT_RECOVERY)
        read_recovery(source, &beat->recovery);
    if (beat->has_local)
        read_probe(source, node, 1, &beat->local);
}

static void read_mark(struct source *source, struct health_trace_entry *entry)
{
    size_t size = (size_t)read_below(source, MARK_MAX, "a mark is too long");
    if (source->wrong || !trace_text_reserve(source->reader, size + 1)) {
        fail(source, "out of memory for a mark");
        return;
    }
    read_bytes(source, source->reader->text, size);
    source->reader->text[size] = '\0';
    cJSON *json = source->wrong ? NULL : cJSON_ParseWithOpts(source->reader->text, NULL, true);
    if (!cJSON_IsObject(json))
        fail(source, "a mark is no JSON object");
    cJSON_Delete(json);
    entry->kind = HEALTH_TRACE_MARK;
    entry->mark = source->reader->text;
}

static void read_observation(struct source *source, uint8_t kind, struct health_trace_entry *entry)
{
    struct health_observation *observation = &entry->observation;

    entry->kind = HEALTH_TRACE_OBSERVATION;
    observation->at_ns = entry->at_ns;
    observation->node = (uint32_t)read_below(source, source->reader->header.node_count,
                                             "a node is not in the header");
    if (kind == RECORD_PROBE) {
        observation->witness = HEALTH_WITNESS_PROBE;
        read_probe(source, observation->node, 0, &observation->probe);
    } else if (kind == RECORD_LINK) {
        observation->witness = HEALTH_WITNESS_LINK;
        observation->link =
            (uint8_t)read_below(source, HEALTH_LINK_COUNT, "a link's state is not known");
    } else if (kind == RECORD_HEARTBEAT) {
        observation->witness = HEALTH_WITNESS_AGENT;
        read_beat(source, observation->node, &observation->heartbeat);
    } else {
        fail(source, "an entry is of no known kind");
    }
}

enum health_trace_kind trace_binary_next(struct health_trace_reader *reader,
                                         struct health_trace_entry *entry)
{
    struct source source = {.reader = reader};
    int kind = getc(reader->stream);

    if (kind == EOF)
        return HEALTH_TRACE_END;
    entry->line = reader->offset++;
    int64_t step_us = read_signed(&source);
    int64_t last_us = reader->binary_us;
    if (step_us > TIME_MAX_US - last_us || step_us < -last_us) {
        fail(&source, "a time is out of range");
        step_us = 0;
    }
    reader->binary_us = last_us + step_us;
    entry->at_ns = reader->binary_us * HEALTH_NS_PER_US;
    if (kind == RECORD_MARK)
        read_mark(&source, entry);
    else
        read_observation(&source, (uint8_t)kind, entry);
    if (source.wrong) {
        trace_problem(reader, "%s: what follows cannot be read", source.wrong);
        return HEALTH_TRACE_END;
    }
    return entry->kind;
}

static bool is_former(const char magic[BINARY_MAGIC_SIZE])
{
    static const char formers[][BINARY_MAGIC_SIZE + 1] = BINARY_MAGICS_FORMER;
    for (size_t i = 0; i < sizeof formers / sizeof *formers; i++)
        if (memcmp(magic, formers[i], BINARY_MAGIC_SIZE) == 0)
            return true;
    return false;
}

bool trace_binary_open(struct health_trace_reader *reader)
{
    struct source source = {.reader = reader};
    char magic[BINARY_MAGIC_SIZE];

    read_bytes(&source, magic, sizeof magic);
    if (!source.wrong && memcmp(magic, BINARY_MAGIC, sizeof magic) != 0 && !is_former(magic))
        fail(&source, "neither a JSON trace nor a binary one of this version");
    size_t size = (size_t)read_below(&source, HEADER_MAX, "the header is too long");
    if (!source.wrong && trace_text_reserve(reader, size + 1)) {
        char *header = malloc(size + 1);
        if (header) {
            read_bytes(&source, header, size);
            header[size] = '\0';
            bool good = !source.wrong && trace_decode_header(reader, header, size);
            free(header);
            if (good)
                return true;
        }
    }
    trace_problem(reader, "%s", source.wrong ? source.wrong : "the header cannot be used");
    return false;
}
