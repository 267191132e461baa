/*
 * healthd/reason.h - why a state, a colour or an answer is what it is.
 *
 * A reason is a code, never free text: it can be counted, translated and tested. Each has a name, which
 * is part of the interface, and a sentence for people. Which rule gives which reason is data in rules/.
 */
#ifndef HEALTHD_REASON_H
#define HEALTHD_REASON_H

#include <healthd/types.h>

#define HEALTH_REASONS(X) \
    X(NONE, "none", "nothing has been decided yet") \
    /* mysqld runs, and is a member or not */ \
    X(SYNCED, "synced", "it answers, is Synced, ready and in the Primary component") \
    X(DONOR, "donor", "it answers and is a member that gives a state transfer or is desynced") \
    X(ANSWERS, "answers", "it answers") \
    X(ANSWERS_ERROR, "answers-error", "it answers with an error packet, so it runs") \
    X(AGENT_SEES, "agent-sees", "its agent sees the process") \
    X(AGENT_ANSWERS, "agent-answers", "its agent gets answers, and the monitor itself has none") \
    X(PEERS_CONFIRM, "peers-confirm", \
      "it runs, and its peers report the view it was last seen in") \
    X(VIEW_RECENT, "view-recent", "it runs, and was a member a moment ago") \
    X(JUST_CLOSED, "just-closed", "its connection closed a moment ago; the next probe tells") \
    X(INCONSISTENT, "inconsistent", "it was voted inconsistent: its data is tainted") \
    X(DISCONNECTED, "disconnected", "it runs without a cluster") \
    X(NON_PRIMARY, "non-primary", "it is in a component that is not Primary") \
    X(NOT_READY, "not-ready", "it refuses work (wsrep_ready is OFF)") \
    X(JOINING, "joining", "it is joining: a state transfer or catching up") \
    X(FOREIGN_HISTORY, "foreign-history", "its state UUID is not the cluster's") \
    X(SPLIT_BRAIN, "split-brain", "it is on the smaller side of two Primary components") \
    X(VIEW_OUTDATED, "view-outdated", \
      "its view has passed: a newer whole one leaves it out, or the rest of it is no majority") \
    X(SHUTTING_DOWN, "shutting-down", "it said that it is shutting down") \
    X(STARTING, "starting", "the process runs and takes no connections") \
    X(PORT_CLOSED, "port-closed", "the process runs with its port closed") \
    /* not known */ \
    X(FROZEN, "frozen", "the process is stopped (SIGSTOP, debugger) and cannot answer") \
    X(UNRESPONSIVE, "unresponsive", "the process runs and answers nobody") \
    X(VIEW_EXPIRED, "view-expired", "it runs, and nobody has seen its view for too long") \
    X(AGENT_AWAITED, "agent-awaited", \
      "its port is closed; its agent has still to say whether it runs") \
    X(CONTRADICTED, "contradicted", "its port refuses while an open connection lives on") \
    X(MAYBE_JOINING, "maybe-joining", \
      "its port is closed, and its peers count one member more that may be it") \
    X(LINK_CLOSED, "link-closed", "its connections closed, and no new one was refused yet") \
    X(SILENT, "silent", "nothing answers: silence proves nothing") \
    X(NO_TESTIMONY, "no-testimony", "no witness has spoken, or all have gone stale") \
    X(EXIT_PENDING, "exit-pending", \
      "it exited, its files look clean, how it ended is not known yet") \
    X(LEAVE_PENDING, "leave-pending", "it is gone, and its peers have not shown yet how it left") \
    /* gone */ \
    X(PROCESS_GONE, "process-gone", "its agent saw the process end") \
    X(REFUSED, "refused", "connections are refused: nothing listens") \
    X(EXIT_CLEAN, "exit-clean", "exit code 0 and a saved position") \
    X(LEFT_POLITELY, "left-politely", "its peers' view shrank as its connections closed") \
    X(KILLED, "killed", "a signal ended it") \
    X(EXIT_FAILED, "exit-failed", "it ended with an error code") \
    X(EXIT_UNSAFE, "exit-unsafe", "its files show that it did not close its state") \
    X(PEERS_HOLD, "peers-hold", "its peers still counted it after its connections had closed") \
    X(EXIT_NOT_PROVEN, "exit-not-proven", "it is gone, and nothing proves a graceful exit") \
    /* clusters */ \
    X(ALL_SERVE, "all-serve", "it serves with the expected number of nodes") \
    X(SOME_SERVE, "some-serve", "it serves with another number of nodes than expected") \
    X(MAJORITY_CRASHED, "majority-crashed", \
      "so many members crashed that the rest is no majority") \
    X(NO_MEMBER, "no-member", "every node is known, and none is a serving member") \
    X(NO_QUORUM, "no-quorum", "the nodes not known about are too few for a quorum") \
    X(SPLIT_TIE, "split-tie", "two Primary components of equal size: neither can be preferred") \
    X(MONITOR_ISOLATED, "monitor-isolated", "nobody answers: the monitor has learnt about itself") \
    X(NOT_ENOUGH_KNOWN, "not-enough-known", "nothing proves that it serves nor that it cannot") \
    /* routable */ \
    X(ROUTABLE, "routable", "it takes clients' work") \
    X(NOT_GREEN, "not-green", "only a serving member takes clients' work") \
    X(REJECTING, "rejecting", "wsrep_reject_queries refuses clients") \
    X(MAINTENANCE, "maintenance", "pxc_maint_mode or an operator has taken it out of service") \
    X(DONOR_REJECTS, "donor-rejects", "it is a donor that refuses clients") \
    X(DESYNCED, "desynced", "wsrep_desync is ON: it may lag without bound") \
    X(READ_ONLY, "read-only", "read_only is ON: it takes no writes")

enum health_reason {
#define X(id, name, text) HEALTH_REASON_##id,
    HEALTH_REASONS(X)
#undef X
        HEALTH_REASON_COUNT
};

/* Stable name and sentence of a reason; "?" outside the enum. Static texts; any thread. */
HEALTH_API const char *health_reason_name(enum health_reason reason);
HEALTH_API const char *health_reason_text(enum health_reason reason);

#endif
