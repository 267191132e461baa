/*
 * plan.c - may healthd act now?
 */
#include "plan.h"

#include <healthd/lists.h>

NAME_FUNCTION(plan_verdict_name, plan_verdict, PLAN_VERDICTS, ENTRY_NAME)
NAME_FUNCTION(plan_verdict_text, plan_verdict, PLAN_VERDICTS, ENTRY_TEXT)

/* What is in the way before the advice is looked at; PLAN_ACT: nothing. */
static enum plan_verdict hindrance(const struct plan_input *input)
{
    if (input->diagnosis->advice.action == HEALTH_ACTION_NONE)
        return PLAN_NOTHING;
    if (input->mode == CONFIG_MODE_OFF)
        return PLAN_OFF;
    if (!input->handled)
        return PLAN_NO_HANDLER;
    if (input->mode != CONFIG_MODE_ACT)
        return PLAN_ADVISE;
    if (!input->kept)
        return PLAN_NOT_KEPT;
    if (!input->settled)
        return PLAN_SETTLING;
    return input->leased ? PLAN_ACT : PLAN_NO_LEASE;
}

static bool is_fresh(const struct plan_input *input)
{
    const struct health_diagnosis *diagnosis = input->diagnosis;
    return diagnosis->treated < diagnosis->count &&
           input->now_ns - diagnosis->findings[diagnosis->treated].since_ns < PLAN_FRESH_NS;
}

enum plan_verdict plan_decide(const struct plan_input *input)
{
    enum plan_verdict verdict = hindrance(input);

    if (verdict != PLAN_ACT)
        return verdict;
    if (!input->diagnosis->advice.allowed ||
        input->diagnosis->advice.place >= HEALTH_CLUSTER_NODES_MAX)
        return PLAN_NOT_ALLOWED;
    if (is_fresh(input))
        return PLAN_FRESH;
    if (input->failures > input->retries)
        return PLAN_EXHAUSTED;
    if (input->rest_until_ns && input->now_ns < input->rest_until_ns)
        return PLAN_COOL_DOWN;
    return input->turn ? PLAN_ACT : PLAN_TURN;
}

bool plan_recovers(const struct plan_input *input)
{
    return input->diagnosis->advice.recover_places && hindrance(input) == PLAN_ACT && input->turn;
}

int64_t plan_rest_ns(const struct config_handler *handler, uint32_t failures)
{
    int64_t backoff_ms = handler->backoff_ms;

    if (!failures)
        return handler->cool_down_ms * HEALTH_NS_PER_MS;
    return (backoff_ms << (failures - 1 < 16 ? failures - 1 : 16)) * HEALTH_NS_PER_MS;
}

struct plan_step plan_step(const struct health_diagnosis *diagnosis)
{
    const struct health_advice *advice = &diagnosis->advice;
    struct plan_step step = {advice->action, advice->place, {.seqno = HEALTH_SEQNO_NONE}};

    if (advice->action == HEALTH_ACTION_BOOTSTRAP)
        step.position = advice->position;
    return step;
}

bool plan_holds(const struct plan_step *step, const struct health_diagnosis *now)
{
    const struct plan_step next = plan_step(now);

    return now->advice.allowed && next.action == step->action && next.place == step->place &&
           next.position.seqno == step->position.seqno &&
           health_uuid_equal(&next.position.history, &step->position.history);
}
