/*
 * test_memory_progress.c - joins and donors that come on, or stand still.
 */
#include "memory_stage.h"

#include <criterion/criterion.h>

#define KIB UINT64_C(1024)

TestSuite(memory_progress, .fini = stage_leave);

/* ---- Joins ---- */

static void crash_and_join(void)
{
    stage_begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 7);
    scene_starting(&scene, 1, 2001);
}

Test(memory_progress, a_join_begins_with_the_process_and_ends_with_service)
{
    crash_and_join();
    scene_run(&scene, 3);
    int64_t began_ns = stage_node(1)->joining_ns;
    cr_expect_gt(began_ns, stage_now_ns() - 4 * SECOND);
    cr_expect_eq(stage_node(1)->moved_ns, 0, "nothing is known of its progress");
    replay_close(&replay);
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_up(&scene, 1, 5, 3);
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(1)->joining_ns, 0);
}

Test(memory_progress, a_moment_of_silence_ends_no_join)
{
    crash_and_join();
    scene_run(&scene, 3);
    scene_cut_off(&scene, 1);
    scene_run(&scene, 5);
    scene_actor(&scene, 1)->agent = true;
    scene_fails(&scene, 1, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 2);
    cr_expect_lt(stage_node(1)->joining_ns, stage_now_ns() - 9 * SECOND);
    cr_expect_neq(stage_node(1)->joining_ns, 0);
}

Test(memory_progress, on_its_way_out_nobody_joins)
{
    stage_begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_leave(&scene, 1);
    scene_actor(&scene, 1)->beat.local = (struct health_probe){.error = HEALTH_PROBE_REFUSED};
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(1)->joining_ns, 0);
}

Test(memory_progress, a_crash_ends_a_join)
{
    crash_and_join();
    scene_run(&scene, 3);
    scene_crash(&scene, 1);
    scene_run(&scene, 2);
    cr_expect_eq(stage_node(1)->joining_ns, 0);
}

Test(memory_progress, bytes_that_move_are_progress)
{
    crash_and_join();
    for (uint64_t i = 1; i <= 5; i++) {
        scene_actor(&scene, 1)->beat.moved = 256 * KIB * i;
        scene_run(&scene, 1);
    }
    cr_expect_gt(stage_node(1)->moved_ns, stage_now_ns() - 2 * SECOND);
    replay_close(&replay);
    scene_run(&scene, 20);
    cr_expect_lt(stage_node(1)->moved_ns, stage_now_ns() - 19 * SECOND);
    cr_expect_neq(stage_node(1)->moved_ns, 0);
}

/* rsync writes 256 KiB at once: over 64 kbit/s that is every half a minute. */
Test(memory_progress, a_slow_transfer_comes_on)
{
    crash_and_join();
    for (uint64_t i = 1; i <= 4; i++) {
        scene_actor(&scene, 1)->beat.moved = 256 * KIB * i;
        scene_run(&scene, 32);
        cr_expect_gt(stage_node(1)->moved_ns, stage_now_ns() - 34 * SECOND);
        replay_close(&replay);
    }
}

Test(memory_progress, a_script_that_only_polls_moves_nothing)
{
    crash_and_join();
    uint64_t *moved = &scene_actor(&scene, 1)->beat.moved;
    *moved = 50000 * KIB;
    scene_run(&scene, 1);
    for (int i = 0; i < 60; i++) {
        *moved += 124;
        scene_run(&scene, 1);
    }
    cr_expect_lt(stage_node(1)->moved_ns, stage_now_ns() - 59 * SECOND);
    replay_close(&replay);
    *moved += 64 * KIB;
    scene_run(&scene, 1);
    cr_expect_gt(stage_node(1)->moved_ns, stage_now_ns() - 2 * SECOND);
}

Test(memory_progress, bytes_that_went_with_their_process_leave_no_transfer_stuck)
{
    crash_and_join();
    scene_actor(&scene, 1)->beat.moved = 50000 * KIB;
    scene_run(&scene, 10);
    scene_actor(&scene, 1)->beat.moved = 40000 * KIB;
    scene_run(&scene, 1);
    cr_expect_gt(stage_node(1)->moved_ns, stage_now_ns() - 2 * SECOND);
}

Test(memory_progress, who_stands_still_from_the_first_on_is_known_to_stand)
{
    stage_begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 7);
    scene_actor(&scene, 1)->beat.moved = 4096;
    scene_starting(&scene, 1, 2001);
    scene_run(&scene, 10);
    cr_expect_neq(stage_node(1)->moved_ns, 0);
    cr_expect_lt(stage_node(1)->moved_ns, stage_now_ns() - 9 * SECOND);
}

Test(memory_progress, a_position_that_rises_is_progress_and_an_older_sample_is_none)
{
    stage_begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_JOINED;
    struct health_view old = scene_actor(&scene, 1)->view;
    stage_commit(1, 150);
    scene_run(&scene, 1);
    scene_actor(&scene, 1)->lags = &old; /* its agent still tells of 100 */
    scene_run(&scene, 10);
    cr_expect_neq(stage_node(1)->moved_ns, 0);
    cr_expect_lt(stage_node(1)->moved_ns, stage_now_ns() - 9 * SECOND);
}

/* ---- Donors ---- */

static void donate(void)
{
    stage_begin(3);
    scene_actor(&scene, 2)->view.local_state = HEALTH_LOCAL_DONOR;
    scene_run(&scene, 1);
    stage_commit(1, 101);
    stage_commit(3, 101);
    scene_run(&scene, 10);
}

Test(memory_progress, a_donor_stands_when_others_go_on)
{
    donate();
    cr_expect_neq(stage_node(2)->stood_ns, 0);
    cr_expect_lt(stage_node(2)->stood_ns, stage_now_ns() - 9 * SECOND);
    cr_expect_eq(stage_node(1)->stood_ns, 0);
}

Test(memory_progress, a_donor_that_applies_again_does_not_stand)
{
    donate();
    stage_commit(2, 101);
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(2)->stood_ns, 0);
}

Test(memory_progress, nobody_stands_where_nobody_writes)
{
    stage_begin(3);
    scene_actor(&scene, 2)->view.local_state = HEALTH_LOCAL_DONOR;
    scene_run(&scene, 10);
    cr_expect_eq(stage_node(2)->stood_ns, 0);
}

Test(memory_progress, while_we_were_stopped_nobody_stood)
{
    struct health_case known;

    donate();
    scene_pause(&scene, 3600);
    scene_run(&scene, 1);
    stage_node(2);
    health_memory_case(replay.memory, replay.engine, replay.cluster, &replay.limits, replay.now_ns,
                       &known);
    cr_expect_gt(known.nodes[1].memory.stood_ns, known.now_ns - 15 * SECOND);
    cr_expect_lt(known.nodes[1].memory.stood_ns, known.now_ns - 9 * SECOND);
}
