/*
 * redis_server.c - a real redis-server for tests.
 */
#include "redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void give_up(const char *why)
{
    fprintf(stderr, "redis_server: %s: %s\n", why, strerror(errno));
    abort();
}

void redis_server_init(struct redis_server *server)
{
    memset(server, 0, sizeof *server);
    scratch_directory(server->directory, "redis");
    server->port = scratch_port();
    snprintf(server->address, sizeof server->address, "127.0.0.1:%d", server->port);
    snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->directory);
}

static void become_redis(const struct redis_server *server, pid_t parent)
{
    /* Debian's redis-tools has the same program, which goes by its name, and brings no service. */
    static const char *const programs[] = {"redis-server", "redis-check-rdb"};
    char port[12];
    int null = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    signal(SIGPIPE, SIG_DFL);
    snprintf(port, sizeof port, "%d", server->port);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        execlp(programs[i], "redis-server", "--port", port, "--bind", "127.0.0.1", "--unixsocket",
               server->socket, "--dir", server->directory, "--save", "", "--appendonly", "no",
               "--requirepass", server->password, (char *)NULL);
    _exit(127);
}

static redisContext *log_in(const struct redis_server *server)
{
    redisContext *context = redisConnect("127.0.0.1", server->port);
    redisReply *reply = NULL;

    if (!context || context->err)
        goto fail;
    if (server->password[0])
        reply = redisCommand(context, "AUTH %s", server->password);
    else
        reply = redisCommand(context, "ECHO x");
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        goto fail;
    freeReplyObject(reply);
    return context;
fail:
    if (reply)
        freeReplyObject(reply);
    if (context)
        redisFree(context);
    return NULL;
}

void redis_server_start(struct redis_server *server)
{
    pid_t parent = getpid();
    const struct timespec pause = {.tv_nsec = 2000000};
    redisContext *context = NULL;

    server->pid = fork();
    if (server->pid < 0)
        give_up("fork");
    if (server->pid == 0)
        become_redis(server, parent);
    for (int i = 0; i < 5000 && !(context = log_in(server)); i++) {
        if (waitpid(server->pid, NULL, WNOHANG) != 0)
            give_up("redis-server ended at once (is redis-tools installed?)");
        nanosleep(&pause, NULL);
    }
    if (!context)
        give_up("redis-server does not answer");
    redisFree(context);
}

void redis_server_stop(struct redis_server *server, int signal)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGCONT);
    kill(server->pid, signal);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void redis_server_clear(struct redis_server *server)
{
    char command[96];

    redis_server_stop(server, SIGKILL);
    snprintf(command, sizeof command, "rm -rf '%s'", server->directory);
    if (system(command) != 0)
        give_up(command);
}

static void put_reply(FILE *text, const redisReply *reply)
{
    switch (reply->type) {
    case REDIS_REPLY_INTEGER:
        fprintf(text, "%lld", reply->integer);
        break;
    case REDIS_REPLY_ARRAY:
        for (size_t i = 0; i < reply->elements; i++) {
            put_reply(text, reply->element[i]);
            fputc('\n', text);
        }
        break;
    case REDIS_REPLY_NIL:
        break;
    default:
        fwrite(reply->str, 1, reply->len, text);
    }
}

static char *ask(const struct redis_server *server, const char *format, va_list arguments)
{
    redisContext *context = log_in(server);
    char *text = NULL;
    size_t size = 0;

    if (!context)
        give_up("cannot ask Redis");
    redisReply *reply = redisvCommand(context, format, arguments);
    if (!reply)
        give_up("Redis does not answer");
    FILE *stream = open_memstream(&text, &size);
    put_reply(stream, reply);
    fclose(stream);
    freeReplyObject(reply);
    redisFree(context);
    return text;
}

char *redis_server_ask(const struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = ask(server, format, arguments);
    va_end(arguments);
    return text;
}

bool redis_server_says(const struct redis_server *server, const char *expected, const char *format,
                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = ask(server, format, arguments);
    va_end(arguments);
    bool says = strcmp(text, expected) == 0;
    if (!says)
        fprintf(stderr, "Redis says \"%s\", not \"%s\"\n", text, expected);
    free(text);
    return says;
}
