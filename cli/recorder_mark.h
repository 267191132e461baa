/*
 * recorder_mark.h - what a recorder says of itself in its trace, so that a replay calls the engine when the
 * monitor did: a trace has no line for a call that no observation caused.
 */
#ifndef HEALTHD_CLI_RECORDER_MARK_H
#define HEALTHD_CLI_RECORDER_MARK_H

/* The engine began here. */
#define RECORDER_BEGINS "{\"recorder\":\"begins\"}"
/* The monitor was stopped, or starved: after this moment nobody called the engine until the next entry. */
#define RECORDER_PAUSES "{\"recorder\":\"pauses\"}"
/* ... which is this, where it was the engine's own deadline and not an observation. */
#define RECORDER_RESUMES "{\"recorder\":\"resumes\"}"
/* An operator took a node out of service (true) or gave it back (false), and the engine was told so here. A
 * format for the node's name, in which nothing needs quoting in JSON, and for the flag. */
#define RECORDER_MAINTENANCE "{\"recorder\":\"maintenance\",\"node\":\"%s\",\"on\":%s}"
/* The engine was called up to here. */
#define RECORDER_ENDS "{\"recorder\":\"ends\"}"

#endif
