/*
 * bootstrap_stage.c - see the header.
 */
#include "bootstrap_stage.h"

#include <healthd/rules.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S HEALTH_NS_PER_S
#define NOW_NS (1000 * S)
#define DOWN_NS (900 * S)

static const struct health_limits *stage_limits(void)
{
    static struct health_limits limits;
    const struct health_cadence cadence = {S, S / 2, S / 2};

    if (health_limits_derive(&cadence, &limits) != HEALTH_OK)
        abort();
    return &limits;
}

struct health_uuid stage_history(char letter)
{
    if (letter == 'Z')
        return (struct health_uuid){0};
    return (struct health_uuid){(uint64_t)letter << 32, 7};
}

static void mistake(const char *word)
{
    fprintf(stderr, "the stage does not know \"%s\"\n", word);
    abort();
}

/* ---- Words ---- */

struct words {
    char text[1024];
    char *rest;
};

static void words_of(struct words *words, const char *text)
{
    snprintf(words->text, sizeof words->text, "%s", text);
    words->rest = words->text;
}

static const char *next_word(struct words *words)
{
    return strtok_r(NULL, " ", &words->rest);
}

static struct health_position position_of(const char *word)
{
    if (!word || !word[0] || word[1] != ':')
        mistake(word ? word : "the end, where a position is expected");
    return (struct health_position){stage_history(word[0]), strtoll(word + 2, NULL, 10)};
}

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

/* ---- Nodes ---- */

static void set_state(struct health_case_node *node, enum health_state state,
                      enum health_agent_fact agent, enum health_claim_fact claim)
{
    node->known.state = state;
    node->facts[HEALTH_FACT_AGENT] = (uint8_t)agent;
    node->facts[HEALTH_FACT_CLAIM] = (uint8_t)claim;
    node->memory.process =
        agent == HEALTH_AGENT_FACT_GONE ? HEALTH_PROCESS_STOPPED : HEALTH_PROCESS_RUNNING;
}

static bool take_state(struct health_case_node *node, const char *word)
{
    node->memory.gvwstate = HEALTH_ANSWER_NO;
    if (is(word, "clean")) {
        set_state(node, HEALTH_STATE_RED_CLEAN, HEALTH_AGENT_FACT_GONE, HEALTH_CLAIM_NONE);
        node->facts[HEALTH_FACT_EXIT] = HEALTH_EXIT_FACT_CLEAN;
    } else if (is(word, "crash")) {
        set_state(node, HEALTH_STATE_RED_UNCLEAN, HEALTH_AGENT_FACT_GONE, HEALTH_CLAIM_NONE);
        node->facts[HEALTH_FACT_EXIT] = HEALTH_EXIT_FACT_SIGNAL;
        node->memory.gvwstate = HEALTH_ANSWER_YES;
    } else if (is(word, "left")) {
        set_state(node, HEALTH_STATE_RED_CLEAN, HEALTH_AGENT_FACT_GONE, HEALTH_CLAIM_NONE);
        node->facts[HEALTH_FACT_EXIT] = HEALTH_EXIT_FACT_UNPROVEN;
    } else if (is(word, "runs"))
        set_state(node, HEALTH_STATE_GREEN, HEALTH_AGENT_FACT_OK, HEALTH_CLAIM_MEMBER);
    else if (is(word, "joins"))
        set_state(node, HEALTH_STATE_YELLOW, HEALTH_AGENT_FACT_OK, HEALTH_CLAIM_JOINING);
    else if (is(word, "alone"))
        set_state(node, HEALTH_STATE_YELLOW, HEALTH_AGENT_FACT_OK, HEALTH_CLAIM_NON_PRIMARY);
    else if (is(word, "silent"))
        set_state(node, HEALTH_STATE_UNKNOWN, HEALTH_AGENT_FACT_NONE, HEALTH_CLAIM_NONE);
    else
        return false;
    return true;
}

static void take_recovery(struct health_node_memory *memory, const char *word, int64_t at_ns)
{
    struct health_position found = {.seqno = HEALTH_SEQNO_NONE};

    memory->recovery.status = HEALTH_RECOVERY_DONE;
    if (is(word, "failed"))
        memory->recovery.status = HEALTH_RECOVERY_FAILED;
    else if (is(word, "running"))
        memory->recovery.status = HEALTH_RECOVERY_RUNNING;
    else
        found = position_of(word);
    memory->recovery.uuid = found.history;
    memory->recovery.seqno = found.seqno;
    memory->recovery_ns = at_ns;
}

static void lose_agent(struct health_case_node *node)
{
    node->facts[HEALTH_FACT_AGENT] = HEALTH_AGENT_FACT_NONE;
    node->agent_age_ns = -1;
    node->memory.files_ns = 0;
    node->memory.process = HEALTH_PROCESS_NOT_KNOWN;
    node->memory.grastate = (struct health_grastate){0};
    node->memory.gvwstate = node->memory.sst_in_progress = HEALTH_ANSWER_NOT_KNOWN;
}

/* Words that set one field each. */
static bool take_flag(struct health_case_node *node, const char *word)
{
    const struct {
        const char *word;
        uint8_t *field;
        uint8_t value;
    } flags[] = {
        {"safe1", &node->memory.grastate.safe_to_bootstrap, HEALTH_ANSWER_YES},
        {"safe?", &node->memory.grastate.safe_to_bootstrap, HEALTH_ANSWER_NOT_KNOWN},
        {"gvw", &node->memory.gvwstate, HEALTH_ANSWER_YES},
        {"nogvw", &node->memory.gvwstate, HEALTH_ANSWER_NO},
        {"gvw?", &node->memory.gvwstate, HEALTH_ANSWER_NOT_KNOWN},
        {"maint", (uint8_t *)&node->known.maintained, true},
        {"sst", &node->memory.sst_in_progress, HEALTH_ANSWER_YES},
        {"sst?", &node->memory.sst_in_progress, HEALTH_ANSWER_NOT_KNOWN},
        {"inconsistent", &node->memory.taint, HEALTH_TAINT_INCONSISTENT},
        {"torn", &node->memory.taint, HEALTH_TAINT_TORN},
        {"joining", &node->memory.taint, HEALTH_TAINT_JOINING},
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (is(word, flags[i].word)) {
            *flags[i].field = flags[i].value;
            return true;
        }
    return false;
}

static void take_word(struct health_case_node *node, const char *word, struct words *words)
{
    struct health_node_memory *memory = &node->memory;

    if (take_flag(node, word))
        return;
    if (is(word, "nofile"))
        memory->grastate = (struct health_grastate){0};
    else if (is(word, "rec"))
        take_recovery(memory, next_word(words), NOW_NS - S / 2);
    else if (is(word, "old"))
        take_recovery(memory, next_word(words), DOWN_NS - S);
    else if (is(word, "stale"))
        node->agent_age_ns = stage_limits()->agent_stale_ns;
    else if (is(word, "noagent") || is(word, "refused"))
        lose_agent(node);
    else if (is(word, "served"))
        memory->served = position_of(next_word(words));
    else if (is(word, "unserved"))
        memory->served = (struct health_position){.seqno = HEALTH_SEQNO_NONE};
    else if (is(word, "sole"))
        memory->served_size = 1;
    else {
        struct health_position saved = position_of(word);
        memory->grastate.known = true;
        memory->grastate.uuid = saved.history;
        memory->grastate.seqno = saved.seqno;
        memory->grastate.safe_to_bootstrap = HEALTH_ANSWER_NO;
    }
}

static void stage_node(const char *text, struct health_case *known)
{
    struct health_case_node *node = &known->nodes[known->count];
    struct words words;
    const char *word;

    *node = (struct health_case_node){.node = known->count,
                                      .known.since_ns = DOWN_NS,
                                      .probe_age_ns = S,
                                      .agent_age_ns = S / 2,
                                      .view_age_ns = -1};
    node->memory = (struct health_node_memory){.served = {stage_history('U'), 1},
                                               .served_ns = DOWN_NS - S,
                                               .files_ns = NOW_NS - S / 2,
                                               .recovery.seqno = HEALTH_SEQNO_NONE,
                                               .sst_in_progress = HEALTH_ANSWER_NO};
    known->count++;
    words_of(&words, text);
    next_word(&words); /* its name */
    word = next_word(&words);
    if (!word || !take_state(node, word))
        mistake(word ? word : text);
    if (node->known.state == HEALTH_STATE_UNKNOWN)
        lose_agent(node);
    while ((word = next_word(&words)))
        take_word(node, word, &words);
}

/* ---- What is around them ---- */

static void take_around(struct health_case *known, const char *word, struct words *words)
{
    if (is(word, "mark"))
        known->memory.served = position_of(next_word(words));
    else if (is(word, "nomark"))
        known->memory.served = (struct health_position){.seqno = HEALTH_SEQNO_NONE};
    else if (is(word, "others"))
        known->cluster.others = (uint32_t)atoi(next_word(words));
    else if (is(word, "size"))
        known->cluster.primary_size = (uint32_t)atoi(next_word(words));
    else if (is(word, "nosize"))
        known->cluster.primary_size = 0;
    else if (is(word, "expected"))
        known->cluster.expected = (uint32_t)atoi(next_word(words));
    else if (is(word, "split"))
        known->memory.split = true;
    else if (is(word, "isolated"))
        known->cluster.reason = HEALTH_REASON_MONITOR_ISOLATED;
    else if (is(word, "crashed"))
        known->memory.crashed_ns = DOWN_NS;
    else
        mistake(word);
}

static void stage_nodes(const char *text, struct health_case *known)
{
    char copy[2048], *rest, *one;

    snprintf(copy, sizeof copy, "%s", text);
    for (one = strtok_r(copy, "|", &rest); one; one = strtok_r(NULL, "|", &rest))
        stage_node(one, known);
}

void stage_case(const char *nodes, const char *around, struct health_case *ret_case)
{
    struct words words;
    const char *word;

    *ret_case = (struct health_case){.now_ns = NOW_NS, .limits = stage_limits()};
    ret_case->memory.served = (struct health_position){stage_history('U'), 0};
    ret_case->memory.served_ns = DOWN_NS;
    ret_case->cluster.colour = HEALTH_COLOUR_RED;
    ret_case->cluster.reason = HEALTH_REASON_NO_MEMBER;
    stage_nodes(nodes, ret_case);
    ret_case->cluster.nodes = ret_case->count;
    ret_case->cluster.expected = ret_case->count;
    ret_case->cluster.primary_size = ret_case->count;
    words_of(&words, around ? around : "");
    while ((word = next_word(&words)))
        take_around(ret_case, word, &words);
    for (uint32_t i = 0; i < ret_case->count; i++) {
        struct health_node_memory *memory = &ret_case->nodes[i].memory;
        if (!memory->served_size)
            memory->served_size = (int32_t)ret_case->cluster.primary_size;
    }
}

/* ---- Answers ---- */

static void say(char *text, size_t size, const char *word, uint32_t number)
{
    size_t length = strlen(text);

    if (number == HEALTH_NODE_NONE)
        snprintf(text + length, size - length, "%s", word);
    else
        snprintf(text + length, size - length, "%s%u", word, number + 1);
}

void stage_answer(const struct health_advice *advice, char *ret_text, size_t size)
{
    uint32_t said = HEALTH_STATEMENT_COUNT;

    snprintf(ret_text, size, "%c ", advice->safe_case ? advice->safe_case : '-');
    say(ret_text, size, advice->place == HEALTH_NODE_NONE ? "nobody" : "n", advice->place);
    if (!advice->allowed)
        say(ret_text, size, ", not:", HEALTH_NODE_NONE);
    for (uint32_t i = 0; i < advice->count; i++) {
        const struct health_statement *statement = &advice->preconditions[i];
        if (statement->answer == HEALTH_ANSWER_YES || statement->id == said)
            continue;
        said = statement->id;
        say(ret_text, size, " ", HEALTH_NODE_NONE);
        say(ret_text, size, health_statement_name((enum health_statement_id)said),
            HEALTH_NODE_NONE);
    }
    if (advice->recover_places)
        say(ret_text, size, "; recover", HEALTH_NODE_NONE);
    for (uint32_t i = 0; i < HEALTH_CLUSTER_NODES_MAX; i++)
        if (advice->recover_places >> i & 1u)
            say(ret_text, size, " n", i);
}
