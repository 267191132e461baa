/*
 * redis_server.h - a real redis-server for tests, on a free port of its own, and what is asked of it.
 */
#ifndef HEALTHD_TESTS_REDIS_SERVER_H
#define HEALTHD_TESTS_REDIS_SERVER_H

#include "scratch.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct redis_server {
    char directory[SCRATCH_SIZE]; /* of its own, removed at the end */
    char address[32];             /* 127.0.0.1:PORT */
    char socket[96];
    char password[32]; /* "": none; what the test itself logs in with */
    int port;
    pid_t pid;
};

/* Choose a directory and a port; starts nothing. */
void redis_server_init(struct redis_server *server);

/* Start it and wait until it answers. Aborts the test program if it does not. It dies with the test. */
void redis_server_start(struct redis_server *server);

/* End it by a signal, and wait for its end. */
void redis_server_stop(struct redis_server *server, int signal);

/* Stop it and remove its directory. */
void redis_server_clear(struct redis_server *server);

/* Ask over a connection of its own; the answer as text ("" for nil, a number's digits), the elements of an
 * array divided by newlines. The caller frees. Aborts if Redis does not answer. */
char *redis_server_ask(const struct redis_server *server, const char *format, ...);

/* The same, and only whether the answer is this. */
bool redis_server_says(const struct redis_server *server, const char *expected, const char *format,
                       ...);

#endif
