/*
 * pool.c - helper threads for what blocks.
 */
#include "pool.h"

#include <event2/event.h>
#include <healthd/thread.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define IDLE_SECONDS 3

/* Enough for getaddrinfo(), a TLS handshake and an authentication plugin; touched pages alone count. */
#define STACK_BYTES (512 * 1024)

/* Jobs in the order they came. */
struct line {
    struct pool_job *first;
    struct pool_job **end;
};

struct pool {
    struct pool_hooks hooks;
    struct event *wake;
    int wake_fd;
    pthread_mutex_t mutex; /* guards all below; held for a few instructions only */
    pthread_cond_t work_came;
    pthread_cond_t thread_ended;
    struct line waiting;
    struct line finished;
    uint32_t threads;
    uint32_t idle; /* of those, with no job: waiting for one, or just beginning */
    bool closing;
    bool left; /* by the loop: the last thread frees it */
};

static void line_init(struct line *line)
{
    line->first = NULL;
    line->end = &line->first;
}

static void line_put(struct line *line, struct pool_job *job)
{
    job->next = NULL;
    *line->end = job;
    line->end = &job->next;
}

static struct pool_job *line_get(struct line *line)
{
    struct pool_job *job = line->first;
    if (job) {
        line->first = job->next;
        if (!line->first)
            line->end = &line->first;
    }
    return job;
}

/* Wait for a job, for a while. NULL: the thread may end. The mutex is held. */
static struct pool_job *wait_for_job(struct pool *pool)
{
    struct pool_job *job;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_SECONDS;
    while (!(job = line_get(&pool->waiting)) && !pool->closing) {
        if (pthread_cond_timedwait(&pool->work_came, &pool->mutex, &until))
            return line_get(&pool->waiting);
    }
    return job;
}

/* The job is done; the mutex is held. */
static void hand_over(struct pool *pool, struct pool_job *job)
{
    if (!pool->left) {
        line_put(&pool->finished, job);
        eventfd_write(pool->wake_fd, 1);
        return;
    }
    pthread_mutex_unlock(&pool->mutex);
    job->drop(job);
    pthread_mutex_lock(&pool->mutex);
}

static void free_pool(struct pool *pool)
{
    pthread_cond_destroy(&pool->work_came);
    pthread_cond_destroy(&pool->thread_ended);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static void *run_thread(void *context)
{
    struct pool *pool = context;
    void (*end)(void) = pool->hooks.end;
    struct pool_job *job;

    if (pool->hooks.begin)
        pool->hooks.begin();
    pthread_mutex_lock(&pool->mutex);
    while ((job = wait_for_job(pool))) {
        pool->idle--;
        pthread_mutex_unlock(&pool->mutex);
        job->work(job);
        pthread_mutex_lock(&pool->mutex);
        hand_over(pool, job);
        pool->idle++;
    }
    pool->idle--;
    if (end)
        end();
    bool last = --pool->threads == 0 && pool->left;
    pthread_cond_signal(&pool->thread_ended);
    pthread_mutex_unlock(&pool->mutex);
    if (last)
        free_pool(pool);
    return NULL;
}

static void finish_jobs(struct pool *pool)
{
    struct pool_job *job;

    pthread_mutex_lock(&pool->mutex);
    while ((job = line_get(&pool->finished))) {
        pthread_mutex_unlock(&pool->mutex);
        job->done(job);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    eventfd_t count;
    (void)what;
    eventfd_read(fd, &count);
    finish_jobs(context);
}

/* Start one more, if one can be had. The mutex is held. */
static void start_thread(struct pool *pool)
{
    if (health_thread_start(run_thread, pool, STACK_BYTES, NULL))
        return;
    pool->threads++;
    pool->idle++;
}

struct pool *pool_create(struct event_base *base, const struct pool_hooks *hooks)
{
    struct pool *pool = calloc(1, sizeof *pool);
    pthread_condattr_t monotonic;

    if (!pool)
        return NULL;
    pool->hooks = *hooks;
    pool->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pool->wake = pool->wake_fd < 0
                     ? NULL
                     : event_new(base, pool->wake_fd, EV_READ | EV_PERSIST, on_wake, pool);
    if (!pool->wake || event_priority_set(pool->wake, 0) || event_add(pool->wake, NULL)) {
        if (pool->wake)
            event_free(pool->wake);
        if (pool->wake_fd >= 0)
            close(pool->wake_fd);
        free(pool);
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->work_came, &monotonic);
    pthread_cond_init(&pool->thread_ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    line_init(&pool->waiting);
    line_init(&pool->finished);
    return pool;
}

void pool_submit(struct pool *pool, struct pool_job *job)
{
    pthread_mutex_lock(&pool->mutex);
    line_put(&pool->waiting, job);
    uint32_t waiting = 0;
    for (const struct pool_job *other = pool->waiting.first; other && waiting <= pool->idle;
         other = other->next)
        waiting++;
    if (waiting > pool->idle && pool->threads < POOL_THREADS_MAX)
        start_thread(pool);
    if (pool->threads == 0) {
        line_put(&pool->finished, line_get(&pool->waiting));
        eventfd_write(pool->wake_fd, 1);
    }
    pthread_cond_signal(&pool->work_came);
    pthread_mutex_unlock(&pool->mutex);
}

uint32_t pool_threads(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    uint32_t threads = pool->threads;
    pthread_mutex_unlock(&pool->mutex);
    return threads;
}

void pool_destroy(struct pool *pool, int64_t wait_ns)
{
    struct timespec until;
    struct pool_job *job;
    int late = 0;

    if (!pool)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    wait_ns += until.tv_nsec;
    until.tv_sec += wait_ns / 1000000000;
    until.tv_nsec = wait_ns % 1000000000;
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    while ((job = line_get(&pool->waiting)))
        line_put(&pool->finished, job);
    pthread_cond_broadcast(&pool->work_came);
    while (pool->threads > 0 && !late)
        late = pthread_cond_timedwait(&pool->thread_ended, &pool->mutex, &until);
    pool->left = pool->threads > 0;
    bool left = pool->left;
    struct line finished = pool->finished;
    line_init(&pool->finished);
    event_free(pool->wake);
    close(pool->wake_fd);
    pthread_mutex_unlock(&pool->mutex);
    if (!left)
        free_pool(pool);
    while ((job = line_get(&finished)))
        job->done(job);
}
