/*
 * test_leaves.c - how a node that is gone left: politely, or not.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(leaves, without_agents_a_graceful_stop_is_told_by_the_view_that_shrinks_with_the_link)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_leave(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_stopped(&scene, 3);
    scene_run(&scene, 0.5);
    scene_expect(&scene, 3, "red-clean");
    scene_never(&scene, 3, "red-unclean");
    scene_expect_cluster(&scene, "yellow");
    scene_play(&scene);
}

Test(leaves, without_agents_a_crash_is_told_by_the_peers_who_still_hold_the_dead)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 0.9);
    scene_expect(&scene, 3, "red-unclean");
    scene_run(&scene, 4);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(leaves, without_agents_two_crashes_in_turn_are_never_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 5);
    scene_run(&scene, 2);
    scene_crash(&scene, 5);
    scene_run(&scene, 4.4);
    scene_crash(&scene, 4); /* just before the first one is evicted */
    scene_run(&scene, 0.2);
    for (unsigned n = 1; n <= 3; n++)
        scene_member(&scene, n, 6, 4);
    scene_run(&scene, 4.5);
    MEMBERS(&scene, 7, 1, 2, 3);
    scene_run(&scene, 2);
    scene_expect(&scene, 4, "red-unclean");
    scene_expect(&scene, 5, "red-unclean");
    scene_never(&scene, 4, "red-clean");
    scene_never(&scene, 5, "red-clean");
    scene_expect_cluster(&scene, "yellow");
    scene_play(&scene);
}

Test(leaves, without_agents_a_crash_in_a_pause_of_the_monitor_is_never_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_pause(&scene, 8); /* in it the node crashes and is evicted */
    scene_crash(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 4);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(leaves, without_agents_a_frozen_node_that_is_killed_when_evicted_is_not_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_freeze(&scene, 3, 'T');
    scene_run(&scene, 5.5);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 0.2);
    scene_crash(&scene, 3);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

/* Remove the latest observation of the link of the node. */
static void forget_last_link(struct scene *scene, unsigned number)
{
    size_t i = scene->recording.count;
    while (i-- > 0) {
        struct health_trace_entry *entry = &scene->recording.entries[i];
        if (entry->observation.witness == HEALTH_WITNESS_LINK &&
            entry->observation.node == number - 1) {
            memmove(entry, entry + 1, (scene->recording.count - i - 1) * sizeof *entry);
            scene->recording.count--;
            return;
        }
    }
}

Test(leaves, without_agents_a_crash_is_seen_also_when_the_end_of_its_link_was_missed)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    forget_last_link(&scene, 3);
    scene_run(&scene, 0.9);
    scene_expect(&scene, 3, "red-unclean");
    scene_play(&scene);
}

Test(leaves, an_exit_without_a_code_waits_for_its_peers_and_is_not_red_before)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_leave(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_stopped(&scene, 3);
    scene_actor(&scene, 3)->beat.exit_kind =
        HEALTH_EXIT_NOT_KNOWN; /* the agent is not its parent */
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "red-clean");
    scene_never(&scene, 3, "red-unclean");
    scene_play(&scene);
}

Test(leaves, a_crash_with_a_paused_provider_is_unclean_although_its_seqno_is_saved)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_actor(&scene, 3)->beat.grastate.seqno = 7;
    scene_actor(&scene, 3)->beat.exit_kind = HEALTH_EXIT_NOT_KNOWN;
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(leaves, at_the_monitors_start_a_dead_node_waits_for_its_agents_word)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_crash(&scene, 3);
    scene_without_links(&scene);
    scene_actor(&scene, 3)->beat.exit_kind = HEALTH_EXIT_CODE;
    scene_actor(&scene, 3)->beat.exit_value = 0;
    scene_actor(&scene, 3)->beat.grastate.seqno = 5;
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "red-clean");
    scene_never(&scene, 3, "red-unclean");
    scene_play(&scene);
}
