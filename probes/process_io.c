/*
 * process_io.c - see process_io.h
 */
#include "process_io.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct relation {
    int pid;
    int parent;
    bool in; /* it is one of those that are sought */
};

struct family {
    struct relation *all;
    size_t count;
    size_t capacity;
};

/* A small file of a process, as text. False: errno says why not. */
static bool read_file(int pid, const char *name, char *text, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, size - 1);
    int error = errno;
    close(fd);
    errno = error;
    if (length < 0)
        return false;
    text[length] = '\0';
    return true;
}

/* The name, in parentheses, may hold anything: the state and the parent follow the last one. */
static bool read_parent(int pid, int *ret_parent)
{
    char text[512];
    char *rest;

    if (!read_file(pid, "stat", text, sizeof text) || !(rest = strrchr(text, ')')) ||
        strlen(rest) < 5)
        return false;
    *ret_parent = (int)strtol(rest + 4, NULL, 10);
    return true;
}

static bool add(struct family *family, int pid, int parent, bool in)
{
    if (family->count == family->capacity) {
        size_t capacity = family->capacity ? 2 * family->capacity : 256;
        struct relation *all = realloc(family->all, capacity * sizeof *all);
        if (!all)
            return false;
        family->all = all;
        family->capacity = capacity;
    }
    family->all[family->count++] = (struct relation){.pid = pid, .parent = parent, .in = in};
    return true;
}

static bool read_all(struct family *family, int root)
{
    bool good = true;
    int parent;
    DIR *processes = opendir("/proc");

    if (!processes)
        return false;
    for (struct dirent *entry; good && (entry = readdir(processes));) {
        int pid = (int)strtol(entry->d_name, NULL, 10);
        if (isdigit((unsigned char)entry->d_name[0]) && read_parent(pid, &parent))
            good = add(family, pid, parent, pid == root);
    }
    closedir(processes);
    return good;
}

static bool has_in(const struct family *family, int pid)
{
    for (size_t i = 0; i < family->count; i++)
        if (family->all[i].pid == pid)
            return family->all[i].in;
    return false;
}

/* Children of those that are in are in, until none is new. */
static void spread(struct family *family)
{
    for (bool news = true; news;) {
        news = false;
        for (size_t i = 0; i < family->count; i++)
            if (!family->all[i].in && has_in(family, family->all[i].parent))
                news = family->all[i].in = true;
    }
}

/* The field's number; false: it is not there. */
static bool take_field(const char *text, const char *name, uint64_t *sum)
{
    const char *field = strstr(text, name);
    if (!field)
        return false;
    *sum += strtoull(field + strlen(name), NULL, 10);
    return true;
}

/* Adds what one has moved. False: it does not let us look. One that has ended meanwhile left it to its parent. */
static bool add_moved(int pid, uint64_t *sum)
{
    char text[512];

    if (!read_file(pid, "io", text, sizeof text))
        return errno == ENOENT || errno == ESRCH;
    return take_field(text, "rchar: ", sum) && take_field(text, "wchar: ", sum);
}

uint64_t process_io_moved(int pid)
{
    struct family family = {0};
    uint64_t sum = 0;
    bool known = read_all(&family, pid);

    if (known)
        spread(&family);
    for (size_t i = 0; known && i < family.count; i++)
        if (family.all[i].in)
            known = add_moved(family.all[i].pid, &sum);
    free(family.all);
    return known ? sum : 0;
}
