/*
 * queue_bench.c - the reporting queue in every shape that matters, beside baselines.h in the same run.
 *
 * Subjects come in a random order made beforehand. Each loop also reads that order, counts versions and
 * makes the reports, for every queue alike. What that costs is shown; it is not subtracted, so multiples
 * are on the low side.
 *
 * Inside the run it is checked that delivered and missed versions add up to what was pushed, so that the
 * reader has ended up with the last version of every subject; and for every queue, at the end, that its
 * reader's picture of a further lap is the writer's.
 */
#include "baselines.h"
#include "measure.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t sizes[] = {10, 100, 1000, 10000, 100000, 1000000};

#define SIZES (sizeof sizes / sizeof *sizes)

static const struct queue_kind *const kinds[] = {&our_queue, &scan_ring, &work_queue};

#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- One queue under measurement ---- */

/* Random subjects, far more than any predictor can learn. */
struct course {
    uint32_t subjects;
    uint32_t *order;
    uint32_t mask;
};

struct entrant {
    const struct queue_kind *kind;
    void *queue;
    const struct course *course;
    struct samples samples;

    alignas(64) uint64_t place; /* the writer's, in the course */
    uint32_t *versions;

    alignas(64) uint64_t told; /* versions that the reader got or was told that it missed */
    uint64_t sum;              /* of the versions it got, so that it reads them */
};

static struct course course_create(uint32_t subjects)
{
    struct course course = {.subjects = subjects,
                            .mask = (subjects > 100000 ? 1u << 22 : 1u << 18) - 1};
    uint64_t seed = subjects;

    course.order = measure_alloc((course.mask + 1) * sizeof *course.order);
    for (uint32_t i = 0; i <= course.mask; i++)
        course.order[i] = (uint32_t)(measure_random(&seed) % subjects);
    return course;
}

static void entrant_open(struct entrant *entrant, const struct queue_kind *kind,
                         const struct course *course, uint32_t capacity, bool two_threads)
{
    *entrant = (struct entrant){.kind = kind, .course = course};
    entrant->queue = kind->create(course->subjects, capacity, two_threads);
    entrant->versions = measure_alloc(course->subjects * sizeof *entrant->versions);
}

static inline void push_subject(struct entrant *entrant, uint32_t subject)
{
    struct health_report report = {.subject = subject,
                                   .version = ++entrant->versions[subject],
                                   .missed = 0,
                                   .state = HEALTH_STATE_GREEN,
                                   .from = 0,
                                   .reason = 7,
                                   .routable = HEALTH_ANSWER_YES,
                                   .since_ns = 11,
                                   .at_ns = (int64_t)entrant->place,
                                   .epoch = 0};
    if (!entrant->kind->push(entrant->queue, &report))
        measure_check(false, "a queue with room for all rejects nothing");
}

static inline void push_next(struct entrant *entrant)
{
    push_subject(entrant, entrant->course->order[entrant->place++ & entrant->course->mask]);
}

static inline bool pop_next(struct entrant *entrant, struct health_report *report)
{
    if (!entrant->kind->pop(entrant->queue, report))
        return false;
    entrant->told += report->missed + UINT64_C(1);
    entrant->sum += report->version;
    return true;
}

static void drain(struct entrant *entrant)
{
    struct health_report report;
    while (pop_next(entrant, &report))
        ;
}

static void entrant_close(struct entrant *entrant)
{
    entrant->kind->destroy(entrant->queue);
    free(entrant->versions);
}

static void drain_noting(struct entrant *entrant, uint32_t *picture)
{
    struct health_report report;
    while (pop_next(entrant, &report))
        picture[report.subject] = report.version;
}

/* After all that was measured: is the reader's picture the writer's, and stays it so for a while? That
 * delivered and missed versions add up is our promise alone. */
static void entrant_check_and_close(struct entrant *entrant)
{
    uint32_t subjects = entrant->course->subjects;
    uint32_t *picture = measure_alloc(subjects * sizeof *picture);
    uint64_t pushed = 0;

    drain(entrant);
    memcpy(picture, entrant->versions, subjects * sizeof *picture);
    for (uint32_t i = 0; i < 2 * subjects; i++) {
        push_next(entrant);
        if (i % (subjects / 2) == 0)
            drain_noting(entrant, picture);
    }
    drain_noting(entrant, picture);
    for (uint32_t subject = 0; subject < subjects; subject++) {
        pushed += entrant->versions[subject];
        measure_check(picture[subject] == entrant->versions[subject],
                      "the reader's picture is the writer's");
    }
    measure_check(entrant->kind != &our_queue || entrant->told == pushed,
                  "delivered and missed add up to pushed");
    free(picture);
    entrant_close(entrant);
}

/* ---- Shapes: each runs batches for a while and gives the time of one operation ---- */

typedef uint64_t shape_batch(struct entrant *entrant); /* gives its operations, 1000 or more */

static double time_batches(struct entrant *entrant, shape_batch *batch)
{
    const int64_t least_ns = measure_options.quick ? 1000000 : 60000000;
    int64_t begin_ns = measure_now_ns();
    int64_t took_ns;
    uint64_t operations = 0;

    do {
        operations += batch(entrant);
        took_ns = measure_now_ns() - begin_ns;
    } while (took_ns < least_ns);
    return (double)took_ns / (double)operations;
}

/* Half as many pushes as subjects, then a drain: a push and its share of the pops. */
static uint64_t push_and_drain(struct entrant *entrant)
{
    uint32_t half = entrant->course->subjects / 2;
    uint64_t operations = 0;

    while (operations < 1000) {
        for (uint32_t i = 0; i < half; i++)
            push_next(entrant);
        drain(entrant);
        operations += half;
    }
    return operations;
}

/* Only pushes; in line or not, full or not, depends on how the queue was prepared. */
static uint64_t push_only(struct entrant *entrant)
{
    for (uint32_t i = 0; i < 4096; i++)
        push_next(entrant);
    return 4096;
}

/* Run the entrants in turn, so that what else the machine does hits all of them. */
static void race(struct entrant *entrants, size_t count, shape_batch *batch)
{
    for (size_t i = 0; i < count; i++)
        batch(&entrants[i]); /* warm up */
    for (size_t run = 0; run < RUNS; run++)
        for (size_t i = 0; i < count; i++)
            entrants[i].samples.ns[run] = time_batches(&entrants[i], batch);
}

static void print_race(const struct entrant *entrants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        measure_print(entrants[i].kind->name, entrants[i].course->subjects, &entrants[i].samples,
                      i > 0 ? &entrants[0].samples : NULL, NULL);
}

static size_t open_all(struct entrant *entrants, const struct course *course, bool two_threads)
{
    size_t count = 0;

    for (size_t i = 0; i < KINDS; i++)
        if (course->subjects <= kinds[i]->subjects_most)
            entrant_open(&entrants[count++], kinds[i], course, course->subjects, two_threads);
    return count;
}

static void measure_loop(const struct course *course)
{
    struct entrant entrant;

    entrant_open(&entrant, &no_queue, course, 1, false);
    race(&entrant, 1, push_only);
    measure_print(no_queue.name, course->subjects, &entrant.samples, NULL, NULL);
    entrant_close(&entrant);
}

static void measure_shape(const char *title, shape_batch *batch, bool all_queued)
{
    measure_heading(title);
    for (size_t i = 0; i < SIZES; i++) {
        struct course course = course_create(sizes[i]);
        struct entrant entrants[KINDS];
        size_t count = open_all(entrants, &course, false);

        for (size_t k = 0; k < count; k++)
            for (uint32_t subject = 0; all_queued && subject < sizes[i]; subject++)
                push_subject(&entrants[k], subject);
        race(entrants, count, batch);
        print_race(entrants, count);
        measure_loop(&course);
        for (size_t k = 0; k < count; k++)
            entrant_check_and_close(&entrants[k]);
        free(course.order);
    }
}

/* ---- The cost must not depend on what is queued ---- */

/* A pair of a push and a pop while `standing` others stand in line, in a random order of all. */
static double time_pairs(struct entrant *entrant, const uint32_t *order, uint32_t standing)
{
    const int64_t least_ns = measure_options.quick ? 1000000 : 60000000;
    uint32_t subjects = entrant->course->subjects;
    struct health_report report = {0};
    uint64_t operations = 0;
    uint32_t in = standing;
    uint32_t out = 0;
    uint64_t strangers = 0;

    for (uint32_t i = 0; i < standing; i++)
        push_subject(entrant, order[i]);
    int64_t begin_ns = measure_now_ns();
    int64_t took_ns;
    do {
        for (uint32_t i = 0; i < 1024; i++) {
            push_subject(entrant, order[in]);
            pop_next(entrant, &report);
            strangers += report.subject != order[out];
            in = in + 1 == subjects ? 0 : in + 1;
            out = out + 1 == subjects ? 0 : out + 1;
        }
        operations += 1024;
        took_ns = measure_now_ns() - begin_ns;
    } while (took_ns < least_ns);
    measure_check(strangers == 0, "the oldest comes first");
    drain(entrant);
    return (double)took_ns / (double)operations;
}

static void measure_standing(uint32_t subjects)
{
    const uint32_t standings[] = {0, subjects / 2, subjects - 1};
    static const char *const names[][3] = {
        {"healthd, none in line", "healthd, half in line", "healthd, all in line"},
        {"searched ring, none in line", "searched ring, half in line",
         "searched ring, all in line"},
        {"set and mutex, none in line", "set and mutex, half in line",
         "set and mutex, all in line"},
    };
    struct course course = course_create(subjects);
    uint32_t *order = measure_random_order(subjects, 7);
    struct samples samples[KINDS][3];
    struct entrant entrants[KINDS];
    size_t count = open_all(entrants, &course, false);

    for (size_t run = 0; run < RUNS; run++)
        for (size_t k = 0; k < count; k++)
            for (size_t i = 0; i < 3; i++)
                samples[k][i].ns[run] = time_pairs(&entrants[k], order, standings[i]);
    for (size_t k = 0; k < count; k++) {
        for (size_t i = 0; i < 3; i++)
            measure_print(names[k][i], subjects, &samples[k][i], k > 0 ? &samples[0][i] : NULL,
                          NULL);
        entrant_check_and_close(&entrants[k]);
    }
    free(order);
    free(course.order);
}

/* ---- Overload: nobody reads, and there is room for a sixteenth ---- */

static void measure_overload(void)
{
    measure_heading("queue: push into a full line, capacity a sixteenth, drop the oldest");
    for (size_t i = 0; i < SIZES; i++) {
        struct course course = course_create(sizes[i]);
        struct entrant entrant;
        struct health_queue_counters counters;

        entrant_open(&entrant, &our_queue, &course, sizes[i] / 16 + 1, false);
        for (uint32_t subject = 0; subject < sizes[i]; subject++)
            push_subject(&entrant, subject);
        race(&entrant, 1, push_only);
        print_race(&entrant, 1);
        health_queue_counters(entrant.queue, &counters);
        measure_check(counters.dropped > 0, "an overloaded queue drops");
        entrant_check_and_close(&entrant);
        free(course.order);
    }
}

/* ---- Two threads: the writer is timed; the reader takes what is there, waits 10 us, and so on ----
 *
 * That is the shape of LMAX's own performance test, at 10 keys. */

struct duel {
    struct entrant *entrant;
    uint64_t pushes;
    double ns;
    _Atomic bool writer_ready;
    _Atomic bool reader_ready;
    _Atomic bool done;
};

static void *duel_read(void *context)
{
    struct duel *duel = context;
    struct entrant *entrant = duel->entrant;
    struct health_report report;
    bool done;

    measure_pin(0);
    atomic_store(&duel->reader_ready, true);
    do {
        done = atomic_load(&duel->done);
        for (uint32_t left = entrant->kind->length(entrant->queue); left > 0; left--)
            pop_next(entrant, &report);
        for (int64_t until_ns = measure_now_ns() + 10000; measure_now_ns() < until_ns;)
            ;
    } while (!done);
    return NULL;
}

static void *duel_write(void *context)
{
    struct duel *duel = context;

    measure_pin(1);
    while (!atomic_load(&duel->reader_ready))
        ;
    int64_t begin_ns = measure_now_ns();
    for (uint64_t i = 0; i < duel->pushes; i++)
        push_next(duel->entrant);
    duel->ns = (double)(measure_now_ns() - begin_ns) / (double)duel->pushes;
    atomic_store(&duel->done, true);
    return NULL;
}

static double duel_fight(struct entrant *entrant, uint64_t pushes)
{
    struct duel duel = {.entrant = entrant, .pushes = pushes};
    pthread_t reader;
    pthread_t writer;

    measure_check(pthread_create(&reader, NULL, duel_read, &duel) == 0, "a thread");
    measure_check(pthread_create(&writer, NULL, duel_write, &duel) == 0, "a thread");
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    return duel.ns;
}

static void measure_two_threads(void)
{
    static const uint32_t subjects[] = {10, 1000, 100000};

    measure_heading(
        "queue: push, two threads; the reader takes what is there, waits 10 us, and so on");
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct course course = course_create(subjects[i]);
        struct entrant entrants[KINDS];
        size_t count = open_all(entrants, &course, true);
        uint64_t pushes = measure_options.quick ? 100000 : 5000000;

        for (size_t run = 0; run < RUNS; run++)
            for (size_t k = 0; k < count; k++)
                entrants[k].samples.ns[run] = duel_fight(&entrants[k], pushes);
        print_race(entrants, count);
        for (size_t k = 0; k < count; k++)
            entrant_check_and_close(&entrants[k]);
        free(course.order);
    }
}

static void measure_memory(void)
{
    struct health_queue_options options = {.subjects = 1000000, .capacity = 1000000};

    measure_heading("queue: memory, with room for every subject");
    measure_print_value("bytes a subject, one thread", options.subjects,
                        (double)health_queue_bytes(&options) / options.subjects, "bytes", NULL);
    options.two_threads = true;
    measure_print_value("bytes a subject, two threads", options.subjects,
                        (double)health_queue_bytes(&options) / options.subjects, "bytes", NULL);
}

/* The C library makes a mutex cheaper while a program has never had a second thread. Whoever needs the
 * mutex has one, so there is one here, which sleeps until it is let go. */
static void *sleep_until_let_go(void *context)
{
    pthread_mutex_t *gate = context;
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

static int run(void)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    pthread_t sleeper;

    pthread_mutex_lock(&gate);
    measure_check(pthread_create(&sleeper, NULL, sleep_until_let_go, &gate) == 0, "a thread");
    measure_pin(1);
    measure_shape("queue: push and drain, one thread", push_and_drain, false);
    measure_shape("queue: push of what stands in line, one thread", push_only, true);
    measure_heading("queue: a push and a pop, by what stands in line, one thread");
    measure_standing(1000);
    measure_standing(10000);
    measure_overload();
    measure_two_threads();
    measure_memory();
    pthread_mutex_unlock(&gate);
    pthread_join(sleeper, NULL);
    return 0;
}

const struct bench bench_queue = {"queue",
                                  "the reporting queue: push, drain, overload, two threads", run};
