/*
 * test_agent.c - what an agent says, and its command line.
 */
#include "agent_options.h"
#include "agent_word.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#define MS HEALTH_NS_PER_MS
#define NOW (10000 * MS)
#define FRESH (1000 * MS)

enum {
    R = HEALTH_PROCESS_RUNNING,
    S = HEALTH_PROCESS_STARTING,
    U = HEALTH_PROCESS_UNRESPONSIVE,
    G = HEALTH_PROCESS_STOPPED, /* gone */
    N = HEALTH_PROCESS_NOT_KNOWN,
};

static const struct health_probe ok = {.ok = true};
static const struct health_probe refused = {.error = HEALTH_PROBE_REFUSED, .code = 2002};
static const struct health_probe timeout = {.error = HEALTH_PROBE_TIMEOUT, .code = 2013};
static const struct health_probe reset = {.error = HEALTH_PROBE_RESET, .code = 2013};
static const struct health_probe denied = {.error = HEALTH_PROBE_AUTH, .code = 1045};
static const struct health_probe not_ready = {.error = HEALTH_PROBE_NOT_READY, .code = 1047};
static const struct health_probe unreachable = {.error = HEALTH_PROBE_UNREACHABLE, .code = 2002};
static const struct health_probe client = {.error = HEALTH_PROBE_SQL_ERROR, .code = 2059};

Test(agent, the_word_follows_from_process_and_socket)
{
    static const struct {
        int process; /* the watch's */
        char letter;
        const struct health_probe *probe; /* NULL: not asked yet */
        int64_t age_ns;
        bool served;
        int word;
        bool local;
    } cases[] = {
        {R, 'S', &ok, 0, true, R, true},
        {R, 'S', &ok, FRESH, true, R, true},
        {R, 'S', &ok, FRESH + 1, true, R, false}, /* stale: only the process is told */
        {R, 'S', NULL, 0, false, S, false},
        {R, 'S', NULL, 0, true, R, false},
        {R, 'S', &refused, 0, false, S, true},
        {R, 'S', &refused, 0, true, U, true}, /* on its way down */
        {R, 'S', &reset, 0, false, S, true},
        {R, 'S', &timeout, 0, false, U, true},
        {R, 'S', &timeout, 0, true, U, true},
        {R, 'S', &denied, 0, true, R, true},
        {R, 'S', &not_ready, 0, true, R, true},
        {R, 'S', &client, 0, false, S, true}, /* the client's own error is no word of mysqld's */
        {R, 'S', &unreachable, 0, true, R, false},
        {R, 'T', &ok, 0, true, U, true},
        {R, 't', NULL, 0, true, U, false},
        {S, 'S', &ok, 0, true, S, false}, /* a recovery: whoever answers is another */
        {S, 'S', NULL, 0, false, S, false},
        {G, 0, NULL, 0, false, G, false},
        {G, 0, &refused, 0, false, G, false},
        {G, 0, &timeout, 0, false, G, false},
        {G, 0, &ok, 0, true, R, true}, /* an answer beats not having found a process */
        {G, 0, &denied, 0, true, R, true},
        {G, 0, &ok, FRESH + 1, true, G, false},
        {N, 0, NULL, 0, false, N, false},
        {N, 0, &refused, 0, false, N, false},
        {N, 0, &ok, 0, true, R, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct agent_socket socket = {.asked = cases[i].probe != NULL,
                                      .at_ns = NOW - cases[i].age_ns,
                                      .served = cases[i].served};
        struct health_heartbeat beat = {.process = (uint8_t)cases[i].process,
                                        .proc_state = cases[i].letter};
        if (cases[i].probe)
            socket.probe = *cases[i].probe;
        agent_word(&beat, &socket, NOW, FRESH);
        cr_assert_eq(beat.process, cases[i].word, "case %zu: %s", i,
                     health_process_name((enum health_process)beat.process));
        cr_assert_eq(beat.has_local, cases[i].local, "case %zu", i);
    }
}

/* The end of another process is not the end of the one that answers. */
Test(agent, who_answers_unseen_has_no_pid_and_no_exit)
{
    const struct agent_socket socket = {.asked = true, .probe = ok, .at_ns = NOW, .served = true};
    struct health_heartbeat beat = {.process = HEALTH_PROCESS_STOPPED,
                                    .pid = 7,
                                    .exit_kind = HEALTH_EXIT_SIGNAL,
                                    .exit_value = 9};
    agent_word(&beat, &socket, NOW, FRESH);
    cr_assert_eq(beat.pid, 0);
    cr_assert_eq(beat.exit_kind, HEALTH_EXIT_NOT_KNOWN);
    cr_assert_eq(beat.exit_value, 0);
}

static bool is_news(const struct health_heartbeat *a, const struct health_heartbeat *b)
{
    const struct agent_gist none = {0};
    struct agent_gist before = agent_gist(a, &none);
    struct agent_gist after = agent_gist(b, &before);
    return memcmp(&before, &after, sizeof before) != 0;
}

Test(agent, what_is_news)
{
    const struct health_heartbeat base = {
        .process = HEALTH_PROCESS_RUNNING,
        .pid = 7,
        .proc_state = 'S',
        .has_local = true,
        .grastate = {true, {1, 1}, -1, HEALTH_ANSWER_NO},
        .local = {.ok = true, .has_view = true, .rtt_ns = 5, .view = {.conf_id = 3, .size = 3}},
    };
    struct health_heartbeat beat = base;
    cr_assert_not(is_news(&base, &base));
#define CHANGE(news, ...) \
    do { \
        beat = base; \
        __VA_ARGS__; \
        cr_assert_eq(is_news(&base, &beat), (news), #__VA_ARGS__); \
    } while (0)
    CHANGE(false, beat.proc_state = 'R');
    CHANGE(false, beat.local.rtt_ns = 6);
    CHANGE(false, beat.local.has_view = false); /* a light probe between two full ones */
    CHANGE(false, beat.grastate.seqno = 5);     /* means nothing while mysqld runs */
    CHANGE(false, beat.gvwstate = HEALTH_ANSWER_YES);
    CHANGE(true, beat.proc_state = 'T');
    CHANGE(true, beat.process = HEALTH_PROCESS_STOPPED);
    CHANGE(true, beat.pid = 8);
    CHANGE(true, beat.has_local = false);
    CHANGE(true, beat.local.ok = false; beat.local.error = HEALTH_PROBE_TIMEOUT);
    CHANGE(true, beat.local.view.conf_id = 4);
    CHANGE(true, beat.local.view.size = 2);
    CHANGE(true, beat.local.view.component = HEALTH_COMPONENT_NON_PRIMARY);
    CHANGE(true, beat.local.view.local_state = HEALTH_LOCAL_DONOR);
    CHANGE(true, beat.local.view.rejects = HEALTH_ANSWER_YES);
    CHANGE(true, beat.local.view.state_uuid.lo = 9);
    struct health_heartbeat gone = {.process = HEALTH_PROCESS_STOPPED, .pid = 7};
    beat = gone;
    beat.exit_kind = HEALTH_EXIT_CODE;
    cr_assert(is_news(&gone, &beat));
    beat = gone;
    beat.grastate.known = true;
    cr_assert(is_news(&gone, &beat));
    beat = gone;
    beat.gvwstate = HEALTH_ANSWER_NO;
    cr_assert(is_news(&gone, &beat));
}

#define FULL \
    "--cluster", "lab", "--node", "n1", "--monitor", "10.0.0.9:9201", "--datadir", "/d", \
        "--socket", "/s"

static bool parse(struct agent_command *command, char wrong[256], const char *const *arguments)
{
    char *argv[40] = {(char *)(uintptr_t) "healthd-agent"};
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    return agent_command_parse(argc, argv, command, wrong, 256);
}

#define PARSE(...) parse(&command, wrong, (const char *const[]){__VA_ARGS__, NULL})

Test(agent, the_command_line)
{
    struct agent_command command;
    char wrong[256] = "";

    cr_assert(PARSE(FULL), "%s", wrong);
    cr_assert_str_eq(command.options.cluster, "lab");
    cr_assert_str_eq(command.options.node, "n1");
    cr_assert_str_eq(command.options.datadir, "/d");
    cr_assert_str_eq(command.options.target.socket, "/s");
    cr_assert_eq(command.options.interval_ns, 500 * MS);
    cr_assert_eq(command.options.monitor_count, 1);
    cr_assert_null(command.options.key_file);
    cr_assert(PARSE(FULL, "--monitor=b", "--user", "u", "--password-file=p", "--defaults-file", "f",
                    "--pid-file", "x", "--key-file", "k", "--interval-ms", "200"),
              "%s", wrong);
    cr_assert_eq(command.options.monitor_count, 2);
    cr_assert_str_eq(command.options.monitors[1], "b");
    cr_assert_str_eq(command.options.target.user, "u");
    cr_assert_str_eq(command.options.target.password_file, "p");
    cr_assert_str_eq(command.options.target.defaults_file, "f");
    cr_assert_str_eq(command.options.pid_file, "x");
    cr_assert_str_eq(command.options.key_file, "k");
    cr_assert_eq(command.options.interval_ns, 200 * MS);
    cr_assert(PARSE("--help"));
    cr_assert(command.help);
    cr_assert(PARSE("--version"));
    cr_assert(command.version);
}

Test(agent, what_is_wrong_with_a_command_line_is_said)
{
    struct agent_command command;
    char wrong[256] = "";

#define WRONG(says, ...) \
    do { \
        cr_assert_not(PARSE(__VA_ARGS__)); \
        cr_assert_not_null(strstr(wrong, (says)), "said: %s", wrong); \
    } while (0)
    WRONG("--cluster", "--node", "n1");
    WRONG("--monitor", "--cluster", "lab", "--node", "n1", "--datadir", "/d", "--socket", "/s");
    WRONG("--socket", "--cluster", "lab", "--node", "n1", "--monitor", "m", "--datadir", "/d");
    WRONG("--dance: no such option", FULL, "--dance");
    WRONG("--interval-ms: a value is expected", FULL, "--interval-ms");
    WRONG("10 to 60000", FULL, "--interval-ms", "0");
    WRONG("10 to 60000", FULL, "--interval-ms", "1s");
    WRONG("10 to 60000", FULL, "--interval-ms", "");
    WRONG("--node is given twice", FULL, "--node", "n2");
    WRONG("--cluster: a value", "--cluster", "", "--node", "n1");
    WRONG("\"n3\" belongs to no option", FULL, "n3");
}

static void hear(void *context, uint32_t node, const char *text)
{
    (void)context;
    (void)node;
    (void)text;
}

/* The watchdog is fed for this only. */
Test(agent, heartbeats_that_do_not_come_are_noticed)
{
    static const char *const monitors[] = {"127.0.0.1:9"};
    const struct agent_options options = {
        .cluster = "lab",
        .node = "n1",
        .monitors = monitors,
        .monitor_count = 1,
        .datadir = "/nonexistent",
        .target = {.socket = "/nonexistent/socket", .user = "probe"},
        .interval_ns = 10 * MS,
        .remark = hear,
    };
    const struct timeval moment = {.tv_usec = 50000};
    struct event_base *base = event_base_new();
    struct agent *agent = NULL;

    cr_assert_not_null(base);
    cr_assert_eq(event_base_priority_init(base, 2), 0);
    cr_assert_eq(agent_create(base, &options, &agent), HEALTH_OK);
    cr_expect(agent_is_on_time(agent), "it has had no time for the first");
    usleep(1100000);
    cr_expect_not(agent_is_on_time(agent), "nobody has run its loop");
    event_base_loopexit(base, &moment);
    event_base_dispatch(base);
    cr_expect(agent_is_on_time(agent), "it beats");
    usleep(1100000);
    cr_expect_not(agent_is_on_time(agent), "the latest beat is too old");
    agent_destroy(agent);
    event_base_free(base);
}
