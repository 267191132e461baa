/*
 * test_queue_model.c - the reporting queue beside a naive model, at every step of long random walks.
 *
 * The model is written from what queue.h says and from nothing else: plain arrays and loops over them.
 */
#include <healthd/queue.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* ---- Chance, the same each time ---- */

static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = (*state ^ *state >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static uint32_t below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(next_random(state) % limit);
}

/* ---- The model ---- */

struct model {
    struct health_queue_options options;
    uint32_t *line; /* from the oldest to the newest */
    uint32_t length;
    bool *owed;
    uint32_t owed_count;
    uint32_t cursor[2]; /* where paying debts goes on: the reader's round, the writer's */
    struct health_report *latest;
    uint32_t *seen_version;
    uint8_t *seen_state;
    struct health_queue_counters counters;
};

enum { READER, WRITER };

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    cr_assert_not_null(memory);
    return memory;
}

static struct model model_create(const struct health_queue_options *options)
{
    return (struct model){
        .options = *options,
        .line = zeroed(options->capacity, sizeof(uint32_t)),
        .owed = zeroed(options->subjects, sizeof(bool)),
        .latest = zeroed(options->subjects, sizeof(struct health_report)),
        .seen_version = zeroed(options->subjects, sizeof(uint32_t)),
        .seen_state = zeroed(options->subjects, sizeof(uint8_t)),
    };
}

static void model_destroy(struct model *model)
{
    free(model->line);
    free(model->owed);
    free(model->latest);
    free(model->seen_version);
    free(model->seen_state);
}

static bool model_in_line(const struct model *model, uint32_t subject)
{
    for (uint32_t i = 0; i < model->length; i++)
        if (model->line[i] == subject)
            return true;
    return false;
}

static uint32_t model_take_oldest(struct model *model)
{
    uint32_t subject = model->line[0];
    model->length--;
    memmove(model->line, model->line + 1, model->length * sizeof(uint32_t));
    return subject;
}

static uint32_t model_take_owed(struct model *model, int who)
{
    uint32_t subject = model->cursor[who] % model->options.subjects;
    while (!model->owed[subject])
        subject = (subject + 1) % model->options.subjects;
    model->owed[subject] = false;
    model->owed_count--;
    model->cursor[who] = subject + 1;
    return subject;
}

static void model_pay(struct model *model, int who, uint32_t most)
{
    for (; most > 0 && model->owed_count > 0 && model->length < model->options.capacity; most--)
        model->line[model->length++] = model_take_owed(model, who);
}

static void model_push(struct model *model, const struct health_report *report)
{
    uint32_t subject = report->subject;

    if (model->options.two_threads)
        model_pay(model, WRITER, 2);
    model->counters.pushed++;
    model->latest[subject] = *report;
    if (model_in_line(model, subject)) {
        model->counters.coalesced++;
        return;
    }
    if (model->owed[subject]) {
        model->owed[subject] = false;
        model->owed_count--;
    }
    if (model->length == model->options.capacity) {
        model->owed[model_take_oldest(model)] = true;
        model->owed_count++;
        model->counters.dropped++;
    }
    model->line[model->length++] = subject;
}

static void model_deliver(struct model *model, uint32_t subject, struct health_report *ret_report)
{
    *ret_report = model->latest[subject];
    ret_report->epoch = model->options.epoch;
    ret_report->missed = ret_report->version - model->seen_version[subject] - 1;
    ret_report->from = model->seen_state[subject];
    model->seen_version[subject] = ret_report->version;
    model->seen_state[subject] = ret_report->state;
    model->counters.popped++;
}

static bool model_pop(struct model *model, struct health_report *ret_report)
{
    if (model->length > 0)
        model_deliver(model, model_take_oldest(model), ret_report);
    else if (model->owed_count > 0)
        model_deliver(model, model_take_owed(model, READER), ret_report);
    else
        return false;
    if (!model->options.two_threads)
        model_pay(model, READER, 1);
    return true;
}

/* ---- Both side by side ---- */

struct pair {
    struct model model;
    struct health_queue *queue;
    struct health_report *picture; /* what the reader was told last of each subject */
    uint64_t chance;
    uint64_t seed;
    uint64_t step;
};

static struct pair pair_create(const struct health_queue_options *options, uint64_t seed)
{
    struct pair pair = {.model = model_create(options), .chance = seed, .seed = seed};
    pair.picture = zeroed(options->subjects, sizeof *pair.picture);
    cr_assert_eq(health_queue_create(options, &pair.queue), HEALTH_OK);
    return pair;
}

static void pair_destroy(struct pair *pair)
{
    model_destroy(&pair->model);
    health_queue_destroy(pair->queue);
    free(pair->picture);
}

/* Only a difference is reported: an assertion that holds is too slow to make millions of. */
static void pair_differ(const struct pair *pair, const char *what, uint64_t is, uint64_t should)
{
    const struct health_queue_options *options = &pair->model.options;
    cr_assert_fail("%s is %llu and should be %llu at step %llu of seed %llu with %u subjects, "
                   "capacity %u, %s",
                   what, (unsigned long long)is, (unsigned long long)should,
                   (unsigned long long)pair->step, (unsigned long long)pair->seed,
                   options->subjects, options->capacity,
                   options->two_threads ? "two threads" : "one thread");
}

#define SAME(pair, what, is, should) \
    do { \
        if ((is) != (should)) \
            pair_differ(pair, what, (uint64_t)(is), (uint64_t)(should)); \
    } while (0)

static void pair_compare(const struct pair *pair)
{
    struct health_queue_counters counters;
    const struct health_queue_counters *should = &pair->model.counters;

    health_queue_counters(pair->queue, &counters);
    SAME(pair, "length", health_queue_length(pair->queue), pair->model.length);
    SAME(pair, "pushed", counters.pushed, should->pushed);
    SAME(pair, "coalesced", counters.coalesced, should->coalesced);
    SAME(pair, "dropped", counters.dropped, should->dropped);
    SAME(pair, "popped", counters.popped, should->popped);
}

static void pair_compare_reports(const struct pair *pair, const struct health_report *is,
                                 const struct health_report *should)
{
    SAME(pair, "subject", is->subject, should->subject);
    SAME(pair, "version", is->version, should->version);
    SAME(pair, "missed", is->missed, should->missed);
    SAME(pair, "state", is->state, should->state);
    SAME(pair, "from", is->from, should->from);
    SAME(pair, "reason", is->reason, should->reason);
    SAME(pair, "routable", is->routable, should->routable);
    SAME(pair, "since_ns", is->since_ns, should->since_ns);
    SAME(pair, "at_ns", is->at_ns, should->at_ns);
    SAME(pair, "epoch", is->epoch, should->epoch);
}

static void pair_push(struct pair *pair, uint32_t subject)
{
    uint64_t bits = next_random(&pair->chance);
    struct health_report report = {
        .subject = subject,
        .version = pair->model.latest[subject].version + 1,
        .missed = (uint32_t)(bits >> 32), /* pop has to set these three itself */
        .from = (uint8_t)bits,
        .epoch = bits,
        .state = (uint8_t)(bits >> 8),
        .reason = (uint8_t)(bits >> 16),
        .routable = (uint8_t)(bits >> 24),
        .since_ns = (int64_t)next_random(&pair->chance),
        .at_ns = (int64_t)next_random(&pair->chance),
    };
    health_queue_push(pair->queue, &report);
    model_push(&pair->model, &report);
    pair->step++;
    pair_compare(pair);
}

static bool pair_pop(struct pair *pair)
{
    struct health_report is = {.at_ns = 42};
    struct health_report should = {.at_ns = 42};
    bool popped = health_queue_pop(pair->queue, &is);

    SAME(pair, "pop", popped, model_pop(&pair->model, &should));
    pair_compare_reports(pair, &is, &should);
    if (popped)
        pair->picture[is.subject] = is;
    pair->step++;
    pair_compare(pair);
    return popped;
}

/* Things go quiet and the reader drains: it has seen the latest report of every subject. */
static void pair_drain(struct pair *pair)
{
    while (pair_pop(pair))
        ;
    for (uint32_t subject = 0; subject < pair->model.options.subjects; subject++) {
        SAME(pair, "upstream's version", pair->picture[subject].version,
             pair->model.latest[subject].version);
        SAME(pair, "upstream's state", pair->picture[subject].state,
             pair->model.latest[subject].state);
    }
}

/* Times of many pushes, of many pops, of both; over all subjects or over a few. */
static void pair_walk(struct pair *pair, uint64_t steps)
{
    static const uint32_t pushes_percent[] = {0, 20, 50, 50, 60, 80, 100, 100};
    const struct health_queue_options *options = &pair->model.options;

    while (pair->step < steps) {
        uint32_t percent = pushes_percent[below(&pair->chance, 8)];
        uint32_t few = 1 + below(&pair->chance, options->subjects);
        uint32_t length = 1 + below(&pair->chance, 3 * options->subjects);
        for (uint32_t i = 0; i < length; i++) {
            if (below(&pair->chance, 100) < percent)
                pair_push(pair, below(&pair->chance, few));
            else
                pair_pop(pair);
        }
        if (below(&pair->chance, 20) == 0)
            pair_drain(pair);
    }
    pair_drain(pair);
}

static void walk_all_shapes(bool two_threads)
{
    static const struct {
        uint32_t subjects;
        uint32_t capacity;
        uint64_t steps;
    } shapes[] = {
        {1, 1, 50000},       {2, 1, 100000},   {7, 1, 200000},    {7, 3, 200000},
        {7, 6, 200000},      {7, 7, 200000},   {8, 8, 100000},    {8, 9, 100000},
        {4, 1000, 50000},    {7, 8, 100000},   {7, 1000, 100000}, {64, 16, 200000},
        {65, 64, 200000},    {100, 5, 200000}, {300, 20, 200000}, {4200, 100, 60000},
        {4200, 4200, 40000},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            struct health_queue_options options = {.subjects = shapes[i].subjects,
                                                   .capacity = shapes[i].capacity,
                                                   .epoch = 1700000000000 + seed,
                                                   .two_threads = two_threads};
            struct pair pair = pair_create(&options, seed * 1000 + i);
            pair_walk(&pair, shapes[i].steps);
            pair_destroy(&pair);
        }
    }
}

Test(queue_model, agrees_with_a_naive_model_at_every_step_in_one_thread)
{
    walk_all_shapes(false);
}

Test(queue_model, agrees_with_a_naive_model_at_every_step_when_made_for_two_threads)
{
    walk_all_shapes(true);
}
