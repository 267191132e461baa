/*
 * test_heartbeats.c - what agents say, and how much it counts beside probes.
 */
#include "scene.h"

#include <criterion/criterion.h>

Test(heartbeats, a_fresh_probe_is_not_overruled_by_its_agents_older_sample)
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

Test(heartbeats, while_the_probe_is_answered_its_view_counts_and_not_the_agents)
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

Test(heartbeats, a_restarted_agent_is_not_a_restarted_node)
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

Test(heartbeats, an_agent_that_watches_the_wrong_process_is_refuted_by_probes)
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

/* The monitor's own path to the node is cut: all that is known of it comes from its agent. */
static void begin_with_agent_alone(struct scene *scene)
{
    scene_begin(scene, 3);
    scene_fails(scene, 3, HEALTH_PROBE_TIMEOUT);
    scene_run(scene, 2);
    scene_expect(scene, 3, "green");
}

static void restart_agent(struct scene *scene, unsigned number)
{
    scene_actor(scene, number)->beat.boot.lo++;
    scene_actor(scene, number)->beat.seq = 0;
}

Test(heartbeats, a_late_one_of_the_agents_former_life_is_refused)
{
    struct scene scene;
    begin_with_agent_alone(&scene);
    struct actor late = *scene_actor(&scene, 3);
    restart_agent(&scene, 3);
    scene_run(&scene, 0.5);
    struct actor live = *scene_actor(&scene, 3);
    late.beat.process = HEALTH_PROCESS_STOPPED; /* what it said would be news */
    late.beat.exit_kind = HEALTH_EXIT_SIGNAL;
    late.local_answers = false;
    *scene_actor(&scene, 3) = late;
    scene_never_again(&scene, 3, "unknown");
    scene_send_beat(&scene, 3);
    *scene_actor(&scene, 3) = live;
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "green");
    scene_never_red(&scene, 3);
    scene_play(&scene);
}

Test(heartbeats, a_late_one_of_a_life_before_that_does_not_deafen_to_the_live_one)
{
    struct scene scene;
    begin_with_agent_alone(&scene);
    struct actor late = *scene_actor(&scene, 3);
    restart_agent(&scene, 3);
    scene_run(&scene, 1);
    restart_agent(&scene, 3);
    scene_run(&scene, 0.5);
    struct actor live = *scene_actor(&scene, 3);
    *scene_actor(&scene, 3) = late;
    scene_send_beat(&scene, 3);
    *scene_actor(&scene, 3) = live;
    scene_never_again(&scene, 3, "unknown");
    scene_run(&scene, 30);
    scene_expect(&scene, 3, "green");
    scene_play(&scene);
}

Test(heartbeats, that_an_agent_lost_its_own_connection_leaves_a_member_green)
{
    struct scene scene;
    scene_begin(&scene, 3);
    scene_run(&scene, 2);
    scene_never_again(&scene, 3, "yellow");
    scene_never_again(&scene, 3, "unknown");
    struct actor *actor = scene_actor(&scene, 3);
    actor->local_answers = false; /* somebody kills all sessions, the monitor's too */
    actor->beat.process = HEALTH_PROCESS_STARTING;
    actor->beat.has_local = true;
    actor->beat.local = (struct health_probe){.error = HEALTH_PROBE_LOST, .code = 2013};
    scene_send_beat(&scene, 3);
    scene_link(&scene, 3, HEALTH_LINK_EOF);
    scene_fails(&scene, 3, HEALTH_PROBE_LOST);
    scene_show_probe(&scene, 3);
    scene_up(&scene, 3, 3, 3);
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "green");
    scene_play(&scene);
}

/* A mysqld that its agent may not see into has no pid there: who has never seen it run cannot tell of its end. */
Test(heartbeats, an_agent_that_cannot_tell_is_not_waited_for)
{
    struct scene scene;
    scene_begin(&scene, 3);
    struct actor *actor = scene_actor(&scene, 3);
    actor->beat.process = HEALTH_PROCESS_NOT_KNOWN;
    actor->beat.proc_state = '\0';
    actor->beat.pid = 0;
    actor->local_answers = false;
    actor->beat.has_local = false;
    scene_run(&scene, 2);
    scene_expect(&scene, 3, "green");
    scene_link(&scene, 3, HEALTH_LINK_EOF);
    scene_fails(&scene, 3, HEALTH_PROBE_REFUSED);
    scene_run(&scene, 5);
    scene_expect(&scene, 3, "red-unclean");
    scene_play(&scene);
}
