/*
 * balance.c - may clients be sent there?
 */
#include "balance.h"

#include <healthd/observer.h>

#include <string.h>
#include <strings.h>
#include <sys/queue.h>

/* How a node stands to clients, before it is asked who else is there. */
enum standing { REFUSES, DONATES, SERVES };

/* ---- What was asked ---- */

static bool read_flag(const char *text, bool *ret_flag)
{
    *ret_flag =
        strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return *ret_flag || strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0 ||
           strcmp(text, "0") == 0;
}

bool balance_read_taste(const struct evkeyvalq *query, struct balance_taste *ret_taste)
{
    const struct evkeyval *pair;

    *ret_taste = (struct balance_taste){.donor = BALANCE_DONOR_LAST};
    TAILQ_FOREACH(pair, query, next)
    {
        bool flag;
        if (!read_flag(pair->value, &flag))
            return false;
        if (strcmp(pair->key, "donor") == 0)
            ret_taste->donor = flag ? BALANCE_DONOR_ALWAYS : BALANCE_DONOR_NEVER;
        else if (strcmp(pair->key, "read-only") == 0)
            ret_taste->read_only = flag;
        else if (strcmp(pair->key, "unknown") == 0)
            ret_taste->unknown = flag;
        else if (strcmp(pair->key, "drain") == 0)
            ret_taste->drain = flag;
        else
            return false;
    }
    return true;
}

uint32_t balance_find(const struct roster *roster, const char *cluster, const char *name,
                      bool *ret_several)
{
    uint32_t found = ROSTER_NONE;

    *ret_several = false;
    if (cluster) {
        uint32_t home = roster_find_cluster(roster, cluster);
        return home == ROSTER_NONE ? ROSTER_NONE : roster_find_node(roster, home, name);
    }
    for (uint32_t i = 0; i < roster->directory.node_capacity; i++) {
        const struct directory_entry *entry = directory_find(&roster->directory, i);
        if (!entry || strcmp(entry->node, name) != 0)
            continue;
        if (found != ROSTER_NONE) {
            *ret_several = true;
            return ROSTER_NONE;
        }
        found = i;
    }
    return found;
}

/* ---- What is known ---- */

/* When a witness was last heard, or was found silent. */
static int64_t looked_at_ns(const struct overview *overview, uint32_t node)
{
    const struct sighting *sighting = sightings_of(overview->sightings, node);
    return sighting->probe_ns > sighting->beat_ns ? sighting->probe_ns : sighting->beat_ns;
}

/* By the true clock: the engine's own ages stand still while the monitor is stopped. */
static bool is_stale(const struct overview *overview, uint32_t node)
{
    const struct health_limits *limits = overview->limits;
    int64_t limit_ns = limits->probe_stale_ns > limits->agent_stale_ns ? limits->probe_stale_ns
                                                                       : limits->agent_stale_ns;
    return health_clock_ns() - looked_at_ns(overview, node) > limit_ns;
}

/* That this node is Unknown says something of the monitor, and nothing of the node. */
static bool is_own_ignorance(const struct overview *overview, uint32_t node, uint32_t cluster)
{
    struct health_cluster_snapshot snapshot;

    if (!looked_at_ns(overview, node))
        return true;
    return health_cluster_snapshot(overview->engine, cluster, &snapshot) == HEALTH_OK &&
           snapshot.states[HEALTH_STATE_UNKNOWN] == snapshot.nodes;
}

/* Being read-only ranks below being desynced, so the node's view has to be asked where that is forgiven. */
static bool says_read_only(const struct overview *overview, uint32_t node)
{
    struct health_why why;
    return health_engine_why(overview->engine, node, &why) == HEALTH_OK &&
           overview_view(overview, &why, node)->read_only == HEALTH_ANSWER_YES;
}

static enum standing standing_of(const struct overview *overview, uint32_t node,
                                 const struct health_node_snapshot *snapshot,
                                 const struct balance_taste *taste)
{
    if (snapshot->maintained)
        return REFUSES; /* whatever its state, and whatever is asked for */
    if (snapshot->state == HEALTH_STATE_UNKNOWN)
        return taste->unknown && is_own_ignorance(overview, node, snapshot->cluster) ? SERVES
                                                                                     : REFUSES;
    if (snapshot->routable_reason == HEALTH_REASON_DESYNCED)
        return taste->read_only || !says_read_only(overview, node) ? DONATES : REFUSES;
    if (snapshot->routable != HEALTH_ANSWER_YES &&
        !(snapshot->routable_reason == HEALTH_REASON_READ_ONLY && taste->read_only))
        return REFUSES;
    return snapshot->reason == HEALTH_REASON_DONOR ? DONATES : SERVES;
}

static bool other_serves(const struct overview *overview, uint32_t node, uint32_t cluster,
                         const struct balance_taste *taste)
{
    const struct roster_cluster *home = &overview->roster->clusters[cluster];
    const struct balance_taste known = {.donor = taste->donor, .read_only = taste->read_only};

    for (uint32_t i = 0; i < home->count; i++) {
        struct health_node_snapshot other;
        if (home->nodes[i] != node &&
            health_node_snapshot(overview->engine, home->nodes[i], &other) == HEALTH_OK &&
            standing_of(overview, home->nodes[i], &other, &known) == SERVES)
            return true;
    }
    return false;
}

/* ---- The verdict ---- */

static bool donor_takes(const struct overview *overview, uint32_t node, uint32_t cluster,
                        const struct balance_taste *taste)
{
    switch (taste->donor) {
    case BALANCE_DONOR_ALWAYS:
        return true;
    case BALANCE_DONOR_NEVER:
        return false;
    case BALANCE_DONOR_LAST:
        break;
    }
    return !other_serves(overview, node, cluster, taste);
}

struct balance_verdict balance_node(const struct overview *overview, uint32_t node,
                                    const struct balance_taste *taste)
{
    struct health_node_snapshot snapshot;
    struct balance_verdict verdict = {.state = "", .reason = ""};

    if (health_node_snapshot(overview->engine, node, &snapshot) != HEALTH_OK)
        return verdict;
    enum standing standing = standing_of(overview, node, &snapshot, taste);
    verdict.state = health_state_name(snapshot.state);
    verdict.reason = health_reason_name(snapshot.maintained ? HEALTH_REASON_MAINTENANCE
                                                            : snapshot.routable_reason);
    if (standing == DONATES && snapshot.routable == HEALTH_ANSWER_YES)
        verdict.reason = health_reason_name(snapshot.reason);
    verdict.takes = standing == SERVES ||
                    (standing == DONATES && donor_takes(overview, node, snapshot.cluster, taste));
    verdict.drains = taste->drain && snapshot.state == HEALTH_STATE_GREEN &&
                     snapshot.routable_reason == HEALTH_REASON_MAINTENANCE;
    if ((verdict.takes || verdict.drains) && !taste->unknown && is_stale(overview, node)) {
        verdict.takes = verdict.drains = false;
        verdict.reason = BALANCE_STALE;
    }
    return verdict;
}

struct balance_verdict balance_cluster(const struct overview *overview, uint32_t cluster,
                                       const struct balance_taste *taste)
{
    const struct roster_cluster *home = &overview->roster->clusters[cluster];
    struct health_cluster_snapshot snapshot;
    struct balance_verdict verdict = {.state = "", .reason = ""};

    if (health_cluster_snapshot(overview->engine, cluster, &snapshot) != HEALTH_OK)
        return verdict;
    verdict.state = health_colour_name(snapshot.colour);
    verdict.reason = health_reason_name(snapshot.reason);
    for (uint32_t i = 0; i < home->count; i++)
        verdict.takes |= balance_node(overview, home->nodes[i], taste).takes;
    return verdict;
}
