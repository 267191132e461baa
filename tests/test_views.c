/*
 * test_views.c - what the nodes' views say of each other: splits, foreign histories, who is left out.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(views, split_brain_with_equal_ids_keeps_the_larger_side_green)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_non_primary(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "yellow");
    scene_member(&scene, 1, 4, 1); /* pc.bootstrap on the minority */
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "yellow");
    scene_expect(&scene, 2, "green");
    scene_expect(&scene, 3, "green");
    scene_expect_cluster(&scene, "yellow");
    scene_play(&scene);
}

Test(views, split_brain_is_named_with_its_advice)
{
    struct scene scene;
    struct replay replay;
    struct health_cluster_snapshot cluster;
    struct health_node_snapshot node;

    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    MEMBERS(&scene, 4, 2, 3);
    scene_member(&scene, 1, 4, 1);
    scene_run(&scene, 1);
    scene_picture(&scene, &replay);
    health_cluster_snapshot(replay.engine, replay.cluster, &cluster);
    health_node_snapshot(replay.engine, 0, &node);
    cr_expect(cluster.signs & 1u << HEALTH_SIGN_SPLIT_BRAIN);
    cr_expect_eq(node.reason, HEALTH_REASON_SPLIT_BRAIN);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(views, split_brain_with_other_ids_is_seen_when_both_views_are_whole)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 1);
    scene_member(&scene, 1, 9, 1); /* the minority was bootstrapped, and changed its view since */
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "yellow");
    scene_expect(&scene, 2, "green");
    scene_expect(&scene, 3, "green");
    scene_play(&scene);
}

Test(views, a_sample_from_the_middle_of_a_view_change_is_no_split)
{
    struct scene scene;
    scene_begin(&scene, 4);
    scene_run(&scene, 2);
    scene_crash(&scene, 4);
    scene_run(&scene, 5);
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_member(&scene, 2, 5, 4); /* the new id with the old size */
    scene_run(&scene, 0.1);
    scene_member(&scene, 2, 5, 3);
    scene_run(&scene, 1);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "green");
        scene_never(&scene, n, "yellow");
    }
    scene_play(&scene);
}

Test(views, a_foreign_history_is_yellow)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_starting(&scene, 3, 2000);
    scene_run(&scene, 1);
    scene_up(&scene, 3, 1, 1); /* bootstrapped with an undefined position: a new history */
    scene_actor(&scene, 3)->view.state_uuid.hi ^= UINT64_C(1) << 40;
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_expect(&scene, 1, "green");
    scene_expect(&scene, 2, "green");
    scene_expect_cluster(&scene, "yellow");
    scene_play(&scene);
}

Test(views, a_foreign_history_that_is_seen_first_does_not_win)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_member(&scene, 3, 1, 1);
    scene_actor(&scene, 3)->view.state_uuid.hi ^= UINT64_C(1) << 40;
    scene_actor(&scene, 1)->probe = scene_actor(&scene, 2)->probe = PROBE_ABSENT;
    scene_run(&scene, 0.15);
    MEMBERS(&scene, 9, 1, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_expect(&scene, 1, "green");
    scene_expect(&scene, 2, "green");
    scene_play(&scene);
}

Test(views, a_node_voted_inconsistent_is_yellow_and_tainted_also_when_disconnected)
{
    struct scene scene;
    struct replay replay;
    struct health_node_snapshot node;
    struct health_cluster_snapshot cluster;

    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    MEMBERS(&scene, 4, 1, 2);
    scene_actor(&scene, 3)->view.local_state = HEALTH_LOCAL_ERROR;
    scene_run(&scene, 0.5);
    struct health_view *view = &scene_actor(&scene, 3)->view;
    view->component = HEALTH_COMPONENT_DISCONNECTED;
    view->conf_id = HEALTH_CONF_NONE;
    view->local_state = HEALTH_LOCAL_UNDEFINED;
    view->size = 0;
    view->ready = view->connected = HEALTH_ANSWER_NO;
    scene_run(&scene, 5);
    scene_picture(&scene, &replay);
    health_node_snapshot(replay.engine, 2, &node);
    health_cluster_snapshot(replay.engine, replay.cluster, &cluster);
    cr_expect_eq(node.state, HEALTH_STATE_YELLOW);
    cr_expect_eq(node.reason, HEALTH_REASON_INCONSISTENT);
    cr_expect(cluster.signs & 1u << HEALTH_SIGN_INCONSISTENT);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_YELLOW);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(views, a_member_list_tells_exactly_who_is_out)
{
    struct scene scene;
    scene_begin(&scene, 3);
    for (unsigned n = 1; n <= 3; n++)
        for (unsigned k = 0; k < 3; k++)
            scene_actor(&scene, n)->members[k] =
                (struct health_member){scene_actor(&scene, k + 1)->view.gcomm_uuid, k};
    for (unsigned n = 1; n <= 3; n++)
        scene_actor(&scene, n)->view.member_count = 3;
    scene_run(&scene, 2);
    scene_expect_cluster(&scene, "green");
    /* n2 cannot be reached by the monitor, so the view of n1 and n2 is not whole by counting. */
    scene_actor(&scene, 2)->agent = false;
    scene_fails(&scene, 2, HEALTH_PROBE_TIMEOUT);
    scene_member(&scene, 1, 4, 2);
    scene_actor(&scene, 1)->view.member_count = 2;
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "yellow");
    scene_expect(&scene, 1, "green");
    scene_expect(&scene, 2, "unknown");
    scene_play(&scene);
}

Test(views, an_older_view_that_was_overtaken_on_its_way_does_not_exclude_its_node)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 5);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 0.3);
    scene_member(&scene, 1, 3, 3); /* one answer that was held up */
    scene_run(&scene, 0.1);
    scene_member(&scene, 1, 4, 2);
    scene_run(&scene, 2);
    scene_expect(&scene, 1, "green");
    scene_never(&scene, 1, "yellow");
    scene_play(&scene);
}

/* It answers all the time, with a view that its peers have left behind, and says nothing new. */
Test(views, without_agents_who_goes_on_answering_with_a_view_left_behind_is_no_member)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_member(&scene, 1, 4, 2);
    scene_member(&scene, 2, 4, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_expect(&scene, 1, "green");
    scene_play(&scene);
}

/* It thaws with its old view, while another is in a state transfer: neither counts for the other. */
Test(views, without_agents_a_thawed_nodes_old_view_does_not_kill_the_joiner)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 1, 'T');
    scene_run(&scene, 35); /* until its claim is too old to be held against anything */
    scene_member(&scene, 2, 4, 2);
    scene_member(&scene, 3, 4, 2);
    scene_run(&scene, 2);
    scene_leave(&scene, 3);
    scene_member(&scene, 2, 5, 1);
    scene_run(&scene, 0.3);
    scene_stopped(&scene, 3);
    scene_run(&scene, 5);
    scene_member(&scene, 2, 6, 2);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "unknown");
    scene_never_again(&scene, 3, "red-clean");
    scene_never_again(&scene, 3, "red-unclean");
    scene_actor(&scene, 1)->probe = PROBE_SHOWS_VIEW; /* its view is still that of the beginning */
    scene_run(&scene, 2);
    scene_expect(&scene, 1, "yellow");
    scene_run(&scene, 3);
    scene_play(&scene);
}

/* n1's view is larger than n2's of another history, n2's larger than n3's, and n3's newer than n1's: a
 * circle, unless the histories are weighed by what each has come to. */
Test(views, of_two_histories_one_stays_the_clusters_although_an_older_view_was_larger)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 4);
    scene_run(&scene, 1);
    scene_fails(&scene, 4, HEALTH_PROBE_TIMEOUT);
    scene_member(&scene, 1, 12, 5);
    scene_member(&scene, 2, 11, 4);
    scene_actor(&scene, 2)->view.state_uuid.hi ^= UINT64_C(1) << 40;
    scene_member(&scene, 3, 14, 1);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "yellow");
    scene_expect(&scene, 2, "green");
    scene_expect(&scene, 3, "yellow");
    scene_never_again(&scene, 2, "yellow");
    scene_never_again(&scene, 3, "green");
    for (unsigned turn = 0; turn < 4; turn++) { /* nothing of this is news of a view */
        scene_link(&scene, 4, HEALTH_LINK_EOF);
        scene_run(&scene, 0.5);
        scene_link(&scene, 4, HEALTH_LINK_UP);
        scene_run(&scene, 0.5);
    }
    scene_play(&scene);
}

/* That its peers left it out was true of what it claimed, and tells nothing once all of that is long ago. */
Test(views, who_was_left_out_long_ago_and_refuses_while_its_link_lives_is_not_red_for_a_moment)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "yellow");
    for (unsigned n = 1; n <= 3; n++)
        scene_fails(&scene, n, HEALTH_PROBE_TIMEOUT);
    scene_run(&scene, 40); /* until all claims have expired */
    scene_expect(&scene, 1, "unknown");
    scene_fails(&scene, 1, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 2);
    scene_expect(&scene, 1, "unknown");
    scene_never_red(&scene, 1);
    scene_play(&scene);
}
