/*
 * redis_login.c - who we are to Redis.
 */
#include "redis_login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_MAX 512

bool redis_login_init(struct redis_login *login, const char *user, const char *password_file)
{
    login->user = user ? strdup(user) : NULL;
    login->password_file = password_file ? strdup(password_file) : NULL;
    return (!user || login->user) && (!password_file || login->password_file);
}

void redis_login_clear(struct redis_login *login)
{
    free(login->user);
    free(login->password_file);
}

/* NULL: read. Else what is wrong. */
static const char *read_first_line(const char *path, char *ret_line, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    const char *why = NULL;
    ssize_t length = -1;

    if (fd < 0 || fstat(fd, &status) < 0)
        why = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        why = "not a file";
    else if ((length = read(fd, ret_line, size - 1)) < 0)
        why = strerror(errno);
    if (fd >= 0)
        close(fd);
    if (why)
        return why;
    ret_line[length] = '\0';
    ret_line[strcspn(ret_line, "\r\n")] = '\0';
    if (!ret_line[0])
        return "its first line is empty";
    return strlen(ret_line) == size - 1 ? "its first line is too long" : NULL;
}

bool redis_login_send(const struct redis_login *login, redisAsyncContext *context,
                      redisCallbackFn *reply, char *ret_problem, size_t problem_size)
{
    char password[PASSWORD_MAX];

    if (!login->password_file)
        return true;
    const char *why = read_first_line(login->password_file, password, sizeof password);
    if (why) {
        snprintf(ret_problem, problem_size, "cannot take the password from %s: %s",
                 login->password_file, why);
        return false;
    }
    if (login->user)
        redisAsyncCommand(context, reply, NULL, "AUTH %s %s", login->user, password);
    else
        redisAsyncCommand(context, reply, NULL, "AUTH %s", password);
    explicit_bzero(password, sizeof password);
    return true;
}
