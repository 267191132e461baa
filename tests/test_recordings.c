/*
 * test_recordings.c - real faults on a real cluster, and what was true.
 */
#include "recording.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static void print_broken(void *context, const struct broken *broken)
{
    cr_log_error("%s: %s is %s for %lld ms in the part from %lld us", (const char *)context,
                 broken->expectation->subject, broken->state, (long long)(broken->lasted_us / 1000),
                 (long long)broken->expectation->from_us);
}

Test(recordings, break_no_expectation_and_change_nothing_without_cause)
{
    for (size_t i = 0; recording_names[i]; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s", recording_names[i]);
        struct recording recording = recording_load(name);
        struct expectations truth = recording_truth(name);
        struct transcript said = recording_replay(&recording, 0);
        struct score score = expectations_score(&truth, &said.changes, print_broken, name);

        cr_expect_gt(truth.count, 0);
        cr_expect_gt(said.changes.count, 0);
        cr_expect_eq(score.broken, 0, "%s: %zu broken", name, score.broken);
        cr_expect_eq(score.flaps, 0, "%s: %u changes that nothing explains", name, score.flaps);
        transcript_free(&said);
        expectations_clear(&truth);
        recording_free(&recording);
    }
}
