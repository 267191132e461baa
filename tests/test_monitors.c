/*
 * test_monitors.c - what happens to the monitor itself, or to its paths.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(monitors, a_monitor_cut_off_from_one_does_not_know_about_it)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_cut_off(&scene, 3);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "unknown");
    scene_expect_cluster(&scene, "yellow");
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "unknown");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(monitors, a_monitor_cut_off_from_all_has_learnt_about_itself)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_cut_off(&scene, n);
    scene_run(&scene, 60);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "unknown");
        scene_never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(monitors, a_monitor_without_links_that_is_cut_off_from_all_knows_no_better)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_cut_off(&scene, n);
    scene_run(&scene, 60);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "unknown");
        scene_never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(monitors, refusals_while_the_links_live_on_prove_nothing)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_fails(&scene, n, HEALTH_PROBE_REFUSED); /* a firewall between, which resets */
    scene_run(&scene, 10);
    for (unsigned n = 1; n <= 3; n++)
        scene_never_red(&scene, n);
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(monitors, the_agent_stands_in_where_only_the_monitors_path_is_cut)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_never_again(&scene, 3, "unknown");
    scene_fails(&scene, 3, HEALTH_PROBE_UNREACHABLE);
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "green");
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}
