/*
 * test_quorum.c - what the states add up to.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(quorum, known_weights_prove_red_before_galera_knows)
{
    struct scene scene;
    scene_begin(&scene, 3);
    for (unsigned n = 1; n <= 3; n++)
        scene_actor(&scene, n)->view.weight = 3;
    scene_run(&scene, 2);
    scene_crash(&scene, 2);
    scene_run(&scene, 0.5);
    scene_expect_cluster(&scene, "yellow");
    scene_crash(&scene, 3);
    scene_run(&scene, 0.5);
    scene_expect(&scene, 1, "green");
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}

Test(quorum, unknown_weights_only_warn)
{
    struct scene scene;
    struct replay replay;
    struct health_cluster_snapshot cluster;

    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 0.5);
    scene_picture(&scene, &replay);
    health_cluster_snapshot(replay.engine, replay.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_YELLOW);
    cr_expect(cluster.faults & 1u << HEALTH_FAULT_MAJORITY_AT_RISK);
    cr_expect_eq(cluster.can_lose, 0);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(quorum, graceful_leavers_do_not_count_against_the_quorum)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_cut_off(&scene, 1); /* nobody sees n1's view any more */
    scene_run(&scene, 3);
    for (unsigned n = 2; n <= 3; n++) {
        scene_leave(&scene, n);
        scene_run(&scene, 1);
        scene_stopped(&scene, n);
        scene_run(&scene, 2);
        scene_expect(&scene, n, "red-clean");
    }
    scene_expect_cluster(&scene,
                         "unknown"); /* n1 alone may serve: its view shrank with each leave */
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(quorum, crashed_members_count_against_the_quorum)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_cut_off(&scene, 1);
    scene_run(&scene, 3);
    scene_crash(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "unknown");
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}
