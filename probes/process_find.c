/*
 * process_find.c - which process is the mysqld of a data directory?
 */
#include "process_find.h"

#include "process_stat.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16384

enum match { MATCH_NO, MATCH_NOT_KNOWN, MATCH_YES };

/* mysqld takes '-' and '_' for the same. The value after '=', or "" without one; NULL: another option. */
static const char *option_value(const char *argument, const char *name)
{
    if (strncmp(argument, "--", 2) != 0)
        return NULL;
    for (argument += 2; *name; argument++, name++)
        if ((*argument == '_' ? '-' : *argument) != *name)
            return NULL;
    return *argument == '=' ? argument + 1 : *argument == '\0' ? argument : NULL;
}

static bool serves_nobody(const char *argument)
{
    static const char *const options[] = {"wsrep-recover", "bootstrap", "initialize",
                                          "initialize-insecure"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const char *value = option_value(argument, options[i]);
        if (value && strcmp(value, "0") != 0 && strcasecmp(value, "OFF") != 0)
            return true;
    }
    return false;
}

void process_arguments_parse(const char *arguments, size_t size,
                             struct process_arguments *ret_arguments)
{
    const char *end = arguments + size;

    memset(ret_arguments, 0, sizeof *ret_arguments);
    for (const char *argument = arguments, *next; argument < end; argument = next) {
        next = argument + strnlen(argument, (size_t)(end - argument)) + 1;
        if (next > end)
            return; /* longer than we read: what it says is not whole */
        const char *value = option_value(argument, "datadir");
        if (!value && strncmp(argument, "-h", 2) == 0)
            value = argument + 2;
        if (value && !*value && next < end)
            value = next; /* --datadir DIRECTORY; what would be cut off there is cut here too */
        if (value)
            snprintf(ret_arguments->datadir, sizeof ret_arguments->datadir, "%.*s",
                     (int)strnlen(value, (size_t)(end - value)), value);
        ret_arguments->no_service |= serves_nobody(argument);
    }
}

static bool read_arguments(int pid, struct process_arguments *ret_arguments)
{
    char text[ARGUMENTS_MAX];
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, sizeof text);
    close(fd);
    if (size <= 0)
        return false;
    process_arguments_parse(text, (size_t)size, ret_arguments);
    return true;
}

static bool same_place(const char *path, const struct stat *wanted)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_dev == wanted->st_dev &&
           status.st_ino == wanted->st_ino;
}

/* Is it the data directory that the arguments name? As the process sees it, where we may look; else as we
 * see it. */
static enum match match_named(int pid, const char *named, const struct stat *wanted)
{
    char path[sizeof((struct process_arguments *)0)->datadir + 64];

    if (named[0] != '/')
        return MATCH_NOT_KNOWN;
    snprintf(path, sizeof path, "/proc/%d/root%s", pid, named);
    bool hidden = access(path, F_OK) != 0 && errno != ENOENT;
    return same_place(hidden ? named : path, wanted) ? MATCH_YES : MATCH_NO;
}

/* Is the process that of the data directory? `wanted` is NULL where there is no such directory (yet): who
 * works in another is another. */
static enum match match_directory(int pid, const struct process_arguments *arguments,
                                  const struct stat *wanted)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/cwd", pid);
    if (wanted && same_place(path, wanted))
        return MATCH_YES;
    if (wanted && arguments->datadir[0])
        return match_named(pid, arguments->datadir, wanted);
    return access(path, F_OK) == 0 ? MATCH_NO : MATCH_NOT_KNOWN;
}

/* Most processes are none: this asks them as little as possible. */
static bool has_server_name(int pid)
{
    char path[64];
    char name[PROCESS_NAME_MAX];

    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, name, sizeof name);
    close(fd);
    if (length <= 1)
        return false;
    name[length - 1] = '\0';
    return process_is_server(name);
}

static bool is_live_server(int pid)
{
    struct process_stat stat;
    char path[64];

    if (!has_server_name(pid))
        return false;
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    enum process_look look = process_stat_read(fd, &stat);
    close(fd);
    return look == PROCESS_SEEN && !(stat.dying && process_is_over(pid));
}

struct search {
    const char *datadir;
    int except;
    const struct stat *wanted; /* the data directory; NULL: it is not there */
    bool doubt;                /* there was a server that we cannot tell apart */
    struct process_found found;
};

/* Take a process for what is sought if it is; `doubtful`: also if nothing speaks against it. */
static bool take(struct search *search, int pid, bool doubtful)
{
    struct process_arguments arguments = {0};

    if (pid <= 0 || pid == search->except || !is_live_server(pid))
        return false;
    (void)read_arguments(pid, &arguments);
    enum match match = match_directory(pid, &arguments, search->wanted);
    if (match == MATCH_NOT_KNOWN && !doubtful)
        search->doubt = true;
    if (match == MATCH_NO || (match == MATCH_NOT_KNOWN && !doubtful))
        return false;
    search->found = (struct process_found){.pid = pid, .no_service = arguments.no_service};
    return true;
}

/* A pid file holds a number and an end of line. */
static bool take_pid_file(struct search *search, int directory, const char *path)
{
    char text[32];
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    long pid = strtol(text, NULL, 10);
    return pid > 0 && pid <= INT_MAX && take(search, (int)pid, true);
}

static bool is_pid_file(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".pid") == 0;
}

static bool take_from_datadir(struct search *search)
{
    bool taken = false;
    DIR *directory = opendir(search->datadir);
    if (!directory)
        return false;
    for (struct dirent *entry; !taken && (entry = readdir(directory));)
        if (is_pid_file(entry->d_name))
            taken = take_pid_file(search, dirfd(directory), entry->d_name);
    closedir(directory);
    return taken;
}

/* A server that serves is preferred to one that only recovers. */
static bool take_from_proc(struct search *search)
{
    bool taken = false;
    DIR *processes = opendir("/proc");
    if (!processes)
        return false;
    for (struct dirent *entry;
         !(taken && !search->found.no_service) && (entry = readdir(processes));)
        if (isdigit((unsigned char)entry->d_name[0]))
            taken |= take(search, (int)strtol(entry->d_name, NULL, 10), false);
    closedir(processes);
    return taken;
}

/* Where the processes of others are hidden (hidepid), having found none proves nothing. */
static bool sees_others(void)
{
    int fd = open("/proc/1/stat", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

enum process_search_result process_find(const char *datadir, const char *pid_file, int except,
                                        struct process_found *ret_found)
{
    struct search search = {.datadir = datadir, .except = except};
    struct stat directory;

    if (stat(datadir, &directory) == 0)
        search.wanted = &directory;
    else
        search.doubt = errno != ENOENT && errno != ENOTDIR; /* there, and not for us to see */
    if ((pid_file && take_pid_file(&search, AT_FDCWD, pid_file)) || take_from_datadir(&search) ||
        take_from_proc(&search)) {
        *ret_found = search.found;
        return PROCESS_FOUND;
    }
    return search.doubt || !sees_others() ? PROCESS_HIDDEN : PROCESS_NONE;
}
