/*
 * test_wire.c - heartbeats as datagrams: the round trip, every kind of defect, known HMACs.
 */
#include "heartbeat_wire.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

static const char secret[] = "a key of the tests' own";

static struct wire_key *make_key(void)
{
    struct wire_key *key = wire_key_create(secret, sizeof secret - 1);
    cr_assert_not_null(key);
    return key;
}

static struct wire_beat full_beat(void)
{
    struct wire_beat beat = {
        .cluster = "lab",
        .node = "n1",
        .answer = "0123456789abcdef0123456789abcdef",
        .beat = {.boot = {UINT64_C(0x573eebdbe7114f41), UINT64_C(0x90417299d955b7a3)},
                 .seq = UINT64_C(9007199254740995),
                 .sent_us = INT64_C(1795619440123456),
                 .pid = 4711,
                 .process = HEALTH_PROCESS_RUNNING,
                 .proc_state = 'S',
                 .exit_kind = HEALTH_EXIT_SIGNAL,
                 .exit_value = 9,
                 .grastate = {true, {1, 2}, 7, HEALTH_ANSWER_NO},
                 .gvwstate = HEALTH_ANSWER_YES,
                 .sst_in_progress = HEALTH_ANSWER_NO,
                 .moved = UINT64_C(1099511627776),
                 .recovery = {HEALTH_RECOVERY_DONE, {3, 4}, 2817},
                 .has_local = true,
                 .local = {.ok = true,
                           .has_view = true,
                           .rtt_ns = 310000,
                           .view = {.state_uuid = {3, 4},
                                    .gcomm_uuid = {5, 6},
                                    .conf_id = HEALTH_CONF_NONE,
                                    .size = 3,
                                    .weight = 3,
                                    .component = HEALTH_COMPONENT_PRIMARY,
                                    .local_state = HEALTH_LOCAL_SYNCED,
                                    .ready = HEALTH_ANSWER_YES,
                                    .connected = HEALTH_ANSWER_YES,
                                    .rejects = HEALTH_ANSWER_NO,
                                    .desync = HEALTH_ANSWER_NO,
                                    .read_only = HEALTH_ANSWER_NO,
                                    .donor_rejects = HEALTH_ANSWER_NO,
                                    .maintenance = HEALTH_ANSWER_NO,
                                    .recv_queue = 12,
                                    .last_committed = INT64_C(9007199254740997),
                                    .version = "10.11.6-MariaDB-log"}}},
    };
    return beat;
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static void expect_same_view(const struct health_view *a, const struct health_view *b)
{
    cr_assert(same_bytes(&a->state_uuid, &b->state_uuid, sizeof a->state_uuid));
    cr_assert(same_bytes(&a->gcomm_uuid, &b->gcomm_uuid, sizeof a->gcomm_uuid));
    cr_assert_eq(a->conf_id, b->conf_id);
    cr_assert_eq(a->size, b->size);
    cr_assert_eq(a->weight, b->weight);
    cr_assert_eq(a->recv_queue, b->recv_queue);
    cr_assert_eq(a->last_committed, b->last_committed);
    cr_assert_str_eq(a->version, b->version);
    cr_assert(same_bytes(&a->component, &b->component,
                         offsetof(struct health_view, member_count) -
                             offsetof(struct health_view, component)));
}

static void expect_same_beat(const struct health_heartbeat *a, const struct health_heartbeat *b)
{
    cr_assert(same_bytes(&a->boot, &b->boot, sizeof a->boot));
    cr_assert_eq(a->seq, b->seq);
    cr_assert_eq(a->sent_us, b->sent_us);
    cr_assert_eq(a->pid, b->pid);
    cr_assert_eq(a->process, b->process);
    cr_assert_eq(a->proc_state, b->proc_state);
    cr_assert_eq(a->exit_kind, b->exit_kind);
    cr_assert_eq(a->exit_value, b->exit_value);
    cr_assert_eq(a->grastate.known, b->grastate.known);
    cr_assert(same_bytes(&a->grastate.uuid, &b->grastate.uuid, sizeof a->grastate.uuid));
    cr_assert_eq(a->grastate.seqno, b->grastate.seqno);
    cr_assert_eq(a->grastate.safe_to_bootstrap, b->grastate.safe_to_bootstrap);
    cr_assert_eq(a->gvwstate, b->gvwstate);
    cr_assert_eq(a->sst_in_progress, b->sst_in_progress);
    cr_assert_eq(a->moved, b->moved);
    cr_assert_eq(a->recovery.status, b->recovery.status);
    if (a->recovery.status == HEALTH_RECOVERY_DONE) {
        cr_assert(same_bytes(&a->recovery.uuid, &b->recovery.uuid, sizeof a->recovery.uuid));
        cr_assert_eq(a->recovery.seqno, b->recovery.seqno);
    }
    cr_assert_eq(a->has_local, b->has_local);
    cr_assert_eq(a->local.ok, b->local.ok);
    cr_assert_eq(a->local.error, b->local.error);
    cr_assert_eq(a->local.code, b->local.code);
    cr_assert_eq(a->local.rtt_ns, b->local.rtt_ns);
    cr_assert_eq(a->local.has_view, b->local.has_view);
    if (a->local.has_view)
        expect_same_view(&a->local.view, &b->local.view);
}

/* Encode, open, decode. */
static void round_trip(const struct wire_key *key, const struct wire_beat *beat)
{
    char datagram[WIRE_MAX + 1];
    struct wire_beat back;
    struct wire_reader *reader = wire_reader_create();
    size_t size = wire_encode_beat(key, beat, datagram);

    cr_assert_gt(size, 0);
    cr_assert_eq(wire_open(key, datagram, size), WIRE_GOOD);
    cr_assert(wire_decode_beat(reader, datagram, &back), "%s", reader->wrong);
    cr_assert_str_eq(back.cluster, beat->cluster);
    cr_assert_str_eq(back.node, beat->node);
    cr_assert_str_eq(back.answer, beat->answer);
    expect_same_beat(&back.beat, &beat->beat);
    wire_reader_destroy(reader);
}

Test(wire, a_beat_survives_the_round_trip)
{
    struct wire_key *key = make_key();
    struct wire_beat beat = full_beat();

    round_trip(NULL, &beat);
    round_trip(key, &beat);
    beat.beat.seq = UINT64_MAX;
    beat.beat.exit_kind = HEALTH_EXIT_CODE;
    beat.beat.exit_value = 0;
    beat.beat.grastate.seqno = -1;
    beat.beat.moved = UINT64_MAX;
    beat.beat.recovery = (struct health_recovery){HEALTH_RECOVERY_DONE, {0, 0}, -1};
    beat.beat.local = (struct health_probe){.error = HEALTH_PROBE_TIMEOUT, .code = 2013};
    round_trip(key, &beat);
    snprintf(beat.cluster, sizeof beat.cluster, "\"quoted\\ and\ttabbed\" \xc3\xa4");
    memset(beat.node, 'n', sizeof beat.node - 1);
    beat.answer[0] = '\0';
    beat.beat = (struct health_heartbeat){.boot = {1, 0},
                                          .process = HEALTH_PROCESS_STOPPED,
                                          .recovery.status = HEALTH_RECOVERY_RUNNING};
    round_trip(key, &beat);
    wire_key_destroy(key);
}

/* Everything present, with the longest names and the most digits. */
Test(wire, the_fullest_beat_with_a_key_fits_a_datagram)
{
    static const char version[] = "11.4.100-1234567-MariaDB-enterprise-ubu2404-log-and-so-on-12345";
    struct wire_key *key = make_key();
    struct wire_beat beat = full_beat();
    struct health_view *view = &beat.beat.local.view;
    char datagram[WIRE_MAX];

    _Static_assert(sizeof version == HEALTH_VERSION_MAX, "the longest there is");
    memset(beat.cluster, 'c', sizeof beat.cluster - 1);
    memset(beat.node, 'n', sizeof beat.node - 1);
    beat.beat.seq = beat.beat.moved = UINT64_MAX;
    beat.beat.sent_us = beat.beat.grastate.seqno = beat.beat.recovery.seqno = INT64_MIN;
    beat.beat.pid = UINT32_MAX;
    beat.beat.process = HEALTH_PROCESS_UNRESPONSIVE;
    beat.beat.exit_value = INT32_MIN;
    beat.beat.local.code = UINT16_MAX;
    beat.beat.local.rtt_ns = INT64_MAX;
    view->size = view->weight = view->recv_queue = INT32_MAX;
    view->last_committed = INT64_MAX;
    view->component = HEALTH_COMPONENT_DISCONNECTED;
    view->gathering = HEALTH_ANSWER_NO;
    view->version = version;
    cr_assert_gt(wire_encode_beat(key, &beat, datagram), 0);
    wire_key_destroy(key);
}

Test(wire, a_challenge_survives_the_round_trip)
{
    struct wire_key *key = make_key();
    struct wire_challenge challenge = {.boot = {7, 8}};
    struct wire_challenge back;
    char datagram[WIRE_MAX + 1];
    struct wire_reader *reader = wire_reader_create();

    cr_assert(wire_nonce(challenge.nonce));
    cr_assert_eq(strlen(challenge.nonce), WIRE_NONCE_MAX - 1);
    size_t size = wire_encode_challenge(key, &challenge, datagram);
    cr_assert_eq(wire_open(key, datagram, size), WIRE_GOOD);
    cr_assert(wire_decode_challenge(reader, datagram, &back), "%s", reader->wrong);
    cr_assert_str_eq(back.nonce, challenge.nonce);
    cr_assert(health_uuid_equal(&back.boot, &challenge.boot));
    wire_reader_destroy(reader);
    wire_key_destroy(key);
}

/* RFC 4231, test cases 1, 4 and 6 (the others have keys that are too short for us). */
Test(wire, the_hmac_is_that_of_the_standard)
{
    static const struct {
        unsigned char byte; /* of the key; 0: 1, 2, 3 ... */
        size_t size;
        const char *data;
        const char *mac;
    } cases[] = {
        {0x0b, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {0, 25,
         "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
         "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
         "\xcd\xcd\xcd\xcd\xcd\xcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[131];
        unsigned char mac[WIRE_MAC_SIZE];
        char hex[2 * WIRE_MAC_SIZE + 1];
        for (size_t b = 0; b < cases[i].size; b++)
            bytes[b] = cases[i].byte ? cases[i].byte : (unsigned char)(b + 1);
        struct wire_key *key = wire_key_create(bytes, cases[i].size);
        cr_assert_not_null(key);
        for (int again = 0; again < 2; again++) { /* a key is used again and again */
            cr_assert(wire_mac(key, cases[i].data, strlen(cases[i].data), mac));
            for (size_t b = 0; b < sizeof mac; b++)
                snprintf(hex + 2 * b, 3, "%02x", mac[b]);
            cr_assert_str_eq(hex, cases[i].mac);
        }
        wire_key_destroy(key);
    }
}

Test(wire, no_flipped_bit_passes_with_a_key)
{
    struct wire_key *key = make_key();
    struct wire_beat beat = full_beat();
    char datagram[WIRE_MAX + 1];
    char copy[WIRE_MAX + 1];
    size_t size = wire_encode_beat(key, &beat, datagram);

    for (size_t bit = 0; bit < 8 * size; bit++) {
        memcpy(copy, datagram, size);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        cr_assert_neq(wire_open(key, copy, size), WIRE_GOOD, "bit %zu", bit);
    }
    for (size_t cut = 0; cut < size; cut++) {
        memcpy(copy, datagram, size);
        cr_assert_neq(wire_open(key, copy, cut), WIRE_GOOD, "cut at %zu", cut);
    }
    wire_key_destroy(key);
}

/* Without a key a flip may be read as another beat; it must be read safely. */
Test(wire, flipped_bits_are_read_safely)
{
    struct wire_beat beat = full_beat();
    struct wire_beat back;
    char datagram[WIRE_MAX + 1];
    char copy[WIRE_MAX + 1];
    struct wire_reader *reader = wire_reader_create();
    size_t size = wire_encode_beat(NULL, &beat, datagram);
    size_t read = 0;

    for (size_t bit = 0; bit < 8 * size; bit++) {
        memcpy(copy, datagram, size);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        if (wire_open(NULL, copy, size) != WIRE_GOOD || !wire_decode_beat(reader, copy, &back))
            continue;
        read++;
        cr_assert_lt(back.beat.process, HEALTH_PROCESS_COUNT);
        cr_assert_lt(back.beat.local.error, HEALTH_PROBE_ERROR_COUNT);
    }
    cr_assert_gt(read, size);     /* changed digits and letters */
    cr_assert_lt(read, 8 * size); /* and much that is no beat */
    wire_reader_destroy(reader);
}

static enum wire_verdict open_text(const struct wire_key *key, const char *text)
{
    char datagram[WIRE_MAX + 102];
    size_t size = strlen(text);
    memcpy(datagram, text, size);
    return wire_open(key, datagram, size);
}

Test(wire, a_request_survives_the_round_trip_and_is_nothing_else)
{
    static const char *const others[] = {
        "{\"recover\":false,\"boot\":\"573eebdb-e711-4f41-9041-7299d955b7a3\",\"seq\":1}",
        "{\"recover\":\"true\",\"boot\":\"573eebdb-e711-4f41-9041-7299d955b7a3\",\"seq\":1}",
        "{\"recover\":true,\"boot\":\"573eebdb\",\"seq\":1}",
        "{\"recover\":true,\"boot\":\"573eebdb-e711-4f41-9041-7299d955b7a3\",\"seq\":-1}",
        "{\"challenge\":\"0123\",\"boot\":\"573eebdb-e711-4f41-9041-7299d955b7a3\"}",
        "[]",
    };
    struct wire_key *key = make_key();
    const struct wire_request request = {.boot = {7, 8}, .seq = UINT64_MAX};
    struct wire_request back;
    struct wire_challenge challenge;
    char datagram[WIRE_MAX + 1];
    struct wire_reader *reader = wire_reader_create();
    size_t size = wire_encode_request(key, &request, datagram);

    cr_assert_eq(wire_open(key, datagram, size), WIRE_GOOD);
    cr_assert(wire_decode_request(reader, datagram, &back), "%s", reader->wrong);
    cr_assert(same_bytes(&request.boot, &back.boot, sizeof back.boot));
    cr_assert_eq(back.seq, UINT64_MAX);
    cr_assert_not(wire_decode_challenge(reader, datagram, &challenge));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(wire_decode_request(reader, others[i], &back), "%s", others[i]);
    wire_reader_destroy(reader);
    wire_key_destroy(key);
}

Test(wire, lines_must_be_whole)
{
    struct wire_key *key = make_key();
    char longer[WIRE_MAX + 100];
    char mac[80];

    memset(longer, 'x', sizeof longer);
    longer[WIRE_MAX] = '\n';
    longer[WIRE_MAX + 1] = '\0';
    memset(mac, '0', sizeof mac);
    cr_assert_eq(open_text(NULL, ""), WIRE_MALFORMED);
    cr_assert_eq(open_text(NULL, "{}"), WIRE_MALFORMED);
    cr_assert_eq(open_text(NULL, longer), WIRE_MALFORMED);
    cr_assert_eq(open_text(NULL, longer + 1), WIRE_GOOD);
    cr_assert_eq(open_text(NULL, "{}\n{}\n"), WIRE_MALFORMED);
    cr_assert_eq(open_text(NULL, "{}\n"), WIRE_GOOD);
    cr_assert_eq(open_text(key, "{}\n"), WIRE_FORGED);
    snprintf(longer, sizeof longer, "{}\n%.64s\n", mac);
    cr_assert_eq(open_text(NULL, longer), WIRE_GOOD); /* the sender has a key, we have none */
    cr_assert_eq(open_text(key, longer), WIRE_FORGED);
    snprintf(longer, sizeof longer, "{}\n%.65s", mac);
    cr_assert_eq(open_text(key, longer), WIRE_MALFORMED);
    char zero[] = "{\0}\n";
    cr_assert_eq(wire_open(NULL, zero, 4), WIRE_MALFORMED);
    wire_key_destroy(key);
}

Test(wire, what_is_no_beat_is_refused_with_a_reason)
{
    static const char boot[] = "573eebdb-e711-4f41-9041-7299d955b7a3";
    static const struct {
        const char *text; /* %s: a boot */
        const char *says;
    } cases[] = {
        {"[]", "not a JSON object"},
        {"{", "not a JSON object"},
        {"{\"cluster\":\"lab\",\"node\":\"n1\"}", "heartbeat is expected"},
        {"{\"node\":\"n1\",\"heartbeat\":{\"boot\":\"%s\",\"seq\":1,\"mysqld\":\"running\"}}",
         "cluster"},
        {"{\"cluster\":\"\",\"node\":\"n\",\"heartbeat\":{\"boot\":\"%s\",\"seq\":1,\"mysqld\":"
         "\"running\"}}",
         "cluster"},
        {"{\"cluster\":\"lab\",\"node\":7,\"heartbeat\":{\"boot\":\"%s\",\"seq\":1,\"mysqld\":"
         "\"running\"}}",
         "node"},
        {"{\"cluster\":\"lab\",\"node\":\"n1\",\"heartbeat\":{\"seq\":1,\"mysqld\":\"running\"}}",
         "boot"},
        {"{\"cluster\":\"lab\",\"node\":\"n1\",\"heartbeat\":{\"boot\":"
         "\"00000000-0000-0000-0000-000000000000\",\"seq\":1,\"mysqld\":\"running\"}}",
         "not zero"},
        {"{\"cluster\":\"lab\",\"node\":\"n1\",\"heartbeat\":{\"boot\":\"%s\",\"seq\":-1,"
         "\"mysqld\":\"running\"}}",
         "seq"},
        {"{\"cluster\":\"lab\",\"node\":\"n1\",\"heartbeat\":{\"boot\":\"%s\",\"seq\":1,"
         "\"mysqld\":\"dancing\"}}",
         "none of the words"},
        {"{\"cluster\":\"lab\",\"node\":\"n1\",\"node\":\"n2\",\"heartbeat\":{\"boot\":\"%s\","
         "\"seq\":1,\"mysqld\":\"running\"}}",
         "twice"},
        {"{\"cluster\":\"lab\",\"node\":\"n1\",\"answer\":"
         "\"0123456789abcdef0123456789abcdef0\",\"heartbeat\":{\"boot\":\"%s\",\"seq\":1,"
         "\"mysqld\":\"running\"}}",
         "answer"},
        {"{\"challenge\":\"0123456789abcdef0123456789abcdef\",\"boot\":\"%s\"}", "cluster"},
    };
    struct wire_reader *reader = wire_reader_create();
    struct wire_beat beat;
    char text[WIRE_MAX];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *hole = strstr(cases[i].text, "%s");
        int before = hole ? (int)(hole - cases[i].text) : (int)strlen(cases[i].text);
        snprintf(text, sizeof text, "%.*s%s%s", before, cases[i].text, hole ? boot : "",
                 hole ? hole + 2 : "");
        reader->wrong[0] = '\0';
        cr_assert_not(wire_decode_beat(reader, text, &beat), "taken: %s", text);
        cr_assert_not_null(strstr(reader->wrong, cases[i].says), "%s: said \"%s\"", text,
                           reader->wrong);
    }
    wire_reader_destroy(reader);
}

/* A beat of a later version is read for what is understood. */
Test(wire, keys_that_are_not_known_are_no_problem)
{
    struct wire_reader *reader = wire_reader_create();
    struct wire_beat beat;

    cr_assert(wire_decode_beat(reader,
                               "{\"cluster\":\"lab\",\"node\":\"n1\",\"zone\":4,\"heartbeat\":{"
                               "\"boot\":\"573eebdb-e711-4f41-9041-7299d955b7a3\",\"seq\":1,"
                               "\"mysqld\":\"running\",\"load\":1.5}}",
                               &beat),
              "%s", reader->wrong);
    cr_assert_eq(beat.beat.process, HEALTH_PROCESS_RUNNING);
    wire_reader_destroy(reader);
}
