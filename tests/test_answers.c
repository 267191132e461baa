/*
 * test_answers.c - what a probe's outcome proves.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(answers, a_quiet_cluster_is_green_and_stays_so)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 3);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "green");
        scene_never(&scene, n, "yellow");
        scene_never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}

Test(answers, too_many_connections_prove_that_it_runs_and_peers_that_it_is_a_member)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_TOO_MANY_CONNECTIONS);
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "unknown"); /* nobody has seen its own view for longer than it stands */
    scene_actor(&scene, 3)->probe = PROBE_SHOWS_VIEW;
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "green");
    scene_fails(&scene, 3, HEALTH_PROBE_TOO_MANY_CONNECTIONS);
    scene_run(&scene, 10);
    scene_expect(&scene, 3, "green");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(answers, error_packets_hold_a_membership_for_a_moment_only)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_fails(&scene, n, HEALTH_PROBE_AUTH); /* the monitor's password was changed */
    scene_run(&scene, 1);
    for (unsigned n = 1; n <= 3; n++)
        scene_expect(&scene, n, "green");
    scene_run(&scene, 3);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "unknown");
        scene_never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(answers, an_error_of_the_client_library_proves_nothing)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_SQL_ERROR);
    scene_actor(&scene, 3)->code = 2003;
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "unknown");
    scene_play(&scene);
}

Test(answers, a_slow_node_is_green_as_long_as_it_answers)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned turn = 0; turn < 20; turn++) { /* each answer takes nearly the whole budget */
        scene_actor(&scene, 3)->probe = PROBE_ABSENT;
        scene_run(&scene, 0.48);
        scene_actor(&scene, 3)->probe = PROBE_SHOWS_VIEW;
        scene_run(&scene, 0.1);
        scene_expect(&scene, 3, "green");
    }
    scene_never(&scene, 3, "yellow");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(answers, light_probes_alone_keep_a_member_green)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned turn = 0; turn < 5; turn++) {
        scene_actor(&scene, 3)->probe = PROBE_LIGHT;
        scene_run(&scene, 5);
        scene_expect(&scene, 3, "green");
        scene_actor(&scene, 3)->probe = PROBE_SHOWS_VIEW;
        scene_run(&scene, 0.1);
    }
    scene_actor(&scene, 3)->probe = PROBE_LIGHT;
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "unknown"); /* nothing is believed for ever */
    scene_play(&scene);
}

Test(answers, refused_queries_are_not_mixed_into_the_state)
{
    struct scene scene;
    struct replay replay;
    struct health_node_snapshot node;

    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_NOT_READY); /* what a light probe gets */
    scene_run(&scene, 0.3);
    scene_actor(&scene, 3)->probe = PROBE_SHOWS_VIEW;
    scene_actor(&scene, 3)->view.rejects = HEALTH_ANSWER_YES;
    scene_run(&scene, 1);
    scene_picture(&scene, &replay);
    health_node_snapshot(replay.engine, 2, &node);
    cr_expect_eq(node.state, HEALTH_STATE_GREEN);
    cr_expect_eq(node.routable, HEALTH_ANSWER_NO);
    cr_expect_eq(node.routable_reason, HEALTH_REASON_REJECTING);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(answers, a_donor_is_a_member)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_actor(&scene, 2)->view.local_state = HEALTH_LOCAL_DONOR;
    scene_run(&scene, 5);
    scene_expect(&scene, 2, "green");
    scene_expect_cluster(&scene, "green");
    scene_never(&scene, 2, "yellow");
    scene_play(&scene);
}
