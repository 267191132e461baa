/*
 * client.h - one connection to a mysqld: the thin shim over libmysqlclient, MariaDB's or Oracle's.
 *
 * Connecting blocks and belongs on a helper thread. Asking does not: a question goes on in steps, as its
 * socket is ready. A connection may be made on one thread and used on another, one at a time.
 *
 * What a server may do to us has bounds: a time for connecting, and for an answer a number of rows and
 * the size of a packet.
 */
#ifndef HEALTHD_PROBES_CLIENT_H
#define HEALTHD_PROBES_CLIENT_H

#include <healthd/observation.h>

#include <stdatomic.h>

struct client;

/* A connecting under way, for whoever wants to end it. */
struct client_dial {
    _Atomic int fd; /* the socket once more; -1: there is none */
};

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
    int64_t deadline_ns; /* on health_clock_ns(): connecting and logging in ends by then */
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

/*
 * Connect, log in, and take the session out of replication's waits. NULL: *ret_failure says why.
 * Blocks until the deadline at most, but for a resolver that hangs; with Oracle's library, whose steps have
 * a time each and not all together, some seconds longer against a server that drips.
 */
struct client *client_connect(const struct client_login *login, struct client_dial *dial,
                              struct client_failure *ret_failure);

/* End a connecting whose time is up. Any thread; the dial must live. */
void client_hang_up(struct client_dial *dial);

/* Free; politely says goodbye first. Never blocks. NULL is fine. */
void client_close(struct client *client, bool politely);

/* The connection's descriptor, to watch: it is this client's until client_close(). */
int client_fd(const struct client *client);

/* What the server called itself when it greeted; the client's. */
const char *client_version(const struct client *client);

enum client_step {
    CLIENT_DONE,
    CLIENT_WAITS_TO_READ,
    CLIENT_WAITS_TO_WRITE,
    CLIENT_FAILED, /* client_failed() says why */
};

/* Called with each row of an answer, as it comes; NULL is SQL's. */
typedef void client_take(void *context, const char *const *texts, unsigned columns);

/* Begin a question; `sql` must live until it is done. `take` is NULL where no rows are expected. */
enum client_step client_ask(struct client *client, const char *sql, client_take *take,
                            void *context);

/* Go on, as the socket is ready to read or write. */
enum client_step client_go_on(struct client *client, bool to_write);

void client_failed(const struct client *client, struct client_failure *ret_failure);

/* Has the connection gone with this failure? An error packet leaves it standing. */
bool client_failure_is_fatal(const struct client_failure *failure);

#endif
