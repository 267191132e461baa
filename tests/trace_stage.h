/*
 * trace_stage.h - traces made of texts and bytes, and what their reader said.
 */
#ifndef HEALTHD_TESTS_TRACE_STAGE_H
#define HEALTHD_TESTS_TRACE_STAGE_H

#include <healthd/trace.h>

#define HEADER \
    "{\"trace\":1,\"cluster\":\"lab\",\"expected_size\":3,\"nodes\":[\"n1\",\"n2\",\"n3\"]," \
    "\"probe_interval_ms\":100,\"probe_timeout_ms\":500,\"heartbeat_interval_ms\":200}\n"
#define GOOD "{\"t_us\":2000,\"node\":\"n2\",\"link\":\"up\"}\n"

/* What a reading said. */
struct notes {
    char text[8192];
    unsigned problems;
    unsigned remarks;
};

/* The note of a reader's options; `context` is a struct notes. */
void stage_note(void *context, enum health_trace_severity severity, const char *text);

/* Read these bytes; NULL: they have no header that can be used. */
struct health_trace_reader *stage_open_bytes(const char *bytes, size_t size, bool strict,
                                             struct notes *notes);
struct health_trace_reader *stage_open_text(const char *text, struct notes *notes);

unsigned stage_count_entries(struct health_trace_reader *reader);

#endif
