/*
 * measure.c - see measure.h.
 */
#include "measure.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

struct measure_options measure_options;

/* The table that figures are printed under. */
static const char *heading = "";

int64_t measure_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double rank(const struct samples *samples, size_t index)
{
    double sorted[RUNS];
    memcpy(sorted, samples->ns, sizeof sorted);
    qsort(sorted, RUNS, sizeof *sorted, compare_doubles);
    return sorted[index];
}

double samples_min(const struct samples *samples)
{
    return rank(samples, 0);
}

double samples_median(const struct samples *samples)
{
    return rank(samples, RUNS / 2);
}

double samples_max(const struct samples *samples)
{
    return rank(samples, RUNS - 1);
}

double samples_spread(const struct samples *samples)
{
    return (samples_max(samples) - samples_min(samples)) / samples_median(samples);
}

static void read_processor(char *ret_model, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(ret_model, size, "unknown processor");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            snprintf(ret_model, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"),
                     strchr(line, ':') + 2);
            break;
        }
    if (file)
        fclose(file);
}

void measure_print_machine(void)
{
    char model[200];
    struct utsname name;
    double load[1] = {-1};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    read_processor(model, sizeof model);
    if (uname(&name) != 0)
        strcpy(name.release, "unknown");
    (void)getloadavg(load, 1);
    if (measure_options.json) {
        printf("{\"processor\":\"%s\",\"processors\":%ld,\"kernel\":\"%s\",\"load\":%.2f,"
               "\"compiler\":\"%s\",\"runs\":%d,\"quick\":%s}\n",
               model, processors, name.release, load[0], __VERSION__, RUNS,
               measure_options.quick ? "true" : "false");
        return;
    }
    printf("%s, %ld processors, Linux %s, load %.2f, compiler %s\n"
           "ns for one operation: minimum, median and maximum of %d runs\n",
           model, processors, name.release, load[0], __VERSION__, RUNS);
    if (load[0] > 0.5)
        puts("the machine has other things to do: expect spread");
}

void measure_heading(const char *title)
{
    heading = title;
    if (!measure_options.json)
        printf("\n%s\n  %-34s %9s %9s %9s %9s %7s\n", title, "", "size", "min", "median", "max",
               "spread");
}

static bool shaky(const struct samples *samples)
{
    return samples_spread(samples) > 0.1;
}

static void print_json(const char *name, uint64_t size, const struct samples *samples,
                       const struct samples *reference)
{
    printf("{\"table\":\"%s\",\"name\":\"%s\",\"size\":%" PRIu64
           ",\"min_ns\":%.3f,\"median_ns\":%.3f,\"max_ns\":%.3f,\"spread\":%.3f",
           heading, name, size, samples_min(samples), samples_median(samples), samples_max(samples),
           samples_spread(samples));
    if (reference)
        printf(",\"multiple\":%.2f,\"multiple_shaky\":%s",
               samples_median(samples) / samples_median(reference),
               shaky(samples) || shaky(reference) ? "true" : "false");
    puts("}");
}

void measure_print(const char *name, uint64_t size, const struct samples *samples,
                   const struct samples *reference, const char *goal)
{
    if (measure_options.json) {
        print_json(name, size, samples, reference);
        return;
    }
    printf("  %-34s %9" PRIu64 " %9.2f %9.2f %9.2f %s%4.0f %%", name, size, samples_min(samples),
           samples_median(samples), samples_max(samples), shaky(samples) ? "~" : " ",
           100 * samples_spread(samples));
    if (reference)
        printf("  %s%.1fx", shaky(samples) || shaky(reference) ? "~" : "",
               samples_median(samples) / samples_median(reference));
    if (goal)
        printf("  (goal %s)", goal);
    puts("");
}

void measure_print_value(const char *name, uint64_t size, double value, const char *unit,
                         const char *goal)
{
    if (measure_options.json)
        printf("{\"table\":\"%s\",\"name\":\"%s\",\"size\":%" PRIu64
               ",\"value\":%.3f,\"unit\":\"%s\"}\n",
               heading, name, size, value, unit);
    else
        printf("  %-34s %9" PRIu64 " %9.2f %s%s%s%s\n", name, size, value, unit,
               goal ? "  (goal " : "", goal ? goal : "", goal ? ")" : "");
}

void measure_pin(unsigned processor)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    (void)sched_setaffinity(0, sizeof set, &set); /* refused: the figures will show it by spread */
}

uint64_t measure_random(uint64_t *seed)
{
    uint64_t mixed = *seed += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

uint32_t *measure_random_order(uint32_t count, uint64_t seed)
{
    uint32_t *order = measure_alloc(count * sizeof *order);
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        uint32_t k = (uint32_t)(measure_random(&seed) % i);
        uint32_t swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
    return order;
}

void *measure_alloc(size_t bytes)
{
    void *memory = calloc(1, bytes);
    measure_check(memory != NULL, "memory");
    return memory;
}

void measure_check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "healthd-bench: a check inside the run failed: %s\n", what);
    exit(1);
}
