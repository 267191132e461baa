/*
 * test_freezes.c - a mysqld that is stopped by a signal, and thawed or killed.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(freezes, a_freeze_shorter_than_eviction_is_unknown_and_then_green_again)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T');
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "unknown");
    scene_expect_cluster(&scene, "yellow");
    scene_actor(&scene, 3)->beat.proc_state = 'S';
    scene_actor(&scene, 3)->probe = PROBE_SHOWS_VIEW;
    scene_run(&scene, 0.5);
    scene_expect(&scene, 3, "green");
    scene_expect_cluster(&scene, "green");
    scene_never_red(&scene, 3);
    scene_never(&scene, 3, "yellow");
    scene_play(&scene);
}

Test(freezes, without_agents_a_frozen_server_is_noticed_within_a_probe_and_its_timeout)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T');
    scene_run(&scene, 0.6);
    scene_expect(&scene, 3, "unknown");
    scene_expect(&scene, 1, "green");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(freezes, a_thawed_node_stays_out_also_when_those_who_evicted_it_are_gone)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T');
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_never_again(&scene, 3, "green");
    scene_never_again(&scene, 0, "green");
    scene_actor(&scene, 3)->beat.proc_state = 'S';
    scene_member(&scene, 3, 3, 3); /* it still believes in the old view */
    scene_run(&scene, 1);
    scene_crash(&scene, 1);
    scene_crash(&scene, 2);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "yellow");
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}

Test(freezes, without_agents_one_that_is_killed_while_frozen_is_not_green_in_between)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T');
    scene_run(&scene, 1.2);
    scene_expect(&scene, 3, "unknown");
    scene_never_again(&scene, 3, "green");
    scene_crash(&scene, 3);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "red-unclean");
    scene_play(&scene);
}

Test(freezes, without_agents_one_that_is_thawed_and_killed_as_it_is_evicted_is_not_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T');
    scene_run(&scene, 5);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 0.1);
    scene_member(&scene, 3, 3, 3); /* it says that all is well, and no goodbye */
    scene_run(&scene, 0.15);
    scene_crash(&scene, 3);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}
