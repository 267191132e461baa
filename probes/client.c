/*
 * client.c - the thin shim over libmysqlclient: the only file that knows which one it is.
 *
 * MariaDB's library (LIBMARIADB is defined) goes on with X_start() and X_cont(), and says what it waits
 * for. Oracle's (8.0.16 and later) is called again until it is ready, and says nothing: its questions here
 * are so short that only reading is waited for.
 */
#include "client.h"

#include "reach.h"

#include <errno.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#if defined(LIBMARIADB) || defined(MARIADB_BASE_VERSION)
#define CLIENT_MARIADB 1
typedef my_bool client_flag;
#else
#define CLIENT_MARIADB 0
typedef bool client_flag;
#endif

/* Numbers of mysqld_error.h and errmsg.h, which the two libraries spell differently. */
enum {
    ERROR_CONNECTION = 2002,
    ERROR_CONN_HOST = 2003,
    ERROR_UNKNOWN_HOST = 2005,
    ERROR_SERVER_GONE = 2006,
    ERROR_SERVER_LOST = 2013,
    ERROR_SERVER_LOST_EXTENDED = 2055,
};

enum stage { AT_REST, SENDING, STORING };

struct client {
    MYSQL mysql;
    MYSQL_RES *result;
    enum stage stage;
    const char *sql;
};

bool client_library_init(void)
{
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

/* ---- What failed ---- */

/* The system's error number behind a client's own error: the last number of its sentence, as in
 * "Can't connect to server on '10.0.0.1' (111)". 0: none. */
static int system_error(const char *text)
{
    const char *end = text + strlen(text);

    while (end > text && (end[-1] < '0' || end[-1] > '9'))
        end--;
    const char *start = end;
    while (start > text && start[-1] >= '0' && start[-1] <= '9')
        start--;
    return start < end && start > text && (start[-1] == '(' || start[-1] == ' ') ? atoi(start) : 0;
}

/* MySQL's number to the probe's word. Any packet of the server's, also an error, proves that it runs. */
static enum health_probe_error classify(unsigned code, const char *text)
{
    switch (code) {
    case 1044:
    case 1045:
    case 1129: /* host blocked */
    case 1130: /* host not allowed */
    case 1251:
    case 1698:
    case 1820:
    case 1862:
    case 3118: /* account locked; MariaDB has 4151 */
    case 4151:
        return HEALTH_PROBE_AUTH;
    case 1040:
    case 1203:
    case 1226:
        return HEALTH_PROBE_TOO_MANY_CONNECTIONS;
    case 1047:
        return HEALTH_PROBE_NOT_READY;
    case 1053:
    case 1927: /* killed, as a server does before it shuts down */
        return HEALTH_PROBE_SHUTTING_DOWN;
    case ERROR_CONNECTION:
    case ERROR_CONN_HOST:
        return reach_error(system_error(text), HEALTH_PROBE_UNREACHABLE);
    case ERROR_UNKNOWN_HOST:
        return HEALTH_PROBE_UNREACHABLE;
    case ERROR_SERVER_GONE:
    case ERROR_SERVER_LOST:
    case ERROR_SERVER_LOST_EXTENDED:
        return system_error(text) ? reach_error(system_error(text), HEALTH_PROBE_LOST)
                                  : HEALTH_PROBE_LOST;
    default:
        return HEALTH_PROBE_SQL_ERROR;
    }
}

static void fail(struct client_failure *failure, unsigned code, const char *text)
{
    failure->code = code;
    failure->error = classify(code, text);
    snprintf(failure->text, sizeof failure->text, "%s", text);
}

void client_failed(const struct client *client, struct client_failure *ret_failure)
{
    MYSQL *mysql = (MYSQL *)(uintptr_t)&client->mysql; /* the library's getters take no const */
    fail(ret_failure, mysql_errno(mysql), mysql_error(mysql));
}

bool client_failure_is_fatal(const struct client_failure *failure)
{
    return (failure->code >= 2000 && failure->code < 3000) || failure->code == 1053 ||
           failure->code == 1927;
}

/* ---- Connecting ---- */

/* The first line of a password file. False: it cannot be read. */
static bool read_password(const char *path, char *password, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(password, (int)size, file))
        password[0] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    fclose(file);
    return true;
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
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &login->timeout_s);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &login->timeout_s);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &login->timeout_s);
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

/* The library does not say why a port could not be reached. Found out again, unless it took all its time. */
static void find_out_why(const struct client_login *login, int64_t took_ms,
                         struct client_failure *failure)
{
    int timeout_ms = (int)login->timeout_s * 1000;

    if (login->socket || !login->host ||
        (failure->code != ERROR_CONNECTION && failure->code != ERROR_CONN_HOST))
        return;
    failure->error = HEALTH_PROBE_TIMEOUT;
    if (took_ms >= timeout_ms - 10)
        return;
    enum health_probe_error why = reach_port(login->host, login->port, timeout_ms);
    if (why != HEALTH_PROBE_NONE) /* it can be reached by now: the next probe will tell */
        failure->error = why;
}

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A missing socket is refused here: the library closes a descriptor twice over it, which in a process
 * with threads may be somebody else's. */
static bool socket_missing(const struct client_login *login, struct client_failure *failure)
{
    struct stat status;
    if (!login->socket || stat(login->socket, &status) == 0)
        return false;
    char text[CLIENT_TEXT_MAX];
    snprintf(text, sizeof text, "there is no socket %.200s", login->socket);
    fail(failure, ERROR_CONNECTION, text);
    failure->error = HEALTH_PROBE_REFUSED;
    return true;
}

struct client *client_connect(const struct client_login *login, struct client_failure *ret_failure)
{
    char password[512] = "";

    if (socket_missing(login, ret_failure))
        return NULL;
    if (login->password_file && !read_password(login->password_file, password, sizeof password)) {
        snprintf(ret_failure->text, sizeof ret_failure->text, "%.200s cannot be read: %s",
                 login->password_file, strerror(errno));
        ret_failure->error = HEALTH_PROBE_SQL_ERROR;
        ret_failure->code = 2000; /* nothing was asked, so nothing is proven */
        return NULL;
    }
    struct client *client = calloc(1, sizeof *client);
    if (!client) {
        fail(ret_failure, 2008, "out of memory");
        return NULL;
    }
    mysql_init(&client->mysql);
    set_options(&client->mysql, login);
    int64_t began_ms = clock_ms();
    MYSQL *good = mysql_real_connect(&client->mysql, login->socket ? NULL : login->host,
                                     login->user, login->password_file ? password : NULL, NULL,
                                     login->port, login->socket, 0);
    memset(password, 0, sizeof password);
    /* A question must not wait for replication, or a stalled cluster hangs its monitor. A server without
     * Galera does not know the variable, and needs no such care. */
    if (good && mysql_query(&client->mysql, "SET SESSION wsrep_sync_wait=0") != 0 &&
        mysql_errno(&client->mysql) >= 2000)
        good = NULL;
    if (!good) {
        client_failed(client, ret_failure);
        find_out_why(login, clock_ms() - began_ms, ret_failure);
        client_close(client, false);
        return NULL;
    }
    return client;
}

void client_close(struct client *client, bool politely)
{
    if (!client)
        return;
    if (client->result)
        mysql_free_result(client->result);
    int fd = client_fd(client);
    if (!politely && fd >= 0)
        shutdown(fd, SHUT_RDWR); /* so that the goodbye fails at once instead of waiting */
    mysql_close(&client->mysql);
    free(client);
}

int client_fd(const struct client *client)
{
#if CLIENT_MARIADB
    MYSQL *mysql = (MYSQL *)(uintptr_t)&client->mysql;
    return mysql->net.pvio ? mysql_get_socket(mysql) : -1;
#else
    return client->mysql.net.vio ? client->mysql.net.fd : -1;
#endif
}

/* ---- Asking ---- */

#if CLIENT_MARIADB

static enum client_step waits_for(int wanted)
{
    return wanted & MYSQL_WAIT_WRITE ? CLIENT_WAITS_TO_WRITE : CLIENT_WAITS_TO_READ;
}

static enum client_step stored(struct client *client)
{
    client->stage = AT_REST;
    return client->result || mysql_errno(&client->mysql) == 0 ? CLIENT_DONE : CLIENT_FAILED;
}

static enum client_step sent(struct client *client, int result)
{
    client->stage = AT_REST;
    if (result)
        return CLIENT_FAILED;
    if (mysql_field_count(&client->mysql) == 0)
        return CLIENT_DONE;
    client->stage = STORING;
    int wanted = mysql_store_result_start(&client->result, &client->mysql);
    return wanted ? waits_for(wanted) : stored(client);
}

static enum client_step begin(struct client *client)
{
    int result = 0;
    client->stage = SENDING;
    int wanted = mysql_real_query_start(&result, &client->mysql, client->sql,
                                        (unsigned long)strlen(client->sql));
    return wanted ? waits_for(wanted) : sent(client, result);
}

enum client_step client_go_on(struct client *client, bool to_write)
{
    int ready = to_write ? MYSQL_WAIT_WRITE : MYSQL_WAIT_READ;
    int result = 0;

    if (client->stage == SENDING) {
        int wanted = mysql_real_query_cont(&result, &client->mysql, ready);
        return wanted ? waits_for(wanted) : sent(client, result);
    }
    int wanted = mysql_store_result_cont(&client->result, &client->mysql, ready);
    return wanted ? waits_for(wanted) : stored(client);
}

#else

enum client_step client_go_on(struct client *client, bool to_write)
{
    (void)to_write;
    if (client->stage == SENDING) {
        enum net_async_status status = mysql_real_query_nonblocking(
            &client->mysql, client->sql, (unsigned long)strlen(client->sql));
        if (status == NET_ASYNC_NOT_READY)
            return CLIENT_WAITS_TO_READ;
        if (status == NET_ASYNC_ERROR || mysql_field_count(&client->mysql) == 0) {
            client->stage = AT_REST;
            return status == NET_ASYNC_ERROR ? CLIENT_FAILED : CLIENT_DONE;
        }
        client->stage = STORING;
    }
    enum net_async_status status = mysql_store_result_nonblocking(&client->mysql, &client->result);
    if (status == NET_ASYNC_NOT_READY)
        return CLIENT_WAITS_TO_READ;
    client->stage = AT_REST;
    return status == NET_ASYNC_ERROR ? CLIENT_FAILED : CLIENT_DONE;
}

static enum client_step begin(struct client *client)
{
    client->stage = SENDING;
    return client_go_on(client, true);
}

#endif

enum client_step client_ask(struct client *client, const char *sql)
{
    if (client->result)
        mysql_free_result(client->result);
    client->result = NULL;
    client->sql = sql;
    return begin(client);
}

bool client_row(struct client *client, const char **texts, unsigned columns)
{
    MYSQL_ROW row = client->result ? mysql_fetch_row(client->result) : NULL;
    if (!row)
        return false;
    unsigned given = mysql_num_fields(client->result);
    for (unsigned i = 0; i < columns; i++)
        texts[i] = i < given ? row[i] : NULL;
    return true;
}
