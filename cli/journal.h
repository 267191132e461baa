/*
 * journal.h - what is logged of nodes and clusters: each change once, with its evidence.
 *
 * A node that keeps failing in the same way is told once, then once a minute with the count; so is a
 * remark that repeats.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_JOURNAL_H
#define HEALTHD_CLI_JOURNAL_H

#include "roster.h"

#include <healthd/observation.h>

struct journal;

/* Both are borrowed. NULL: memory is short. */
struct journal *journal_create(const struct roster *roster, const struct health_engine *engine);
void journal_destroy(struct journal *journal);

/* A change, right after the engine has made it. A new reason alone is not told. */
void journal_report(struct journal *journal, const struct health_report *report);

/* A probe's failure, or its first success after that. */
void journal_observe(struct journal *journal, const struct health_observation *observation);

/* What a witness says for people; HEALTH_NODE_NONE: of no single node. */
void journal_remark(struct journal *journal, uint32_t node, const char *text);

/* The number is a new node's: nothing was said of it yet. */
void journal_forget(struct journal *journal, uint32_t node);

#endif
