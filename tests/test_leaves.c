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

/* Probes of three nodes that come so seldom that a crash is found after the eviction; and no links. */
static void begin_slow(struct scene *scene, uint32_t interval_ms, const int64_t *phases_ms)
{
    scene_begin_without_agents(scene, 3);
    scene_without_links(scene);
    scene_cadence(scene, interval_ms, 500, 500);
    for (unsigned n = 1; n <= 3; n++)
        scene_actor(scene, n)->phase_ms = phases_ms[n - 1];
}

Test(leaves, without_links_a_crash_that_is_found_after_the_eviction_is_not_clean)
{
    struct scene scene;
    begin_slow(&scene, 10000, (const int64_t[]){100, 3000, 7000});
    scene_run(&scene, 27.5);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED); /* it was killed; n3 is asked at 37 s */
    scene_run(&scene, 5);
    MEMBERS(&scene, 4, 1, 2); /* n2 shows this at 33 s, n1 at 40.1 s */
    scene_run(&scene, 27.5);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(leaves, without_links_a_crash_that_is_found_with_the_eviction_is_not_clean)
{
    struct scene scene;
    begin_slow(&scene, 6000, (const int64_t[]){100, 5000, 5200});
    scene_run(&scene, 17.3);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 5);
    MEMBERS(&scene, 4, 1, 2); /* n2 shows this at 23 s, 200 ms before n3 is asked */
    scene_run(&scene, 20);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(leaves, without_links_a_crash_whose_first_probes_were_lost_is_not_clean)
{
    struct scene scene;
    begin_slow(&scene, 1000, (const int64_t[]){100, 400, 800});
    scene_run(&scene, 4.9);
    scene_actor(&scene, 3)->probe = PROBE_ABSENT; /* it was killed; four probes in a row are lost */
    scene_run(&scene, 4.6);
    MEMBERS(&scene, 4, 1, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 10);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(leaves, without_links_a_leave_is_proven_by_a_view_that_comes_sooner_than_any_eviction)
{
    struct scene scene;
    begin_slow(&scene, 10000, (const int64_t[]){9000, 9500, 7000});
    scene_run(&scene, 27.5);
    MEMBERS(&scene, 4, 1, 2); /* n3 was stopped; n1 shows this at 29 s, and n3 is asked at 37 s */
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 20);
    scene_expect(&scene, 3, "red-clean");
    scene_never(&scene, 3, "red-unclean");
    scene_play(&scene);
}

Test(leaves, a_leave_that_begins_with_silence_is_proven_likewise)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_run(&scene, 2);
    MEMBERS(&scene, 4, 1, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_TIMEOUT); /* in a shutdown, new connections hang */
    scene_run(&scene, 1.2);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "red-clean");
    scene_never(&scene, 3, "red-unclean");
    scene_play(&scene);
}

Test(leaves, a_node_that_is_killed_in_its_shutdown_is_not_clean)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_leave(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_stopped(&scene, 3);
    struct actor *actor = scene_actor(&scene, 3);
    actor->beat.exit_kind = HEALTH_EXIT_NOT_KNOWN; /* what its agent sees before its parent does */
    actor->beat.grastate.known = false;
    scene_run(&scene, 0.4);
    actor->beat.exit_kind = HEALTH_EXIT_SIGNAL;
    actor->beat.exit_value = 9;
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

/* It says that it is out, so it has said goodbye; but it said so for seconds, and then it was killed. */
Test(leaves, without_agents_a_node_that_was_cut_from_its_peers_and_is_killed_later_is_not_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    scene_non_primary(&scene, 3);
    scene_run(&scene, 0.1);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "yellow");
    scene_crash(&scene, 3);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

Test(leaves, an_answer_that_was_asked_for_before_the_close_does_not_end_it)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    MEMBERS(&scene, 4, 1, 2);
    scene_link(&scene, 3, HEALTH_LINK_EOF);
    scene_show_probe(&scene, 3); /* it took a millisecond */
    scene_fails(&scene, 3, HEALTH_PROBE_TIMEOUT);
    scene_run(&scene, 1.5);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "red-clean");
    scene_never(&scene, 3, "red-unclean");
    scene_play(&scene);
}

/* A new agent beside a process that has ended knows its files at most. */
static void restart_agent(struct scene *scene, unsigned number)
{
    struct actor *actor = scene_actor(scene, number);
    actor->beat.boot.lo++;
    actor->beat.seq = 0;
    actor->beat.exit_kind = HEALTH_EXIT_NOT_KNOWN;
    actor->beat.grastate.seqno = 7;
}

/* Of a cluster's only node: no peers can prove its leave. */
Test(leaves, a_restarted_agent_does_not_unsay_a_clean_exit)
{
    struct scene scene;
    scene_begin(&scene, 1);
    scene_run(&scene, 2);
    scene_leave(&scene, 1);
    scene_run(&scene, 1);
    scene_stopped(&scene, 1);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "red-clean");
    scene_never_again(&scene, 1, "unknown");
    scene_never_again(&scene, 1, "red-unclean");
    restart_agent(&scene, 1);
    scene_run(&scene, 5);
    scene_expect(&scene, 1, "red-clean");
    scene_play(&scene);
}

Test(leaves, a_restarted_agent_does_not_unsay_a_crash)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 0.1);
    scene_expect(&scene, 3, "red-unclean");
    scene_never_again(&scene, 3, "unknown");
    scene_never_again(&scene, 3, "red-clean");
    restart_agent(&scene, 3);
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "red-unclean");
    scene_play(&scene);
}

/* How long the monitor was stopped, the engine's clock does not count: the eviction may fall into it. */
Test(leaves, without_agents_a_crash_in_a_pause_is_not_clean_when_it_is_found_a_while_after_it)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_run(&scene, 2);
    scene_pause(&scene, 8);
    scene_actor(&scene, 1)->probe = scene_actor(&scene, 2)->probe = PROBE_LIGHT;
    scene_actor(&scene, 3)->probe = PROBE_ABSENT;
    scene_run(&scene, 1.5);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 0.1);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 4);
    scene_expect(&scene, 3, "red-unclean");
    scene_never(&scene, 3, "red-clean");
    scene_play(&scene);
}

/* A graceful stop right after n3 was asked; its peers show it 4 s later, when they are asked. */
Test(leaves, that_peers_held_a_node_is_said_only_when_one_was_seen_to)
{
    struct scene scene;
    struct replay replay;
    struct health_node_snapshot node;

    scene_begin_without_agents(&scene, 3);
    scene_cadence(&scene, 5000, 500, 500);
    scene_actor(&scene, 1)->phase_ms = 4100;
    scene_actor(&scene, 2)->phase_ms = 4200;
    scene_actor(&scene, 3)->phase_ms = 4900;
    scene_run(&scene, 10.1);
    scene_link(&scene, 3, HEALTH_LINK_EOF);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 20);
    scene_picture(&scene, &replay);
    health_node_snapshot(replay.engine, 2, &node);
    cr_expect_neq(node.reason, HEALTH_REASON_PEERS_HOLD);
    replay_close(&replay);
    recording_free(&scene.recording);
}
