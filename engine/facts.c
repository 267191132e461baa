/*
 * facts.c - what one node's own testimony says, as facts; and how old it may be to say anything.
 *
 * Testimony that has become too old is taken off the board here. What needs the other nodes' views (peers,
 * view-grew, leave) is left "none" for views.c, joiner.c and leave.c to fill in.
 */
#include "council.h"
#include "witness.h"

/* Too old to be believed? */
static bool expired(const struct health_engine *engine, uint32_t then, uint32_t limit)
{
    return ms_since(then, engine->now_ms) >= (int32_t)limit;
}

/* What kind of member the claim makes the node out to be. Membership needs a Primary component *and*
 * readiness *and* local state Synced or Donor: a leaving node still says Synced. */
static enum health_claim_fact claim_kind(const uint8_t *said)
{
    if (said[SAID_LOCAL_STATE] == HEALTH_LOCAL_ERROR)
        return HEALTH_CLAIM_INCONSISTENT;
    if (said[SAID_COMPONENT] == HEALTH_COMPONENT_DISCONNECTED ||
        said[SAID_CONNECTED] == HEALTH_ANSWER_NO)
        return HEALTH_CLAIM_DISCONNECTED;
    if (said[SAID_COMPONENT] == HEALTH_COMPONENT_NON_PRIMARY)
        return HEALTH_CLAIM_NON_PRIMARY;
    if (said[SAID_LOCAL_STATE] == HEALTH_LOCAL_UNDEFINED ||
        said[SAID_LOCAL_STATE] == HEALTH_LOCAL_JOINER ||
        said[SAID_LOCAL_STATE] == HEALTH_LOCAL_JOINED)
        return HEALTH_CLAIM_JOINING;
    if (said[SAID_READY] == HEALTH_ANSWER_NO)
        return HEALTH_CLAIM_NOT_READY;
    if (said[SAID_COMPONENT] != HEALTH_COMPONENT_PRIMARY || said[SAID_READY] != HEALTH_ANSWER_YES)
        return HEALTH_CLAIM_NONE;
    if (said[SAID_LOCAL_STATE] == HEALTH_LOCAL_DONOR)
        return HEALTH_CLAIM_DONOR;
    return said[SAID_LOCAL_STATE] == HEALTH_LOCAL_SYNCED ? HEALTH_CLAIM_MEMBER : HEALTH_CLAIM_NONE;
}

static enum health_agent_fact agent_fact(const struct node *node)
{
    /* Its agent may watch the wrong process: a probe that was answered after the end refutes it, for
     * as long as probes are answered. */
    if (node->agent == HEALTH_AGENT_FACT_GONE && (node->flags & NODE_REFUTED))
        return HEALTH_AGENT_FACT_NONE;
    return (enum health_agent_fact)node->agent;
}

/* May the agent still say whether the process lives? A live agent will, with its next beat; one that
 * was never heard may exist, for a while after the node was added. One that has seen it run with its port
 * closed and then fell silent is waited for however long: the port has said nothing new since. (One that may
 * not see into the process has no pid of it, and was never a witness of its life.) */
static bool agent_awaited(const struct health_engine *engine, const struct seat *seat)
{
    const struct node *node = seat->node;
    uint8_t agent = seat->facts[HEALTH_FACT_AGENT];
    bool saw_it_run = node->pid && node->agent == HEALTH_AGENT_FACT_NONE &&
                      node->exit == HEALTH_EXIT_FACT_NONE && node->flags & NODE_CLOSED &&
                      seat->facts[HEALTH_FACT_SPOKE] == HEALTH_SPOKE_SINCE;
    bool may_exist = !node->boot && !seat->cold->transitions &&
                     !expired(engine, node->agent_ms, engine->limits.agent_wait);

    if (agent == HEALTH_AGENT_FACT_NONE)
        return saw_it_run || may_exist;
    return agent != HEALTH_AGENT_FACT_GONE && seat->facts[HEALTH_FACT_SPOKE] == HEALTH_SPOKE_BEFORE;
}

static enum health_exit_fact exit_fact(const struct health_engine *engine, const struct seat *seat)
{
    if (seat->node->exit == HEALTH_EXIT_FACT_PENDING &&
        expired(engine, seat->cold->gone_ms, engine->limits.exit_grace))
        return HEALTH_EXIT_FACT_UNPROVEN;
    return (enum health_exit_fact)seat->node->exit;
}

static void forget_expired(const struct health_engine *engine, struct node *node)
{
    if (node->probe != HEALTH_PROBE_FACT_NONE &&
        expired(engine, node->probe_ms, engine->limits.probe_stale))
        node->probe = HEALTH_PROBE_FACT_NONE;
    if (node->agent != HEALTH_AGENT_FACT_NONE &&
        expired(engine, node->agent_ms, engine->limits.agent_stale))
        node->agent = HEALTH_AGENT_FACT_NONE;
    if (expired(engine, node->claim_ms, engine->limits.view_stale))
        node_flag(node, NODE_CLAIM, false);
}

bool seat_reports(const struct seat *seat)
{
    const struct node *node = seat->node;

    return seat->facts[HEALTH_FACT_CLAIM] != HEALTH_CLAIM_NONE && node->history != 0 &&
           node->conf != CONF_NONE && node->size != 0 && !(node->flags & NODE_EXCLUDED) &&
           node->said[SAID_COMPONENT] == HEALTH_COMPONENT_PRIMARY;
}

static void hear(const struct health_engine *engine, struct seat *seat)
{
    struct node *node = seat->node;
    uint8_t *facts = seat->facts;

    forget_expired(engine, node);
    facts[HEALTH_FACT_PROBE] = node->probe;
    facts[HEALTH_FACT_LINK] = (uint8_t)node_link(node);
    facts[HEALTH_FACT_AGENT] = (uint8_t)agent_fact(node);
    facts[HEALTH_FACT_SPOKE] =
        agent_spoke_since(engine, node, seat->cold) ? HEALTH_SPOKE_SINCE : HEALTH_SPOKE_BEFORE;
    facts[HEALTH_FACT_AWAITED] = agent_awaited(engine, seat);
    facts[HEALTH_FACT_CLOSE] = closed_while_answering(node) &&
                               !expired(engine, seat->cold->link_ms, engine->limits.close_hold);
    facts[HEALTH_FACT_CLAIM] = HEALTH_CLAIM_NONE;
    if (node->flags & NODE_CLAIM)
        facts[HEALTH_FACT_CLAIM] = (uint8_t)claim_kind(node->said);
    if (facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_INCONSISTENT)
        node_flag(node, NODE_TAINTED, true);
    else if (facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_DISCONNECTED && node->flags & NODE_TAINTED)
        facts[HEALTH_FACT_CLAIM] = HEALTH_CLAIM_INCONSISTENT; /* why it is disconnected */
    facts[HEALTH_FACT_CLAIM_AGE] = expired(engine, node->claim_ms, engine->limits.view_hold)
                                       ? HEALTH_CLAIM_OLD
                                       : HEALTH_CLAIM_RECENT;
    facts[HEALTH_FACT_PEERS] = HEALTH_PEERS_NONE;
    facts[HEALTH_FACT_GREW] = HEALTH_GREW_NO;
    facts[HEALTH_FACT_EXIT] = (uint8_t)exit_fact(engine, seat);
    facts[HEALTH_FACT_LEAVE] = HEALTH_LEAVE_NONE;

    seat->reports = seat_reports(seat);
}

void council_hear_each(struct council *council)
{
    for (uint32_t i = 0; i < council->count; i++)
        hear(council->engine, &council->seats[i]);
}
