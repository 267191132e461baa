/*
 * test_arbitrators.c - members that are no configured node.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(arbitrators, with_an_arbitrator_a_thawed_node_is_still_found_out)
{
    struct scene scene;
    scene_begin(&scene, 2);
    scene_member(&scene, 1, 3, 3); /* two nodes and garbd */
    scene_member(&scene, 2, 3, 3);
    scene_run(&scene, 2);
    scene_expect_cluster(&scene, "green");
    scene_freeze(&scene, 2, 'T');
    scene_run(&scene, 6);
    scene_member(&scene, 1, 4, 2);
    scene_run(&scene, 0.5);
    scene_actor(&scene, 2)->beat.proc_state = 'S';
    scene_member(&scene, 2, 3, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 2, "yellow");
    scene_expect(&scene, 1, "green");
    scene_expect_cluster(&scene, "yellow");
    scene_play(&scene);
}
