/*
 * test_process.c - the process watch beside real processes that end in every way.
 */
#include "process_stage.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "# GALERA saved state\nversion: 2.1\n"
#define UUID "573eebdb-e711-11f1-9041-7299d955b7a3"

Test(process, nothing_is_there)
{
    struct stage *stage = stage_begin();
    stage_watch(stage, NULL);
    cr_assert_eq(stage_describe(stage).process, HEALTH_PROCESS_NOT_KNOWN); /* not looked yet */
    EXPECT(stage, STOPPED);
    struct health_heartbeat beat = stage_describe(stage);
    cr_assert_eq(beat.pid, 0);
    cr_assert_eq(beat.exit_kind, HEALTH_EXIT_NOT_KNOWN);
    cr_assert_not(beat.grastate.known);
    cr_assert_eq(beat.gvwstate, HEALTH_ANSWER_NO);
    cr_assert_eq(beat.sst_in_progress, HEALTH_ANSWER_NO);
    stage_put(stage, "gvwstate.dat", ""); /* empty after a power loss: it is there */
    stage_put(stage, "sst_in_progress", "");
    stage_put(stage, "grastate.dat", HEAD "uuid: " UUID "\nseqno: 7\n");
    beat = stage_describe(stage);
    cr_assert_eq(beat.gvwstate, HEALTH_ANSWER_YES);
    cr_assert_eq(beat.sst_in_progress, HEALTH_ANSWER_YES);
    cr_assert_eq(beat.grastate.seqno, 7);
    stage_end(stage);
}

/* No file is absent in a directory that is not there. */
Test(process, the_data_directory_is_not_there_yet)
{
    struct stage *stage = stage_begin();
    cr_assert_eq(rmdir(stage->directory), 0);
    stage_watch(stage, NULL);
    stage_run(stage, 50);
    cr_assert_eq(stage_describe(stage).gvwstate, HEALTH_ANSWER_NOT_KNOWN);
    cr_assert_eq(stage_describe(stage).sst_in_progress, HEALTH_ANSWER_NOT_KNOWN);
    cr_assert_eq(mkdir(stage->directory, 0755), 0);
    pid_t pid = stage_fake("", "", "", stage_datadir(stage));
    EXPECT(stage, RUNNING);
    cr_assert_eq(stage_describe(stage).pid, (uint32_t)pid);
    cr_assert_eq(stage_describe(stage).gvwstate, HEALTH_ANSWER_NO);
    stage_reap(pid);
    stage_end(stage);
}

Test(process, a_server_is_found_in_each_way)
{
    struct stage *stage = stage_begin();
    struct stage *other = stage_begin();
    char place[96];
    char pid_file[128];
    char text[32];
    snprintf(pid_file, sizeof pid_file, "%s/n1.pid", other->directory);
    snprintf(place, sizeof place, "--fake-chdir=%s", stage->directory);
    pid_t stranger = stage_fake("", "", "", stage_datadir(other));
    pid_t bystander = fork();
    if (bystander == 0) {
        pause();
        _exit(0);
    }
    /* What is left of former lives: numbers that belong to others now. */
    snprintf(text, sizeof text, "%d\n", bystander);
    stage_put(other, "n1.pid", text);
    snprintf(text, sizeof text, "%d\n", stranger);
    stage_put(stage, "stale.pid", text);
    stage_watch(stage, pid_file);
    stage_run(stage, 300);
    cr_assert_eq(stage_describe(stage).process, HEALTH_PROCESS_STOPPED);

    pid_t pid = stage_fake(place, "", "", ""); /* through /proc */
    EXPECT(stage, RUNNING);
    cr_assert_eq(stage_describe(stage).pid, (uint32_t)pid);
    stage_reap(pid);
    EXPECT(stage, STOPPED);
    snprintf(text, sizeof text, "--fake-pid-file=n1.pid");
    pid = stage_fake(place, text, "", ""); /* through a pid file in the data directory */
    EXPECT(stage, RUNNING);
    cr_assert_eq(stage_describe(stage).pid, (uint32_t)pid);
    stage_reap(pid);
    EXPECT(stage, STOPPED);
    stage_reap(stranger);
    stage_reap(bystander);
    other->watch = NULL;
    stage_end(other);
    stage_end(stage);
}

static void expect_end(const char *how, uint8_t kind, int32_t value)
{
    struct stage *stage = stage_begin();
    pid_t pid = stage_fake("--fake-after-ms=300", how, "--fake-threads=20", stage_datadir(stage));
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    cr_assert_eq(stage_describe(stage).exit_kind, HEALTH_EXIT_NOT_KNOWN);
    EXPECT(stage, STOPPED);
    waitpid(pid, NULL, 0);
    stage_run(stage, 50);
    struct health_heartbeat beat = stage_describe(stage);
    cr_assert_eq(beat.pid, (uint32_t)pid);
    cr_assert_eq(beat.exit_kind, kind, "%s: kind %d value %d", how, beat.exit_kind,
                 beat.exit_value);
    cr_assert_eq(beat.exit_value, value, "%s: %d", how, beat.exit_value);
    cr_assert_eq(beat.proc_state, '\0');
    stage_end(stage);
}

Test(process, it_ends_with_code_0)
{
    expect_end("--fake-exit=0", HEALTH_EXIT_CODE, 0);
}

Test(process, it_ends_with_code_1)
{
    expect_end("--fake-exit=1", HEALTH_EXIT_CODE, 1);
}

Test(process, it_is_killed)
{
    expect_end("--fake-signal=9", HEALTH_EXIT_SIGNAL, 9);
}

Test(process, it_crashes)
{
    expect_end("--fake-signal=11", HEALTH_EXIT_SIGNAL, 11);
}

/* A server that marked its files as in use, and has stopped gracefully. */
static struct stage *stage_stopped(void)
{
    struct stage *stage = stage_begin();
    stage_put(stage, "grastate.dat", HEAD "uuid: " UUID "\nseqno: -1\n");
    pid_t pid = stage_fake("", "", "", stage_datadir(stage));
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    kill(pid, SIGTERM);
    EXPECT(stage, STOPPED);
    cr_assert_eq(stage_describe(stage).grastate.seqno, 7);
    waitpid(pid, NULL, 0);
    stage_run(stage, 50);
    return stage;
}

/* The files are read after the last word of the process, not before. */
Test(process, a_graceful_stop_is_told_with_its_saved_position)
{
    struct stage *stage = stage_stopped();
    cr_assert_eq(stage_describe(stage).exit_kind, HEALTH_EXIT_CODE);
    stage_end(stage);
}

/* A new life marks its files as in use before anybody has looked for it: that is no word on the former's end. */
Test(process, a_new_life_does_not_spoil_the_end_of_the_former)
{
    struct stage *stage = stage_stopped();
    pid_t next = stage_fake("", "", "", stage_datadir(stage));
    usleep(100000); /* it begins, and the watch does not run */
    cr_assert_eq(stage_describe(stage).process, HEALTH_PROCESS_STOPPED);
    stage_put(stage, "grastate.dat", HEAD "uuid: " UUID "\nseqno: -1\n");
    struct health_heartbeat beat = stage_describe(stage);
    cr_assert_eq(beat.process, HEALTH_PROCESS_RUNNING);
    cr_assert_eq(beat.pid, (uint32_t)next);
    stage_reap(next);
    stage_end(stage);
}

static bool has_ended(int pidfd)
{
    struct pollfd poll_for = {.fd = pidfd, .events = POLLIN};
    return poll(&poll_for, 1, 0) > 0;
}

/* A large process takes long to end after it is dead: it is told before. */
Test(process, the_end_of_a_large_process_is_seen_before_it_is_over)
{
    struct stage *stage = stage_begin();
    pid_t pid = stage_fake("--fake-mib=1024", "--fake-threads=20", "", stage_datadir(stage));
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    stage_run(stage, 1500); /* until it has its memory */
    int64_t killed_ns = health_clock_ns();
    kill(pid, SIGKILL);
    while (!has_ended(pidfd))
        stage_run(stage, 1);
    int64_t ended_ns = health_clock_ns();
    cr_assert_gt(stage->stopped_ns, killed_ns);
    cr_assert_lt(stage->stopped_ns, ended_ns);
    printf("1 GiB: said after %.1f ms, over after %.1f ms\n",
           (double)(stage->stopped_ns - killed_ns) / 1e6, (double)(ended_ns - killed_ns) / 1e6);
    waitpid(pid, NULL, 0);
    stage_run(stage, 50);
    cr_assert_eq(stage_describe(stage).exit_value, 9);
    close(pidfd);
    stage_end(stage);
}

/* A process that dumps core runs no more, however long that takes. */
Test(process, a_core_dump_is_an_end)
{
    char pattern[64] = "";
    FILE *file = fopen("/proc/sys/kernel/core_pattern", "r");
    if (!file || !fgets(pattern, sizeof pattern, file) || strcmp(pattern, "core\n") != 0)
        cr_skip_test("cores go elsewhere on this machine: %s", pattern);
    fclose(file);
    struct stage *stage = stage_begin();
    pid_t pid =
        stage_fake("--fake-mib=600", "--fake-core", "--fake-threads=5", stage_datadir(stage));
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    stage_run(stage, 1000);
    int64_t killed_ns = health_clock_ns();
    kill(pid, SIGSEGV);
    while (!has_ended(pidfd) && health_clock_ns() < killed_ns + 20 * HEALTH_NS_PER_S)
        stage_run(stage, 1);
    int64_t ended_ns = health_clock_ns();
    cr_assert_gt(stage->stopped_ns, killed_ns);
    printf("core dump: said after %.1f ms, over after %.1f ms\n",
           (double)(stage->stopped_ns - killed_ns) / 1e6, (double)(ended_ns - killed_ns) / 1e6);
    cr_assert_lt(stage->stopped_ns - killed_ns, 50 * HEALTH_NS_PER_MS);
    waitpid(pid, NULL, 0);
    stage_run(stage, 50);
    cr_assert_eq(stage_describe(stage).exit_kind, HEALTH_EXIT_SIGNAL);
    cr_assert_eq(stage_describe(stage).exit_value, SIGSEGV);
    char core[96];
    snprintf(core, sizeof core, "%s/core.%d", stage->directory, pid); /* with core_uses_pid */
    unlink(core);
    close(pidfd);
    stage_end(stage);
}

Test(process, a_main_thread_that_ends_alone_is_no_end)
{
    struct stage *stage = stage_begin();
    pid_t pid =
        stage_fake("--fake-after-ms=300", "--fake-leave", "--fake-threads=2", stage_datadir(stage));
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    stage_run(stage, 600);
    struct health_heartbeat beat = stage_describe(stage);
    cr_assert_eq(beat.process, HEALTH_PROCESS_RUNNING);
    cr_assert_eq(beat.proc_state, '\0'); /* the leader's Z is not the process's */
    health_process_destroy(stage->watch);
    stage_watch(stage, NULL); /* one who comes later cannot tell whose it is, and does not guess */
    stage_run(stage, 300);
    cr_assert_eq(stage_describe(stage).process, HEALTH_PROCESS_NOT_KNOWN);
    stage_reap(pid);
    EXPECT(stage, STOPPED);
    stage_end(stage);
}

/* How long until a freeze is noticed? Nothing but the looks can see it. */
static int64_t notice_freeze(struct stage *stage, pid_t pid)
{
    unsigned changes = stage->changes;
    kill(pid, SIGSTOP);
    cr_assert_eq(waitpid(pid, NULL, WUNTRACED), pid);
    int64_t frozen_ns = health_clock_ns();
    while (stage->changes == changes)
        event_base_loop(stage->base, EVLOOP_NONBLOCK);
    return health_clock_ns() - frozen_ns;
}

Test(process, in_haste_it_looks_more_often)
{
    struct stage *stage = stage_begin();
    int64_t total_ns[2] = {0, 0};
    pid_t pid = stage_fake("", "", "", stage_datadir(stage));
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    for (int i = 0; i < 40; i++) {
        stage_run(stage, 10 + i % 10); /* at any phase */
        if (i == 20)
            health_process_hasten(stage->watch, health_clock_ns() + 60 * HEALTH_NS_PER_S);
        total_ns[i >= 20] += notice_freeze(stage, pid);
        kill(pid, SIGCONT);
        stage_run(stage, 20);
    }
    cr_assert_lt(2 * total_ns[1], total_ns[0]);
    stage_reap(pid);
    stage_end(stage);
}

Test(process, freezing_and_thawing_are_told)
{
    struct stage *stage = stage_begin();
    pid_t pid = stage_fake("", "", "", stage_datadir(stage));
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    stage_run(stage, 100);
    unsigned changes = stage->changes;
    stage_run(stage, 200);
    cr_assert_eq(stage->changes, changes); /* sleeping and running are no news */
    kill(pid, SIGSTOP);
    stage_run(stage, 50);
    cr_assert_eq(stage_describe(stage).proc_state, 'T');
    cr_assert_eq(stage_describe(stage).process, HEALTH_PROCESS_RUNNING);
    cr_assert_eq(stage->changes, changes + 1);
    kill(pid, SIGCONT);
    stage_run(stage, 50);
    cr_assert_neq(stage_describe(stage).proc_state, 'T');
    cr_assert_eq(stage->changes, changes + 2);
    kill(pid, SIGSTOP);
    kill(pid, SIGKILL); /* out of a stop, the kernel shows the stop's signal for a moment */
    EXPECT(stage, STOPPED);
    waitpid(pid, NULL, 0);
    stage_run(stage, 50);
    cr_assert_eq(stage_describe(stage).exit_value, 9);
    stage_end(stage);
}

/* A run that only recovers a position is no life of the node: its code 0 must not stand for the crash. */
Test(process, a_recovery_is_starting_and_its_end_says_nothing)
{
    struct stage *stage = stage_begin();
    pid_t pid = stage_fake("", "", "", stage_datadir(stage));
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    stage_kill_seen(stage, pid);
    cr_assert_eq(stage_describe(stage).exit_value, 9);
    pid_t recovery = stage_fake("--wsrep-recover", "--fake-after-ms=300", "", stage_datadir(stage));
    EXPECT(stage, STARTING);
    cr_assert_eq(stage_describe(stage).pid, (uint32_t)recovery);
    EXPECT(stage, STOPPED);
    waitpid(recovery, NULL, 0);
    stage_run(stage, 50);
    struct health_heartbeat beat = stage_describe(stage);
    cr_assert_eq(beat.pid, (uint32_t)pid);
    cr_assert_eq(beat.exit_kind, HEALTH_EXIT_SIGNAL);
    cr_assert_eq(beat.exit_value, 9);
    pid = stage_fake("", "", "", stage_datadir(stage));
    EXPECT(stage, RUNNING);
    cr_assert_eq(stage_describe(stage).exit_kind, HEALTH_EXIT_NOT_KNOWN);
    stage_reap(pid);
    stage_end(stage);
}

static void become_nobody(const struct stage *stage)
{
    cr_assert_eq(chown(stage->directory, 65534, 65534), 0);
    cr_assert_eq(setuid(65534), 0);
}

/* Linux 6.15 tells everybody how a process ended; before, only those who may trace it. */
static bool kernel_tells_everybody(void)
{
    struct utsname name;
    uname(&name);
    long major = strtol(name.release, NULL, 10);
    long minor = strtol(strchr(name.release, '.') + 1, NULL, 10);
    return major > 6 || (major == 6 && minor >= 15);
}

/* To a stranger the kernel shows a code of 0, whatever the truth is. */
Test(process, a_stranger_does_not_believe_the_code_he_is_shown)
{
    if (getuid() != 0)
        cr_skip_test("only root can become somebody else");
    struct stage *stage = stage_begin();
    pid_t pid =
        stage_fake("--fake-after-ms=500", "--fake-exit=3", "--fake-uid=1", stage_datadir(stage));
    become_nobody(stage);
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    EXPECT(stage, STOPPED);
    stage_run(stage, 100);
    cr_assert_eq(stage_describe(stage).exit_kind,
                 HEALTH_EXIT_NOT_KNOWN); /* not reaped: nobody can know */
    waitpid(pid, NULL, 0);
    stage_run(stage, 100);
    struct health_heartbeat beat = stage_describe(stage);
    cr_assert_eq(beat.exit_kind,
                 kernel_tells_everybody() ? HEALTH_EXIT_CODE : HEALTH_EXIT_NOT_KNOWN);
    cr_assert_eq(beat.exit_value, kernel_tells_everybody() ? 3 : 0);
    stage_end(stage);
}

/* Who loses the right to see the code just before the end is shown a 0, too. */
Test(process, one_that_hides_as_it_crashes_has_not_ended_with_code_0)
{
    if (getuid() != 0 || !kernel_tells_everybody())
        cr_skip_test("root, and a kernel that tells how every process ended, are needed");
    struct stage *stage = stage_begin();
    pid_t pid = fork();
    if (pid == 0) {
        execl(FAKE_MYSQLD, "mysqld", "--fake-uid=65534", "--fake-after-ms=500", "--fake-hides",
              "--fake-signal=6", stage_datadir(stage), (char *)NULL);
        _exit(99);
    }
    become_nobody(stage);
    stage_watch(stage, NULL);
    EXPECT(stage, RUNNING);
    EXPECT(stage, STOPPED);
    stage_run(stage, 100);
    struct health_heartbeat beat = stage_describe(stage);
    cr_assert_neq(beat.exit_kind, HEALTH_EXIT_CODE, "it is told to have ended with %d",
                  beat.exit_value);
    waitpid(pid, NULL, 0);
    stage_run(stage, 100);
    beat = stage_describe(stage);
    cr_assert_eq(beat.exit_kind, HEALTH_EXIT_SIGNAL);
    cr_assert_eq(beat.exit_value, 6);
    stage_end(stage);
}

/* Whose data directory it is cannot be seen: that is not "stopped". */
Test(process, a_server_that_cannot_be_told_apart_is_not_known)
{
    if (getuid() != 0)
        cr_skip_test("only root can become somebody else");
    struct stage *stage = stage_begin();
    char place[96];
    snprintf(place, sizeof place, "--fake-chdir=%s", stage->directory);
    pid_t pid = stage_fake(place, "--fake-uid=1", "--fake-after-ms=1500", "");
    stage_run(stage, 100);
    become_nobody(stage);
    stage_watch(stage, NULL);
    stage_run(stage, 300);
    cr_assert_eq(stage_describe(stage).process, HEALTH_PROCESS_NOT_KNOWN);
    waitpid(pid, NULL, 0);
    stage_end(stage);
}

/* A watch that cannot look has seen nothing, and least of all an end. */
Test(process, out_of_descriptors_is_not_stopped)
{
    struct stage *stage = stage_begin();
    struct rlimit few = {0};
    pid_t pid = stage_fake("", "", "", stage_datadir(stage));
    stage_watch(stage, NULL);
    getrlimit(RLIMIT_NOFILE, &few);
    rlim_t enough = few.rlim_cur;
    few.rlim_cur = 3;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    stage_run(stage, 300);
    struct health_heartbeat beat = {0};
    health_process_describe(stage->watch, &beat);
    few.rlim_cur = enough;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    cr_assert_eq(beat.process, HEALTH_PROCESS_NOT_KNOWN);
    EXPECT(stage, RUNNING);
    stage_reap(pid);
    stage_end(stage);
}
