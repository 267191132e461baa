/*
 * test_metrics.c - metrics as text, and a page of them in slices.
 */
#include "metrics_stage.h"

#include <criterion/criterion.h>
#include <healthd/observer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_text(struct metrics_text *text, const char *expected)
{
    cr_expect_eq(text->length, strlen(expected));
    cr_expect_arr_eq(text->bytes, expected, strlen(expected), "%.*s", (int)text->length,
                     text->bytes);
    metrics_text_clear(text);
}

/* How often `part` is in `text`. */
static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

/* ---- Text ---- */

Test(metrics, heads_families_as_each_format_wants_it)
{
    struct metrics_text text = {.openmetrics = false};
    metrics_begin(&text, METRICS_COUNTER, "a", "Some.");
    metrics_whole(&text, NULL, NULL, 7);
    metrics_begin(&text, METRICS_INFO, "b", "Other.");
    metrics_whole(&text, "version", "1", 1);
    metrics_end(&text);
    expect_text(&text, "# HELP a_total Some.\n# TYPE a_total counter\na_total 7\n"
                       "# HELP b_info Other.\n# TYPE b_info gauge\nb_info{version=\"1\"} 1\n");

    text.openmetrics = true;
    metrics_begin(&text, METRICS_COUNTER, "a", "Some.");
    metrics_whole(&text, NULL, NULL, UINT64_MAX);
    metrics_begin(&text, METRICS_INFO, "b", "Other.");
    metrics_whole(&text, "version", "1", 1);
    metrics_end(&text);
    expect_text(&text, "# HELP a Some.\n# TYPE a counter\na_total 18446744073709551615\n"
                       "# HELP b Other.\n# TYPE b info\nb_info{version=\"1\"} 1\n# EOF\n");
}

Test(metrics, escapes_labels)
{
    struct metrics_text text = {.openmetrics = true};
    metrics_begin(&text, METRICS_GAUGE, "a", "Some.");
    metrics_label(&text, "cluster", "a\"b\\c\nd");
    metrics_label(&text, "node", "");
    metrics_whole(&text, "reason", "none", 0);
    expect_text(&text, "# HELP a Some.\n# TYPE a gauge\n"
                       "a{cluster=\"a\\\"b\\\\c\\nd\",node=\"\",reason=\"none\"} 0\n");
}

static void expect_seconds(int64_t ns, const char *expected)
{
    struct metrics_text text = {.openmetrics = true};
    char line[64];

    metrics_begin(&text, METRICS_GAUGE, "a", "");
    text.length = 0;
    metrics_seconds(&text, NULL, NULL, ns);
    snprintf(line, sizeof line, "a %s\n", expected);
    expect_text(&text, line);
}

Test(metrics, writes_seconds_exactly)
{
    expect_seconds(0, "0.0");
    expect_seconds(-5, "0.0");
    expect_seconds(1, "0.000000001");
    expect_seconds(2500000000, "2.5");
    expect_seconds(INT64_C(1764097925123456789), "1764097925.123456789");
    expect_seconds(INT64_MAX, "9223372036.854775807");
}

static const char *letter(unsigned state)
{
    static const char *const letters[] = {"x", "y", "z"};
    return letters[state];
}

Test(metrics, calls_the_label_of_a_state_set_like_the_family)
{
    struct metrics_text text = {.openmetrics = true};
    metrics_begin(&text, METRICS_STATESET, "a", "Some.");
    metrics_label(&text, "node", "n1");
    text.length = 0;
    metrics_states(&text, letter, 3, 1u << 0 | 1u << 2);
    expect_text(&text, "a{node=\"n1\",a=\"x\"} 1\na{node=\"n1\",a=\"y\"} 0\n"
                       "a{node=\"n1\",a=\"z\"} 1\n");
}

Test(metrics, adds_up_the_classes_of_a_histogram)
{
    struct metrics_text text = {.openmetrics = false};
    struct durations durations = {.sum_ns = 0};
    durations_count(&durations, 100000); /* the bound belongs to its class */
    durations_count(&durations, 100001);
    durations_count(&durations, 1000000000);
    durations_count(&durations, 3000000000);
    durations_count(&durations, -1);
    metrics_begin(&text, METRICS_HISTOGRAM, "a", "Some.");
    metrics_histogram(&text, &durations);
    text.bytes[text.length - 1] = '\0';
    cr_expect_not_null(strstr(text.bytes, "a_bucket{le=\"0.0001\"} 2\na_bucket{le=\"0.00025\"} 3"));
    cr_expect_not_null(strstr(text.bytes, "a_bucket{le=\"1.0\"} 4\na_bucket{le=\"2.5\"} 4\n"
                                          "a_bucket{le=\"+Inf\"} 5\na_count 5\n"
                                          "a_sum 4.000200001"));
    metrics_text_clear(&text);
}

/* ---- How late the loop is ---- */

Test(metrics, forgets_the_worst_lag_after_the_next_minute)
{
    const int64_t minute = 60 * HEALTH_NS_PER_S;
    struct lag lag = {.minute = 0};

    cr_expect_eq(lag_worst(&lag, 0), 0);
    lag_note(&lag, 10 * minute, 7000);
    lag_note(&lag, 10 * minute + 1, 3000);
    cr_expect_eq(lag_worst(&lag, 10 * minute + 2), 7000);
    cr_expect_eq(lag_worst(&lag, 11 * minute), 7000);
    lag_note(&lag, 11 * minute, 5000);
    cr_expect_eq(lag_worst(&lag, 11 * minute), 7000);
    cr_expect_eq(lag_worst(&lag, 12 * minute), 5000);
    cr_expect_eq(lag_worst(&lag, 13 * minute), 0);
    lag_note(&lag, 14 * minute, 1000);
    cr_expect_eq(lag_worst(&lag, 14 * minute), 1000);
    cr_expect_eq(lag.durations.counts[0], 4);
}

/* ---- A page ---- */

Test(metrics, tells_what_is_true_of_each_node)
{
    struct metrics_stage stage;
    metrics_stage_begin(&stage, 2);
    metrics_stage_failure(&stage, 4, HEALTH_PROBE_TIMEOUT);
    stage.reload.good = false;
    char *text = metrics_stage_page(&stage, false, NULL);

    cr_expect_eq(count_of(text, "\nhealthd_node_state{"), 30);
    cr_expect_eq(count_of(text, "\nhealthd_cluster_colour{"), 8);
    cr_expect_not_null(strstr(
        text, "\nhealthd_node_state{cluster=\"c1\",node=\"n2\",healthd_node_state=\"unknown\"} 1\n"
              "healthd_node_state{cluster=\"c1\",node=\"n2\",healthd_node_state=\"green\"} 0\n"));
    cr_expect_not_null(strstr(
        text,
        "\nhealthd_node_probe_failures_total{cluster=\"c1\",node=\"n2\",reason=\"timeout\"} 1\n"));
    cr_expect_eq(count_of(text, "reason=\"timeout\"} 0\n"), 5);
    cr_expect_not_null(strstr(text, "\nhealthd_node_probe_duration_seconds_bucket{cluster=\"c0\","
                                    "node=\"n1\",le=\"0.001\"} 1\n"));
    cr_expect_eq(count_of(text, "\nhealthd_node_probe_age_seconds{"), 6);
    cr_expect_eq(count_of(text, "\nhealthd_node_agent_age_seconds{"), 0, "no agent ever spoke");
    cr_expect_eq(count_of(text, "\nhealthd_cluster_can_lose_members{"), 0, "it is not known");
    cr_expect_not_null(strstr(text, "\nhealthd_config_last_reload_successful 0\n"));
    cr_expect_not_null(strstr(text, "_reload_success_timestamp_seconds 1.5\n"));
    cr_expect_not_null(strstr(text, "\nhealthd_http_requests_total 5\n"));
    cr_expect_not_null(strstr(text, "\nhealthd_queue_length{reader=\"stdout\"} "));
    cr_expect_null(strstr(text, "reader=\"redis\""));
    free(text);
    metrics_stage_end(&stage);
}

/* Does each family's name head one run of lines only? */
static void expect_contiguous(const char *text)
{
    char seen[128][64];
    unsigned count = 0;

    for (const char *line = text; (line = strstr(line, "# TYPE ")); line++) {
        cr_assert_lt(count, 128);
        cr_assert_eq(sscanf(line, "# TYPE %63s", seen[count]), 1);
        for (unsigned i = 0; i < count; i++)
            cr_expect_str_neq(seen[i], seen[count], "%s begins twice", seen[i]);
        count++;
    }
    cr_expect_gt(count, 40);
}

/* How many samples of a family are there with labels that another has too? */
static unsigned doubles(const char *text, const char *family)
{
    static const char *samples[4096];
    unsigned count = 0;
    unsigned twice = 0;

    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, family, strlen(family)) == 0 && count < 4096)
            samples[count++] = line;
    cr_assert_geq(count, 3 * 149);
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = i + 1; k < count; k++)
            twice += strncmp(samples[i], samples[k], strcspn(samples[i], "}") + 1) == 0;
    return twice;
}

static void renew_one(struct metrics_stage *stage, unsigned slice, size_t length, int64_t took_ns)
{
    const struct roster_cluster *home = &stage->roster.clusters[slice];
    (void)length;
    (void)took_ns;

    for (uint32_t i = 0; i < 2 && slice < 40 && home->count; i++) {
        uint32_t node = home->nodes[0];
        uint32_t again;
        cr_assert_eq(health_node_remove(stage->engine, health_clock_ns(), node), HEALTH_OK);
        char name[DIRECTORY_NAME_MAX];
        snprintf(name, sizeof name, "%s", roster_node_name(&stage->roster, node));
        roster_remove_node(&stage->roster, node, 0);
        cr_assert_eq(health_node_add(stage->engine, health_clock_ns(), slice, &again), HEALTH_OK);
        roster_add_node(&stage->roster, slice, again, name);
    }
}

Test(metrics, tells_each_family_at_one_place_and_no_node_twice_whoever_comes_and_goes)
{
    struct metrics_stage stage;
    metrics_stage_begin(&stage, 150);
    char *text = metrics_stage_page(&stage, true, renew_one);

    expect_contiguous(text);
    cr_expect_eq(doubles(text, "healthd_node_state{"), 0);
    cr_expect_eq(doubles(text, "healthd_node_probe_age_seconds{"), 0);
    cr_expect_str_eq(text + strlen(text) - 6, "# EOF\n");
    cr_expect_eq(count_of(text, "# EOF\n"), 1);
    free(text);
    metrics_stage_end(&stage);
}
