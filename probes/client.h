/*
 * client.h - one connection to a mysqld: the thin shim over libmysqlclient, MariaDB's or Oracle's.
 *
 * Connecting blocks and belongs on a helper thread. Asking does not: a question goes on in steps, as its
 * socket is ready. A connection may be made on one thread and used on another, one at a time.
 */
#ifndef HEALTHD_PROBES_CLIENT_H
#define HEALTHD_PROBES_CLIENT_H

#include <healthd/observation.h>

struct client;

/* Whom to reach, and as whom. NULL or 0: not given. */
struct client_login {
    const char *host;
    unsigned port;
    const char *socket;
    const char *user;
    const char *password_file;
    const char *defaults_file;
    const char *tls_ca;
    const char *tls_cert;
    const char *tls_key;
    unsigned timeout_s; /* of each step of connecting */
};

#define CLIENT_TEXT_MAX 256

/* What went wrong: the probe's words for it, MySQL's number, and the library's sentence. */
struct client_failure {
    enum health_probe_error error;
    unsigned code;
    char text[CLIENT_TEXT_MAX];
};

/* Once in a process, before any thread uses the library. False: it cannot be used. */
bool client_library_init(void);

/* At the start and end of a thread that connects. */
void client_thread_begin(void);
void client_thread_end(void);

/* Connect, log in, and take the session out of replication's waits (blocks). NULL: *ret_failure says why. */
struct client *client_connect(const struct client_login *login, struct client_failure *ret_failure);

/* Free; politely says goodbye first, which never blocks for long. NULL is fine. */
void client_close(struct client *client, bool politely);

int client_fd(const struct client *client);

enum client_step {
    CLIENT_DONE,
    CLIENT_WAITS_TO_READ,
    CLIENT_WAITS_TO_WRITE,
    CLIENT_FAILED, /* client_failed() says why */
};

/* Begin a question; `sql` must live until it is done. The former answer is gone. */
enum client_step client_ask(struct client *client, const char *sql);

/* Go on, as the socket is ready to read or write. */
enum client_step client_go_on(struct client *client, bool to_write);

/* The next row of the answer: up to `columns` texts, NULL where SQL says so. False: there is none. */
bool client_row(struct client *client, const char **texts, unsigned columns);

void client_failed(const struct client *client, struct client_failure *ret_failure);

/* Has the connection gone with this failure? An error packet leaves it standing. */
bool client_failure_is_fatal(const struct client_failure *failure);

#endif
