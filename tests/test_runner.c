/*
 * test_runner.c - commands that end well and badly, that hang, talk, listen, and leave something behind.
 */
#include "runner.h"

#include "scratch.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <healthd/observer.h>
#include <healthd/types.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct stage {
    struct event_base *base;
    struct runner *runner;
    unsigned done;
    int status;
    bool timed_out;
    unsigned lines;
    char said[4096];
    int64_t took_ns;
};

static void on_said(void *context, const char *line)
{
    struct stage *stage = context;
    size_t length = strlen(stage->said);

    stage->lines++;
    snprintf(stage->said + length, sizeof stage->said - length, "%s\n", line);
}

static void on_done(void *context, int status, bool timed_out)
{
    struct stage *stage = context;

    stage->done++;
    stage->status = status;
    stage->timed_out = timed_out;
    runner_destroy(stage->runner);
    event_base_loopbreak(stage->base);
}

/* Run a line of shell to its end. */
static struct stage run(const char *line, const char *input, int64_t timeout_ns)
{
    static struct stage stage;
    char shell[] = "/bin/sh", option[] = "-c", path[] = "PATH=/usr/bin:/bin";
    char greeting[] = "GREETING=hello";
    char *script = strdup(line);
    char *const argv[] = {shell, option, script, NULL};
    char *const environment[] = {path, greeting, NULL};
    const struct timeval patience = {.tv_sec = 20};

    signal(SIGPIPE, SIG_IGN);
    memset(&stage, 0, sizeof stage);
    stage.base = event_base_new();
    event_base_priority_init(stage.base, 3);
    const struct runner_options options = {.base = stage.base,
                                           .argv = argv,
                                           .environment = environment,
                                           .input = input,
                                           .timeout_ns = timeout_ns,
                                           .said = on_said,
                                           .done = on_done,
                                           .context = &stage};
    int64_t began_ns = health_clock_ns();
    stage.runner = runner_create(&options);
    cr_assert_not_null(stage.runner);
    event_base_loopexit(stage.base, &patience);
    event_base_dispatch(stage.base);
    stage.took_ns = health_clock_ns() - began_ns;
    cr_assert_eq(stage.done, 1, "it is told once");
    event_base_free(stage.base);
    free(script);
    return stage;
}

#define S HEALTH_NS_PER_S

Test(runner, its_code_is_told)
{
    struct stage stage = run("exit 0", "", 10 * S);
    cr_expect(WIFEXITED(stage.status) && WEXITSTATUS(stage.status) == 0);
    stage = run("exit 7", "", 10 * S);
    cr_expect(WIFEXITED(stage.status) && WEXITSTATUS(stage.status) == 7);
    stage = run("kill -9 $$", "", 10 * S);
    cr_expect(WIFSIGNALED(stage.status) && WTERMSIG(stage.status) == SIGKILL);
    cr_expect_not(stage.timed_out);
}

Test(runner, it_gets_what_is_given_and_nothing_else)
{
    struct stage stage =
        run("cat; echo; env | sort; ls /proc/self/fd | wc -l", "{\"a\":1}", 10 * S);

    cr_expect_not_null(strstr(stage.said, "{\"a\":1}\n"), "%s", stage.said);
    cr_expect_not_null(strstr(stage.said, "GREETING=hello\n"), "%s", stage.said);
    cr_expect_null(strstr(stage.said, "HOME="), "%s", stage.said);
    cr_expect_not_null(strstr(stage.said, "\n4\n"), "three, and the folder: %s", stage.said);
}

/* More than a pipe holds, to somebody who does not read, or reads it all. */
Test(runner, input_of_any_size_holds_nobody_up)
{
    char *large = calloc(1, 1 << 20);

    memset(large, 'x', (1 << 20) - 1);
    struct stage stage = run("sleep 0.2", large, 10 * S);
    cr_expect_eq(stage.status, 0);
    stage = run("exec 0<&-; sleep 0.2", large, 10 * S);
    cr_expect_eq(stage.status, 0);
    stage = run("wc -c", large, 10 * S);
    cr_expect_not_null(strstr(stage.said, "1048575"), "%s", stage.said);
    free(large);
}

Test(runner, what_it_says_is_bounded)
{
    struct stage stage =
        run("i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done", "", 10 * S);
    cr_expect_leq(stage.lines, RUNNER_LINES_MAX + 1);
    cr_expect_gt(stage.lines, RUNNER_LINES_MAX / 2);
    stage = run("head -c 100000 /dev/zero | tr '\\0' y; echo", "", 10 * S);
    cr_expect_eq(stage.lines, 1);
    cr_expect_eq(strlen(stage.said), RUNNER_LINE_SIZE);
    stage = run("echo out; echo err >&2; printf 'no newline'", "", 10 * S);
    cr_expect_str_eq(stage.said, "out\nerr\nno newline\n");
}

Test(runner, what_hangs_is_ended)
{
    struct stage stage = run("sleep 30", "", S / 2);
    cr_expect(stage.timed_out);
    cr_expect(WIFSIGNALED(stage.status));
    cr_expect_lt(stage.took_ns, 2 * S);
}

/* What does not care for SIGTERM gets SIGKILL five seconds later, and so does what it began. */
Test(runner, what_does_not_want_to_end_is_killed)
{
    char path[SCRATCH_SIZE];
    char line[200];

    scratch_file(path, "runner", "", 0);
    snprintf(line, sizeof line, "trap '' TERM; (while :; do sleep 0.1; done) & echo $! >%s; wait",
             path);
    struct stage stage = run(line, "", S / 2);
    cr_expect(stage.timed_out);
    cr_expect(WIFSIGNALED(stage.status) && WTERMSIG(stage.status) == SIGKILL);
    cr_expect_gt(stage.took_ns, 5 * S);
    cr_expect_lt(stage.took_ns, 8 * S);
    FILE *file = fopen(path, "r");
    int left = 0;
    cr_assert_eq(fscanf(file, "%d", &left), 1);
    fclose(file);
    unlink(path);
    usleep(100000);
    snprintf(path, sizeof path, "/proc/%d/stat", left);
    file = fopen(path, "r");
    char state = 'Z';
    if (file) {
        cr_expect_eq(fscanf(file, "%*d %*s %c", &state), 1);
        fclose(file);
    }
    cr_expect_eq(state, 'Z', "what it began still runs");
}

Test(runner, what_it_leaves_behind_does_not_keep_it)
{
    struct stage stage = run("sleep 3 & exit 0", "", 10 * S);
    cr_expect_eq(stage.status, 0);
    cr_expect_lt(stage.took_ns, 2 * S);
}

Test(runner, what_is_not_there_is_not_run)
{
    struct event_base *base = event_base_new();
    char program[] = "/nowhere/run";
    char *const argv[] = {program, NULL};
    char *const environment[] = {NULL};
    const struct runner_options options = {.base = base,
                                           .argv = argv,
                                           .environment = environment,
                                           .input = "",
                                           .timeout_ns = S,
                                           .said = on_said,
                                           .done = on_done};
    cr_expect_null(runner_create(&options));
    event_base_free(base);
}
