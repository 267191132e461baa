/*
 * durations.h - how long something took, counted in classes.
 *
 * Classes and not single values, so that the memory stays the same however often it happens, and sums of
 * many nodes and monitors mean something: these are Prometheus' histograms.
 */
#ifndef HEALTHD_CLI_DURATIONS_H
#define HEALTHD_CLI_DURATIONS_H

#include <stdint.h>

/* Upper bounds of the classes, in microseconds: from a light probe on a fast network to more than any
 * sensible timeout. */
#define DURATION_BOUNDS(X) \
    X(100) \
    X(250) \
    X(500) \
    X(1000) \
    X(2500) \
    X(5000) \
    X(10000) \
    X(25000) \
    X(50000) \
    X(100000) \
    X(250000) \
    X(500000) \
    X(1000000) \
    X(2500000)
#define DURATION_CLASS_COUNT 14

extern const uint32_t duration_bounds_us[DURATION_CLASS_COUNT];

struct durations {
    uint64_t counts[DURATION_CLASS_COUNT + 1]; /* by class; the last: longer than all bounds */
    uint64_t sum_ns;
};

/* One more. One below 0 counts as 0. */
void durations_count(struct durations *durations, int64_t ns);

#endif
