/*
 * test_memory.c - what is remembered of nodes and clusters, field by field.
 */
#include "scene.h"

#include <criterion/criterion.h>

#define SECOND HEALTH_NS_PER_S

static struct scene scene;
static struct replay replay;

static void leave(void)
{
    replay_close(&replay);
    recording_free(&scene.recording);
}

/* The scene is over: what is remembered at its end? */
static const struct health_node_memory *node(unsigned number)
{
    if (!replay.memory)
        scene_picture(&scene, &replay);
    return health_memory_node(replay.memory, number - 1);
}

static const struct health_cluster_memory *cluster(void)
{
    node(1);
    return health_memory_cluster(replay.memory, replay.cluster);
}

static int64_t now_ns(void)
{
    return scene.now_us * HEALTH_NS_PER_US;
}

static void commit(unsigned number, int64_t seqno)
{
    scene_actor(&scene, number)->view.last_committed = seqno;
}

/* As after SIGKILL and a start: mysqld runs anew and is joining. */
static void join(unsigned number, uint32_t pid)
{
    scene_starting(&scene, number, pid);
}

static void begin(uint32_t nodes)
{
    scene_begin(&scene, nodes);
    for (unsigned i = 1; i <= nodes; i++)
        commit(i, 100);
    scene_run(&scene, 2);
}

TestSuite(memory, .fini = leave);

/* ---- Positions ---- */

Test(memory, the_mark_is_the_highest_that_a_green_node_reported)
{
    begin(3);
    commit(2, 120);
    scene_run(&scene, 1);
    commit(2, 110); /* torn sample, other order: a mark never falls */
    scene_run(&scene, 1);
    cr_expect_eq(cluster()->served.seqno, 120);
    cr_expect_neq(cluster()->served.history.hi, 0);
    cr_expect_eq(node(1)->served.seqno, 100);
    cr_expect_eq(node(2)->served.seqno, 120);
    cr_expect_gt(cluster()->served_ns, now_ns() - SECOND);
    cr_expect_eq(node(1)->served_size, 3);
}

Test(memory, positions_are_numbers)
{
    begin(1);
    commit(1, 999);
    scene_run(&scene, 1);
    commit(1, 1234);
    scene_run(&scene, 1);
    cr_expect_eq(cluster()->served.seqno, 1234);
}

Test(memory, the_smaller_side_of_a_split_does_not_raise_the_mark)
{
    begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_member(&scene, 1, 4, 1);
    scene_run(&scene, 1);
    commit(1, 500);
    scene_run(&scene, 1);
    cr_expect_eq(cluster()->served.seqno, 100);
    cr_expect_eq(node(1)->served.seqno, 500, "that it holds them is remembered of it");
    cr_expect_eq(node(1)->served_size, 1, "and that it was alone");
    cr_expect(cluster()->split);
}

Test(memory, a_node_that_does_not_serve_raises_nothing)
{
    begin(3);
    scene_non_primary(&scene, 1);
    commit(1, 500);
    scene_run(&scene, 1);
    cr_expect_eq(cluster()->served.seqno, 100);
    cr_expect_eq(node(1)->served.seqno, 100);
}

Test(memory, an_agents_older_sample_does_not_say_that_it_was_not_alone)
{
    begin(3);
    struct health_view old = scene_actor(&scene, 1)->view;
    MEMBERS(&scene, 5, 1);
    scene_actor(&scene, 1)->lags = &old;
    scene_run(&scene, 1);
    scene_show_probe(&scene, 1);
    scene_send_beat(&scene, 1);
    cr_expect_eq(node(1)->served_size, 1);
}

Test(memory, nothing_is_remembered_before_anything_is_seen)
{
    scene_begin(&scene, 3);
    cr_expect_eq(cluster()->served.seqno, HEALTH_SEQNO_NONE);
    cr_expect_eq(node(1)->served.seqno, HEALTH_SEQNO_NONE);
    cr_expect_eq(node(1)->recovery.seqno, HEALTH_SEQNO_NONE);
}

/* ---- Crashes ---- */

Test(memory, a_crash_is_counted_once)
{
    begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 8);
    cr_expect_gt(node(1)->crash_ns[0], now_ns() - 9 * SECOND);
    cr_expect_eq(node(1)->crash_ns[1], 0);
    cr_expect_eq(cluster()->crashed_ns, 0);
    cr_expect_not(node(1)->crashed_together);
}

Test(memory, a_node_that_was_never_seen_alive_has_not_crashed)
{
    scene_begin(&scene, 3);
    scene.recording.count = 0;
    scene_crash(&scene, 1);
    scene_crash(&scene, 2);
    scene_run(&scene, 3);
    cr_expect_eq(node(1)->crash_ns[0], 0);
    cr_expect_eq(cluster()->crashed_ns, 0);
}

Test(memory, a_graceful_stop_is_no_crash)
{
    begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_leave(&scene, 1);
    scene_run(&scene, 1);
    scene_stopped(&scene, 1);
    scene_run(&scene, 2);
    cr_expect_eq(node(1)->crash_ns[0], 0);
}

Test(memory, crashes_of_several_lives_are_kept_latest_first)
{
    begin(3);
    for (uint32_t life = 1; life <= 5; life++) {
        scene_crash(&scene, 1);
        MEMBERS(&scene, 2 + 2 * life, 2, 3);
        scene_run(&scene, 7);
        join(1, 2000 + life);
        scene_run(&scene, 1);
        MEMBERS(&scene, 3 + 2 * life, 1, 2, 3);
        scene_up(&scene, 1, 3 + 2 * life, 3);
        scene_run(&scene, 2);
    }
    for (int i = 0; i < HEALTH_CRASHES_KEPT; i++)
        cr_expect_gt(node(1)->crash_ns[i], now_ns() - (i + 1) * 10 * SECOND - SECOND);
    cr_expect_gt(node(1)->crash_ns[0], node(1)->crash_ns[1]);
}

Test(memory, two_members_that_crash_within_moments_are_remembered_until_acknowledged)
{
    begin(5);
    scene_crash(&scene, 1);
    scene_run(&scene, 3);
    scene_crash(&scene, 2);
    MEMBERS(&scene, 6, 3, 4, 5);
    scene_run(&scene, 10);
    cr_expect_neq(cluster()->crashed_ns, 0);
    cr_expect(node(1)->crashed_together);
    cr_expect(node(2)->crashed_together);
    cr_expect_not(node(3)->crashed_together);
    health_memory_acknowledge(replay.memory, replay.engine, replay.cluster);
    cr_expect_eq(cluster()->crashed_ns, 0);
    cr_expect_not(node(1)->crashed_together);
}

Test(memory, crashes_further_apart_than_the_window_are_two)
{
    begin(5);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 6, 2, 3, 4, 5);
    scene_run(&scene, 7);
    scene_crash(&scene, 2);
    MEMBERS(&scene, 7, 3, 4, 5);
    scene_run(&scene, 7);
    cr_expect_neq(node(2)->crash_ns[0], 0);
    cr_expect_eq(cluster()->crashed_ns, 0);
}

Test(memory, a_joiner_that_crashes_takes_no_acknowledged_write_along)
{
    begin(5);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 6, 2, 3, 4, 5);
    scene_run(&scene, 7);
    join(1, 2001);
    scene_run(&scene, 3);
    scene_crash(&scene, 1);
    scene_run(&scene, 1);
    scene_crash(&scene, 2);
    scene_run(&scene, 1);
    cr_expect_neq(node(1)->crash_ns[1], 0, "the joiner's end is a crash of its own");
    cr_expect_eq(cluster()->crashed_ns, 0);
}

/* ---- Taints ---- */

Test(memory, a_voted_out_node_is_tainted_until_it_serves_again)
{
    begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_ERROR;
    scene_run(&scene, 1);
    scene_crash(&scene, 1);
    scene_actor(&scene, 1)->beat.grastate.uuid = (struct health_uuid){0, 0};
    scene_run(&scene, 2);
    cr_expect_eq(node(1)->taint, HEALTH_TAINT_INCONSISTENT, "which is worse than torn");
}

Test(memory, serving_again_lifts_every_taint)
{
    begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_ERROR;
    scene_run(&scene, 1);
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_run(&scene, 1);
    cr_expect_eq(node(1)->taint, HEALTH_TAINT_NONE);
}

Test(memory, a_zero_uuid_after_the_end_is_torn)
{
    begin(3);
    scene_crash(&scene, 1);
    scene_actor(&scene, 1)->beat.grastate.uuid = (struct health_uuid){0, 0};
    scene_run(&scene, 2);
    cr_expect_eq(node(1)->taint, HEALTH_TAINT_TORN);
}

Test(memory, a_zero_uuid_of_a_running_server_is_a_ddl)
{
    begin(3);
    scene_actor(&scene, 1)->beat.grastate = (struct health_grastate){.known = true, .seqno = -1};
    scene_run(&scene, 2);
    cr_expect_eq(node(1)->taint, HEALTH_TAINT_NONE);
}

Test(memory, who_receives_its_state_is_joining_and_who_ends_in_it_torn)
{
    begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 7);
    join(1, 2001);
    scene_actor(&scene, 1)->beat.sst_in_progress = HEALTH_ANSWER_YES;
    scene_run(&scene, 2);
    cr_expect_eq(node(1)->taint, HEALTH_TAINT_JOINING);
    replay_close(&replay);
    scene_crash(&scene, 1);
    scene_run(&scene, 2);
    cr_expect_eq(node(1)->taint, HEALTH_TAINT_TORN);
}

/* ---- Joins ---- */

static void crash_and_join(void)
{
    begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 7);
    join(1, 2001);
}

Test(memory, a_join_begins_with_the_process_and_ends_with_service)
{
    crash_and_join();
    scene_run(&scene, 3);
    int64_t began_ns = node(1)->joining_ns;
    cr_expect_gt(began_ns, now_ns() - 4 * SECOND);
    cr_expect_eq(node(1)->moved_ns, 0, "nothing is known of its progress");
    replay_close(&replay);
    MEMBERS(&scene, 5, 1, 2, 3);
    scene_up(&scene, 1, 5, 3);
    scene_run(&scene, 1);
    cr_expect_eq(node(1)->joining_ns, 0);
}

Test(memory, a_moment_of_silence_ends_no_join)
{
    crash_and_join();
    scene_run(&scene, 3);
    scene_cut_off(&scene, 1);
    scene_run(&scene, 5);
    scene_actor(&scene, 1)->agent = true;
    scene_fails(&scene, 1, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 2);
    cr_expect_lt(node(1)->joining_ns, now_ns() - 9 * SECOND);
    cr_expect_neq(node(1)->joining_ns, 0);
}

Test(memory, on_its_way_out_nobody_joins)
{
    begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_leave(&scene, 1);
    scene_actor(&scene, 1)->beat.local = (struct health_probe){.error = HEALTH_PROBE_REFUSED};
    scene_run(&scene, 1);
    cr_expect_eq(node(1)->joining_ns, 0);
}

Test(memory, a_crash_ends_a_join)
{
    crash_and_join();
    scene_run(&scene, 3);
    scene_crash(&scene, 1);
    scene_run(&scene, 2);
    cr_expect_eq(node(1)->joining_ns, 0);
}

Test(memory, bytes_that_move_are_progress)
{
    crash_and_join();
    for (uint64_t i = 1; i <= 5; i++) {
        scene_actor(&scene, 1)->beat.moved = 1000 * i;
        scene_run(&scene, 1);
    }
    cr_expect_gt(node(1)->moved_ns, now_ns() - 2 * SECOND);
    replay_close(&replay);
    scene_run(&scene, 20);
    cr_expect_lt(node(1)->moved_ns, now_ns() - 19 * SECOND);
    cr_expect_neq(node(1)->moved_ns, 0);
}

Test(memory, who_stands_still_from_the_first_on_is_known_to_stand)
{
    begin(3);
    scene_crash(&scene, 1);
    MEMBERS(&scene, 4, 2, 3);
    scene_run(&scene, 7);
    scene_actor(&scene, 1)->beat.moved = 4096;
    join(1, 2001);
    scene_run(&scene, 10);
    cr_expect_neq(node(1)->moved_ns, 0);
    cr_expect_lt(node(1)->moved_ns, now_ns() - 9 * SECOND);
}

Test(memory, a_position_that_rises_is_progress_and_an_older_sample_is_none)
{
    begin(3);
    MEMBERS(&scene, 4, 2, 3);
    scene_actor(&scene, 1)->view.local_state = HEALTH_LOCAL_JOINED;
    struct health_view old = scene_actor(&scene, 1)->view;
    commit(1, 150);
    scene_run(&scene, 1);
    scene_actor(&scene, 1)->lags = &old; /* its agent still tells of 100 */
    scene_run(&scene, 10);
    cr_expect_neq(node(1)->moved_ns, 0);
    cr_expect_lt(node(1)->moved_ns, now_ns() - 9 * SECOND);
}

/* ---- Donors ---- */

static void donate(void)
{
    begin(3);
    scene_actor(&scene, 2)->view.local_state = HEALTH_LOCAL_DONOR;
    scene_run(&scene, 1);
    commit(1, 101);
    commit(3, 101);
    scene_run(&scene, 10);
}

Test(memory, a_donor_stands_when_others_go_on)
{
    donate();
    cr_expect_neq(node(2)->stood_ns, 0);
    cr_expect_lt(node(2)->stood_ns, now_ns() - 9 * SECOND);
    cr_expect_eq(node(1)->stood_ns, 0);
}

Test(memory, a_donor_that_applies_again_does_not_stand)
{
    donate();
    commit(2, 101);
    scene_run(&scene, 1);
    cr_expect_eq(node(2)->stood_ns, 0);
}

Test(memory, nobody_stands_where_nobody_writes)
{
    begin(3);
    scene_actor(&scene, 2)->view.local_state = HEALTH_LOCAL_DONOR;
    scene_run(&scene, 10);
    cr_expect_eq(node(2)->stood_ns, 0);
}

Test(memory, while_we_were_stopped_nobody_stood)
{
    struct health_case known;

    donate();
    scene_pause(&scene, 3600);
    scene_run(&scene, 1);
    node(2);
    health_memory_case(replay.memory, replay.engine, replay.cluster, &replay.limits, replay.now_ns,
                       &known);
    cr_expect_gt(known.nodes[1].memory.stood_ns, known.now_ns - 15 * SECOND);
    cr_expect_lt(known.nodes[1].memory.stood_ns, known.now_ns - 9 * SECOND);
}

/* ---- Probes, heartbeats ---- */

Test(memory, the_latest_probe_counts_and_since_when_it_fails_so)
{
    begin(3);
    scene_fails(&scene, 1, HEALTH_PROBE_AUTH);
    scene_run(&scene, 5);
    cr_expect_eq(node(1)->probe_error, HEALTH_PROBE_AUTH);
    cr_expect_lt(node(1)->probe_error_ns, now_ns() - 4 * SECOND);
    replay_close(&replay);
    MEMBERS(&scene, 3, 1, 2, 3);
    scene_run(&scene, 1);
    cr_expect_eq(node(1)->probe_error, HEALTH_PROBE_NONE);
    cr_expect_eq(node(1)->probe_error_ns, 0);
}

Test(memory, a_former_agents_late_word_changes_nothing)
{
    struct actor *actor;

    begin(3);
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
    cr_expect_eq(node(1)->process, HEALTH_PROCESS_RUNNING);
    cr_expect_eq(node(1)->taint, HEALTH_TAINT_NONE);
}

Test(memory, a_beat_that_comes_twice_is_no_fresh_one)
{
    begin(3);
    scene_run(&scene, 0.5);
    scene_actor(&scene, 1)->agent = false;
    scene_run(&scene, 1);
    int64_t told_ns = node(1)->files_ns;
    replay_close(&replay);
    scene_actor(&scene, 1)->beat.seq--;
    scene_send_beat(&scene, 1);
    scene_run(&scene, 1);
    cr_expect_eq(node(1)->files_ns, told_ns);
}

Test(memory, a_recovery_is_of_this_stop)
{
    const struct health_recovery found = {
        .status = HEALTH_RECOVERY_DONE, .uuid = {1, 2}, .seqno = 9};

    begin(3);
    scene_crash(&scene, 1);
    scene_actor(&scene, 1)->beat.recovery = found;
    scene_run(&scene, 1);
    cr_expect_eq(node(1)->recovery.status, HEALTH_RECOVERY_DONE);
    cr_expect_eq(node(1)->recovery.seqno, 9);
    cr_expect_gt(node(1)->recovery_ns, now_ns() - SECOND);
    replay_close(&replay);
    join(1, 2001);
    scene_run(&scene, 1);
    cr_expect_eq(node(1)->recovery.status, HEALTH_RECOVERY_NONE);
    cr_expect_eq(node(1)->recovery_ns, 0);
}

/* ---- What a restart brings back ---- */

Test(memory, what_was_imported_stays_until_it_is_refuted)
{
    scene_begin(&scene, 3);
    scene.recording.count = 0;
    scene_crash(&scene, 1);
    scene_run(&scene, 1);
    node(1);
    struct health_node_memory *told = health_memory_node(replay.memory, 0);
    told->taint = HEALTH_TAINT_INCONSISTENT;
    told->wanted = true;
    told->served = (struct health_position){{1, 2}, 77};
    const struct health_report report = {.subject = 0,
                                         .state = HEALTH_STATE_RED_UNCLEAN,
                                         .reason = HEALTH_REASON_KILLED,
                                         .at_ns = now_ns()};
    health_memory_report(replay.memory, replay.engine, &report);
    cr_expect_eq(told->crash_ns[0], 0, "it was down when we began: that is no crash of now");
    cr_expect_eq(told->taint, HEALTH_TAINT_INCONSISTENT);
    cr_expect_eq(told->served.seqno, 77);
    cr_expect(told->wanted);
}

Test(memory, a_number_that_is_given_anew_remembers_nothing)
{
    begin(3);
    scene_crash(&scene, 1);
    scene_run(&scene, 1);
    node(1);
    health_memory_forget_node(replay.memory, 0);
    health_memory_forget_cluster(replay.memory, replay.cluster);
    cr_expect_eq(node(1)->crash_ns[0], 0);
    cr_expect_eq(node(1)->served.seqno, HEALTH_SEQNO_NONE);
    cr_expect_eq(cluster()->served.seqno, HEALTH_SEQNO_NONE);
}
