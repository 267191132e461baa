/*
 * lag.c - how late the event loop calls us.
 */
#include "lag.h"

#define MINUTE_NS (INT64_C(60) * 1000000000)

void lag_note(struct lag *lag, int64_t now_ns, int64_t late_ns)
{
    int64_t minute = now_ns / MINUTE_NS;

    if (minute != lag->minute) {
        lag->worst_before_ns = minute == lag->minute + 1 ? lag->worst_ns : 0;
        lag->worst_ns = 0;
        lag->minute = minute;
    }
    if (late_ns > lag->worst_ns)
        lag->worst_ns = late_ns;
    durations_count(&lag->durations, late_ns);
}

int64_t lag_worst(const struct lag *lag, int64_t now_ns)
{
    int64_t minutes_ago = now_ns / MINUTE_NS - lag->minute;

    if (minutes_ago > 1)
        return 0;
    return minutes_ago == 1 || lag->worst_ns > lag->worst_before_ns ? lag->worst_ns
                                                                    : lag->worst_before_ns;
}
