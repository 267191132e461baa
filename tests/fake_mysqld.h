/*
 * fake_mysqld.h - servers that speak as much of MySQL's protocol as a probe hears, and misbehave to order.
 *
 * They stand in for what a real server cannot be made to do: be silent, drip, lie. A house of them lives in
 * one process of its own, so that it can be frozen, each on a loopback port. Test and house share memory:
 * the test sets a manner and pokes the house, which counts what it is asked.
 */
#ifndef HEALTHD_TESTS_FAKE_MYSQLD_H
#define HEALTHD_TESTS_FAKE_MYSQLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FAKE_MANNERS(X) \
    X(WELL)          /* answers as a Synced member of three */ \
    X(REFUSES)       /* does not listen; connections that stand are kept */ \
    X(BACKLOG_FULL)  /* listens and never accepts, and there is no more room */ \
    X(SILENT)        /* accepts and says nothing */ \
    X(STALLS_IN_TLS) /* greets, and is silent when asked for TLS */ \
    X(GARBAGE)       /* greets in no protocol */ \
    X(HUGE_PACKET)   /* announces 16 MB, and gives a byte each 100 ms */ \
    X(DRIPS)         /* greets with a byte each 100 ms */ \
    X(RESETS)        /* resets who connects */ \
    X(HANGS_UP)      /* accepts and closes */ \
    X(TOO_MANY)      /* error 1040 for a greeting */ \
    X(WANTS_WORD)    /* error 1045 for another password than "secret" */ \
    X(NOT_READY)     /* error 1047 for what a node that is not ready does not do */ \
    X(SHUTS_DOWN)    /* error 1053 for questions, and closes */ \
    X(DEAF)          /* answers no question */ \
    X(VIEW_HANGS)    /* answers all but SHOW STATUS */ \
    X(CLOSES_ASKED)  /* closes for an answer */ \
    X(RESETS_ASKED)  /* resets for an answer */ \
    X(GARBAGE_ASKED) /* an answer in no protocol */ \
    X(HUGE_ASKED)    /* an answer of 16 MB, a byte each 100 ms */ \
    X(FLOODS)        /* SHOW STATUS gives rows without end, as fast as they go */ \
    X(BREAKS_OFF)    /* SHOW STATUS gives a row, and error 1969 for the next */

enum fake_manner {
#define X(name) FAKE_##name,
    FAKE_MANNERS(X)
#undef X
        FAKE_MANNER_COUNT
};

struct fake_mysqld {
    uint16_t port;
    /* The test's to set, followed by fake_house_poke(). */
    _Atomic int manner;
    _Atomic int delay_ms;    /* before each answer */
    _Atomic int close_after; /* so many answers on one connection; 0: never */
    _Atomic int to_end; /* end all connections now: 1 politely, 2 by reset; set back when done */
    /* The house's to count. */
    _Atomic unsigned connections;
    _Atomic unsigned open; /* now */
    _Atomic unsigned denied;
    _Atomic unsigned quits; /* ended with a goodbye */
    _Atomic unsigned light; /* questions of each kind */
    _Atomic unsigned views;
    _Atomic unsigned unanswered; /* questions, now */
    _Atomic unsigned most_unanswered;
    _Atomic unsigned strange; /* questions that no probe should ask */
};

struct fake_house {
    struct fake_mysqld *fakes;
    unsigned count;
    pid_t pid;
    int wake_fd;
};

/* Open a house; it dies with the test. Call it while the program has one thread. */
void fake_house_open(struct fake_house *house, unsigned count);
void fake_house_close(struct fake_house *house);

/* What was set takes effect: returns when it has. */
void fake_house_poke(const struct fake_house *house);

/* Set a manner, and poke. */
void fake_behave(const struct fake_house *house, unsigned fake, enum fake_manner manner);

const char *fake_manner_name(enum fake_manner manner);

#endif
