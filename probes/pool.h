/*
 * pool.h - helper threads for what blocks: as many as there are things that block now, and no more.
 *
 * A job's work() runs on a helper thread; then its done() runs on the loop. A thread is started when
 * more jobs wait than threads are idle or just beginning, up to POOL_THREADS_MAX, and ends when it has
 * been idle for a while. Beyond that many, jobs wait in line.
 *
 * Threads: all functions belong to the thread of the event base.
 */
#ifndef HEALTHD_PROBES_POOL_H
#define HEALTHD_PROBES_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define POOL_THREADS_MAX 1024

struct event_base;
struct pool;

/* Embedded in what the job is about. */
struct pool_job {
    void (*work)(struct pool_job *job); /* on a helper thread */
    void (*done)(struct pool_job *job); /* on the loop, afterwards; may free the job */
    void (*drop)(
        struct pool_job *job); /* in done()'s place, on any thread, when the pool is gone */
    struct pool_job *next;
};

struct pool_hooks {
    void (*begin)(void); /* at the start of each helper thread; NULL: nothing */
    void (*end)(void);   /* at its end */
};

/* NULL: out of memory or descriptors. */
struct pool *pool_create(struct event_base *base, const struct pool_hooks *hooks);

/*
 * Wait for the work under way, but no longer than wait_ns; call done() of every job that has ended, free.
 * A thread that still works then (in a resolver that hangs) is left alone: it drops its job when it is
 * back, and touches nothing else of the caller's. NULL is fine.
 */
void pool_destroy(struct pool *pool, int64_t wait_ns);

/* Where there is no thread for it and none can be had, its done() is called without its work(). */
void pool_submit(struct pool *pool, struct pool_job *job);

/* Helper threads now. */
uint32_t pool_threads(struct pool *pool);

#endif
