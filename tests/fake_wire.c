/*
 * fake_wire.c - packets of MySQL's protocol
 * (https://mariadb.com/kb/en/clientserver-protocol/), as a fake server sends them.
 */
#include "fake_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPABILITIES 0x0088a209u /* 4.1, secure, plugin names, transactions, with database, long */
#define WITH_TLS 0x0800u

static void put(struct fake_text *text, const void *bytes, size_t size)
{
    if (text->length + size > sizeof text->bytes)
        abort();
    memcpy(text->bytes + text->length, bytes, size);
    text->length += size;
}

static void put_number(struct fake_text *text, uint64_t number, unsigned size)
{
    while (size--) {
        uint8_t byte = (uint8_t)number;
        put(text, &byte, 1);
        number >>= 8;
    }
}

/* A text with its length before it; shorter than 251. */
static void put_string(struct fake_text *text, const char *string)
{
    put_number(text, strlen(string), 1);
    put(text, string, strlen(string));
}

/* Where a packet begins; its length is written when it ends. */
static size_t packet_begin(struct fake_text *text)
{
    size_t start = text->length;
    put_number(text, 0, 3);
    put_number(text, text->sequence++, 1);
    return start;
}

static void packet_end(struct fake_text *text, size_t start)
{
    size_t length = text->length - start - 4;
    for (unsigned i = 0; i < 3; i++)
        text->bytes[start + i] = (uint8_t)(length >> 8 * i);
}

void fake_say_greeting(struct fake_text *text, bool with_tls)
{
    unsigned capabilities = CAPABILITIES | (with_tls ? WITH_TLS : 0);
    static const char version[] = "5.5.5-10.11.0-MariaDB-fake";
    static const char salt[] = "12345678abcdefghijkl";
    static const char plugin[] = "mysql_native_password";
    size_t start = packet_begin(text);

    put_number(text, 10, 1);
    put(text, version, sizeof version);
    put_number(text, 7, 4); /* the connection's id */
    put(text, salt, 8);
    put_number(text, 0, 1);
    put_number(text, capabilities & 0xffff, 2);
    put_number(text, 33, 1); /* utf8 */
    put_number(text, 2, 2);  /* autocommit */
    put_number(text, capabilities >> 16, 2);
    put_number(text, 21, 1); /* the salt's length */
    put_number(text, 0, 8);
    put_number(text, 0, 2);
    put(text, salt + 8, 13);
    put(text, plugin, sizeof plugin);
    packet_end(text, start);
}

void fake_say_ok(struct fake_text *text)
{
    size_t start = packet_begin(text);
    put_number(text, 0, 3); /* OK, no rows changed, no id */
    put_number(text, 2, 2);
    put_number(text, 0, 2);
    packet_end(text, start);
}

void fake_say_error(struct fake_text *text, unsigned code, const char *state, const char *sentence)
{
    size_t start = packet_begin(text);
    put_number(text, 0xff, 1);
    put_number(text, code, 2);
    if (state) {
        put(text, "#", 1);
        put(text, state, 5);
    }
    put(text, sentence, strlen(sentence));
    packet_end(text, start);
}

void fake_say_end(struct fake_text *text)
{
    size_t start = packet_begin(text);
    put_number(text, 0xfe, 1);
    put_number(text, 0, 2);
    put_number(text, 2, 2);
    packet_end(text, start);
}

void fake_say_columns(struct fake_text *text, unsigned columns)
{
    size_t start = packet_begin(text);
    put_number(text, columns, 1);
    packet_end(text, start);
    for (unsigned i = 0; i < columns; i++) {
        start = packet_begin(text);
        put_string(text, "def");
        for (unsigned name = 0; name < 5; name++)
            put_string(text, "c");
        put_number(text, 12, 1);
        put_number(text, 33, 2);
        put_number(text, 255, 4);
        put_number(text, 253, 1); /* VAR_STRING */
        put_number(text, 0, 2);
        put_number(text, 0, 3);
        packet_end(text, start);
    }
    fake_say_end(text);
}

void fake_say_row(struct fake_text *text, const char *const *values, unsigned columns)
{
    size_t start = packet_begin(text);
    for (unsigned i = 0; i < columns; i++)
        put_string(text, values[i]);
    packet_end(text, start);
}

void fake_say_rows(struct fake_text *text)
{
    static const char *const pair[] = {"wsrep_flood", "000000000000000000000000000000000000000000"};
    for (unsigned i = 0; i < 100; i++)
        fake_say_row(text, pair, 2);
}

static void say_pairs(struct fake_text *text, const char *const (*pairs)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        fake_say_row(text, pairs[i], 2);
}

void fake_say_status(struct fake_text *text)
{
    static const char *const pairs[][2] = {
        {"wsrep_local_state", "4"},
        {"wsrep_cluster_status", "Primary"},
        {"wsrep_cluster_size", "3"},
        {"wsrep_cluster_weight", "3"},
        {"wsrep_cluster_conf_id", "7"},
        {"wsrep_cluster_state_uuid", "11111111-2222-3333-4444-555555555555"},
        {"wsrep_gcomm_uuid", "aaaaaaaa-0001-11ee-8000-000000000001"},
        {"wsrep_ready", "ON"},
        {"wsrep_connected", "ON"},
        {"wsrep_evs_state", "OPERATIONAL"},
        {"wsrep_local_recv_queue", "11"},
        {"wsrep_last_committed", "2817"},
    };
    fake_say_columns(text, 2);
    say_pairs(text, pairs, sizeof pairs / sizeof *pairs);
    fake_say_end(text);
}

void fake_say_begun(struct fake_text *text)
{
    static const char *const pair[] = {"wsrep_local_state", "4"};
    fake_say_columns(text, 2);
    fake_say_row(text, pair, 2);
}

void fake_say_variables(struct fake_text *text)
{
    static const char *const pairs[][2] = {
        {"read_only", "OFF"},
        {"wsrep_desync", "OFF"},
        {"wsrep_reject_queries", "NONE"},
        {"wsrep_sst_donor_rejects_queries", "OFF"},
    };
    fake_say_columns(text, 2);
    say_pairs(text, pairs, sizeof pairs / sizeof *pairs);
    fake_say_end(text);
}

/* Of the variables, in the order in which they are asked for. */
static const char *const values_said[] = {"NONE", "0", "0", "0", "0"};

void fake_say_values(struct fake_text *text, unsigned values)
{
    fake_say_columns(text, values);
    fake_say_row(text, values_said, values);
    fake_say_end(text);
}

void fake_say_members(struct fake_text *text, unsigned values)
{
    static const char *const members[][2] = {
        {"aaaaaaaa-0001-11ee-8000-000000000001", "n0"},
        {"aaaaaaaa-0002-11ee-8000-000000000002", "n1"},
        {"aaaaaaaa-0003-11ee-8000-000000000003", "garb"},
    };
    const char *row[8];

    memcpy(row, values_said, values * sizeof *row);
    fake_say_columns(text, values + 2);
    for (unsigned i = 0; i < 3; i++) {
        row[values] = members[i][0];
        row[values + 1] = members[i][1];
        fake_say_row(text, row, values + 2);
    }
    fake_say_end(text);
}
