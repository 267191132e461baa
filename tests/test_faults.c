/*
 * test_faults.c - faults that no recording shows, as hand-written traces.
 */
#include "scene.h"

#include <criterion/criterion.h>
#include <string.h>

static void all_members(struct scene *scene, const unsigned *numbers, uint64_t conf_id)
{
    int32_t size = 0;
    while (numbers[size])
        size++;
    for (int32_t i = 0; i < size; i++)
        scene_member(scene, numbers[i], conf_id, size);
}

#define MEMBERS(scene, conf_id, ...) all_members(scene, (const unsigned[]){__VA_ARGS__, 0}, conf_id)

static void never_red(struct scene *scene, unsigned number)
{
    scene_never(scene, number, "red-unclean");
    scene_never(scene, number, "red-clean");
}

Test(faults, a_quiet_cluster_is_green_and_stays_so)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 3);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "green");
        scene_never(&scene, n, "yellow");
        never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}

Test(faults, split_brain_with_equal_ids_keeps_the_larger_side_green)
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

Test(faults, split_brain_is_named_with_its_advice)
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
    cr_expect(cluster.faults & 1u << HEALTH_FAULT_SPLIT_BRAIN);
    cr_expect_eq(node.reason, HEALTH_REASON_SPLIT_BRAIN);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(faults, split_brain_with_other_ids_is_seen_when_both_views_are_whole)
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

Test(faults, a_sample_from_the_middle_of_a_view_change_is_no_split)
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

Test(faults, a_foreign_history_is_yellow)
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

Test(faults, a_foreign_history_that_is_seen_first_does_not_win)
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

Test(faults, a_node_voted_inconsistent_is_yellow_and_tainted_also_when_disconnected)
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
    cr_expect(cluster.faults & 1u << HEALTH_FAULT_INCONSISTENT);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_YELLOW);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(faults, without_agents_a_graceful_stop_is_told_by_the_view_that_shrinks_with_the_link)
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

Test(faults, without_agents_a_crash_is_told_by_the_peers_who_still_hold_the_dead)
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

Test(faults, without_agents_two_crashes_in_turn_are_never_clean)
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

Test(faults, without_agents_a_crash_in_a_pause_of_the_monitor_is_never_clean)
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

Test(faults, without_agents_a_long_state_transfer_is_yellow_as_the_peers_view_grew)
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

Test(faults, without_agents_a_joiner_that_dies_is_red_again)
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

Test(faults, without_agents_one_joiner_of_two_that_are_down_leaves_both_unknown)
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

/* Stop one politely and start it again. Gives the configuration id afterwards. */
static uint64_t restart(struct scene *scene, unsigned number, const unsigned *others,
                        uint64_t conf_id)
{
    scene_leave(scene, number);
    all_members(scene, others, ++conf_id);
    scene_run(scene, 1);
    scene_stopped(scene, number);
    scene_run(scene, 1);
    scene_expect(scene, number, "red-clean");
    scene_expect_cluster(scene, "yellow");
    scene_starting(scene, number, 2000 + number);
    scene_run(scene, 2);
    scene_expect(scene, number, "yellow");
    conf_id++;
    for (unsigned n = 1; n <= 3; n++)
        if (n != number)
            scene_member(scene, n, conf_id, 3);
    scene_run(scene, 1);
    scene_up(scene, number, conf_id, 3);
    scene_run(scene, 1);
    scene_expect(scene, number, "green");
    scene_expect_cluster(scene, "green");
    return conf_id;
}

Test(faults, a_rolling_restart_shows_no_crash)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    uint64_t conf_id = restart(&scene, 3, (const unsigned[]){1, 2, 0}, 3);
    conf_id = restart(&scene, 2, (const unsigned[]){1, 3, 0}, conf_id);
    restart(&scene, 1, (const unsigned[]){2, 3, 0}, conf_id);
    for (unsigned n = 1; n <= 3; n++)
        scene_never(&scene, n, "red-unclean");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(faults, all_stopped_in_turn_are_clean_and_the_cluster_red)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 3; n >= 1; n--) {
        scene_leave(&scene, n);
        for (unsigned k = 1; k < n; k++)
            scene_member(&scene, k, 3 + (3 - n) + 1, (int32_t)n - 1);
        scene_run(&scene, 1);
        scene_stopped(&scene, n);
        scene_run(&scene, 1);
        scene_expect(&scene, n, "red-clean");
        scene_expect_cluster(&scene, n > 1 ? "yellow" : "red");
        scene_never(&scene, n, "red-unclean");
    }
    scene_play(&scene);
}

Test(faults, all_killed_and_bootstrapped_begin_a_new_life_with_ids_from_one)
{
    struct scene scene;
    scene_begin(&scene, 3);
    for (unsigned n = 1; n <= 3; n++)
        scene_member(&scene, n, 57, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_crash(&scene, n);
    scene_run(&scene, 1);
    for (unsigned n = 1; n <= 3; n++)
        scene_expect(&scene, n, "red-unclean");
    scene_expect_cluster(&scene, "red");
    scene_run(&scene, 5);
    scene_starting(&scene, 1, 2001);
    scene_run(&scene, 2);
    scene_expect(&scene, 1, "yellow");
    scene_expect_cluster(&scene, "red");
    scene_up(&scene, 1, 1, 1);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "green");
    scene_expect_cluster(&scene, "yellow");
    scene_starting(&scene, 2, 2002);
    scene_run(&scene, 1);
    scene_member(&scene, 1, 2, 2);
    scene_up(&scene, 2, 2, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 2, "green");
    scene_starting(&scene, 3, 2003);
    scene_run(&scene, 1);
    scene_member(&scene, 1, 3, 3);
    scene_member(&scene, 2, 3, 3);
    scene_up(&scene, 3, 3, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "green");
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}

Test(faults, without_agents_all_killed_at_once_are_unclean_and_the_cluster_red)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_crash(&scene, n);
    scene_run(&scene, 1.5);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "red-unclean");
        scene_never(&scene, n, "red-clean");
    }
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}

static void freeze(struct scene *scene, unsigned number, char proc_state)
{
    scene_actor(scene, number)->beat.proc_state = proc_state;
    scene_fails(scene, number, HEALTH_PROBE_TIMEOUT);
}

Test(faults, a_freeze_shorter_than_eviction_is_unknown_and_then_green_again)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    freeze(&scene, 3, 'T');
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "unknown");
    scene_expect_cluster(&scene, "yellow");
    scene_actor(&scene, 3)->beat.proc_state = 'S';
    scene_actor(&scene, 3)->probe = PROBE_SHOWS_VIEW;
    scene_run(&scene, 0.5);
    scene_expect(&scene, 3, "green");
    scene_expect_cluster(&scene, "green");
    never_red(&scene, 3);
    scene_never(&scene, 3, "yellow");
    scene_play(&scene);
}

Test(faults, without_agents_a_frozen_server_is_noticed_within_a_probe_and_its_timeout)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    freeze(&scene, 3, 'T');
    scene_run(&scene, 0.6);
    scene_expect(&scene, 3, "unknown");
    scene_expect(&scene, 1, "green");
    never_red(&scene, 3);
    scene_play(&scene);
}

Test(faults, a_thawed_node_stays_out_also_when_those_who_evicted_it_are_gone)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    freeze(&scene, 3, 'T');
    scene_run(&scene, 6);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 1);
    scene_expect(&scene, 3, "yellow");
    scene_actor(&scene, 3)->beat.proc_state = 'S';
    scene_member(&scene, 3, 3, 3); /* it still believes in the old view */
    scene_run(&scene, 1);
    scene_crash(&scene, 1);
    scene_crash(&scene, 2);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "yellow");
    scene_never(&scene, 0, "green"); /* until here; the claim below is of the beginning */
    scene.claim_count--;
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}

Test(faults, with_an_arbitrator_a_thawed_node_is_still_found_out)
{
    struct scene scene;
    scene_begin(&scene, 2);
    scene_member(&scene, 1, 3, 3); /* two nodes and garbd */
    scene_member(&scene, 2, 3, 3);
    scene_run(&scene, 2);
    scene_expect_cluster(&scene, "green");
    freeze(&scene, 2, 'T');
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

Test(faults, a_member_list_tells_exactly_who_is_out)
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

static void cut_off(struct scene *scene, unsigned number)
{
    scene_actor(scene, number)->agent = false;
    scene_fails(scene, number, HEALTH_PROBE_TIMEOUT);
}

Test(faults, a_monitor_cut_off_from_one_does_not_know_about_it)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    cut_off(&scene, 3);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "unknown");
    scene_expect_cluster(&scene, "yellow");
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "unknown");
    never_red(&scene, 3);
    scene_play(&scene);
}

Test(faults, a_monitor_cut_off_from_all_has_learnt_about_itself)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        cut_off(&scene, n);
    scene_run(&scene, 60);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "unknown");
        never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(faults, a_monitor_without_links_that_is_cut_off_from_all_knows_no_better)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_without_links(&scene);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        cut_off(&scene, n);
    scene_run(&scene, 60);
    for (unsigned n = 1; n <= 3; n++) {
        scene_expect(&scene, n, "unknown");
        never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(faults, a_fresh_probe_is_not_overruled_by_its_agents_older_sample)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_non_primary(&scene, 3);
    MEMBERS(&scene, 4, 1, 2);
    scene_run(&scene, 3);
    scene_expect(&scene, 3, "yellow");
    const struct health_view before = scene_actor(&scene, 3)->view;
    scene_actor(&scene, 3)->lags = &before;
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_run(&scene, 0.2);
    for (unsigned turn = 0; turn < 20; turn++) {
        scene_run(&scene, 0.05);
        scene_expect(&scene, 3, "green");
    }
    scene_play(&scene);
}

Test(faults, while_the_probe_is_answered_its_view_counts_and_not_the_agents)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    struct health_view elsewhere = scene_actor(&scene, 3)->view; /* the agent asks another server */
    elsewhere.component = HEALTH_COMPONENT_DISCONNECTED;
    elsewhere.connected = elsewhere.ready = HEALTH_ANSWER_NO;
    scene_actor(&scene, 3)->lags = &elsewhere;
    scene_actor(&scene, 3)->probe = PROBE_LIGHT;
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "green");
    scene_never(&scene, 3, "yellow");
    scene_play(&scene);
}

Test(faults, an_older_view_that_was_overtaken_on_its_way_does_not_exclude_its_node)
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

Test(faults, without_agents_a_frozen_node_that_is_killed_when_evicted_is_not_clean)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    freeze(&scene, 3, 'T');
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

Test(faults, without_agents_a_crash_is_seen_also_when_the_end_of_its_link_was_missed)
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

Test(faults, refusals_while_the_links_live_on_prove_nothing)
{
    struct scene scene;
    scene_begin_without_agents(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned n = 1; n <= 3; n++)
        scene_fails(&scene, n, HEALTH_PROBE_REFUSED); /* a firewall between, which resets */
    scene_run(&scene, 10);
    for (unsigned n = 1; n <= 3; n++)
        never_red(&scene, n);
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(faults, the_agent_stands_in_where_only_the_monitors_path_is_cut)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_fails(&scene, 3, HEALTH_PROBE_UNREACHABLE);
    scene_run(&scene, 60);
    scene_expect(&scene, 3, "green");
    scene_never(&scene, 3, "unknown");
    scene.claim_count--; /* it is unknown before its first word */
    scene_expect_cluster(&scene, "green");
    scene_play(&scene);
}

Test(faults, too_many_connections_prove_that_it_runs_and_peers_that_it_is_a_member)
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
    never_red(&scene, 3);
    scene_play(&scene);
}

Test(faults, error_packets_hold_a_membership_for_a_moment_only)
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
        never_red(&scene, n);
    }
    scene_expect_cluster(&scene, "unknown");
    scene_never(&scene, 0, "red");
    scene_play(&scene);
}

Test(faults, an_error_of_the_client_library_proves_nothing)
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

Test(faults, a_crash_loop_counts_its_crashes_and_lives)
{
    struct scene scene;
    struct replay replay;
    struct health_node_snapshot node;

    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    for (unsigned turn = 0; turn < 4; turn++) {
        scene_crash(&scene, 3);
        scene_run(&scene, 1);
        scene_expect(&scene, 3, "red-unclean");
        scene_starting(&scene, 3, 3000 + turn);
        scene_run(&scene, 1);
        scene_expect(&scene, 3, "yellow");
    }
    struct scene copy = scene;
    copy.recording = recording_copy(&scene.recording);
    scene_play(&scene);
    scene_picture(&copy, &replay);
    health_node_snapshot(replay.engine, 2, &node);
    cr_expect_eq(node.unclean_exits, 4);
    cr_expect_eq(node.incarnation, 5);
    cr_expect_eq(node.transitions, 9);
    replay_close(&replay);
    recording_free(&copy.recording);
}

Test(faults, a_slow_node_is_green_as_long_as_it_answers)
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
    never_red(&scene, 3);
    scene_play(&scene);
}

Test(faults, light_probes_alone_keep_a_member_green)
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

Test(faults, refused_queries_are_not_mixed_into_the_state)
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

Test(faults, a_donor_is_a_member)
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

Test(faults, a_restarted_agent_is_not_a_restarted_node)
{
    struct scene scene;
    struct replay replay;
    struct health_node_snapshot node;

    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_actor(&scene, 3)->beat.boot.lo++;
    scene_actor(&scene, 3)->beat.seq = 0;
    scene_run(&scene, 2);
    scene_picture(&scene, &replay);
    health_node_snapshot(replay.engine, 2, &node);
    cr_expect_eq(node.state, HEALTH_STATE_GREEN);
    cr_expect_eq(node.incarnation, 1);
    cr_expect_eq(node.transitions, 1);
    replay_close(&replay);
    recording_free(&scene.recording);
}

Test(faults, an_agent_that_watches_the_wrong_process_is_refuted_by_probes)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    struct actor *actor = scene_actor(&scene, 3);
    actor->local_answers = false;
    actor->beat.process = HEALTH_PROCESS_STOPPED; /* and mysqld answers all the while */
    scene_run(&scene, 0.6);
    scene_expect(&scene, 3, "green");
    scene_run(&scene, 10);
    scene_expect(&scene, 3, "green");
    scene_play(&scene);
}

Test(faults, an_exit_without_a_code_waits_for_its_peers_and_is_not_red_before)
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

Test(faults, a_crash_with_a_paused_provider_is_unclean_although_its_seqno_is_saved)
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

Test(faults, known_weights_prove_red_before_galera_knows)
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

Test(faults, unknown_weights_only_warn)
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

Test(faults, graceful_leavers_do_not_count_against_the_quorum)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    cut_off(&scene, 1); /* nobody sees n1's view any more */
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

Test(faults, crashed_members_count_against_the_quorum)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    cut_off(&scene, 1);
    scene_run(&scene, 3);
    scene_crash(&scene, 2);
    scene_crash(&scene, 3);
    scene_run(&scene, 1);
    scene_expect(&scene, 1, "unknown");
    scene_expect_cluster(&scene, "red");
    scene_play(&scene);
}

Test(faults, at_the_monitors_start_a_dead_node_waits_for_its_agents_word)
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
