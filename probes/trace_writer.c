/*
 * trace_writer.c - writing a trace, in either form.
 */
#include "trace_binary.h"

#include <stdlib.h>
#include <string.h>

struct health_trace_writer {
    FILE *stream;
    struct health_trace_header header;
    bool binary;
    bool failed;
    int64_t last_us;
    struct uuid_table uuids;
    struct view_memory views[HEALTH_CLUSTER_NODES_MAX];
};

static void put_byte(struct health_trace_writer *writer, unsigned byte)
{
    if (putc((int)(byte & 0xff), writer->stream) == EOF)
        writer->failed = true;
}

static void put_number(struct health_trace_writer *writer, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(writer, (unsigned)(value & 0x7f) | 0x80);
    put_byte(writer, (unsigned)value);
}

static void put_signed(struct health_trace_writer *writer, int64_t value)
{
    put_number(writer, zigzag(value));
}

static void put_text(struct health_trace_writer *writer, const char *text)
{
    put_number(writer, strlen(text));
    if (fputs(text, writer->stream) == EOF)
        writer->failed = true;
}

static void put_uuid(struct health_trace_writer *writer, const struct health_uuid *uuid)
{
    if (!uuid->hi && !uuid->lo) {
        put_number(writer, 0);
        return;
    }
    size_t place = uuid_table_find(&writer->uuids, uuid);
    put_number(writer, place ? place : writer->uuids.count + 1);
    if (place)
        return;
    for (unsigned shift = 0; shift < 64; shift += 8)
        put_byte(writer, (unsigned)(uuid->hi >> shift));
    for (unsigned shift = 0; shift < 64; shift += 8)
        put_byte(writer, (unsigned)(uuid->lo >> shift));
    if (!uuid_table_add(&writer->uuids, uuid))
        writer->failed = true;
}

static void put_view(struct health_trace_writer *writer, const struct health_view *view)
{
    put_uuid(writer, &view->state_uuid);
    put_uuid(writer, &view->gcomm_uuid);
    put_number(writer, view->conf_id);
    put_signed(writer, view->size);
    put_signed(writer, view->weight);
#define X(field) put_byte(writer, view->field);
    VIEW_BYTES(X)
#undef X
    put_byte(writer, view->member_count);
    for (unsigned i = 0; i < view->member_count; i++) {
        const struct health_member *member = &view->members[i];
        put_uuid(writer, &member->gcomm_uuid);
        put_number(writer, member->node < writer->header.node_count ? member->node + 1u : 0);
    }
}

static void put_probe(struct health_trace_writer *writer, uint32_t node, unsigned witness,
                      const struct health_probe *probe)
{
    struct view_memory *memory = &writer->views[node];
    struct health_view *last = &memory->view[witness];
    const char *version = probe->view.version ? probe->view.version : "";
    bool same = probe->has_view && same_view(&probe->view, last);
    bool queue = probe->has_view && probe->view.recv_queue != -1;
    bool placed = probe->has_view && probe->view.last_committed != -1;
    bool renamed = probe->has_view && strcmp(version, memory->version[witness]) != 0;

    put_byte(writer, (probe->ok ? PROBE_OK : 0u) | (probe->has_view ? PROBE_VIEW : 0u) |
                         (same ? PROBE_SAME_VIEW : 0u) | (queue ? PROBE_QUEUE : 0u) |
                         (renamed ? PROBE_VERSION : 0u) | (placed ? PROBE_COMMITTED : 0u));
    put_number(writer, (uint64_t)(probe->rtt_ns / HEALTH_NS_PER_US));
    put_number(writer, probe->error);
    put_number(writer, probe->code);
    if (probe->has_view && !same) {
        put_view(writer, &probe->view);
        *last = probe->view;
        last->member_count = 0;
    }
    if (queue)
        put_number(writer, (uint32_t)probe->view.recv_queue);
    if (renamed) {
        snprintf(memory->version[witness], HEALTH_VERSION_MAX, "%s", version);
        put_text(writer, memory->version[witness]);
    }
    if (placed) {
        put_signed(writer, probe->view.last_committed - memory->committed[witness]);
        memory->committed[witness] = probe->view.last_committed;
    }
}

static void put_recovery(struct health_trace_writer *writer, const struct health_recovery *recovery)
{
    put_number(writer, recovery->status);
    put_uuid(writer, &recovery->uuid);
    put_signed(writer, recovery->seqno);
}

static void put_beat(struct health_trace_writer *writer, uint32_t node,
                     const struct health_heartbeat *beat)
{
    bool recovery = beat->recovery.status != HEALTH_RECOVERY_NONE;

    put_byte(writer, (beat->has_local ? BEAT_LOCAL : 0u) |
                         (beat->grastate.known ? BEAT_GRASTATE : 0u) |
                         (beat->moved ? BEAT_MOVED : 0u) | (recovery ? BEAT_RECOVERY : 0u));
    put_uuid(writer, &beat->boot);
    put_number(writer, beat->seq);
    put_signed(writer, beat->sent_us);
    put_number(writer, beat->pid);
    put_number(writer, beat->process);
    put_byte(writer, (unsigned char)beat->proc_state);
    put_number(writer, beat->exit_kind);
    put_signed(writer, beat->exit_value);
    put_number(writer, beat->gvwstate);
    put_number(writer, beat->sst_in_progress);
    if (beat->grastate.known) {
        put_uuid(writer, &beat->grastate.uuid);
        put_signed(writer, beat->grastate.seqno);
        put_number(writer, beat->grastate.safe_to_bootstrap);
    }
    if (beat->moved)
        put_number(writer, beat->moved);
    if (recovery)
        put_recovery(writer, &beat->recovery);
    if (beat->has_local)
        put_probe(writer, node, 1, &beat->local);
}

static void write_binary(struct health_trace_writer *writer, const struct health_trace_entry *entry)
{
    const struct health_observation *observation = &entry->observation;
    static const uint8_t kinds[HEALTH_WITNESS_COUNT] = {
        [HEALTH_WITNESS_PROBE] = RECORD_PROBE,
        [HEALTH_WITNESS_LINK] = RECORD_LINK,
        [HEALTH_WITNESS_AGENT] = RECORD_HEARTBEAT,
    };
    int64_t at_us = entry->at_ns / HEALTH_NS_PER_US;
    bool mark = entry->kind == HEALTH_TRACE_MARK;

    put_byte(writer, mark ? RECORD_MARK : kinds[observation->witness]);
    put_signed(writer, at_us - writer->last_us);
    writer->last_us = at_us;
    if (mark) {
        put_text(writer, entry->mark);
        return;
    }
    put_number(writer, observation->node);
    if (observation->witness == HEALTH_WITNESS_PROBE)
        put_probe(writer, observation->node, 0, &observation->probe);
    else if (observation->witness == HEALTH_WITNESS_AGENT)
        put_beat(writer, observation->node, &observation->heartbeat);
    else
        put_number(writer, observation->link);
}

/* Write one line of JSON; NULL: there was no memory for it. Frees the text. */
static void write_line(struct health_trace_writer *writer, char *text)
{
    if (!text || fprintf(writer->stream, "%s\n", text) < 0)
        writer->failed = true;
    free(text);
}

struct health_trace_writer *health_trace_write_begin(FILE *stream, bool binary,
                                                     const struct health_trace_header *header)
{
    struct health_trace_writer *writer = calloc(1, sizeof *writer);
    char *text = trace_encode_header(header);

    if (!writer || !text) {
        free(writer);
        free(text);
        return NULL;
    }
    writer->stream = stream;
    writer->binary = binary;
    writer->header = *header;
    if (binary) {
        fputs(BINARY_MAGIC, stream);
        put_text(writer, text);
        free(text);
    } else {
        write_line(writer, text);
    }
    return writer;
}

void health_trace_write(struct health_trace_writer *writer, const struct health_trace_entry *entry)
{
    if (writer->binary)
        write_binary(writer, entry);
    else
        write_line(writer, trace_encode_entry(&writer->header, entry));
}

bool health_trace_write_end(struct health_trace_writer *writer)
{
    if (!writer)
        return false;
    bool good = !writer->failed && fflush(writer->stream) == 0 && !ferror(writer->stream);
    free(writer->uuids.uuids);
    free(writer);
    return good;
}
