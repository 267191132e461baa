/*
 * actor.h - does what the diagnosis allows and the configuration tells it to, through the operator's own commands.
 *
 * One action at a time in a cluster, and never beside an operator's task (turn.h). In the order of time: the plan is
 * decided (plan.h); the turn is taken; the intent is written down and on the disk; the cluster is diagnosed anew, and
 * only if the same action on the same node is still allowed the command runs; the node is watched until it is as
 * wanted; the outcome is written down; the turn is given back.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_ACTOR_H
#define HEALTHD_CLI_ACTOR_H

#include "config.h"
#include "intent.h"
#include "memory_file.h"
#include "plan.h"
#include "roster.h"
#include "turn.h"

struct actor;
struct event_base;

struct actor_options {
    struct event_base *base;
    const struct roster *roster; /* borrowed, like all pointers here */
    const struct health_engine *engine;
    struct health_memory *memory;
    struct memory_file *memory_file;
    struct turns *turns;
    const struct config *const *config; /* as it is at each moment */
    uint64_t epoch;                     /* begins the ids of intents */
    void (*diagnose)(void *context, uint32_t cluster, struct health_diagnosis *ret_diagnosis);
    char *(*document)(void *context,
                      uint32_t cluster); /* the diagnosis as text; NULL: memory is short */
    /* May we act, as far as other healthds are concerned? With the fencing number of our lease; 0: there is none. */
    bool (*leased)(void *context, uint32_t cluster, int64_t *ret_fencing);
    bool (*recover)(void *context,
                    uint32_t node); /* ask for its position; NULL: nobody can be asked */
    void *context;
};

/* NULL: memory is short. */
struct actor *actor_create(const struct actor_options *options);

/* A command that runs gets SIGTERM: its intent is found without an outcome at the next start. NULL is fine. */
void actor_destroy(struct actor *actor);

/* Look at a cluster, at the loop's next turn: something has changed. */
void actor_wake(struct actor *actor, uint32_t cluster);

/* Each second: look at all clusters. */
void actor_mind(struct actor *actor);

/* Is an action under way there: written down, running, or waited for? */
bool actor_is_busy(const struct actor *actor, uint32_t cluster);

/* More is on the disk. */
void actor_written(struct actor *actor);

/* The number is a new cluster's. */
void actor_forget(struct actor *actor, uint32_t cluster);

/* What is done in a cluster, and why nothing is: "doing", of its document. */
void actor_add(const struct actor *actor, cJSON *json, uint32_t cluster);

/* How often an action came to an outcome. */
uint64_t actor_count(const struct actor *actor, enum health_action action,
                     enum intent_outcome outcome);

#endif
