/*
 * advice.c - the one action that comes next, with everything that must hold for it.
 *
 * All preconditions are asked, also after one is not met: who reads them sees all that would have to change.
 */
#include "finding.h"

#include <healthd/bootstrap.h>
#include <healthd/lists.h>

/* ---- Questions about the cluster ---- */

/* Where half of the members crashed, the rest may have stopped serving already. */
static enum health_answer serves(const struct health_case *known, uint32_t place)
{
    bool at_risk = known->cluster.signs >> HEALTH_SIGN_MAJORITY_AT_RISK & 1u;

    (void)place;
    if (known->cluster.colour == HEALTH_COLOUR_UNKNOWN || (at_risk && cluster_serves(known)))
        return HEALTH_ANSWER_NOT_KNOWN;
    return yes_if(cluster_serves(known));
}

static enum health_answer nobody_joins(const struct health_case *known, uint32_t place)
{
    for (uint32_t i = 0; i < known->count; i++)
        if (i != place && node_joins(&known->nodes[i]))
            return HEALTH_ANSWER_NO;
    return HEALTH_ANSWER_YES;
}

static enum health_answer no_split(const struct health_case *known, uint32_t place)
{
    (void)place;
    return yes_if(!cluster_was_split(known));
}

static enum health_answer sighted(const struct health_case *known, uint32_t place)
{
    (void)place;
    if (known->cluster.states[HEALTH_STATE_UNKNOWN] == known->count)
        return HEALTH_ANSWER_NO;
    return yes_if(known->cluster.reason != HEALTH_REASON_MONITOR_ISOLATED);
}

/* ---- Questions about the node ---- */

static enum health_answer down(const struct health_case *known, uint32_t place)
{
    uint8_t agent = known->nodes[place].facts[HEALTH_FACT_AGENT];

    if (agent == HEALTH_AGENT_FACT_NONE)
        return HEALTH_ANSWER_NOT_KNOWN;
    return yes_if(agent == HEALTH_AGENT_FACT_GONE &&
                  known->nodes[place].memory.process == HEALTH_PROCESS_STOPPED);
}

static enum health_answer fresh(const struct health_case *known, uint32_t place)
{
    return yes_if(is_fresh(known, fresh_age(&known->nodes[place])));
}

static enum health_answer not_looping(const struct health_case *known, uint32_t place)
{
    return yes_if(!node_loops(known, &known->nodes[place]));
}

static enum health_answer not_tainted(const struct health_case *known, uint32_t place)
{
    return yes_if(known->nodes[place].memory.taint != HEALTH_TAINT_INCONSISTENT);
}

static enum health_answer not_maintained(const struct health_case *known, uint32_t place)
{
    return yes_if(!known->nodes[place].known.maintained);
}

/* Who joins a cluster of another history takes a full transfer, and the last copies of its own may be gone with it. */
static enum health_answer one_history(const struct health_case *known, uint32_t place)
{
    const struct health_node_memory *memory = &known->nodes[place].memory;
    const struct health_uuid *served = &known->memory.served.history;
    bool saved = memory->grastate.known && !health_uuid_is_zero(&memory->grastate.uuid);
    const struct health_uuid *own = saved ? &memory->grastate.uuid : &memory->served.history;

    if (health_uuid_is_zero(served))
        return HEALTH_ANSWER_NOT_KNOWN;
    return yes_if(health_uuid_is_zero(own) || health_uuid_equal(own, served));
}

/* A recovery holds the data, too. */
static enum health_answer no_recovery(const struct health_case *known, uint32_t place)
{
    return yes_if(known->nodes[place].memory.recovery.status != HEALTH_RECOVERY_RUNNING);
}

static enum health_answer wanted(const struct health_case *known, uint32_t place)
{
    return yes_if(known->nodes[place].memory.wanted);
}

static enum health_answer on_smaller_side(const struct health_case *known, uint32_t place)
{
    return yes_if(known->nodes[place].known.reason == HEALTH_REASON_SPLIT_BRAIN);
}

/* ---- What each action asks ---- */

typedef enum health_answer question(const struct health_case *known, uint32_t place);

struct precondition {
    uint8_t id; /* enum health_statement_id */
    bool of_node;
    question *ask;
};

static const struct precondition to_start[] = {
    {HEALTH_STATEMENT_SERVES, false, serves},
    {HEALTH_STATEMENT_SIGHTED, false, sighted},
    {HEALTH_STATEMENT_NO_SPLIT, false, no_split},
    {HEALTH_STATEMENT_NOBODY_JOINS, false, nobody_joins},
    {HEALTH_STATEMENT_DOWN, true, down},
    {HEALTH_STATEMENT_FRESH, true, fresh},
    {HEALTH_STATEMENT_ONE_HISTORY, true, one_history},
    {HEALTH_STATEMENT_NO_TRANSFER, true, no_recovery},
    {HEALTH_STATEMENT_NOT_LOOPING, true, not_looping},
    {HEALTH_STATEMENT_NOT_TAINTED, true, not_tainted},
    {HEALTH_STATEMENT_NOT_MAINTAINED, true, not_maintained},
};

static const struct precondition to_admit = {HEALTH_STATEMENT_KNOWN_STOP, true, wanted};

static const struct precondition to_stop[] = {
    {HEALTH_STATEMENT_SERVES, false, serves},
    {HEALTH_STATEMENT_SIGHTED, false, sighted},
    {HEALTH_STATEMENT_ON_SMALLER_SIDE, true, on_smaller_side},
    {HEALTH_STATEMENT_FRESH, true, fresh},
    {HEALTH_STATEMENT_NOT_MAINTAINED, true, not_maintained},
};

static void ask(const struct health_case *known, const struct precondition *precondition,
                struct health_advice *advice)
{
    uint32_t place = precondition->of_node ? advice->place : HEALTH_NODE_NONE;
    struct health_statement *answered = &advice->preconditions[advice->count++];

    *answered = statement_of(known, precondition->id, place);
    answered->answer = (uint8_t)precondition->ask(known, advice->place);
    advice->allowed &= answered->answer == HEALTH_ANSWER_YES;
}

static void advise_start(const struct health_case *known, uint32_t place,
                         struct health_advice *advice)
{
    *advice =
        (struct health_advice){.action = HEALTH_ACTION_START, .allowed = true, .place = place};
    for (size_t i = 0; i < COUNT_OF(to_start); i++)
        ask(known, &to_start[i], advice);
    if (known->nodes[place].memory.wanted)
        ask(known, &to_admit, advice);
}

static void advise_stop(const struct health_case *known, uint32_t place,
                        struct health_advice *advice)
{
    *advice = (struct health_advice){.action = HEALTH_ACTION_STOP, .allowed = true, .place = place};
    for (size_t i = 0; i < COUNT_OF(to_stop); i++)
        ask(known, &to_stop[i], advice);
}

/* ---- Which comes next ---- */

typedef void adviser(const struct health_case *known, uint32_t place, struct health_advice *advice);

/* Of several nodes, the first for which all is met; else the first. */
static void advise_one_of(const struct health_case *known, uint32_t places, adviser *advises,
                          struct health_advice *advice)
{
    uint32_t first = HEALTH_NODE_NONE;

    for (uint32_t i = 0; i < known->count; i++) {
        if (!(places >> i & 1u))
            continue;
        advises(known, i, advice);
        if (advice->allowed)
            return;
        if (first == HEALTH_NODE_NONE)
            first = i;
    }
    if (first != HEALTH_NODE_NONE)
        advises(known, first, advice);
}

static void treat_split(const struct health_case *known, const struct health_finding *finding,
                        struct health_advice *advice)
{
    advise_one_of(known, finding->places, advise_stop, advice);
}

static void treat_all_down(const struct health_case *known, const struct health_finding *finding,
                           struct health_advice *advice)
{
    (void)finding;
    health_advise_bootstrap(known, advice);
}

static void treat_crash(const struct health_case *known, const struct health_finding *finding,
                        struct health_advice *advice)
{
    advise_one_of(known, finding->places, advise_start, advice);
}

/* Somebody stopped it on purpose, unless it went down with the cluster that is being brought back. */
static void treat_stop(const struct health_case *known, const struct health_finding *finding,
                       struct health_advice *advice)
{
    uint32_t places = 0;

    for (uint32_t i = 0; i < known->count; i++)
        if (finding->places >> i & 1u && known->nodes[i].memory.wanted)
            places |= 1u << i;
    advise_one_of(known, places, advise_start, advice);
}

/* In this order: what stands above keeps what stands below from being safe. */
static const struct {
    uint8_t fault;
    void (*treat)(const struct health_case *known, const struct health_finding *finding,
                  struct health_advice *advice);
} treatments[] = {
    {HEALTH_FAULT_SPLIT_BRAIN, treat_split},  {HEALTH_FAULT_FULL_CRASH, treat_all_down},
    {HEALTH_FAULT_FULL_STOP, treat_all_down}, {HEALTH_FAULT_NODE_CRASHED, treat_crash},
    {HEALTH_FAULT_NODE_STOPPED, treat_stop},
};

/* Does this advice come before the one that is there? An allowed one does before one that is not. */
static bool comes_first(const struct health_advice *advice, const struct health_advice *found)
{
    if (advice->action == HEALTH_ACTION_NONE)
        return false;
    return found->action == HEALTH_ACTION_NONE || (advice->allowed && !found->allowed);
}

void advise(const struct health_case *known, struct health_diagnosis *diagnosis)
{
    for (size_t i = 0; i < COUNT_OF(treatments); i++)
        for (uint32_t k = 0; k < diagnosis->count; k++) {
            struct health_advice advice = {.place = HEALTH_NODE_NONE};
            if (diagnosis->findings[k].fault != treatments[i].fault)
                continue;
            treatments[i].treat(known, &diagnosis->findings[k], &advice);
            if (comes_first(&advice, &diagnosis->advice)) {
                diagnosis->advice = advice;
                diagnosis->treated = (uint8_t)k;
            }
        }
}
