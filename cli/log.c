/*
 * log.c - what people are told.
 */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A pipe that is ready to be written takes this much without blocking (PIPE_BUF). */
#define LINE_MAX_LENGTH 4096

static unsigned long dropped;

/* Is standard error the very stream that the journal gave us? It may have been redirected since. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char ours[64];
    struct stat status;

    if (!stream || fstat(STDERR_FILENO, &status) == -1)
        return false;
    snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(stream, ours) == 0;
}

static int print_head(char *line, size_t size, int priority)
{
    struct timespec now;
    struct tm parts;
    char whole[24];

    if (is_journal())
        return snprintf(line, size, "<%d>", priority);
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    return snprintf(line, size, "time=%s.%03ldZ ", whole, now.tv_nsec / 1000000);
}

/* The whole line at once, or nothing. */
static void put_line(const char *line, size_t length)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

    if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT) ||
        write(STDERR_FILENO, line, length) != (ssize_t)length)
        dropped++;
    else
        dropped = 0;
}

void log_event(int priority, const char *event, const char *format, ...)
{
    char line[LINE_MAX_LENGTH];
    va_list arguments;

    size_t length = (size_t)print_head(line, sizeof line, priority);
    length += (size_t)snprintf(line + length, sizeof line - length, "event=%s%s", event,
                               *format ? " " : "");
    va_start(arguments, format);
    length += (size_t)vsnprintf(line + length, sizeof line - length, format, arguments);
    va_end(arguments);
    if (length < sizeof line && dropped)
        length += (size_t)snprintf(line + length, sizeof line - length, " dropped=%lu", dropped);
    if (length > sizeof line - 1)
        length = sizeof line - 1;
    line[length] = '\n';
    put_line(line, length + 1);
}

const char *log_value(char *buffer, size_t size, const char *text)
{
    bool quoted = !*text || strpbrk(text, " \"=\\\t\n") != NULL;
    size_t length = 0;

    if (quoted)
        buffer[length++] = '"';
    for (; *text && length + 4 < size; text++) {
        if (*text == '"' || *text == '\\')
            buffer[length++] = '\\';
        buffer[length++] = (unsigned char)*text < ' ' || *text == 127 ? ' ' : *text;
    }
    if (quoted)
        buffer[length++] = '"';
    buffer[length] = '\0';
    return buffer;
}
