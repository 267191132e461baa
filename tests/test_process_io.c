/*
 * test_process_io.c - bytes that a process and its descendants move, beside real ones.
 */
#include "process_io.h"
#include "scratch.h"

#include <healthd/observer.h>

#include <criterion/criterion.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* A shell that reads and writes in children of its own, one behind the other, and stays. */
static pid_t start_mover(const char *script)
{
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(99);
    }
    cr_assert_gt(pid, 0);
    setpgid(pid, pid); /* whoever of both is first: it must be so before it is killed */
    return pid;
}

static void end_mover(pid_t pid)
{
    kill(-pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

/* Wait until so much was moved; how much it was then. */
static uint64_t await_moved(pid_t pid, uint64_t least)
{
    uint64_t moved = 0;
    for (int64_t until = health_clock_ns() + 5 * HEALTH_NS_PER_S;
         moved < least && health_clock_ns() < until; poll(NULL, 0, 5))
        moved = process_io_moved(pid);
    return moved;
}

#define MIB (UINT64_C(1) << 20)

Test(process_io, bytes_that_a_process_and_its_descendants_move_are_counted)
{
    /* A grandchild reads 64 MiB and writes them, and both it and its parent stay. */
    pid_t pid = start_mover(
        "(dd if=/dev/zero of=/dev/null bs=1M count=64 2>/dev/null; sleep 100; :) & sleep 100; :");
    uint64_t moved = await_moved(pid, 64 * MIB);
    cr_expect_geq(moved, 64 * MIB);
    cr_expect_lt(moved, 65 * MIB, "%lu", moved);
    poll(NULL, 0, 50);
    moved = process_io_moved(pid);
    poll(NULL, 0, 100);
    cr_expect_eq(process_io_moved(pid), moved, "nothing moves, and nothing is said to");
    end_mover(pid);
}

Test(process_io, what_children_have_moved_stays_counted_when_they_have_ended)
{
    pid_t pid =
        start_mover("dd if=/dev/zero of=/dev/null bs=1M count=32 2>/dev/null\nsleep 0.2\n"
                    "dd if=/dev/zero of=/dev/null bs=1M count=32 2>/dev/null\nsleep 100; :");
    uint64_t moved = await_moved(pid, 64 * MIB);
    cr_expect_geq(moved, 64 * MIB);
    cr_expect_lt(moved, 65 * MIB, "%lu", moved);
    end_mover(pid);
}

Test(process_io, who_only_polls_moves_next_to_nothing)
{
    pid_t pid = start_mover("echo x >/dev/null; while :; do ps -p $$ >/dev/null; done; :");
    cr_assert_gt(await_moved(pid, 1), 0);
    poll(NULL, 0, 500);
    cr_expect_lt(process_io_moved(pid), 16 * 1024);
    end_mover(pid);
}

/* What reaches storage without a writing call must not be missed, so it is counted by itself. */
Test(process_io, what_is_written_to_storage_is_counted_there_too)
{
    char path[SCRATCH_SIZE];
    char script[256];
    struct statfs where;

    scratch_file(path, "moved", "", 0);
    cr_assert_eq(statfs(path, &where), 0);
    snprintf(script, sizeof script,
             "dd if=/dev/zero of=%s bs=1M count=4 2>/dev/null; sleep 100; :", path);
    pid_t pid = start_mover(script);
    if (where.f_type != TMPFS_MAGIC) /* memory is no storage */
        cr_expect_geq(await_moved(pid, 8 * MIB), 8 * MIB);
    end_mover(pid);
    unlink(path);
}

Test(process_io, bytes_of_one_that_is_not_there_or_hides_are_not_known)
{
    pid_t gone = start_mover(":");
    cr_assert_eq(waitpid(gone, NULL, 0), gone);
    cr_expect_eq(process_io_moved(gone), 0);
    if (geteuid() != 0)
        return; /* only root can become another */
    pid_t pid = start_mover("echo x >/dev/null; sleep 100; :");
    cr_assert_gt(await_moved(pid, 1), 0);
    pid_t stranger = fork();
    if (stranger == 0)
        _exit(setuid(65534) != 0 || process_io_moved(pid) != 0);
    int status;
    cr_assert_eq(waitpid(stranger, &status, 0), stranger);
    cr_expect_eq(status, 0, "what may not be read is no number");
    end_mover(pid);
}
