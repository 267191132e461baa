/*
 * judge.c - a cluster is judged: facts, answers, states, colour; what changed is committed.
 *
 * node_commit() and cluster_commit() are the only places where a state or a colour changes, and where
 * reports are made. Judging again without news changes nothing: the loops in council_find_facts() and
 * cluster_judge() run until that is so before anything is committed.
 */
#include "clock.h"
#include "judge.h"
#include "match.h"

#include <string.h>

/* What is found out about one node can change the facts about another (a node that is left out or gone
 * reports no view any more), but each such step takes something away for good, so a few rounds always
 * settle it. */
#define ROUNDS_MAX 8

/* Count one more, up to what fits. */
static void count_up(uint16_t *counter)
{
    *counter = (uint16_t)(*counter + (*counter < UINT16_MAX));
}

/* What is left, never less than nothing. */
static uint32_t less(uint32_t from, uint32_t what)
{
    return from > what ? from - what : 0;
}

void verdict_of(const struct health_ruleset *rules, const uint8_t *facts, struct verdict *verdict)
{
    const struct fact_bits bits = fact_bits_of(facts, HEALTH_NODE_FACT_COUNT);
    const struct health_rule *running = match_first(rules->running, bits);
    const struct health_rule *member = match_first(rules->member, bits);
    const struct health_rule *clean = match_first(rules->clean, bits);
    const uint8_t answers[] = {running->answer, member->answer, clean->answer};
    /* The question that decides the state also gives its reason. */
    const struct health_rule *decides[HEALTH_ANSWER_COUNT] = {
        [HEALTH_ANSWER_NOT_KNOWN] = running,
        [HEALTH_ANSWER_YES] = member,
        [HEALTH_ANSWER_NO] = clean,
    };

    verdict->rules[HEALTH_QUESTION_RUNNING] = running;
    verdict->rules[HEALTH_QUESTION_MEMBER] = member;
    verdict->rules[HEALTH_QUESTION_CLEAN] = clean;
    memcpy(verdict->answers, answers, sizeof answers);
    verdict->state = health_table_match(rules->state, answers)->answer;
    verdict->reason = decides[running->answer]->reason;
}

const struct health_rule *routable_rule(const struct health_engine *engine, uint32_t id,
                                        uint8_t state)
{
    static const uint8_t nothing[SAID_COUNT];
    const struct node *node = &engine->nodes[id];
    const uint8_t *said = node->flags & NODE_CLAIM ? node->said : nothing;
    const uint8_t facts[HEALTH_ROUTABLE_COUNT] = {
        [HEALTH_ROUTABLE_STATE] = state,
        [HEALTH_ROUTABLE_REJECTS] = said[SAID_REJECTS],
        [HEALTH_ROUTABLE_MAINT] =
            engine->cold[id].maintained ? HEALTH_ANSWER_YES : said[SAID_MAINTENANCE],
        [HEALTH_ROUTABLE_DONATES] = said[SAID_LOCAL_STATE] == HEALTH_LOCAL_DONOR,
        [HEALTH_ROUTABLE_DONOR_REJECTS] = said[SAID_DONOR_REJECTS],
        [HEALTH_ROUTABLE_DESYNC] = said[SAID_DESYNC],
        [HEALTH_ROUTABLE_READ_ONLY] = said[SAID_READ_ONLY],
    };
    return health_table_match(engine->rules->routable, facts);
}

void council_convene(struct council *council, const struct health_engine *engine, uint32_t cluster)
{
    council->engine = engine;
    council->cluster = &engine->clusters[cluster];
    council->count = 0;
    for (uint32_t id = council->cluster->first; id != HEALTH_NODE_NONE;
         id = engine->cold[id].next) {
        struct seat *seat = &council->seats[council->count++];
        seat->id = id;
        seat->node = &engine->nodes[id];
        seat->cold = &engine->cold[id];
    }
}

/* What finding facts learns, and finds facts from. */
struct learnt {
    struct cluster cluster;
    uint32_t confs[HEALTH_CLUSTER_NODES_MAX];
    uint16_t flags[HEALTH_CLUSTER_NODES_MAX];
};

static void learnt_note(struct learnt *learnt, const struct council *council)
{
    learnt->cluster = *council->cluster;
    for (uint32_t i = 0; i < council->count; i++) {
        learnt->confs[i] = council->seats[i].node->conf;
        learnt->flags[i] = council->seats[i].node->flags;
    }
}

/* ... of the cluster's views. The rest goes with these. */
static bool same_views_learnt(const struct cluster *a, const struct cluster *b)
{
    return a->history == b->history && a->conf == b->conf && a->size == b->size &&
           a->whole_conf == b->whole_conf && a->members_conf == b->members_conf &&
           a->others == b->others && a->others_most == b->others_most &&
           a->unsettled == b->unsettled;
}

/* Has nothing been learnt since this was noted? */
static bool learnt_nothing(const struct learnt *learnt, const struct council *council)
{
    for (uint32_t i = 0; i < council->count; i++)
        if (learnt->confs[i] != council->seats[i].node->conf ||
            learnt->flags[i] != council->seats[i].node->flags)
            return false;
    return same_views_learnt(&learnt->cluster, council->cluster);
}

void council_find_facts(struct council *council)
{
    struct learnt before;
    int rounds = 0;

    do {
        learnt_note(&before, council);
        council_hear_each(council);
        council_compare_views(council);
    } while (!learnt_nothing(&before, council) && ++rounds < ROUNDS_MAX);
}

/* A new life of mysqld: what was said of the former one is over. */
static void begin_life(struct health_engine *engine, const struct seat *seat)
{
    node_flag(seat->node, NODE_GONE | NODE_COUNTED, false);
    count_up(&engine->cold[seat->id].incarnation);
}

/* Take note of what the answers mean for the testimony itself. True: the facts may have changed. */
static bool settle_life(struct health_engine *engine, const struct seat *seat,
                        const struct verdict *verdict)
{
    struct node *node = seat->node;
    uint8_t running = verdict->answers[HEALTH_QUESTION_RUNNING];
    uint16_t before = node->flags;

    if (running == HEALTH_ANSWER_NO && !(node->flags & NODE_GONE)) {
        node_flag(node, NODE_GONE, true);
        node_flag(node, NODE_CLAIM | NODE_EXCLUDED | NODE_TAINTED, false);
    } else if (running == HEALTH_ANSWER_YES && node->flags & NODE_GONE) {
        begin_life(engine, seat);
    }
    if (verdict->state == HEALTH_STATE_GREEN)
        node_flag(node, NODE_TAINTED, false);
    return node->flags != before;
}

static void report(struct health_engine *engine, struct health_report report)
{
    report.at_ns = engine->now_ns;
    for (unsigned i = 0; i < HEALTH_QUEUES_MAX && engine->queues[i]; i++)
        health_queue_push(engine->queues[i], &report);
}

static void node_commit(struct health_engine *engine, const struct seat *seat,
                        const struct verdict *verdict)
{
    struct node *node = seat->node;
    struct node_cold *cold = &engine->cold[seat->id];
    const struct health_rule *routable = routable_rule(engine, seat->id, verdict->state);

    if (node->state == verdict->state && node->reason == verdict->reason &&
        cold->routable == routable->reason)
        return;
    if (node->state != verdict->state) {
        engine->since_ns[seat->id] = engine->now_ns;
        count_up(&cold->transitions);
        if (verdict->state == HEALTH_STATE_RED_UNCLEAN && !(node->flags & NODE_COUNTED)) {
            node_flag(node, NODE_COUNTED, true);
            count_up(&cold->unclean);
        }
    }
    node->state = verdict->state;
    node->reason = verdict->reason;
    cold->routable = routable->reason & ((1u << ROUTABLE_BITS) - 1);
    report(engine, (struct health_report){
                       .subject = seat->id,
                       .version = ++cold->version,
                       .state = node->state,
                       .reason = node->reason,
                       .routable = routable->answer,
                       .since_ns = engine->since_ns[seat->id],
                   });
}

/* May a node that runs and does not serve have a vote in the Primary component? A joiner has. */
static bool may_vote(const struct cluster *cluster, const struct node *node)
{
    if (node->state != HEALTH_STATE_YELLOW || node->flags & NODE_EXCLUDED)
        return false;
    return !(node->flags & NODE_CLAIM) || (node->said[SAID_COMPONENT] == HEALTH_COMPONENT_PRIMARY &&
                                           node->said[SAID_LOCAL_STATE] != HEALTH_LOCAL_ERROR &&
                                           node->history == cluster->history);
}

/* Did its process end badly, and before or as its connections closed? Then it did not leave politely
 * before. */
static bool killed_in_service(const struct health_engine *engine, uint32_t id)
{
    const struct node *node = &engine->nodes[id];
    const struct node_cold *cold = &engine->cold[id];
    bool badly = node->exit == HEALTH_EXIT_FACT_SIGNAL || node->exit == HEALTH_EXIT_FACT_FAILED ||
                 node->exit == HEALTH_EXIT_FACT_UNSAFE;
    return badly && ms_since(cold->link_ms, cold->gone_ms) < (int32_t)engine->limits.settle;
}

/* A member that is gone and did not exit cleanly: did it crash, or may it have left the view before? */
static void count_unclean(const struct health_engine *engine, uint32_t id, struct census *census)
{
    if (!killed_in_service(engine, id))
        census->gone++;
    else if (node_leave(&engine->nodes[id]) == LEAVE_HELD)
        census->crashed++;
    else
        census->killed++;
}

/* Is it a node that comes in? Of one with a closed port that is perhaps not known for sure. */
static bool may_come_in(const struct cluster *cluster, const struct node *node)
{
    return may_vote(cluster, node) ||
           (node->state == HEALTH_STATE_UNKNOWN && node->reason == HEALTH_REASON_MAYBE_JOINING);
}

void census_take(const struct health_engine *engine, const struct cluster *cluster,
                 struct census *census)
{
    uint32_t left = 0;
    uint32_t newcomers = 0; /* that have not been seen in the newest view */
    uint32_t strangers = less(cluster->size, cluster->others);

    memset(census, 0, sizeof *census);
    for (uint32_t id = cluster->first; id != HEALTH_NODE_NONE; id = engine->cold[id].next) {
        const struct node *node = &engine->nodes[id];
        bool counted =
            cluster->history && in_newest_view(cluster, node) && node->size == cluster->size;
        census->states[node->state]++;
        census->voters += may_vote(cluster, node);
        census->mute +=
            node->reason == HEALTH_REASON_SILENT || node->reason == HEALTH_REASON_NO_TESTIMONY;
        strangers -= counted && strangers;
        if (counted && node->state == HEALTH_STATE_RED_UNCLEAN)
            count_unclean(engine, id, census);
        census->useless += counted && node->state == HEALTH_STATE_UNKNOWN &&
                           (node->flags & NODE_GONE || node->reason == HEALTH_REASON_FROZEN);
        /* Who is on its way out may have left the view already, and so made it smaller. */
        bool leaves = counted && node->state == HEALTH_STATE_YELLOW && node->flags & NODE_CLOSED;
        census->leaving += leaves;
        census->joining += counted && !leaves && may_come_in(cluster, node);
        newcomers += !counted && may_come_in(cluster, node);
        left += leaves || (counted && node->state == HEALTH_STATE_RED_CLEAN);
    }
    census->base = less(cluster->size, left);
    census->joining += newcomers < strangers ? newcomers : strangers;
    if (census->voters < strangers)
        census->voters = strangers;
}

static uint8_t greens_fact(const struct cluster *cluster, const struct census *census)
{
    uint32_t greens = census->states[HEALTH_STATE_GREEN];
    if (!greens)
        return HEALTH_GREENS_NONE;
    return greens == cluster->expected ? HEALTH_GREENS_EXPECTED : HEALTH_GREENS_SOME;
}

/* Members that crashed stay in the view until they are evicted; the rest must be more than half. That they
 * are no majority is proof only where each member is known to weigh one, and only if it also holds when
 * those of whom their peers have not told yet have left politely and so made the view smaller, and if
 * those who seem to leave stay: a joiner seems to. */
static uint8_t majority_fact(const struct cluster *cluster, const struct census *census)
{
    uint32_t untold = census->killed + census->gone;
    uint32_t down = census->crashed + untold;
    uint32_t least = less(census->base, untold);

    if (!down || census->base > 2 * down)
        return HEALTH_MAJORITY_KEPT;
    if (!census->crashed || least > 2 * census->crashed ||
        census->base + census->leaving > 2 * down)
        return HEALTH_MAJORITY_DOUBTFUL;
    return cluster->equal_weights ? HEALTH_MAJORITY_CRASHED : HEALTH_MAJORITY_DOUBTFUL;
}

static uint8_t unknowns_fact(const struct cluster *cluster, const struct census *census)
{
    uint32_t unknowns = census->states[HEALTH_STATE_UNKNOWN];
    uint32_t quorum = less(census->base, census->gone) / 2 + 1;

    if (!cluster->count)
        return HEALTH_UNKNOWNS_ENOUGH;
    if (!unknowns)
        return HEALTH_UNKNOWNS_NONE;
    if (census->mute == cluster->count && cluster->size)
        return HEALTH_UNKNOWNS_ALL;
    if (census->base && unknowns + census->voters + cluster->others < quorum)
        return HEALTH_UNKNOWNS_TOO_FEW;
    return HEALTH_UNKNOWNS_ENOUGH;
}

static uint8_t signs_of(const struct council *council, uint8_t majority)
{
    unsigned signs = 0;

    for (uint32_t i = 0; i < council->count; i++) {
        const struct node *node = council->seats[i].node;
        if (node->state == HEALTH_STATE_YELLOW && node->reason == HEALTH_REASON_INCONSISTENT)
            signs |= 1u << HEALTH_SIGN_INCONSISTENT;
    }
    if (council->split)
        signs |= 1u << HEALTH_SIGN_SPLIT_BRAIN;
    if (council->foreign)
        signs |= 1u << HEALTH_SIGN_FOREIGN_HISTORY;
    if (majority != HEALTH_MAJORITY_KEPT)
        signs |= 1u << HEALTH_SIGN_MAJORITY_AT_RISK;
    return (uint8_t)signs;
}

static void cluster_commit(struct health_engine *engine, const struct council *council, uint32_t id)
{
    struct cluster *cluster = council->cluster;
    struct census census;

    census_take(engine, cluster, &census);
    uint8_t majority = majority_fact(cluster, &census);
    const uint8_t facts[HEALTH_COLOURS_COUNT] = {
        [HEALTH_COLOURS_GREENS] = greens_fact(cluster, &census),
        [HEALTH_COLOURS_MAJORITY] = majority,
        [HEALTH_COLOURS_UNKNOWNS] = unknowns_fact(cluster, &census),
        [HEALTH_COLOURS_SPLIT] = council->split_tie ? HEALTH_SPLIT_TIE
                                 : council->split   ? HEALTH_SPLIT_SIDES
                                                    : HEALTH_SPLIT_NO,
    };
    const struct health_rule *rule = health_table_match(engine->rules->colour, facts);
    uint8_t signs = signs_of(council, majority);

    if (cluster->colour == rule->answer && cluster->reason == rule->reason &&
        cluster->signs == signs)
        return;
    if (cluster->colour != rule->answer)
        cluster->since_ns = engine->now_ns;
    cluster->colour = rule->answer;
    cluster->reason = rule->reason;
    cluster->signs = signs;
    report(engine, (struct health_report){
                       .subject = engine->node_capacity + id,
                       .version = ++cluster->version,
                       .state = cluster->colour,
                       .reason = cluster->reason,
                       .since_ns = cluster->since_ns,
                   });
}

void cluster_judge(struct health_engine *engine, uint32_t cluster)
{
    struct council council;
    struct verdict verdicts[HEALTH_CLUSTER_NODES_MAX];
    bool changed = true;

    engine->counters.judged++;
    council_convene(&council, engine, cluster);
    for (int round = 0; changed && round < ROUNDS_MAX; round++) {
        council_find_facts(&council);
        changed = false;
        for (uint32_t i = 0; i < council.count; i++) {
            verdict_of(engine->rules, council.seats[i].facts, &verdicts[i]);
            changed |= settle_life(engine, &council.seats[i], &verdicts[i]);
        }
    }
    for (uint32_t i = 0; i < council.count; i++) {
        node_commit(engine, &council.seats[i], &verdicts[i]);
        deadlines_arm(&engine->deadlines, council.seats[i].id,
                      node_next_threshold(engine, council.seats[i].id, engine->now_ms + 1));
    }
    cluster_commit(engine, &council, cluster);
}
