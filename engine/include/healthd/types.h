/*
 * healthd/types.h - the vocabulary every part of healthd shares.
 *
 * Five words: an *observation* is one thing seen by one *witness*; the engine keeps the latest of each
 * as *testimony*; the rules turn testimony into answers to three *questions* (is mysqld running? is it
 * a member of the Primary component? did it exit gracefully?); the answers add up to a node's *state*,
 * the states to a cluster's *colour*.
 *
 * Every name that people see (in JSON, logs, metrics) is made here from one list, so that an enum and
 * its text cannot drift apart. Names are part of the interface and keep their meaning.
 *
 * Time is int64_t nanoseconds of a monotonic clock wherever a name ends in _ns.
 */
#ifndef HEALTHD_TYPES_H
#define HEALTHD_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HEALTH_API __attribute__((visibility("default")))
#else
#define HEALTH_API
#endif

#define HEALTH_NS_PER_US INT64_C(1000)
#define HEALTH_NS_PER_MS INT64_C(1000000)
#define HEALTH_NS_PER_S INT64_C(1000000000)

/* "No deadline": later than any time. */
#define HEALTH_NEVER_NS INT64_MAX

/* The most nodes one cluster may have. Galera's own practice is 3 to 9; the limit bounds the work of
 * judging one cluster, so that the cost of an observation has a ceiling. */
#define HEALTH_CLUSTER_NODES_MAX 32

/* "Not a node": what name look-ups give for a stranger. */
#define HEALTH_NODE_NONE UINT32_MAX

/* Galera's "no configuration": the unsigned reading of -1 (wsrep_cluster_conf_id outside a Primary
 * component). */
#define HEALTH_CONF_NONE UINT64_MAX

/* Answer to one of the three questions. */
#define HEALTH_ANSWERS(X) \
    X(NOT_KNOWN, "not known") \
    X(YES, "yes") \
    X(NO, "no")

enum health_answer {
#define X(id, text) HEALTH_ANSWER_##id,
    HEALTH_ANSWERS(X)
#undef X
        HEALTH_ANSWER_COUNT
};

/* What healthd believes of a node. */
#define HEALTH_STATES(X) \
    X(UNKNOWN, "unknown") \
    X(GREEN, "green") \
    X(YELLOW, "yellow") \
    X(RED_CLEAN, "red-clean") \
    X(RED_UNCLEAN, "red-unclean")

enum health_state {
#define X(id, text) HEALTH_STATE_##id,
    HEALTH_STATES(X)
#undef X
        HEALTH_STATE_COUNT
};

/* What the states of a cluster's nodes add up to. */
#define HEALTH_COLOURS(X) \
    X(UNKNOWN, "unknown") \
    X(GREEN, "green") \
    X(YELLOW, "yellow") \
    X(RED, "red")

enum health_colour {
#define X(id, text) HEALTH_COLOUR_##id,
    HEALTH_COLOURS(X)
#undef X
        HEALTH_COLOUR_COUNT
};

/* Who saw it. Peers are a witness too, but they speak through the views that probes carry. */
#define HEALTH_WITNESSES(X) \
    X(PROBE, "probe") \
    X(LINK, "link") \
    X(AGENT, "agent")

enum health_witness {
#define X(id, text) HEALTH_WITNESS_##id,
    HEALTH_WITNESSES(X)
#undef X
        HEALTH_WITNESS_COUNT
};

/* What a function that can fail returns. On an error nothing has changed. */
#define HEALTH_ERRORS(X) \
    X(OK, 0, "success") \
    X(EINVAL, -1, "an argument is outside its range") \
    X(ENOMEM, -2, "the one allocation at creation failed") \
    X(ELIMIT, -3, "the capacity given at creation is used up") \
    X(ENOENT, -4, "no such node or cluster") \
    X(ETIME, -5, "the clock went back")

enum health_error {
#define X(id, value, text) HEALTH_##id = (value),
    HEALTH_ERRORS(X)
#undef X
};

/*
 * Give the stable text of an enumerated value. Never NULL: a value outside its enum gives "?".
 * The texts are static; any thread may call.
 */
HEALTH_API const char *health_answer_name(enum health_answer answer);
HEALTH_API const char *health_state_name(enum health_state state);
HEALTH_API const char *health_colour_name(enum health_colour colour);
HEALTH_API const char *health_witness_name(enum health_witness witness);
HEALTH_API const char *health_error_text(enum health_error error);

#endif
