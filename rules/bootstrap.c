/*
 * bootstrap.c - may the chosen node be bootstrapped? Every precondition, each with its answer.
 *
 * All of them are asked, also after one is not met: who reads them sees all that is missing. "Not known" is not
 * met, so that knowing less never allows more. Some say the same twice, from different witnesses, on purpose.
 */
#include "bootstrap_choice.h"

#include <healthd/lists.h>

/* Of two answers to one question, the one that counts: a no, then what is not known. */
static enum health_answer worse(enum health_answer a, enum health_answer b)
{
    if (a == HEALTH_ANSWER_NO || b == HEALTH_ANSWER_NO)
        return HEALTH_ANSWER_NO;
    return a == HEALTH_ANSWER_YES ? b : a;
}

/* ---- Questions about each node ---- */

typedef enum health_answer ask_node(const struct choice *choice, uint32_t place,
                                    struct health_statement *statement);

/* Its agent's own word that the process is gone: a closed port alone may be a firewall. */
static enum health_answer node_is_down(const struct health_case *known,
                                       const struct health_case_node *node)
{
    uint8_t agent = node->facts[HEALTH_FACT_AGENT];
    bool gone = agent == HEALTH_AGENT_FACT_GONE;

    if (node->known.state == HEALTH_STATE_GREEN || node->known.state == HEALTH_STATE_YELLOW ||
        (agent != HEALTH_AGENT_FACT_NONE && !gone))
        return HEALTH_ANSWER_NO;
    if (gone && node_is_red(node) && node->memory.process == HEALTH_PROCESS_STOPPED &&
        node_word_is_fresh(known, node))
        return HEALTH_ANSWER_YES;
    return HEALTH_ANSWER_NOT_KNOWN;
}

static enum health_answer is_down(const struct choice *choice, uint32_t place,
                                  struct health_statement *statement)
{
    (void)statement;
    return node_is_down(choice->known, &choice->known->nodes[place]);
}

static enum health_answer nothing_moves(const struct choice *choice, uint32_t place,
                                        struct health_statement *statement)
{
    const struct health_node_memory *memory = &choice->known->nodes[place].memory;

    (void)statement;
    if (memory->sst_in_progress == HEALTH_ANSWER_YES ||
        memory->recovery.status == HEALTH_RECOVERY_RUNNING)
        return HEALTH_ANSWER_NO;
    return memory->sst_in_progress == HEALTH_ANSWER_NO ? HEALTH_ANSWER_YES
                                                       : HEALTH_ANSWER_NOT_KNOWN;
}

/* Is there something against what its files show? Then more of them would not make its position known. */
static bool is_refuted(const struct health_case_node *node)
{
    const struct health_node_memory *memory = &node->memory;
    bool recovered = memory->recovery.status == HEALTH_RECOVERY_DONE ||
                     memory->recovery.status == HEALTH_RECOVERY_FAILED;

    return memory->taint != HEALTH_TAINT_NONE || memory->sst_in_progress == HEALTH_ANSWER_YES ||
           (memory->grastate.known && health_uuid_is_zero(&memory->grastate.uuid)) ||
           (recovered && node_recovery_is_of_this_stop(node));
}

static enum health_answer position_known(const struct choice *choice, uint32_t place,
                                         struct health_statement *statement)
{
    if (choice_knows(choice, place)) {
        statement->history = choice->positions[place].history;
        statement->value = choice->positions[place].seqno;
        return HEALTH_ANSWER_YES;
    }
    statement->value = HEALTH_SEQNO_NONE;
    return is_refuted(&choice->known->nodes[place]) ? HEALTH_ANSWER_NO : HEALTH_ANSWER_NOT_KNOWN;
}

static enum health_answer one_history(const struct choice *choice, uint32_t place,
                                      struct health_statement *statement)
{
    const struct health_grastate *saved = &choice->known->nodes[place].memory.grastate;

    if (!saved->known || health_uuid_is_zero(&saved->uuid) || health_uuid_is_zero(&choice->history))
        return HEALTH_ANSWER_NOT_KNOWN;
    statement->history = saved->uuid;
    return yes_if(health_uuid_equal(&saved->uuid, &choice->history));
}

/* ---- Questions about the cluster ---- */

typedef enum health_answer ask_cluster(const struct choice *choice,
                                       struct health_statement *statement);

/* May this node serve, for all that is known? One that joins, or starts, has somebody who serves. */
static enum health_answer does_not_serve(const struct health_case_node *node)
{
    uint8_t claim = node->facts[HEALTH_FACT_CLAIM];

    if (node_is_red(node))
        return HEALTH_ANSWER_YES;
    if (node->known.state == HEALTH_STATE_GREEN || claim == HEALTH_CLAIM_MEMBER ||
        claim == HEALTH_CLAIM_DONOR)
        return HEALTH_ANSWER_NO;
    return node->known.state == HEALTH_STATE_YELLOW &&
                   (claim == HEALTH_CLAIM_NON_PRIMARY || claim == HEALTH_CLAIM_DISCONNECTED ||
                    claim == HEALTH_CLAIM_INCONSISTENT)
               ? HEALTH_ANSWER_YES
               : HEALTH_ANSWER_NOT_KNOWN;
}

static enum health_answer no_primary(const struct choice *choice,
                                     struct health_statement *statement)
{
    enum health_answer answer = HEALTH_ANSWER_YES;

    (void)statement;
    for (uint32_t i = 0; i < choice->known->count; i++)
        answer = worse(answer, does_not_serve(&choice->known->nodes[i]));
    return answer;
}

static enum health_answer sighted(const struct choice *choice, struct health_statement *statement)
{
    (void)statement;
    if (choice->known->cluster.reason == HEALTH_REASON_MONITOR_ISOLATED)
        return HEALTH_ANSWER_NO;
    for (uint32_t i = 0; i < choice->known->count; i++)
        if (node_word_is_fresh(choice->known, &choice->known->nodes[i]))
            return HEALTH_ANSWER_YES;
    return HEALTH_ANSWER_NOT_KNOWN;
}

/* It names the node that was heard of least lately. */
static enum health_answer all_fresh(const struct choice *choice, struct health_statement *statement)
{
    const struct health_case *known = choice->known;

    statement->limit = known->limits->agent_stale_ns;
    for (uint32_t i = 0; i < known->count; i++) {
        int64_t age_ns = node_word_age_ns(known, &known->nodes[i]);
        if (i && age_ns >= 0 && age_ns <= statement->value)
            continue;
        statement->place = i;
        statement->value = statement->age_ns = age_ns;
        if (age_ns < 0)
            return HEALTH_ANSWER_NOT_KNOWN;
    }
    return yes_if(statement->value < statement->limit);
}

/* A member that is not configured is not observed. It may be an arbitrator, which holds no data; but that cannot be
 * told from a node that holds more than all others, and either may still be in a Primary component. */
static enum health_answer all_configured(const struct choice *choice,
                                         struct health_statement *statement)
{
    const struct health_case *known = choice->known;
    int64_t largest = known->cluster.primary_size;

    for (uint32_t i = 0; i < known->count; i++)
        if (known->nodes[i].memory.served_size > largest)
            largest = known->nodes[i].memory.served_size;
    statement->value = largest;
    statement->limit = known->count;
    if (known->cluster.others || largest > known->count || known->cluster.expected > known->count)
        return HEALTH_ANSWER_NO;
    return largest ? HEALTH_ANSWER_YES : HEALTH_ANSWER_NOT_KNOWN;
}

static bool mark_is_known(const struct health_case *known)
{
    return !health_uuid_is_zero(&known->memory.served.history) && known->memory.served.seqno >= 0;
}

static int64_t mark_age_ns(const struct health_case *known)
{
    return known->memory.served_ns ? known->now_ns - known->memory.served_ns : -1;
}

static enum health_answer same_history(const struct choice *choice,
                                       struct health_statement *statement)
{
    const struct health_case *known = choice->known;

    statement->history = known->memory.served.history;
    statement->age_ns = mark_age_ns(known);
    if (!mark_is_known(known) || health_uuid_is_zero(&choice->history))
        return HEALTH_ANSWER_NOT_KNOWN;
    return yes_if(health_uuid_equal(&known->memory.served.history, &choice->history));
}

/* After a split brain equal numbers mean different write-sets. */
static enum health_answer no_split(const struct choice *choice, struct health_statement *statement)
{
    (void)statement;
    return yes_if(!cluster_was_split(choice->known));
}

static enum health_answer candidate(const struct choice *choice, struct health_statement *statement)
{
    statement->place = choice->place;
    statement->history = choice->history;
    statement->value = choice_position(choice).seqno;
    return yes_if(choice->place != HEALTH_NODE_NONE);
}

/* Who takes a node out of service may be at work on its data. */
static enum health_answer not_maintained(const struct choice *choice,
                                         struct health_statement *statement)
{
    statement->place = choice->place;
    return yes_if(choice->place == HEALTH_NODE_NONE || /* which is said already */
                  !choice->known->nodes[choice->place].known.maintained);
}

/* Is this node, whose own position cannot be used, surely not beyond the chosen one? */
static enum health_answer is_not_ahead(const struct choice *choice, uint32_t place)
{
    const struct health_node_memory *memory = &choice->known->nodes[place].memory;
    struct health_position chosen = choice_position(choice);

    if (choice_knows(choice, place))
        return HEALTH_ANSWER_YES;
    if (memory->served_size == 1)
        return HEALTH_ANSWER_NO; /* it served alone: whatever came then is nowhere else */
    if (choice->place == HEALTH_NODE_NONE || memory->served.seqno < 0 || !memory->served_size ||
        !health_uuid_equal(&memory->served.history, &chosen.history))
        return HEALTH_ANSWER_NOT_KNOWN;
    return yes_if(memory->served.seqno <= chosen.seqno);
}

static enum health_answer nothing_ahead(const struct choice *choice,
                                        struct health_statement *statement)
{
    enum health_answer answer = HEALTH_ANSWER_YES;

    for (uint32_t i = 0; i < choice->known->count; i++) {
        enum health_answer one = is_not_ahead(choice, i);
        if (worse(answer, one) == answer)
            continue;
        answer = one;
        statement->place = i;
        statement->value = choice->known->nodes[i].memory.served.seqno;
    }
    statement->limit = choice_position(choice).seqno;
    return answer;
}

/* What was seen to be served is less than what was served, for it was sampled: the safe side. */
static enum health_answer not_below(const struct choice *choice, struct health_statement *statement)
{
    const struct health_position *mark = &choice->known->memory.served;
    struct health_position chosen = choice_position(choice);

    statement->place = choice->place;
    statement->history = mark->history;
    statement->value = chosen.seqno;
    statement->limit = mark->seqno;
    statement->age_ns = mark_age_ns(choice->known);
    if (!mark_is_known(choice->known) || choice->place == HEALTH_NODE_NONE ||
        !health_uuid_equal(&mark->history, &chosen.history))
        return HEALTH_ANSWER_NOT_KNOWN;
    return yes_if(chosen.seqno >= mark->seqno);
}

static enum health_answer safe_case(const struct choice *choice, struct health_statement *statement)
{
    statement->place = choice->place;
    return yes_if(choice->safe_case != 0);
}

/* ---- The list ---- */

static const struct precondition {
    uint8_t id;         /* enum health_statement_id */
    ask_cluster *whole; /* asked once; or NULL, */
    ask_node *each;     /* asked of each node */
} preconditions[] = {
    {HEALTH_STATEMENT_NO_PRIMARY, no_primary, NULL},
    {HEALTH_STATEMENT_SIGHTED, sighted, NULL},
    {HEALTH_STATEMENT_ALL_OBSERVED, NULL, is_down},
    {HEALTH_STATEMENT_FRESH, all_fresh, NULL},
    {HEALTH_STATEMENT_ALL_CONFIGURED, all_configured, NULL},
    {HEALTH_STATEMENT_NO_TRANSFER, NULL, nothing_moves},
    {HEALTH_STATEMENT_POSITION_KNOWN, NULL, position_known},
    {HEALTH_STATEMENT_ONE_HISTORY, NULL, one_history},
    {HEALTH_STATEMENT_SAME_HISTORY, same_history, NULL},
    {HEALTH_STATEMENT_NO_SPLIT, no_split, NULL},
    {HEALTH_STATEMENT_CANDIDATE, candidate, NULL},
    {HEALTH_STATEMENT_NOT_MAINTAINED, not_maintained, NULL},
    {HEALTH_STATEMENT_NOTHING_AHEAD, nothing_ahead, NULL},
    {HEALTH_STATEMENT_NOT_BELOW, not_below, NULL},
    {HEALTH_STATEMENT_SAFE_CASE, safe_case, NULL},
};

/* At most four of them are asked of each node. */
_Static_assert(COUNT_OF(preconditions) + 4 * (HEALTH_CLUSTER_NODES_MAX - 1) <=
                   HEALTH_PRECONDITIONS_MAX,
               "there is room for every answer");

static void add(struct health_advice *advice, const struct health_statement *statement)
{
    advice->allowed = advice->allowed && statement->answer == HEALTH_ANSWER_YES;
    advice->preconditions[advice->count++] = *statement;
}

static void ask_whole(const struct choice *choice, const struct precondition *precondition,
                      struct health_advice *advice)
{
    struct health_statement statement = {
        .id = precondition->id, .place = HEALTH_NODE_NONE, .age_ns = -1};

    statement.answer = (uint8_t)precondition->whole(choice, &statement);
    add(advice, &statement);
}

static void ask_each(const struct choice *choice, const struct precondition *precondition,
                     struct health_advice *advice)
{
    for (uint32_t i = 0; i < choice->known->count; i++) {
        const struct health_case_node *node = &choice->known->nodes[i];
        struct health_statement statement = {
            .id = precondition->id,
            .state = (uint8_t)node->known.state,
            .reason = (uint8_t)node->known.reason,
            .place = i,
            .age_ns = node_word_age_ns(choice->known, node),
        };
        statement.answer = (uint8_t)precondition->each(choice, i, &statement);
        add(advice, &statement);
    }
}

/* ---- What is still to be recovered ---- */

/* Only --wsrep-recover would show its position: nothing refutes its files, and none was made yet. */
static bool wants_recovery(const struct choice *choice, uint32_t place)
{
    const struct health_case_node *node = &choice->known->nodes[place];

    return !choice_knows(choice, place) && node->memory.grastate.known && !is_refuted(node) &&
           node->memory.sst_in_progress == HEALTH_ANSWER_NO &&
           node->memory.recovery.status != HEALTH_RECOVERY_RUNNING;
}

/* A recovery holds the data directory for minutes: none where a node runs that others could simply join. */
static void find_recoveries(const struct choice *choice, struct health_advice *advice)
{
    for (uint32_t i = 0; i < choice->known->count; i++)
        if (node_is_down(choice->known, &choice->known->nodes[i]) != HEALTH_ANSWER_YES)
            return;
    for (uint32_t i = 0; i < choice->known->count; i++)
        if (wants_recovery(choice, i))
            advice->recover_places |= 1u << i;
}

void health_advise_bootstrap(const struct health_case *known, struct health_advice *ret_advice)
{
    struct choice choice;

    choose(known, &choice);
    *ret_advice = (struct health_advice){
        .action = HEALTH_ACTION_BOOTSTRAP,
        .allowed = true,
        .safe_case = choice.safe_case,
        .place = choice.place,
        .position = choice_position(&choice),
    };
    for (size_t i = 0; i < COUNT_OF(preconditions); i++) {
        if (preconditions[i].whole)
            ask_whole(&choice, &preconditions[i], ret_advice);
        else
            ask_each(&choice, &preconditions[i], ret_advice);
    }
    find_recoveries(&choice, ret_advice);
}
