/*
 * healthd/rules.h - Galera policy as data: the tables that turn facts into answers.
 *
 * The rules remember nothing and know no time: every comparison of ages is a fact already. To read the
 * policy, run `healthctl rules`; to understand a fact, see <healthd/ruleset.h>; the notes behind single
 * rows are in rules/README.md.
 */
#ifndef HEALTHD_RULES_H
#define HEALTHD_RULES_H

#include <healthd/ruleset.h>

/* The rules for MariaDB with Galera 4 and Percona XtraDB Cluster 5.7 and 8.0. */
HEALTH_API extern const struct health_ruleset health_rules_galera;

/* What every number follows from. */
struct health_cadence {
    int64_t probe_interval_ns;
    int64_t probe_timeout_ns;
    int64_t heartbeat_interval_ns;
};

/*
 * Derive every limit from the cadence. Pure. A caller may then override single ones.
 * Errors: HEALTH_EINVAL (an interval not above 0, or above one hour).
 */
HEALTH_API enum health_error health_limits_derive(const struct health_cadence *cadence,
                                                  struct health_limits *ret_limits);

/* What is to be printed of one limit. */
struct health_limit_row {
    const char *name;
    const char *formula;
    const char *meaning;
    size_t offset; /* of its int64_t in struct health_limits */
};

/* The limits in order; *ret_count of them. Static; any thread. */
HEALTH_API const struct health_limit_row *health_limit_rows(size_t *ret_count);

#endif
