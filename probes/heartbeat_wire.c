/*
 * heartbeat_wire.c - heartbeats and challenges to and from datagrams.
 *
 * Nothing of a datagram is read before its HMAC has been found right.
 */
#include "heartbeat_wire.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MAC_LINE (2 * WIRE_MAC_SIZE + 1)

static void hex_format(const unsigned char *bytes, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
}

/* Always of the same work, whatever differs. */
static bool mac_matches(const unsigned char mac[WIRE_MAC_SIZE], const char *hex)
{
    char right[MAC_LINE];
    hex_format(mac, WIRE_MAC_SIZE, right);
    return CRYPTO_memcmp(right, hex, MAC_LINE - 1) == 0;
}

enum wire_verdict wire_open(const struct wire_key *key, char *datagram, size_t size)
{
    unsigned char mac[WIRE_MAC_SIZE];
    const char *end = size <= WIRE_MAX ? memchr(datagram, '\n', size) : NULL;

    if (!end)
        return WIRE_MALFORMED;
    size_t length = (size_t)(end - datagram);
    size_t rest = size - length - 1;
    if (rest != 0 && (rest != MAC_LINE || datagram[size - 1] != '\n'))
        return WIRE_MALFORMED;
    if (key && (rest == 0 || !wire_mac(key, datagram, length, mac) || !mac_matches(mac, end + 1)))
        return WIRE_FORGED;
    datagram[length] = '\0';
    return memchr(datagram, '\0', length) ? WIRE_MALFORMED : WIRE_GOOD;
}

static void keep_note(void *context, enum health_trace_severity severity, const char *text)
{
    struct wire_reader *reader = context;
    if (severity == HEALTH_TRACE_PROBLEM)
        snprintf(reader->wrong, sizeof reader->wrong, "%s", text);
}

struct wire_reader *wire_reader_create(void)
{
    struct wire_reader *reader = calloc(1, sizeof *reader);
    if (reader)
        reader->trace.options = (struct health_trace_options){.note = keep_note, .context = reader};
    return reader;
}

void wire_reader_destroy(struct wire_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->trace.noted_count; i++)
        free(reader->trace.noted[i]);
    free(reader->trace.text);
    free(reader);
}

/* Copy a text that must fit. False: it is longer, or missing where it must not be. */
static bool take_text(struct decoder *decoder, const cJSON *json, const char *where,
                      const char *key, bool needed, char *buffer, size_t size)
{
    const char *text = field_text(decoder, json, where, key);
    size_t length = text ? strlen(text) : 0;

    if (length >= size || (needed && !length))
        FAIL(decoder, "%s.%s: 1 to %zu characters are expected", where, key, size - 1);
    else
        snprintf(buffer, size, "%s", text ? text : "");
    return !decoder->failed;
}

bool wire_decode_beat(struct wire_reader *reader, const char *text, struct wire_beat *ret_beat)
{
    static const char *const known[] = {"cluster", "node", "heartbeat", "answer", NULL};
    struct decoder decoder = {.reader = &reader->trace};
    cJSON *json = fields_parse(&reader->trace, text, strlen(text));

    if (!json)
        return false;
    memset(ret_beat, 0, sizeof *ret_beat);
    fields_check(&decoder, json, "beat", known);
    take_text(&decoder, json, "beat", "cluster", true, ret_beat->cluster, WIRE_NAME_MAX);
    take_text(&decoder, json, "beat", "node", true, ret_beat->node, WIRE_NAME_MAX);
    take_text(&decoder, json, "beat", "answer", false, ret_beat->answer, WIRE_NONCE_MAX);
    const cJSON *beat = field_object(&decoder, json, "beat", "heartbeat");
    if (beat)
        trace_decode_beat(&decoder, beat, &ret_beat->beat);
    else
        FAIL(&decoder, "beat.heartbeat is expected");
    if (health_uuid_is_zero(&ret_beat->beat.boot))
        FAIL(&decoder, "beat.heartbeat.boot: a UUID that is not zero is expected");
    cJSON_Delete(json);
    return !decoder.failed;
}

bool wire_decode_challenge(struct wire_reader *reader, const char *text,
                           struct wire_challenge *ret_challenge)
{
    struct decoder decoder = {.reader = &reader->trace};
    cJSON *json = fields_parse(&reader->trace, text, strlen(text));

    if (!json)
        return false;
    take_text(&decoder, json, "challenge", "challenge", true, ret_challenge->nonce, WIRE_NONCE_MAX);
    ret_challenge->boot = field_uuid(&decoder, json, "challenge", "boot");
    cJSON_Delete(json);
    return !decoder.failed;
}

bool wire_decode_request(struct wire_reader *reader, const char *text,
                         struct wire_request *ret_request)
{
    struct decoder decoder = {.reader = &reader->trace};
    cJSON *json = fields_parse(&reader->trace, text, strlen(text));

    if (!json)
        return false;
    const cJSON *recover = field_get(json, "recover");
    if (!cJSON_IsTrue(recover))
        FAIL(&decoder, "request.recover: true is expected");
    ret_request->boot = field_uuid(&decoder, json, "request", "boot");
    ret_request->seq = field_count(&decoder, json, "request", "seq", UINT64_MAX, 0);
    cJSON_Delete(json);
    return !decoder.failed;
}

/* Print an object and seal it. Deletes the object. */
static size_t seal(const struct wire_key *key, cJSON *json, char datagram[WIRE_MAX])
{
    unsigned char mac[WIRE_MAC_SIZE];
    char *text = cJSON_PrintUnformatted(json);
    size_t length = text ? strlen(text) : 0;
    size_t size = length + 1 + (key ? MAC_LINE : 0);

    cJSON_Delete(json);
    if (length == 0 || size > WIRE_MAX || (key && !wire_mac(key, text, length, mac))) {
        free(text);
        return 0;
    }
    memcpy(datagram, text, length + 1);
    datagram[length] = '\n';
    if (key) {
        char hex[MAC_LINE];
        hex_format(mac, sizeof mac, hex);
        memcpy(datagram + length + 1, hex, MAC_LINE - 1);
        datagram[size - 1] = '\n';
    }
    free(text);
    return size;
}

size_t wire_encode_beat(const struct wire_key *key, const struct wire_beat *beat,
                        char datagram[WIRE_MAX])
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "cluster", beat->cluster);
    cJSON_AddStringToObject(json, "node", beat->node);
    trace_encode_beat(json, NULL, &beat->beat);
    if (beat->answer[0])
        cJSON_AddStringToObject(json, "answer", beat->answer);
    return seal(key, json, datagram);
}

size_t wire_encode_challenge(const struct wire_key *key, const struct wire_challenge *challenge,
                             char datagram[WIRE_MAX])
{
    cJSON *json = cJSON_CreateObject();
    char boot[UUID_TEXT_SIZE];

    uuid_format(&challenge->boot, boot);
    cJSON_AddStringToObject(json, "challenge", challenge->nonce);
    cJSON_AddStringToObject(json, "boot", boot);
    return seal(key, json, datagram);
}

size_t wire_encode_request(const struct wire_key *key, const struct wire_request *request,
                           char datagram[WIRE_MAX])
{
    cJSON *json = cJSON_CreateObject();
    char boot[UUID_TEXT_SIZE];
    char seq[24]; /* as digits: a number of JSON's is a double */

    uuid_format(&request->boot, boot);
    cJSON_AddTrueToObject(json, "recover");
    cJSON_AddStringToObject(json, "boot", boot);
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)request->seq);
    cJSON_AddRawToObject(json, "seq", seq);
    return seal(key, json, datagram);
}

bool wire_nonce(char ret_nonce[WIRE_NONCE_MAX])
{
    unsigned char bytes[(WIRE_NONCE_MAX - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return false;
    hex_format(bytes, sizeof bytes, ret_nonce);
    return true;
}
