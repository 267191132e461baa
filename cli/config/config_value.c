/*
 * config_value.c - which values a configuration takes.
 */
#include "config_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <healthd/secret.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

#define NAME_MAX_LENGTH 63
#define HOST_MAX_LENGTH 253

bool config_name_valid(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= NAME_MAX_LENGTH &&
           strspn(name, LETTERS DIGITS "._-") == length && strspn(name, ".") != length;
}

static bool is_address(const char *text, int family)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(family, text, address) == 1;
}

/* A resolver takes "10.0.1" and "7" for addresses, and not for those that were meant: only the full form
 * counts as one. */
bool config_host_valid(const char *host)
{
    size_t length = strlen(host);
    if (strchr(host, ':'))
        return is_address(host, AF_INET6);
    if (strspn(host, DIGITS ".") == length)
        return is_address(host, AF_INET);
    return length <= HOST_MAX_LENGTH && strspn(host, LETTERS DIGITS "._-") == length &&
           host[0] != '.' && host[0] != '-' && !strstr(host, "..");
}

static bool parse_port(const char *text, uint32_t *ret_port)
{
    size_t length = strlen(text);
    if (length < 1 || length > 5 || strspn(text, DIGITS) != length)
        return false;
    unsigned long port = strtoul(text, NULL, 10);
    *ret_port = (uint32_t)port;
    return port >= 1 && port <= UINT16_MAX;
}

bool config_endpoint_parse(const char *text, struct config_endpoint *ret_endpoint)
{
    struct config_endpoint endpoint = {.host = text};
    const char *end;
    char host[HOST_MAX_LENGTH + 1];

    if (text[0] == '[') {
        endpoint.host = text + 1;
        end = strchr(text, ']');
        if (!end)
            return false;
        endpoint.host_length = (size_t)(end++ - endpoint.host);
    } else {
        end = strchr(text, ':');
        end = end && !strchr(end + 1, ':') ? end : text + strlen(text); /* two: a bare IPv6 */
        endpoint.host_length = (size_t)(end - text);
    }
    if (*end && (*end != ':' || !parse_port(end + 1, &endpoint.port)))
        return false;
    if (endpoint.host_length >= sizeof host)
        return false;
    memcpy(host, endpoint.host, endpoint.host_length);
    host[endpoint.host_length] = '\0';
    if (!config_host_valid(host) || (text[0] == '[' && !is_address(host, AF_INET6)))
        return false;
    *ret_endpoint = endpoint;
    return true;
}

bool config_listen_valid(const char *text)
{
    struct config_endpoint endpoint;
    char host[INET6_ADDRSTRLEN];

    if (!config_endpoint_parse(text, &endpoint) || !endpoint.port ||
        endpoint.host_length >= sizeof host)
        return false;
    memcpy(host, endpoint.host, endpoint.host_length);
    host[endpoint.host_length] = '\0';
    return is_address(host, text[0] == '[' ? AF_INET6 : AF_INET);
}

bool config_redis_valid(const char *text)
{
    struct config_endpoint endpoint;
    if (text[0] == '/')
        return strlen(text) < sizeof((struct sockaddr_un *)NULL)->sun_path;
    return config_endpoint_parse(text, &endpoint) && endpoint.port;
}

static const char *reading_problem(const char *path)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (descriptor == -1)
        return strerror(errno);
    bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    close(descriptor);
    return regular ? NULL : "it is not a file";
}

static const char *content_problem(const char *path, enum config_content content)
{
    char bytes[HEALTH_KEY_SIZE];
    const char *problem;
    size_t length;

    _Static_assert(HEALTH_SECRET_SIZE <= HEALTH_KEY_SIZE, "there is room for either");
    if (content == CONFIG_CONTENT_ANY)
        return NULL;
    if (content == CONFIG_CONTENT_KEY)
        problem = health_key_read(path, bytes, &length);
    else
        problem = health_secret_read(path, bytes);
    explicit_bzero(bytes, sizeof bytes);
    return problem;
}

const char *config_file_problem(const char *path, enum config_content content,
                                const char **ret_expected)
{
    const char *problem = reading_problem(path);

    *ret_expected = "a file that can be read";
    if (problem)
        return problem;
    *ret_expected = content == CONFIG_CONTENT_KEY ? "a file with a key" : "a file with a secret";
    return content_problem(path, content);
}

bool config_file_exposed(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_mode & S_IROTH;
}

const char *config_program_problem(const char *path)
{
    struct stat status;

    if (stat(path, &status) == -1 || access(path, X_OK) == -1)
        return strerror(errno);
    return S_ISREG(status.st_mode) ? NULL : "it is not a file";
}

const char *config_directory_problem(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *problem = NULL;

    if (!*path || (slash && !slash[1]))
        return "it names a directory, and a file is expected";
    char *folder = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
    if (!folder)
        return "memory is short";
    if (access(folder, W_OK | X_OK) == -1)
        problem = strerror(errno);
    free(folder);
    return problem;
}

const char *config_kept_file_problem(const char *path)
{
    bool there = !config_directory_problem(path) && access(path, F_OK) == 0;
    return there ? reading_problem(path) : NULL;
}
