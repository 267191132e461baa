/*
 * redis_password.c - a password from the first line of a file.
 */
#include "redis_password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool redis_password_read(const char *path, char *ret_password, size_t size, char *ret_problem,
                         size_t problem_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    const char *why = NULL;
    ssize_t length = -1;

    if (fd < 0 || fstat(fd, &status) < 0)
        why = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        why = "not a file";
    else if ((length = read(fd, ret_password, size - 1)) < 0)
        why = strerror(errno);
    if (fd >= 0)
        close(fd);
    if (!why) {
        ret_password[length] = '\0';
        ret_password[strcspn(ret_password, "\r\n")] = '\0';
        if (!ret_password[0])
            why = "its first line is empty";
        else if (strlen(ret_password) == size - 1)
            why = "its first line is too long";
    }
    if (why)
        snprintf(ret_problem, problem_size, "cannot take the password from %s: %s", path, why);
    return !why;
}
