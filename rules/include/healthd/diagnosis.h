/*
 * healthd/diagnosis.h - faults named, and what may safely be done about them.
 *
 * A cluster that is not Green has a fault. From a *case* (<healthd/memory.h>) a *diagnosis* follows: findings,
 * each a fault with the nodes it concerns and the evidence it rests on, ordered so that what explains others
 * stands before them; and for each finding at most one *advice*: an action on one node, allowed or not, with
 * every precondition, its answer, and its evidence. Pure, and no memory of its own: the same case gives the
 * same diagnosis.
 *
 * The order of principles: never lose data; touch availability as little as possible; handle only known
 * faults; leave unknown ones to people. So an action is allowed only where *every* precondition is proven:
 * "not known" counts as no.
 */
#ifndef HEALTHD_DIAGNOSIS_H
#define HEALTHD_DIAGNOSIS_H

#include <healthd/memory.h>

#define HEALTH_SEVERITIES(X) \
    X(INFO, "info") \
    X(WARNING, "warning") \
    X(CRITICAL, "critical")

enum health_severity {
#define X(id, text) HEALTH_SEVERITY_##id,
    HEALTH_SEVERITIES(X)
#undef X
        HEALTH_SEVERITY_COUNT
};

/* Every fault: code, severity, what it means, what is safe to do. The codes are part of the interface. The order
 * is that of findings: what may explain others first. */
#define HEALTH_FAULTS(X) \
    X(SPLIT_BRAIN, "split-brain", CRITICAL, \
      "two Primary components of one history serve side by side", \
      "Stop clients from reaching the smaller side. Do not restart or rejoin its nodes before " \
      "its writes are " \
      "saved: a state transfer discards them.") \
    X(FULL_CRASH, "full-crash", CRITICAL, \
      "every node is down, and not all of them stopped gracefully", \
      "Bootstrap the node with the highest recovered position, after all have been recovered and " \
      "compared, then " \
      "let the others join one by one. Never guess: the wrong node discards what the others " \
      "hold.") \
    X(FULL_STOP, "full-stop", CRITICAL, "every node is down, and all of them stopped gracefully", \
      "Bootstrap the node with the highest saved position, then start the others one by one.") \
    X(QUICK_DOUBLE_CRASH, "quick-double-crash", CRITICAL, \
      "two or more members crashed within moments: what they had acknowledged and not yet " \
      "flushed may be lost", \
      "Compare what clients were promised with what is there, then acknowledge it.") \
    X(QUORUM_LOST, "quorum-lost", CRITICAL, \
      "members are gone, and the rest is no majority: nobody serves", \
      "Bring back the missing members. Set pc.bootstrap on a survivor only when every missing " \
      "one is proven " \
      "to be down.") \
    X(NON_PRIMARY, "non-primary", CRITICAL, "every node runs, and none is in a Primary component", \
      "Mend the network between the nodes: they form a Primary component again by themselves. If " \
      "they do not, " \
      "pc.bootstrap belongs on the one with the highest wsrep_last_committed.") \
    X(MAJORITY_AT_RISK, "majority-at-risk", CRITICAL, \
      "half of the last Primary view or more has crashed", \
      "Expect the survivors to stop serving within seconds. Do not bootstrap one before every " \
      "member is " \
      "known to be down or non-Primary.") \
    X(MONITOR_BLIND, "monitor-blind", WARNING, \
      "nothing is heard of anybody: this says more of the monitor than of the cluster", \
      "Look at the monitor's own network. Nothing is done while it lasts.") \
    X(INCONSISTENT_NODE, "inconsistent-node", CRITICAL, "a node was voted inconsistent", \
      "Never bootstrap from it, whatever position it recovers. Keep its data for inquiry, then " \
      "let it rejoin by a " \
      "full state transfer.") \
    X(FOREIGN_HISTORY, "foreign-history", CRITICAL, "a node serves another history than the rest", \
      "Keep clients off it. It was bootstrapped anew, or belongs elsewhere; rejoining it " \
      "replaces its data.") \
    X(CRASH_LOOP, "crash-loop", CRITICAL, "a node crashes again and again", \
      "Do not start it once more: read its error log. Its disk, its data or its configuration is " \
      "bad.") \
    X(CONNECTIONS_USED_UP, "connections-used-up", WARNING, \
      "a node has no connection left for clients, nor for the probe", \
      "Find who holds them. extra_port, or an administrator's port, keeps one free for the " \
      "probe.") \
    X(WRONG_CREDENTIALS, "wrong-credentials", WARNING, \
      "a node refuses the probe's user: it runs, and nothing more can be learnt from it", \
      "Correct the user or its password, here or on the node.") \
    X(JOINER_STUCK, "joiner-stuck", WARNING, \
      "a node receives its state, and nothing has moved for long", \
      "Read the error logs of joiner and donor. Do not kill the donor; stopping the joiner " \
      "leaves it torn, which " \
      "only costs the transfer.") \
    X(DONOR_BLOCKED, "donor-blocked", WARNING, "a donor applies nothing while the others go on", \
      "Wait for the transfer to end. A method that blocks its donor (rsync) is best replaced by " \
      "mariabackup.") \
    X(JOINER_UNDER_WAY, "joiner-under-way", INFO, "a node receives its state, and it moves on", \
      "Wait. Restarting it or its donor now begins the transfer anew.") \
    X(NODE_FROZEN, "node-frozen", WARNING, "a node's process is there and answers nobody", \
      "Find what stopped it (SIGSTOP, a debugger, a disk that hangs). Its peers leave it out " \
      "after some seconds.") \
    X(CUT_OFF_FROM_PEERS, "cut-off-from-peers", WARNING, \
      "a node runs, and its peers go on without it", \
      "Mend the network between it and its peers: it comes back by itself. A restart is not " \
      "needed.") \
    X(CUT_OFF_FROM_MONITOR, "cut-off-from-monitor", WARNING, \
      "the monitor does not reach a node that others see alive", \
      "Mend the path from the monitor to it. The node itself is well.") \
    X(NODE_CRASHED, "node-crashed", WARNING, "a node ended, and not gracefully", \
      "Start it again while the others serve: it recovers by itself and joins.") \
    X(NODE_STOPPED, "node-stopped", INFO, "a node was stopped gracefully", \
      "Somebody did that on purpose. Start it when that is over.") \
    X(MEMBER_NOT_ROUTABLE, "member-not-routable", INFO, "a member does not take clients' work", \
      "Its own settings say so, or an operator does. Give it back when that is over.") \
    X(MEMBERS_MORE, "members-more", WARNING, "more members than configured or expected", \
      "Configure the stranger, or find out who joined.") \
    X(MEMBERS_FEWER, "members-fewer", WARNING, \
      "the cluster serves with fewer nodes than expected", "Bring back the missing ones.") \
    X(UNKNOWN, "unknown", WARNING, "it is not well, and no known fault explains it", \
      "A person has to look: healthctl why NODE tells what is known of each node.")

enum health_fault {
#define X(id, ...) HEALTH_FAULT_##id,
    HEALTH_FAULTS(X)
#undef X
        HEALTH_FAULT_COUNT
};

/* What is to be said of one fault. Texts are static. */
struct health_fault_row {
    const char *name;
    enum health_severity severity;
    const char *meaning;
    const char *advice; /* for people; what healthd itself may do stands in the diagnosis */
};

HEALTH_API extern const struct health_fault_row health_faults[HEALTH_FAULT_COUNT];

/* What healthd may do. */
#define HEALTH_ACTIONS(X) \
    X(NONE, "none") \
    X(START, "start") \
    X(BOOTSTRAP, "bootstrap") \
    X(STOP, "stop")

enum health_action {
#define X(id, text) HEALTH_ACTION_##id,
    HEALTH_ACTIONS(X)
#undef X
        HEALTH_ACTION_COUNT
};

/*
 * What is stated as evidence, or asked as a precondition. Each has a name, and a sentence for people, in which
 * $node, $state, $reason, $value, $limit and $history stand for the fields of struct health_statement, and $error
 * for the probe's error that $value is.
 */
#define HEALTH_STATEMENTS(X) \
    /* evidence */ \
    X(STATE, "state", "$node is $state: $reason") \
    X(CRASHES, "crashes", "$node has crashed $value times within the window") \
    X(PROBE_ERROR, "probe-error", "the probe of $node fails: $error") \
    X(MOVED, "moved", "the transfer of $node last came on") \
    X(STOOD, "stood", "$node applies nothing although others do") \
    X(SERVED, "served", "$node last served at $history:$value") \
    X(GREENS, "greens", "$value nodes are Green, $limit are expected") \
    X(MEMBERS, "members", "the view has $value members, $limit are configured") \
    X(DOUBLE_CRASH, "double-crash", "$value nodes crashed within moments of each other") \
    X(ROUTABLE, "routable", "$node is not routable: $reason") \
    /* preconditions of a start or a stop; not-in-maintenance is also one of a bootstrap */ \
    X(SERVES, "cluster-serves", "the cluster serves, so a node that starts has somebody to join") \
    X(DOWN, "node-is-down", "its own agent says that mysqld on $node is gone") \
    X(FRESH, "testimony-is-fresh", "what is known of $node is no older than its limit") \
    X(NOT_LOOPING, "no-crash-loop", "$node has not crashed $limit times within the window") \
    X(NOT_TAINTED, "not-inconsistent", "$node was not voted inconsistent") \
    X(NOT_MAINTAINED, "not-in-maintenance", "no operator has taken $node out of service") \
    X(NOBODY_JOINS, "nobody-joins", "no other node is joining") \
    X(NO_SPLIT, "no-split-brain", \
      "neither two Primary components nor a founding below the mark have been seen") \
    X(SIGHTED, "monitor-sees", "the monitor itself is not blind") \
    X(KNOWN_STOP, "wanted", "$node was a member before the recovery began") \
    X(ON_SMALLER_SIDE, "smaller-side", "$node is on the smaller side") \
    /* preconditions of a bootstrap, see <healthd/bootstrap.h>; one-history is also one of a start */ \
    X(NO_PRIMARY, "no-primary-anywhere", "no node serves, nor may serve unseen") \
    X(ALL_OBSERVED, "all-observed", "$node is positively known to be down") \
    X(ALL_CONFIGURED, "all-configured", "every member of the last view is a configured node") \
    X(NO_TRANSFER, "no-transfer", "no state transfer or recovery is going on at $node") \
    X(POSITION_KNOWN, "position-known", "the position of $node is known: $history:$value") \
    X(ONE_HISTORY, "one-history", "$node has the history of the others, or none") \
    X(SAME_HISTORY, "remembered-history", "the history is the one that was last served") \
    X(CANDIDATE, "candidate", "a node whose data can be trusted is there") \
    X(NOTHING_AHEAD, "nothing-ahead", \
      "no discarded node may hold more than the chosen one: $node") \
    X(NOT_BELOW, "not-below-served", \
      "the chosen position $value is not below the highest ever served, $limit") \
    X(SAFE_CASE, "safe-case", "the situation is one of the known safe ones")

enum health_statement_id {
#define X(id, ...) HEALTH_STATEMENT_##id,
    HEALTH_STATEMENTS(X)
#undef X
        HEALTH_STATEMENT_COUNT
};

/* Stable names; the sentence is a template as described above. Static; any thread. */
HEALTH_API const char *health_severity_name(enum health_severity severity);
HEALTH_API const char *health_action_name(enum health_action action);
HEALTH_API const char *health_statement_name(enum health_statement_id id);
HEALTH_API const char *health_statement_text(enum health_statement_id id);

/* One statement about a case: evidence (answer YES), or a precondition with its answer. */
struct health_statement {
    uint8_t id;     /* enum health_statement_id */
    uint8_t answer; /* enum health_answer; a precondition is met by YES alone */
    uint8_t state;  /* enum health_state of the node, where $state is said */
    uint8_t reason; /* enum health_reason, where $reason is said */
    uint32_t place; /* the node's place in the case; HEALTH_NODE_NONE: of no single node */
    int64_t value;  /* as the id says */
    int64_t limit;
    struct health_uuid history;
    int64_t age_ns; /* of the testimony it rests on; -1: none, or it does not matter */
};

#define HEALTH_EVIDENCE_MAX 16
#define HEALTH_PRECONDITIONS_MAX (4 * HEALTH_CLUSTER_NODES_MAX + 16)

/* An action on one node, and why it is allowed or not. */
struct health_advice {
    uint8_t action; /* enum health_action; NONE: there is nothing that healthd could do */
    bool allowed;   /* every precondition is met */
    char safe_case; /* of a bootstrap: 'A', 'B' or 'C'; 0: none of them */
    uint32_t place; /* the node's place in the case; HEALTH_NODE_NONE: not decided */
    struct health_position position; /* of a bootstrap: what the chosen node holds */
    uint32_t
        recover_places; /* bit i: --wsrep-recover would show the i-th node's position, which is missing */
    uint32_t count;
    struct health_statement preconditions[HEALTH_PRECONDITIONS_MAX];
};

#define HEALTH_UNEXPLAINED UINT8_MAX

/* One fault that is there. */
struct health_finding {
    uint8_t fault;        /* enum health_fault */
    uint8_t explained_by; /* the fault that explains it: enum health_fault, or HEALTH_UNEXPLAINED */
    uint32_t places; /* bit i: it concerns the i-th node of the case; 0: the cluster as a whole */
    int64_t since_ns;
    uint32_t count;
    struct health_statement evidence[HEALTH_EVIDENCE_MAX];
};

struct health_diagnosis {
    uint32_t count;
    struct health_finding findings[HEALTH_FAULT_COUNT]; /* each fault at most once, roots first */
    uint32_t faults;             /* the same as a set: 1 << enum health_fault */
    uint8_t treated;             /* the finding that `advice` is about; HEALTH_UNEXPLAINED: none */
    struct health_advice advice; /* the one action that comes next, or would */
};

/* Name what is wrong, and say what may be done next. Pure; any thread. */
HEALTH_API void health_diagnose(const struct health_case *known,
                                struct health_diagnosis *ret_diagnosis);

#endif
