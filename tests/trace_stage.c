/*
 * trace_stage.c - traces made of texts and bytes.
 */
#include "trace_stage.h"

#include "scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void stage_note(void *context, enum health_trace_severity severity, const char *text)
{
    struct notes *notes = context;
    size_t used = strlen(notes->text);
    snprintf(notes->text + used, sizeof notes->text - used, "%s\n", text);
    *(severity == HEALTH_TRACE_PROBLEM ? &notes->problems : &notes->remarks) += 1;
}

/* Write bytes to a file that is gone once it is open. */
struct health_trace_reader *stage_open_bytes(const char *bytes, size_t size, bool strict,
                                             struct notes *notes)
{
    char path[SCRATCH_SIZE];

    scratch_file(path, "trace", bytes, size);
    memset(notes, 0, sizeof *notes);
    const struct health_trace_options options = {
        .strict = strict, .note = stage_note, .context = notes};
    struct health_trace_reader *reader = health_trace_open(path, &options);
    unlink(path);
    return reader;
}

struct health_trace_reader *stage_open_text(const char *text, struct notes *notes)
{
    return stage_open_bytes(text, strlen(text), false, notes);
}

unsigned stage_count_entries(struct health_trace_reader *reader)
{
    struct health_trace_entry entry;
    unsigned count = 0;
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END)
        count++;
    return count;
}
