/*
 * mariadb_server.c - a real mariadbd for tests.
 */
#include "mariadb_server.h"

#include <errno.h>
#include <mysql.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROVIDER "/usr/lib/galera/libgalera_smm.so"

static void fail(const struct mariadb_server *server, const char *what)
{
    char command[128];

    fprintf(stderr, "mariadb_server: %s; the end of its log:\n", what);
    snprintf(command, sizeof command, "tail -n 20 %s/log >&2", server->folder);
    if (system(command) != 0)
        fprintf(stderr, "(none)\n");
    abort();
}

/* A command line; its output goes into the server's log. */
static void run(const struct mariadb_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void run(const struct mariadb_server *server, const char *format, ...)
{
    char command[2048];
    char with_log[2200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    snprintf(with_log, sizeof with_log, "( %s ) >>%s/log 2>&1", command, server->folder);
    if (system(with_log) != 0)
        fail(server, command);
}

/* The user it runs as: mariadbd does not run as root, and its own user comes with its service. */
static const char *account(void)
{
    if (geteuid() != 0)
        return getpwuid(geteuid())->pw_name;
    return getpwnam("mysql") ? "mysql" : "nobody";
}

static void exec_server(const struct mariadb_server *server)
{
    char options[10][256];
    int i = 0;

    snprintf(options[i++], 256, "--datadir=%s/data", server->folder);
    snprintf(options[i++], 256, "--socket=%s", server->socket);
    snprintf(options[i++], 256, "--log-error=%s/log", server->folder);
    snprintf(options[i++], 256, "--port=%d", server->port);
    snprintf(options[i++], 256, "--extra-port=%d", server->extra_port);
    snprintf(options[i++], 256, "--wsrep-node-name=%s", server->name);
    snprintf(options[i++], 256, "--user=%s", account());
    snprintf(options[i++], 256,
             "--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:%d;"
             "ist.recv_addr=127.0.0.1:%d;gcache.size=8M",
             server->group_port, server->group_port + 1);
    snprintf(options[i++], 256, "--ssl-cert=%s/cert.pem", server->folder);
    snprintf(options[i++], 256, "--ssl-key=%s/key.pem", server->folder);
    execlp("mariadbd", "mariadbd", "--no-defaults", options[0], options[1], options[2], options[3],
           options[4], options[5], options[6], options[7], options[8], options[9],
           "--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-buffer-pool-size=32M",
           "--innodb-log-file-size=16M", "--innodb-flush-log-at-trx-commit=0",
           "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON",
           "--wsrep-provider=" PROVIDER, "--wsrep-cluster-address=gcomm://",
           "--wsrep-cluster-name=test", "--wsrep-node-address=127.0.0.1",
           "--wsrep-sst-method=rsync", "--extra-max-connections=4", (char *)NULL);
    _exit(127);
}

static bool log_in(struct mariadb_server *server)
{
    if (!server->root)
        server->root = mysql_init(NULL);
    if (mysql_real_connect(server->root, NULL, "root", NULL, NULL, 0, server->socket, 0))
        return true;
    mysql_close(server->root);
    server->root = NULL;
    return false;
}

void mariadb_server_start(struct mariadb_server *server)
{
    const struct timespec tenth = {.tv_nsec = 100000000};

    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        exec_server(server);
    }
    for (int i = 0; i < 600; i++) {
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            fail(server, "mariadbd ended");
        if ((server->root || log_in(server)) &&
            strcmp(mariadb_server_status(server, "wsrep_local_state"), "4") == 0)
            return;
        nanosleep(&tenth, NULL);
    }
    fail(server, "mariadbd does not become Synced");
}

void mariadb_server_open(struct mariadb_server *server, const char *name)
{
    memset(server, 0, sizeof *server);
    scratch_directory(server->folder, "mariadb");
    snprintf(server->socket, sizeof server->socket, "%s/sock", server->folder);
    snprintf(server->name, sizeof server->name, "%s", name);
    server->port = scratch_port();
    server->extra_port = scratch_port();
    server->group_port = scratch_port();
    run(server, "mkdir %s/data && touch %s/log && chown -R %s %s", server->folder, server->folder,
        account(), server->folder);
    run(server,
        "mariadb-install-db --no-defaults --datadir=%s/data --user=%s --skip-test-db "
        "--auth-root-authentication-method=normal",
        server->folder, account());
    mariadb_server_certify(server, "IP:127.0.0.1", server->ca, sizeof server->ca);
    mariadb_server_start(server);
}

void mariadb_server_signal(struct mariadb_server *server, int number)
{
    kill(server->pid, number);
}

void mariadb_server_await_end(struct mariadb_server *server)
{
    waitpid(server->pid, NULL, 0);
    if (server->root)
        mysql_close(server->root);
    server->root = NULL;
    server->pid = 0;
}

void mariadb_server_close(struct mariadb_server *server)
{
    char command[128];

    if (server->pid) {
        kill(server->pid, SIGKILL);
        mariadb_server_await_end(server);
    }
    snprintf(command, sizeof command, "rm -rf %s", server->folder);
    if (system(command) != 0)
        abort();
}

const char *mariadb_server_ask(struct mariadb_server *server, const char *format, ...)
{
    static char answer[4096];
    char sql[1024];
    size_t length = 0;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    answer[0] = '\0';
    if (mysql_query(server->root, sql) != 0) {
        fprintf(stderr, "mariadb_server: %s: %s\n", sql, mysql_error(server->root));
        abort();
    }
    MYSQL_RES *result = mysql_store_result(server->root);
    MYSQL_ROW row;
    while (result && (row = mysql_fetch_row(result)))
        for (unsigned i = 0; i < mysql_num_fields(result) && length < sizeof answer; i++)
            length += (size_t)snprintf(answer + length, sizeof answer - length, "%s%s",
                                       length ? " " : "", row[i] ? row[i] : "");
    mysql_free_result(result);
    return answer;
}

const char *mariadb_server_status(struct mariadb_server *server, const char *name)
{
    return mariadb_server_ask(
        server,
        "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='%s'",
        name);
}

void mariadb_server_certify(struct mariadb_server *server, const char *names, char *ca, size_t size)
{
    static unsigned generation;
    char place[96];

    snprintf(place, sizeof place, "%.64s/tls%u", server->folder, ++generation);
    run(server,
        "mkdir %s && cd %s && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority%u "
        "-days 2 -keyout ca.key -out ca.pem && openssl req -newkey rsa:2048 -nodes -subj "
        "/CN=server "
        "-keyout key.pem -out server.csr && echo 'subjectAltName=%s' >names && "
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
        "-extfile names -out cert.pem && cp cert.pem key.pem .. && chown %s ../*.pem",
        place, place, generation, names, account());
    snprintf(ca, size, "%s/ca.pem", place);
    if (server->root)
        mariadb_server_ask(server, "FLUSH SSL");
}
