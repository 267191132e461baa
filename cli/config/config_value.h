/*
 * config_value.h - which values a configuration takes: names, addresses, files. Shared by files and
 * the command line.
 */
#ifndef HEALTHD_CLI_CONFIG_VALUE_H
#define HEALTHD_CLI_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is expected of each, to be said after the value that is not so. */
#define CONFIG_NAME_EXPECTED "1 to 63 letters, digits, '.', '_' and '-'"
#define CONFIG_HOST_EXPECTED "a host name or an IP address, without a port"
#define CONFIG_LISTEN_EXPECTED "an IP address and a port, such as 0.0.0.0:9201 or [::]:9201"
#define CONFIG_ENDPOINT_EXPECTED "HOST:PORT, or the path of a Unix socket"

/* A cluster's or node's name: it becomes part of keys, file names, labels and lines of a log. */
bool config_name_valid(const char *name);

/* A name to be resolved, or an address. */
bool config_host_valid(const char *host);

/* "HOST", "HOST:PORT", "[V6]:PORT": where the host lies in `text`, and the port, 0 if there is none. */
struct config_endpoint {
    const char *host;
    size_t host_length;
    uint32_t port;
};

/* Take an endpoint apart. False: it is none. */
bool config_endpoint_parse(const char *text, struct config_endpoint *ret_endpoint);

/* "ADDRESS:PORT" of this machine. */
bool config_listen_valid(const char *text);

/* "HOST:PORT", or an absolute path. */
bool config_redis_valid(const char *text);

/* What a file holds: no matter what, a password or token in its first line, a key. */
enum config_content { CONFIG_CONTENT_ANY, CONFIG_CONTENT_SECRET, CONFIG_CONTENT_KEY };

/* What hinders using a file, and what is expected instead; NULL: nothing. */
const char *config_file_problem(const char *path, enum config_content content,
                                const char **ret_expected);

/* May everybody read it? */
bool config_file_exposed(const char *path);

/* What hinders running a program; NULL: nothing. */
const char *config_program_problem(const char *path);

/* What hinders files from being created beside `path`; NULL: nothing. */
const char *config_directory_problem(const char *path);

/* What hinders reading a file that is there already and will be replaced; NULL: nothing. */
const char *config_kept_file_problem(const char *path);

#endif
