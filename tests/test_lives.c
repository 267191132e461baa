/*
 * test_lives.c - restarts, of one node after another and of the whole cluster.
 */
#include "scene.h"

#include <criterion/criterion.h>

/* Stop one politely and start it again. Gives the configuration id afterwards. */
static uint64_t restart(struct scene *scene, unsigned number, const unsigned *others,
                        uint64_t conf_id)
{
    scene_leave(scene, number);
    scene_members(scene, others, ++conf_id);
    scene_run(scene, 1);
    scene_stopped(scene, number);
    scene_run(scene, 1);
    scene_expect(scene, number, "red-clean");
    scene_expect_cluster(scene, "yellow");
    scene_starting(scene, number, 2000 + number);
    scene_run(scene, 2);
    scene_expect(scene, number, "yellow");
    conf_id++;
    for (unsigned n = 1; n <= 3; n++)
        if (n != number)
            scene_member(scene, n, conf_id, 3);
    scene_run(scene, 1);
    scene_up(scene, number, conf_id, 3);
    scene_run(scene, 1);
    scene_expect(scene, number, "green");
    scene_expect_cluster(scene, "green");
    return conf_id;
}

Test(lives, a_rolling_restart_shows_no_crash)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    uint64_t conf_id = restart(&scene, 3, (const unsigned[]){1, 2, 0}, 3);
    conf_id = restart(&scene, 2, (const unsigned[]){1, 3, 0}, conf_id);
    restart(&scene, 1, (const unsigned[]){2, 3, 0}, conf_id);
    for (unsigned n = 1; n <= 3; n++)
        scene_never(&scene, n, "red-unclean");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(lives, all_stopped_in_turn_are_clean_and_the_cluster_red)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 3; n >= 1; n--) {
        scene_leave(&scene, n);
        for (unsigned k = 1; k < n; k++)
            scene_member(&scene, k, 3 + (3 - n) + 1, (int32_t)n - 1);
        scene_run(&scene, 1);
        scene_stopped(&scene, n);
        scene_run(&scene, 1);
        scene_expect(&scene, n, "red-clean");
        scene_expect_cluster(&scene, n > 1 ? "yellow" : "red");
        scene_never(&scene, n, "red-unclean");
    }
    scene_play(&scene);
}

Test(lives, all_killed_and_bootstrapped_begin_a_new_life_with_ids_from_one)
{
    struct scene scene;
    scene_begin(&scene, 3);
    for (unsigned n = 1; n <= 3; n++)
        scene_member(&scene, n, 57, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_crash(&scene, n);
    scene_run(&scene, 1);
    for (unsigned n = 1; n <= 3; n++)
        scene_expect(&scene, n, "red-unclean");
    scene_expect_cluster(&scene, "red");
    scene_run(&scene, 5);
    scene_starting(&scene, 1, 2001);
    scene_run(&scene, 2);
    scene_expect(&scene, 1, "yellow");
    scene_expect_cluster(&scene, "red");
    scene_up(&scene, 1, 1, 1);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "green");
    scene_expect_cluster(&scene, "yellow");
    scene_starting(&scene, 2, 2002);
    scene_run(&scene, 1);
    scene_member(&scene, 1, 2, 2);
    scene_up(&scene, 2, 2, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 2, "green");
    scene_starting(&scene, 3, 2003);
    scene_run(&scene, 1);
    scene_member(&scene, 1, 3, 3);
    scene_member(&scene, 2, 3, 3);
    scene_up(&scene, 3, 3, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "green");
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}

Test(lives, without_agents_all_killed_at_once_are_unclean_and_the_cluster_red)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_crash(&scene, n);
    scene_run(&scene, 1.5);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "red-unclean");
        scene_never(&scene, n, "red-clean");
    }
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}

Test(lives, a_crash_loop_counts_its_crashes_and_lives)
{
    struct scene scene;
    struct replay replay;
    struct health_node_snapshot node;

    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned turn = 0; turn < 4; turn++) {
        scene_crash(&scene, 3);
        scene_run(&scene, 1);
        scene_expect(&scene, 3, "red-unclean");
        scene_starting(&scene, 3, 3000 + turn);
        scene_run(&scene, 1);
        scene_expect(&scene, 3, "yellow");
    }
    struct scene copy = scene;
    copy.recording = recording_copy(&scene.recording);
    scene_play(&scene);
    scene_picture(&copy, &replay);
    health_node_snapshot(replay.engine, 2, &node);
    cr_expect_eq(node.unclean_exits, 4);
    cr_expect_eq(node.incarnation, 5);
    cr_expect_eq(node.transitions, 9);
    replay_close(&replay);
    recording_free(&copy.recording);
}

Test(lives, after_a_restart_of_all_that_nobody_watched_all_are_green_with_their_next_answers)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    for (unsigned n = 1; n <= 3; n++)
        scene_member(&scene, n, 30, 3);
    scene_run(&scene, 3);
    scene_pause(&scene, 60);
    MEMBERS(&scene, 3, 1, 2, 3);
    scene_run(&scene, 0.3);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "green");
        scene_never_again(&scene, n, "yellow");
    }
    scene_expect_cluster(&scene, "green");
    scene_run(&scene, 5);
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}

Test(lives, after_a_restart_of_all_between_two_probes_all_are_green_with_their_next_answers)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_cadence(&scene, 10000, 500, 500);
    for (unsigned n = 1; n <= 3; n++) {
        scene_member(&scene, n, 30, 3);
        scene_actor(&scene, n)->phase_ms = 3000 * (n - 1) + 100;
    }
    scene_run(&scene, 26.2);
    MEMBERS(&scene, 3, 1, 2, 3);
    scene_run(&scene, 10);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "green");
        scene_never_again(&scene, n, "yellow");
        scene_never_again(&scene, n, "unknown");
    }
    scene_run(&scene, 40);
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}
