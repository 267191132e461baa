/*
 * secret.c - the first line of a file, and the whole of one.
 */
#include <healthd/secret.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Gives the length, or -1: *ret_why says why not. */
static ssize_t read_start(const char *path, char *ret_start, size_t size, const char **ret_why)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    ssize_t length = -1;

    *ret_why = NULL;
    if (file < 0 || fstat(file, &status) < 0)
        *ret_why = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        *ret_why = "it is not a file";
    else if ((length = read(file, ret_start, size)) < 0)
        *ret_why = strerror(errno);
    if (file >= 0)
        close(file);
    return length;
}

const char *health_secret_read(const char *path, char ret_line[HEALTH_SECRET_SIZE])
{
    const char *why;
    ssize_t length = read_start(path, ret_line, HEALTH_SECRET_SIZE - 1, &why);

    if (why)
        return why;
    ret_line[length] = '\0';
    ret_line[strcspn(ret_line, "\r\n")] = '\0';
    if (!ret_line[0])
        return "its first line is empty";
    return strlen(ret_line) == HEALTH_SECRET_SIZE - 1
               ? "its first line must have at most 510 characters"
               : NULL;
}

static size_t without_newline(const char *bytes, size_t size)
{
    if (size && bytes[size - 1] == '\n')
        size--;
    if (size && bytes[size - 1] == '\r')
        size--;
    return size;
}

const char *health_key_read(const char *path, char ret_key[HEALTH_KEY_SIZE], size_t *ret_length)
{
    const char *why;
    ssize_t length = read_start(path, ret_key, HEALTH_KEY_SIZE, &why);

    if (why)
        return why;
    if (length == HEALTH_KEY_SIZE)
        return "it is longer than 4096 bytes: is it a key?";
    *ret_length = without_newline(ret_key, (size_t)length);
    return *ret_length < HEALTH_KEY_MIN
               ? "it is shorter than 16 bytes; make one with: head -c 32 /dev/urandom | base64"
               : NULL;
}
