/*
 * redis_login.c - who we are to Redis.
 */
#include "redis_login.h"

#include <healthd/secret.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool redis_login_send(const struct redis_login *login, redisAsyncContext *context,
                      redisCallbackFn *reply, char *ret_problem, size_t problem_size)
{
    char password[HEALTH_SECRET_SIZE];

    if (!login->password_file)
        return true;
    const char *why = health_secret_read(login->password_file, password);
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
