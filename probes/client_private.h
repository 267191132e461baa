/*
 * client_private.h - what the client's files share.
 */
#ifndef HEALTHD_PROBES_CLIENT_PRIVATE_H
#define HEALTHD_PROBES_CLIENT_PRIVATE_H

#include "client.h"

#include <mysql.h>

/* MariaDB's library goes on with X_start() and X_cont(), says what it waits for, and lets us wait in its
 * place. Oracle's (8.0.16 and later) is called again until it is ready, and says nothing: the questions
 * here are so short that only reading is waited for. */
#if defined(LIBMARIADB) || defined(MARIADB_BASE_VERSION)
#define CLIENT_MARIADB 1
typedef my_bool client_flag;
#else
#define CLIENT_MARIADB 0
typedef bool client_flag;
#endif

/* Numbers of errmsg.h, which the two libraries spell differently. */
enum {
    ERROR_UNKNOWN = 2000,
    ERROR_CONNECTION = 2002,
    ERROR_CONN_HOST = 2003,
    ERROR_UNKNOWN_HOST = 2005,
    ERROR_SERVER_GONE = 2006,
    ERROR_MEMORY = 2008,
    ERROR_SERVER_LOST = 2013,
    ERROR_SERVER_LOST_EXTENDED = 2055,
};

enum client_stage { AT_REST, SENDING, FETCHING };

struct client {
    MYSQL mysql;
    int fd; /* the socket once more: MariaDB's library closes its own in the midst of a failure, and the
             * event loop must not know a number that is another connection's by then */
    MYSQL_RES *result;
    MYSQL_ROW row;
    enum client_stage stage;
    const char *sql;
    client_take *take;
    void *context;
    unsigned rows;
    int broken;    /* the system's error number when a question failed */
    bool too_long; /* its answer had no end */
};

/* client_error.c */

/* MySQL's number to the probe's word. Any packet of the server's, also an error, proves that it runs. */
enum health_probe_error client_error_of(unsigned code);

/* A system's error number; `otherwise` for any that says nothing of the other side. */
enum health_probe_error client_error_of_system(int number, enum health_probe_error otherwise);

/* The system's error number in a sentence of the library's, which ends in it, as in "Can't connect to
 * server on '10.0.0.1' (111)". 0: none. */
int client_error_number(unsigned code, const char *text);

void client_fail(struct client_failure *failure, enum health_probe_error error, unsigned code,
                 const char *text);

#endif
