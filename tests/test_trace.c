/*
 * test_trace.c - lines of a trace are read without guessing.
 */
#include "trace_stage.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A line in the middle of good ones: the problem has its line and words, and the rest is read. */
static void expect_problem(const char *line, const char *words)
{
    struct notes notes;
    char text[4096];
    char place[16] = "line 3: ";

    snprintf(text, sizeof text, HEADER GOOD "%s\n" GOOD, line);
    struct health_trace_reader *reader = stage_open_text(text, &notes);
    cr_assert_not_null(reader, "%s", notes.text);
    cr_expect_eq(stage_count_entries(reader), 2, "%s", line);
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
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":true,\"wsrep\":{"
         "\"cluster_size\":4294967299}}}", /* which 32 bits would read as 3 */
         "cluster_size: a whole number from 0 to 2147483647 is expected"},
        {"{\"t_us\":1,\"node\":\"n1\",\"probe\":{\"ok\":true,\"wsrep\":{\"gcomm_uuid\":\"xyz\"}}}",
         "a UUID"},
        {"{\"t_us\":1,\"t_us\":2,\"node\":\"n1\",\"link\":\"up\"}", "stands twice"},
        {"{\"t_us\":1,\"node\":\"n1\",\"heartbeat\":{\"seq\":1}}", "boot, seq and mysqld"},
        {"{\"t_us\":9223372036854775,\"node\":\"n1\",\"link\":\"up\"}", "entry.t_us"},
        {"{\"t_us\":99999999999999999999,\"node\":\"n1\",\"link\":\"up\"}", "entry.t_us"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_problem(cases[i][0], cases[i][1]);
}

Test(trace, a_torn_last_line_is_said_to_be_torn)
{
    struct notes notes;
    struct health_trace_reader *reader = stage_open_text(HEADER GOOD "{\"t_us\":3000,\"no", &notes);
    cr_expect_eq(stage_count_entries(reader), 1);
    cr_expect_eq(notes.problems, 1);
    cr_expect_not_null(strstr(notes.text, "torn"));
    health_trace_close(reader);
}

Test(trace, a_last_line_without_its_end_is_read)
{
    struct notes notes;
    struct health_trace_reader *reader =
        stage_open_text(HEADER "{\"t_us\":3000,\"node\":\"n1\",\"link\":\"eof\"}", &notes);
    cr_expect_eq(stage_count_entries(reader), 1);
    cr_expect_eq(notes.problems, 0);
    health_trace_close(reader);
}

Test(trace, an_unknown_key_is_said_once_and_harmless)
{
    struct notes notes;
    struct health_trace_reader *reader =
        stage_open_text(HEADER "{\"t_us\":1,\"node\":\"n1\",\"link\":\"up\",\"mood\":1}\n"
                               "{\"t_us\":2,\"node\":\"n1\",\"link\":\"up\",\"mood\":2}\n",
                        &notes);
    cr_expect_eq(stage_count_entries(reader), 2);
    cr_expect_eq(notes.problems, 0);
    cr_expect_eq(notes.remarks, 1);
    cr_expect_not_null(strstr(notes.text, "entry.mood"));
    health_trace_close(reader);
}

Test(trace, a_time_that_goes_back_is_said_and_a_small_overtaking_is_not)
{
    struct notes notes;
    struct health_trace_reader *reader =
        stage_open_text(HEADER "{\"t_us\":900000,\"node\":\"n1\",\"link\":\"up\"}\n"
                               "{\"t_us\":880000,\"node\":\"n2\",\"link\":\"up\"}\n"
                               "{\"t_us\":100000,\"node\":\"n3\",\"link\":\"up\"}\n",
                        &notes);
    cr_expect_eq(stage_count_entries(reader), 3);
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
    struct health_trace_reader *reader = stage_open_text(text, &notes);
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
    struct health_trace_reader *reader = stage_open_text(
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
    struct health_trace_reader *reader = stage_open_bytes(text, strlen(text), true, notes);
    cr_assert_not_null(reader, "%s", notes->text);
    unsigned count = stage_count_entries(reader);
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
    struct health_trace_reader *reader = stage_open_bytes(text, strlen(text), true, &notes);
    cr_expect_eq(stage_count_entries(reader), 1);
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
        cr_expect_null(stage_open_text(texts[i], &notes), "%s", texts[i]);
        cr_expect_gt(notes.problems, 0, "%s", texts[i]);
    }
    const struct health_trace_options options = {.note = stage_note, .context = &notes};
    cr_expect_null(health_trace_open("/nowhere/at/all", &options));
    notes.text[0] = '\0';
    cr_expect_null(health_trace_open("/", &options));
    cr_expect_not_null(strstr(notes.text, "Is a directory"), "%s", notes.text);
}

Test(trace, integers_keep_their_64_bits)
{
    struct notes notes;
    struct health_trace_entry entry;
    struct health_trace_reader *reader = stage_open_text(
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
    struct health_trace_reader *reader = stage_open_text(
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
        struct health_trace_reader *reader = stage_open_text(text, &notes);
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
