/*
 * queue_interleavings.c - the reporting queue's two sides, interleaved step by step at will.
 *
 * Real threads rarely stop in the middle of a push or a pop; a preempted one does, for as long as it
 * likes. Here the two sides are coroutines of one thread, and before each step on a shared word chance
 * decides who goes on, often for long. A seed gives the same interleaving each time.
 *
 * What must hold at every switch: the line is within its capacity and has no subject twice. What must
 * hold of every push and pop: while the other side stands still, it ends within a few steps, wherever
 * the other stands; so nobody ever waits. And once the writer rests and the reader drains, the
 * reader's picture is the writer's.
 *
 * The words here replace those of engine/word.h; the queue above them is compiled in as it is. Effects
 * of weaker memory order do not show; for those see queue_threads.c under ThreadSanitizer.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

/* ---- Words with a switch before each step ---- */

static void step(void);

#define HEALTHD_ENGINE_WORD_H

struct word {
    uint64_t bits;
};

static uint64_t word_peek(const struct word *from)
{
    return from->bits;
}

static void word_poke(struct word *to, uint64_t value)
{
    to->bits = value;
}

static uint64_t word_load(const struct word *from)
{
    step();
    return from->bits;
}

static void word_store(struct word *to, uint64_t value)
{
    step();
    to->bits = value;
}

static uint64_t word_exchange(struct word *at, uint64_t value, bool shared)
{
    (void)shared;
    step();
    uint64_t old = at->bits;
    at->bits = value;
    return old;
}

static uint64_t word_set_bits(struct word *at, uint64_t bits, bool shared)
{
    (void)shared;
    step();
    uint64_t old = at->bits;
    at->bits = old | bits;
    return old;
}

static uint64_t word_clear_bits(struct word *at, uint64_t bits, bool shared)
{
    (void)shared;
    step();
    uint64_t old = at->bits;
    at->bits = old & ~bits;
    return old;
}

static bool word_change(struct word *at, uint64_t from, uint64_t to, bool shared)
{
    (void)shared;
    step();
    if (at->bits != from)
        return false;
    at->bits = to;
    return true;
}

/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "owed.c"
#include "queue.c"
/* NOLINTEND(bugprone-suspicious-include) */

/* ---- Two coroutines and their scheduler ---- */

#define SUBJECTS_TRIED_MAX 200u
#define STACK_BYTES 65536u

/* More steps than any push or pop takes while the other side stands still. */
#define STEPS_MAX 60u

enum side { WRITER, READER, SIDES };

static struct {
    ucontext_t scheduler;
    ucontext_t sides[SIDES];
    char stacks[SIDES][STACK_BYTES];
    enum side running;
    bool writer_done;           /* it has pushed all */
    bool reader_done;           /* it has drained after that */
    uint32_t steps_left;        /* before the next switch */
    uint32_t steps_undisturbed; /* of this push or pop since the other side ran */
    uint64_t steps;
    uint64_t chance;
    uint64_t seed;
    struct health_queue *queue;
    uint32_t subjects;
    uint32_t capacity;
    uint32_t pushes;
    uint32_t pushed_version[SUBJECTS_TRIED_MAX];
    uint32_t seen_version[SUBJECTS_TRIED_MAX];
    uint8_t seen_state[SUBJECTS_TRIED_MAX];
} world;

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr,
            "queue_interleavings: %s (seed %" PRIu64 ", %u subjects, capacity %u, step %" PRIu64
            ")\n",
            what, world.seed, world.subjects, world.capacity, world.steps);
    exit(1);
}

static uint32_t below(uint32_t limit)
{
    world.chance += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = (world.chance ^ world.chance >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((mixed ^ mixed >> 31) % limit);
}

static void step(void)
{
    world.steps++;
    world.steps_undisturbed++;
    check(world.steps_undisturbed < STEPS_MAX, "one side waits for the other, which stands still");
    if (world.steps_left-- == 0)
        swapcontext(&world.sides[world.running], &world.scheduler);
}

static void begin(void)
{
    world.steps_undisturbed = 0;
}

static struct health_report report_of(uint32_t subject, uint32_t version)
{
    return (struct health_report){.subject = subject,
                                  .version = version,
                                  .state = (uint8_t)(subject * 31 + version),
                                  .reason = (uint8_t)version,
                                  .routable = (uint8_t)(version >> 8),
                                  .since_ns = (int64_t)subject << 32 | version,
                                  .at_ns = -(int64_t)version};
}

static void check_length(void)
{
    begin();
    check(health_queue_length(world.queue) <= world.capacity,
          "says it is longer than its capacity");
}

static void write_all(void)
{
    for (uint32_t i = 0; i < world.pushes; i++) {
        uint32_t subject = below(world.subjects);
        struct health_report report = report_of(subject, ++world.pushed_version[subject]);
        begin();
        health_queue_push(world.queue, &report);
        check_length();
    }
    world.writer_done = true;
}

static void receive(const struct health_report *is)
{
    check(is->subject < world.subjects, "no such subject");
    uint32_t last = world.seen_version[is->subject];
    struct health_report should = report_of(is->subject, is->version);

    check(is->version > last, "a version came twice or went back");
    check(is->missed == is->version - last - 1, "missed is wrong");
    check(is->from == world.seen_state[is->subject], "from is wrong");
    check(is->state == should.state && is->reason == should.reason &&
              is->routable == should.routable && is->since_ns == should.since_ns &&
              is->at_ns == should.at_ns,
          "the contents are not those of the version");
    world.seen_version[is->subject] = is->version;
    world.seen_state[is->subject] = is->state;
}

static void read_all(void)
{
    struct health_report report;

    while (!world.reader_done) {
        bool last_chance = world.writer_done;
        begin();
        if (health_queue_pop(world.queue, &report))
            receive(&report);
        else
            world.reader_done = last_chance;
        check_length();
    }
}

/* The line as it lies there, whoever stands in the middle of what. */
static void check_line(void)
{
    const struct line *line = &world.queue->line;
    bool there[SUBJECTS_TRIED_MAX] = {false};

    check(line->tail.bits - line->head.bits <= world.capacity, "longer than its capacity");
    for (uint64_t at = line->head.bits; at < line->tail.bits; at++) {
        uint32_t subject = line_read(line, at);
        check(subject < world.subjects, "nobody stands in line");
        check(!there[subject], "a subject stands in line twice");
        there[subject] = true;
    }
}

static void check_quiet(void)
{
    struct health_queue_counters counters;

    health_queue_counters(world.queue, &counters);
    check(counters.pushed == world.pushes, "the counter of pushes is wrong");
    check(world.queue->line.tail.bits == world.queue->line.head.bits, "drained, and not empty");
    for (uint32_t subject = 0; subject < world.subjects; subject++)
        check(world.seen_version[subject] == world.pushed_version[subject],
              "the latest report of a subject was lost");
}

static void start_side(enum side side, void (*run)(void))
{
    getcontext(&world.sides[side]);
    world.sides[side].uc_stack.ss_sp = world.stacks[side];
    world.sides[side].uc_stack.ss_size = STACK_BYTES;
    world.sides[side].uc_link = &world.scheduler;
    makecontext(&world.sides[side], run, 0);
}

/* Who goes on, and for how long: mostly the other one soon, sometimes one for very long. */
static void choose(uint32_t pace)
{
    static const uint32_t most_steps[] = {2, 5, 20, 200};

    enum side before = world.running;

    world.running = below(2) && !world.writer_done ? WRITER : READER;
    if (world.running != before)
        world.steps_undisturbed = 0;
    world.steps_left = below(most_steps[below(8) ? pace : 3]);
}

static void interleave(uint32_t subjects, uint32_t capacity, uint32_t pushes, uint64_t seed)
{
    struct health_queue_options options = {
        .subjects = subjects, .capacity = capacity, .two_threads = true};

    world.subjects = subjects;
    world.capacity = capacity;
    world.pushes = pushes;
    world.seed = seed;
    world.chance = seed;
    world.writer_done = world.reader_done = false;
    memset(world.pushed_version, 0, sizeof world.pushed_version);
    memset(world.seen_version, 0, sizeof world.seen_version);
    memset(world.seen_state, 0, sizeof world.seen_state);
    world.steps_left = UINT32_MAX;
    begin();
    if (health_queue_create(&options, &world.queue) != HEALTH_OK)
        exit(1);
    start_side(WRITER, write_all);
    start_side(READER, read_all);
    uint32_t pace = below(4);
    while (!world.reader_done) {
        choose(pace);
        swapcontext(&world.scheduler, &world.sides[world.running]);
        check_line();
    }
    check_quiet();
    health_queue_destroy(world.queue);
}

int main(int argc, char **argv)
{
    static const struct {
        uint32_t subjects;
        uint32_t capacity;
        uint32_t pushes;
    } shapes[] = {{1, 1, 20}, {2, 1, 30}, {2, 2, 30},   {3, 1, 30},   {3, 2, 40},
                  {5, 2, 60}, {8, 3, 60}, {70, 1, 300}, {130, 9, 400}};
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000;

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (uint64_t seed = 1; seed <= seeds; seed++)
            interleave(shapes[i].subjects, shapes[i].capacity, shapes[i].pushes, seed);
    printf("%" PRIu64 " steps\n", world.steps);
    return 0;
}
