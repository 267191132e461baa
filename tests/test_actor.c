/*
 * test_actor.c - what is done, and above all what is not.
 */
#include "actor_stage.h"

#include <healthd/observer.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each run leaves a line. */
#define SHELL(line) \
    "command: [/bin/sh, -c, '" line \
    "', sh, '{action}', '{node}', '{address}:{port}', '{fencing}', '{position}']"
#define LEAVES_A_LINE SHELL("echo $@ >>TRACE")
#define CRASHED "fault: node-crashed, "
#define QUICK ", timeout_ms: 400, cool_down_ms: 60000, backoff_ms: 100, retries: 2"

static unsigned lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void expect_nothing_done(struct stage *stage, const char *verdict)
{
    cr_expect(stage_until(stage, verdict), "%s", stage_doing(stage));
    stage_run(stage, 300);
    cr_expect_str_eq(stage_trace(stage), "", "it was done");
    cr_expect_not_null(strstr(stage_doing(stage), verdict), "%s", stage_doing(stage));
    cr_expect_null(memory_file_intent(stage->file, stage->cluster), "an intent was written");
}

Test(actor, nothing_is_ever_run_where_the_mode_is_advise)
{
    struct stage stage;

    stage_begin(&stage, "advise", CRASHED LEAVES_A_LINE QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    stage.diagnosis.advice.recover_places = 7;
    expect_nothing_done(&stage, "\"verdict\":\"mode-advise\"");
    cr_expect_not_null(strstr(stage_doing(&stage),
                              "\"next\":{\"fault\":\"node-crashed\",\"action\":"
                              "\"start\",\"node\":\"n1\"}"),
                       "%s", stage_doing(&stage));
    cr_expect_eq(stage.recoveries, 0, "nobody is asked either");
    cr_expect_eq(turn_of(stage.turns, stage.cluster)->count, 0);
    stage_end(&stage);
    stage_begin(&stage, "off", CRASHED LEAVES_A_LINE QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    expect_nothing_done(&stage, "\"verdict\":\"mode-off\"");
    stage_end(&stage);
}

Test(actor, what_is_allowed_is_done_once)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE ", timeout_ms: 5000, cool_down_ms: 60000");
    stage.fencing = 12;
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    for (int i = 0; i < 100 && !*stage_trace(&stage); i++)
        stage_run(&stage, 20);
    cr_expect_str_eq(stage_trace(&stage), "start n1 10.0.0.1:3307 12 none\n");
    stage_run(&stage, 100);
    cr_expect(turn_of(stage.turns, stage.cluster)->held, "it is watched until it serves");
    stage_green(&stage, 0);
    cr_expect(stage_until(&stage, "\"outcome\":\"done\""), "%s", stage_doing(&stage));
    cr_expect_eq(turn_of(stage.turns, stage.cluster)->count, 0);
    cr_expect(stage_until(&stage, "\"verdict\":\"cool-down\""), "%s", stage_doing(&stage));
    stage_run(&stage, 300);
    cr_expect_eq(lines(stage_trace(&stage)), 1);
    cr_expect_eq(actor_count(stage.actor, HEALTH_ACTION_START, INTENT_DONE), 1);
    stage_restart(&stage);
    cr_expect(stage_until(&stage, "\"verdict\":\"cool-down\""), "%s", stage_doing(&stage));
    stage_run(&stage, 300);
    cr_expect_eq(lines(stage_trace(&stage)), 1, "a restart does not forget that it was done");
    cr_expect_eq(actor_count(stage.actor, HEALTH_ACTION_START, INTENT_DONE), 0,
                 "it was counted when it was done");
    stage_end(&stage);
}

Test(actor, the_intent_is_on_the_disk_before_its_command_runs)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED SHELL("cat MEMORY >TRACE; cat >>TRACE") QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    cr_expect(stage_until(&stage, "\"outcome\":\"not-reached\""), "%s", stage_doing(&stage));
    const char *trace = stage_trace(&stage);
    cr_expect_not_null(strstr(trace, "\"outcome\":\"pending\""), "%s", trace);
    cr_expect_not_null(strstr(trace, "\"id\":\"7-1\""), "%s", trace);
    cr_expect_not_null(strstr(trace, "{\"cluster\":\"lab\"}"), "the diagnosis: %s", trace);
    stage_end(&stage);
}

Test(actor, what_holds_no_longer_at_the_moment_of_acting_is_not_done)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE ", backoff_ms: 60000");
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    stage.last_diagnosis = 1;
    cr_expect(stage_until(&stage, "\"outcome\":\"not-taken\""), "%s", stage_doing(&stage));
    stage_run(&stage, 200);
    cr_expect_str_eq(stage_trace(&stage), "");
    cr_expect_eq(turn_of(stage.turns, stage.cluster)->count, 0);
    stage_end(&stage);
    /* The same with a lease that is lost in between. */
    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE ", backoff_ms: 60000");
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    stage.leases = 2;
    cr_expect(stage_until(&stage, "\"outcome\":\"not-taken\""), "%s", stage_doing(&stage));
    stage_run(&stage, 200);
    cr_expect_str_eq(stage_trace(&stage), "");
    stage_end(&stage);
}

Test(actor, nothing_is_done_while_its_intent_cannot_be_written)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE ", backoff_ms: 60000");
    cr_assert_eq(unlink(stage.memory_path), 0);
    cr_assert_eq(rmdir(stage.memory_folder), 0);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    cr_expect(stage_until(&stage, "memory-not-kept"), "%s", stage_doing(&stage));
    stage_run(&stage, 300);
    cr_assert_eq(mkdir(stage.memory_folder, 0700), 0);
    cr_expect_str_eq(stage_trace(&stage), "");
    cr_expect_not_null(strstr(stage_doing(&stage), "memory-not-kept"), "%s", stage_doing(&stage));
    stage_end(&stage);
}

/* No error, and no success: where the text goes first is a pipe that nobody reads. */
Test(actor, an_intent_that_hangs_on_its_way_is_not_acted_upon)
{
    struct stage stage;
    char beside[SCRATCH_SIZE + 40];

    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE QUICK);
    snprintf(beside, sizeof beside, "%s.new", stage.memory_path);
    cr_assert_eq(mkfifo(beside, 0600), 0);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    stage_run(&stage, 500);
    cr_expect_str_eq(stage_trace(&stage), "");
    cr_expect_not_null(strstr(stage_doing(&stage), "\"outcome\":\"pending\""), "%s",
                       stage_doing(&stage));
    int reader = open(beside, O_RDONLY | O_NONBLOCK);
    cr_expect(stage_until(&stage, "\"outcome\":\"not-taken\""), "it fails then: %s",
              stage_doing(&stage));
    cr_expect_str_eq(stage_trace(&stage), "");
    close(reader);
    stage_end(&stage);
}

Test(actor, nothing_is_done_without_a_lease_or_against_a_precondition)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    stage.leased = false;
    expect_nothing_done(&stage, "\"verdict\":\"lease-not-held\"");
    stage.leased = true;
    stage.diagnosis.advice.allowed = false;
    expect_nothing_done(&stage, "\"verdict\":\"not-allowed\"");
    stage_advise(&stage, HEALTH_FAULT_FULL_STOP, HEALTH_ACTION_BOOTSTRAP);
    expect_nothing_done(&stage, "\"verdict\":\"no-handler\"");
    stage_end(&stage);
}

/* 100, 200 ms apart, three times; then it is left, until the fault has gone and comes again. */
Test(actor, what_fails_is_tried_again_and_left_in_the_end)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED SHELL("echo $@ >>TRACE; exit 1") QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    cr_expect(stage_until(&stage, "\"verdict\":\"left-to-people\""), "%s", stage_doing(&stage));
    stage_run(&stage, 600);
    cr_expect_eq(lines(stage_trace(&stage)), 3);
    cr_expect_eq(actor_count(stage.actor, HEALTH_ACTION_START, INTENT_FAILED), 3);
    stage_restart(&stage);
    stage_run(&stage, 600);
    cr_expect_eq(lines(stage_trace(&stage)), 3, "a restart is no reason to try again");
    stage.diagnosis = (struct health_diagnosis){.treated = HEALTH_UNEXPLAINED};
    cr_expect(stage_until(&stage, "nothing-to-do"), "%s", stage_doing(&stage));
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    stage_run(&stage, 600);
    cr_expect_eq(lines(stage_trace(&stage)), 3, "it was only on its way, and came to nothing");
    stage_green(&stage, 0);
    stage.diagnosis = (struct health_diagnosis){.treated = HEALTH_UNEXPLAINED};
    cr_expect(stage_until(&stage, "nothing-to-do"), "%s", stage_doing(&stage));
    stage_run(&stage, 60);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    stage_run(&stage, 600);
    cr_expect_gt(lines(stage_trace(&stage)), 3);
    stage_end(&stage);
}

Test(actor, what_runs_is_ended_when_the_lease_is_lost)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED SHELL("echo $@ >>TRACE; exec sleep 10") QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    for (int i = 0; i < 100 && !*stage_trace(&stage); i++)
        stage_run(&stage, 20);
    cr_expect(actor_is_busy(stage.actor, stage.cluster));
    stage.leased = false;
    cr_expect(stage_until(&stage, "\"outcome\":\"interrupted\""), "%s", stage_doing(&stage));
    cr_expect_not(actor_is_busy(stage.actor, stage.cluster));
    stage_end(&stage);
}

/* A reload may take the cluster away while something runs there: its names are gone, and a file without them is refused. */
Test(actor, nothing_is_written_of_a_cluster_that_is_gone)
{
    struct stage stage;
    const struct intent intent = {.id = "7-1", .node = "n1"};

    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE);
    cr_expect_neq(memory_file_intend(stage.file, stage.cluster, &intent), 0);
    for (unsigned i = 0; i < NODES; i++)
        roster_remove_node(&stage.roster, stage.nodes[i], 1);
    roster_remove_cluster(&stage.roster, stage.cluster, 1);
    cr_expect_eq(memory_file_intend(stage.file, stage.cluster, &intent), 0);
    stage_end(&stage);
}

Test(actor, how_it_went_wrong_is_told)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED SHELL("sleep 10") QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    cr_expect(stage_until(&stage, "\"outcome\":\"timed-out\""), "%s", stage_doing(&stage));
    stage_end(&stage);
    stage_begin(&stage, "act", CRASHED SHELL("exit 0") QUICK);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    cr_expect(stage_until(&stage, "\"outcome\":\"not-reached\""), "%s", stage_doing(&stage));
    stage_end(&stage);
}

Test(actor, it_waits_for_its_turn)
{
    const struct turn_wish backup = {"backup", "root@db1 7", true};
    char ticket[TURN_TICKET_SIZE];
    struct stage stage;

    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE QUICK);
    strcpy(ticket, turn_ask(stage.turns, stage.cluster, &backup, 1)->ticket);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    expect_nothing_done(&stage, "\"verdict\":\"turn-held\"");
    cr_expect_eq(turn_of(stage.turns, stage.cluster)->count, 2, "it is in line");
    turn_give_up(stage.turns, stage.cluster, ticket, health_clock_ns());
    cr_expect(stage_until(&stage, "\"outcome\":\"not-reached\""), "%s", stage_doing(&stage));
    cr_expect_neq(*stage_trace(&stage), '\0');
    stage_end(&stage);
    /* Its place goes with its reason. */
    stage_begin(&stage, "act", CRASHED LEAVES_A_LINE QUICK);
    turn_ask(stage.turns, stage.cluster, &backup, 1);
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    cr_expect(stage_until(&stage, "turn-held"));
    stage.diagnosis = (struct health_diagnosis){.treated = HEALTH_UNEXPLAINED};
    cr_expect(stage_until(&stage, "nothing-to-do"));
    cr_expect_eq(turn_of(stage.turns, stage.cluster)->count, 1);
    stage_end(&stage);
}

Test(actor, an_intent_without_an_outcome_is_told_and_rested_after)
{
    struct stage stage;

    stage_begin(&stage, "act", CRASHED SHELL("echo $@ >>TRACE; sleep 5") ", cool_down_ms: 60000");
    stage_advise(&stage, HEALTH_FAULT_NODE_CRASHED, HEALTH_ACTION_START);
    for (int i = 0; i < 100 && !*stage_trace(&stage); i++)
        stage_run(&stage, 20);
    stage_restart(&stage);
    cr_expect(stage_until(&stage, "\"outcome\":\"interrupted\""), "%s", stage_doing(&stage));
    cr_expect(stage_until(&stage, "\"verdict\":\"cool-down\""), "%s", stage_doing(&stage));
    stage_run(&stage, 300);
    cr_expect_eq(lines(stage_trace(&stage)), 1);
    stage_end(&stage);
}

#define FULL_STOP "fault: full-stop, "

/* Whoever was down is wanted again, and admitted without a rest. */
Test(actor, a_bootstrap_marks_who_is_to_be_admitted)
{
    struct stage stage;

    stage_begin(&stage, "act",
                FULL_STOP LEAVES_A_LINE ", timeout_ms: 5000}\n    - {" CRASHED LEAVES_A_LINE);
    for (unsigned i = 0; i < NODES; i++)
        stage_stopped(&stage, i);
    stage_advise(&stage, HEALTH_FAULT_FULL_STOP, HEALTH_ACTION_BOOTSTRAP);
    stage.diagnosis.advice.position = (struct health_position){{1, 2}, 99};
    for (int i = 0; i < 100 && !*stage_trace(&stage); i++)
        stage_run(&stage, 20);
    cr_expect_str_eq(stage_trace(&stage),
                     "bootstrap n1 10.0.0.1:3307 0 00000000-0000-0001-0000-000000000002:99\n");
    for (unsigned i = 0; i < NODES; i++)
        cr_expect(health_memory_node(stage.memory, stage.nodes[i])->wanted, "n%u", i + 1);
    stage_advise(&stage, HEALTH_FAULT_NODE_STOPPED, HEALTH_ACTION_START);
    stage.diagnosis.advice.place = 1;
    stage_green(&stage, 0);
    stage_run(&stage, 200);
    cr_expect_eq(lines(stage_trace(&stage)), 1, "a new history is not the one that was meant");
    health_memory_node(stage.memory, stage.nodes[0])->served = (struct health_position){{1, 2}, 99};
    for (int i = 0; i < 100 && lines(stage_trace(&stage)) < 2; i++)
        stage_run(&stage, 20);
    cr_expect_not_null(strstr(stage_trace(&stage), "start n2 "), "%s", stage_trace(&stage));
    stage_end(&stage);
}

Test(actor, who_is_marked_for_nothing_is_unmarked)
{
    struct stage stage;

    stage_begin(&stage, "act", FULL_STOP LEAVES_A_LINE ", backoff_ms: 60000");
    for (unsigned i = 0; i < NODES; i++)
        stage_stopped(&stage, i);
    stage_advise(&stage, HEALTH_FAULT_FULL_STOP, HEALTH_ACTION_BOOTSTRAP);
    stage.last_diagnosis = 1;
    cr_expect(stage_until(&stage, "\"outcome\":\"not-taken\""), "%s", stage_doing(&stage));
    for (unsigned i = 0; i < NODES; i++)
        cr_expect_not(health_memory_node(stage.memory, stage.nodes[i])->wanted, "n%u", i + 1);
    stage_end(&stage);
}

Test(actor, missing_positions_are_asked_for_now_and_then)
{
    struct stage stage;

    stage_begin(&stage, "act", FULL_STOP LEAVES_A_LINE QUICK);
    stage_advise(&stage, HEALTH_FAULT_FULL_STOP, HEALTH_ACTION_BOOTSTRAP);
    stage.diagnosis.advice.allowed = false;
    stage.diagnosis.advice.recover_places = 5;
    stage_run(&stage, 500);
    cr_expect_eq(stage.recoveries, 2, "n1 and n3, once each: %u", stage.recoveries);
    cr_expect_str_eq(stage_trace(&stage), "");
    stage_end(&stage);
}
