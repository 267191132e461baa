/*
 * trace_decode.c - one line of JSON to the header or to an entry.
 *
 * cJSON holds numbers as doubles, which lose integers above 2^53 (a configuration id of "none" is
 * 2^64-1). So before a line is parsed, each long integer outside a string is put into a string that
 * begins with a byte no JSON text may hold; integer_of() reads such strings digit by digit.
 */
#include "trace_private.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LONG_DIGITS 15
#define LONG_MARK '\x01'

/* A line under way: what reads it and whether it is still good. */
struct decoder {
    struct health_trace_reader *reader;
    bool failed;
};

#define FAIL(decoder, ...) \
    do { \
        if (!(decoder)->failed) \
            trace_problem((decoder)->reader, __VA_ARGS__); \
        (decoder)->failed = true; \
    } while (0)

static bool is_integer(const char *digits, size_t length)
{
    return digits[length] != '.' && digits[length] != 'e' && digits[length] != 'E';
}

/* Copy a line into the text buffer with its long integers quoted. */
static bool quote_long_integers(struct health_trace_reader *reader, const char *line, size_t length)
{
    bool in_string = false;
    size_t used = 0;

    if (!trace_text_reserve(reader, 2 * length + 4))
        return false;
    char *text = reader->text;
    for (size_t i = 0; i < length;) {
        size_t digits = strspn(line + i, "0123456789");
        if (!in_string && digits >= LONG_DIGITS && is_integer(line + i, digits)) {
            bool minus = used && text[used - 1] == '-';
            used -= minus;
            text[used++] = '"';
            text[used++] = LONG_MARK;
            if (minus)
                text[used++] = '-';
            memcpy(text + used, line + i, digits);
            used += digits;
            text[used++] = '"';
            i += digits;
        } else if (digits) {
            memcpy(text + used, line + i, digits);
            used += digits;
            i += digits;
        } else {
            if (in_string && line[i] == '\\' && i + 1 < length)
                text[used++] = line[i++];
            else if (line[i] == '"')
                in_string = !in_string;
            text[used++] = line[i++];
        }
    }
    text[used] = '\0';
    return true;
}

static cJSON *parse(struct health_trace_reader *reader, const char *line, size_t length)
{
    if (memchr(line, '\0', length)) {
        trace_problem(reader, "a zero byte stands in the line: one JSON object is expected");
        return NULL;
    }
    if (!quote_long_integers(reader, line, length))
        return NULL;
    const char *end = NULL;
    cJSON *json = cJSON_ParseWithOpts(reader->text, &end, true);
    if (!cJSON_IsObject(json)) {
        trace_problem(reader, "not a JSON object (near column %td)",
                      end ? end - reader->text + 1 : 1);
        cJSON_Delete(json);
        return NULL;
    }
    return json;
}

static const cJSON *get(const cJSON *object, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(value) ? NULL : value;
}

/* Say each extra key once. */
static void remark_key(struct health_trace_reader *reader, const char *where, const char *key)
{
    char name[160];
    snprintf(name, sizeof name, "%s.%s", where, key);
    for (size_t i = 0; i < reader->noted_count; i++)
        if (strcmp(reader->noted[i], name) == 0)
            return;
    if (reader->noted_count == NOTED_MAX)
        return;
    char *copy = strdup(name);
    if (!copy)
        return;
    reader->noted[reader->noted_count++] = copy;
    trace_remark(reader, "key %s is not known and is ignored (said once)", name);
}

/* Every key must be one of `known` (ended by NULL), and stand once. */
static void check_keys(struct decoder *decoder, const cJSON *object, const char *where,
                       const char *const *known)
{
    for (const cJSON *item = object->child; item; item = item->next) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], item->string) != 0)
            i++;
        if (!known[i])
            remark_key(decoder->reader, where, item->string);
        for (const cJSON *other = object->child; other != item; other = other->next)
            if (strcmp(other->string, item->string) == 0)
                FAIL(decoder, "%s.%s stands twice", where, item->string);
    }
}

/* The digits of an integer, of either sign, as a magnitude. */
static bool digits_of(const char *text, bool *ret_minus, uint64_t *ret_magnitude)
{
    uint64_t value = 0;
    *ret_minus = *text == '-';
    text += *ret_minus;
    for (; *text; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (!isdigit((unsigned char)*text) || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_magnitude = value;
    return true;
}

/* A JSON value as an exact integer. */
static bool integer_of(const cJSON *value, bool *ret_minus, uint64_t *ret_magnitude)
{
    if (cJSON_IsString(value) && value->valuestring[0] == LONG_MARK)
        return digits_of(value->valuestring + 1, ret_minus, ret_magnitude);
    if (!cJSON_IsNumber(value) || value->valuedouble < -1e15 || value->valuedouble > 1e15 ||
        value->valuedouble != (double)(int64_t)value->valuedouble)
        return false;
    *ret_minus = value->valuedouble < 0;
    *ret_magnitude = (uint64_t)(*ret_minus ? -value->valuedouble : value->valuedouble);
    return true;
}

/* An optional integer from 0 to `max`; `missing` when it is absent. */
static uint64_t get_count(struct decoder *decoder, const cJSON *object, const char *where,
                          const char *key, uint64_t max, uint64_t missing)
{
    const cJSON *value = get(object, key);
    bool minus;
    uint64_t magnitude;

    if (!value)
        return missing;
    if (!integer_of(value, &minus, &magnitude) || (minus && magnitude) || magnitude > max) {
        FAIL(decoder, "%s.%s: a whole number from 0 to %llu is expected", where, key,
             (unsigned long long)max);
        return missing;
    }
    return magnitude;
}

static int64_t get_signed(struct decoder *decoder, const cJSON *object, const char *where,
                          const char *key, int64_t missing)
{
    const cJSON *value = get(object, key);
    bool minus;
    uint64_t magnitude;

    if (!value)
        return missing;
    if (!integer_of(value, &minus, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + (minus ? 1u : 0u)) {
        FAIL(decoder, "%s.%s: a whole number of 64 bits is expected", where, key);
        return missing;
    }
    return minus ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
}

static const char *get_text(struct decoder *decoder, const cJSON *object, const char *where,
                            const char *key)
{
    const cJSON *value = get(object, key);
    if (!value)
        return NULL;
    if (!cJSON_IsString(value) || value->valuestring[0] == LONG_MARK) {
        FAIL(decoder, "%s.%s: a text is expected", where, key);
        return NULL;
    }
    return value->valuestring;
}

static const cJSON *get_object(struct decoder *decoder, const cJSON *object, const char *where,
                               const char *key)
{
    const cJSON *value = get(object, key);
    if (value && !cJSON_IsObject(value)) {
        FAIL(decoder, "%s.%s: an object is expected", where, key);
        return NULL;
    }
    return value;
}

static struct health_uuid get_uuid(struct decoder *decoder, const cJSON *object, const char *where,
                                   const char *key)
{
    struct health_uuid uuid = {0, 0};
    const char *text = get_text(decoder, object, where, key);
    if (text && *text && !uuid_parse(text, &uuid))
        FAIL(decoder, "%s.%s: a UUID of 36 characters is expected, not \"%.40s\"", where, key,
             text);
    return uuid;
}

/* One of a list of words, as its place in the list. */
static uint8_t get_word(struct decoder *decoder, const cJSON *object, const char *where,
                        const char *key, const char *const *words, unsigned count, uint8_t missing)
{
    const char *text = get_text(decoder, object, where, key);
    if (!text)
        return missing;
    for (unsigned i = 0; i < count; i++)
        if (strcasecmp(text, words[i]) == 0)
            return (uint8_t)i;
    FAIL(decoder, "%s.%s: \"%.40s\" is none of the words of this key", where, key, text);
    return missing;
}

/* A server's switch: ON or OFF, 1 or 0, true or false. What else it may say is not known. */
static uint8_t get_switch(struct decoder *decoder, const cJSON *object, const char *where,
                          const char *key)
{
    const cJSON *value = get(object, key);
    if (!value)
        return HEALTH_ANSWER_NOT_KNOWN;
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
    if (cJSON_IsNumber(value) && (value->valuedouble == 0 || value->valuedouble == 1))
        return value->valuedouble == 1 ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NO;
    const char *text = cJSON_GetStringValue(value);
    if (text && (strcasecmp(text, "ON") == 0 || strcmp(text, "1") == 0))
        return HEALTH_ANSWER_YES;
    if (text && (strcasecmp(text, "OFF") == 0 || strcmp(text, "0") == 0))
        return HEALTH_ANSWER_NO;
    if (text && text[0] != LONG_MARK)
        trace_remark(decoder->reader, "%s.%s: \"%.40s\" is neither ON nor OFF: taken as not known",
                     where, key, text);
    else
        FAIL(decoder, "%s.%s: ON or OFF is expected", where, key);
    return HEALTH_ANSWER_NOT_KNOWN;
}

/* A variable that is at rest with one word and active with any other. */
static uint8_t get_unless(struct decoder *decoder, const cJSON *object, const char *where,
                          const char *key, const char *rest)
{
    const char *text = get_text(decoder, object, where, key);
    if (!text)
        return HEALTH_ANSWER_NOT_KNOWN;
    return strcasecmp(text, rest) == 0 ? HEALTH_ANSWER_NO : HEALTH_ANSWER_YES;
}

/* wsrep_cluster_status is spelled with a dash or an underscore, in either case. */
static uint8_t get_component(struct decoder *decoder, const cJSON *wsrep, const char *where)
{
    const char *text = get_text(decoder, wsrep, where, "cluster_status");
    if (!text)
        return HEALTH_COMPONENT_NOT_KNOWN;
    if (strcasecmp(text, "Primary") == 0)
        return HEALTH_COMPONENT_PRIMARY;
    if (strcasecmp(text, "non-Primary") == 0 || strcasecmp(text, "non_Primary") == 0)
        return HEALTH_COMPONENT_NON_PRIMARY;
    if (strcasecmp(text, "Disconnected") == 0)
        return HEALTH_COMPONENT_DISCONNECTED;
    return HEALTH_COMPONENT_NOT_KNOWN;
}

static uint32_t node_index(const struct health_trace_header *header, const char *name)
{
    for (uint32_t i = 0; i < header->node_count; i++)
        if (strcmp(header->nodes[i], name) == 0)
            return i;
    return HEALTH_NODE_NONE;
}

static void decode_members(struct decoder *decoder, const cJSON *probe, const char *where,
                           struct health_view *view)
{
    static const char *const known[] = {"gcomm_uuid", "name", NULL};
    struct health_trace_reader *reader = decoder->reader;
    const cJSON *members = get(probe, "members");
    const cJSON *member;

    if (!members)
        return;
    if (!cJSON_IsArray(members) || cJSON_GetArraySize(members) > MEMBERS_MAX) {
        FAIL(decoder, "%s.members: an array of at most %d is expected", where, MEMBERS_MAX);
        return;
    }
    view->members = reader->members;
    cJSON_ArrayForEach(member, members)
    {
        if (!cJSON_IsObject(member)) {
            FAIL(decoder, "%s.members: objects are expected", where);
            return;
        }
        check_keys(decoder, member, "members", known);
        const char *name = get_text(decoder, member, "members", "name");
        reader->members[view->member_count++] = (struct health_member){
            .gcomm_uuid = get_uuid(decoder, member, "members", "gcomm_uuid"),
            .node = name ? node_index(&reader->header, name) : HEALTH_NODE_NONE,
        };
    }
}

static void decode_view(struct decoder *decoder, const cJSON *probe, const char *where,
                        struct health_view *view)
{
    static const char *const known[] = {
        "local_state", "cluster_status", "cluster_size", "cluster_weight", "ready", "connected",
        "cluster_conf_id", "cluster_state_uuid", "gcomm_uuid",
        /* carried by recordings, not used here */
        "last_committed", "local_recv_queue", "flow_control_paused_ns", "desync_count", "evs_state",
        "local_index", NULL};
    static const char *const known_vars[] = {"reject_queries", "desync",
                                             "read_only",      "sst_donor_rejects_queries",
                                             "pxc_maint_mode", NULL};
    const cJSON *wsrep = get(probe, "wsrep");
    const cJSON *vars = get_object(decoder, probe, where, "vars");

    check_keys(decoder, wsrep, "wsrep", known);
    view->state_uuid = get_uuid(decoder, wsrep, where, "cluster_state_uuid");
    view->gcomm_uuid = get_uuid(decoder, wsrep, where, "gcomm_uuid");
    view->conf_id =
        get_count(decoder, wsrep, where, "cluster_conf_id", UINT64_MAX, HEALTH_CONF_NONE);
    view->size = (int32_t)get_signed(decoder, wsrep, where, "cluster_size", -1);
    view->weight = (int32_t)get_signed(decoder, wsrep, where, "cluster_weight", -1);
    view->component = get_component(decoder, wsrep, where);
    view->local_state =
        (uint8_t)get_count(decoder, wsrep, where, "local_state", UINT8_MAX, HEALTH_LOCAL_NOT_KNOWN);
    view->ready = get_switch(decoder, wsrep, where, "ready");
    view->connected = get_switch(decoder, wsrep, where, "connected");
    if (vars) {
        check_keys(decoder, vars, "vars", known_vars);
        view->rejects = get_unless(decoder, vars, where, "reject_queries", "NONE");
        view->desync = get_switch(decoder, vars, where, "desync");
        view->read_only = get_switch(decoder, vars, where, "read_only");
        view->donor_rejects = get_switch(decoder, vars, where, "sst_donor_rejects_queries");
        view->maintenance = get_unless(decoder, vars, where, "pxc_maint_mode", "DISABLED");
    }
    decode_members(decoder, probe, where, view);
}

static void decode_probe(struct decoder *decoder, const cJSON *json, const char *where,
                         struct health_probe *probe)
{
    static const char *const known[] = {"ok",    "rtt_us", "error",   "code",
                                        "wsrep", "vars",   "members", NULL};
#define X(id, text) text,
    static const char *const errors[] = { HEALTH_PROBE_ERRORS(X) };
#undef X
    const cJSON *ok = get(json, "ok");

    check_keys(decoder, json, where, known);
    if (!cJSON_IsBool(ok)) {
        FAIL(decoder, "%s.ok: true or false is expected", where);
        return;
    }
    probe->ok = cJSON_IsTrue(ok);
    probe->rtt_ns =
        (int64_t)get_count(decoder, json, where, "rtt_us", INT64_MAX / 1000, 0) * HEALTH_NS_PER_US;
    probe->code = (uint16_t)get_count(decoder, json, where, "code", UINT16_MAX, 0);
    probe->error = get_word(decoder, json, where, "error", errors, HEALTH_PROBE_ERROR_COUNT,
                            HEALTH_PROBE_NONE);
    if (!probe->ok && probe->error == HEALTH_PROBE_NONE)
        FAIL(decoder, "%s.error: a failed probe says how it failed", where);
    if (probe->ok)
        probe->error = HEALTH_PROBE_NONE;
    probe->has_view = get_object(decoder, json, where, "wsrep") != NULL;
    if (probe->has_view)
        decode_view(decoder, json, where, &probe->view);
}

static void decode_exit(struct decoder *decoder, const cJSON *json, struct health_heartbeat *beat)
{
    static const char *const known[] = {"code", "signal", NULL};
    const cJSON *ended = get_object(decoder, json, "heartbeat", "exit");

    if (!ended)
        return;
    check_keys(decoder, ended, "exit", known);
    if (get(ended, "signal")) {
        beat->exit_kind = HEALTH_EXIT_SIGNAL;
        beat->exit_value = (int32_t)get_count(decoder, ended, "exit", "signal", 255, 0);
    } else if (get(ended, "code")) {
        beat->exit_kind = HEALTH_EXIT_CODE;
        beat->exit_value = (int32_t)get_count(decoder, ended, "exit", "code", 255, 0);
    }
}

static void decode_grastate(struct decoder *decoder, const cJSON *json,
                            struct health_grastate *grastate)
{
    static const char *const known[] = {"uuid", "seqno", "safe_to_bootstrap", NULL};
    const cJSON *saved = get_object(decoder, json, "heartbeat", "grastate");

    if (!saved)
        return;
    check_keys(decoder, saved, "grastate", known);
    grastate->known = true;
    grastate->uuid = get_uuid(decoder, saved, "grastate", "uuid");
    grastate->seqno = get_signed(decoder, saved, "grastate", "seqno", -1);
    grastate->safe_to_bootstrap = get_switch(decoder, saved, "grastate", "safe_to_bootstrap");
}

static void decode_beat(struct decoder *decoder, const cJSON *json, struct health_heartbeat *beat)
{
    static const char *const known[] = {
        "boot", "seq",      "sent_us",         "pid",   "mysqld", "proc_state", "grastate",
        "exit", "gvwstate", "sst_in_progress", "local", NULL};
#define X(id, text) text,
    static const char *const processes[] = { HEALTH_PROCESSES(X) };
#undef X
    check_keys(decoder, json, "heartbeat", known);
    if (!get(json, "boot") || !get(json, "seq") || !get(json, "mysqld"))
        FAIL(decoder, "heartbeat: boot, seq and mysqld are expected");
    beat->boot = get_uuid(decoder, json, "heartbeat", "boot");
    beat->seq = get_count(decoder, json, "heartbeat", "seq", UINT64_MAX, 0);
    beat->sent_us = get_signed(decoder, json, "heartbeat", "sent_us", 0);
    beat->pid = (uint32_t)get_count(decoder, json, "heartbeat", "pid", UINT32_MAX, 0);
    beat->process = get_word(decoder, json, "heartbeat", "mysqld", processes, HEALTH_PROCESS_COUNT,
                             HEALTH_PROCESS_NOT_KNOWN);
    const char *letter = get_text(decoder, json, "heartbeat", "proc_state");
    beat->proc_state = letter ? letter[0] : '\0';
    beat->gvwstate = get_switch(decoder, json, "heartbeat", "gvwstate");
    beat->sst_in_progress = get_switch(decoder, json, "heartbeat", "sst_in_progress");
    decode_exit(decoder, json, beat);
    decode_grastate(decoder, json, &beat->grastate);
    const cJSON *local = get_object(decoder, json, "heartbeat", "local");
    beat->has_local = local != NULL;
    if (local)
        decode_probe(decoder, local, "local", &beat->local);
}

static uint8_t decode_link(struct decoder *decoder, const cJSON *json)
{
#define X(id, text) text,
    static const char *const links[] = { HEALTH_LINKS(X) };
#undef X
    return get_word(decoder, json, "entry", "link", links, HEALTH_LINK_COUNT,
                    HEALTH_LINK_NOT_KNOWN);
}

static void decode_observation(struct decoder *decoder, const cJSON *json,
                               struct health_trace_entry *entry)
{
    struct health_observation *observation = &entry->observation;
    const cJSON *probe = get_object(decoder, json, "entry", "probe");
    const cJSON *beat = get_object(decoder, json, "entry", "heartbeat");
    bool link = get(json, "link") != NULL;
    const char *name = get_text(decoder, json, "entry", "node");

    if ((probe != NULL) + (beat != NULL) + link != 1) {
        FAIL(decoder, "exactly one of probe, link, heartbeat or mark is expected");
        return;
    }
    observation->at_ns = entry->at_ns;
    observation->node = name ? node_index(&decoder->reader->header, name) : HEALTH_NODE_NONE;
    if (observation->node == HEALTH_NODE_NONE) {
        FAIL(decoder, "node \"%.64s\" is not one of the header's nodes", name ? name : "");
        return;
    }
    if (probe) {
        observation->witness = HEALTH_WITNESS_PROBE;
        decode_probe(decoder, probe, "probe", &observation->probe);
    } else if (beat) {
        observation->witness = HEALTH_WITNESS_AGENT;
        decode_beat(decoder, beat, &observation->heartbeat);
    } else {
        observation->witness = HEALTH_WITNESS_LINK;
        observation->link = decode_link(decoder, json);
    }
}

/* Keep a mark's own text, which is shown to people as it stands. */
static void decode_mark(struct decoder *decoder, const cJSON *mark,
                        struct health_trace_entry *entry)
{
    char *text = cJSON_PrintUnformatted(mark);
    size_t size = text ? strlen(text) + 1 : 0;
    if (text && trace_text_reserve(decoder->reader, size)) {
        entry->kind = HEALTH_TRACE_MARK;
        entry->mark = memcpy(decoder->reader->text, text, size);
    } else {
        FAIL(decoder, "out of memory for a mark");
    }
    free(text);
}

bool trace_decode_entry(struct health_trace_reader *reader, const char *line, size_t length,
                        struct health_trace_entry *entry)
{
    static const char *const known[] = {"t_us", "node", "probe", "link", "heartbeat", "mark", NULL};
    struct decoder decoder = {.reader = reader};
    cJSON *json = parse(reader, line, length);

    if (!json)
        return false;
    check_keys(&decoder, json, "entry", known);
    entry->kind = HEALTH_TRACE_OBSERVATION;
    entry->line = reader->line_number;
    if (!get(json, "t_us"))
        FAIL(&decoder, "t_us is expected: monotonic microseconds");
    entry->at_ns =
        (int64_t)get_count(&decoder, json, "entry", "t_us", INT64_MAX / 1000, 0) * HEALTH_NS_PER_US;
    const cJSON *mark = get_object(&decoder, json, "entry", "mark");
    if (mark)
        decode_mark(&decoder, mark, entry);
    else if (!decoder.failed)
        decode_observation(&decoder, json, entry);
    cJSON_Delete(json);
    return !decoder.failed;
}

static void copy_text(struct decoder *decoder, const cJSON *json, const char *key, char *buffer,
                      size_t size)
{
    const char *text = get_text(decoder, json, "header", key);
    if (text && strlen(text) >= size)
        FAIL(decoder, "header.%s: at most %zu characters are expected", key, size - 1);
    snprintf(buffer, size, "%s", text ? text : "");
}

static void decode_names(struct decoder *decoder, const cJSON *json,
                         struct health_trace_header *header)
{
    const cJSON *names = get(json, "nodes");
    const cJSON *name;

    if (!cJSON_IsArray(names) || cJSON_GetArraySize(names) < 1 ||
        cJSON_GetArraySize(names) > HEALTH_CLUSTER_NODES_MAX) {
        FAIL(decoder, "header.nodes: an array of 1 to %d names is expected",
             HEALTH_CLUSTER_NODES_MAX);
        return;
    }
    cJSON_ArrayForEach(name, names)
    {
        const char *text = cJSON_GetStringValue(name);
        if (!text || !*text || strlen(text) >= HEALTH_TRACE_NAME_MAX ||
            node_index(header, text) != HEALTH_NODE_NONE) {
            FAIL(decoder, "header.nodes: different names of 1 to %d characters are expected",
                 HEALTH_TRACE_NAME_MAX - 1);
            return;
        }
        snprintf(header->nodes[header->node_count++], HEALTH_TRACE_NAME_MAX, "%s", text);
    }
}

/* A cadence that the engine can work with: 1 ms to an hour. */
static uint32_t get_cadence(struct decoder *decoder, const cJSON *json, const char *key,
                            uint32_t missing)
{
    uint32_t value = (uint32_t)get_count(decoder, json, "header", key, 3600000, missing);
    if (value == 0)
        FAIL(decoder, "header.%s: 1 to 3600000 ms is expected", key);
    return value;
}

bool trace_decode_header(struct health_trace_reader *reader, const char *line, size_t length)
{
    static const char *const known[] = {"trace",
                                        "scenario",
                                        "about",
                                        "cluster",
                                        "expected_size",
                                        "nodes",
                                        "probe_interval_ms",
                                        "probe_timeout_ms",
                                        "heartbeat_interval_ms",
                                        "recorded_on",
                                        NULL};
    struct health_trace_header *header = &reader->header;
    struct decoder decoder = {.reader = reader};
    cJSON *json = parse(reader, line, length);

    if (!json)
        return false;
    if (get_count(&decoder, json, "header", "trace", UINT32_MAX, 0) != 1) {
        FAIL(&decoder, "a header with \"trace\":1 is expected in the first line");
    } else {
        check_keys(&decoder, json, "header", known);
        decode_names(&decoder, json, header);
        copy_text(&decoder, json, "cluster", header->cluster, sizeof header->cluster);
        copy_text(&decoder, json, "scenario", header->scenario, sizeof header->scenario);
        copy_text(&decoder, json, "about", header->about, sizeof header->about);
        header->expected_size = (uint32_t)get_count(&decoder, json, "header", "expected_size",
                                                    HEALTH_CLUSTER_NODES_MAX, header->node_count);
        if (header->expected_size == 0)
            FAIL(&decoder, "header.expected_size: 1 to %d is expected", HEALTH_CLUSTER_NODES_MAX);
        header->probe_interval_ms = get_cadence(&decoder, json, "probe_interval_ms", 1000);
        header->probe_timeout_ms = get_cadence(&decoder, json, "probe_timeout_ms", 500);
        header->heartbeat_interval_ms = get_cadence(&decoder, json, "heartbeat_interval_ms", 500);
        if (!header->cluster[0])
            snprintf(header->cluster, sizeof header->cluster, "cluster");
    }
    cJSON_Delete(json);
    return !decoder.failed;
}
