/*
 * actor_stage.h - an actor with a diagnosis of our making, a real engine and file, and commands of shell that leave
 * traces.
 */
#ifndef HEALTHD_TESTS_ACTOR_STAGE_H
#define HEALTHD_TESTS_ACTOR_STAGE_H

#include "actor.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <event2/event.h>

#define NODES 3

struct stage {
    struct event_base *base;
    struct health_engine *engine;
    struct health_memory *memory;
    struct roster roster;
    struct memory_file *file;
    struct turns *turns;
    struct actor *actor;
    struct config config;
    const struct config *now; /* the configuration, as the actor sees it */
    struct health_limits limits;
    uint32_t cluster;
    uint32_t nodes[NODES];
    char folder[SCRATCH_SIZE];
    char memory_folder[SCRATCH_SIZE + 16];
    char memory_path[SCRATCH_SIZE + 32];
    char trace_path[SCRATCH_SIZE + 32];
    char trace[8192];

    /* What the actor is told. */
    struct health_diagnosis diagnosis;
    unsigned diagnoses;      /* so far */
    unsigned last_diagnosis; /* from the one after this, nothing is allowed any more; 0: never */
    bool leased;
    unsigned leases; /* so often, 0: always */
    int64_t fencing;
    unsigned recoveries;
};

/* `keys` are of the one handler, "command" included, where TRACE stands for the trace's path and MEMORY for the
 * memory's; `mode` of all. */
void stage_begin(struct stage *stage, const char *mode, const char *keys);
void stage_end(struct stage *stage);

/* Healthd ends without a word, and begins again. */
void stage_restart(struct stage *stage);

/* So far as the diagnosis goes, this is to be done on n1, for the handler's fault. */
void stage_advise(struct stage *stage, enum health_fault fault, enum health_action action);

/* Let it run, for so long; or until the document says this, at most 5 s. */
void stage_run(struct stage *stage, int ms);
bool stage_until(struct stage *stage, const char *words);

/* The cluster's part "doing", as text; good until the next call. */
const char *stage_doing(struct stage *stage);

/* What commands have left; "": nothing. */
const char *stage_trace(struct stage *stage);

/* A node is Green; or it was stopped gracefully. */
void stage_green(struct stage *stage, unsigned node);
void stage_stopped(struct stage *stage, unsigned node);

#endif
