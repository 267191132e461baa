/*
 * test_memory_crashes.c - which ends are crashes, and which of them belong together.
 */
#include "memory_stage.h"

#include <criterion/criterion.h>

TestSuite(memory_crashes, .fini = stage_leave);

Test(memory_crashes, a_crash_is_counted_once)
{
    stage_begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 8);
    cr_expect_gt(stage_node(1)->crash_ns[0], stage_now_ns() - 9 * SECOND);
    cr_expect_eq(stage_node(1)->crash_ns[1], 0);
    cr_expect_eq(stage_cluster()->crashed_ns, 0);
    cr_expect_not(stage_node(1)->crashed_together);
}

Test(memory_crashes, a_node_that_was_never_seen_alive_has_not_crashed)
{
    scene_begin(&scene, 3);
    scene.recording.count = 0;
    scene_crash(&scene, 1);
    scene_crash(&scene, 2);
    scene_run(&scene, 3);
    cr_expect_eq(stage_node(1)->crash_ns[0], 0);
    cr_expect_eq(stage_cluster()->crashed_ns, 0);
}

Test(memory_crashes, a_graceful_stop_is_no_crash)
{
    stage_begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_leave(&scene, 1);
    scene_run(&scene, 1);
    scene_stopped(&scene, 1);
    scene_run(&scene, 2);
    cr_expect_eq(stage_node(1)->crash_ns[0], 0);
}

Test(memory_crashes, crashes_of_several_lives_are_kept_latest_first)
{
    stage_begin(3);
    for (uint32_t life = 1; life <= 5; life++) {
        scene_crash(&scene, 1);
        MEMBERS(&scene, 2 + 2 * life, 2, 3);
        scene_run(&scene, 7);
        scene_starting(&scene, 1, 2000 + life);
        scene_run(&scene, 1);
        MEMBERS(&scene, 3 + 2 * life, 1, 2, 3);
        scene_up(&scene, 1, 3 + 2 * life, 3);
        scene_run(&scene, 2);
    }
    for (int i = 0; i < HEALTH_CRASHES_KEPT; i++)
        cr_expect_gt(stage_node(1)->crash_ns[i], stage_now_ns() - (i + 1) * 10 * SECOND - SECOND);
    cr_expect_gt(stage_node(1)->crash_ns[0], stage_node(1)->crash_ns[1]);
}

Test(memory_crashes, two_members_that_crash_within_moments_are_remembered_until_acknowledged)
{
    stage_begin(5);
    scene_crash(&scene, 1);
    scene_run(&scene, 3);
    scene_crash(&scene, 2);
    MEMBERS(&scene, 6, 3, 4, 5);
    scene_run(&scene, 10);
    cr_expect_neq(stage_cluster()->crashed_ns, 0);
    cr_expect(stage_node(1)->crashed_together);
    cr_expect(stage_node(2)->crashed_together);
    cr_expect_not(stage_node(3)->crashed_together);
    health_memory_acknowledge(replay.memory, replay.engine, replay.cluster);
    cr_expect_eq(stage_cluster()->crashed_ns, 0);
    cr_expect_not(stage_node(1)->crashed_together);
}

Test(memory_crashes, crashes_further_apart_than_the_window_are_two)
{
    stage_begin(5);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 6, 2, 3, 4, 5);
    scene_run(&scene, 7);
    scene_crash(&scene, 2);
    MEMBERS(&scene, 7, 3, 4, 5);
    scene_run(&scene, 7);
    cr_expect_neq(stage_node(2)->crash_ns[0], 0);
    cr_expect_eq(stage_cluster()->crashed_ns, 0);
}

Test(memory_crashes, a_joiner_that_crashes_takes_no_acknowledged_write_along)
{
    stage_begin(5);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 6, 2, 3, 4, 5);
    scene_run(&scene, 7);
    scene_starting(&scene, 1, 2001);
    scene_run(&scene, 3);
    scene_crash(&scene, 1);
    scene_run(&scene, 1);
    scene_crash(&scene, 2);
    scene_run(&scene, 1);
    cr_expect_neq(stage_node(1)->crash_ns[1], 0, "the joiner's end is a crash of its own");
    cr_expect_eq(stage_cluster()->crashed_ns, 0);
}
