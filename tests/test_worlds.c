/*
 * test_worlds.c - scenes of what random worlds have shown: each was once a wrong verdict.
 */
#include "scene.h"

#include <criterion/criterion.h>
#include <string.h>

static void cut_off(struct scene *scene, unsigned number)
{
    scene_actor(scene, number)->agent = false;
    scene_fails(scene, number, HEALTH_PROBE_TIMEOUT);
}

Test(worlds, a_joiner_has_a_vote_and_keeps_an_unseen_member_from_being_proven_alone)
{
    struct scene scene;
    scene_begin(&scene, 2);
    scene_run(&scene, 2);
    scene_leave(&scene, 1);
    scene_member(&scene, 2, 3, 1);
    scene_run(&scene, 1);
    scene_stopped(&scene, 1);
    scene_run(&scene, 1);
    scene_starting(&scene, 1, 2000);
    scene_run(&scene, 1);
    scene_member(&scene, 2, 4, 2);
    scene_run(&scene, 1);
    cut_off(&scene, 2);
    scene_run(&scene, 2);
    scene_expect(&scene, 1, "yellow");
    scene_expect(&scene, 2, "unknown");
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(worlds, a_leave_that_nobody_could_see_is_no_crashed_majority)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 2);
    for (unsigned n = 1; n <= 2; n++)
        scene_actor(&scene, n)->view.weight = 2;
    scene_run(&scene, 2);
    scene_fails(&scene, 1, HEALTH_PROBE_TOO_MANY_CONNECTIONS); /* so it shows no view */
    scene_run(&scene, 0.2);
    scene_leave(&scene, 2);
    scene_run(&scene, 0.8);
    scene_stopped(&scene, 2);
    scene_run(&scene, 0.4);
    scene_expect(&scene, 2, "red-unclean");
    scene_expect(&scene, 1, "green");
    scene_expect_cluster(&scene, "yellow");
    scene_run(&scene, 5);
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(worlds, without_agents_a_crash_outside_the_component_is_never_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 5);
    scene_run(&scene, 2);
    scene_non_primary(&scene, 5); /* cut off from its peers */
    MEMBERS(&scene, 6, 1, 2, 3, 4);
    scene_fails(&scene, 3,
                HEALTH_PROBE_AUTH); /* so it is not seen that all others are in one view */
    scene_run(&scene, 2);
    scene_crash(&scene, 5);
    scene_leave(&scene, 4); /* the view shrinks for another's sake */
    MEMBERS(&scene, 7, 1, 2, 3);
    scene_run(&scene, 3);
    scene_expect(&scene, 5, "red-unclean");
    scene_never(&scene, 5, "red-clean");
    scene_play(&scene);
}

Test(worlds, without_agents_a_crash_just_after_the_eviction_is_never_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_non_primary(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 0.2);
    scene_crash(&scene, 3);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(worlds, an_arbitrator_that_left_does_not_make_a_view_whole_without_a_member)
{
    struct scene scene;
    scene_begin(&scene, 4);
    for (unsigned n = 1; n <= 4; n++)
        scene_member(&scene, n, 5, 5);
    scene_run(&scene, 2);
    scene_non_primary(&scene, 4); /* with the arbitrator on its side */
    scene_member(&scene, 2, 6, 3);
    scene_member(&scene, 3, 6, 3);
    scene_run(&scene, 0.15);
    scene_member(&scene, 1, 6, 3); /* it was asked a moment before the others */
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "green");
    scene_expect(&scene, 4, "yellow");
    scene_never(&scene, 1, "yellow");
    scene_play(&scene);
}

Test(worlds, a_sample_from_the_middle_of_an_eviction_makes_no_joiner)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 5);
    scene_member(&scene, 1, 4, 3); /* the new id with the old size */
    scene_run(&scene, 0.1);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "yellow");
    scene_play(&scene);
}

Test(worlds, a_live_node_that_comes_back_makes_no_joiner_of_a_dead_one)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 4);
    scene_run(&scene, 2);
    scene_crash(&scene, 4);
    scene_run(&scene, 6);
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_run(&scene, 2);
    scene_non_primary(&scene, 3);
    MEMBERS(&scene, 6, 1, 2);
    scene_run(&scene, 2);
    scene_member(&scene, 1, 7, 3);
    scene_member(&scene, 2, 7, 3);
    scene_run(&scene, 0.08);
    scene_member(&scene, 3, 7, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "green");
    scene_expect(&scene, 4, "red-unclean");
    scene_never(&scene, 4, "yellow");
    scene_play(&scene);
}

Test(worlds, a_new_life_is_seen_also_when_the_last_one_ended_without_a_history)
{
    struct scene scene;
    scene_begin(&scene, 2);
    scene_run(&scene, 2);
    struct health_view *view = &scene_actor(&scene, 2)->view;
    view->component = HEALTH_COMPONENT_DISCONNECTED;
    view->conf_id = HEALTH_CONF_NONE;
    view->state_uuid = (struct health_uuid){0, 0};
    view->size = 0;
    view->ready = view->connected = HEALTH_ANSWER_NO;
    scene_member(&scene, 1, 3, 1);
    scene_run(&scene, 0.2);
    scene_leave(&scene, 2);
    scene_run(&scene, 1);
    scene_stopped(&scene, 2);
    scene_run(&scene, 1);
    cut_off(&scene, 1); /* its machine lost power */
    scene_run(&scene, 3);
    scene_starting(&scene, 2, 2000);
    scene_run(&scene, 1);
    scene_up(&scene, 2, 1, 1);
    scene_run(&scene, 1);
    scene_expect(&scene, 2, "green");
    scene_play(&scene);
}

Test(worlds, who_lets_a_connection_in_after_a_refusal_is_not_gone)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "red-unclean");
    scene_actor(&scene, 3)->probe = PROBE_ABSENT; /* the next one is not due yet */
    scene_link(&scene, 3, HEALTH_LINK_UP);
    scene_run(&scene, 0.2);
    scene_expect(&scene, 3, "unknown");
    scene_play(&scene);
}

Test(worlds, an_agent_that_falls_silent_while_its_node_joins_makes_no_red)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_starting(&scene, 3, 2000);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "yellow");
    scene_actor(&scene, 3)->agent = false;
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "unknown");
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "unknown");
    scene_play(&scene);
}

Test(worlds, an_agents_old_word_of_an_end_does_not_come_back_with_a_silence)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_actor(&scene, 3)->agent = false;
    scene_run(&scene, 0.3);
    scene_expect(&scene, 3, "red-unclean");
    scene_member(&scene, 3, 5, 3); /* restarted at once */
    scene_run(&scene, 0.3);
    scene_expect(&scene, 3, "green");
    scene_fails(&scene, 3, HEALTH_PROBE_TIMEOUT);
    scene_run(&scene, 0.7);
    scene_expect(&scene, 3, "unknown");
    scene_play(&scene);
}

Test(worlds, an_agent_that_repeats_an_old_end_does_not_make_a_crash_clean)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_leave(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_stopped(&scene, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "red-clean");
    MEMBERS(&scene, 5, 1, 2, 3); /* restarted, and its agent does not notice */
    scene_link(&scene, 3, HEALTH_LINK_UP);
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "green");
    scene_link(&scene, 3, HEALTH_LINK_EOF);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "red-unclean");
    scene_play(&scene);
}

Test(worlds, an_answer_is_newer_than_the_agents_word_that_it_starts)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_starting(&scene, 3, 2000);
    scene_run(&scene, 2);
    scene_actor(&scene, 3)->agent = false;
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_run(&scene, 0.3);
    scene_expect(&scene, 3, "green");
    scene_fails(&scene, 3, HEALTH_PROBE_TIMEOUT);
    scene_run(&scene, 0.6);
    scene_expect(&scene, 3, "unknown");
    scene_play(&scene);
}

Test(worlds, an_agents_sample_from_before_an_answer_makes_nobody_starting)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_starting(&scene, 3, 2000);
    scene_run(&scene, 2);
    MEMBERS(&scene, 5, 1, 2, 3); /* it answers; its agent's sample is a beat older */
    scene_run(&scene, 0.3);
    scene_actor(&scene, 3)->agent = false;
    scene_expect(&scene, 3, "green");
    scene_fails(&scene, 3, HEALTH_PROBE_TIMEOUT);
    scene_run(&scene, 0.6);
    scene_expect(&scene, 3, "unknown");
    scene_play(&scene);
}

Test(worlds, a_bootstrapped_minority_with_a_known_list_leaves_nobody_out)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_actor(&scene, 2)->members[0] =
        (struct health_member){.node = 1, .gcomm_uuid = scene_actor(&scene, 2)->view.gcomm_uuid};
    scene_actor(&scene, 2)->view.member_count = 1;
    scene_member(&scene, 2, 4, 1); /* it is asked a moment before the others, */
    scene_run(&scene, 0.09);
    MEMBERS(&scene, 4, 1, 3); /* who dropped it and have the same id */
    scene_run(&scene, 1);
    for (unsigned n = 1; n <= 3; n += 2) {
        scene_expect(&scene, n, "green");
        scene_never(&scene, n, "yellow");
    }
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(worlds, a_node_that_went_down_after_a_view_grew_is_not_its_joiner)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 4);
    for (unsigned n = 1; n <= 4; n++)
        scene_member(&scene, n, 4, 4);
    scene_run(&scene, 2);
    MEMBERS(&scene, 5, 1, 2, 3); /* node 4 is cut off, and comes back */
    scene_non_primary(&scene, 4);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_member(&scene, n, 6, 4);
    scene_run(&scene, 0.12);
    scene_crash(&scene, 4);
    scene_run(&scene, 2);
    scene_expect(&scene, 4, "red-unclean");
    scene_never(&scene, 4, "red-clean");
    scene_play(&scene);
}

Test(worlds, a_joiner_that_its_agent_sees_is_no_leaver)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 6);
    for (unsigned n = 1; n <= 3; n++)
        scene_actor(&scene, n)->view.weight = 2;
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_starting(&scene, 3, 2000);
    scene_run(&scene, 1);
    MEMBERS(&scene, 5, 1, 2, 3);
    for (unsigned n = 1; n <= 3; n++)
        scene_actor(&scene, n)->view.weight = 3;
    struct actor *joiner = scene_actor(&scene, 3);
    joiner->view.local_state = HEALTH_LOCAL_JOINER;
    joiner->view.ready = HEALTH_ANSWER_NO;
    joiner->probe = PROBE_ABSENT; /* the next probe is not due yet */
    joiner->local_answers = true;
    joiner->beat.process = HEALTH_PROCESS_RUNNING;
    scene_run(&scene, 0.3);
    scene_crash(&scene, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_expect_cluster(&scene, "yellow");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(worlds, without_agents_the_other_components_view_tells_of_no_leave)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 5);
    scene_run(&scene, 2);
    MEMBERS(&scene, 6, 1, 3); /* two Primary components */
    MEMBERS(&scene, 6, 2, 4, 5);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_leave(&scene, 4);
    MEMBERS(&scene, 7, 2, 5);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}
