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

/* Three nodes and an arbitrator; the monitor has neither agents nor links. */
static void begin_with_arbitrator(struct scene *scene, unsigned nodes)
{
    scene_begin_without_agents(scene, nodes);
    scene_cadence(scene, 1000, 500, 500);
    for (unsigned n = 1; n <= nodes; n++) {
        scene_member(scene, n, 4, (int32_t)nodes + 1);
        scene_actor(scene, n)->phase_ms = 300 * n;
    }
}

Test(arbitrators, one_that_stops_is_not_taken_for_a_node)
{
    struct scene scene;
    begin_with_arbitrator(&scene, 3);
    scene_run(&scene, 5.1);
    scene_expect_cluster(&scene, "green");
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_run(&scene, 10);
    scene_expect_cluster(&scene, "green");
    for (unsigned n = 1; n <= 3; n++)
        scene_never(&scene, n, "yellow");
    scene_play(&scene);
}

static void crash_as_an_arbitrator_stops(bool links)
{
    struct scene scene;
    begin_with_arbitrator(&scene, 3);
    if (!links)
        scene_without_links(&scene);
    scene_run(&scene, 5.1);
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_run(&scene, 0.5); /* n3 was not asked since */
    if (links)
        scene_link(&scene, 3, HEALTH_LINK_EOF);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 5);
    MEMBERS(&scene, 6, 1, 2);
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(arbitrators, a_crash_right_after_one_stopped_is_not_clean)
{
    crash_as_an_arbitrator_stops(true);
}

Test(arbitrators, a_crash_right_after_one_stopped_is_not_clean_without_links_either)
{
    crash_as_an_arbitrator_stops(false);
}

Test(arbitrators, one_that_comes_back_is_not_taken_for_a_dead_node_that_joins)
{
    struct scene scene;
    begin_with_arbitrator(&scene, 2);
    scene_without_links(&scene);
    scene_run(&scene, 5);
    scene_fails(&scene, 2, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 5);
    scene_member(&scene, 1, 5, 2); /* n2 is evicted */
    scene_run(&scene, 5);
    scene_expect(&scene, 2, "red-unclean");
    scene_member(&scene, 1, 6, 1);
    scene_run(&scene, 2);
    scene_member(&scene, 1, 7, 2);
    scene_run(&scene, 40);
    scene_expect(&scene, 2, "unknown");
    scene_expect(&scene, 1, "green");
    scene_never(&scene, 2, "yellow");
    scene_play(&scene);
}

Test(arbitrators, one_that_went_with_an_evicted_node_does_not_hide_that_it_is_out)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    for (unsigned n = 1; n <= 3; n++)
        scene_member(&scene, n, 4, 4);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T'); /* the arbitrator's machine is cut off with it */
    scene_run(&scene, 6);
    MEMBERS(&scene, 5, 1, 2);
    scene_run(&scene, 1);
    scene_member(&scene, 3, 4, 4);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_never_again(&scene, 3, "green");
    scene_run(&scene, 5);
    scene_play(&scene);
}
