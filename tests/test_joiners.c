/*
 * test_joiners.c - which node with a closed port is the one that joins.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(joiners, without_agents_a_long_state_transfer_is_yellow_as_the_peers_view_grew)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 5);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "red-unclean");
    scene_member(&scene, 1, 5, 3);
    scene_member(&scene, 2, 5, 3);
    scene_run(&scene, 0.5);
    scene_expect(&scene, 3, "yellow");
    scene_run(&scene, 120);
    scene_expect(&scene, 3, "yellow");
    scene_up(&scene, 3, 5, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "green");
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}

Test(joiners, without_agents_a_joiner_that_dies_is_red_again)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_leave(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_stopped(&scene, 3);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "red-clean");
    scene_member(&scene, 1, 5, 3);
    scene_member(&scene, 2, 5, 3);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "yellow");
    MEMBERS(&scene, 6, 1, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "red-unclean"); /* its former life's graceful exit proves nothing */
    scene_play(&scene);
}

Test(joiners, without_agents_one_joiner_of_two_that_are_down_leaves_both_unknown)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 5);
    scene_run(&scene, 2);
    scene_crash(&scene, 4);
    scene_crash(&scene, 5);
    scene_run(&scene, 6);
    MEMBERS(&scene, 6, 1, 2, 3);
    scene_run(&scene, 2);
    scene_expect(&scene, 4, "red-unclean");
    for (unsigned n = 1; n <= 3; n++)
        scene_member(&scene, n, 7, 4);
    scene_run(&scene, 1);
    scene_expect(&scene, 4, "unknown");
    scene_expect(&scene, 5, "unknown");
    scene_up(&scene, 5, 7, 4);
    scene_run(&scene, 1);
    scene_expect(&scene, 5, "green");
    scene_expect(&scene, 4, "red-unclean");
    scene_play(&scene);
}
