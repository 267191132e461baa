/*
 * heartbeat_wire.h - heartbeats and challenges to and from datagrams. Pure but for the key's file.
 *
 * <healthd/heartbeat.h> describes the form. The HMAC is that of the first line without its end.
 */
#ifndef HEALTHD_PROBES_HEARTBEAT_WIRE_H
#define HEALTHD_PROBES_HEARTBEAT_WIRE_H

#include "trace_fields.h"

#include <healthd/observer.h>
#include <openssl/evp.h>

/* Fits an Ethernet frame with room for tunnels, so that no beat is ever fragmented. */
#define WIRE_MAX 1400
#define WIRE_NAME_MAX HEALTH_TRACE_NAME_MAX
#define WIRE_NONCE_MAX 33 /* hexadecimal, with the final 0 */
#define WIRE_MAC_SIZE 32

/* A shared key; NULL where beats are not authenticated. */
struct wire_key;

/* Read a key. NULL: a remark said why not. */
struct wire_key *wire_key_read(const char *path, health_remark *remark, void *context);

/* NULL: too short, or out of memory. */
struct wire_key *wire_key_create(const void *bytes, size_t size);
void wire_key_destroy(struct wire_key *key);

/* False: the cryptographic library failed. */
bool wire_mac(const struct wire_key *key, const char *text, size_t length,
              unsigned char ret_mac[WIRE_MAC_SIZE]);

enum wire_verdict { WIRE_GOOD, WIRE_MALFORMED, WIRE_FORGED };

/* Check a datagram as a whole: its lines, and with a key its HMAC. When it is good, its JSON is left at the
 * buffer's start, ended by a 0. The buffer holds one byte more than `size`. */
enum wire_verdict wire_open(const struct wire_key *key, char *datagram, size_t size);

/* What a beat's datagram says. */
struct wire_beat {
    char cluster[WIRE_NAME_MAX];
    char node[WIRE_NAME_MAX];
    char answer[WIRE_NONCE_MAX]; /* "": none */
    struct health_heartbeat beat;
};

/* Reads JSON; `wrong` says what was not understood last. */
struct wire_reader {
    struct health_trace_reader trace;
    char wrong[200];
};

struct wire_reader *wire_reader_create(void);
void wire_reader_destroy(struct wire_reader *reader);

/* Opened JSON to a beat. False: reader->wrong says why. Member lists live until the next call. */
bool wire_decode_beat(struct wire_reader *reader, const char *json, struct wire_beat *ret_beat);

struct wire_challenge {
    char nonce[WIRE_NONCE_MAX];
    struct health_uuid boot;
};

bool wire_decode_challenge(struct wire_reader *reader, const char *json,
                           struct wire_challenge *ret_challenge);

/* A monitor asks an agent to recover the position of its node: in the life that has spoken last, and soon, so that
 * a recorded request is of no use later. */
struct wire_request {
    struct health_uuid boot;
    uint64_t seq; /* of the latest beat that the monitor has taken */
};

bool wire_decode_request(struct wire_reader *reader, const char *json,
                         struct wire_request *ret_request);

/* To a datagram of at most WIRE_MAX bytes; its length. 0: it does not fit, or out of memory. */
size_t wire_encode_beat(const struct wire_key *key, const struct wire_beat *beat,
                        char datagram[WIRE_MAX]);
size_t wire_encode_challenge(const struct wire_key *key, const struct wire_challenge *challenge,
                             char datagram[WIRE_MAX]);

size_t wire_encode_request(const struct wire_key *key, const struct wire_request *request,
                           char datagram[WIRE_MAX]);

/* A fresh nonce. False: the kernel gave no randomness. */
bool wire_nonce(char ret_nonce[WIRE_NONCE_MAX]);

#endif
