/*
 * redis_login.h - who we are to Redis: a user of its ACLs, or none, and a password from a file.
 */
#ifndef HEALTHD_CLI_REDIS_LOGIN_H
#define HEALTHD_CLI_REDIS_LOGIN_H

#include <hiredis/hiredis.h>
#include <hiredis/async.h>
#include <stdbool.h>

struct redis_login {
    char *user;          /* NULL: none */
    char *password_file; /* NULL: no login */
};

/* Copies; both may be NULL. False: memory is short. */
bool redis_login_init(struct redis_login *login, const char *user, const char *password_file);
void redis_login_clear(struct redis_login *login);

/* Send AUTH, if there is a password: the first line of its file as it is now. False: ret_problem says what
 * is wrong. Nothing waits. */
bool redis_login_send(const struct redis_login *login, redisAsyncContext *context,
                      redisCallbackFn *reply, char *ret_problem, size_t problem_size);

#endif
