/*
 * redis_password.h - a password from the first line of a file.
 */
#ifndef HEALTHD_CLI_REDIS_PASSWORD_H
#define HEALTHD_CLI_REDIS_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

/* False: ret_problem says what is wrong with the file. Nothing waits: a file is read, and nothing else. */
bool redis_password_read(const char *path, char *ret_password, size_t size, char *ret_problem,
                         size_t problem_size);

#endif
