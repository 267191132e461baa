/*
 * test_queue.c - the reporting queue's promises, one at a time.
 */
#include <healthd/queue.h>

#include <criterion/criterion.h>
#include <signal.h>

/* ---- One promise at a time; each holds whether the queue is made for one thread or for two ---- */

static struct health_queue *queue_of(uint32_t subjects, uint32_t capacity, int two_threads)
{
    struct health_queue_options options = {
        .subjects = subjects, .capacity = capacity, .epoch = 7, .two_threads = two_threads};
    struct health_queue *queue = NULL;
    cr_assert_eq(health_queue_create(&options, &queue), HEALTH_OK);
    return queue;
}

static void push(struct health_queue *queue, uint32_t subject, uint32_t version, uint8_t state)
{
    struct health_report report = {.subject = subject, .version = version, .state = state};
    health_queue_push(queue, &report);
}

/* Pop and check: subject, version, missed, from. */
static void expect_pop(struct health_queue *queue, uint32_t subject, uint32_t version,
                       uint32_t missed, uint8_t from)
{
    struct health_report report;
    cr_assert(health_queue_pop(queue, &report));
    cr_expect_eq(report.subject, subject, "subject %u, not %u", report.subject, subject);
    cr_expect_eq(report.version, version, "version %u, not %u", report.version, version);
    cr_expect_eq(report.missed, missed, "missed %u, not %u", report.missed, missed);
    cr_expect_eq(report.from, from, "from %u, not %u", report.from, from);
}

static void expect_empty(struct health_queue *queue)
{
    struct health_report report = {.version = 99};
    cr_expect_not(health_queue_pop(queue, &report));
    cr_expect_eq(report.version, 99, "a pop that gives nothing must not touch the report");
    cr_expect_eq(health_queue_length(queue), 0);
}

Test(queue, keeps_a_subjects_place_in_line_and_gives_its_newest_report)
{
    for (int two_threads = 0; two_threads <= 1; two_threads++) {
        struct health_queue *queue = queue_of(3, 3, two_threads);
        push(queue, 2, 1, HEALTH_STATE_GREEN);
        push(queue, 0, 1, HEALTH_STATE_GREEN);
        push(queue, 2, 2, HEALTH_STATE_YELLOW);
        push(queue, 2, 3, HEALTH_STATE_RED_CLEAN);
        cr_expect_eq(health_queue_length(queue), 2);
        expect_pop(queue, 2, 3, 2, HEALTH_STATE_UNKNOWN);
        push(queue, 2, 4, HEALTH_STATE_GREEN);
        expect_pop(queue, 0, 1, 0, HEALTH_STATE_UNKNOWN);
        expect_pop(queue, 2, 4, 0, HEALTH_STATE_RED_CLEAN);
        expect_empty(queue);
        health_queue_destroy(queue);
    }
}

Test(queue, drops_the_oldest_when_full_and_gives_it_once_there_is_room)
{
    for (int two_threads = 0; two_threads <= 1; two_threads++) {
        struct health_queue_counters counters;
        struct health_queue *queue = queue_of(4, 2, two_threads);
        for (uint32_t subject = 0; subject < 4; subject++)
            push(queue, subject, 1, HEALTH_STATE_GREEN);
        cr_expect_eq(health_queue_length(queue), 2);
        health_queue_counters(queue, &counters);
        cr_expect_eq(counters.dropped, 2);
        cr_expect_eq(counters.coalesced, 0);
        expect_pop(queue, 2, 1, 0, HEALTH_STATE_UNKNOWN);
        expect_pop(queue, 3, 1, 0, HEALTH_STATE_UNKNOWN);
        expect_pop(queue, 0, 1, 0, HEALTH_STATE_UNKNOWN);
        expect_pop(queue, 1, 1, 0, HEALTH_STATE_UNKNOWN);
        expect_empty(queue);
        cr_expect_eq(health_queue_owed(queue), 0);
        health_queue_destroy(queue);
    }
}

Test(queue, gives_the_room_that_a_pop_makes_to_what_is_owed)
{
    struct health_queue *queue = queue_of(4, 2, false);
    for (uint32_t subject = 0; subject < 4; subject++)
        push(queue, subject, 1, HEALTH_STATE_GREEN);
    expect_pop(queue, 2, 1, 0, HEALTH_STATE_UNKNOWN);
    cr_expect_eq(health_queue_length(queue), 2, "0 stands in line again");
    push(queue, 0, 2, HEALTH_STATE_YELLOW); /* so this replaces it, and needs no room */
    expect_pop(queue, 3, 1, 0, HEALTH_STATE_UNKNOWN);
    expect_pop(queue, 0, 2, 1, HEALTH_STATE_UNKNOWN);
    expect_pop(queue, 1, 1, 0, HEALTH_STATE_UNKNOWN);
    expect_empty(queue);
    health_queue_destroy(queue);
}

Test(queue, owes_a_subject_nothing_more_once_a_newer_report_stands_in_line)
{
    for (int two_threads = 0; two_threads <= 1; two_threads++) {
        struct health_queue *queue = queue_of(3, 1, two_threads);
        push(queue, 0, 1, HEALTH_STATE_GREEN);
        push(queue, 1, 1, HEALTH_STATE_GREEN); /* drops 0 */
        cr_expect_eq(health_queue_owed(queue), 1);
        push(queue, 0, 2, HEALTH_STATE_YELLOW); /* drops 1 */
        cr_expect_eq(health_queue_owed(queue), 1);
        expect_pop(queue, 0, 2, 1, HEALTH_STATE_UNKNOWN);
        expect_pop(queue, 1, 1, 0, HEALTH_STATE_UNKNOWN);
        expect_empty(queue);
        health_queue_destroy(queue);
    }
}

Test(queue, can_drop_nothing_when_it_has_room_for_every_subject)
{
    for (int two_threads = 0; two_threads <= 1; two_threads++) {
        struct health_queue_counters counters;
        struct health_queue *queue = queue_of(100, 100, two_threads);
        for (uint32_t version = 1; version <= 5; version++)
            for (uint32_t subject = 0; subject < 100; subject++)
                push(queue, subject, version, HEALTH_STATE_GREEN);
        health_queue_counters(queue, &counters);
        cr_expect_eq(counters.dropped, 0);
        cr_expect_eq(counters.coalesced, 400);
        for (uint32_t subject = 0; subject < 100; subject++)
            expect_pop(queue, subject, 5, 4, HEALTH_STATE_UNKNOWN);
        expect_empty(queue);
        health_queue_destroy(queue);
    }
}

Test(queue, goes_on_after_the_last_version_number)
{
    for (int two_threads = 0; two_threads <= 1; two_threads++) {
        struct health_queue *queue = queue_of(2, 1, two_threads);
        push(queue, 0, UINT32_MAX, HEALTH_STATE_GREEN);
        expect_pop(queue, 0, UINT32_MAX, UINT32_MAX - 1, HEALTH_STATE_UNKNOWN);
        push(queue, 0, 0, HEALTH_STATE_YELLOW);
        push(queue, 1, 1, HEALTH_STATE_GREEN); /* drops 0 */
        expect_pop(queue, 1, 1, 0, HEALTH_STATE_UNKNOWN);
        expect_pop(queue, 0, 0, 0, HEALTH_STATE_GREEN);
        expect_empty(queue);
        health_queue_destroy(queue);
    }
}

/* ---- Making one ---- */

Test(queue, refuses_options_out_of_range)
{
    static const struct health_queue_options bad[] = {
        {.subjects = 0, .capacity = 1},
        {.subjects = 1, .capacity = 0},
        {.subjects = (UINT32_C(1) << 30) + 1, .capacity = 1},
        {.subjects = 1, .capacity = (UINT32_C(1) << 30) + 1},
        {.subjects = UINT32_MAX, .capacity = UINT32_MAX, .two_threads = true},
    };
    struct health_queue *queue = NULL;
    struct health_queue_options good = {.subjects = 1, .capacity = UINT32_C(1) << 30};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_eq(health_queue_create(&bad[i], &queue), HEALTH_EINVAL);
        cr_expect_eq(health_queue_bytes(&bad[i]), 0);
        cr_expect_null(queue);
    }
    cr_expect_eq(health_queue_create(NULL, &queue), HEALTH_EINVAL);
    cr_expect_eq(health_queue_create(&good, NULL), HEALTH_EINVAL);
    cr_expect_eq(health_queue_bytes(NULL), 0);
    cr_expect_eq(health_queue_create(&good, &queue), HEALTH_OK, "more room than subjects is fine");
    health_queue_destroy(queue);
    health_queue_destroy(NULL);
}

/* Memory is part of the contract with whoever runs a million nodes: 32 bytes a subject (64 with two
 * threads) and 4 a place in line, the places rounded up to a power of two, and an eighth of a byte. */
Test(queue, takes_few_bytes_a_subject)
{
    struct health_queue_options options = {.subjects = 1000000, .capacity = 1000000};
    double one_thread = (double)health_queue_bytes(&options) / 1e6;
    options.two_threads = true;
    double two_threads = (double)health_queue_bytes(&options) / 1e6;

    cr_expect_leq(one_thread, 32 + 4.2 + 0.13, "%.2f", one_thread);
    cr_expect_leq(two_threads, 64 + 4.2 + 0.13, "%.2f", two_threads);
    options.capacity = 1024;
    cr_expect_leq((double)health_queue_bytes(&options) / 1e6, 64.2);
}

#ifndef NDEBUG
Test(queue, aborts_on_a_subject_out_of_range, .signal = SIGABRT)
{
    push(queue_of(3, 3, false), 3, 1, HEALTH_STATE_GREEN);
}
#endif
