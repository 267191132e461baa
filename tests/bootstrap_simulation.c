/*
 * bootstrap_simulation.c - random clusters go down, and no advice may discard what a disk holds.
 *
 *   bootstrap_simulation [FIRST [COUNT]]
 *
 * An advice is wrong where the chosen node lacks a committed transaction that any node holds durably, seen or not,
 * configured or not, or would begin with a position that its data does not have.
 */
#include "bootstrap_world.h"

#include <stdio.h>
#include <stdlib.h>

struct totals {
    unsigned long worlds, allowed[3], refused, wrong, plain, plain_refused;
};

static void run(uint64_t seed, struct totals *totals)
{
    static struct world world;
    static struct health_case seen;
    static struct health_advice advice;
    const char *loss = NULL;
    bool plain;

    world_live(seed, &world);
    world_see(&world, &seen, &plain);
    health_advise_bootstrap(&seen, &advice);
    totals->worlds++;
    totals->plain += plain;
    if (!advice.allowed) {
        totals->refused++;
        totals->plain_refused += plain;
        if (plain)
            printf("world %llu is plainly safe, and refused\n", (unsigned long long)seed);
        return;
    }
    totals->allowed[advice.safe_case ? advice.safe_case - 'A' : 0]++;
    loss = world_loses(&world, advice.place);
    totals->wrong += loss != NULL;
    if (loss && totals->wrong <= 5)
        printf("world %llu, case %c, n%u: %s\n", (unsigned long long)seed,
               advice.safe_case ? advice.safe_case : '-', advice.place + 1, loss);
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 40000;

    for (uint64_t seed = first; seed < first + count; seed++)
        run(seed, &totals);
    printf("%lu worlds: allowed %lu (A %lu, B %lu, C %lu), refused %lu; plainly safe %lu, of these "
           "refused %lu; "
           "wrong %lu\n",
           totals.worlds, totals.allowed[0] + totals.allowed[1] + totals.allowed[2],
           totals.allowed[0], totals.allowed[1], totals.allowed[2], totals.refused, totals.plain,
           totals.plain_refused, totals.wrong);
    for (int i = 0; i < 3; i++)
        if (totals.allowed[i] * 200 < totals.worlds) {
            printf("case %c is too rare to show anything\n", 'A' + i);
            return 1;
        }
    return totals.wrong || totals.plain_refused || totals.plain * 20 < totals.worlds;
}
