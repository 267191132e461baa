/*
 * child.c - a program in a process group of its own.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int spawn(pid_t *ret_pid, const struct child_program *program)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    if (program->input == -1)
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    else
        posix_spawn_file_actions_adddup2(&files, program->input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, program->output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, program->output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    int error = posix_spawnp(ret_pid, program->argv[0], &files, &attributes, program->argv,
                             program->environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int child_begin(struct child *child, const struct child_program *program)
{
    *child = CHILD_NONE;
    int error = spawn(&child->pid, program);
    if (error) {
        child->pid = 0;
        return error;
    }
    child->fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->fd != -1)
        return 0;
    error = errno;
    child_kill(child);
    return error;
}

bool child_ended(struct child *child, int *ret_status)
{
    if (!child->pid || waitpid(child->pid, ret_status, WNOHANG) != child->pid)
        return false;
    child->pid = 0;
    return true;
}

void child_signal(const struct child *child, int number)
{
    if (child->pid)
        kill(-child->pid, number);
}

void child_kill(struct child *child)
{
    child_signal(child, SIGKILL);
    if (child->pid)
        waitpid(child->pid, NULL, 0);
    child->pid = 0;
    child_close(child);
}

void child_close(struct child *child)
{
    if (child->fd != -1)
        close(child->fd);
    child->fd = -1;
}
