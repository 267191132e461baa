/*
 * actor_private.h - what an actor is made of.
 */
#ifndef HEALTHD_CLI_ACTOR_PRIVATE_H
#define HEALTHD_CLI_ACTOR_PRIVATE_H

#include "actor.h"
#include "runner.h"

#define ACTOR_LAST_MAX 20

enum actor_phase {
    ACTOR_IDLE,
    ACTOR_WRITING,  /* the intent is on its way to the disk */
    ACTOR_RUNNING,  /* the command */
    ACTOR_WATCHING, /* it ended well: does the node come to the wanted state? */
};

/* What is done in one cluster. */
struct actor_job {
    struct actor *actor;
    uint32_t cluster;
    bool known; /* what a former healthd did here was looked at */
    bool due;   /* it is to be looked at */
    enum actor_phase phase;
    char ticket[TURN_TICKET_SIZE]; /* "": neither turn nor place in the line */
    struct intent intent;          /* under way, in any phase but the first */
    struct plan_step step;
    uint32_t node;
    uint32_t marked; /* bit i: the i-th node is wanted because of this intent */
    uint64_t number; /* of its text in the memory's file */
    struct runner *runner;
    int64_t deadline_ns;
    struct config_handler handler; /* as it was when it began; its words are not looked at */

    uint8_t fault;     /* that was treated last */
    uint32_t failures; /* in a row, against it */
    int64_t rest_until_ns;
    int64_t recover_ns[HEALTH_CLUSTER_NODES_MAX]; /* when each was asked last */

    /* As it was decided last, for people. */
    enum plan_verdict verdict;
    enum config_mode mode;
    uint8_t told_fault;
    uint8_t told_action;
    uint32_t told_node;

    uint32_t last_count;
    struct intent last[ACTOR_LAST_MAX]; /* a ring: the latest is at last_count - 1 */
};

struct actor {
    struct actor_options options;
    struct event *wake;
    uint64_t intents; /* so far */
    uint64_t counts[HEALTH_ACTION_COUNT][INTENT_OUTCOME_COUNT];
    uint32_t clusters;
    struct actor_job jobs[];
};

/* ---- actor_consider.c ---- */

const char *actor_cluster_name(const struct actor_job *job);
const struct roster_cluster *actor_home(const struct actor_job *job);
const struct config *actor_config(const struct actor_job *job);

/* Come into the line for the turn, or have it; leave it, or give it back. Doing so twice does no harm. */
void actor_enter_line(struct actor_job *job, const struct health_diagnosis *diagnosis);
void actor_leave_line(struct actor_job *job);

/* Which fault is treated. One that has gone and comes again is another. */
void actor_note_fault(struct actor_job *job, const struct health_diagnosis *diagnosis);

/* What the plan depends on, now. */
struct plan_input actor_input(const struct actor_job *job, const struct health_diagnosis *diagnosis,
                              int64_t *ret_fencing);

/* Say once what would be done, and what is in the way. */
void actor_note_verdict(struct actor_job *job, enum plan_verdict verdict,
                        const struct plan_input *input);

void actor_ask_positions(struct actor_job *job, const struct plan_input *input);

/* ---- actor_command.c ---- */

/* From where the intent bootstraps; "none" where it does not. */
const char *actor_position(const struct actor_job *job, char text[POSITION_TEXT_SIZE]);

/* Begin the handler's command for the job's intent. False: it cannot be started. */
bool actor_run(struct actor_job *job, const struct config_handler *handler,
               void (*done)(void *context, int status, bool timed_out));

#endif
