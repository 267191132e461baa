/*
 * perturbation.h - what may go wrong between what happened and what a monitor sees of it.
 *
 * A perturbation is a row of ingredients, all of which are applied to a recording.
 */
#ifndef HEALTHD_TESTS_PERTURBATION_H
#define HEALTHD_TESTS_PERTURBATION_H

#include "recording.h"

/* Witnesses, as bits. */
enum {
    PROBES = 1 << HEALTH_WITNESS_PROBE,
    BEATS = 1 << HEALTH_WITNESS_AGENT,
    LINKS = 1 << HEALTH_WITNESS_LINK
};

enum pause_kind {
    NO_PAUSE,
    PAUSE_LOSES, /* the monitor is stopped for 2 to 10 s, and what came meanwhile is lost
                  (but the end of a connection, which the kernel keeps), */
    PAUSE_FINDS, /* ... or is found when it goes on */
};

struct perturbation {
    const char *name;
    int64_t explains_ms; /* longest wrong stretch it explains, over all nodes of one expectation */
    unsigned without;    /* witnesses that are not there at all */
    unsigned loses;      /* witnesses of whose observations 10 to 30 % are lost */
    uint32_t thin_ms;    /* probes come at most so often, from a random moment on; 0: as recorded */
    bool silently;       /* ... and the header does not say so */
    bool doubles;        /* some observations come twice */
    bool delays;         /* some are held up by as much as 300 ms, also past each other */
    bool reorders;       /* neighbours in time come in the other order */
    bool begins_late;    /* the monitor starts in the middle */
    uint8_t pause;       /* enum pause_kind */
};

/* Is anything in it left to chance? */
bool perturbation_is_random(const struct perturbation *perturbation);

void perturbation_apply(const struct perturbation *perturbation, struct recording *recording,
                        uint64_t *seed);

#endif
