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
};

/* Processes: those that are sought stand first. */
struct family {
    struct relation *all;
    size_t sought;
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
bool process_io_parent(int pid, int *ret_parent)
{
    char text[512];
    char *rest;

    if (!read_file(pid, "stat", text, sizeof text) || !(rest = strrchr(text, ')')) ||
        strlen(rest) < 5)
        return false;
    *ret_parent = (int)strtol(rest + 4, NULL, 10);
    return true;
}

static bool add(struct family *family, int pid, int parent)
{
    if (family->count == family->capacity) {
        size_t capacity = family->capacity ? 2 * family->capacity : 256;
        struct relation *all = realloc(family->all, capacity * sizeof *all);
        if (!all)
            return false;
        family->all = all;
        family->capacity = capacity;
    }
    family->all[family->count++] = (struct relation){.pid = pid, .parent = parent};
    return true;
}

static void add_sought(struct family *family, size_t place)
{
    struct relation found = family->all[place];

    family->all[place] = family->all[family->sought];
    family->all[family->sought++] = found;
}

static bool read_all(struct family *family)
{
    bool good = true;
    int parent;
    DIR *processes = opendir("/proc");

    if (!processes)
        return false;
    for (struct dirent *entry; good && (entry = readdir(processes));) {
        int pid = (int)strtol(entry->d_name, NULL, 10);
        if (isdigit((unsigned char)entry->d_name[0]) && process_io_parent(pid, &parent))
            good = add(family, pid, parent);
    }
    closedir(processes);
    return good;
}

static bool is_sought(const struct family *family, int pid)
{
    for (size_t i = 0; i < family->sought; i++)
        if (family->all[i].pid == pid)
            return true;
    return false;
}

/* The root, and the children of those that are sought, until none is new. */
static void spread(struct family *family, int root)
{
    for (bool news = true; news;) {
        news = false;
        for (size_t i = family->sought; i < family->count; i++)
            if (family->all[i].pid == root || is_sought(family, family->all[i].parent)) {
                add_sought(family, i);
                news = true;
            }
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

/* Adds what one has moved: by writing calls, and to storage, which asynchronous I/O and mappings reach without them.
 * False: it does not let us look. One that has ended meanwhile left it to its parent. */
static bool add_moved(int pid, uint64_t *sum)
{
    char text[512];

    if (!read_file(pid, "io", text, sizeof text))
        return errno == ENOENT || errno == ESRCH;
    return take_field(text, "wchar: ", sum) && take_field(text, "\nwrite_bytes: ", sum);
}

uint64_t process_io_moved(int pid)
{
    struct family family = {0};
    uint64_t sum = 0;
    bool known = read_all(&family);

    if (known)
        spread(&family, pid);
    for (size_t i = 0; known && i < family.sought; i++)
        known = add_moved(family.all[i].pid, &sum);
    free(family.all);
    return known ? sum : 0;
}
