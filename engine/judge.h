/*
 * judge.h - from the facts about a cluster's nodes to verdicts, by the rules' tables.
 */
#ifndef HEALTHD_ENGINE_JUDGE_H
#define HEALTHD_ENGINE_JUDGE_H

#include "council.h"

struct verdict {
    const struct health_rule *rules[HEALTH_QUESTION_COUNT];
    uint8_t answers[HEALTH_QUESTION_COUNT];
    uint8_t state;
    uint8_t reason;
};

/* Answer the three questions about a node and look its state up. Pure. */
void verdict_of(const struct health_ruleset *rules, const uint8_t *facts, struct verdict *verdict);

/* Should clients be sent to a node that is in this state and claims this? Pure. */
const struct health_rule *routable_rule(const struct health_engine *engine, uint32_t id,
                                        uint8_t state);

/* Seat a cluster's nodes, in their order. */
void council_convene(struct council *council, const struct health_engine *engine, uint32_t cluster);

/* Find the facts about each, until finding them once more would find the same. Changes only what is
 * derived from testimony: what has expired, and what the views have shown. */
void council_find_facts(struct council *council);

/* What a cluster's node states amount to. */
struct census {
    uint32_t states[HEALTH_STATE_COUNT];
    uint32_t base;    /* size of the last Primary view without its graceful leavers; 0 not known */
    uint32_t crashed; /* its members that were killed and that peers, asked since, still count */
    uint32_t killed;  /* others that did not live to leave it, as their agents saw */
    uint32_t gone;    /* its other members that are gone: the view may be smaller already */
    uint32_t useless; /* members that are gone in a way that is not known yet, or frozen */
    uint32_t leaving; /* members that may be on their way out, or coming in */
    uint32_t joining; /* of the base, those that come in and may not serve yet */
    uint32_t voters;  /* who may have a vote without being seen to serve: joiners, strangers */
    uint32_t mute;    /* nodes of which nothing is heard at all */
};

void census_take(const struct health_engine *engine, const struct cluster *cluster,
                 struct census *census);

/* Facts about each node of a cluster, in their order. */
typedef uint8_t cluster_facts[HEALTH_CLUSTER_NODES_MAX][HEALTH_NODE_FACT_COUNT];

/* why.c: the facts as of the last call. One council for all of them: a question about each node would cost its
 * square. */
void facts_of(const struct health_engine *engine, uint32_t cluster, cluster_facts ret_facts);

/* ... what is believed of a node, and how old its testimony is; not its facts, nor what follows from them. */
void why_of(const struct health_engine *engine, uint32_t node, struct health_why *ret_why);

/* Judge a cluster anew, commit what changed, arm its nodes' deadlines. */
void cluster_judge(struct health_engine *engine, uint32_t cluster);

#endif
