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
    cr_expect(cluster.signs & 1u << HEALTH_SIGN_MAJORITY_AT_RISK);
    cr_expect_eq(cluster.can_lose, 0);
    replay_close(&replay);
    recording_free(&scene.recording);
}

/* Of n3's state, and how many may be lost, so far. */
static int32_t forecast_so_far(struct scene *scene, const char *state)
{
    struct replay replay;
    struct health_cluster_snapshot cluster;
    struct health_node_snapshot node;

    scene_picture(scene, &replay);
    health_cluster_snapshot(replay.engine, replay.cluster, &cluster);
    health_node_snapshot(replay.engine, 2, &node);
    cr_expect_str_eq(health_state_name(node.state), state);
    replay_close(&replay);
    return cluster.can_lose;
}

static int32_t forecast(struct scene *scene, const char *state)
{
    int32_t can_lose = forecast_so_far(scene, state);
    recording_free(&scene->recording);
    return can_lose;
}

/* Who cannot help to hold the majority is not counted on while it is found out how it went. */
Test(quorum, a_member_that_is_gone_in_an_unknown_way_is_not_counted_on)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 0.15);
    cr_expect_eq(forecast(&scene, "unknown"), 0);
}

Test(quorum, a_frozen_member_is_not_counted_on)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T');
    scene_run(&scene, 1);
    cr_expect_eq(forecast(&scene, "unknown"), 0);
}

static int32_t forecast_while(struct scene *scene, const char *state)
{
    scene_run(scene, 0.7);
    return forecast_so_far(scene, state);
}

/* Its port is closed for most of the time, and it votes from the moment its peers count it; it is counted on when it
 * serves, and the forecast rises once. */
static void join(bool agents, int32_t without, int32_t with, uint32_t nodes)
{
    struct scene scene;

    (agents ? scene_begin : scene_begin_without_agents)(&scene, nodes);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 5);
    for (unsigned n = 1; n <= nodes; n++)
        if (n != 3)
            scene_member(&scene, n, 4, (int32_t)nodes - 1);
    cr_expect_eq(forecast_while(&scene, "red-unclean"), without);
    if (agents) {
        scene_starting(&scene, 3, 2003);
        cr_expect_eq(forecast_while(&scene, "yellow"), without, "it is started");
    }
    for (unsigned n = 1; n <= nodes; n++)
        if (n != 3)
            scene_member(&scene, n, 5, (int32_t)nodes);
    cr_expect_eq(forecast_while(&scene, "yellow"), without, "its peers count it");
    scene_up(&scene, 3, 5, (int32_t)nodes);
    scene_actor(&scene, 3)->view.local_state = HEALTH_LOCAL_JOINED;
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    if (agents)
        cr_expect_eq(forecast_while(&scene, "yellow"), without, "its agent says so, too");
    scene_actor(&scene, 3)->probe = PROBE_SHOWS_VIEW;
    cr_expect_eq(forecast_while(&scene, "yellow"), without, "it says so itself");
    scene_actor(&scene, 3)->view.local_state = HEALTH_LOCAL_SYNCED;
    cr_expect_eq(forecast_while(&scene, "green"), with);
    recording_free(&scene.recording);
}

Test(quorum, a_joiner_is_counted_on_when_it_serves)
{
    join(true, 0, 1, 3);
}

Test(quorum, a_joiner_without_an_agent_is_counted_on_when_it_serves)
{
    join(false, 0, 1, 3);
}

Test(quorum, a_fourth_that_joins_makes_no_difference)
{
    join(true, 1, 1, 4);
}

Test(quorum, a_fifth_that_joins_is_counted_on_when_it_serves)
{
    join(true, 1, 2, 5);
}

/* That the monitor does not reach it says nothing of what it is worth to its peers. */
Test(quorum, a_member_that_is_only_silent_is_counted_on)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_cut_off(&scene, 3);
    scene_run(&scene, 2);
    cr_expect_eq(forecast(&scene, "unknown"), 1);
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

/* n1 cannot be seen any more; then the others stop politely one after the other, which nobody is left to
 * confirm of the last one. */
static void leave_one_unseen(unsigned nodes)
{
    struct scene scene;
    scene_begin_without_agents(&scene, nodes);
    scene_without_links(&scene);
    for (unsigned n = 1; n <= nodes; n++)
        scene_actor(&scene, n)->view.weight = (int32_t)nodes;
    scene_run(&scene, 2);
    scene_fails(&scene, 1, HEALTH_PROBE_TIMEOUT);
    scene_run(&scene, 2);
    for (unsigned n = nodes; n >= 2; n--) {
        for (unsigned k = 2; k < n; k++)
            scene_member(&scene, k, nodes + nodes - n + 1, (int32_t)n - 1);
        scene_fails(&scene, n, HEALTH_PROBE_REFUSED);
        scene_run(&scene, 4);
    }
    scene_expect(&scene, 1, "unknown");
    scene_expect_cluster(&scene, "unknown"); /* n1 may serve alone */
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(quorum, one_of_two_that_is_not_seen_may_serve_when_the_other_left)
{
    leave_one_unseen(2);
}

Test(quorum, one_of_three_that_is_not_seen_may_serve_when_the_others_left)
{
    leave_one_unseen(3);
}

/* The monitor started after n1 became silent, and n2's port was closed before it was ever seen open. */
Test(quorum, one_that_was_never_seen_may_have_left_too)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_fails(&scene, 1, HEALTH_PROBE_TIMEOUT);
    scene_actor(&scene, 2)->probe = PROBE_ABSENT;
    scene_run(&scene, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 4);
    scene_fails(&scene, 2, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 10);
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(quorum, a_joiner_has_a_vote)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 5);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_starting(&scene, 3, 2003);
    scene_run(&scene, 1);
    scene_member(&scene, 1, 5, 3);
    scene_member(&scene, 2, 5, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_cut_off(&scene, 1);
    scene_run(&scene, 3);
    scene_crash(&scene, 2);
    scene_run(&scene, 2);
    scene_expect(&scene, 1, "unknown");
    scene_expect(&scene, 2, "red-unclean");
    scene_expect_cluster(&scene, "unknown"); /* n1 and n3 are two of three */
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}
