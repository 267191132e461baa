/*
 * measure.h - how every benchmark here measures.
 *
 * A figure is the time of a whole batch divided by its operations: reading the clock costs more than
 * most operations. Each figure is taken RUNS times, ours and the baselines' in turn, so that what the
 * machine does meanwhile hits both; minimum, median, maximum and the spread between minimum and maximum
 * are printed. Multiples are of medians of one run of the program; absolute times hold for one machine.
 */
#ifndef HEALTHD_BENCH_MEASURE_H
#define HEALTHD_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNS 5

/* One subcommand of healthd-bench. Gives 0, or 1 when a check inside the run failed. */
struct bench {
    const char *name;
    const char *about;
    int (*run)(void);
};

extern const struct bench bench_engine, bench_queue, bench_deadline, bench_probe;

/* What the caller asked for. */
struct measure_options {
    bool quick; /* fewer operations: a smoke test, not a figure */
    bool json;
};

extern struct measure_options measure_options;

struct samples {
    double ns[RUNS]; /* each run's time for one operation */
};

/* CLOCK_MONOTONIC. */
int64_t measure_now_ns(void);

double samples_min(const struct samples *samples);
double samples_median(const struct samples *samples);
double samples_max(const struct samples *samples);

/* The distance from minimum to maximum, as a part of the median. */
double samples_spread(const struct samples *samples);

/* Print what the figures were taken on: processor, kernel, load. */
void measure_print_machine(void);

/* Start a table of figures; in JSON the title goes with each figure. */
void measure_heading(const char *title);

/* Print one figure. `reference` is NULL, or what this figure is a multiple of; `goal` is NULL, or words.
 * A "~" stands before a spread above 10 %, and before a multiple of or by such a figure. */
void measure_print(const char *name, uint64_t size, const struct samples *samples,
                   const struct samples *reference, const char *goal);

/* Print a plain number that is no time. */
void measure_print_value(const char *name, uint64_t size, double value, const char *unit,
                         const char *goal);

/* Pin the calling thread to one processor, where there is one of that number. */
void measure_pin(unsigned processor);

/* Seeded random numbers, and a random order of 0..count-1 (the caller frees it). */
uint64_t measure_random(uint64_t *seed);
uint32_t *measure_random_order(uint32_t count, uint64_t seed);

/* Memory that does not come, or a check that fails, ends the program with a message. */
void *measure_alloc(size_t bytes) __attribute__((returns_nonnull));
void measure_check(bool holds, const char *what);

#endif
