/*
 * actor.c - what is done in each cluster, phase by phase.
 *
 * consider() is called for a cluster whenever something may have changed: it decides where nothing is under way, and
 * moves on what is. end() is the one way back to where nothing is.
 */
#include "actor_private.h"
#include "json_value.h"
#include "log.h"
#include "wall_time.h"

#include <event2/event.h>
#include <healthd/observer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- Who is wanted again ---- */

/* Whoever is down when a bootstrap begins was a member: it is admitted afterwards. */
static void mark_wanted(struct actor_job *job)
{
    const struct roster_cluster *home = actor_home(job);
    struct health_node_snapshot node;

    job->marked = 0;
    for (uint32_t i = 0; i < home->count; i++) {
        struct health_node_memory *memory =
            health_memory_node(job->actor->options.memory, home->nodes[i]);
        if (memory->wanted ||
            health_node_snapshot(job->actor->options.engine, home->nodes[i], &node) != HEALTH_OK)
            continue;
        if (node.state == HEALTH_STATE_RED_CLEAN || node.state == HEALTH_STATE_RED_UNCLEAN) {
            memory->wanted = true;
            job->marked |= 1u << i;
        }
    }
}

static void unmark_wanted(struct actor_job *job)
{
    const struct roster_cluster *home = actor_home(job);

    for (uint32_t i = 0; i < home->count; i++)
        if (job->marked >> i & 1u)
            health_memory_node(job->actor->options.memory, home->nodes[i])->wanted = false;
    job->marked = 0;
}

/* ---- The end of an action ---- */

static void keep_last(struct actor_job *job)
{
    job->last[job->last_count++ % ACTOR_LAST_MAX] = job->intent;
}

/* How it ended is found out, by us: written down, and counted. */
static void write_end(struct actor_job *job, enum intent_outcome outcome)
{
    job->intent.outcome = (uint8_t)outcome;
    job->intent.ended_ns = wall_time_now_ns();
    job->actor->counts[job->intent.action][outcome]++;
    memory_file_intend(job->actor->options.memory_file, job->cluster, &job->intent);
}

static void tell_end(const struct actor_job *job)
{
    const struct intent *intent = &job->intent;
    enum intent_outcome outcome = (enum intent_outcome)intent->outcome;

    log_event(outcome == INTENT_DONE ? LOG_NOTICE : LOG_ERR, "action-ends",
              "cluster=%s node=%s action=%s fault=%s id=%s attempt=%u outcome=%s text=\"%s\"",
              actor_cluster_name(job), intent->node,
              health_action_name((enum health_action)intent->action),
              health_faults[intent->fault].name, intent->id, intent->attempt,
              intent_outcome_name(outcome), intent_outcome_text(outcome));
}

static void end(struct actor_job *job, enum intent_outcome outcome)
{
    int64_t now_ns = health_clock_ns();

    runner_destroy(job->runner);
    job->runner = NULL;
    if (outcome == INTENT_NOT_TAKEN)
        unmark_wanted(job);
    if (intent_failed(outcome))
        job->failures++;
    else if (outcome == INTENT_DONE)
        job->failures = 0;
    /* One that was not taken is not begun again at once: each is written down. */
    job->rest_until_ns =
        now_ns + (outcome == INTENT_NOT_TAKEN ? plan_rest_ns(&job->handler, 1)
                                              : plan_rest_ns(&job->handler, job->failures));
    write_end(job, outcome);
    keep_last(job);
    tell_end(job);
    actor_leave_line(job);
    job->phase = ACTOR_IDLE;
    actor_wake(job->actor, job->cluster);
}

/* ---- Beginning ---- */

/* Write the intent down; it is acted upon when it is on the disk. */
static void begin(struct actor_job *job, const struct health_diagnosis *diagnosis, int64_t fencing)
{
    struct actor *actor = job->actor;

    job->step = plan_step(diagnosis);
    job->node = actor_home(job)->nodes[job->step.place];
    job->handler = *config_find_handler(actor_config(job), job->fault);
    job->intent = (struct intent){
        .fault = job->fault,
        .action = job->step.action,
        .outcome = INTENT_PENDING,
        .attempt = job->failures + 1,
        .position = job->step.position,
        .fencing = fencing,
        .begun_ns = wall_time_now_ns(),
    };
    snprintf(job->intent.id, sizeof job->intent.id, "%llu-%llu",
             (unsigned long long)actor->options.epoch, (unsigned long long)++actor->intents);
    snprintf(job->intent.node, sizeof job->intent.node, "%s",
             roster_node_name(actor->options.roster, job->node));
    if (job->step.action == HEALTH_ACTION_BOOTSTRAP)
        mark_wanted(job);
    job->number = memory_file_intend(actor->options.memory_file, job->cluster, &job->intent);
    job->phase = ACTOR_WRITING;
    if (!job->number)
        end(job, INTENT_NOT_TAKEN);
}

static void decide(struct actor_job *job)
{
    const struct actor_options *options = &job->actor->options;
    struct health_diagnosis diagnosis;
    int64_t fencing = 0;

    options->diagnose(options->context, job->cluster, &diagnosis);
    actor_note_fault(job, &diagnosis);
    const struct plan_input input = actor_input(job, &diagnosis, &fencing);
    enum plan_verdict verdict = plan_decide(&input);
    if (plan_recovers(&input))
        actor_ask_positions(job, &input);
    actor_note_verdict(job, verdict, &input);
    if (verdict != PLAN_ACT && verdict != PLAN_TURN) {
        actor_leave_line(job);
        return;
    }
    actor_enter_line(job, &diagnosis);
    if (verdict == PLAN_ACT && job->ticket[0])
        begin(job, &diagnosis, fencing);
}

/* ---- Acting ---- */

static void on_done(void *context, int status, bool timed_out)
{
    struct actor_job *job = context;

    log_event(LOG_INFO, "action-ran", "cluster=%s node=%s id=%s exit=%d signal=%d timed_out=%s",
              actor_cluster_name(job), job->intent.node, job->intent.id,
              WIFEXITED(status) ? WEXITSTATUS(status) : -1,
              WIFSIGNALED(status) ? WTERMSIG(status) : 0, timed_out ? "yes" : "no");
    runner_destroy(job->runner);
    job->runner = NULL;
    job->phase = ACTOR_WATCHING;
    if (timed_out)
        end(job, INTENT_TIMED_OUT);
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        end(job, INTENT_FAILED);
    else
        actor_wake(job->actor, job->cluster);
}

static void run_command(struct actor_job *job, const struct config_handler *handler)
{
    char position[POSITION_TEXT_SIZE];

    log_event(LOG_WARNING, "action-begins",
              "cluster=%s node=%s action=%s fault=%s id=%s attempt=%u position=%s fencing=%lld",
              actor_cluster_name(job), job->intent.node,
              health_action_name((enum health_action)job->intent.action),
              health_faults[job->intent.fault].name, job->intent.id, job->intent.attempt,
              actor_position(job, position), (long long)job->intent.fencing);
    job->handler = *handler;
    job->deadline_ns = health_clock_ns() + handler->timeout_ms * HEALTH_NS_PER_MS;
    job->phase = ACTOR_RUNNING;
    if (!actor_run(job, handler, on_done))
        end(job, INTENT_FAILED);
}

/* The intent is on the disk. What was planned is looked at as if nothing had been decided yet. */
static void act(struct actor_job *job)
{
    const struct actor_options *options = &job->actor->options;
    struct health_diagnosis diagnosis;
    int64_t fencing = 0;

    options->diagnose(options->context, job->cluster, &diagnosis);
    struct plan_input input = actor_input(job, &diagnosis, &fencing);
    bool same_fault = diagnosis.treated < diagnosis.count &&
                      diagnosis.findings[diagnosis.treated].fault == job->intent.fault;
    if (same_fault && plan_decide(&input) == PLAN_ACT && plan_holds(&job->step, &diagnosis) &&
        job->step.place < actor_home(job)->count &&
        actor_home(job)->nodes[job->step.place] == job->node && fencing == job->intent.fencing)
        run_command(job, config_find_handler(actor_config(job), job->fault));
    else
        end(job, INTENT_NOT_TAKEN);
}

static void move_writing(struct actor_job *job)
{
    struct memory_file *file = job->actor->options.memory_file;

    if (memory_file_is_written(file, job->number))
        act(job);
    else if (memory_file_problem(file))
        end(job, INTENT_NOT_TAKEN);
}

/* Whoever has the lease now may act: what runs of ours is ended. */
static void move_running(struct actor_job *job)
{
    const struct actor_options *options = &job->actor->options;
    int64_t fencing = 0;

    if (options->leased(options->context, job->cluster, &fencing) && fencing == job->intent.fencing)
        return;
    log_event(LOG_WARNING, "lease-lost", "cluster=%s node=%s id=%s text=\"the command is ended\"",
              actor_cluster_name(job), job->intent.node, job->intent.id);
    end(job, INTENT_INTERRUPTED);
}

/* One that began a new history has not founded the cluster that went down. */
static bool serves_what_was_meant(const struct actor_job *job, uint32_t number)
{
    const struct health_position *served =
        &health_memory_node(job->actor->options.memory, number)->served;

    return health_uuid_equal(&served->history, &job->intent.position.history);
}

static bool reached(const struct actor_job *job)
{
    uint32_t number = roster_find_node(job->actor->options.roster, job->cluster, job->intent.node);
    struct health_node_snapshot node;

    if (number == ROSTER_NONE ||
        health_node_snapshot(job->actor->options.engine, number, &node) != HEALTH_OK)
        return false;
    if (job->intent.action == HEALTH_ACTION_STOP)
        return node.state == HEALTH_STATE_RED_CLEAN || node.state == HEALTH_STATE_RED_UNCLEAN;
    return node.state == HEALTH_STATE_GREEN &&
           (job->intent.action != HEALTH_ACTION_BOOTSTRAP || serves_what_was_meant(job, number));
}

static void move_watching(struct actor_job *job)
{
    if (reached(job))
        end(job, INTENT_DONE);
    else if (health_clock_ns() >= job->deadline_ns)
        end(job, INTENT_NOT_REACHED);
}

/* ---- What a former healthd did ---- */

static void find_interrupted(struct actor_job *job, const struct config_handler *handler)
{
    log_event(
        LOG_WARNING, "action-interrupted",
        "cluster=%s node=%s action=%s id=%s text=\"healthd ended while it acted: how far that "
        "went is not known\"",
        actor_cluster_name(job), job->intent.node,
        health_action_name((enum health_action)job->intent.action), job->intent.id);
    job->failures = job->intent.attempt - 1;
    job->rest_until_ns = health_clock_ns() + (handler ? plan_rest_ns(handler, 0) : 0);
    write_end(job, INTENT_INTERRUPTED);
}

/* Its cool-down and its failures go on. */
static void look_back(struct actor_job *job)
{
    const struct intent *former = memory_file_intent(job->actor->options.memory_file, job->cluster);

    job->known = true;
    if (!former)
        return;
    job->intent = *former;
    job->fault = former->fault;
    const struct config_handler *handler = config_find_handler(actor_config(job), job->fault);
    if (former->outcome == INTENT_PENDING) {
        find_interrupted(job, handler);
    } else {
        int64_t now_ns = health_clock_ns();
        int64_t ended_ns = job->intent.ended_ns - wall_offset_ns();
        job->failures = intent_failed((enum intent_outcome)former->outcome) ? former->attempt : 0;
        job->rest_until_ns = (ended_ns < now_ns ? ended_ns : now_ns) +
                             (handler ? plan_rest_ns(handler, job->failures) : 0);
    }
    keep_last(job);
}

/* ---- The loop ---- */

static void consider(struct actor_job *job)
{
    job->due = false;
    if (!actor_home(job)->used)
        return;
    if (!job->known)
        look_back(job);
    if (job->phase == ACTOR_WRITING)
        move_writing(job);
    else if (job->phase == ACTOR_RUNNING)
        move_running(job);
    else if (job->phase == ACTOR_WATCHING)
        move_watching(job);
    else if (job->phase == ACTOR_IDLE)
        decide(job);
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
    struct actor *actor = context;
    (void)fd;
    (void)what;

    for (uint32_t i = 0; i < actor->clusters; i++)
        if (actor->jobs[i].due)
            consider(&actor->jobs[i]);
}

void actor_wake(struct actor *actor, uint32_t cluster)
{
    const struct timeval now = {.tv_sec = 0};

    actor->jobs[cluster].due = true;
    if (!event_pending(actor->wake, EV_TIMEOUT, NULL))
        event_add(actor->wake, &now);
}

/* A cluster that is Green is not looked at, unless something is under way, in line, or was not looked back at. */
static bool at_rest(const struct actor_job *job)
{
    struct health_cluster_snapshot cluster;

    return job->known && job->phase == ACTOR_IDLE && !job->ticket[0] &&
           job->verdict == PLAN_NOTHING &&
           health_cluster_snapshot(job->actor->options.engine, job->cluster, &cluster) ==
               HEALTH_OK &&
           cluster.colour == HEALTH_COLOUR_GREEN;
}

void actor_mind(struct actor *actor)
{
    for (uint32_t i = 0; i < actor->clusters; i++)
        if (actor_home(&actor->jobs[i])->used && !at_rest(&actor->jobs[i]))
            consider(&actor->jobs[i]);
}

bool actor_is_busy(const struct actor *actor, uint32_t cluster)
{
    return actor->jobs[cluster].phase != ACTOR_IDLE;
}

void actor_written(struct actor *actor)
{
    for (uint32_t i = 0; i < actor->clusters; i++)
        if (actor->jobs[i].phase == ACTOR_WRITING)
            actor_wake(actor, i);
}

/* ---- Life ---- */

static void clear_job(struct actor *actor, uint32_t cluster)
{
    struct actor_job *job = &actor->jobs[cluster];

    runner_destroy(job->runner);
    *job = (struct actor_job){.actor = actor, .cluster = cluster, .told_node = HEALTH_NODE_NONE};
}

void actor_forget(struct actor *actor, uint32_t cluster)
{
    clear_job(actor, cluster);
}

struct actor *actor_create(const struct actor_options *options)
{
    uint32_t clusters = options->roster->directory.cluster_capacity;
    struct actor *actor = calloc(1, sizeof *actor + clusters * sizeof actor->jobs[0]);

    if (!actor)
        return NULL;
    actor->options = *options;
    actor->clusters = clusters;
    for (uint32_t i = 0; i < clusters; i++)
        clear_job(actor, i);
    actor->wake = evtimer_new(options->base, on_wake, actor);
    if (!actor->wake) {
        free(actor);
        return NULL;
    }
    event_priority_set(actor->wake, 1);
    return actor;
}

void actor_destroy(struct actor *actor)
{
    if (!actor)
        return;
    for (uint32_t i = 0; i < actor->clusters; i++)
        runner_destroy(actor->jobs[i].runner);
    event_free(actor->wake);
    free(actor);
}

uint64_t actor_count(const struct actor *actor, enum health_action action,
                     enum intent_outcome outcome)
{
    return actor->counts[action][outcome];
}
