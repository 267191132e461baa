/*
 * test_pool.c - helper threads: as many as there are jobs at once, whoever takes which.
 */
#include "pool.h"

#include <healthd/observer.h>

#include <criterion/criterion.h>
#include <event2/event.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>

#define JOBS 4

/* A job that works until it is let go. */
struct held_job {
    struct pool_job job;
    sem_t begun;
    sem_t let_go;
    bool done;
};

/* Threads that begin when they are let. */
static sem_t beginnings;

static void begin_when_let(void)
{
    sem_wait(&beginnings);
}

static void work(struct pool_job *job)
{
    struct held_job *held = (struct held_job *)job;
    sem_post(&held->begun);
    sem_wait(&held->let_go);
}

static void done(struct pool_job *job)
{
    ((struct held_job *)job)->done = true;
}

static void never(struct pool_job *job)
{
    (void)job;
    abort(); /* jobs are dropped by a pool that is gone */
}

struct stage {
    struct event_base *base;
    struct pool *pool;
    struct held_job jobs[JOBS];
};

static void stage_open(struct stage *stage, void (*begin)(void))
{
    const struct pool_hooks hooks = {.begin = begin};

    sem_init(&beginnings, 0, 0);
    stage->base = event_base_new();
    cr_assert(event_base_priority_init(stage->base, 2) == 0);
    stage->pool = pool_create(stage->base, &hooks);
    cr_assert_not_null(stage->pool);
    for (size_t i = 0; i < JOBS; i++) {
        stage->jobs[i] = (struct held_job){.job = {.work = work, .done = done, .drop = never}};
        sem_init(&stage->jobs[i].begun, 0, 0);
        sem_init(&stage->jobs[i].let_go, 0, 0);
    }
}

static void stage_close(struct stage *stage)
{
    pool_destroy(stage->pool, 5 * HEALTH_NS_PER_S);
    event_base_free(stage->base);
}

static void submit(struct stage *stage, size_t i)
{
    pool_submit(stage->pool, &stage->jobs[i].job);
}

static void await_work(struct stage *stage, size_t i)
{
    sem_wait(&stage->jobs[i].begun);
}

/* Let a job end, and wait until the loop has heard of it. */
static void finish(struct stage *stage, size_t i)
{
    sem_post(&stage->jobs[i].let_go);
    for (int64_t until = health_clock_ns() + 5 * HEALTH_NS_PER_S;
         !stage->jobs[i].done && health_clock_ns() < until; poll(NULL, 0, 1))
        event_base_loop(stage->base, EVLOOP_NONBLOCK);
    cr_assert(stage->jobs[i].done);
}

Test(pool, jobs_that_block_do_not_wait_for_each_other)
{
    struct stage stage;

    stage_open(&stage, NULL);
    for (size_t i = 0; i < JOBS; i++)
        submit(&stage, i);
    for (size_t i = 0; i < JOBS; i++)
        await_work(&stage, i);
    cr_expect_eq(pool_threads(stage.pool), JOBS);
    for (size_t i = 0; i < JOBS; i++)
        finish(&stage, i);
    stage_close(&stage);
}

Test(pool, an_idle_thread_is_used_again)
{
    struct stage stage;

    stage_open(&stage, NULL);
    for (size_t i = 0; i < JOBS; i++) {
        submit(&stage, i);
        finish(&stage, i);
    }
    cr_expect_eq(pool_threads(stage.pool), 1);
    stage_close(&stage);
}

Test(pool, a_thread_that_is_just_beginning_has_a_job_soon)
{
    struct stage stage;

    /* The second thread is late, and the first one takes its job; the third job is the second thread's. */
    stage_open(&stage, begin_when_let);
    submit(&stage, 0);
    sem_post(&beginnings);
    await_work(&stage, 0);
    submit(&stage, 1);
    finish(&stage, 0);
    await_work(&stage, 1);
    submit(&stage, 2);
    cr_expect_eq(pool_threads(stage.pool), 2, "%u threads for two jobs", pool_threads(stage.pool));

    /* A further one is one more than there are threads without a job. */
    submit(&stage, 3);
    cr_expect_eq(pool_threads(stage.pool), 3);
    sem_post(&beginnings);
    sem_post(&beginnings);
    for (size_t i = 1; i < JOBS; i++)
        finish(&stage, i);
    stage_close(&stage);
}
