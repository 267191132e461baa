/*
 * our_queue.c - healthd's queue as one of those that are measured, and none at all: what the loop around it costs.
 */
#include "baselines.h"
#include "measure.h"

static void *ours_create(uint32_t subjects, uint32_t capacity, bool two_threads)
{
    struct health_queue_options options = {
        .subjects = subjects, .capacity = capacity, .two_threads = two_threads};
    struct health_queue *queue;
    measure_check(health_queue_create(&options, &queue) == HEALTH_OK, "a queue");
    return queue;
}

static void ours_destroy(void *queue)
{
    health_queue_destroy(queue);
}

static bool ours_push(void *queue, const struct health_report *report)
{
    health_queue_push(queue, report);
    return true;
}

static bool ours_pop(void *queue, struct health_report *ret_report)
{
    return health_queue_pop(queue, ret_report);
}

static uint32_t ours_length(void *queue)
{
    return health_queue_length(queue);
}

const struct queue_kind our_queue = {
    .name = "healthd",
    .subjects_most = UINT32_MAX,
    .create = ours_create,
    .destroy = ours_destroy,
    .push = ours_push,
    .pop = ours_pop,
    .length = ours_length,
};

/* A queue that takes everything and holds nothing: what a loop does beside calling the queue. */
static bool nothing_push(void *queue, const struct health_report *report)
{
    (void)queue;
    return report->version != 0;
}

static bool nothing_pop(void *queue, struct health_report *ret_report)
{
    (void)queue;
    (void)ret_report;
    return false;
}

static uint32_t nothing_length(void *queue)
{
    (void)queue;
    return 0;
}

const struct queue_kind no_queue = {
    .name = "  of that, the loop around it",
    .subjects_most = UINT32_MAX,
    .create = ours_create,
    .destroy = ours_destroy,
    .push = nothing_push,
    .pop = nothing_pop,
    .length = nothing_length,
};
