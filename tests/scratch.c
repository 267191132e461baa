/*
 * scratch.c - files, directories and ports of a test's own.
 */
#include "scratch.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
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

/* The system gives the ports above these to who asks for any (ip_local_port_range). */
#define FIRST_PORT 10000u
#define PORTS 22768u

static bool is_free(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_port = htons((uint16_t)port);
    expect(fd >= 0, "socket");
    bool bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return bound;
}

int scratch_port(void)
{
    static unsigned turn;
    unsigned port;

    if (turn == 0)
        expect(getrandom(&turn, sizeof turn, 0) == sizeof turn, "getrandom");
    do
        port = FIRST_PORT + turn++ % PORTS;
    while (!is_free(port));
    return (int)port;
}
