/*
 * process_stat.c - what /proc says of a process.
 */
#include "process_stat.h"

#include <healthd/observation.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX 2048

/* include/linux/sched.h */
#define PF_EXITING 0x4u
#define PF_DUMPCORE 0x200u
#define PF_SIGNALED 0x400u

enum { FIELD_STATE = 3, FIELD_FLAGS = 9, FIELD_MEMORY = 23, FIELD_CODE = 26, FIELD_WAITS = 35 };
enum { FIELD_EXIT_STATUS = 52, FIELD_COUNT = 53 };

static bool take_name(const char *text, const char *open, const char *close,
                      struct process_stat *stat)
{
    size_t length = (size_t)(close - open - 1);
    if (open == text || length >= sizeof stat->name)
        return false;
    memcpy(stat->name, open + 1, length);
    stat->name[length] = '\0';
    return true;
}

/* The fields behind the name, each after one blank. */
static bool take_fields(const char *text, const char *fields[FIELD_COUNT])
{
    unsigned field = FIELD_STATE;

    while (*text == ' ' && field < FIELD_COUNT) {
        fields[field++] = ++text;
        text += strcspn(text, " \n");
    }
    return field == FIELD_COUNT;
}

static bool take_number(const char *text, uint64_t *ret_value)
{
    if (!isdigit((unsigned char)*text))
        return false;
    *ret_value = strtoull(text, NULL, 10);
    return true;
}

bool process_stat_parse(const char *text, size_t length, struct process_stat *ret_stat)
{
    if (length == 0)
        return false;
    const char *fields[FIELD_COUNT];
    const char *open = memchr(text, '(', length);
    const char *close = memrchr(text, ')', length);
    uint64_t flags;
    uint64_t memory;
    uint64_t code;
    uint64_t waits;
    uint64_t status;

    if (!open || !close || close < open || text[length - 1] != '\n' ||
        !take_name(text, open, close, ret_stat) || !take_fields(close + 1, fields) ||
        !isalpha((unsigned char)*fields[FIELD_STATE]) ||
        !take_number(fields[FIELD_FLAGS], &flags) || !take_number(fields[FIELD_MEMORY], &memory) ||
        !take_number(fields[FIELD_CODE], &code) || !take_number(fields[FIELD_WAITS], &waits) ||
        !take_number(fields[FIELD_EXIT_STATUS], &status))
        return false;
    ret_stat->state = *fields[FIELD_STATE];
    ret_stat->exiting = flags & PF_EXITING;
    ret_stat->dying = flags & (PF_EXITING | PF_DUMPCORE | PF_SIGNALED);
    ret_stat->memory_gone = memory == 0;
    ret_stat->traceable = code > 1;
    ret_stat->shown = waits != 0;
    ret_stat->exit_status = (int32_t)status;
    return true;
}

enum process_look process_stat_read(int fd, struct process_stat *ret_stat)
{
    char text[TEXT_MAX];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);

    if (length < 0)
        return errno == ESRCH ? PROCESS_GONE : PROCESS_NOT_SEEN;
    text[length] = '\0';
    return process_stat_parse(text, (size_t)length, ret_stat) ? PROCESS_SEEN : PROCESS_NOT_SEEN;
}

bool process_is_server(const char *name)
{
    return strcmp(name, "mysqld") == 0 || strcmp(name, "mariadbd") == 0 ||
           strcmp(name, "mysqld-debug") == 0;
}

/* Read a file of a thread. */
static enum process_look read_task_file(int tasks, const char *tid, const char *name,
                                        char text[TEXT_MAX])
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", tid, name);
    int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ESRCH ? PROCESS_GONE : PROCESS_NOT_SEEN;
    ssize_t length = read(fd, text, TEXT_MAX - 1);
    int error = errno;
    close(fd);
    if (length < 0)
        return error == ESRCH ? PROCESS_GONE : PROCESS_NOT_SEEN;
    text[length] = '\0';
    return PROCESS_SEEN;
}

/* A SIGKILL that waits for this thread alone is how the kernel ends the threads of a process. */
static bool is_doomed(const char *status)
{
    const char *pending = strstr(status, "\nSigPnd:");
    return pending && strtoull(pending + strlen("\nSigPnd:"), NULL, 16) & 1ull << (SIGKILL - 1);
}

static bool thread_is_over(int tasks, const char *tid)
{
    struct process_stat stat;
    char text[TEXT_MAX];
    enum process_look look = read_task_file(tasks, tid, "stat", text);

    if (look != PROCESS_SEEN)
        return look == PROCESS_GONE;
    if (process_stat_parse(text, strlen(text), &stat) && stat.dying)
        return true;
    look = read_task_file(tasks, tid, "status", text);
    return look == PROCESS_GONE || (look == PROCESS_SEEN && is_doomed(text));
}

bool process_is_over(int pid)
{
    char path[64];
    unsigned threads = 0;
    bool over = true;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return errno == ENOENT;
    for (struct dirent *entry; over && (entry = readdir(tasks));)
        if (isdigit((unsigned char)entry->d_name[0])) {
            over = thread_is_over(dirfd(tasks), entry->d_name);
            threads++;
        }
    closedir(tasks);
    return over && threads > 0;
}

void process_exit_decode(int32_t status, uint8_t *ret_kind, int32_t *ret_value)
{
    *ret_kind = HEALTH_EXIT_NOT_KNOWN;
    *ret_value = 0;
    if (WIFEXITED(status)) {
        *ret_kind = HEALTH_EXIT_CODE;
        *ret_value = WEXITSTATUS(status);
    } else if (WIFSIGNALED(status)) {
        *ret_kind = HEALTH_EXIT_SIGNAL;
        *ret_value = WTERMSIG(status);
    }
}

/* include/uapi/linux/pidfd.h: struct pidfd_info as of its first version, which had a spare word where the
 * exit status is now. Whether it is one, the mask says. */
struct pidfd_status {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t ids[11];
    int32_t exit_status;
};

#define PIDFD_STATUS_EXIT (UINT64_C(1) << 3)
#define PIDFD_GET_STATUS _IOWR(0xFF, 11, struct pidfd_status)

bool process_kernel_tells(void)
{
    pid_t child = fork();
    int pidfd = -1;
    int32_t status = 0;

    if (child == 0)
        _exit(1);
    if (child > 0) {
        pidfd = (int)syscall(SYS_pidfd_open, child, 0);
        waitpid(child, NULL, 0);
    }
    bool tells = process_exit_status(pidfd, &status) && WIFEXITED(status);
    if (pidfd >= 0)
        close(pidfd);
    return tells;
}

bool process_exit_status(int pidfd, int32_t *ret_status)
{
    struct pidfd_status status = {.mask = PIDFD_STATUS_EXIT};

    if (pidfd < 0 || ioctl(pidfd, PIDFD_GET_STATUS, &status) != 0 ||
        !(status.mask & PIDFD_STATUS_EXIT))
        return false;
    *ret_status = status.exit_status;
    return true;
}
