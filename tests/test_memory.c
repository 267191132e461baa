/*
 * test_memory.c - what is remembered of nodes and clusters, field by field.
 */
#include "memory_stage.h"

#include <criterion/criterion.h>

TestSuite(memory, .fini = stage_leave);

/* ---- Positions ---- */

Test(memory, the_mark_is_the_highest_that_a_green_node_reported)
{
    stage_begin(3);
    stage_commit(2, 120);
    scene_run(&scene, 1);
    stage_commit(2, 110); /* torn sample, other order: a mark never falls */
    scene_run(&scene, 1);
    cr_expect_eq(stage_cluster()->served.seqno, 120);
    cr_expect_neq(stage_cluster()->served.history.hi, 0);
    cr_expect_eq(stage_node(1)->served.seqno, 100);
    cr_expect_eq(stage_node(2)->served.seqno, 120);
    cr_expect_gt(stage_cluster()->served_ns, stage_now_ns() - SECOND);
    cr_expect_eq(stage_node(1)->served_size, 3);
}

Test(memory, positions_are_numbers)
{
    stage_begin(1);
    stage_commit(1, 999);
    scene_run(&scene, 1);
    stage_commit(1, 1234);
    scene_run(&scene, 1);
    cr_expect_eq(stage_cluster()->served.seqno, 1234);
}

Test(memory, the_smaller_side_of_a_split_does_not_raise_the_mark)
{
    stage_begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_member(&scene, 1, 4, 1);
    scene_run(&scene, 1);
    stage_commit(1, 500);
    scene_run(&scene, 1);
    cr_expect_eq(stage_cluster()->served.seqno, 100);
    cr_expect_eq(stage_node(1)->served.seqno, 500, "that it holds them is remembered of it");
    cr_expect_eq(stage_node(1)->served_size, 1, "and that it was alone");
    cr_expect(stage_cluster()->split);
}

/* The larger side is all that is expected, so that the cluster is Green; what the smaller one holds is still there. */
Test(memory, a_split_is_not_over_when_the_cluster_is_green)
{
    struct health_cluster_snapshot cluster;

    stage_begin_expecting(5, 3);
    MEMBERS(&scene, 4, 1, 2, 3);
    MEMBERS(&scene, 4, 4, 5);
    scene_run(&scene, 2);
    scene_crash(&scene, 4);
    scene_crash(&scene, 5);
    scene_run(&scene, 8);
    cr_expect(stage_cluster()->split);
    health_cluster_snapshot(replay.engine, replay.cluster, &cluster);
    cr_expect_eq(cluster.colour, HEALTH_COLOUR_GREEN);
    cr_expect_eq(cluster.signs >> HEALTH_SIGN_SPLIT_BRAIN & 1u, 0);
}

static void expect_green(unsigned number)
{
    struct health_node_snapshot node;
    stage_node(number); /* the scene is over */
    health_node_snapshot(replay.engine, number - 1, &node);
    cr_expect_eq(node.state, HEALTH_STATE_GREEN, "n%u", number);
}

/* All three have died at 100 or above; one is started alone, and has so much and so many write-sets waiting. */
static void found(int64_t seqno, int32_t waiting)
{
    stage_begin(3);
    stage_commit(2, 120);
    scene_run(&scene, 1);
    for (unsigned i = 1; i <= 3; i++)
        scene_crash(&scene, i);
    scene_run(&scene, 8);
    scene_starting(&scene, 1, 4711);
    scene_run(&scene, 1);
    scene_up(&scene, 1, 1, 1);
    stage_commit(1, seqno);
    scene_actor(&scene, 1)->view.recv_queue = waiting;
    scene_run(&scene, 2);
}

Test(memory, who_founds_below_the_mark_gives_numbers_a_second_time)
{
    found(110, 0);
    cr_expect(stage_cluster()->split);
    cr_expect_eq(stage_cluster()->served.seqno, 120, "which stays the least that is expected");
}

Test(memory, who_founds_at_the_mark_gives_none_twice)
{
    found(120, 0);
    expect_green(1);
    cr_expect_not(stage_cluster()->split);
}

Test(memory, who_has_still_to_apply_is_not_below_the_mark)
{
    found(110, 10);
    expect_green(1);
    cr_expect_not(stage_cluster()->split);
}

Test(memory, numbers_that_mean_two_things_go_with_the_last_who_held_the_others)
{
    found(110, 0);
    for (unsigned i = 2; i <= 3; i++) {
        scene_starting(&scene, i, 5000 + i);
        scene_up(&scene, i, 2, 3);
        stage_commit(i, 111);
    }
    MEMBERS(&scene, 2, 1, 2, 3);
    scene_run(&scene, 3);
    for (unsigned i = 1; i <= 3; i++)
        expect_green(i);
    cr_expect_not(stage_cluster()->split);
}

/* The others leave; who stays was a member all the time, and applies what it has been given. */
Test(memory, the_last_member_lags_and_founds_nothing)
{
    stage_begin(3);
    stage_commit(2, 120);
    scene_run(&scene, 1);
    scene_actor(&scene, 1)->view.recv_queue = 0;
    MEMBERS(&scene, 5, 1);
    scene_leave(&scene, 2);
    scene_leave(&scene, 3);
    scene_run(&scene, 0.3);
    scene_stopped(&scene, 2);
    scene_stopped(&scene, 3);
    scene_run(&scene, 3);
    expect_green(1);
    cr_expect_eq(stage_node(1)->served_size, 1);
    cr_expect_not(stage_cluster()->split);
}

/* Nobody was seen for a while: that founds nothing. */
Test(memory, after_a_blind_time_members_may_lag)
{
    stage_begin(3);
    stage_commit(2, 120);
    scene_run(&scene, 1);
    for (unsigned i = 1; i <= 3; i++)
        scene_cut_off(&scene, i);
    scene_run(&scene, 10);
    for (unsigned i = 1; i <= 2; i++) {
        scene_up(&scene, i, 3, 3);
        stage_commit(i, 110);
        scene_actor(&scene, i)->view.recv_queue = 0;
    }
    scene_run(&scene, 2);
    expect_green(1);
    cr_expect_not(stage_cluster()->split);
}

Test(memory, a_node_that_does_not_serve_raises_nothing)
{
    stage_begin(3);
    scene_non_primary(&scene, 1);
    stage_commit(1, 500);
    scene_run(&scene, 1);
    cr_expect_eq(stage_cluster()->served.seqno, 100);
    cr_expect_eq(stage_node(1)->served.seqno, 100);
}

Test(memory, an_agents_older_sample_does_not_say_that_it_was_not_alone)
{
    stage_begin(3);
    struct health_view old = scene_actor(&scene, 1)->view;
    MEMBERS(&scene, 5, 1);
    scene_actor(&scene, 1)->lags = &old;
    scene_run(&scene, 1);
    scene_show_probe(&scene, 1);
    scene_send_beat(&scene, 1);
    cr_expect_eq(stage_node(1)->served_size, 1);
}

Test(memory, nothing_is_remembered_before_anything_is_seen)
{
    scene_begin(&scene, 3);
    cr_expect_eq(stage_cluster()->served.seqno, HEALTH_SEQNO_NONE);
    cr_expect_eq(stage_node(1)->served.seqno, HEALTH_SEQNO_NONE);
    cr_expect_eq(stage_node(1)->recovery.seqno, HEALTH_SEQNO_NONE);
}

/* ---- Taints ---- */

Test(memory, a_voted_out_node_is_tainted_until_it_serves_again)
{
    stage_begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_ERROR;
    scene_run(&scene, 1);
    scene_crash(&scene, 1);
    scene_actor(&scene, 1)->beat.grastate.uuid = (struct health_uuid){0, 0};
    scene_run(&scene, 2);
    cr_expect_eq(stage_node(1)->taint, HEALTH_TAINT_INCONSISTENT, "which is worse than torn");
}

Test(memory, serving_again_lifts_every_taint)
{
    stage_begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_ERROR;
    scene_run(&scene, 1);
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(1)->taint, HEALTH_TAINT_NONE);
}

Test(memory, a_zero_uuid_after_the_end_is_torn)
{
    stage_begin(3);
    scene_crash(&scene, 1);
    scene_actor(&scene, 1)->beat.grastate.uuid = (struct health_uuid){0, 0};
    scene_run(&scene, 2);
    cr_expect_eq(stage_node(1)->taint, HEALTH_TAINT_TORN);
}

Test(memory, a_zero_uuid_of_a_running_server_is_a_ddl)
{
    stage_begin(3);
    scene_actor(&scene, 1)->beat.grastate = (struct health_grastate){.known = true, .seqno = -1};
    scene_run(&scene, 2);
    cr_expect_eq(stage_node(1)->taint, HEALTH_TAINT_NONE);
}

Test(memory, who_receives_its_state_is_joining_and_who_ends_in_it_torn)
{
    stage_begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 7);
    scene_starting(&scene, 1, 2001);
    scene_actor(&scene, 1)->beat.sst_in_progress = HEALTH_ANSWER_YES;
    scene_run(&scene, 2);
    cr_expect_eq(stage_node(1)->taint, HEALTH_TAINT_JOINING);
    replay_close(&replay);
    scene_crash(&scene, 1);
    scene_run(&scene, 2);
    cr_expect_eq(stage_node(1)->taint, HEALTH_TAINT_TORN);
}

/* ---- Probes, heartbeats ---- */

Test(memory, the_latest_probe_counts_and_since_when_it_fails_so)
{
    stage_begin(3);
    scene_fails(&scene, 1, HEALTH_PROBE_AUTH);
    scene_run(&scene, 5);
    cr_expect_eq(stage_node(1)->probe_error, HEALTH_PROBE_AUTH);
    cr_expect_lt(stage_node(1)->probe_error_ns, stage_now_ns() - 4 * SECOND);
    replay_close(&replay);
    MEMBERS(&scene, 3, 1, 2, 3);
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(1)->probe_error, HEALTH_PROBE_NONE);
    cr_expect_eq(stage_node(1)->probe_error_ns, 0);
}

Test(memory, a_former_agents_late_word_changes_nothing)
{
    struct actor *actor;

    stage_begin(3);
    actor = scene_actor(&scene, 1);
    struct health_heartbeat former = actor->beat;
    actor->beat.boot.lo++;
    actor->beat.seq = 0;
    scene_run(&scene, 1);
    struct health_heartbeat live = actor->beat;
    former.process = HEALTH_PROCESS_STOPPED;
    former.grastate = (struct health_grastate){.known = true, .seqno = -1};
    actor->beat = former;
    actor->local_answers = false;
    scene_send_beat(&scene, 1);
    actor->beat = live;
    cr_expect_eq(stage_node(1)->process, HEALTH_PROCESS_RUNNING);
    cr_expect_eq(stage_node(1)->taint, HEALTH_TAINT_NONE);
}

Test(memory, a_beat_that_comes_twice_is_no_fresh_one)
{
    stage_begin(3);
    scene_run(&scene, 0.5);
    scene_actor(&scene, 1)->agent = false;
    scene_run(&scene, 1);
    int64_t told_ns = stage_node(1)->files_ns;
    replay_close(&replay);
    scene_actor(&scene, 1)->beat.seq--;
    scene_send_beat(&scene, 1);
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(1)->files_ns, told_ns);
}

Test(memory, a_recovery_is_of_this_stop)
{
    const struct health_recovery found = {
        .status = HEALTH_RECOVERY_DONE, .uuid = {1, 2}, .seqno = 9};

    stage_begin(3);
    scene_crash(&scene, 1);
    scene_actor(&scene, 1)->beat.recovery = found;
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(1)->recovery.status, HEALTH_RECOVERY_DONE);
    cr_expect_eq(stage_node(1)->recovery.seqno, 9);
    cr_expect_gt(stage_node(1)->recovery_ns, stage_now_ns() - SECOND);
    replay_close(&replay);
    scene_starting(&scene, 1, 2001);
    scene_run(&scene, 1);
    cr_expect_eq(stage_node(1)->recovery.status, HEALTH_RECOVERY_NONE);
    cr_expect_eq(stage_node(1)->recovery_ns, 0);
}

/* ---- What a restart brings back ---- */

Test(memory, what_was_imported_stays_until_it_is_refuted)
{
    scene_begin(&scene, 3);
    scene.recording.count = 0;
    scene_crash(&scene, 1);
    scene_run(&scene, 1);
    stage_node(1);
    struct health_node_memory *told = health_memory_node(replay.memory, 0);
    told->taint = HEALTH_TAINT_INCONSISTENT;
    told->wanted = true;
    told->served = (struct health_position){{1, 2}, 77};
    const struct health_report report = {.subject = 0,
                                         .state = HEALTH_STATE_RED_UNCLEAN,
                                         .reason = HEALTH_REASON_KILLED,
                                         .at_ns = stage_now_ns()};
    health_memory_report(replay.memory, replay.engine, &report);
    cr_expect_eq(told->crash_ns[0], 0, "it was down when we began: that is no crash of now");
    cr_expect_eq(told->taint, HEALTH_TAINT_INCONSISTENT);
    cr_expect_eq(told->served.seqno, 77);
    cr_expect(told->wanted);
}

Test(memory, a_number_that_is_given_anew_remembers_nothing)
{
    stage_begin(3);
    scene_crash(&scene, 1);
    scene_run(&scene, 1);
    stage_node(1);
    health_memory_forget_node(replay.memory, 0);
    health_memory_forget_cluster(replay.memory, replay.cluster);
    cr_expect_eq(stage_node(1)->crash_ns[0], 0);
    cr_expect_eq(stage_node(1)->served.seqno, HEALTH_SEQNO_NONE);
    cr_expect_eq(stage_cluster()->served.seqno, HEALTH_SEQNO_NONE);
}
