/*
 * client_error.c - MySQL's and the system's error numbers in a probe's words.
 */
#include "client_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int client_error_number(unsigned code, const char *text)
{
    const char *end = text + strlen(text);

    if (code != ERROR_CONNECTION && code != ERROR_CONN_HOST && code != ERROR_SERVER_LOST &&
        code != ERROR_SERVER_LOST_EXTENDED)
        return 0; /* other sentences end in numbers of other kinds */
    while (end > text && (end[-1] < '0' || end[-1] > '9'))
        end--;
    const char *start = end;
    while (start > text && start[-1] >= '0' && start[-1] <= '9')
        start--;
    return start < end && start > text && (start[-1] == '(' || start[-1] == ' ')
               ? (int)strtol(start, NULL, 10)
               : 0;
}

enum health_probe_error client_error_of(unsigned code)
{
    switch (code) {
    case 1044:
    case 1045:
    case 1129: /* host blocked */
    case 1130: /* host not allowed */
    case 1251:
    case 1698:
    case 1820:
    case 1862:
    case 3118: /* account locked; MariaDB has 4151 */
    case 4151:
        return HEALTH_PROBE_AUTH;
    case 1040:
    case 1203:
    case 1226:
        return HEALTH_PROBE_TOO_MANY_CONNECTIONS;
    case 1047:
        return HEALTH_PROBE_NOT_READY;
    case 1053:
        return HEALTH_PROBE_SHUTTING_DOWN;
    case ERROR_UNKNOWN_HOST:
    case ERROR_CONNECTION:
    case ERROR_CONN_HOST:
        return HEALTH_PROBE_UNREACHABLE;
    case 1927: /* somebody killed this one connection */
    case ERROR_SERVER_GONE:
    case ERROR_SERVER_LOST:
    case ERROR_SERVER_LOST_EXTENDED:
        return HEALTH_PROBE_LOST;
    default:
        return HEALTH_PROBE_SQL_ERROR;
    }
}

enum health_probe_error client_error_of_system(int number, enum health_probe_error otherwise)
{
    switch (number) {
    case ECONNREFUSED:
        return HEALTH_PROBE_REFUSED;
    case ETIMEDOUT:
    case EAGAIN:
    case EINPROGRESS:
        return HEALTH_PROBE_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
        return HEALTH_PROBE_RESET;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
        return HEALTH_PROBE_UNREACHABLE;
    default:
        return otherwise;
    }
}

void client_fail(struct client_failure *failure, enum health_probe_error error, unsigned code,
                 const char *text)
{
    failure->error = error;
    failure->code = code;
    snprintf(failure->text, sizeof failure->text, "%s", text);
}

bool client_failure_is_fatal(const struct client_failure *failure)
{
    return (failure->code >= 2000 && failure->code < 3000) || failure->code == 1927;
}
