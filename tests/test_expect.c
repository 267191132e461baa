/*
 * test_expect.c - comparing a replay with what was true.
 */
#include "expect.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

/* n1 is green from 1 s on, dead from 5 s on (known within 500 ms, unknown meanwhile), to 10 s. */
static const char truth_text[] =
    "{\"subject\":\"n1\",\"from_us\":1000000,\"within_ms\":1000,\"must\":[\"green\"],\"meanwhile\":"
    "[]}\n"
    "{\"subject\":\"n1\",\"from_us\":5000000,\"within_ms\":500,\"must\":[\"red-unclean\"],"
    "\"meanwhile\":[\"unknown\"]}\n"
    "{\"end_us\":10000000}\n";

static bool read_text(const char *text, struct expectations *truth)
{
    char path[SCRATCH_SIZE];

    scratch_file(path, "expect", text, strlen(text));
    bool good = expectations_read(path, truth);
    unlink(path);
    return good;
}

struct told {
    const char *state;
    int64_t at_us;
};

/* Score a story of one node; the longest wrong stretch goes to *ret_wrong_us. */
static struct score score_story(const struct told *story, size_t count)
{
    struct expectations truth;
    struct changes changes = {NULL, 0, 0};
    cr_assert(read_text(truth_text, &truth));
    for (size_t i = 0; i < count; i++)
        changes_add(&changes, "n1", story[i].state, story[i].at_us);
    struct score score = expectations_score(&truth, &changes, NULL, NULL);
    changes_clear(&changes);
    expectations_clear(&truth);
    return score;
}

#define SCORE(...) \
    score_story((const struct told[]){__VA_ARGS__}, \
                sizeof((const struct told[]){__VA_ARGS__}) / sizeof(struct told))

Test(expect, a_true_story_breaks_nothing)
{
    struct score score = SCORE({"green", 1500000}, {"unknown", 5100000}, {"red-unclean", 5400000});
    cr_expect_eq(score.broken, 0);
    cr_expect_eq(score.wrong_us, 0);
    cr_expect_eq(score.flaps, 0);
}

Test(expect, before_its_first_change_a_subject_is_unknown_and_then_late)
{
    struct score score = SCORE({"green", 2300000}, {"red-unclean", 5000000});
    cr_expect_eq(score.broken, 1);
    cr_expect_eq(score.wrong_us, 300000);
}

Test(expect, a_state_outside_what_is_allowed_is_wrong_from_its_beginning)
{
    struct score score =
        SCORE({"green", 1000000}, {"red-clean", 5200000}, {"red-unclean", 5300000});
    cr_expect_eq(score.broken, 1);
    cr_expect_eq(score.wrong_us, 100000);
}

Test(expect, the_former_state_is_allowed_only_within_the_bound)
{
    struct score score = SCORE({"green", 1000000}, {"red-unclean", 6000000});
    cr_expect_eq(score.broken, 1);
    cr_expect_eq(score.wrong_us, 500000);
}

Test(expect, a_lie_before_the_event_is_wrong)
{
    struct score score = SCORE({"green", 1000000}, {"red-unclean", 4900000});
    cr_expect_eq(score.broken, 1);
    cr_expect_eq(score.wrong_us, 100000);
}

Test(expect, of_two_changes_at_one_time_the_last_counts)
{
    struct score score = SCORE({"yellow", 1000000}, {"green", 1000000}, {"red-unclean", 5000000});
    cr_expect_eq(score.broken, 0);
}

Test(expect, changes_that_nothing_explains_are_counted)
{
    struct score score = SCORE({"green", 1000000}, {"unknown", 1100000}, {"green", 1200000},
                               {"unknown", 1300000}, {"green", 1400000}, {"red-unclean", 5000000});
    cr_expect_gt(score.flaps, 2);
}

Test(expect, what_happens_after_the_end_does_not_count)
{
    struct score score = SCORE({"green", 1000000}, {"red-unclean", 5000000}, {"green", 10000000});
    cr_expect_eq(score.broken, 0);
}

Test(expect, files_that_are_no_expectations_are_refused)
{
    static const char *const texts[] = {
        "", "nonsense\n", "{\"subject\":\"n1\"}\n{\"end_us\":1}\n",
        "{\"subject\":\"n1\",\"from_us\":1,\"within_ms\":1,\"must\":[]}\n{\"end_us\":1}\n",
        "{\"subject\":\"n1\",\"from_us\":1,\"within_ms\":1,\"must\":[\"green\"]}\n"};
    struct expectations truth;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(read_text(texts[i], &truth), "%s", texts[i]);
}
