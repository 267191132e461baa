/*
 * log.h - what people are told: one event a line on standard error, as keys and values.
 *
 *   time=2026-05-01T10:00:00.123Z event=state cluster=lab node=n3 from=green to=red-unclean ...
 *
 * Keys are stable. Under systemd's journal, which has times of its own, a line begins with its priority
 * ("<4>event=...") instead of the time. A line that standard error cannot take at once is dropped and
 * counted: nobody who reads slowly holds up the monitor.
 *
 * Threads: one.
 */
#ifndef HEALTHD_CLI_LOG_H
#define HEALTHD_CLI_LOG_H

#include <stddef.h>
#include <syslog.h>

/* Write one line. `format` gives the pairs after "event=...", and may be "". */
void log_event(int priority, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put a text as a value: quoted where it has blanks or quotes, without control characters. Gives `buffer`,
 * cut to its size. */
const char *log_value(char *buffer, size_t size, const char *text);

#define LOG_VALUE_MAX 600

#endif
