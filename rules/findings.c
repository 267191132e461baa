/*
 * findings.c - how each fault is found in a case.
 *
 * A fault is named when it is there, and not for the moments in which a node on its way up or down looks as if
 * it were: what such a moment can imitate has to be settled first.
 */
#include "finding.h"

static uint32_t count_in(const struct health_case *known, enum health_state state)
{
    return known->cluster.states[state];
}

static bool has_sign(const struct health_case *known, enum health_sign sign)
{
    return known->cluster.signs >> sign & 1u;
}

static bool is_old(const struct health_case *known, int64_t then_ns, int64_t limit_ns)
{
    return then_ns && known->now_ns - then_ns >= limit_ns;
}

static bool lasts(const struct health_case *known, const struct health_case_node *node,
                  int64_t limit_ns)
{
    return known->now_ns - node->known.since_ns >= limit_ns;
}

bool node_settled(const struct health_case *known, const struct health_case_node *node)
{
    return lasts(known, node, known->limits->probe_stale_ns);
}

bool cluster_serves(const struct health_case *known)
{
    return known->cluster.colour == HEALTH_COLOUR_GREEN ||
           known->cluster.colour == HEALTH_COLOUR_YELLOW;
}

static bool is_in(const struct health_case_node *node, enum health_state state)
{
    return node->known.state == state;
}

bool node_is_red(const struct health_case_node *node)
{
    return is_in(node, HEALTH_STATE_RED_CLEAN) || is_in(node, HEALTH_STATE_RED_UNCLEAN);
}

/* A node that leaves says for a moment that it is not Primary, and answers no more. */
static bool is_outside(const struct health_case *known, const struct health_case_node *node)
{
    bool answers = node->facts[HEALTH_FACT_PROBE] == HEALTH_PROBE_FACT_OK ||
                   node->facts[HEALTH_FACT_AGENT] == HEALTH_AGENT_FACT_OK;
    return is_in(node, HEALTH_STATE_YELLOW) && answers &&
           lasts(known, node, known->limits->leave_window_ns);
}

static bool somebody_is_outside(const struct health_case *known)
{
    for (uint32_t i = 0; i < known->count; i++)
        if (is_outside(known, &known->nodes[i]))
            return true;
    return false;
}

/* ---- The cluster as a whole ---- */

static bool splits(const struct health_case *known)
{
    return has_sign(known, HEALTH_SIGN_SPLIT_BRAIN);
}

bool cluster_was_split(const struct health_case *known)
{
    return known->memory.split || splits(known);
}

static bool all_down(const struct health_case *known)
{
    uint32_t down =
        count_in(known, HEALTH_STATE_RED_CLEAN) + count_in(known, HEALTH_STATE_RED_UNCLEAN);
    return known->count && down == known->count;
}

static bool all_stopped(const struct health_case *known)
{
    return all_down(known) && !count_in(known, HEALTH_STATE_RED_UNCLEAN);
}

static bool all_crashed(const struct health_case *known)
{
    return all_down(known) && count_in(known, HEALTH_STATE_RED_UNCLEAN);
}

static bool crashed_together(const struct health_case *known)
{
    return known->memory.crashed_ns != 0;
}

/* Where so many members crashed that the rest is no majority, the rest need not know it yet. */
static bool quorum_lost(const struct health_case *known)
{
    uint32_t running = count_in(known, HEALTH_STATE_GREEN) + count_in(known, HEALTH_STATE_YELLOW);

    if (known->cluster.colour != HEALTH_COLOUR_RED || !running || running == known->count)
        return false;
    return known->cluster.reason == HEALTH_REASON_MAJORITY_CRASHED || somebody_is_outside(known);
}

static bool non_primary(const struct health_case *known)
{
    return known->cluster.colour == HEALTH_COLOUR_RED && !splits(known) && known->count &&
           count_in(known, HEALTH_STATE_YELLOW) == known->count && somebody_is_outside(known);
}

static bool majority_at_risk(const struct health_case *known)
{
    return has_sign(known, HEALTH_SIGN_MAJORITY_AT_RISK);
}

static bool monitor_blind(const struct health_case *known)
{
    return known->cluster.reason == HEALTH_REASON_MONITOR_ISOLATED;
}

static bool foreign_history(const struct health_case *known)
{
    return has_sign(known, HEALTH_SIGN_FOREIGN_HISTORY);
}

static bool members_more(const struct health_case *known)
{
    return count_in(known, HEALTH_STATE_GREEN) > known->cluster.expected ||
           (cluster_serves(known) &&
            known->cluster.primary_size > known->cluster.nodes + known->cluster.others);
}

/* Who has just been added was not heard yet, and is not missed before it could be. */
static uint32_t count_awaited(const struct health_case *known)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < known->count; i++)
        count += !known->nodes[i].known.transitions && !node_settled(known, &known->nodes[i]);
    return count;
}

static bool members_fewer(const struct health_case *known)
{
    return cluster_serves(known) &&
           count_in(known, HEALTH_STATE_GREEN) + count_awaited(known) < known->cluster.expected;
}

/* ---- Single nodes ---- */

static bool is_any(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    (void)node;
    return true;
}

static bool is_off_green(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return !is_in(node, HEALTH_STATE_GREEN);
}

static bool is_on_smaller_side(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return node->known.reason == HEALTH_REASON_SPLIT_BRAIN;
}

static bool is_foreign(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return node->known.reason == HEALTH_REASON_FOREIGN_HISTORY;
}

static bool crashed_with_another(const struct health_case *known,
                                 const struct health_case_node *node)
{
    (void)known;
    return node->memory.crashed_together;
}

/* Also when it is down: its data is what it was. */
static bool is_inconsistent(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return node->known.reason == HEALTH_REASON_INCONSISTENT ||
           node->memory.taint == HEALTH_TAINT_INCONSISTENT;
}

int32_t node_crashes(const struct health_case *known, const struct health_case_node *node)
{
    const int64_t *crash_ns = node->memory.crash_ns;
    int32_t count = 0;

    for (int i = 0; i < HEALTH_CRASHES_KEPT && crash_ns[i]; i++)
        count += crash_ns[0] - crash_ns[i] <= known->limits->crash_loop_ns;
    return count;
}

/* The window is held against the crashes, not against now: who lies there crashed would only be started to crash
 * once more. It is over when the node has served for as long as the window is, or somebody stopped it. */
bool node_loops(const struct health_case *known, const struct health_case_node *node)
{
    bool mended =
        is_in(node, HEALTH_STATE_RED_CLEAN) ||
        (is_in(node, HEALTH_STATE_GREEN) && lasts(known, node, known->limits->crash_loop_ns));
    return !mended && node_crashes(known, node) >= LOOP_CRASHES;
}

static bool answers_error(const struct health_case_node *node, enum health_probe_error error)
{
    return node->facts[HEALTH_FACT_PROBE] == HEALTH_PROBE_FACT_ERROR &&
           node->memory.probe_error == error;
}

static bool is_full(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return answers_error(node, HEALTH_PROBE_TOO_MANY_CONNECTIONS);
}

static bool is_locked(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return answers_error(node, HEALTH_PROBE_AUTH);
}

bool node_joins(const struct health_case_node *node)
{
    return node->memory.joining_ns && !is_in(node, HEALTH_STATE_GREEN) && !node_is_red(node);
}

/* That nothing moved is known only from who would tell if it did. */
static bool is_stuck(const struct health_case *known, const struct health_case_node *node)
{
    bool told = (node->memory.moved && node->facts[HEALTH_FACT_AGENT] != HEALTH_AGENT_FACT_NONE) ||
                node->facts[HEALTH_FACT_CLAIM] != HEALTH_CLAIM_NONE;
    return node_joins(node) && told &&
           is_old(known, node->memory.moved_ns, known->limits->stuck_ns);
}

static bool comes_on(const struct health_case *known, const struct health_case_node *node)
{
    return node_joins(node) && !is_stuck(known, node);
}

static bool is_blocked(const struct health_case *known, const struct health_case_node *node)
{
    return is_in(node, HEALTH_STATE_GREEN) &&
           node->facts[HEALTH_FACT_CLAIM] == HEALTH_CLAIM_DONOR &&
           is_old(known, node->memory.stood_ns, known->limits->stuck_ns);
}

/* It stays frozen when its peers have left it out. On its way out a server is deaf for a moment, too. */
static bool is_frozen(const struct health_case *known, const struct health_case_node *node)
{
    uint8_t agent = node->facts[HEALTH_FACT_AGENT];
    uint8_t probe = node->facts[HEALTH_FACT_PROBE];
    bool deaf = agent == HEALTH_AGENT_FACT_DEAF && probe != HEALTH_PROBE_FACT_OK &&
                probe != HEALTH_PROBE_FACT_ERROR;

    return agent == HEALTH_AGENT_FACT_FROZEN || (deaf && node_settled(known, node));
}

static bool is_off_peers(const struct health_case *known, const struct health_case_node *node)
{
    bool left_out = node->known.reason == HEALTH_REASON_NON_PRIMARY ||
                    node->known.reason == HEALTH_REASON_VIEW_OUTDATED ||
                    node->known.reason == HEALTH_REASON_DISCONNECTED;
    return left_out && cluster_serves(known) && !is_inconsistent(known, node) &&
           is_outside(known, node);
}

static bool is_unheard(const struct health_case_node *node)
{
    uint8_t probe = node->facts[HEALTH_FACT_PROBE];
    return probe == HEALTH_PROBE_FACT_NONE || probe == HEALTH_PROBE_FACT_SILENT ||
           probe == HEALTH_PROBE_FACT_CLOSED || probe == HEALTH_PROBE_FACT_REFUSED;
}

/* Do its peers still count it, longer than they would count a dead one? */
static bool is_counted(const struct health_case *known, const struct health_case_node *node)
{
    const struct health_cluster_snapshot *cluster = &known->cluster;
    bool all_are = cluster->primary_size == cluster->nodes + cluster->others;

    return cluster_serves(known) && lasts(known, node, known->limits->evict_max_ns) &&
           (all_are || node->facts[HEALTH_FACT_PEERS] == HEALTH_PEERS_AGREE);
}

static bool is_off_monitor(const struct health_case *known, const struct health_case_node *node)
{
    bool vouched_for = node->known.reason == HEALTH_REASON_AGENT_ANSWERS ||
                       node->known.reason == HEALTH_REASON_PEERS_CONFIRM;
    bool silent = node->known.reason == HEALTH_REASON_SILENT ||
                  node->known.reason == HEALTH_REASON_NO_TESTIMONY ||
                  node->known.reason == HEALTH_REASON_LINK_CLOSED;

    if (!is_unheard(node) || node->memory.probe_error == HEALTH_PROBE_NONE)
        return false;
    if (vouched_for)
        return node_settled(known, node) &&
               is_old(known, node->memory.probe_error_ns, known->limits->probe_stale_ns);
    return silent && is_counted(known, node);
}

static bool is_crashed(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return is_in(node, HEALTH_STATE_RED_UNCLEAN);
}

static bool is_stopped(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return is_in(node, HEALTH_STATE_RED_CLEAN);
}

static bool is_closed(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return is_in(node, HEALTH_STATE_GREEN) && node->known.routable == HEALTH_ANSWER_NO;
}

static bool is_silent(const struct health_case *known, const struct health_case_node *node)
{
    (void)known;
    return is_in(node, HEALTH_STATE_UNKNOWN);
}

/* ---- Since when ---- */

static int64_t state_since(const struct health_case_node *node)
{
    return node->known.since_ns;
}

static int64_t error_since(const struct health_case_node *node)
{
    return node->memory.probe_error_ns;
}

static int64_t crashing_since(const struct health_case_node *node)
{
    return node->memory.crash_ns[LOOP_CRASHES - 1];
}

static int64_t crash_since(const struct health_case_node *node)
{
    return node->memory.crash_ns[0];
}

static int64_t joining_since(const struct health_case_node *node)
{
    return node->memory.joining_ns;
}

static int64_t moved_since(const struct health_case_node *node)
{
    return node->memory.moved_ns;
}

static int64_t stood_since(const struct health_case_node *node)
{
    return node->memory.stood_ns;
}

/* ---- The table ---- */

#define EACH(...) \
    { \
        __VA_ARGS__ \
    }
#define STATED(id) HEALTH_STATEMENT_##id
#define NOTHING HEALTH_STATEMENT_COUNT
#define STATE_ONLY EACH(STATED(STATE), NOTHING)
#define FOR_FEWER SET(MEMBERS_FEWER)

const struct fault_rule fault_rules[HEALTH_FAULT_COUNT] = {
    [HEALTH_FAULT_SPLIT_BRAIN] = {splits, is_on_smaller_side, state_since,
                                  EACH(STATED(STATE), STATED(SERVED)), NOTHING,
                                  SET(CUT_OFF_FROM_PEERS) | FOR_FEWER},
    [HEALTH_FAULT_FULL_CRASH] = {all_crashed, is_any, NULL, STATE_ONLY, STATED(SERVED),
                                 SET(MAJORITY_AT_RISK) | SET(NODE_CRASHED) | SET(NODE_STOPPED)},
    [HEALTH_FAULT_FULL_STOP] = {all_stopped, is_any, NULL, STATE_ONLY, STATED(SERVED),
                                SET(NODE_STOPPED)},
    [HEALTH_FAULT_QUICK_DOUBLE_CRASH] = {crashed_together, crashed_with_another, crash_since,
                                         EACH(NOTHING, NOTHING), STATED(DOUBLE_CRASH), 0},
    [HEALTH_FAULT_QUORUM_LOST] = {quorum_lost, is_any, NULL, STATE_ONLY, NOTHING,
                                  SET(MAJORITY_AT_RISK) | SET(NODE_CRASHED) | SET(NODE_STOPPED)},
    [HEALTH_FAULT_NON_PRIMARY] = {non_primary, is_any, NULL, STATE_ONLY, NOTHING, 0},
    [HEALTH_FAULT_MAJORITY_AT_RISK] = {majority_at_risk, is_crashed, state_since, STATE_ONLY,
                                       STATED(GREENS), SET(NODE_CRASHED) | FOR_FEWER},
    [HEALTH_FAULT_MONITOR_BLIND] = {monitor_blind, is_silent, NULL, STATE_ONLY, NOTHING,
                                    SET(CUT_OFF_FROM_MONITOR)},
    [HEALTH_FAULT_INCONSISTENT_NODE] = {NULL, is_inconsistent, state_since,
                                        EACH(STATED(STATE), STATED(SERVED)), NOTHING,
                                        SET(NODE_CRASHED) | SET(NODE_STOPPED) | FOR_FEWER},
    [HEALTH_FAULT_FOREIGN_HISTORY] = {foreign_history, is_foreign, state_since, STATE_ONLY,
                                      STATED(SERVED), FOR_FEWER},
    [HEALTH_FAULT_CRASH_LOOP] = {NULL, node_loops, crashing_since,
                                 EACH(STATED(CRASHES), STATED(STATE)), NOTHING,
                                 SET(NODE_CRASHED) | SET(JOINER_UNDER_WAY) | FOR_FEWER},
    [HEALTH_FAULT_CONNECTIONS_USED_UP] = {NULL, is_full, error_since,
                                          EACH(STATED(PROBE_ERROR), STATED(STATE)), NOTHING,
                                          FOR_FEWER},
    [HEALTH_FAULT_WRONG_CREDENTIALS] = {NULL, is_locked, error_since,
                                        EACH(STATED(PROBE_ERROR), STATED(STATE)), NOTHING,
                                        FOR_FEWER},
    [HEALTH_FAULT_JOINER_STUCK] = {NULL, is_stuck, moved_since, EACH(STATED(MOVED), STATED(STATE)),
                                   NOTHING, FOR_FEWER},
    [HEALTH_FAULT_DONOR_BLOCKED] = {NULL, is_blocked, stood_since,
                                    EACH(STATED(STOOD), STATED(SERVED)), STATED(SERVED), 0},
    [HEALTH_FAULT_JOINER_UNDER_WAY] = {NULL, comes_on, joining_since,
                                       EACH(STATED(STATE), STATED(MOVED)), NOTHING, FOR_FEWER},
    [HEALTH_FAULT_NODE_FROZEN] = {NULL, is_frozen, state_since, STATE_ONLY, NOTHING, FOR_FEWER},
    [HEALTH_FAULT_CUT_OFF_FROM_PEERS] = {NULL, is_off_peers, state_since, STATE_ONLY, NOTHING,
                                         FOR_FEWER},
    [HEALTH_FAULT_CUT_OFF_FROM_MONITOR] = {NULL, is_off_monitor, error_since,
                                           EACH(STATED(STATE), STATED(PROBE_ERROR)), NOTHING,
                                           FOR_FEWER},
    [HEALTH_FAULT_NODE_CRASHED] = {NULL, is_crashed, state_since, STATE_ONLY, NOTHING, FOR_FEWER},
    [HEALTH_FAULT_NODE_STOPPED] = {NULL, is_stopped, state_since, STATE_ONLY, NOTHING, FOR_FEWER},
    [HEALTH_FAULT_MEMBER_NOT_ROUTABLE] = {NULL, is_closed, state_since,
                                          EACH(STATED(ROUTABLE), NOTHING), NOTHING, 0},
    [HEALTH_FAULT_MEMBERS_MORE] = {members_more, NULL, NULL, EACH(NOTHING, NOTHING),
                                   STATED(MEMBERS), 0},
    [HEALTH_FAULT_MEMBERS_FEWER] = {members_fewer, is_off_green, NULL, EACH(NOTHING, NOTHING),
                                    STATED(GREENS), 0},
    [HEALTH_FAULT_UNKNOWN] = {NULL, NULL, state_since, STATE_ONLY, NOTHING, 0},
};
