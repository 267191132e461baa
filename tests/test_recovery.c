/*
 * test_recovery.c - commands that recover a position, or behave otherwise.
 */
#include "recovery.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POSITION "573eebdb-e711-11f1-9041-7299d955b7a3:2817"
#define SAYS "echo '2026-11-26  0:44:06 0 [Note] WSREP: Recovered position: " POSITION "' >&2; "

struct stand {
    struct event_base *base;
    struct recovery *recovery;
    unsigned ends;
    unsigned remarks;
    char remark[512];
    char *argv[4];
};

static void remark(void *context, uint32_t node, const char *text)
{
    struct stand *stand = context;
    (void)node;
    snprintf(stand->remark, sizeof stand->remark, "%s", text);
    stand->remarks++;
}

static void changed(void *context)
{
    struct stand *stand = context;
    stand->ends++;
}

static char *words(const char *text)
{
    char *copy = strdup(text);
    cr_assert_not_null(copy);
    return copy;
}

static void stand_create(struct stand *stand, bool command)
{
    const struct recovery_options options = {
        .base = stand->base,
        .argv = command ? stand->argv : NULL,
        .remark = remark,
        .changed = changed,
        .context = stand,
    };
    stand->recovery = recovery_create(&options);
    cr_assert_not_null(stand->recovery);
}

/* `script` is for a shell of ours: healthd itself uses none. NULL: no command at all. */
static struct stand *stand_begin(const char *script)
{
    struct stand *stand = calloc(1, sizeof *stand);
    cr_assert_not_null(stand);
    stand->base = event_base_new();
    cr_assert_eq(event_base_priority_init(stand->base, 2), 0);
    if (script) {
        stand->argv[0] = words("sh");
        stand->argv[1] = words("-c");
        stand->argv[2] = words(script);
    }
    stand_create(stand, script != NULL);
    return stand;
}

static void stand_end(struct stand *stand)
{
    recovery_destroy(stand->recovery);
    event_base_free(stand->base);
    for (int i = 0; i < 3; i++)
        free(stand->argv[i]);
    free(stand);
}

static struct health_recovery told(const struct stand *stand)
{
    struct health_recovery recovery;
    recovery_describe(stand->recovery, &recovery);
    return recovery;
}

static void run_for(struct stand *stand, int ms)
{
    for (int i = 0; i < ms; i++) {
        event_base_loop(stand->base, EVLOOP_NONBLOCK);
        poll(NULL, 0, 1);
    }
}

/* Run until it has ended, at most for some seconds. */
static struct health_recovery outcome(struct stand *stand)
{
    for (int i = 0; i < 10000 && told(stand).status == HEALTH_RECOVERY_RUNNING; i++)
        run_for(stand, 1);
    return told(stand);
}

static void expect_failure(const char *script, const char *says)
{
    struct stand *stand = stand_begin(script);
    recovery_begin(stand->recovery);
    cr_expect_eq(outcome(stand).status, HEALTH_RECOVERY_FAILED, "%s", script);
    cr_expect_eq(stand->remarks, 1);
    cr_expect_not_null(strstr(stand->remark, says), "%s: said \"%s\"", script, stand->remark);
    cr_expect_eq(told(stand).seqno, -1);
    stand_end(stand);
}

static void expect_position(const char *script)
{
    struct stand *stand = stand_begin(script);
    cr_expect_eq(told(stand).status, HEALTH_RECOVERY_NONE);
    recovery_begin(stand->recovery);
    cr_expect_eq(told(stand).status, HEALTH_RECOVERY_RUNNING);
    struct health_recovery found = outcome(stand);
    cr_expect_eq(found.status, HEALTH_RECOVERY_DONE, "%s: %s", script, stand->remark);
    cr_expect_eq(found.uuid.hi, UINT64_C(0x573eebdbe71111f1));
    cr_expect_eq(found.uuid.lo, UINT64_C(0x90417299d955b7a3));
    cr_expect_eq(found.seqno, 2817);
    cr_expect_eq(stand->ends, 1);
    cr_expect_eq(stand->remarks, 0);
    stand_end(stand);
}

Test(recovery, what_the_command_found_is_told)
{
    expect_position(SAYS);
    expect_position("echo '[MY-000000] [WSREP] Recovered position: " POSITION "'"); /* stdout */
    expect_position("echo 'WSREP: Recovered position: " POSITION ",0-1-7'");
    expect_position("sleep 0.1; " SAYS "sleep 0.1; echo more");
}

/* Or mysqld would tell the agent's service manager how it is. */
Test(recovery, the_command_has_our_environment_but_not_our_service_manager)
{
    setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
    setenv("NOTIFY_SOCKET_X", "kept", 1);
    expect_position("[ -z \"${NOTIFY_SOCKET+x}\" ] && [ \"$NOTIFY_SOCKET_X\" = kept ] && " SAYS);
}

/* Only the end is kept, and it is read on, or the command would never end. */
Test(recovery, a_flood_before_the_position_does_no_harm)
{
    expect_position("head -c 30000000 /dev/zero; echo; " SAYS);
    expect_position("yes WSREP | head -n 2000000; " SAYS);
    expect_failure(SAYS "head -c 1000000 /dev/zero | tr '\\0' x; echo", "no line tells");
}

Test(recovery, whatever_is_no_success_is_a_failure)
{
    expect_failure("true", "no line tells");
    expect_failure(SAYS "exit 3", "code 3");
    expect_failure(SAYS "kill -9 $$", "signal 9");
    expect_failure("printf 'WSREP: Recovered position: " POSITION "'", "line's end");
    expect_failure("kill -TERM $$", "signal 15");
}

Test(recovery, without_a_command_that_can_run_it_says_what_to_do)
{
    struct stand *stand = stand_begin(NULL);
    recovery_begin(stand->recovery);
    cr_expect_eq(told(stand).status, HEALTH_RECOVERY_FAILED);
    cr_expect_not_null(strstr(stand->remark, "\"--\""), "%s", stand->remark);
    stand_end(stand);

    stand = stand_begin("");
    free(stand->argv[0]);
    stand->argv[0] = words("/no/such/mysqld");
    recovery_begin(stand->recovery);
    cr_expect_eq(told(stand).status, HEALTH_RECOVERY_FAILED);
    cr_expect_not_null(strstr(stand->remark, strerror(ENOENT)), "%s", stand->remark);
    stand_end(stand);
}

/* The pid that a script has written. */
static pid_t written_pid(struct stand *stand, const char *path)
{
    long pid = 0;
    for (int i = 0; i < 2000 && pid == 0; i++) {
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%ld", &pid) != 1) /* NOLINT */
            pid = 0;
        if (file)
            fclose(file);
        run_for(stand, 1);
    }
    unlink(path);
    cr_assert_gt(pid, 0);
    return (pid_t)pid;
}

/* A zombie that nobody waits for is as good as gone. */
static bool is_gone(pid_t pid)
{
    char path[64];
    char text[256] = "";

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    for (int i = 0; i < 2000; i++) {
        FILE *file = fopen(path, "r");
        if (!file)
            return true;
        size_t size = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[size] = '\0';
        if (strstr(text, ") Z"))
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

Test(recovery, it_ends_with_the_agent_and_so_do_its_children)
{
    char path[64];
    char script[256];

    snprintf(path, sizeof path, "/tmp/healthd-recovery-%ld", (long)getpid());
    snprintf(script, sizeof script, "sleep 1000 & echo $! >%s; wait", path);
    struct stand *stand = stand_begin(script);
    recovery_begin(stand->recovery);
    pid_t child = written_pid(stand, path);
    cr_expect(recovery_owns(stand->recovery, child));
    cr_expect_not(recovery_owns(stand->recovery, getpid()));
    recovery_begin(stand->recovery); /* one runs: nothing else begins */
    run_for(stand, 50);
    cr_expect_eq(told(stand).status, HEALTH_RECOVERY_RUNNING);
    cr_expect_eq(kill(child, 0), 0);
    stand_end(stand);
    cr_expect(is_gone(child));
}

Test(recovery, children_that_are_left_behind_are_ended)
{
    char path[64];
    char script[512];

    snprintf(path, sizeof path, "/tmp/healthd-recovery-%ld", (long)getpid());
    snprintf(script, sizeof script, "sleep 1000 & echo $! >%s; " SAYS, path);
    struct stand *stand = stand_begin(script);
    recovery_begin(stand->recovery);
    pid_t child = written_pid(stand, path);
    cr_expect_eq(outcome(stand).status, HEALTH_RECOVERY_DONE, "%s", stand->remark);
    cr_expect(is_gone(child));
    stand_end(stand);
}

Test(recovery, what_was_found_is_forgotten_and_found_again)
{
    struct stand *stand = stand_begin(SAYS);
    recovery_begin(stand->recovery);
    recovery_forget(stand->recovery); /* it runs: it is not of a former stop */
    cr_expect_eq(told(stand).status, HEALTH_RECOVERY_RUNNING);
    cr_expect_eq(outcome(stand).status, HEALTH_RECOVERY_DONE);
    recovery_forget(stand->recovery);
    cr_expect_eq(told(stand).status, HEALTH_RECOVERY_NONE);
    recovery_begin(stand->recovery);
    cr_expect_eq(outcome(stand).status, HEALTH_RECOVERY_DONE);
    cr_expect_eq(stand->ends, 2);
    stand_end(stand);
}
