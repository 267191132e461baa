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

/* Nobody serves meanwhile: the others are no majority of the view that it still claims. */
static void thaw_into_an_outage(bool agents)
{
    struct scene scene;
    (agents ? scene_begin : scene_begin_without_agents)(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 2);
    scene_expect_cluster(&scene, "yellow");
    scene_freeze(&scene, 2, 'T');
    scene_run(&scene, 6);
    scene_non_primary(&scene, 1);
    scene_run(&scene, 5);
    scene_expect(&scene, 2, "unknown");
    scene_never_again(&scene, 2, "green");
    scene_never_again(&scene, 0, "yellow");
    scene_never_again(&scene, 0, "green");
    scene_actor(&scene, 2)->beat.proc_state = 'S';
    scene_member(&scene, 2, 4, 2); /* it still believes in the old view */
    scene_run(&scene, 4);
    scene_expect(&scene, 2, "yellow");
    scene_non_primary(&scene, 2);
    scene_run(&scene, 2);
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}

Test(freezes, one_that_thaws_into_an_outage_is_no_member)
{
    thaw_into_an_outage(true);
}

Test(freezes, without_agents_one_that_thaws_into_an_outage_is_no_member)
{
    thaw_into_an_outage(false);
}

/* It says that it is non-Primary before the view of those who stay shows it. */
Test(freezes, one_that_leaves_two_does_not_take_the_other_along)
{
    struct scene scene;
    scene_begin(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 8);
    scene_never_again(&scene, 2, "yellow");
    scene_non_primary(&scene, 1);
    scene_run(&scene, 0.2);
    scene_leave(&scene, 1);
    MEMBERS(&scene, 5, 2);
    scene_run(&scene, 3);
    scene_expect(&scene, 2, "green");
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
