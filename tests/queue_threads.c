/*
 * queue_threads.c - the reporting queue between two real threads, for ThreadSanitizer too.
 *
 * A plain program, because the unit test framework runs each test in a process that ThreadSanitizer
 * cannot follow. It works in rounds: the writer pushes some reports at random while the reader pops;
 * then the writer rests, and the reader drains and must hold the same picture. Lost reports hide at
 * exactly those moments, so there are very many short rounds, beside a few long ones.
 *
 * Each report's contents are a function of its subject and version, so a report that is torn, mixed up
 * or old shows. Each check that fails ends the program.
 */
#include <healthd/queue.h>

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct shape {
    uint32_t subjects;
    uint32_t capacity;
    uint32_t rounds;
    uint32_t pushes; /* at most, in a round */
};

/* About three million pushes in all. */
static const struct shape shapes[] = {
    {1, 1, 20000, 4},        {2, 1, 40000, 8},      {3, 1, 1, 300000},     {7, 7, 20000, 20},
    {8, 7, 30000, 20},       {100, 7, 2000, 200},   {100, 7, 1, 300000},   {100, 64, 1000, 500},
    {100, 100, 1, 300000},   {100, 1000, 500, 500}, {5000, 64, 20, 20000}, {5000, 64, 1, 300000},
    {5000, 5000, 1, 200000},
};

#define EPOCH UINT64_C(1700000000000)

struct run {
    const struct shape *shape;
    struct health_queue *queue;
    uint32_t *pushed_version; /* the writer's; the reader looks while the writer rests */
    uint32_t *seen_version;   /* the reader's, as the next two */
    uint8_t *seen_state;
    uint64_t *accounted; /* versions delivered and missed */
    uint64_t pushed;
    uint64_t popped;
    _Atomic uint32_t rounds_pushed;
    _Atomic uint32_t rounds_checked;
};

static void check(bool holds, const struct run *run, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "queue_threads: %s (%" PRIu32 " subjects, capacity %" PRIu32 ", round %u)\n",
            what, run->shape->subjects, run->shape->capacity, atomic_load(&run->rounds_checked));
    exit(1);
}

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint32_t next_below(uint64_t *chance, uint32_t limit)
{
    *chance += UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mix(*chance) % limit);
}

/* Be late by up to some hundred steps, or let the other thread run on this processor. */
static void dawdle(uint64_t *chance)
{
    uint32_t steps = next_below(chance, 2000);

    if (steps < 20)
        sched_yield();
    else if (steps < 200)
        while (steps--)
            atomic_signal_fence(memory_order_seq_cst);
}

static struct health_report report_of(uint32_t subject, uint32_t version)
{
    uint64_t bits = mix((uint64_t)subject << 32 | version);
    return (struct health_report){
        .subject = subject,
        .version = version,
        .state = (uint8_t)bits,
        .reason = (uint8_t)(bits >> 8),
        .routable = (uint8_t)(bits >> 16),
        .since_ns = (int64_t)bits,
        .at_ns = (int64_t)mix(bits),
    };
}

static void check_length(const struct run *run)
{
    check(health_queue_length(run->queue) <= run->shape->capacity, run, "longer than its capacity");
}

static void wait_for(_Atomic uint32_t *rounds, uint32_t round)
{
    while (atomic_load_explicit(rounds, memory_order_acquire) < round)
        sched_yield();
}

static void *write_rounds(void *context)
{
    struct run *run = context;
    uint64_t chance = run->shape->subjects;

    for (uint32_t round = 1; round <= run->shape->rounds; round++) {
        uint32_t few = run->shape->subjects;
        uint32_t pushes = run->shape->pushes / 2 + next_below(&chance, run->shape->pushes);
        for (uint32_t i = 0; i < pushes; i++) {
            if (next_below(&chance, 500) == 0) /* times of a few busy subjects, times of many */
                few = 1 + next_below(&chance, run->shape->subjects);
            uint32_t subject = next_below(&chance, few);
            struct health_report report = report_of(subject, ++run->pushed_version[subject]);
            health_queue_push(run->queue, &report);
            check_length(run);
            dawdle(&chance);
        }
        run->pushed += pushes;
        atomic_store_explicit(&run->rounds_pushed, round, memory_order_release);
        wait_for(&run->rounds_checked, round);
    }
    return NULL;
}

static void receive(struct run *run, const struct health_report *is)
{
    check(is->subject < run->shape->subjects, run, "no such subject");
    uint32_t last = run->seen_version[is->subject];
    struct health_report should = report_of(is->subject, is->version);

    check(is->version > last, run, "a version came twice or went back");
    check(is->missed == is->version - last - 1, run, "missed is wrong");
    check(is->from == run->seen_state[is->subject], run, "from is wrong");
    check(is->epoch == EPOCH, run, "the epoch is wrong");
    check(is->state == should.state && is->reason == should.reason &&
              is->routable == should.routable && is->since_ns == should.since_ns &&
              is->at_ns == should.at_ns,
          run, "the contents are not those of the version");
    run->seen_version[is->subject] = is->version;
    run->seen_state[is->subject] = is->state;
    run->accounted[is->subject] += 1 + (uint64_t)is->missed;
    run->popped++;
}

static bool pop(struct run *run)
{
    struct health_report report;

    if (!health_queue_pop(run->queue, &report))
        return false;
    receive(run, &report);
    check_length(run);
    return true;
}

/* The writer rests and the reader has drained. */
static void check_quiet(struct run *run)
{
    struct health_queue_counters counters;

    health_queue_counters(run->queue, &counters);
    check(health_queue_length(run->queue) == 0, run, "drained, and its length is not 0");
    check(counters.pushed == run->pushed, run, "the counter of pushes is wrong");
    check(counters.popped == run->popped, run, "the counter of pops is wrong");
    for (uint32_t subject = 0; subject < run->shape->subjects; subject++) {
        check(run->seen_version[subject] == run->pushed_version[subject], run,
              "the latest report of a subject was lost");
        check(run->accounted[subject] == run->pushed_version[subject], run,
              "delivered and missed do not add up");
    }
    if (run->shape->capacity >= run->shape->subjects)
        check(counters.dropped == 0, run, "dropped though there is room for all");
}

static void *read_rounds(void *context)
{
    struct run *run = context;
    uint64_t chance = run->shape->capacity;

    for (uint32_t round = 1; round <= run->shape->rounds; round++) {
        while (atomic_load_explicit(&run->rounds_pushed, memory_order_acquire) < round) {
            /* Now and then a reader who sleeps, so that the line fills up. */
            for (uint32_t sleep = next_below(&chance, 10) ? 0 : next_below(&chance, 50); sleep > 0;
                 sleep--)
                dawdle(&chance);
            for (uint32_t pops = next_below(&chance, 20); pops > 0 && pop(run); pops--)
                dawdle(&chance);
        }
        while (pop(run))
            ;
        check_quiet(run);
        atomic_store_explicit(&run->rounds_checked, round, memory_order_release);
    }
    return NULL;
}

static void *array_of(const struct run *run, size_t size)
{
    void *memory = calloc(run->shape->subjects, size);
    check(memory != NULL, run, "no memory");
    return memory;
}

static void run_shape(const struct shape *shape)
{
    struct health_queue_options options = {.subjects = shape->subjects,
                                           .capacity = shape->capacity,
                                           .epoch = EPOCH,
                                           .two_threads = true};
    struct run run = {.shape = shape};
    struct health_queue_counters counters;
    pthread_t writer;
    pthread_t reader;

    run.pushed_version = array_of(&run, sizeof *run.pushed_version);
    run.seen_version = array_of(&run, sizeof *run.seen_version);
    run.seen_state = array_of(&run, sizeof *run.seen_state);
    run.accounted = array_of(&run, sizeof *run.accounted);
    check(health_queue_create(&options, &run.queue) == HEALTH_OK, &run, "no queue");
    check(pthread_create(&writer, NULL, write_rounds, &run) == 0, &run, "no thread");
    check(pthread_create(&reader, NULL, read_rounds, &run) == 0, &run, "no thread");
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);

    health_queue_counters(run.queue, &counters);
    printf("%5" PRIu32 " subjects, capacity %5" PRIu32 ": %8" PRIu64 " pushed, %8" PRIu64
           " coalesced, %8" PRIu64 " dropped, %8" PRIu64 " popped\n",
           shape->subjects, shape->capacity, counters.pushed, counters.coalesced, counters.dropped,
           counters.popped);
    health_queue_destroy(run.queue);
    free(run.pushed_version);
    free(run.seen_version);
    free(run.seen_state);
    free(run.accounted);
}

int main(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        run_shape(&shapes[i]);
    return 0;
}
