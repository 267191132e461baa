/*
 * lag.h - how late the event loop calls us.
 *
 * Measured with the timer that the engine's deadlines are kept by, because that is the lateness that
 * counts: it holds whatever ran before on the loop, what is served over HTTP too. The engine wants to be
 * called at least every 250 ms (limits: pulse), so it is measured that often.
 */
#ifndef HEALTHD_CLI_LAG_H
#define HEALTHD_CLI_LAG_H

#include "durations.h"

struct lag {
    struct durations durations;
    int64_t minute;          /* of the monotonic clock */
    int64_t worst_ns;        /* in it */
    int64_t worst_before_ns; /* in the one before */
};

/* At `now_ns` we were called `late_ns` after the time we had asked for. */
void lag_note(struct lag *lag, int64_t now_ns, int64_t late_ns);

/* The worst in the current minute and the one before. */
int64_t lag_worst(const struct lag *lag, int64_t now_ns);

#endif
