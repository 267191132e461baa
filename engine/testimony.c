/*
 * testimony.c - an observation becomes testimony.
 *
 * Each witness has one place on a node, which its newest observation takes. Nearly every observation
 * says what the place says already: then only its time moves, and nothing is judged. What does change
 * something is written down here and judged by cluster_judge(); nothing here decides a state.
 *
 * A *closing* is the time from the first sign that a node's connections or process ended (end of file,
 * a lost or refused probe, the agent's word) to the first answer that was asked for after it.
 */
#include "layout.h"

#include <string.h>

static bool answer_valid(uint8_t answer)
{
    return answer < HEALTH_ANSWER_COUNT;
}

static bool view_valid(const struct health_view *view)
{
    return view->component < HEALTH_COMPONENT_COUNT && answer_valid(view->ready) &&
           answer_valid(view->connected) && answer_valid(view->rejects) &&
           answer_valid(view->desync) && answer_valid(view->read_only) &&
           answer_valid(view->donor_rejects) && answer_valid(view->maintenance);
}

static bool probe_valid(const struct health_probe *probe)
{
    return probe->error < HEALTH_PROBE_ERROR_COUNT && probe->rtt_ns >= 0 &&
           (!probe->has_view || view_valid(&probe->view));
}

/* When it was seen, on the engine's clock. Nearly always that is now. */
static uint32_t observed_at(const struct health_engine *engine,
                            const struct health_observation *observation)
{
    return observation->at_ns == engine->now_ns ? engine->now_ms
                                                : engine_ms(engine, observation->at_ns);
}

/* What a probe's outcome proves. An error packet proves that mysqld runs; errors 2000 to 2999 are the
 * client library's own and prove nothing. */
static enum health_probe_fact probe_fact(const struct health_probe *probe)
{
    static const uint8_t facts[HEALTH_PROBE_ERROR_COUNT] = {
        [HEALTH_PROBE_NONE] = HEALTH_PROBE_FACT_SILENT,
        [HEALTH_PROBE_REFUSED] = HEALTH_PROBE_FACT_REFUSED,
        [HEALTH_PROBE_TIMEOUT] = HEALTH_PROBE_FACT_SILENT,
        [HEALTH_PROBE_LOST] = HEALTH_PROBE_FACT_CLOSED,
        [HEALTH_PROBE_RESET] = HEALTH_PROBE_FACT_CLOSED,
        [HEALTH_PROBE_UNREACHABLE] = HEALTH_PROBE_FACT_SILENT,
        [HEALTH_PROBE_AUTH] = HEALTH_PROBE_FACT_ERROR,
        [HEALTH_PROBE_TOO_MANY_CONNECTIONS] = HEALTH_PROBE_FACT_ERROR,
        [HEALTH_PROBE_NOT_READY] = HEALTH_PROBE_FACT_ERROR,
        [HEALTH_PROBE_SHUTTING_DOWN] = HEALTH_PROBE_FACT_LEAVING,
        [HEALTH_PROBE_SQL_ERROR] = HEALTH_PROBE_FACT_ERROR,
    };
    bool clients_own = probe->code >= 2000 && probe->code < 3000;

    if (probe->ok)
        return HEALTH_PROBE_FACT_OK;
    if (probe->error == HEALTH_PROBE_SQL_ERROR && clients_own)
        return HEALTH_PROBE_FACT_SILENT;
    return (enum health_probe_fact)facts[probe->error];
}

static uint16_t narrow(int32_t value)
{
    return value <= 0 ? 0 : value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

/* The configuration id a view counts by. Outside a Primary component the id says "none": the last one is
 * kept, because it says which view the node was in when it left. */
static uint32_t conf_of(const struct health_view *view, const struct node *node)
{
    return view->conf_id < CONF_NONE ? (uint32_t)view->conf_id : node->conf;
}

/* Does the node say just this already, and not so long ago that its age counts? */
static bool claim_stands(const struct health_engine *engine, const struct node *node,
                         const struct health_view *view, bool by_agent, uint32_t sent_ms)
{
    const unsigned which = NODE_CLAIM | NODE_BY_AGENT | NODE_MAINTAINED;
    const unsigned same = NODE_CLAIM | (by_agent ? NODE_BY_AGENT : 0u) |
                          (view->maintenance == HEALTH_ANSWER_YES ? NODE_MAINTAINED : 0u);
    return (node->flags & which) == same && memcmp(node->said, &view->component, SAID_COUNT) == 0 &&
           node->history == uuid_tag(&view->state_uuid) &&
           node->member == uuid_tag(&view->gcomm_uuid) && node->conf == conf_of(view, node) &&
           node->size == narrow(view->size) && node->weight == narrow(view->weight) &&
           ms_since(node->claim_ms, sent_ms) < (int32_t)engine->limits.view_hold;
}

/* Ids only grow within one life, so a lower id from a node that told a higher one a moment ago is an old
 * answer that was overtaken. After a restart the former claim is gone, or no longer confirmed. */
static bool claim_overtaken(const struct health_engine *engine, const struct node *node,
                            const struct health_view *view, uint32_t sent_ms)
{
    return node->flags & NODE_CLAIM && uuid_tag(&view->state_uuid) == node->history &&
           node->conf != CONF_NONE && conf_of(view, node) < node->conf &&
           ms_since(node->claim_ms, sent_ms) < (int32_t)engine->limits.settle;
}

/* The place of a member of the list in the cluster, by name or by the UUID it last told; -1: none. */
static int member_place(const struct health_engine *engine, const struct cluster *cluster,
                        const struct health_member *member)
{
    uint64_t tag = uuid_tag(&member->gcomm_uuid);
    int place = 0;

    for (uint32_t id = cluster->first; id != HEALTH_NODE_NONE; id = engine->cold[id].next) {
        if (id == member->node ||
            (member->node == HEALTH_NODE_NONE && tag && engine->nodes[id].member == tag))
            return place;
        place++;
    }
    return -1;
}

/* A member list belongs to the view it came with; it replaces only one of the same or an older view. */
static void members_learn(struct health_engine *engine, uint32_t id, const struct health_view *view)
{
    const struct node *node = &engine->nodes[id];
    struct cluster *cluster = &engine->clusters[engine->cold[id].cluster];
    uint32_t members = 0;

    if (!view->member_count || view->component != HEALTH_COMPONENT_PRIMARY ||
        node->conf == CONF_NONE || node->conf < cluster->conf)
        return;
    for (unsigned i = 0; i < view->member_count; i++) {
        int place = member_place(engine, cluster, &view->members[i]);
        if (place >= 0)
            members |= UINT32_C(1) << place;
    }
    cluster->members = members;
    cluster->members_conf = node->conf;
}

/* A node whose own id went back shows that the cluster began a new life (ids start again after a full
 * restart). Old views of nodes that do not answer now would look newer than it: they are dropped. */
static void claims_of_former_life_drop(struct health_engine *engine, uint32_t node)
{
    uint32_t first = engine->clusters[engine->cold[node].cluster].first;
    for (uint32_t id = first; id != HEALTH_NODE_NONE; id = engine->cold[id].next) {
        struct node *other = &engine->nodes[id];
        if (id != node && other->probe != HEALTH_PROBE_FACT_OK &&
            other->agent != HEALTH_AGENT_FACT_OK)
            node_flag(other, NODE_CLAIM, false);
    }
}

static void claim_take(struct health_engine *engine, uint32_t id, const struct health_view *view,
                       bool by_agent, uint32_t sent_ms)
{
    struct node *node = &engine->nodes[id];
    uint64_t history = uuid_tag(&view->state_uuid);
    uint32_t conf = conf_of(view, node);

    if (history == node->history && conf < node->conf && node->conf != CONF_NONE)
        claims_of_former_life_drop(engine, id);
    if (history != node->history || conf != node->conf)
        node_flag(node, NODE_EXCLUDED, false);
    node->history = history;
    node->member = uuid_tag(&view->gcomm_uuid);
    node->conf = conf;
    node->size = narrow(view->size);
    node->weight = narrow(view->weight);
    memcpy(node->said, &view->component, SAID_COUNT);
    node->claim_ms = sent_ms;
    node_flag(node, NODE_CLAIM, true);
    node_flag(node, NODE_BY_AGENT, by_agent);
    node_flag(node, NODE_MAINTAINED, view->maintenance == HEALTH_ANSWER_YES);
    members_learn(engine, id, view);
}

static void closing_begin(struct health_engine *engine, uint32_t id, uint32_t at_ms)
{
    struct node *node = &engine->nodes[id];
    if (node->flags & NODE_CLOSED)
        return;
    engine->cold[id].link_ms = at_ms;
    node_flag(node, NODE_CLOSED, true);
    node_flag(node, NODE_GREW, false);
    /* A node that was silent already is not seen leaving: it may have been frozen, and then killed. */
    node_set_leave(node, node->probe == HEALTH_PROBE_FACT_SILENT ? LEAVE_SPENT : LEAVE_UNDECIDED);
}

/* mysqld answered a question that was asked after the closing had begun: it lives. */
static void closing_end(struct health_engine *engine, uint32_t id, uint32_t sent_ms)
{
    struct node *node = &engine->nodes[id];
    if (!(node->flags & NODE_CLOSED) || ms_since(engine->cold[id].link_ms, sent_ms) < 0)
        return;
    if (node->agent == HEALTH_AGENT_FACT_GONE) {
        if (ms_since(engine->cold[id].gone_ms, sent_ms) < 0)
            return;
        node_flag(node, NODE_REFUTED, true);
    }
    node->exit = HEALTH_EXIT_FACT_NONE;
    node_flag(node, NODE_CLOSED | NODE_GREW, false);
    node_set_leave(node, LEAVE_UNDECIDED);
}

/* An answer: what it proves, and what it ends. */
static void probe_answered(struct health_engine *engine, uint32_t id,
                           const struct health_probe *probe, uint32_t sent_ms)
{
    struct node *node = &engine->nodes[id];

    closing_end(engine, id, sent_ms);
    if (node->agent == HEALTH_AGENT_FACT_FROZEN && ms_since(node->agent_ms, sent_ms) >= 0)
        node->agent = HEALTH_AGENT_FACT_ALIVE; /* who answers has been thawed */
    if (probe->ok && probe->has_view && !claim_overtaken(engine, node, &probe->view, sent_ms))
        claim_take(engine, id, &probe->view, false, sent_ms);
}

/* Has this member list been learnt? */
static bool members_learnt(const struct health_engine *engine, uint32_t id,
                           const struct health_view *view)
{
    return !view->member_count ||
           engine->clusters[engine->cold[id].cluster].members_conf == engine->nodes[id].conf;
}

/* Nothing but the time of what is known already? Then it is set, and there is nothing to judge. */
static bool probe_repeats(struct health_engine *engine, uint32_t id,
                          const struct health_probe *probe, enum health_probe_fact fact,
                          uint32_t at_ms, uint32_t sent_ms)
{
    struct node *node = &engine->nodes[id];

    if (fact != node->probe)
        return false;
    if (fact == HEALTH_PROBE_FACT_OK) {
        if (node->flags & NODE_CLOSED || node->agent == HEALTH_AGENT_FACT_FROZEN)
            return false;
        if (probe->has_view) {
            if (!claim_stands(engine, node, &probe->view, false, sent_ms) ||
                !members_learnt(engine, id, &probe->view))
                return false;
            node->claim_ms = sent_ms;
        }
    } else if (fact == HEALTH_PROBE_FACT_ERROR && node->flags & NODE_CLOSED) {
        return false;
    }
    node->probe_ms = at_ms;
    return true;
}

/* When it was sent, on the engine's clock: rounded to the past. */
static uint32_t sent_at(uint32_t at_ms, int64_t rtt_ns)
{
    uint32_t whole = rtt_ns <= UINT32_MAX ? (uint32_t)rtt_ns / (uint32_t)HEALTH_NS_PER_MS
                                          : (uint32_t)(rtt_ns / HEALTH_NS_PER_MS);
    return at_ms - whole - (rtt_ns != 0);
}

/* Does a silence take nothing away from what is known? */
static bool silence_ignored(struct health_engine *engine, const struct node *node, int64_t sent_ns,
                            uint32_t at_ms)
{
    if (engine->stall_end_ns && sent_ns < engine->stall_end_ns) {
        engine->counters.voided++; /* it was measured across our own stall */
        return true;
    }
    /* Silence proves nothing: a refusal stands until it expires by itself. */
    return node->probe == HEALTH_PROBE_FACT_REFUSED &&
           ms_since(node->probe_ms, at_ms) < (int32_t)engine->limits.probe_stale;
}

static enum health_error probe_observed(struct health_engine *engine,
                                        const struct health_observation *observation)
{
    const struct health_probe *probe = &observation->probe;
    uint32_t id = observation->node;
    struct node *node = &engine->nodes[id];
    uint32_t at_ms = observed_at(engine, observation);
    uint32_t sent_ms = sent_at(at_ms, probe->rtt_ns);

    if (probe->error >= HEALTH_PROBE_ERROR_COUNT || probe->rtt_ns < 0)
        return HEALTH_EINVAL;
    enum health_probe_fact fact = probe_fact(probe);
    if (node->probe != HEALTH_PROBE_FACT_NONE && ms_since(node->probe_ms, at_ms) < 0) {
        engine->counters.stale++;
        return HEALTH_OK;
    }
    if ((fact == HEALTH_PROBE_FACT_SILENT &&
         silence_ignored(engine, node, observation->at_ns - probe->rtt_ns, at_ms)) ||
        probe_repeats(engine, id, probe, fact, at_ms, sent_ms)) {
        engine->counters.unchanged++;
        return HEALTH_OK;
    }
    if (!probe_valid(probe))
        return HEALTH_EINVAL;
    if (fact == HEALTH_PROBE_FACT_CLOSED || fact == HEALTH_PROBE_FACT_REFUSED)
        closing_begin(engine, id, at_ms);
    if (probe->error == HEALTH_PROBE_LOST && (node->flags & NODE_LINK_MASK) == HEALTH_LINK_FACT_UP)
        node_flag(node, NODE_LINK_MASK,
                  false); /* the server ended one connection: so much for "up" */
    node->probe = (uint8_t)fact;
    node->probe_ms = at_ms;
    if (fact == HEALTH_PROBE_FACT_OK || fact == HEALTH_PROBE_FACT_ERROR)
        probe_answered(engine, id, probe, sent_ms);
    else if (fact != HEALTH_PROBE_FACT_LEAVING)
        node_flag(node, NODE_REFUTED, false);
    cluster_judge(engine, engine->cold[id].cluster);
    return HEALTH_OK;
}

static enum health_error link_observed(struct health_engine *engine,
                                       const struct health_observation *observation)
{
    static const uint8_t facts[HEALTH_LINK_COUNT] = {
        [HEALTH_LINK_NOT_KNOWN] = HEALTH_LINK_FACT_NONE,
        [HEALTH_LINK_UP] = HEALTH_LINK_FACT_UP,
        [HEALTH_LINK_EOF] = HEALTH_LINK_FACT_CLOSED,
        [HEALTH_LINK_RESET] = HEALTH_LINK_FACT_CLOSED,
        [HEALTH_LINK_TIMEOUT] = HEALTH_LINK_FACT_NONE, /* silence proves nothing */
    };
    struct node *node = &engine->nodes[observation->node];
    struct node_cold *cold = &engine->cold[observation->node];
    uint32_t at_ms = observed_at(engine, observation);

    if (observation->link >= HEALTH_LINK_COUNT)
        return HEALTH_EINVAL;
    unsigned fact = facts[observation->link];
    if ((node->flags & NODE_LINK_MASK) != HEALTH_LINK_FACT_NONE &&
        ms_since(cold->link_ms, at_ms) < 0) {
        engine->counters.stale++;
        return HEALTH_OK;
    }
    if ((node->flags & NODE_LINK_MASK) == fact) {
        engine->counters.unchanged++;
        return HEALTH_OK;
    }
    node->flags = (uint16_t)((node->flags & ~(unsigned)NODE_LINK_MASK) | fact);
    if (fact == HEALTH_LINK_FACT_CLOSED)
        closing_begin(engine, observation->node, at_ms);
    else if (!(node->flags & NODE_CLOSED))
        cold->link_ms = at_ms;
    cluster_judge(engine, cold->cluster);
    return HEALTH_OK;
}

/* What the agent says of the process. A state letter of /proc/PID/stat is worth more than the word:
 * T and t cannot answer, Z and X have ended. */
static enum health_agent_fact agent_word(const struct health_heartbeat *beat)
{
    if (beat->process == HEALTH_PROCESS_STOPPED || beat->proc_state == 'Z' ||
        beat->proc_state == 'X')
        return HEALTH_AGENT_FACT_GONE;
    if (beat->process == HEALTH_PROCESS_NOT_KNOWN)
        return HEALTH_AGENT_FACT_NONE;
    if (beat->proc_state == 'T' || beat->proc_state == 't')
        return HEALTH_AGENT_FACT_FROZEN;
    if (beat->has_local) {
        enum health_probe_fact local = probe_fact(&beat->local);
        if (local == HEALTH_PROBE_FACT_OK)
            return HEALTH_AGENT_FACT_OK;
        if (local == HEALTH_PROBE_FACT_ERROR)
            return HEALTH_AGENT_FACT_ALIVE;
        return beat->process == HEALTH_PROCESS_STARTING ? HEALTH_AGENT_FACT_STARTING
                                                        : HEALTH_AGENT_FACT_DEAF;
    }
    return beat->process == HEALTH_PROCESS_UNRESPONSIVE ? HEALTH_AGENT_FACT_DEAF
                                                        : HEALTH_AGENT_FACT_ALIVE;
}

static uint8_t ended_fact(const struct health_heartbeat *beat)
{
    switch ((enum health_exit_kind)beat->exit_kind) {
    case HEALTH_EXIT_NOT_KNOWN:
        return 0;
    case HEALTH_EXIT_CODE:
        return beat->exit_value == 0 ? 1 : 2;
    case HEALTH_EXIT_SIGNAL:
        return 3;
    }
    return 0;
}

/* How the process ended, as this beat tells it: by the exit table. */
static uint8_t exit_told(const struct health_engine *engine, const struct health_heartbeat *beat)
{
    const struct health_grastate *saved = &beat->grastate;
    bool zero = !saved->uuid.hi && !saved->uuid.lo;
    const uint8_t facts[HEALTH_EXITS_COUNT] = {
        [HEALTH_EXITS_ENDED] = ended_fact(beat),
        [HEALTH_EXITS_SEQNO] = (uint8_t)(!saved->known      ? 0
                                         : saved->seqno < 0 ? 1
                                                            : 2),
        [HEALTH_EXITS_UUID] = (uint8_t)(!saved->known ? 0
                                        : zero        ? 1
                                                      : 2),
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

    if (node->agent != HEALTH_AGENT_FACT_GONE)
        engine->cold[id].gone_ms = at_ms;
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
                          const struct health_heartbeat *beat)
{
    struct node *node = &engine->nodes[id];
    struct node_cold *cold = &engine->cold[id];
    uint64_t tag = uuid_tag(&beat->boot);
    uint32_t boot = (uint32_t)(tag >> 32 ^ tag);

    boot += boot == 0;
    if (boot == node->boot)
        return ms_since(node->seq, (uint32_t)beat->seq) > 0;
    if (boot == cold->former_boot)
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

static bool beat_repeats(const struct health_engine *engine, uint32_t id,
                         const struct health_heartbeat *beat, enum health_agent_fact word,
                         uint32_t sampled_ms)
{
    const struct node *node = &engine->nodes[id];

    if (word != node->agent || (beat->pid && beat->pid != node->pid))
        return false;
    if (word == HEALTH_AGENT_FACT_GONE)
        return node->exit == exit_told(engine, beat);
    if (node->flags & NODE_CLOSED &&
        ms_since(engine->cold[id].link_ms, node->agent_ms) < (int32_t)engine->limits.settle)
        return false;
    return !local_view_wanted(node, beat, sampled_ms) ||
           claim_stands(engine, node, &beat->local.view, true, sampled_ms);
}

static bool beat_valid(const struct health_heartbeat *beat)
{
    return beat->process < HEALTH_PROCESS_COUNT && answer_valid(beat->gvwstate) &&
           answer_valid(beat->sst_in_progress) && (!beat->has_local || probe_valid(&beat->local));
}

static enum health_error beat_observed(struct health_engine *engine,
                                       const struct health_observation *observation)
{
    const struct health_heartbeat *beat = &observation->heartbeat;
    uint32_t id = observation->node;
    struct node *node = &engine->nodes[id];
    uint32_t at_ms = observed_at(engine, observation);
    uint32_t sampled_ms = at_ms - engine->limits.heartbeat_interval;

    if (beat->process >= HEALTH_PROCESS_COUNT ||
        (beat->has_local && beat->local.error >= HEALTH_PROBE_ERROR_COUNT))
        return HEALTH_EINVAL;
    if (!beat_admitted(engine, id, beat)) {
        engine->counters.stale++;
        return HEALTH_OK;
    }
    enum health_agent_fact word = agent_word(beat);
    bool repeats = beat_repeats(engine, id, beat, word, sampled_ms);
    bool wanted = word != HEALTH_AGENT_FACT_GONE && local_view_wanted(node, beat, sampled_ms);
    if (!repeats && !beat_valid(beat))
        return HEALTH_EINVAL;
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
    cluster_judge(engine, engine->cold[id].cluster);
    return HEALTH_OK;
}

enum health_error health_engine_observe(struct health_engine *engine, int64_t now_ns,
                                        const struct health_observation *observation)
{
    if (observation->node >= engine->node_capacity ||
        !(engine->nodes[observation->node].flags & NODE_USED))
        return HEALTH_ENOENT;
    if (observation->at_ns > now_ns)
        return HEALTH_EINVAL;
    enum health_error error = engine_advance(engine, now_ns);
    if (error != HEALTH_OK)
        return error;

    engine->counters.observations++;
    switch ((enum health_witness)observation->witness) {
    case HEALTH_WITNESS_PROBE:
        return probe_observed(engine, observation);
    case HEALTH_WITNESS_LINK:
        return link_observed(engine, observation);
    case HEALTH_WITNESS_AGENT:
        return beat_observed(engine, observation);
    case HEALTH_WITNESS_COUNT:
        break;
    }
    return HEALTH_EINVAL;
}

void health_engine_prefetch(const struct health_engine *engine, uint32_t node)
{
#if defined(__GNUC__)
    if (node < engine->node_capacity)
        __builtin_prefetch(&engine->nodes[node], 1);
#else
    (void)engine;
    (void)node;
#endif
}
