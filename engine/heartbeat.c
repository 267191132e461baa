/*
 * heartbeat.c - what a node's agent says of the mysqld beside it.
 *
 * Beats are ordered by (boot, sequence); an old or duplicate one changes nothing, not even an age.
 */
#include "heartbeat.h"

#include "claim.h"
#include "judge.h"
#include "witness.h"

static uint8_t ended_fact(const struct health_heartbeat *beat)
{
    switch ((enum health_exit_kind)beat->exit_kind) {
    case HEALTH_EXIT_NOT_KNOWN:
        break;
    case HEALTH_EXIT_CODE:
        return beat->exit_value == 0 ? HEALTH_ENDED_CODE_0 : HEALTH_ENDED_CODE_OTHER;
    case HEALTH_EXIT_SIGNAL:
        return HEALTH_ENDED_SIGNAL;
    }
    return HEALTH_ENDED_NOT_KNOWN;
}

static uint8_t seqno_fact(const struct health_grastate *saved)
{
    if (!saved->known)
        return HEALTH_SEQNO_NOT_KNOWN;
    return saved->seqno < 0 ? HEALTH_SEQNO_UNDEFINED : HEALTH_SEQNO_SAVED;
}

static uint8_t uuid_fact(const struct health_grastate *saved)
{
    if (!saved->known)
        return HEALTH_UUID_NOT_KNOWN;
    return health_uuid_is_zero(&saved->uuid) ? HEALTH_UUID_ZERO : HEALTH_UUID_SET;
}

/* How the process ended, as this beat tells it: by the exit table. */
static uint8_t exit_told(const struct health_engine *engine, const struct health_heartbeat *beat)
{
    const uint8_t facts[HEALTH_EXITS_COUNT] = {
        [HEALTH_EXITS_ENDED] = ended_fact(beat),
        [HEALTH_EXITS_SEQNO] = seqno_fact(&beat->grastate),
        [HEALTH_EXITS_UUID] = uuid_fact(&beat->grastate),
        [HEALTH_EXITS_GVWSTATE] = beat->gvwstate,
        [HEALTH_EXITS_SST] = beat->sst_in_progress,
    };
    return health_table_match(engine->rules->exit, facts)->answer;
}

static void process_ended(struct health_engine *engine, uint32_t id,
                          const struct health_heartbeat *beat, uint32_t at_ms)
{
    struct node *node = &engine->nodes[id];
    uint8_t told = exit_told(engine, beat);
    bool another = beat->pid && node->pid && beat->pid != node->pid;

    if (another) { /* which lived and ended unseen: what was said of the former one is over */
        node->pid = beat->pid;
        node->exit = HEALTH_EXIT_FACT_NONE;
        node_flag(node, NODE_REFUTED, false);
    }
    if (node->agent != HEALTH_AGENT_FACT_GONE || another)
        engine->cold[id].gone_ms = at_ms;
    node->agent = HEALTH_AGENT_FACT_GONE;
    /* An agent that restarted does not know how the process ended; what was known before stands. */
    if (told != HEALTH_EXIT_FACT_PENDING || node->exit == HEALTH_EXIT_FACT_NONE)
        node->exit = told;
    closing_begin(engine, id, at_ms);
}

/* The process is there: a former end is over, and another pid is another life. */
static void process_lives(struct health_engine *engine, uint32_t id, uint32_t pid)
{
    struct node *node = &engine->nodes[id];
    bool replaced = pid && node->pid && pid != node->pid;

    if (node->exit != HEALTH_EXIT_FACT_NONE || replaced) {
        node->exit = HEALTH_EXIT_FACT_NONE;
        node_set_leave(node, LEAVE_SPENT);
    }
    node_flag(node, NODE_REFUTED, false);
    if (replaced && !(node->flags & NODE_GONE)) {
        node_flag(node, NODE_GONE,
                  true); /* it ended unseen: the next judgement begins its new life */
        if (node->probe != HEALTH_PROBE_FACT_OK)
            node_flag(node, NODE_CLAIM, false);
    }
    if (pid)
        node->pid = pid;
}

/* Is this beat newer than the last? Order is (boot, seq); a former boot's late packets are refused. */
static bool beat_admitted(struct health_engine *engine, uint32_t id,
                          const struct health_heartbeat *beat, uint32_t at_ms)
{
    struct node *node = &engine->nodes[id];
    struct node_cold *cold = &engine->cold[id];
    uint32_t boot = boot_tag(beat);

    if (boot == node->boot)
        return ms_since(node->seq, (uint32_t)beat->seq) > 0;
    /* Unless it goes on while the other has fallen silent: then the other's beat was the late one. */
    if (boot == cold->former_boot &&
        ms_since(node->agent_ms, at_ms) < 2 * (int32_t)engine->limits.heartbeat_interval)
        return false;
    cold->former_boot = node->boot;
    node->boot = boot;
    return true;
}

/* Take the agent's own SQL answer for the probe's, where the probe gets none. Its sample may be as old
 * as the interval between beats. */
static bool local_view_wanted(const struct node *node, const struct health_heartbeat *beat,
                              uint32_t sampled_ms)
{
    return node->probe != HEALTH_PROBE_FACT_OK && beat->has_local && beat->local.ok &&
           beat->local.has_view &&
           (!(node->flags & NODE_CLAIM) || ms_since(node->claim_ms, sampled_ms) >= 0);
}

/* Does a beat that was admitted change nothing but ages? */
static bool beat_repeats(const struct health_engine *engine, uint32_t id,
                         const struct health_heartbeat *beat, enum health_agent_fact word,
                         uint32_t sampled_ms)
{
    const struct node *node = &engine->nodes[id];

    if (word != node->agent || (beat->pid && beat->pid != node->pid))
        return false;
    if (word == HEALTH_AGENT_FACT_GONE)
        return node->flags & NODE_REFUTED || node->exit == exit_told(engine, beat);
    if (!agent_spoke_since(engine, node, &engine->cold[id]))
        return false;
    return !local_view_wanted(node, beat, sampled_ms) ||
           ((node->flags & (NODE_CLAIM | NODE_BY_AGENT)) == (NODE_CLAIM | NODE_BY_AGENT) &&
            claim_says(node, &beat->local.view) && claim_holds(engine, node, sampled_ms));
}

enum health_error heartbeat_observed(struct health_engine *engine,
                                     const struct health_observation *observation)
{
    const struct health_heartbeat *beat = &observation->heartbeat;
    uint32_t id = observation->node;
    struct node *node = &engine->nodes[id];
    uint32_t at_ms = observed_at(engine, observation);
    uint32_t sampled_ms = at_ms - engine->limits.heartbeat_interval;

    if (!beat_valid(beat))
        return HEALTH_EINVAL;
    if (!beat_admitted(engine, id, beat, at_ms)) {
        engine->counters.stale++;
        return HEALTH_OK;
    }
    enum health_agent_fact word = agent_word(beat);
    if ((word == HEALTH_AGENT_FACT_STARTING || word == HEALTH_AGENT_FACT_DEAF) &&
        node->probe == HEALTH_PROBE_FACT_OK && ms_since(sampled_ms, node->probe_ms) >= 0)
        word = HEALTH_AGENT_FACT_ALIVE; /* the monitor has had an answer since its sample */
    bool repeats = beat_repeats(engine, id, beat, word, sampled_ms);
    bool wanted = word != HEALTH_AGENT_FACT_GONE && local_view_wanted(node, beat, sampled_ms);
    node->seq = (uint32_t)beat->seq;
    if (ms_since(node->agent_ms, at_ms) > 0 || node->agent == HEALTH_AGENT_FACT_NONE)
        node->agent_ms = at_ms;
    if (repeats) {
        if (wanted)
            node->claim_ms = sampled_ms;
        engine->counters.unchanged++;
        return HEALTH_OK;
    }
    if (word == HEALTH_AGENT_FACT_GONE)
        process_ended(engine, id, beat, at_ms);
    else if (word != HEALTH_AGENT_FACT_NONE)
        process_lives(engine, id, beat->pid);
    node->agent = (uint8_t)word;
    if (wanted)
        claim_take(engine, id, &beat->local.view, true, sampled_ms);
    engine->counters.observations++;
    cluster_judge(engine, engine->cold[id].cluster);
    return HEALTH_OK;
}
