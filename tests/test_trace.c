/*
 * test_trace.c - traces are read without guessing and written without loss.
 */
#include <criterion/criterion.h>
#include <healthd/trace.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER \
    "{\"trace\":1,\"cluster\":\"lab\",\"expected_size\":3,\"nodes\":[\"n1\",\"n2\",\"n3\"]," \
    "\"probe_interval_ms\":100,\"probe_timeout_ms\":500,\"heartbeat_interval_ms\":200}\n"
#define GOOD "{\"t_us\":2000,\"node\":\"n2\",\"link\":\"up\"}\n"

static const char *const recordings[] = {"kill9_rejoin", "five_kill2", "shutdown_all",
                                         "lossy_network", "kill9_rejoin_1s"};

/* What a reading said. */
struct notes {
    char text[8192];
    unsigned problems;
    unsigned remarks;
};

static void take_note(void *context, enum health_trace_severity severity, const char *text)
{
    struct notes *notes = context;
    size_t used = strlen(notes->text);
    snprintf(notes->text + used, sizeof notes->text - used, "%s\n", text);
    *(severity == HEALTH_TRACE_PROBLEM ? &notes->problems : &notes->remarks) += 1;
}

/* Write bytes to a file that is gone once it is open. */
static struct health_trace_reader *open_bytes(const char *bytes, size_t size, bool strict,
                                              struct notes *notes)
{
    char path[] = "/tmp/healthd-trace-XXXXXX";
    int descriptor = mkstemp(path);
    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, bytes, size), (ssize_t)size);
    close(descriptor);
    memset(notes, 0, sizeof *notes);
    const struct health_trace_options options = {
        .strict = strict, .note = take_note, .context = notes};
    struct health_trace_reader *reader = health_trace_open(path, &options);
    unlink(path);
    return reader;
}

static struct health_trace_reader *open_text(const char *text, struct notes *notes)
{
    return open_bytes(text, strlen(text), false, notes);
}

static unsigned count_entries(struct health_trace_reader *reader)
{
    struct health_trace_entry entry;
    unsigned count = 0;
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END)
        count++;
    return count;
}

/* A line in the middle of good ones: the problem has its line and words, and the rest is read. */
static void expect_problem(const char *line, const char *words)
{
    struct notes notes;
    char text[4096];
    char place[16] = "line 3: ";

    snprintf(text, sizeof text, HEADER GOOD "%s\n" GOOD, line);
    struct health_trace_reader *reader = open_text(text, &notes);
    cr_assert_not_null(reader, "%s", notes.text);
    cr_expect_eq(count_entries(reader), 2, "%s", line);
    cr_expect_eq(notes.problems, 1, "%s gives %u problems: %s", line, notes.problems, notes.text);
    cr_expect_not_null(strstr(notes.text, place), "%s gives %s", line, notes.text);
    cr_expect_not_null(strstr(notes.text, words), "%s gives %s", line, notes.text);
    health_trace_close(reader);
}

Test(trace, each_bad_line_gives_a_message_with_its_place_and_the_rest_is_read)
{
    static const char *const cases[][2] = {
        {"nonsense", "not a JSON object"},
        {"[1]", "not a JSON object"},
        {"{\"t_us\":1,\"node\":\"n1\",\"link\":\"up\"} x", "not a JSON object"},
        {"{\"node\":\"n1\",\"link\":\"up\"}", "t_us is expected"},
        {"{\"t_us\":-5,\"node\":\"n1\",\"link\":\"up\"}", "entry.t_us"},
        {"{\"t_us\":1.5,\"node\":\"n1\",\"link\":\"up\"}", "entry.t_us"},
        {"{\"t_us\":\"x\",\"node\":\"n1\",\"link\":\"up\"}", "entry.t_us"},
        {"{\"t_us\":1,\"link\":\"up\"}", "not one of the header's nodes"},
        {"{\"t_us\":1,\"node\":\"n9\",\"link\":\"up\"}", "\"n9\" is not one of"},
        {"{\"t_us\":1,\"node\":\"n1\"}", "exactly one of"},
        {"{\"t_us\":1,\"node\":\"n1\",\"link\":\"up\",\"probe\":{\"ok\":true}}", "exactly one of"},
        {"{\"t_us\":1,\"node\":\"n1\",\"link\":\"sideways\"}", "\"sideways\" is none of the words"},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{}}", "probe.ok"},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":false}}", "says how it failed"},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":false,\"error\":\"bored\"}}", "\"bored\""},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":true,\"rtt_us\":-1}}", "probe.rtt_us"},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":true,\"wsrep\":3}}", "probe.wsrep"},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":true,\"wsrep\":{\"cluster_size\":\"3\"}}}",
         "cluster_size"},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":true,\"wsrep\":{\"gcomm_uuid\":\"xyz\"}}}",
         "a UUID"},
        {"{\"t_us\":1,\"t_us\":2,\"node\":\"n1\",\"link\":\"up\"}", "stands twice"},
        {"{\"t_us\":1,\"node\":\"n1\",\"heartbeat\":{\"seq\":1}}", "boot, seq and mysqld"},
        {"{\"t_us\":99999999999999999999,\"node\":\"n1\",\"link\":\"up\"}", "entry.t_us"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_problem(cases[i][0], cases[i][1]);
}

Test(trace, a_torn_last_line_is_said_to_be_torn)
{
    struct notes notes;
    struct health_trace_reader *reader = open_text(HEADER GOOD "{\"t_us\":3000,\"no", &notes);
    cr_expect_eq(count_entries(reader), 1);
    cr_expect_eq(notes.problems, 1);
    cr_expect_not_null(strstr(notes.text, "torn"));
    health_trace_close(reader);
}

Test(trace, a_last_line_without_its_end_is_read)
{
    struct notes notes;
    struct health_trace_reader *reader =
        open_text(HEADER "{\"t_us\":3000,\"node\":\"n1\",\"link\":\"eof\"}", &notes);
    cr_expect_eq(count_entries(reader), 1);
    cr_expect_eq(notes.problems, 0);
    health_trace_close(reader);
}

Test(trace, an_unknown_key_is_said_once_and_harmless)
{
    struct notes notes;
    struct health_trace_reader *reader =
        open_text(HEADER "{\"t_us\":1,\"node\":\"n1\",\"link\":\"up\",\"mood\":1}\n"
                         "{\"t_us\":2,\"node\":\"n1\",\"link\":\"up\",\"mood\":2}\n",
                  &notes);
    cr_expect_eq(count_entries(reader), 2);
    cr_expect_eq(notes.problems, 0);
    cr_expect_eq(notes.remarks, 1);
    cr_expect_not_null(strstr(notes.text, "entry.mood"));
    health_trace_close(reader);
}

Test(trace, a_time_that_goes_back_is_said_and_a_small_overtaking_is_not)
{
    struct notes notes;
    struct health_trace_reader *reader =
        open_text(HEADER "{\"t_us\":900000,\"node\":\"n1\",\"link\":\"up\"}\n"
                         "{\"t_us\":880000,\"node\":\"n2\",\"link\":\"up\"}\n"
                         "{\"t_us\":100000,\"node\":\"n3\",\"link\":\"up\"}\n",
                  &notes);
    cr_expect_eq(count_entries(reader), 3);
    cr_expect_eq(notes.problems, 1);
    cr_expect_not_null(strstr(notes.text, "line 4: t_us goes back by 800000 us"), "%s", notes.text);
    health_trace_close(reader);
}

/* The times of what is read, in milliseconds: "100 200 ". */
static void expect_times(const char *lines, const char *times, const char *words)
{
    struct notes notes;
    struct health_trace_entry entry;
    char text[4096];
    char read[256] = "";

    snprintf(text, sizeof text, HEADER "%s", lines);
    struct health_trace_reader *reader = open_text(text, &notes);
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END) {
        size_t used = strlen(read);
        snprintf(read + used, sizeof read - used, "%lld ",
                 (long long)(entry.at_ns / HEALTH_NS_PER_MS));
    }
    cr_expect_str_eq(read, times, "%s", lines);
    cr_expect_eq(notes.problems, *words ? 1 : 0, "%s", notes.text);
    cr_expect_not_null(strstr(notes.text, words), "%s", notes.text);
    health_trace_close(reader);
}

#define AT(us) "{\"t_us\":" #us ",\"node\":\"n1\",\"link\":\"up\"}\n"
#define MARK_AT(us) "{\"t_us\":" #us ",\"mark\":{\"event\":\"x\"}}\n"

Test(trace, one_time_that_leaps_far_ahead_is_said_with_its_line_and_skipped)
{
    const char *said = "line 3: t_us leaps ahead by 3599900000 us";
    expect_times(AT(100000) AT(3600000000) AT(200000) AT(300000), "100 200 300 ", said);
    expect_times(AT(100000) MARK_AT(3600000000) MARK_AT(200000) AT(300000), "100 200 300 ", said);
    expect_times(AT(100000) AT(3600000000) "\n" AT(200000), "100 200 ", said);
}

Test(trace, a_time_that_stays_ahead_is_a_long_pause)
{
    expect_times(AT(100000) AT(3600000000) AT(3600100000), "100 3600000 3600100 ", "");
    expect_times(AT(100000) AT(3600000000), "100 3600000 ", "");
    expect_times(AT(100000) AT(50000000) AT(200000), "100 50000 200 ", "line 4: t_us goes back");
}

/* What is read before the next line was looked at is not mixed up with it. */
Test(trace, what_stands_in_the_lines_around_a_pause_is_kept_apart)
{
#define MEMBER(us, name) \
    "{\"t_us\":" #us ",\"node\":\"n1\",\"probe\":{\"ok\":true,\"wsrep\":{\"cluster_size\":1}," \
    "\"members\":[{\"name\":\"" name "\"}]}}\n"
    struct notes notes;
    struct health_trace_entry entry;
    struct health_trace_reader *reader = open_text(
        HEADER AT(100000) MEMBER(3600000000, "n2")
            MEMBER(3600100000, "n3") "{\"t_us\":7200000000,\"mark\":{\"event\":\"one\"}}\n"
                                     "{\"t_us\":7200000001,\"mark\":{\"event\":\"two\"}}\n",
        &notes);
    health_trace_next(reader, &entry);
    health_trace_next(reader, &entry);
    cr_expect_eq(entry.observation.probe.view.members[0].node, 1);
    health_trace_next(reader, &entry);
    cr_expect_eq(entry.observation.probe.view.members[0].node, 2);
    cr_expect_eq(entry.line, 4);
    health_trace_next(reader, &entry);
    cr_expect_str_eq(entry.mark, "{\"event\":\"one\"}");
    health_trace_next(reader, &entry);
    cr_expect_str_eq(entry.mark, "{\"event\":\"two\"}");
    health_trace_close(reader);
}

static unsigned count_strictly(const char *text, struct notes *notes)
{
    struct health_trace_reader *reader = open_bytes(text, strlen(text), true, notes);
    cr_assert_not_null(reader, "%s", notes->text);
    unsigned count = count_entries(reader);
    health_trace_close(reader);
    return count;
}

Test(trace, strict_reading_ends_at_a_key_that_is_not_known_but_where_keys_are_open)
{
    struct notes notes;
    const char typing_error[] =
        HEADER GOOD "{\"t_us\":3000,\"node\":\"n1\",\"probe\":{\"ok\":true,\"rtt\":1}}\n" GOOD;
    cr_expect_eq(count_strictly(typing_error, &notes), 1);
    cr_expect_not_null(strstr(notes.text, "line 3: key probe.rtt is not known"), "%s", notes.text);
    const char open_keys[] = "{\"trace\":1,\"nodes\":[\"n1\",\"n2\"],\"operator\":\"me\"}\n" GOOD
                             "{\"t_us\":3000,\"node\":\"n1\",\"probe\":{\"ok\":true,"
                             "\"wsrep\":{\"cluster_size\":1,\"replicated_bytes\":7}}}\n" GOOD;
    cr_expect_eq(count_strictly(open_keys, &notes), 3);
    cr_expect_eq(notes.problems, 0, "%s", notes.text);
}

Test(trace, strict_reading_ends_at_the_first_problem)
{
    struct notes notes;
    const char text[] = HEADER GOOD "nonsense\n" GOOD;
    struct health_trace_reader *reader = open_bytes(text, strlen(text), true, &notes);
    cr_expect_eq(count_entries(reader), 1);
    cr_expect_eq(notes.problems, 1);
    health_trace_close(reader);
}

Test(trace, without_a_usable_header_nothing_is_read)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "nonsense\n",
                                        GOOD,
                                        "{\"trace\":2}\n",
                                        "{\"trace\":1}\n",
                                        "{\"trace\":1,\"nodes\":[]}\n",
                                        "{\"trace\":1,\"nodes\":[\"a\",\"a\"]}\n",
                                        "{\"trace\":1,\"nodes\":[\"a\",\"cluster\"]}\n",
                                        "{\"trace\":1,\"nodes\":[\"a\"],\"probe_interval_ms\":0}\n",
                                        "{\"trace\":1,\"nodes\":[\"a\"],\"expected_size\":99}\n"};
    struct notes notes;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_expect_null(open_text(texts[i], &notes), "%s", texts[i]);
        cr_expect_gt(notes.problems, 0, "%s", texts[i]);
    }
    const struct health_trace_options options = {.note = take_note, .context = &notes};
    cr_expect_null(health_trace_open("/nowhere/at/all", &options));
    notes.text[0] = '\0';
    cr_expect_null(health_trace_open("/", &options));
    cr_expect_not_null(strstr(notes.text, "Is a directory"), "%s", notes.text);
}

Test(trace, integers_keep_their_64_bits)
{
    struct notes notes;
    struct health_trace_entry entry;
    struct health_trace_reader *reader = open_text(
        HEADER "{\"t_us\":9007199254740993,\"node\":\"n1\",\"heartbeat\":{\"boot\":"
               "\"0b904641-eea2-47f7-8ea2-62c2dfeb9bea\",\"seq\":18446744073709551615,\"mysqld\":"
               "\"stopped\",\"sent_us\":-9223372036854775808,\"grastate\":{\"uuid\":"
               "\"00000000-0000-0000-0000-000000000000\",\"seqno\":9223372036854775807},\"local\":{"
               "\"ok\":true,\"wsrep\":{\"cluster_conf_id\":18446744073709551615}}}}\n",
        &notes);
    cr_assert_eq(health_trace_next(reader, &entry), HEALTH_TRACE_OBSERVATION, "%s", notes.text);
    const struct health_heartbeat *beat = &entry.observation.heartbeat;
    cr_expect_eq(entry.at_ns, INT64_C(9007199254740993) * 1000);
    cr_expect_eq(beat->seq, UINT64_MAX);
    cr_expect_eq(beat->sent_us, INT64_MIN);
    cr_expect_eq(beat->grastate.seqno, INT64_MAX);
    cr_expect_eq(beat->local.view.conf_id, HEALTH_CONF_NONE);
    health_trace_close(reader);
}

Test(trace, digits_inside_texts_are_left_alone)
{
    struct notes notes;
    struct health_trace_entry entry;
    struct health_trace_reader *reader = open_text(
        HEADER "{\"t_us\":1,\"mark\":{\"say\":\"12345678901234567890 \\\" 1234567890123456\"}}\n",
        &notes);
    cr_assert_eq(health_trace_next(reader, &entry), HEALTH_TRACE_MARK);
    cr_expect_str_eq(entry.mark, "{\"say\":\"12345678901234567890 \\\" 1234567890123456\"}");
    health_trace_close(reader);
}

Test(trace, spellings_of_servers_are_understood)
{
    struct notes notes;
    struct health_trace_entry entry;
    static const struct {
        const char *word;
        enum health_component component;
    } cases[] = {{"Primary", HEALTH_COMPONENT_PRIMARY},
                 {"PRIMARY", HEALTH_COMPONENT_PRIMARY},
                 {"non-Primary", HEALTH_COMPONENT_NON_PRIMARY},
                 {"Non-Primary", HEALTH_COMPONENT_NON_PRIMARY},
                 {"NON_PRIMARY", HEALTH_COMPONENT_NON_PRIMARY},
                 {"Disconnected", HEALTH_COMPONENT_DISCONNECTED},
                 {"whatever", HEALTH_COMPONENT_NOT_KNOWN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 HEADER "{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":true,\"wsrep\":{"
                        "\"cluster_status\":\"%s\",\"ready\":\"on\"},\"vars\":{"
                        "\"reject_queries\":\"ALL_KILL\",\"pxc_maint_mode\":\"DISABLED\"},"
                        "\"members\":[{\"gcomm_uuid\":\"0b904641-eea2-47f7-8ea2-62c2dfeb9bea\","
                        "\"name\":\"n3\"},{\"name\":\"garb\"}]}}\n",
                 cases[i].word);
        struct health_trace_reader *reader = open_text(text, &notes);
        cr_assert_eq(health_trace_next(reader, &entry), HEALTH_TRACE_OBSERVATION, "%s", notes.text);
        const struct health_view *view = &entry.observation.probe.view;
        cr_expect_eq(view->component, cases[i].component, "%s", cases[i].word);
        cr_expect_eq(view->ready, HEALTH_ANSWER_YES);
        cr_expect_eq(view->rejects, HEALTH_ANSWER_YES);
        cr_expect_eq(view->maintenance, HEALTH_ANSWER_NO);
        cr_expect_eq(view->desync, HEALTH_ANSWER_NOT_KNOWN);
        cr_assert_eq(view->member_count, 2);
        cr_expect_eq(view->members[0].node, 2);
        cr_expect_eq(view->members[1].node, HEALTH_NODE_NONE);
        health_trace_close(reader);
    }
}

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
    struct health_trace_reader *reader = open_bytes(bytes->data, bytes->size, true, &notes);
    cr_assert_not_null(reader, "%s", notes.text);
    return reader;
}

Test(trace, both_forms_hold_the_same_and_lose_nothing)
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

Test(trace, both_forms_hold_what_a_server_says_for_people)
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
    struct bytes binary = rewrite(open_bytes(text, strlen(text), true, &notes), true);
    char *said = beside_views(open_bytes(text, strlen(text), true, &notes));
    char *said_binary = beside_views(open_again(&binary));

    cr_expect_str_eq(said, expected);
    cr_expect_str_eq(said_binary, expected);
    free(said);
    free(said_binary);
    free(binary.data);
}

Test(trace, a_version_is_cut_and_a_queue_is_a_number)
{
    static const char text[] = HEADER SAYS("1000", "",
                                           VERSION("0123456789abcdef0123456789abcdef"
                                                   "0123456789abcdef0123456789abcdef"))
        SAYS("2000", QUEUE("-1"), "") SAYS("3000", QUEUE("2147483648"), "");
    struct notes notes;
    char *said = beside_views(open_text(text, &notes));

    cr_expect_str_eq(said, "-1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n");
    cr_expect_eq(notes.problems, 2, "%s", notes.text);
    free(said);
}

Test(trace, a_binary_trace_of_the_former_version_is_read)
{
    static const char text[] = HEADER SAYS("1000", "", "") SAYS("2000", "", "") GOOD;
    struct notes notes;
    struct bytes former = rewrite(open_bytes(text, strlen(text), true, &notes), true);
    struct bytes again;

    cr_assert_eq(memcmp(former.data, "HLTHTRC2", 8), 0);
    former.data[7] = '1';
    again = rewrite(open_again(&former), false);
    cr_expect_not_null(strstr(again.data, "\"t_us\":2000,\"node\":\"n1\""));
    cr_expect_not_null(strstr(again.data, GOOD));
    former.data[7] = '3';
    cr_expect_null(open_bytes(former.data, former.size, true, &notes));
    free(former.data);
    free(again.data);
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

Test(trace, a_binary_trace_that_was_cut_anywhere_is_read_up_to_the_cut)
{
    struct bytes whole = small_trace(true);
    unsigned noticed = 0;
    for (size_t size = 0; size < whole.size; size++) {
        struct notes notes;
        struct health_trace_reader *reader = open_bytes(whole.data, size, false, &notes);
        if (reader) {
            cr_expect_leq(count_entries(reader), 40);
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
        struct health_trace_reader *reader = open_bytes(damaged, whole.size, false, &notes);
        cr_expect(reader || notes.problems);
        if (reader)
            cr_expect_leq(count_entries(reader), whole.size);
        health_trace_close(reader);
    }
    free(damaged);
    free(whole.data);
}

Test(trace, damaged_bytes_never_crash_the_reader_of_the_binary_form)
{
    damage(true, 4000);
}

Test(trace, damaged_bytes_never_crash_the_reader_of_lines)
{
    damage(false, 1500);
}
