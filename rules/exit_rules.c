/*
 * exit_rules.c - how did the process end, as far as one heartbeat tells?
 *
 * A clean exit is exit code 0 *and* a saved position with a real UUID *and* no gvwstate.dat *and* no
 * state-transfer marker; any contradiction makes it unclean. A saved position alone is no proof: a
 * paused provider (FLUSH TABLES WITH READ LOCK, a backup) writes it while running.
 * Source: galera/src/saved_state.cpp (mark_unsafe, mark_corrupt), gcomm/src/pc.cpp (gvwstate.dat).
 */
#include "tables.h"

#define ENDED(value) BIT(HEALTH_ENDED_##value)
#define SEQNO(value) BIT(HEALTH_SEQNO_##value)
#define UUID(value) BIT(HEALTH_UUID_##value)
#define PRESENT BIT(HEALTH_ANSWER_YES)

#define IF(fact, values) [HEALTH_EXITS_##fact] = ALLOW(values)
#define ROW(id, answer, ...) \
    { \
        (id), HEALTH_EXIT_FACT_##answer, HEALTH_REASON_NONE, \
        { \
            __VA_ARGS__ \
        } \
    }

static const struct health_rule exit_rules[] = {
    ROW(10, SIGNAL, IF(ENDED, ENDED(SIGNAL))),
    ROW(20, FAILED, IF(ENDED, ENDED(CODE_OTHER))),
    ROW(30, UNSAFE, IF(UUID, UUID(ZERO))),
    ROW(40, UNSAFE, IF(SEQNO, SEQNO(UNDEFINED))),
    ROW(50, UNSAFE, IF(GVWSTATE, PRESENT)),
    ROW(60, UNSAFE, IF(SST, PRESENT)),
    ROW(70, CLEAN, IF(ENDED, ENDED(CODE_0)), IF(SEQNO, SEQNO(SAVED)), IF(UUID, UUID(SET))),
    ROW(80, PENDING, 0),
};

DEFINE_TABLE(exit, "how did the process end?", health_exit_facts,
             &health_node_facts[HEALTH_FACT_EXIT]);
