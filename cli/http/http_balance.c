/*
 * http_balance.c - for load balancers: may clients be sent there? 200, or 503 with the reason.
 *
 * What is not known is 503: who asks here can send clients elsewhere, and a node that nobody can see is no
 * place for them. The one exception is a cluster of which nothing at all is known: then the monitor has
 * learnt about itself (it is cut off, or has just begun), and `unknown=yes` answers 200 for all of its
 * nodes, because 503 would take down what may well serve.
 */
#include "http_private.h"

#include <healthd/engine.h>

#include <event2/http.h>
#include <stdio.h>
#include <string.h>

/* What a balancer takes beside the routable. clustercheck's names are AVAILABLE_WHEN_DONOR and
 * AVAILABLE_WHEN_READONLY; its defaults are 0 and 1. */
struct taste {
    bool
        donor; /* a member that gives a state transfer or is desynced; default: yes, unless desynced */
    bool donor_said;
    bool read_only; /* default: no */
    bool unknown;   /* default: no */
};

static bool read_taste(struct http_call *call, struct taste *ret_taste)
{
    static const char *const keys[] = {"donor", "read-only", "unknown"};
    bool *const flags[] = {&ret_taste->donor, &ret_taste->read_only, &ret_taste->unknown};

    for (unsigned i = 0; i < 3; i++) {
        bool valid;
        *flags[i] = http_query_flag(call, keys[i], false, &valid);
        if (!valid) {
            http_refuse(call, HTTP_BADREQUEST, "yes or no is expected for %s", keys[i]);
            return false;
        }
    }
    ret_taste->donor_said = http_query(call, "donor") != NULL;
    return true;
}

static bool nothing_known(const struct overview *overview, uint32_t cluster)
{
    struct health_cluster_snapshot snapshot;
    return health_cluster_snapshot(overview->engine, cluster, &snapshot) == HEALTH_OK &&
           snapshot.states[HEALTH_STATE_UNKNOWN] == snapshot.nodes;
}

/* May clients be sent to this node? *ret_reason: why, or why not. */
static bool accepts(const struct overview *overview, uint32_t node, const struct taste *taste,
                    const char **ret_reason)
{
    const struct health_view *view = &sightings_of(overview->sightings, node)->view;
    struct health_node_snapshot snapshot;

    if (health_node_snapshot(overview->engine, node, &snapshot) != HEALTH_OK)
        return false;
    *ret_reason = health_reason_name(snapshot.maintained ? HEALTH_REASON_MAINTENANCE
                                                         : snapshot.routable_reason);
    if (snapshot.maintained)
        return false; /* whatever its state, and whatever is asked for */
    if (snapshot.routable == HEALTH_ANSWER_YES) {
        bool donor = snapshot.reason == HEALTH_REASON_DONOR;
        if (donor)
            *ret_reason = health_reason_name(HEALTH_REASON_DONOR);
        return !donor || !taste->donor_said || taste->donor;
    }
    if (snapshot.state == HEALTH_STATE_UNKNOWN)
        return taste->unknown && nothing_known(overview, snapshot.cluster);
    if (snapshot.routable_reason == HEALTH_REASON_DESYNCED)
        return taste->donor && (view->read_only != HEALTH_ANSWER_YES || taste->read_only);
    return snapshot.routable_reason == HEALTH_REASON_READ_ONLY && taste->read_only;
}

/* By name in all clusters. ROSTER_NONE: it was refused. */
static uint32_t find_node(struct http_call *call)
{
    const struct roster *roster = call->overview->roster;
    const char *cluster = call->part_count == 3 ? call->parts[1] : NULL;
    const char *name = call->parts[call->part_count - 1];
    uint32_t found = ROSTER_NONE;

    for (uint32_t i = 0; i < roster->directory.node_capacity; i++) {
        const struct directory_entry *entry = directory_find(&roster->directory, i);
        if (!entry || strcmp(entry->node, name) != 0 ||
            (cluster && strcmp(entry->cluster, cluster) != 0))
            continue;
        if (found != ROSTER_NONE) {
            http_refuse(call, HTTP_NOTFOUND,
                        "/node/CLUSTER/NODE is expected: several clusters have a node of this "
                        "name");
            return ROSTER_NONE;
        }
        found = i;
    }
    if (found == ROSTER_NONE)
        http_refuse(call, HTTP_NOTFOUND, "the name of a node is expected (/v1/clusters has them)");
    return found;
}

static void answer(struct http_call *call, bool good, const char *subject, const char *state,
                   const char *reason)
{
    http_header(call, "X-Health-State", state);
    http_header(call, "X-Health-Reason", reason);
    http_answer(call, good ? HTTP_OK : HTTP_SERVUNAVAIL, "text/plain", "%s is %s: %s (%s)\n",
                subject, good ? "routable" : "not routable", reason, state);
}

void http_balance_node(struct http_call *call)
{
    struct taste taste;
    struct health_node_snapshot snapshot;
    const char *reason = "";
    uint32_t node;

    if (!read_taste(call, &taste) || (node = find_node(call)) == ROSTER_NONE ||
        health_node_snapshot(call->overview->engine, node, &snapshot) != HEALTH_OK)
        return;
    bool good = accepts(call->overview, node, &taste, &reason);
    answer(call, good, roster_node_name(call->overview->roster, node),
           health_state_name(snapshot.state), reason);
}

/* A cluster takes clients while one of its nodes does. */
void http_balance_cluster(struct http_call *call)
{
    const struct roster *roster = call->overview->roster;
    uint32_t cluster = roster_find_cluster(roster, call->parts[1]);
    struct health_cluster_snapshot snapshot;
    struct taste taste;
    const char *reason;
    bool good = false;

    if (!read_taste(call, &taste))
        return;
    if (cluster == ROSTER_NONE ||
        health_cluster_snapshot(call->overview->engine, cluster, &snapshot) != HEALTH_OK) {
        http_refuse(call, HTTP_NOTFOUND,
                    "the name of a cluster is expected (/v1/clusters has "
                    "them)");
        return;
    }
    for (uint32_t i = 0; i < roster->clusters[cluster].count; i++)
        good |= accepts(call->overview, roster->clusters[cluster].nodes[i], &taste, &reason);
    answer(call, good, call->parts[1], health_colour_name(snapshot.colour),
           health_reason_name(snapshot.reason));
}
