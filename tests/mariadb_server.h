/*
 * mariadb_server.h - a real mariadbd for tests: a Galera cluster of one, on free ports of its own.
 */
#ifndef HEALTHD_TESTS_MARIADB_SERVER_H
#define HEALTHD_TESTS_MARIADB_SERVER_H

#include "scratch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mariadb_server {
    char folder[SCRATCH_SIZE]; /* of its own, removed at the end */
    char socket[96];
    char ca[96];   /* who has signed its certificate, which is of IP:127.0.0.1 */
    char name[16]; /* as a member of its cluster */
    int port;
    int extra_port;
    int group_port;
    pid_t pid;
    void *root; /* a connection as root, over the socket */
};

/* Make its files, start it and wait until it is Synced. Aborts the test program, with the server's log, if it
 * does not come. It dies with the test. */
void mariadb_server_open(struct mariadb_server *server, const char *name);

/* Start it again after it has ended. */
void mariadb_server_start(struct mariadb_server *server);

/* Send a signal; wait for its end where that is what it means. */
void mariadb_server_signal(struct mariadb_server *server, int number);
void mariadb_server_await_end(struct mariadb_server *server);

/* Kill it and remove its files. */
void mariadb_server_close(struct mariadb_server *server);

/* Ask as root; all values of the answer, divided by blanks. The text lives until the next question.
 * Aborts where SQL fails. */
const char *mariadb_server_ask(struct mariadb_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A status variable's value. */
const char *mariadb_server_status(struct mariadb_server *server, const char *name);

/* Make a certificate authority and the server's certificate for `names` (as in subjectAltName), and let the
 * server use it. `ca` gets the authority's path. */
void mariadb_server_certify(struct mariadb_server *server, const char *names, char *ca,
                            size_t size);

#endif
