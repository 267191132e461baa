/*
 * durations.c - how long something took, counted in classes.
 */
#include "durations.h"

#define BOUND(us) (us),
const uint32_t duration_bounds_us[DURATION_CLASS_COUNT] = {DURATION_BOUNDS(BOUND)};
#undef BOUND

void durations_count(struct durations *durations, int64_t ns)
{
    uint64_t took_ns = ns > 0 ? (uint64_t)ns : 0;
    unsigned class = 0;

    while (class < DURATION_CLASS_COUNT && took_ns > duration_bounds_us[class] * UINT64_C(1000))
        class ++;
    durations->counts[class]++;
    durations->sum_ns += took_ns;
}
