/*
 * client_connect.c - connecting to a mysqld: blocks, and ends in time.
 *
 * The library has a time for each step (connecting to each address, each read, each write), and none for
 * all; so a server that drips, or a name with several addresses, holds it for as long as they like. It
 * also forgets why a port could not be reached. But MariaDB's lets us wait in its place, and there both
 * are put right. A wait outside of connecting (a goodbye that finds no room) is not waited at all.
 */
#include "client_private.h"

#include <errno.h>
#include <fcntl.h>
#include <healthd/observer.h>
#include <healthd/secret.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* No answer to a probe has a packet that is larger. */
#define PACKET_MAX (256 * 1024ul)

/* Connecting happens on threads that nobody waits for at the end. OpenSSL would take away at exit what they use. */
bool client_library_init(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    return mysql_library_init(0, NULL, NULL) == 0;
}

void client_thread_begin(void)
{
    mysql_thread_init();
}

void client_thread_end(void)
{
    mysql_thread_end();
}

/* ---- Waiting in the library's place ---- */

/* What this thread is connecting to. */
struct attempt {
    struct client_dial *dial;
    int64_t deadline_ns;
    int refused;  /* why the last address could not be reached: an error number, or 0 */
    int broken;   /* the error number that was left when connecting failed */
    bool reached; /* the last address let us in */
    bool late;
    bool others_differ; /* some address failed in another way than being refused */
};

/* The second descriptor of the socket has one owner at a time. */
static int swap_socket(struct client_dial *dial, int fd)
{
    return atomic_exchange(&dial->fd, fd);
}

void client_hang_up(struct client_dial *dial)
{
    int fd = swap_socket(dial, -1);
    if (fd < 0)
        return;
    shutdown(fd, SHUT_RDWR);
    close(fd);
}

#if CLIENT_MARIADB

static _Thread_local struct attempt *attempting;

/* The library makes a new socket for each address, and closes it before we can ask it why. */
static void keep_socket(struct client_dial *dial, int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    int former = swap_socket(dial, fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (former >= 0)
        close(former);
}

/* A socket is ready to write when it has connected, and when it could not. */
static int connected(struct attempt *attempt, int fd)
{
    int error = 0;
    socklen_t size = sizeof error;

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    attempt->refused = error;
    attempt->reached = !error;
    attempt->others_differ |= error && error != ECONNREFUSED;
    errno = error;
    return error ? -1 : 1;
}

/* Called by the library: 1 is ready, 0 too late, -1 an error. What is there is read, however late. Without
 * O_NONBLOCK a TLS handshake would wait in the socket instead of here. */
static int wait_ready(my_socket fd, my_bool to_read, int timeout_ms)
{
    struct attempt *attempt = attempting;
    struct pollfd ready = {.fd = fd, .events = to_read ? POLLIN : POLLOUT};
    int found;

    (void)timeout_ms;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (attempt && !to_read)
        keep_socket(attempt->dial, fd);
    do {
        int64_t left_ns = attempt ? attempt->deadline_ns - health_clock_ns() : 0;
        int left_ms = left_ns > 0 ? (int)((left_ns + HEALTH_NS_PER_MS - 1) / HEALTH_NS_PER_MS) : 0;
        found = poll(&ready, 1, left_ms);
    } while (found < 0 && errno == EINTR);
    if (found < 1) {
        if (attempt)
            attempt->late = attempt->others_differ = true;
        errno = ETIMEDOUT;
        return 0;
    }
    errno = 0; /* so that the number that is left is of what comes now */
    return to_read || !attempt ? 1 : connected(attempt, fd);
}

static void wait_in_its_place(struct attempt *attempt, MYSQL *mysql)
{
    attempting = attempt;
    mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT,
                   (void *)(uintptr_t)wait_ready); /* NOLINT: the option's type */
    errno = 0;
}

static void leave_its_place(void)
{
    attempting = NULL;
}

#else

static void wait_in_its_place(struct attempt *attempt, MYSQL *mysql)
{
    (void)attempt;
    (void)mysql;
    errno = 0;
}

static void leave_its_place(void)
{
}

#endif

/* ---- Why it failed ---- */

/* Does the other side still stand? */
static bool stands(int fd)
{
    char byte;
    return fd >= 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static enum health_probe_error why(const struct attempt *attempt, int fd, unsigned code,
                                   const char *text)
{
    int number = client_error_number(code, text);
    enum health_probe_error error = client_error_of(code);

    if (code < 2000 || code == ERROR_UNKNOWN_HOST)
        return error;
    if (attempt->late || health_clock_ns() >= attempt->deadline_ns)
        return HEALTH_PROBE_TIMEOUT;
    if (attempt->refused == ECONNREFUSED && attempt->others_differ)
        return HEALTH_PROBE_UNREACHABLE; /* refused is evidence only where every address refuses */
    if (attempt->refused)
        return client_error_of_system(attempt->refused, HEALTH_PROBE_UNREACHABLE);
    if (number)
        return client_error_of_system(number, error);
    if (error == HEALTH_PROBE_UNREACHABLE && attempt->reached)
        return HEALTH_PROBE_RESET; /* between our look and the library's, which gives no number for it */
    if (error != HEALTH_PROBE_LOST)
        return error;
    if (stands(fd))
        return HEALTH_PROBE_SQL_ERROR; /* "lost", but it is there, and talks no sense */
    return attempt->broken == ECONNRESET ? HEALTH_PROBE_RESET : HEALTH_PROBE_LOST;
}

/* A missing socket is refused here: the library closes a descriptor twice over it, which in a process
 * with threads may be somebody else's. */
static bool socket_missing(const struct client_login *login, struct client_failure *failure)
{
    struct stat status;
    char text[CLIENT_TEXT_MAX];

    if (!login->socket || stat(login->socket, &status) == 0)
        return false;
    snprintf(text, sizeof text, "there is no socket %.200s", login->socket);
    client_fail(failure, HEALTH_PROBE_REFUSED, ERROR_CONNECTION, text);
    return true;
}

/* ---- Connecting ---- */

/* False: there is no password to be had, and the failure says so. */
static bool read_password(const char *path, char password[HEALTH_SECRET_SIZE],
                          struct client_failure *failure)
{
    char text[CLIENT_TEXT_MAX];

    password[0] = '\0';
    const char *why = path ? health_secret_read(path, password) : NULL;
    if (!why)
        return true;
    explicit_bzero(password, HEALTH_SECRET_SIZE);
    snprintf(text, sizeof text, "cannot take the password from %.160s: %s", path, why);
    client_fail(failure, HEALTH_PROBE_SQL_ERROR, ERROR_UNKNOWN, text); /* proves nothing */
    return false;
}

static void require_tls(MYSQL *mysql, const struct client_login *login)
{
#if CLIENT_MARIADB
    client_flag yes = 1;
    mysql_ssl_set(mysql, login->tls_key, login->tls_cert, login->tls_ca, NULL, NULL);
    mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
#else
    unsigned mode = SSL_MODE_VERIFY_IDENTITY;
    mysql_options(mysql, MYSQL_OPT_SSL_KEY, login->tls_key);
    mysql_options(mysql, MYSQL_OPT_SSL_CERT, login->tls_cert);
    mysql_options(mysql, MYSQL_OPT_SSL_CA, login->tls_ca);
    mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
#endif
}

static void set_options(MYSQL *mysql, const struct client_login *login)
{
    int64_t left_ns = login->deadline_ns - health_clock_ns();
    unsigned timeout_s = left_ns > 0 ? (unsigned)(left_ns / HEALTH_NS_PER_S) + 1 : 1;
    unsigned long packet_max = PACKET_MAX;
    unsigned no = 0; /* of our files the server gets none */

    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &timeout_s);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &timeout_s);
    mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_max);
    mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no);
    if (login->defaults_file) {
        mysql_options(mysql, MYSQL_READ_DEFAULT_FILE, login->defaults_file);
        mysql_options(mysql, MYSQL_READ_DEFAULT_GROUP, "client");
    }
    if (login->tls_ca)
        require_tls(mysql, login);
#if CLIENT_MARIADB
    mysql_options(mysql, MYSQL_OPT_NONBLOCK, 0);
#endif
}

/* A question must not wait for replication, or a stalled cluster hangs its monitor. A server without
 * Galera does not know the variable (1193), and needs no such care. */
static bool log_in(MYSQL *mysql, const struct client_login *login, const char *password)
{
    if (!mysql_real_connect(mysql, login->socket ? NULL : login->host, login->user, password, NULL,
                            login->port, login->socket, 0))
        return false;
    return mysql_query(mysql, "SET SESSION wsrep_sync_wait=0") == 0 || mysql_errno(mysql) == 1193;
}

/* Log in, or say why not. */
static bool attempt_login(struct client *client, const struct client_login *login,
                          struct client_dial *dial, struct client_failure *ret_failure)
{
    MYSQL *mysql = mysql_init(&client->mysql);
    struct attempt attempt = {.dial = dial, .deadline_ns = login->deadline_ns};
    char password[HEALTH_SECRET_SIZE];

    if (!read_password(login->password_file, password, ret_failure))
        return false;
    set_options(mysql, login);
    wait_in_its_place(&attempt, mysql);
    bool good = log_in(mysql, login, login->password_file ? password : NULL);
    attempt.broken = errno;
    leave_its_place();
    explicit_bzero(password, sizeof password);
    int fd = swap_socket(dial, -1);
    if (!good)
        client_fail(ret_failure, why(&attempt, fd, mysql_errno(mysql), mysql_error(mysql)),
                    mysql_errno(mysql), mysql_error(mysql));
    if (fd >= 0)
        close(fd);
    return good;
}

static int socket_of(MYSQL *mysql)
{
#if CLIENT_MARIADB
    return mysql_get_socket(mysql);
#else
    return mysql->net.fd;
#endif
}

struct client *client_connect(const struct client_login *login, struct client_dial *dial,
                              struct client_failure *ret_failure)
{
    if (socket_missing(login, ret_failure))
        return NULL;
    struct client *client = calloc(1, sizeof *client);
    if (!client) {
        client_fail(ret_failure, HEALTH_PROBE_SQL_ERROR, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    client->fd = -1;
    if (!attempt_login(client, login, dial, ret_failure)) {
        client_close(client, ret_failure->code < 2000);
        return NULL;
    }
    client->fd = fcntl(socket_of(&client->mysql), F_DUPFD_CLOEXEC, 0);
    if (client->fd < 0) {
        client_fail(ret_failure, HEALTH_PROBE_SQL_ERROR, ERROR_UNKNOWN,
                    "no file descriptor is left");
        client_close(client, true);
        return NULL;
    }
    fcntl(client->fd, F_SETFL, fcntl(client->fd, F_GETFL) | O_NONBLOCK);
    return client;
}
