/*
 * metrics_speed.c - 100 000 series in milliseconds, and no slice that holds up the loop.
 *
 * Beside them, in the same run: the same lines each by snprintf(), as a writer without care would make
 * them, and a plain copy of the bytes, which nothing can beat.
 */
#include "metrics_stage.h"

#include <healthd/observer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLUSTERS 860
#define SERIES 100000u
#define ROUNDS 9
#define SLICE_MAX_NS HEALTH_NS_PER_MS

static int64_t total_ns;
static int64_t longest_ns; /* of the slices of one page */
static unsigned slices;

static void measure(struct metrics_stage *stage, unsigned slice, size_t length, int64_t took_ns)
{
    (void)stage;
    (void)length;
    slices = slice + 1;
    total_ns += took_ns;
    if (took_ns > longest_ns)
        longest_ns = took_ns;
}

static unsigned count_series(const char *text)
{
    unsigned count = 0;
    for (; *text; text = strchr(text, '\n') + 1)
        count += *text != '#';
    return count;
}

/* Each line taken apart and made anew: name, two labels and a number. */
static int64_t by_snprintf(unsigned series, char *to, size_t size)
{
    int64_t began_ns = health_clock_ns();
    size_t length = 0;

    for (unsigned i = 0; i < series && size - length > 256; i++)
        length += (size_t)snprintf(
            to + length, size - length, "%s{cluster=\"%s\",node=\"%s\",reason=\"%s\"} %.9g\n",
            "healthd_node_probe_failures_total", "c123", "n1", "refused", (double)i);
    return health_clock_ns() - began_ns;
}

static int64_t by_copying(const char *text, size_t length, char *to)
{
    int64_t began_ns = health_clock_ns();
    memcpy(to, text, length);
    return health_clock_ns() - began_ns;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static double ms(int64_t ns)
{
    return (double)ns / (double)HEALTH_NS_PER_MS;
}

int main(void)
{
    struct metrics_stage stage;
    int64_t best_ns = INT64_MAX;
    int64_t longest_best_ns = INT64_MAX;
    int64_t printed_ns = INT64_MAX;
    int64_t copied_ns = INT64_MAX;
    size_t length = 0;
    unsigned series = 0;

    metrics_stage_begin(&stage, CLUSTERS);
    for (unsigned round = 0; round < ROUNDS; round++) {
        total_ns = longest_ns = 0;
        char *text = metrics_stage_page(&stage, true, measure);
        length = strlen(text);
        series = count_series(text);
        char *to = malloc(2 * length);
        best_ns = smaller(best_ns, total_ns);
        longest_best_ns = smaller(longest_best_ns, longest_ns);
        if (to) {
            printed_ns = smaller(printed_ns, by_snprintf(series, to, 2 * length));
            copied_ns = smaller(copied_ns, by_copying(text, length, to));
        }
        free(to);
        free(text);
    }
    metrics_stage_end(&stage);
    printf("%u series, %zu bytes, %u slices; the best of %d:\n", series, length, slices, ROUNDS);
    printf("  all of them %.2f ms, the longest slice %.3f ms\n", ms(best_ns), ms(longest_best_ns));
    printf("  snprintf for each line %.2f ms, a copy of the bytes %.2f ms\n", ms(printed_ns),
           ms(copied_ns));
    /* The best round: in another, the machine may have done something else in the middle of a slice. */
    if (series < SERIES)
        printf("FAILED: at least %u series are expected\n", SERIES);
    if (longest_best_ns > SLICE_MAX_NS)
        printf("FAILED: a slice of less than %.1f ms is expected\n", ms(SLICE_MAX_NS));
    if (best_ns > printed_ns)
        printf("FAILED: less than snprintf() takes is expected\n");
    return series < SERIES || longest_best_ns > SLICE_MAX_NS || best_ns > printed_ns;
}
