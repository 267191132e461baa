/*
 * node_rules.c - the three questions about a node, and what their answers add up to.
 *
 * Order is meaning: the first row that matches answers. Notes on single rows: rules/README.md.
 */
#include "tables.h"

#define PROBE(value) BIT(HEALTH_PROBE_FACT_##value)
#define LINK(value) BIT(HEALTH_LINK_FACT_##value)
#define AGENT(value) BIT(HEALTH_AGENT_FACT_##value)
#define SPOKE(value) BIT(HEALTH_SPOKE_##value)
#define AWAITED(value) BIT(HEALTH_AWAITED_##value)
#define CLOSE(value) BIT(HEALTH_CLOSE_##value)
#define CLAIM(value) BIT(HEALTH_CLAIM_##value)
#define CLAIM_AGE(value) BIT(HEALTH_CLAIM_##value)
#define PEERS(value) BIT(HEALTH_PEERS_##value)
#define GREW(value) BIT(HEALTH_GREW_##value)
#define EXIT(value) BIT(HEALTH_EXIT_FACT_##value)
#define LEAVE(value) BIT(HEALTH_LEAVE_##value)

#define IF(fact, values) [HEALTH_FACT_##fact] = ALLOW(values)
#define ROW(id, answer, reason, ...) \
    { \
        (id), HEALTH_ANSWER_##answer, HEALTH_REASON_##reason, \
        { \
            __VA_ARGS__ \
        } \
    }

#define AGENT_SEES_PROCESS (AGENT(OK) | AGENT(ALIVE) | AGENT(STARTING) | AGENT(DEAF))
#define IN_SERVICE (CLAIM(MEMBER) | CLAIM(DONOR))
#define NOT_REFUSED (PROBE(NONE) | PROBE(SILENT) | PROBE(CLOSED))

/* Is mysqld running? Only explicit evidence says no; silence says nothing. */
static const struct health_rule running_rules[] = {
    ROW(10, NO, PROCESS_GONE, IF(AGENT, AGENT(GONE))),
    ROW(20, YES, ANSWERS, IF(PROBE, PROBE(OK))),
    ROW(30, YES, ANSWERS_ERROR, IF(PROBE, PROBE(ERROR) | PROBE(LEAVING))),
    ROW(40, YES, FROZEN, IF(AGENT, AGENT(FROZEN))),
    ROW(50, YES, AGENT_SEES, IF(AGENT, AGENT_SEES_PROCESS), IF(PROBE, NOT_REFUSED)),
    ROW(60, YES, PORT_CLOSED, IF(AGENT, AGENT_SEES_PROCESS), IF(SPOKE, SPOKE(SINCE))),
    ROW(70, YES, JOINING, IF(PROBE, PROBE(REFUSED)), IF(GREW, GREW(YES))),
    ROW(80, NOT_KNOWN, MAYBE_JOINING, IF(PROBE, PROBE(REFUSED)), IF(GREW, GREW(MAYBE))),
    ROW(90, NOT_KNOWN, CONTRADICTED, IF(PROBE, PROBE(REFUSED)), IF(LINK, LINK(UP)),
        IF(PEERS, (unsigned)~PEERS(EXCLUDE))),
    ROW(100, NOT_KNOWN, AGENT_AWAITED, IF(PROBE, PROBE(REFUSED)), IF(AWAITED, AWAITED(YES))),
    ROW(110, NO, REFUSED, IF(PROBE, PROBE(REFUSED))),
    ROW(120, YES, JUST_CLOSED, IF(PROBE, PROBE(CLOSED)), IF(CLOSE, CLOSE(JUST_NOW))),
    ROW(130, NOT_KNOWN, LINK_CLOSED, IF(PROBE, PROBE(CLOSED))),
    ROW(140, NOT_KNOWN, LINK_CLOSED, IF(LINK, LINK(CLOSED)), IF(PROBE, PROBE(SILENT))),
    ROW(150, NOT_KNOWN, SILENT, IF(PROBE, PROBE(SILENT))),
    ROW(160, NOT_KNOWN, NO_TESTIMONY, IF(PROBE, PROBE(NONE))),
};

DEFINE_TABLE(running, "is mysqld running?", health_node_facts,
             &health_answer_facts[HEALTH_QUESTION_RUNNING]);

/* Is it a member of the cluster's Primary component? Peers can refute what it says of itself, and
 * confirm it; who cannot answer now is only what it was a moment ago. */
static const struct health_rule member_rules[] = {
    ROW(10, NO, INCONSISTENT, IF(CLAIM, CLAIM(INCONSISTENT))),
    ROW(20, NO, DISCONNECTED, IF(CLAIM, CLAIM(DISCONNECTED))),
    ROW(30, NO, NON_PRIMARY, IF(CLAIM, CLAIM(NON_PRIMARY))),
    ROW(40, NO, NOT_READY, IF(CLAIM, CLAIM(NOT_READY))),
    ROW(50, NO, JOINING, IF(CLAIM, CLAIM(JOINING))),
    ROW(60, NO, STARTING, IF(AGENT, AGENT(STARTING)), IF(PROBE, NOT_REFUSED | PROBE(REFUSED))),
    ROW(70, NO, FOREIGN_HISTORY, IF(PEERS, PEERS(FOREIGN))),
    ROW(80, NO, SPLIT_BRAIN, IF(PEERS, PEERS(SPLIT))),
    ROW(90, NO, VIEW_OUTDATED, IF(PEERS, PEERS(EXCLUDE))),
    ROW(100, NO, SHUTTING_DOWN, IF(PROBE, PROBE(LEAVING))),
    ROW(110, NOT_KNOWN, FROZEN, IF(AGENT, AGENT(FROZEN))),
    ROW(120, YES, DONOR, IF(CLAIM, CLAIM(DONOR)), IF(PROBE, PROBE(OK))),
    ROW(130, YES, SYNCED, IF(CLAIM, CLAIM(MEMBER)), IF(PROBE, PROBE(OK))),
    ROW(140, YES, AGENT_ANSWERS, IF(CLAIM, IN_SERVICE), IF(AGENT, AGENT(OK)),
        IF(PROBE, NOT_REFUSED | PROBE(ERROR))),
    ROW(150, YES, AGENT_ANSWERS, IF(CLAIM, IN_SERVICE), IF(AGENT, AGENT(OK)),
        IF(SPOKE, SPOKE(SINCE))),
    ROW(160, YES, PEERS_CONFIRM, IF(CLAIM, IN_SERVICE), IF(PROBE, PROBE(ERROR)),
        IF(PEERS, PEERS(AGREE))),
    ROW(170, YES, VIEW_RECENT, IF(CLAIM, IN_SERVICE), IF(CLAIM_AGE, CLAIM_AGE(RECENT)),
        IF(PROBE, PROBE(ERROR))),
    ROW(180, YES, JUST_CLOSED, IF(CLAIM, IN_SERVICE), IF(CLAIM_AGE, CLAIM_AGE(RECENT)),
        IF(PROBE, PROBE(CLOSED)), IF(CLOSE, CLOSE(JUST_NOW))),
    ROW(190, NO, JOINING, IF(PROBE, PROBE(REFUSED)), IF(GREW, GREW(YES))),
    ROW(200, NO, PORT_CLOSED, IF(PROBE, PROBE(REFUSED)), IF(AGENT, AGENT_SEES_PROCESS)),
    ROW(210, NOT_KNOWN, UNRESPONSIVE, IF(AGENT, AGENT(DEAF)), IF(PROBE, NOT_REFUSED)),
    ROW(220, NOT_KNOWN, VIEW_EXPIRED, 0),
};

DEFINE_TABLE(member, "is it a member of the Primary component?", health_node_facts,
             &health_answer_facts[HEALTH_QUESTION_MEMBER]);

/* Did it exit gracefully? What the process and its files say comes first, then how the peers' view
 * moved; without any proof it did not. */
static const struct health_rule clean_rules[] = {
    ROW(10, NO, KILLED, IF(EXIT, EXIT(SIGNAL))),
    ROW(20, NO, EXIT_FAILED, IF(EXIT, EXIT(FAILED))),
    ROW(30, NO, EXIT_UNSAFE, IF(EXIT, EXIT(UNSAFE))),
    ROW(40, YES, EXIT_CLEAN, IF(EXIT, EXIT(CLEAN))),
    ROW(50, NO, PEERS_HOLD, IF(LEAVE, LEAVE(HELD))),
    ROW(60, NOT_KNOWN, EXIT_PENDING, IF(EXIT, EXIT(PENDING))),
    ROW(70, YES, LEFT_POLITELY, IF(LEAVE, LEAVE(LEFT))),
    ROW(80, NOT_KNOWN, LEAVE_PENDING, IF(LEAVE, LEAVE(WAITING))),
    ROW(90, NO, EXIT_NOT_PROVEN, 0),
};

DEFINE_TABLE(clean, "did it exit gracefully?", health_node_facts,
             &health_answer_facts[HEALTH_QUESTION_CLEAN]);

#undef IF
#undef ROW
#define IF(question, answer) [HEALTH_QUESTION_##question] = ALLOW(BIT(HEALTH_ANSWER_##answer))
#define ROW(id, state, ...) \
    { \
        (id), HEALTH_STATE_##state, HEALTH_REASON_NONE, \
        { \
            __VA_ARGS__ \
        } \
    }

/* What the answers add up to. */
static const struct health_rule state_rules[] = {
    ROW(10, GREEN, IF(RUNNING, YES), IF(MEMBER, YES)),
    ROW(20, YELLOW, IF(RUNNING, YES), IF(MEMBER, NO)),
    ROW(30, UNKNOWN, IF(RUNNING, YES), IF(MEMBER, NOT_KNOWN)),
    ROW(40, RED_CLEAN, IF(RUNNING, NO), IF(CLEAN, YES)),
    ROW(50, RED_UNCLEAN, IF(RUNNING, NO), IF(CLEAN, NO)),
    ROW(60, UNKNOWN, IF(RUNNING, NO), IF(CLEAN, NOT_KNOWN)),
    ROW(70, UNKNOWN, IF(RUNNING, NOT_KNOWN)),
};

DEFINE_TABLE(state, "what do the answers add up to?", health_answer_facts,
             &health_routable_facts[HEALTH_ROUTABLE_STATE]);
