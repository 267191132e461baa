/*
 * actor_consider.c - what is known before an action: the turn, the plan's input, and what people are told of it.
 */
#include "actor_private.h"
#include "log.h"

#include <healthd/observer.h>

#include <string.h>

/* A node is asked for its position so often at most. */
#define RECOVER_AGAIN_NS (10 * HEALTH_NS_PER_S)

const char *actor_cluster_name(const struct actor_job *job)
{
    return roster_cluster_name(job->actor->options.roster, job->cluster);
}

const struct roster_cluster *actor_home(const struct actor_job *job)
{
    return &job->actor->options.roster->clusters[job->cluster];
}

const struct config *actor_config(const struct actor_job *job)
{
    return *job->actor->options.config;
}

/* ---- The turn ---- */

void actor_leave_line(struct actor_job *job)
{
    if (job->ticket[0])
        turn_give_up(job->actor->options.turns, job->cluster, job->ticket, health_clock_ns());
    job->ticket[0] = '\0';
}

/* It is ours, or would be at once. */
static bool turn_is_free(const struct actor_job *job)
{
    const struct turns *turns = job->actor->options.turns;
    const struct turn_place *place =
        job->ticket[0] ? turn_find(turns, job->cluster, job->ticket) : NULL;

    return place ? turn_before(turns, job->cluster, place) == 0
                 : turn_of(turns, job->cluster)->count == 0;
}

void actor_enter_line(struct actor_job *job, const struct health_diagnosis *diagnosis)
{
    const struct turn_wish wish = {
        .task = health_action_name((enum health_action)diagnosis->advice.action),
        .holder = "healthd",
        .forever = true,
    };
    if (job->ticket[0])
        return;
    const struct turn_place *place =
        turn_ask(job->actor->options.turns, job->cluster, &wish, health_clock_ns());
    if (place)
        memcpy(job->ticket, place->ticket, sizeof job->ticket);
}

/* ---- What is known ---- */

/* What was begun in vain goes on until its node serves: while it starts, and fails to, the fault is another. */
static bool is_unfinished(const struct actor_job *job)
{
    const struct intent *last =
        job->last_count ? &job->last[(job->last_count - 1) % ACTOR_LAST_MAX] : NULL;
    struct health_node_snapshot node;

    if (!last || !intent_failed((enum intent_outcome)last->outcome) || last->fault != job->fault)
        return false;
    uint32_t number = roster_find_node(job->actor->options.roster, job->cluster, last->node);
    return number != ROSTER_NONE &&
           health_node_snapshot(job->actor->options.engine, number, &node) == HEALTH_OK &&
           node.state != HEALTH_STATE_GREEN;
}

/* A finding that has gone, and comes again, is another. */
void actor_note_fault(struct actor_job *job, const struct health_diagnosis *diagnosis)
{
    uint8_t fault = diagnosis->treated < diagnosis->count
                        ? diagnosis->findings[diagnosis->treated].fault
                        : job->fault;

    if (fault != job->fault || (!(diagnosis->faults >> job->fault & 1u) && !is_unfinished(job)))
        job->failures = 0;
    job->fault = fault;
}

/* The nodes that are admitted after a bootstrap belong to the same recovery. */
static bool continues_recovery(const struct actor_job *job,
                               const struct health_diagnosis *diagnosis)
{
    uint32_t place = diagnosis->advice.place;

    return !job->failures && diagnosis->advice.action == HEALTH_ACTION_START &&
           place < actor_home(job)->count && job->last_count &&
           job->last[(job->last_count - 1) % ACTOR_LAST_MAX].outcome == INTENT_DONE &&
           health_memory_node(job->actor->options.memory, actor_home(job)->nodes[place])->wanted;
}

struct plan_input actor_input(const struct actor_job *job, const struct health_diagnosis *diagnosis,
                              int64_t *ret_fencing)
{
    const struct actor_options *options = &job->actor->options;
    const struct config_handler *handler = config_find_handler(actor_config(job), job->fault);
    int64_t now_ns = health_clock_ns();

    return (struct plan_input){
        .diagnosis = diagnosis,
        .mode = config_handler_mode(actor_config(job), job->fault),
        .handled = handler,
        .kept = !memory_file_problem(options->memory_file),
        .settled = !turns_settle(options->turns, now_ns),
        .leased = options->leased(options->context, job->cluster, ret_fencing),
        .turn = turn_is_free(job),
        .now_ns = now_ns,
        .rest_until_ns = continues_recovery(job, diagnosis) ? 0 : job->rest_until_ns,
        .failures = job->failures,
        .retries = handler ? handler->retries : 0,
    };
}

/* Say once what would be done, and what is in the way. */
void actor_note_verdict(struct actor_job *job, enum plan_verdict verdict,
                        const struct plan_input *input)
{
    const struct health_advice *advice = &input->diagnosis->advice;
    uint32_t node = advice->place < actor_home(job)->count ? actor_home(job)->nodes[advice->place]
                                                           : HEALTH_NODE_NONE;
    bool same = job->verdict == verdict && job->told_fault == job->fault &&
                job->told_action == advice->action && job->told_node == node;

    job->verdict = verdict;
    job->mode = input->mode;
    job->told_fault = job->fault;
    job->told_action = advice->action;
    job->told_node = node;
    if (same || verdict == PLAN_NOTHING || verdict == PLAN_OFF || verdict == PLAN_ACT)
        return;
    log_event(
        LOG_NOTICE, "action-considered",
        "cluster=%s node=%s action=%s fault=%s verdict=%s text=\"%s\"", actor_cluster_name(job),
        node == HEALTH_NODE_NONE ? "none" : roster_node_name(job->actor->options.roster, node),
        health_action_name((enum health_action)advice->action), health_faults[job->fault].name,
        plan_verdict_name(verdict), plan_verdict_text(verdict));
}

void actor_ask_positions(struct actor_job *job, const struct plan_input *input)
{
    const struct actor_options *options = &job->actor->options;
    const struct roster_cluster *home = actor_home(job);

    for (uint32_t i = 0; options->recover && i < home->count; i++) {
        if (!(input->diagnosis->advice.recover_places >> i & 1u) ||
            (job->recover_ns[i] && input->now_ns - job->recover_ns[i] < RECOVER_AGAIN_NS))
            continue;
        job->recover_ns[i] = input->now_ns;
        bool asked = options->recover(options->context, home->nodes[i]);
        log_event(LOG_NOTICE, "recover", "cluster=%s node=%s asked=%s", actor_cluster_name(job),
                  roster_node_name(options->roster, home->nodes[i]), asked ? "yes" : "no");
    }
}
