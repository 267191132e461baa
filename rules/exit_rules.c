/*
 * exit_rules.c - how did the process end, as far as one heartbeat tells?
 *
 * A clean exit is exit code 0 *and* a saved position with a real UUID *and* no gvwstate.dat *and* no
 * state-transfer marker; any contradiction makes it unclean. A saved position alone is no proof: a
 * paused provider (FLUSH TABLES WITH READ LOCK, a backup) writes it while running.
 * Source: galera/src/saved_state.cpp (mark_unsafe, mark_corrupt), gcomm/src/pc.cpp (gvwstate.dat).
 */
#include "tables.h"

enum { ENDED_UNKNOWN, ENDED_CODE_0, ENDED_CODE_OTHER, ENDED_SIGNAL };
enum { SEQNO_UNKNOWN, SEQNO_UNDEFINED, SEQNO_SAVED };
enum { UUID_UNKNOWN, UUID_ZERO, UUID_SET };
enum { FILE_UNKNOWN, FILE_PRESENT, FILE_ABSENT };

#define IF(fact, values) [HEALTH_EXITS_##fact] = ALLOW(values)
#define ROW(id, answer, ...) \
    { \
        (id), HEALTH_EXIT_FACT_##answer, HEALTH_REASON_NONE, \
        { \
            __VA_ARGS__ \
        } \
    }

static const struct health_rule exit_rules[] = {
    ROW(10, SIGNAL, IF(ENDED, BIT(ENDED_SIGNAL))),
    ROW(20, FAILED, IF(ENDED, BIT(ENDED_CODE_OTHER))),
    ROW(30, UNSAFE, IF(UUID, BIT(UUID_ZERO))),
    ROW(40, UNSAFE, IF(SEQNO, BIT(SEQNO_UNDEFINED))),
    ROW(50, UNSAFE, IF(GVWSTATE, BIT(FILE_PRESENT))),
    ROW(60, UNSAFE, IF(SST, BIT(FILE_PRESENT))),
    ROW(70, CLEAN, IF(ENDED, BIT(ENDED_CODE_0)), IF(SEQNO, BIT(SEQNO_SAVED)),
        IF(UUID, BIT(UUID_SET))),
    ROW(80, PENDING, 0),
};

DEFINE_TABLE(exit, "how did the process end?", health_exit_facts,
             &health_node_facts[HEALTH_FACT_EXIT]);
