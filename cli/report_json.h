/*
 * report_json.h - a report as JSON, in the forms that people and machines upstream meet at.
 */
#ifndef HEALTHD_CLI_REPORT_JSON_H
#define HEALTHD_CLI_REPORT_JSON_H

#include "directory.h"

/*
 * One line as replay and the daemon's standard output print it:
 * {"t_us":T,"cluster":"lab","node":"n3","state":"green","from":"yellow","reason":"synced","routable":true}
 * without "node" for a cluster, and with "version" if asked. The caller frees; NULL: memory is short.
 */
char *report_json_line(const struct directory_entry *entry, const struct health_report *report,
                       bool with_version);

/*
 * What is stored upstream as the latest of a node or cluster: cluster, node, state, reason, routable,
 * since, version, epoch, reporter. What it was before and how much was missed is for the place to say
 * that stores it: it knows what it had. `since` is wall-clock time (RFC 3339, UTC, milliseconds), because
 * another machine's monotonic clock means nothing to the reader; `wall_offset_ns` is the wall clock minus
 * the monotonic one now.
 */
char *report_json_stored(const struct directory_entry *entry, const struct health_report *report,
                         const char *reporter, int64_t wall_offset_ns);

/* The state that the queue's reader saw before: report->from, or unknown (0) where that was of a former
 * holder of the number. */
uint8_t report_state_before(const struct directory_entry *entry,
                            const struct health_report *report);

/* The text of a report's state: of a node's or of a cluster's. */
const char *report_state_name(const struct directory_entry *entry, uint8_t state);

#endif
