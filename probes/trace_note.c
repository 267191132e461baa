/*
 * trace_note.c - what a reader has to say, with the place it stands at.
 */
#include "trace_private.h"

#include <stdarg.h>
#include <stdlib.h>

static void note(struct health_trace_reader *reader, enum health_trace_severity severity,
                 const char *format, va_list arguments) __attribute__((format(printf, 3, 0)));

static void note(struct health_trace_reader *reader, enum health_trace_severity severity,
                 const char *format, va_list arguments)
{
    char text[512];
    int used =
        reader->binary
            ? snprintf(text, sizeof text, "byte %llu: ", (unsigned long long)reader->offset)
        : reader->line_number
            ? snprintf(text, sizeof text, "line %llu: ", (unsigned long long)reader->line_number)
            : 0;
    vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
    if (reader->options.note)
        reader->options.note(reader->options.context, severity, text);
}

void trace_problem(struct health_trace_reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(reader, HEALTH_TRACE_PROBLEM, format, arguments);
    va_end(arguments);
    reader->problems++;
}

void trace_remark(struct health_trace_reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(reader, HEALTH_TRACE_HARMLESS, format, arguments);
    va_end(arguments);
}

bool trace_text_reserve(struct health_trace_reader *reader, size_t size)
{
    if (size <= reader->text_capacity)
        return true;
    char *text = realloc(reader->text, size);
    if (!text) {
        trace_problem(reader, "out of memory for %zu bytes", size);
        return false;
    }
    reader->text = text;
    reader->text_capacity = size;
    return true;
}
