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

/* The monitor starts, without agents and links, while n3's port is closed and the others count it. */
static void begin_in_transfer(struct scene *scene, uint32_t interval_ms)
{
    scene_begin_without_agents(scene, 3);
    scene_without_links(scene);
    scene_cadence(scene, interval_ms, 500, 500);
    scene_actor(scene, 1)->view.local_state = HEALTH_LOCAL_DONOR;
    scene_fails(scene, 3, HEALTH_PROBE_REFUSED);
}

Test(joiners, one_that_was_joining_when_the_monitor_started_is_never_red)
{
    struct scene scene;
    begin_in_transfer(&scene, 1000);
    scene_run(&scene, 15);
    scene_expect(&scene, 3, "unknown");
    scene_run(&scene, 10); /* no eviction takes so long */
    scene_expect(&scene, 3, "yellow");
    scene_run(&scene, 600);
    scene_expect(&scene, 3, "yellow");
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_SYNCED;
    scene_up(&scene, 3, 3, 3);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "green");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

/* Its host was off the network, and it came back and joined between two probes. */
static void join_after_silence(uint32_t interval_ms, double gone_s, int64_t phase_ms)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_cadence(&scene, interval_ms, 500, 500);
    scene_actor(&scene, 3)->phase_ms = phase_ms; /* before or after the others */
    double round_s = interval_ms / 1000.0;
    scene_run(&scene, 2 * round_s);
    scene_fails(&scene, 3, HEALTH_PROBE_UNREACHABLE);
    MEMBERS(&scene, 6, 1, 2);
    scene_run(&scene, gone_s);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_member(&scene, 1, 7, 3);
    scene_member(&scene, 2, 7, 3);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_DONOR;
    scene_run(&scene, 2 * round_s + 0.1); /* the view has settled */
    scene_expect(&scene, 3, "yellow");
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "yellow");
    scene_up(&scene, 3, 7, 3);
    scene_run(&scene, 2 * round_s);
    scene_expect(&scene, 3, "green");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(joiners, one_that_was_silent_before_is_never_red)
{
    join_after_silence(5000, 20, 4999);
}

Test(joiners, one_whose_address_was_gone_before_is_never_red)
{
    join_after_silence(1000, 9, 999);
}

Test(joiners, a_port_that_resets_in_the_name_of_a_member_is_unknown_when_no_eviction_comes)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_run(&scene, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED); /* a firewall; n1 and n2 go on counting n3 */
    scene_run(&scene, 25);
    scene_expect(&scene, 3, "unknown");
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "unknown");
    scene_never(&scene, 3, "red-clean");
    scene_never(&scene, 3, "yellow");
    scene_play(&scene);
}

Test(joiners, one_whose_agent_spoke_before_its_port_was_tried_stays_yellow)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_without_links(&scene);
    MEMBERS(&scene, 4, 1, 2);
    scene_starting(&scene, 3, 1002);
    scene_actor(&scene, 3)->probe = PROBE_ABSENT;
    scene_run(&scene, 0.5);
    scene_expect(&scene, 3, "yellow");
    scene_never_again(&scene, 3, "unknown");
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "yellow");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(joiners, one_that_was_silent_before_is_never_red_although_it_is_asked_before_its_peers)
{
    join_after_silence(5000, 20, -21);
}

Test(joiners, one_whose_address_was_gone_before_is_never_red_although_it_is_asked_before_its_peers)
{
    join_after_silence(1000, 9, -21);
}

/* n1 is left alone, n2 was bootstrapped with a history of its own, n3 is in a state transfer from n1. */
static void begin_beside_a_foreign_node(struct scene *scene)
{
    scene_begin_without_agents(scene, 3);
    scene_run(scene, 2);
    for (unsigned n = 3; n >= 2; n--) {
        scene_leave(scene, n);
        for (unsigned k = 1; k < n; k++)
            scene_member(scene, k, 7 - n, (int32_t)n - 1);
        scene_run(scene, 1);
        scene_stopped(scene, n);
        scene_run(scene, 2);
    }
    scene_up(scene, 2, 6, 1);
    scene_actor(scene, 2)->view.state_uuid.hi ^= UINT64_C(1) << 40;
    scene_run(scene, 2);
    scene_expect(scene, 1, "green");
    scene_expect(scene, 2, "yellow");
    scene_expect(scene, 3, "red-clean");
    scene_member(scene, 1, 6, 2);
    scene_run(scene, 2);
    scene_expect(scene, 3, "yellow");
}

Test(joiners, without_agents_a_node_of_a_foreign_history_is_not_taken_for_the_joiner)
{
    struct scene scene;
    begin_beside_a_foreign_node(&scene);
    scene_run(&scene, 10);
    scene_expect(&scene, 3, "yellow");
    scene_never(&scene, 3, "red-unclean");
    scene_play(&scene);
}

Test(joiners, without_agents_a_foreign_view_with_the_same_id_does_not_stand_for_the_joiners)
{
    struct scene scene;
    begin_beside_a_foreign_node(&scene);
    scene_fails(&scene, 1, HEALTH_PROBE_TIMEOUT);
    scene_run(&scene, 5);
    scene_expect(&scene, 1, "unknown");
    scene_expect(&scene, 2, "yellow");
    scene_expect(&scene, 3, "unknown"); /* nobody is heard who counts it */
    scene_never(&scene, 3, "red-unclean");
    scene_play(&scene);
}
