/*
 * test_trace_forms.c - traces are written as lines and as bytes without loss, and what is damaged crashes nobody.
 */
#include "trace_stage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const recordings[] = {"kill9_rejoin", "five_kill2", "shutdown_all",
                                         "lossy_network", "kill9_rejoin_1s"};

/* A trace in memory. */
struct bytes {
    char *data;
    size_t size;
};

static struct health_trace_reader *open_recording(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.jsonl", TRACES_DIR, name);
    const struct health_trace_options options = {.strict = true};
    return health_trace_open(path, &options);
}

static struct bytes rewrite(struct health_trace_reader *reader, bool binary)
{
    struct bytes bytes;
    struct health_trace_entry entry;
    FILE *stream = open_memstream(&bytes.data, &bytes.size);
    struct health_trace_writer *writer =
        health_trace_write_begin(stream, binary, health_trace_header(reader));
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END)
        health_trace_write(writer, &entry);
    cr_assert(health_trace_write_end(writer));
    fclose(stream);
    health_trace_close(reader);
    return bytes;
}

static struct health_trace_reader *open_again(const struct bytes *bytes)
{
    struct notes notes;
    struct health_trace_reader *reader = stage_open_bytes(bytes->data, bytes->size, true, &notes);
    cr_assert_not_null(reader, "%s", notes.text);
    return reader;
}

Test(trace_forms, both_forms_hold_the_same_and_lose_nothing)
{
    for (size_t i = 0; i < sizeof recordings / sizeof *recordings; i++) {
        struct bytes text = rewrite(open_recording(recordings[i]), false);
        struct bytes binary = rewrite(open_recording(recordings[i]), true);
        struct bytes text_again = rewrite(open_again(&text), false);
        struct bytes text_of_binary = rewrite(open_again(&binary), false);
        struct bytes binary_again = rewrite(open_again(&text_of_binary), true);

        cr_expect_str_eq(text_again.data, text.data, "%s", recordings[i]);
        cr_expect_str_eq(text_of_binary.data, text.data, "%s", recordings[i]);
        cr_assert_eq(binary_again.size, binary.size);
        cr_expect_eq(memcmp(binary_again.data, binary.data, binary.size), 0);
        cr_expect_lt(binary.size * 8, text.size, "the binary form is compact");
        free(text.data);
        free(binary.data);
        free(text_again.data);
        free(text_of_binary.data);
        free(binary_again.data);
    }
}

#define SAYS(t_us, queue, version) \
    "{\"t_us\":" t_us ",\"node\":\"n1\",\"probe\":{\"ok\":true,\"rtt_us\":300,\"wsrep\":{" \
    "\"cluster_size\":3" queue "}" version "}}\n"
#define BEAT_SAYS(t_us, more) \
    "{\"t_us\":" t_us ",\"node\":\"n1\",\"heartbeat\":{" \
    "\"boot\":\"573eebdb-e711-4f41-9041-7299d955b7a3\",\"seq\":1,\"mysqld\":\"stopped\"" more \
    "}}\n"
#define QUEUE(length) ",\"local_recv_queue\":" length
#define VERSION(text) ",\"version\":\"" text "\""

/* The queue's length and the version of each probe, a line each. */
static char *beside_views(struct health_trace_reader *reader)
{
    struct health_trace_entry entry;
    struct bytes said;
    FILE *stream = open_memstream(&said.data, &said.size);

    cr_assert_not_null(reader);
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END)
        fprintf(stream, "%d %s\n", entry.observation.probe.view.recv_queue,
                entry.observation.probe.view.version ? entry.observation.probe.view.version : "-");
    fclose(stream);
    health_trace_close(reader);
    return said.data;
}

Test(trace_forms, both_forms_hold_what_a_server_says_for_people)
{
    static const char text[] = HEADER SAYS("1000", "", "")
        SAYS("2000", QUEUE("0"), VERSION("10.11.6-MariaDB")) SAYS("3000", QUEUE("2147483647"),
                                                                  VERSION("10.11.6-MariaDB"))
            SAYS("4000", QUEUE("7"), VERSION("11\\tb\\u00e4")) SAYS("5000", "", "")
                SAYS("70000000", QUEUE("1"), VERSION("leaps")) /* the next line is read before */
        SAYS("140000000", QUEUE("2"), VERSION("on"));
    static const char expected[] = "-1 -\n0 10.11.6-MariaDB\n2147483647 10.11.6-MariaDB\n"
                                   "7 11?b??\n-1 -\n1 leaps\n2 on\n";
    struct notes notes;
    struct bytes binary = rewrite(stage_open_bytes(text, strlen(text), true, &notes), true);
    char *said = beside_views(stage_open_bytes(text, strlen(text), true, &notes));
    char *said_binary = beside_views(open_again(&binary));

    cr_expect_str_eq(said, expected);
    cr_expect_str_eq(said_binary, expected);
    free(said);
    free(said_binary);
    free(binary.data);
}

Test(trace_forms, both_forms_hold_times_far_ahead)
{
    static const char text[] = HEADER SAYS("9007199254740993", "", "");
    struct notes notes;
    struct health_trace_entry entry;
    struct bytes binary = rewrite(stage_open_text(text, &notes), true);
    struct health_trace_reader *reader = open_again(&binary);

    cr_expect_eq(health_trace_next(reader, &entry), HEALTH_TRACE_OBSERVATION);
    cr_expect_eq(entry.at_ns, INT64_C(9007199254740993) * 1000);
    health_trace_close(reader);
    free(binary.data);
}

Test(trace_forms, a_version_is_cut_and_a_queue_is_a_number)
{
    static const char text[] = HEADER SAYS("1000", "",
                                           VERSION("0123456789abcdef0123456789abcdef"
                                                   "0123456789abcdef0123456789abcdef"))
        SAYS("2000", QUEUE("-1"), "") SAYS("3000", QUEUE("2147483648"), "");
    struct notes notes;
    char *said = beside_views(stage_open_text(text, &notes));

    cr_expect_str_eq(said, "-1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n");
    cr_expect_eq(notes.problems, 2, "%s", notes.text);
    free(said);
}

/* Positions, progress and recoveries, each known and not known. */
static const char witnessed[] = HEADER SAYS("1000", ",\"last_committed\":0", "")
    SAYS("2000", "", "") SAYS("3000", ",\"last_committed\":9223372036854775807",
                              "") SAYS("4000", ",\"last_committed\":12", "") BEAT_SAYS("5000", "")
        BEAT_SAYS("6000", ",\"moved\":18446744073709551615")
            BEAT_SAYS("7000", ",\"recovery\":{\"status\":\"running\"}")
                BEAT_SAYS("8000", ",\"moved\":7,\"recovery\":{\"status\":\"failed\"}")
                    BEAT_SAYS("9000", ",\"recovery\":{\"status\":\"done\",\"uuid\":\""
                                      "573eebdb-e711-4f41-9041-7299d955b7a3\",\"seqno\":2817}")
                        BEAT_SAYS("10000", ",\"recovery\":{\"status\":\"done\",\"uuid\":\""
                                           "00000000-0000-0000-0000-000000000000\",\"seqno\":-1}");

Test(trace_forms, both_forms_hold_what_diagnoses_rest_on)
{
    struct notes notes;
    struct bytes binary =
        rewrite(stage_open_bytes(witnessed, strlen(witnessed), true, &notes), true);
    struct bytes text =
        rewrite(stage_open_bytes(witnessed, strlen(witnessed), true, &notes), false);
    struct bytes text_of_binary = rewrite(open_again(&binary), false);
    static const char *const kept[] = {
        "\"last_committed\":0",
        "\"last_committed\":9223372036854775807",
        "\"last_committed\":12",
        "\"moved\":18446744073709551615",
        "\"recovery\":{\"status\":\"running\"}",
        "\"moved\":7,\"recovery\":{\"status\":\"failed\"}",
        "\"uuid\":\"573eebdb-e711-4f41-9041-7299d955b7a3\",\"seqno\":2817}",
        "\"uuid\":\"00000000-0000-0000-0000-000000000000\",\"seqno\":-1}",
    };

    cr_expect_str_eq(text_of_binary.data, text.data);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        cr_expect_not_null(strstr(text.data, kept[i]), "%s", kept[i]);
    free(binary.data);
    free(text.data);
    free(text_of_binary.data);
}

/* Seqno 0 is a real position: what is not known must not look like it. */
Test(trace_forms, a_position_that_is_not_known_is_none)
{
    static const char text[] =
        HEADER SAYS("1000", "", "") SAYS("2000", ",\"last_committed\":18446744073709551615", "")
            SAYS("3000", ",\"last_committed\":-1", "") SAYS("4000", ",\"last_committed\":null", "");
    struct notes notes;
    struct health_trace_entry entry;
    struct health_trace_reader *reader = stage_open_text(text, &notes);
    unsigned count = 0;

    for (; health_trace_next(reader, &entry) != HEALTH_TRACE_END; count++)
        cr_expect_eq(entry.observation.probe.view.last_committed, -1, "entry %u", count);
    cr_expect_eq(count, 4, "%s", notes.text);
    health_trace_close(reader);
}

Test(trace_forms, what_is_no_position_progress_or_recovery_costs_its_line)
{
    static const char text[] = HEADER SAYS("1000", ",\"last_committed\":-2", "")
        SAYS("2000", ",\"last_committed\":\"7\"", "") BEAT_SAYS("3000", ",\"moved\":-1")
            BEAT_SAYS("4000", ",\"recovery\":{\"status\":\"dancing\"}")
                BEAT_SAYS("5000", ",\"recovery\":{\"status\":\"done\"}")
                    BEAT_SAYS("6000", ",\"recovery\":{\"status\":\"done\",\"seqno\":7}")
                        BEAT_SAYS("7000", ",\"recovery\":7");
    struct notes notes;
    struct health_trace_reader *reader = stage_open_text(text, &notes);

    cr_expect_eq(stage_count_entries(reader), 0);
    cr_expect_eq(notes.problems, 7, "%s", notes.text);
    health_trace_close(reader);
}

Test(trace_forms, binary_traces_of_the_former_versions_are_read)
{
    static const char text[] = HEADER SAYS("1000", "", "") SAYS("2000", "", "") GOOD;
    struct notes notes;
    struct bytes former = rewrite(stage_open_bytes(text, strlen(text), true, &notes), true);
    struct bytes again;

    cr_assert_eq(memcmp(former.data, "HLTHTRC3", 8), 0);
    for (char version = '1'; version <= '2'; version++) {
        former.data[7] = version;
        again = rewrite(open_again(&former), false);
        cr_expect_not_null(strstr(again.data, "\"t_us\":2000,\"node\":\"n1\""));
        cr_expect_not_null(strstr(again.data, GOOD));
        free(again.data);
    }
    former.data[7] = '4';
    cr_expect_null(stage_open_bytes(former.data, former.size, true, &notes));
    free(former.data);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* The first entries of a recording, as a small trace. */
static struct bytes small_trace(bool binary)
{
    struct bytes bytes;
    struct health_trace_entry entry;
    struct health_trace_reader *reader = open_recording("kill9_rejoin");
    FILE *stream = open_memstream(&bytes.data, &bytes.size);
    struct health_trace_writer *writer =
        health_trace_write_begin(stream, binary, health_trace_header(reader));
    for (int i = 0; i < 40 && health_trace_next(reader, &entry) != HEALTH_TRACE_END; i++)
        health_trace_write(writer, &entry);
    cr_assert(health_trace_write_end(writer));
    fclose(stream);
    health_trace_close(reader);
    return bytes;
}

Test(trace_forms, a_binary_trace_that_was_cut_anywhere_is_read_up_to_the_cut)
{
    struct bytes whole = small_trace(true);
    unsigned noticed = 0;
    for (size_t size = 0; size < whole.size; size++) {
        struct notes notes;
        struct health_trace_reader *reader = stage_open_bytes(whole.data, size, false, &notes);
        if (reader) {
            cr_expect_leq(stage_count_entries(reader), 40);
            health_trace_close(reader);
        } else {
            cr_expect_gt(notes.problems, 0);
        }
        noticed += notes.problems > 0;
        cr_expect_leq(notes.problems, 2);
    }
    cr_expect_gt(noticed, whole.size / 2); /* a cut between two entries is no damage */
    free(whole.data);
}

/* Damage never crashes the reader: it gives entries, or says what is wrong. */
static void damage(bool binary, unsigned rounds)
{
    struct bytes whole = small_trace(binary);
    uint64_t seed = 7;
    char *damaged = malloc(whole.size);
    for (unsigned round = 0; round < rounds; round++) {
        struct notes notes;
        memcpy(damaged, whole.data, whole.size);
        for (uint64_t hits = 1 + next_random(&seed) % 3; hits > 0; hits--)
            damaged[next_random(&seed) % whole.size] ^= (char)(1u << next_random(&seed) % 8);
        struct health_trace_reader *reader = stage_open_bytes(damaged, whole.size, false, &notes);
        cr_expect(reader || notes.problems);
        if (reader)
            cr_expect_leq(stage_count_entries(reader), whole.size);
        health_trace_close(reader);
    }
    free(damaged);
    free(whole.data);
}

/* Whoever shows a mark counts on an object, as in lines. */
Test(trace_forms, a_mark_of_the_binary_form_is_an_object)
{
    static const char *const marks[] = {"[1]", "7", "", "{", "{}{}"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct bytes bytes;
        struct notes notes;
        const struct health_trace_entry entry = {.kind = HEALTH_TRACE_MARK, .mark = marks[i]};
        struct health_trace_reader *reader = stage_open_text(HEADER, &notes);
        FILE *stream = open_memstream(&bytes.data, &bytes.size);
        struct health_trace_writer *writer =
            health_trace_write_begin(stream, true, health_trace_header(reader));
        health_trace_write(writer, &entry);
        cr_assert(health_trace_write_end(writer));
        fclose(stream);
        health_trace_close(reader);
        reader = stage_open_bytes(bytes.data, bytes.size, false, &notes);
        cr_expect_eq(stage_count_entries(reader), 0, "%s", marks[i]);
        cr_expect_not_null(strstr(notes.text, "a mark is no JSON object"), "%s", notes.text);
        health_trace_close(reader);
        free(bytes.data);
    }
}

Test(trace_forms, damaged_bytes_never_crash_the_reader_of_the_binary_form)
{
    damage(true, 4000);
}

Test(trace_forms, damaged_bytes_never_crash_the_reader_of_lines)
{
    damage(false, 1500);
}
