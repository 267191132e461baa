/*
 * test_deadline.c - deadlines against a naive model: 64-bit times that never wrap, and a loop.
 */
#include "deadline.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>

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

/* One run: the real set, or the model of it. Both are driven by the same chance. */
struct run {
    bool real;
    struct deadlines set;
    uint64_t *at; /* the model's */
    uint32_t count;
    uint64_t now;
    uint64_t chance;
    uint64_t calls;
    uint64_t calls_hash; /* of who was called, and in which order */
};

static struct run run_create(bool real, uint32_t count, uint64_t now, uint64_t seed)
{
    struct run run = {.real = real, .count = count, .now = now, .chance = seed};
    if (real) {
        void *memory = aligned_alloc(64, (deadlines_bytes(count) + 63) / 64 * 64);
        cr_assert_not_null(memory);
        deadlines_init(&run.set, memory, count, (uint32_t)now);
    } else {
        run.at = malloc(count * sizeof *run.at);
        cr_assert_not_null(run.at);
        for (uint32_t id = 0; id < count; id++)
            run.at[id] = now + DEADLINE_FARTHEST_MS;
    }
    return run;
}

static void run_destroy(struct run *run)
{
    free(run->real ? run->set.at_ms : NULL);
    free(run->at);
}

static void run_arm(struct run *run, uint32_t id, uint64_t at)
{
    if (run->real)
        deadlines_arm(&run->set, id, (uint32_t)at);
    else
        run->at[id] = at;
}

/* Mostly a few seconds ahead; also at once, far ahead, and in the past. */
static uint64_t some_time(struct run *run)
{
    switch (below(&run->chance, 8)) {
    case 0:
        return run->now - below(&run->chance, 1000);
    case 1:
        return run->now + below(&run->chance, 3);
    case 2:
        return run->now + 1 + below(&run->chance, DEADLINE_FARTHEST_MS);
    default:
        return run->now + 1 + below(&run->chance, 5000);
    }
}

static uint32_t note_due(void *context, uint32_t id)
{
    struct run *run = context;

    run->calls++;
    run->calls_hash = (run->calls_hash ^ id) * UINT64_C(0x100000001b3);
    while (below(&run->chance, 3) == 0)
        run_arm(run, below(&run->chance, run->count), some_time(run));
    uint64_t next = some_time(run);
    if (!run->real)
        run->at[id] = next;
    return (uint32_t)next;
}

static void run_expire(struct run *run)
{
    if (run->real) {
        deadlines_expire(&run->set, (uint32_t)run->now, note_due, run);
        return;
    }
    for (uint32_t id = 0; id < run->count; id++)
        if (run->at[id] <= run->now)
            note_due(run, id);
}

static uint64_t model_earliest(const struct run *model)
{
    uint64_t earliest = model->at[0];
    for (uint32_t id = 1; id < model->count; id++)
        earliest = model->at[id] < earliest ? model->at[id] : earliest;
    return earliest;
}

/* What the bounds promise: never later than what they bound. Times are compared relative to now, where
 * 64 bits of the model and 32 of the set mean the same. */
static bool bounds_hold(const struct run *real, const struct run *model)
{
    const struct deadlines *set = &real->set;
    int32_t next = (int32_t)(set->next_ms - (uint32_t)real->now);

    if (next > (int64_t)(model_earliest(model) - model->now))
        return false;
    for (uint32_t id = 0; id < real->count; id++) {
        uint32_t block = id / DEADLINE_BLOCK;
        int32_t bound = (int32_t)(set->block_min[block] - (uint32_t)real->now);
        int32_t above = (int32_t)(set->group_min[block / DEADLINE_BLOCK] - (uint32_t)real->now);
        if (set->at_ms[id] != (uint32_t)model->at[id] || above > bound || next > above ||
            bound > (int64_t)(model->at[id] - model->now))
            return false;
    }
    return true;
}

/* A pass that calls nobody must leave a next time that lies ahead, or its caller would spin. */
static bool settles(struct run *real, const struct run *model)
{
    uint64_t calls = real->calls;

    if (model_earliest(model) <= model->now)
        return true;
    run_expire(real);
    return real->calls == calls && (int32_t)(real->set.next_ms - (uint32_t)real->now) > 0;
}

static uint64_t some_while(uint64_t *chance)
{
    switch (below(chance, 50)) {
    case 0:
        return below(chance, DEADLINE_FARTHEST_MS);
    case 1:
        return below(chance, 100000);
    default:
        return below(chance, 100);
    }
}

static void walk(uint32_t count, uint32_t steps, uint64_t seed)
{
    uint64_t chance = seed;
    uint64_t start = (UINT64_C(1) << 32) * 7 - below(&chance, 1000000); /* soon to wrap */
    struct run real = run_create(true, count, start, seed);
    struct run model = run_create(false, count, start, seed);

    for (uint32_t step = 0; step < steps; step++) {
        uint32_t arms = below(&chance, 20);
        for (uint32_t i = 0; i < arms; i++) {
            uint32_t id = below(&chance, count);
            run_arm(&real, id, some_time(&real));
            run_arm(&model, id, some_time(&model));
        }
        real.now = model.now = real.now + some_while(&chance);
        run_expire(&real);
        run_expire(&model);
        if (real.calls != model.calls || real.calls_hash != model.calls_hash)
            cr_assert_fail("%u ids, seed %llu, step %u: called others than the model did", count,
                           (unsigned long long)seed, step);
        if (!bounds_hold(&real, &model))
            cr_assert_fail("%u ids, seed %llu, step %u: a bound is too late", count,
                           (unsigned long long)seed, step);
        if (!settles(&real, &model))
            cr_assert_fail("%u ids, seed %llu, step %u: expires on and on", count,
                           (unsigned long long)seed, step);
    }
    cr_expect_gt(real.calls, steps / 4, "the walk has to expire something");
    cr_expect_gt(real.now, UINT64_C(1) << 33);
    run_destroy(&real);
    run_destroy(&model);
}

Test(deadline, agrees_with_a_naive_model_while_the_clock_wraps_and_calls_arm_others)
{
    static const struct {
        uint32_t count;
        uint32_t steps;
    } shapes[] = {{1, 30000},   {2, 30000},   {63, 20000},  {64, 20000},  {65, 20000}, {130, 20000},
                  {4096, 1000}, {4097, 1000}, {9000, 1000}, {20000, 300}, {300000, 20}};

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (uint64_t seed = 1; seed <= 3; seed++)
            walk(shapes[i].count, shapes[i].steps, seed);
}

/* ---- One promise at a time ---- */

struct script {
    struct deadlines set;
    uint32_t called[300];
    uint32_t calls;
    uint32_t when_called; /* this id arms ... */
    uint32_t arms;        /* ... that one ... */
    uint32_t for_ms;      /* ... for that time; */
    uint32_t next_ms;     /* and everybody's next deadline is this */
};

static uint32_t play(void *context, uint32_t id)
{
    struct script *script = context;

    script->called[script->calls++] = id;
    if (id == script->when_called)
        deadlines_arm(&script->set, script->arms, script->for_ms);
    return script->next_ms;
}

static struct script script_of(uint32_t count)
{
    struct script script = {.when_called = UINT32_MAX, .next_ms = 100000};
    deadlines_init(&script.set, aligned_alloc(64, (deadlines_bytes(count) + 63) / 64 * 64), count,
                   0);
    return script;
}

static void expect_called(const struct script *script, const uint32_t *ids, uint32_t count)
{
    cr_assert_eq(script->calls, count, "%u calls, not %u", script->calls, count);
    for (uint32_t i = 0; i < count; i++)
        cr_expect_eq(script->called[i], ids[i], "call %u is of %u", i, script->called[i]);
}

Test(deadline, comes_at_its_millisecond_and_not_before)
{
    struct script script = script_of(200);
    deadlines_arm(&script.set, 150, 500);
    cr_expect_eq(script.set.next_ms, 500);
    deadlines_expire(&script.set, 499, play, &script);
    expect_called(&script, NULL, 0);
    deadlines_expire(&script.set, 500, play, &script);
    expect_called(&script, (uint32_t[]){150}, 1);
    cr_expect_eq(script.set.next_ms, 100000);
    free(script.set.at_ms);
}

Test(deadline, that_was_moved_later_does_not_come_at_its_old_time)
{
    struct script script = script_of(200);
    deadlines_arm(&script.set, 7, 500);
    deadlines_arm(&script.set, 7, 900);
    deadlines_expire(&script.set, 500, play, &script);
    expect_called(&script, NULL, 0);
    cr_expect_eq(script.set.next_ms, 900, "and the bound is tightened");
    deadlines_expire(&script.set, 900, play, &script);
    expect_called(&script, (uint32_t[]){7}, 1);
    free(script.set.at_ms);
}

Test(deadline, calls_come_in_order_of_id)
{
    struct script script = script_of(300);
    const uint32_t order[] = {0, 63, 64, 128, 299};
    deadlines_arm(&script.set, 299, 1);
    deadlines_arm(&script.set, 64, 2);
    deadlines_arm(&script.set, 128, 3);
    deadlines_arm(&script.set, 0, 4);
    deadlines_arm(&script.set, 63, 5);
    deadlines_expire(&script.set, 10, play, &script);
    expect_called(&script, order, 5);
    free(script.set.at_ms);
}

Test(deadline, armed_in_a_call_for_the_past_comes_in_this_pass_if_its_turn_is_still_to_come)
{
    struct script script = script_of(300);
    deadlines_arm(&script.set, 10, 50);
    script.when_called = 10;
    script.arms = 200;
    script.for_ms = 20;
    deadlines_expire(&script.set, 60, play, &script);
    expect_called(&script, (uint32_t[]){10, 200}, 2);
    free(script.set.at_ms);
}

Test(deadline, armed_in_a_call_for_the_past_comes_in_the_next_pass_if_its_turn_is_over)
{
    static const uint32_t over[] = {9, 64, 0}; /* in the same block, in another one, far behind */
    for (int i = 0; i < 3; i++) {
        struct script script = script_of(300);
        uint32_t caller = i == 0 ? 10 : 280;
        deadlines_arm(&script.set, caller, 50);
        script.when_called = caller;
        script.arms = over[i];
        script.for_ms = 20;
        deadlines_expire(&script.set, 60, play, &script);
        expect_called(&script, (uint32_t[]){caller}, 1);
        cr_expect_eq(script.set.next_ms, 20, "which is due at once");
        deadlines_expire(&script.set, 60, play, &script);
        expect_called(&script, (uint32_t[]){caller, over[i]}, 2);
        free(script.set.at_ms);
    }
}

Test(deadline, given_for_the_past_by_a_call_does_not_come_twice_in_a_pass)
{
    struct script script = script_of(10);
    deadlines_arm(&script.set, 3, 50);
    script.next_ms = 50;
    deadlines_expire(&script.set, 60, play, &script);
    expect_called(&script, (uint32_t[]){3}, 1);
    deadlines_expire(&script.set, 60, play, &script);
    expect_called(&script, (uint32_t[]){3, 3}, 2);
    free(script.set.at_ms);
}

Test(deadline, comes_a_little_early_beside_one_of_its_block_that_is_due_and_only_there)
{
    struct script script = script_of(200);
    script.set.early_ms = 100;
    deadlines_arm(&script.set, 3, 600);
    deadlines_arm(&script.set, 5, 500);
    deadlines_arm(&script.set, 6, 601);
    deadlines_arm(&script.set, 70, 501); /* in another block */
    deadlines_expire(&script.set, 499, play, &script);
    expect_called(&script, NULL, 0);
    deadlines_expire(&script.set, 500, play, &script);
    expect_called(&script, (uint32_t[]){3, 5}, 2);
    cr_expect_eq(script.set.next_ms, 501, "and no other is forgotten");
    free(script.set.at_ms);
}

Test(deadline, takes_little_more_than_four_bytes_an_id)
{
    cr_expect_eq(deadlines_bytes(0), 0);
    cr_expect_eq(deadlines_bytes(1), 66 * 4);
    cr_expect_eq(deadlines_bytes(64), 66 * 4);
    cr_expect_eq(deadlines_bytes(4096), (4096 + 64 + 1) * 4);
    cr_expect_eq(deadlines_bytes(4097), (4096 + 64 + 65 + 2) * 4);
    cr_expect_leq(deadlines_bytes(1000000), 4064000);
    cr_expect_eq(deadlines_bytes(UINT32_MAX), ((size_t)1 << 34) / 4096 * (4096 + 64 + 1));
}

Test(deadline, of_no_ids_never_comes)
{
    struct deadlines set;
    uint32_t nothing[1];
    deadlines_init(&set, nothing, 0, 5);
    deadlines_expire(&set, 5 + DEADLINE_FARTHEST_MS, play, NULL);
    cr_expect_eq(set.next_ms, 5 + 2 * DEADLINE_FARTHEST_MS);
}
