/*
 * metrics_subjects.c - metrics of clusters and nodes.
 */
#include "metrics.h"
#include "turn.h"

#include <healthd/diagnosis.h>
#include <healthd/observer.h>

/* ---- Clusters ---- */

static const char *colour_name(unsigned colour)
{
    return health_colour_name((enum health_colour)colour);
}

static const char *fault_name(unsigned fault)
{
    return health_faults[fault].name;
}

static void tell_colour(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    metrics_states(text, colour_name, HEALTH_COLOUR_COUNT, 1u << cluster->known.colour);
}

static void tell_cluster_reason(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    metrics_whole(text, "reason", health_reason_name(cluster->known.reason), 1);
}

static void tell_faults(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    struct health_diagnosis diagnosis;

    overview_diagnose(cluster->overview, cluster->number, &diagnosis);
    metrics_states(text, fault_name, HEALTH_FAULT_COUNT, diagnosis.faults);
}

static void tell_nodes(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    metrics_whole(text, NULL, NULL, cluster->known.nodes);
}

static void tell_expected(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    metrics_whole(text, NULL, NULL, cluster->known.expected);
}

static void tell_can_lose(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    if (cluster->known.can_lose >= 0)
        metrics_whole(text, NULL, NULL, (uint64_t)cluster->known.can_lose);
}

static void tell_members(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    if (cluster->known.primary_size)
        metrics_whole(text, NULL, NULL, cluster->known.primary_size);
}

static void tell_arbitrators(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    metrics_whole(text, NULL, NULL, cluster->known.others);
}

static const struct turn *turn_in(const struct metrics_cluster *cluster)
{
    const struct overview_acting *acting = cluster->overview->acting;
    return acting ? acting->turn(acting->context, cluster->number) : NULL;
}

static void tell_turn_held(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    const struct turn *turn = turn_in(cluster);
    metrics_whole(text, NULL, NULL, turn && turn->held);
}

static void tell_turn_waiting(struct metrics_text *text, const struct metrics_cluster *cluster)
{
    const struct turn *turn = turn_in(cluster);
    metrics_whole(text, NULL, NULL, turn ? turn->count - turn->held : 0);
}

/* ---- Nodes ---- */

static const char *state_name(unsigned state)
{
    return health_state_name((enum health_state)state);
}

static void tell_state(struct metrics_text *text, const struct health_node_snapshot *node,
                       const struct sighting *sighting)
{
    (void)sighting;
    metrics_states(text, state_name, HEALTH_STATE_COUNT, 1u << node->state);
}

static void tell_reason(struct metrics_text *text, const struct health_node_snapshot *node,
                        const struct sighting *sighting)
{
    (void)sighting;
    metrics_whole(text, "reason", health_reason_name(node->reason), 1);
}

static void tell_routable(struct metrics_text *text, const struct health_node_snapshot *node,
                          const struct sighting *sighting)
{
    (void)sighting;
    metrics_whole(text, NULL, NULL, node->routable == HEALTH_ANSWER_YES);
}

static void tell_transitions(struct metrics_text *text, const struct health_node_snapshot *node,
                             const struct sighting *sighting)
{
    (void)sighting;
    metrics_whole(text, NULL, NULL, node->transitions);
}

static void tell_unclean_exits(struct metrics_text *text, const struct health_node_snapshot *node,
                               const struct sighting *sighting)
{
    (void)sighting;
    metrics_whole(text, NULL, NULL, node->unclean_exits);
}

static void tell_age(struct metrics_text *text, int64_t at_ns)
{
    if (at_ns)
        metrics_seconds(text, NULL, NULL, health_clock_ns() - at_ns);
}

static void tell_probe_age(struct metrics_text *text, const struct health_node_snapshot *node,
                           const struct sighting *sighting)
{
    (void)node;
    tell_age(text, sighting->probe_ns);
}

static void tell_answer_age(struct metrics_text *text, const struct health_node_snapshot *node,
                            const struct sighting *sighting)
{
    (void)node;
    tell_age(text, sighting->answered_ns);
}

static void tell_view_age(struct metrics_text *text, const struct health_node_snapshot *node,
                          const struct sighting *sighting)
{
    (void)node;
    tell_age(text, sighting->view_ns);
}

static void tell_agent_age(struct metrics_text *text, const struct health_node_snapshot *node,
                           const struct sighting *sighting)
{
    (void)node;
    tell_age(text, sighting->beat_ns);
}

static void tell_durations(struct metrics_text *text, const struct health_node_snapshot *node,
                           const struct sighting *sighting)
{
    (void)node;
    metrics_histogram(text, &sighting->answered);
}

/* Each from the start, so that the first failure is an increase. */
static void tell_failures(struct metrics_text *text, const struct health_node_snapshot *node,
                          const struct sighting *sighting)
{
    (void)node;
    for (unsigned i = HEALTH_PROBE_NONE + 1; i < HEALTH_PROBE_ERROR_COUNT; i++)
        metrics_whole(text, "reason", health_probe_error_name((enum health_probe_error)i),
                      sighting->failures[i]);
}

/* ---- All of them ---- */

const struct metrics_family metrics_families[] = {
    {METRICS_STATESET, "healthd_cluster_colour", "What the states of its nodes add up to.",
     tell_colour, NULL},
    {METRICS_GAUGE, "healthd_cluster_reason", "Why it has this colour: 1 with the reason as label.",
     tell_cluster_reason, NULL},
    {METRICS_STATESET, "healthd_cluster_fault", "What is wrong beyond the colour.", tell_faults,
     NULL},
    {METRICS_GAUGE, "healthd_cluster_nodes", "Nodes that are configured.", tell_nodes, NULL},
    {METRICS_GAUGE, "healthd_cluster_expected_nodes", "Green nodes that make it Green.",
     tell_expected, NULL},
    {METRICS_GAUGE, "healthd_cluster_can_lose_members",
     "How many more members may crash before the rest is no majority.", tell_can_lose, NULL},
    {METRICS_GAUGE, "healthd_cluster_primary_members", "Members of the last Primary view.",
     tell_members, NULL},
    {METRICS_GAUGE, "healthd_cluster_arbitrators", "Members that are no configured node.",
     tell_arbitrators, NULL},
    {METRICS_GAUGE, "healthd_cluster_turn_held", "Whether somebody has the cluster to himself.",
     tell_turn_held, NULL},
    {METRICS_GAUGE, "healthd_cluster_turn_waiting", "Tasks and actions that wait for their turn.",
     tell_turn_waiting, NULL},

    {METRICS_STATESET, "healthd_node_state", "What is believed of the node.", NULL, tell_state},
    {METRICS_GAUGE, "healthd_node_reason", "Why it is in this state: 1 with the reason as label.",
     NULL, tell_reason},
    {METRICS_GAUGE, "healthd_node_routable",
     "1: clients may be sent there; 0: they may not, or it is not known.", NULL, tell_routable},
    {METRICS_COUNTER, "healthd_node_transitions", "Changes of state; it stays at 65535.", NULL,
     tell_transitions},
    {METRICS_COUNTER, "healthd_node_unclean_exits", "Crashes seen; it stays at 65535.", NULL,
     tell_unclean_exits},
    {METRICS_GAUGE, "healthd_node_probe_age_seconds", "Since a probe ended last, answered or not.",
     NULL, tell_probe_age},
    {METRICS_GAUGE, "healthd_node_answer_age_seconds", "Since a probe was answered last.", NULL,
     tell_answer_age},
    {METRICS_GAUGE, "healthd_node_view_age_seconds", "Since a probe read the node's view last.",
     NULL, tell_view_age},
    {METRICS_GAUGE, "healthd_node_agent_age_seconds", "Since its agent was heard last.", NULL,
     tell_agent_age},
    {METRICS_HISTOGRAM, "healthd_node_probe_duration_seconds",
     "How long probes that were answered took.", NULL, tell_durations},
    {METRICS_COUNTER, "healthd_node_probe_failures", "Probes that failed, by how.", NULL,
     tell_failures},
};

const unsigned metrics_family_count = sizeof metrics_families / sizeof *metrics_families;
