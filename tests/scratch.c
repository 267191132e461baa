/*
 * scratch.c - files and directories of a test's own.
 */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What mkdtemp(3) and mkstemp(3) replace at the end of a name: so many of this letter. */
#define UNIQUE_LETTER 'X'
#define UNIQUE_LENGTH 6

static void name(char path[SCRATCH_SIZE], const char *what)
{
    int length = snprintf(path, SCRATCH_SIZE - UNIQUE_LENGTH, "/tmp/healthd-%s-", what);

    if (length < 0 || length >= SCRATCH_SIZE - UNIQUE_LENGTH)
        abort();
    memset(path + length, UNIQUE_LETTER, UNIQUE_LENGTH);
    path[length + UNIQUE_LENGTH] = '\0';
}

static void expect(int good, const char *path)
{
    if (good)
        return;
    perror(path);
    abort();
}

void scratch_directory(char path[SCRATCH_SIZE], const char *what)
{
    name(path, what);
    expect(mkdtemp(path) != NULL, path);
}

void scratch_file(char path[SCRATCH_SIZE], const char *what, const void *bytes, size_t size)
{
    name(path, what);
    int file = mkstemp(path);
    expect(file >= 0 && write(file, bytes, size) == (ssize_t)size && close(file) == 0, path);
}
