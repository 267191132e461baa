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

/* Whoever loses all at once has learnt about itself. */
static void cut_off_from_all(struct scene *scene)
{
    scene_run(scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_cut_off(scene, n);
    scene_run(scene, 60);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(scene, n, "unknown");
        scene_never_red(scene, n);
    }
    scene_expect_cluster(scene, "unknown");
    scene_never(scene, 0, "red");
    scene_play(scene);
}

Test(monitors, a_monitor_cut_off_from_all_has_learnt_about_itself)
{
    struct scene scene;
    scene_begin(&scene, 3);
    cut_off_from_all(&scene);
}

Test(monitors, a_monitor_without_links_that_is_cut_off_from_all_knows_no_better)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    cut_off_from_all(&scene);
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

Test(monitors, a_stall_at_the_start_does_not_shorten_the_wait_for_agents)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_without_links(&scene);
    scene_cadence(&scene, 1000, 500, 500);
    scene_starting(&scene, 3, 1002); /* n3 joins; only its agent can tell */
    MEMBERS(&scene, 5, 1, 2);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_DONOR;
    for (unsigned n = 1; n <= 3; n++) {
        scene_show_probe(&scene, n);
        scene_pause(&scene, 0.01);
    }
    scene_pause(&scene, 4);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_SYNCED; /* news: all are judged anew */
    for (unsigned n = 1; n <= 3; n++)
        scene_show_probe(&scene, n); /* before the heartbeats that wait in the socket */
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "yellow");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(monitors, one_whom_all_refuse_access_is_not_cut_off)
{
    struct scene scene;
    struct replay replay;
    struct health_cluster_snapshot cluster;

    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_fails(&scene, n, HEALTH_PROBE_AUTH);
    scene_run(&scene, 5);
    scene_picture(&scene, &replay);
    health_cluster_snapshot(replay.engine, replay.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_UNKNOWN);
    cr_expect_eq(cluster.reason, HEALTH_REASON_NOT_ENOUGH_KNOWN);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(monitors, a_probe_that_was_overtaken_by_a_newer_one_changes_nothing)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_run(&scene, 2);
    scene_show_probe(&scene, 3);
    scene_pause(&scene, -0.05);
    struct actor now = *scene_actor(&scene, 3);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_show_probe(&scene, 3);
    *scene_actor(&scene, 3) = now;
    scene_never_again(&scene, 3, "unknown");
    scene_pause(&scene, 0.05);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "green");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(monitors, an_answer_from_long_ago_makes_nobody_older)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 25);
    scene_pause(&scene, -20);
    scene_show_probe(&scene, 3);
    scene_pause(&scene, 20);
    scene_never_again(&scene, 3, "unknown");
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_DONOR; /* news: all are judged anew */
    scene_show_probe(&scene, 1);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "green");
    scene_play(&scene);
}
