/*
 * healthd-bench - how fast the engine, the queue, the deadlines and the probes are, beside baselines in the
 * same run.
 */
#include "measure.h"

#include <stdio.h>
#include <string.h>

static const struct bench *const benches[] = {&bench_engine, &bench_queue, &bench_deadline,
                                              &bench_probe};

#define BENCH_COUNT (sizeof benches / sizeof *benches)

static int help(FILE *stream)
{
    fputs("usage: healthd-bench [NAME...] [--quick] [--json]\n\n", stream);
    for (size_t i = 0; i < BENCH_COUNT; i++)
        fprintf(stream, "  %-9s %s\n", benches[i]->name, benches[i]->about);
    fputs("\nWithout a name all are run.\n"
          "  --quick  fewer operations: does it work, not how fast is it\n"
          "  --json   one JSON object for each figure\n",
          stream);
    return stream == stdout ? 0 : 2;
}

static const struct bench *find(const char *name)
{
    for (size_t i = 0; i < BENCH_COUNT; i++)
        if (strcmp(benches[i]->name, name) == 0)
            return benches[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct bench *chosen[BENCH_COUNT];
    size_t count = 0;
    int failed = 0;

    for (int i = 1; i < argc; i++) {
        const struct bench *bench = find(argv[i]);
        if (strcmp(argv[i], "--help") == 0)
            return help(stdout);
        if (strcmp(argv[i], "--quick") == 0)
            measure_options.quick = true;
        else if (strcmp(argv[i], "--json") == 0)
            measure_options.json = true;
        else if (bench && count < BENCH_COUNT)
            chosen[count++] = bench;
        else
            return fprintf(stderr, "healthd-bench: \"%s\" is no benchmark\n\n", argv[i]),
                   help(stderr);
    }
    if (count == 0)
        for (; count < BENCH_COUNT; count++)
            chosen[count] = benches[count];
    setvbuf(stdout, NULL, _IOLBF, 0); /* each figure as it comes, also into a pipe */
    measure_print_machine();
    for (size_t i = 0; i < count; i++)
        failed |= chosen[i]->run();
    return failed;
}
