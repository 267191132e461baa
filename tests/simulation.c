/*
 * simulation.c - many random worlds through the engine, each held against its own truth.
 *
 *   simulation [FIRST [COUNT]]   run the worlds of these seeds
 *   simulation --tell SEED       run one, and tell what happened (left) and what was believed (right)
 */
#include "simulation/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct totals totals = {0};

    if (argc == 3 && strcmp(argv[1], "--tell") == 0)
        return world_run(strtoull(argv[2], NULL, 10), true, &totals) ? 0 : 1;
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 200;
    double began = seconds();
    for (uint64_t seed = first; seed < first + count; seed++)
        world_run(seed, false, &totals);
    double took = seconds() - began;
    printf(
        "%llu worlds, %.1f node-hours, %llu faults, %llu observations, %.1f s: %.0f x real time; "
        "%llu failed\n",
        (unsigned long long)totals.runs, (double)totals.node_ms / 3.6e6,
        (unsigned long long)totals.faults, (unsigned long long)totals.observations, took,
        (double)totals.world_ms / 1e3 / took, (unsigned long long)totals.failures);
    if (totals.failures)
        printf("to see one: %s --tell SEED\n", argv[0]);
    return totals.failures ? 1 : 0;
}
