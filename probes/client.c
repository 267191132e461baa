/*
 * client.c - questions over a connection that stands, in steps that do not block.
 */
#include "client_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A view has under a hundred rows. Who gives more without end would hold the loop. */
#define ROWS_MAX 1000
#define COLUMNS_MAX 16

void client_close(struct client *client, bool politely)
{
    if (!client)
        return;
    if (!politely && client->fd >= 0)
        shutdown(client->fd, SHUT_RDWR); /* so that the goodbye fails */
    mysql_close(&client->mysql);
    if (client->fd >= 0)
        close(client->fd);
    if (client->result)
        mysql_free_result(client->result); /* last, or it would read what is left of the answer */
    free(client);
}

int client_fd(const struct client *client)
{
    return client->fd;
}

/* Its questions about a connection take no const. */
static MYSQL *library_of(const struct client *client)
{
    return (MYSQL *)(uintptr_t)&client->mysql; /* NOLINT */
}

const char *client_version(const struct client *client)
{
    return mysql_get_server_info(library_of(client));
}

void client_failed(const struct client *client, struct client_failure *ret_failure)
{
    MYSQL *mysql = library_of(client);
    unsigned code = mysql_errno(mysql);
    enum health_probe_error error = client_error_of(code);

    if (client->too_long) {
        client_fail(ret_failure, HEALTH_PROBE_SQL_ERROR, ERROR_UNKNOWN, "its answer has no end");
        return;
    }
    if (error == HEALTH_PROBE_LOST && (client->broken == ECONNRESET || client->broken == EPIPE))
        error = HEALTH_PROBE_RESET;
    client_fail(ret_failure, error, code, mysql_error(mysql));
}

/* ---- Rows ---- */

static enum client_step rest(struct client *client, enum client_step step)
{
    client->stage = AT_REST;
    if (step == CLIENT_DONE) {
        mysql_free_result(client->result);
        client->result = NULL;
    }
    return step;
}

/* Take the row that came. False: it was the last, or one too many. */
static bool take_row(struct client *client)
{
    if (!client->row)
        return false;
    client->too_long = ++client->rows > ROWS_MAX;
    if (client->take && !client->too_long)
        client->take(client->context, (const char *const *)client->row,
                     mysql_num_fields(client->result));
    return !client->too_long;
}

static enum client_step fetched(struct client *client)
{
    return rest(client,
                client->too_long || mysql_errno(&client->mysql) ? CLIENT_FAILED : CLIENT_DONE);
}

#if CLIENT_MARIADB

static enum client_step waits_for(int wanted)
{
    return wanted & MYSQL_WAIT_WRITE ? CLIENT_WAITS_TO_WRITE : CLIENT_WAITS_TO_READ;
}

static enum client_step fetch(struct client *client)
{
    do {
        int wanted = mysql_fetch_row_start(&client->row, client->result);
        if (wanted)
            return waits_for(wanted);
    } while (take_row(client));
    return fetched(client);
}

static enum client_step fetch_on(struct client *client, int ready)
{
    int wanted = mysql_fetch_row_cont(&client->row, client->result, ready);
    if (wanted)
        return waits_for(wanted);
    return take_row(client) ? fetch(client) : fetched(client);
}

#else

static enum client_step fetch(struct client *client)
{
    do {
        if (mysql_fetch_row_nonblocking(client->result, &client->row) == NET_ASYNC_NOT_READY)
            return CLIENT_WAITS_TO_READ;
    } while (take_row(client));
    return fetched(client);
}

static enum client_step fetch_on(struct client *client, int ready)
{
    (void)ready;
    return fetch(client);
}

#endif

/* ---- Asking ---- */

/* The server has taken the question: what follows are rows, or nothing. */
static enum client_step sent(struct client *client, bool well)
{
    client->stage = AT_REST;
    if (!well)
        return CLIENT_FAILED;
    unsigned columns = mysql_field_count(&client->mysql);
    if (columns == 0)
        return CLIENT_DONE;
    client->too_long = columns > COLUMNS_MAX;
    client->result = mysql_use_result(&client->mysql);
    if (!client->result || client->too_long)
        return CLIENT_FAILED;
    client->stage = FETCHING;
    return fetch(client);
}

#if CLIENT_MARIADB

static enum client_step send_question(struct client *client)
{
    int result = 0;
    int wanted = mysql_real_query_start(&result, &client->mysql, client->sql,
                                        (unsigned long)strlen(client->sql));
    return wanted ? waits_for(wanted) : sent(client, result == 0);
}

static enum client_step send_on(struct client *client, int ready)
{
    int result = 0;
    int wanted = mysql_real_query_cont(&result, &client->mysql, ready);
    return wanted ? waits_for(wanted) : sent(client, result == 0);
}

static int ready_bits(bool to_write)
{
    return to_write ? MYSQL_WAIT_WRITE : MYSQL_WAIT_READ;
}

#else

static enum client_step send_question(struct client *client)
{
    enum net_async_status status = mysql_real_query_nonblocking(&client->mysql, client->sql,
                                                                (unsigned long)strlen(client->sql));
    return status == NET_ASYNC_NOT_READY ? CLIENT_WAITS_TO_READ
                                         : sent(client, status != NET_ASYNC_ERROR);
}

static enum client_step send_on(struct client *client, int ready)
{
    (void)ready;
    return send_question(client);
}

static int ready_bits(bool to_write)
{
    return to_write;
}

#endif

/* The library does not say whether a connection was closed or reset, but leaves the number behind. */
static enum client_step with_cause(struct client *client, enum client_step step)
{
    if (step == CLIENT_FAILED)
        client->broken = errno;
    return step;
}

enum client_step client_go_on(struct client *client, bool to_write)
{
    int ready = ready_bits(to_write);

    errno = 0;
    return with_cause(client,
                      client->stage == SENDING ? send_on(client, ready) : fetch_on(client, ready));
}

enum client_step client_ask(struct client *client, const char *sql, client_take *take,
                            void *context)
{
    mysql_free_result(client->result); /* of an answer that broke off: it has no more to be read */
    client->result = NULL;
    client->sql = sql;
    client->take = take;
    client->context = context;
    client->rows = 0;
    client->stage = SENDING;
    errno = 0;
    return with_cause(client, send_question(client));
}
