/*
 * deadline_bench.c - deadlines that are nearly always refreshed, beside a timer heap.
 *
 * The heap is libevent's: one timer an id, refreshed by event_add(). It is refreshed from inside a
 * callback of its loop, where libevent takes the time from its cache; outside, reading the clock would
 * double its cost. On both sides a millisecond passes every 1000 refreshes.
 *
 * What expiry costs is measured apart: a tick a millisecond while a heartbeat for each id comes once a
 * second on average, and everything at once. It is checked inside the run that every deadline came
 * exactly at its millisecond, and no other.
 */
#include "measure.h"

#include "deadline.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 5000u
#define BATCH 1000u

static const uint32_t sizes[] = {10, 100, 1000, 10000, 100000, 1000000};

#define SIZES (sizeof sizes / sizeof *sizes)

/* The ids to refresh, in order; a power of two of them. */
struct course {
    uint32_t ids;
    uint32_t *order;
    uint32_t mask;
    uint32_t place;
};

static struct course course_create(uint32_t ids, bool at_random)
{
    struct course course = {.ids = ids, .mask = (ids > 100000 ? 1u << 22 : 1u << 18) - 1};
    uint64_t seed = ids;

    course.order = measure_alloc((course.mask + 1) * sizeof *course.order);
    for (uint32_t i = 0; i <= course.mask; i++)
        course.order[i] = at_random ? (uint32_t)(measure_random(&seed) % ids) : i % ids;
    return course;
}

static inline uint32_t course_next(struct course *course)
{
    return course->order[course->place++ & course->mask];
}

/* ---- Ours ---- */

struct watch {
    struct deadlines set;
    uint32_t now_ms;
    uint32_t *due_ms; /* what each id's deadline should be, to check by */
    uint64_t expired;
    uint64_t wrong;
};

static void watch_open(struct watch *watch, uint32_t ids)
{
    *watch = (struct watch){.due_ms = measure_alloc(ids * sizeof *watch->due_ms)};
    void *memory = aligned_alloc(64, (deadlines_bytes(ids) + 63) / 64 * 64);
    measure_check(memory != NULL, "memory");
    deadlines_init(&watch->set, memory, ids, 0);
}

static void watch_close(struct watch *watch)
{
    free(watch->set.at_ms);
    free(watch->due_ms);
}

/* A millisecond's refreshes. */
static void watch_refresh(struct watch *watch, struct course *course)
{
    watch->now_ms++;
    for (uint32_t i = 0; i < BATCH; i++)
        deadlines_arm(&watch->set, course_next(course), watch->now_ms + TIMEOUT_MS);
}

static double time_watch(struct watch *watch, struct course *course)
{
    const int64_t least_ns = measure_options.quick ? 1000000 : 60000000;
    int64_t begin_ns = measure_now_ns();
    int64_t took_ns;
    uint64_t operations = 0;

    do {
        watch_refresh(watch, course);
        operations += BATCH;
        took_ns = measure_now_ns() - begin_ns;
    } while (took_ns < least_ns);
    return (double)took_ns / (double)operations;
}

/* ---- The heap ---- */

struct heap {
    struct event_base *base;
    struct event *timers;
    struct event *turn; /* what the loop calls to let a batch run */
    struct course *course;
    int64_t took_ns;
    uint64_t expired;
};

static void count_expired(evutil_socket_t unused, short what, void *context)
{
    struct heap *heap = context;
    (void)unused;
    (void)what;
    heap->expired++;
}

static void refresh_batch(evutil_socket_t unused, short what, void *context)
{
    /* An hour: no timer may come while refreshing is measured. */
    static const struct timeval timeout = {3600, 0};
    struct heap *heap = context;
    (void)unused;
    (void)what;

    int64_t begin_ns = measure_now_ns();
    for (uint32_t i = 0; i < BATCH; i++)
        event_add(&heap->timers[course_next(heap->course)], &timeout);
    heap->took_ns += measure_now_ns() - begin_ns;
}

static void heap_open(struct heap *heap, uint32_t ids, struct course *course)
{
    static const struct timeval timeout = {3600, 0};

    *heap = (struct heap){.base = event_base_new(), .course = course};
    measure_check(heap->base != NULL, "an event base");
    heap->timers = measure_alloc(ids * sizeof *heap->timers);
    heap->turn = event_new(heap->base, -1, 0, refresh_batch, heap);
    for (uint32_t id = 0; id < ids; id++) {
        event_assign(&heap->timers[id], heap->base, -1, 0, count_expired, heap);
        event_add(&heap->timers[id], &timeout);
    }
}

static void heap_close(struct heap *heap)
{
    for (uint32_t id = 0; id < heap->course->ids; id++)
        event_del(&heap->timers[id]);
    event_free(heap->turn);
    event_base_free(heap->base);
    free(heap->timers);
}

static void heap_refresh(struct heap *heap)
{
    event_active(heap->turn, EV_TIMEOUT, 0);
    event_base_loop(heap->base, EVLOOP_NONBLOCK);
}

static double time_heap(struct heap *heap)
{
    const int64_t least_ns = measure_options.quick ? 1000000 : 60000000;
    uint64_t operations = 0;

    for (heap->took_ns = 0; heap->took_ns < least_ns; operations += BATCH)
        heap_refresh(heap);
    measure_check(heap->expired == 0, "no timer of the heap comes while it is refreshed");
    return (double)heap->took_ns / (double)operations;
}

/* ---- Refreshing ---- */

static void measure_refresh(const char *title, bool at_random)
{
    measure_heading(title);
    for (size_t i = 0; i < SIZES; i++) {
        struct course ours_course = course_create(sizes[i], at_random);
        struct course heap_course = ours_course;
        struct samples ours;
        struct samples theirs;
        struct watch watch;
        struct heap heap;

        watch_open(&watch, sizes[i]);
        heap_open(&heap, sizes[i], &heap_course);
        for (uint32_t done = 0; done < 2 * sizes[i];
             done += BATCH) { /* till both are in their stride */
            watch_refresh(&watch, &ours_course);
            heap_refresh(&heap);
        }
        for (size_t run = 0; run < RUNS; run++) {
            ours.ns[run] = time_watch(&watch, &ours_course);
            theirs.ns[run] = time_heap(&heap);
        }
        measure_print("healthd", sizes[i], &ours, NULL, NULL);
        measure_print("timer heap", sizes[i], &theirs, &ours, sizes[i] == 1000000 ? "50x" : NULL);
        heap_close(&heap);
        watch_close(&watch);
        free(ours_course.order);
    }
}

/* ---- Expiry ---- */

/* A deadline must come at its very millisecond, as there is a tick for each. */
static uint32_t check_due(void *context, uint32_t id)
{
    struct watch *watch = context;
    watch->expired++;
    watch->wrong += watch->due_ms[id] != watch->now_ms;
    watch->due_ms[id] = watch->now_ms + TIMEOUT_MS;
    return watch->due_ms[id];
}

static void refresh_checked(struct watch *watch, uint32_t id)
{
    watch->due_ms[id] = watch->now_ms + TIMEOUT_MS;
    deadlines_arm(&watch->set, id, watch->due_ms[id]);
}

/* Nobody's deadline has passed without coming. */
static void check_none_missed(const struct watch *watch, uint32_t ids)
{
    for (uint32_t id = 0; id < ids; id++)
        measure_check(watch->due_ms[id] > watch->now_ms, "no deadline was missed");
    measure_check(watch->wrong == 0, "every deadline came at its millisecond");
}

/* The time of one tick, of which there is one a millisecond. */
static double time_ticks(struct watch *watch, struct course *course, uint32_t ticks)
{
    int64_t took_ns = 0;

    for (uint32_t tick = 0; tick < ticks; tick++) {
        watch->now_ms++;
        for (uint32_t i = 0; i < course->ids / 1000; i++)
            refresh_checked(watch, course_next(course));
        int64_t begin_ns = measure_now_ns();
        deadlines_expire(&watch->set, watch->now_ms, check_due, watch);
        took_ns += measure_now_ns() - begin_ns;
    }
    return (double)took_ns / ticks;
}

static void measure_ticks(uint32_t ids)
{
    const uint32_t ticks = measure_options.quick ? 200 : 3000;
    struct course course = course_create(ids, true);
    struct watch watch;
    struct samples samples;

    watch_open(&watch, ids);
    for (uint32_t id = 0; id < ids; id++) { /* as if each had been refreshed some time ago */
        watch.now_ms = course_next(&course) % TIMEOUT_MS;
        refresh_checked(&watch, id);
    }
    watch.now_ms = TIMEOUT_MS - 1;
    time_ticks(&watch, &course, 2 * TIMEOUT_MS); /* until it is in its stride */
    uint64_t expired = watch.expired;
    for (size_t run = 0; run < RUNS; run++)
        samples.ns[run] = time_ticks(&watch, &course, ticks);
    check_none_missed(&watch, ids);
    measure_print("a tick", ids, &samples, NULL, NULL);
    measure_print_value("  of one processor", ids, samples_median(&samples) / 1e6 * 100, "%",
                        ids == 1000000 ? "0.3" : NULL);
    measure_print_value("  deadlines that came, each tick", ids,
                        (double)(watch.expired - expired) / (RUNS * ticks), "ids", NULL);
    watch_close(&watch);
    free(course.order);
}

static double time_mass_expiry(struct watch *watch, uint32_t ids)
{
    for (uint32_t id = 0; id < ids; id++)
        refresh_checked(watch, id);
    watch->now_ms += TIMEOUT_MS;
    uint64_t before = watch->expired;
    int64_t begin_ns = measure_now_ns();
    deadlines_expire(&watch->set, watch->now_ms, check_due, watch);
    int64_t took_ns = measure_now_ns() - begin_ns;
    measure_check(watch->expired - before == ids, "all come at once");
    return (double)took_ns / ids;
}

static double time_mass_expiry_of_heap(struct heap *heap, uint32_t ids)
{
    static const struct timeval soon = {0, 1000};

    for (uint32_t id = 0; id < ids; id++)
        event_add(&heap->timers[id], &soon);
    for (int64_t until_ns = measure_now_ns() + 5000000; measure_now_ns() < until_ns;)
        ;
    heap->expired = 0;
    int64_t begin_ns = measure_now_ns();
    event_base_loop(heap->base, EVLOOP_NONBLOCK);
    int64_t took_ns = measure_now_ns() - begin_ns;
    measure_check(heap->expired == ids, "all timers come at once");
    return (double)took_ns / ids;
}

static void measure_mass_expiry(uint32_t ids)
{
    struct course course = {.ids = ids};
    struct samples ours;
    struct samples theirs;
    struct watch watch;
    struct heap heap;

    watch_open(&watch, ids);
    heap_open(&heap, ids, &course);
    for (size_t run = 0; run < RUNS; run++) {
        ours.ns[run] = time_mass_expiry(&watch, ids);
        theirs.ns[run] = time_mass_expiry_of_heap(&heap, ids);
    }
    check_none_missed(&watch, ids);
    measure_print("healthd", ids, &ours, NULL, ids == 1000000 ? "20: a million in 20 ms" : NULL);
    measure_print("timer heap", ids, &theirs, &ours, NULL);
    heap_close(&heap);
    watch_close(&watch);
}

static int run(void)
{
    measure_pin(1);
    measure_refresh("deadlines: refresh in random order", true);
    measure_refresh("deadlines: refresh one after the other", false);
    measure_heading(
        "deadlines: a tick each millisecond, each id refreshed once a second at random");
    measure_ticks(10000);
    measure_ticks(1000000);
    measure_heading("deadlines: all come at once, for each");
    measure_mass_expiry(10000);
    measure_mass_expiry(1000000);
    measure_heading("deadlines: memory");
    measure_print_value("healthd", 1000000, (double)deadlines_bytes(1000000) / 1e6, "bytes an id",
                        NULL);
    measure_print_value("timer heap", 1000000, (double)(sizeof(struct event) + sizeof(void *)),
                        "bytes an id", NULL);
    return 0;
}

const struct bench bench_deadline = {
    "deadline", "deadlines: refresh, ticks, all at once, beside a timer heap", run};
