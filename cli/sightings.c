/*
 * sightings.c - what each witness saw last.
 */
#include "sightings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sightings {
    uint32_t nodes;
    struct sighting of[];
};

struct sightings *sightings_create(uint32_t nodes)
{
    struct sightings *sightings =
        calloc(1, sizeof *sightings + (size_t)nodes * sizeof sightings->of[0]);
    if (sightings)
        sightings->nodes = nodes;
    return sightings;
}

void sightings_destroy(struct sightings *sightings)
{
    free(sightings);
}

void sightings_forget(struct sightings *sightings, uint32_t node)
{
    memset(&sightings->of[node], 0, sizeof sightings->of[node]);
}

const struct sighting *sightings_of(const struct sightings *sightings, uint32_t node)
{
    return &sightings->of[node];
}

/* Let a view refer to a copy of its text, which was borrowed. */
static void keep_version(struct health_view *view, char copy[HEALTH_VERSION_MAX])
{
    if (!view->version)
        return;
    snprintf(copy, HEALTH_VERSION_MAX, "%s", view->version);
    view->version = copy;
}

static void take_view(struct sighting *sighting, const struct health_view *view, int64_t at_ns)
{
    sighting->view_ns = at_ns;
    sighting->view = *view;
    sighting->view.members = NULL;
    keep_version(&sighting->view, sighting->version);
    sighting->member_count = 0;
    for (uint8_t i = 0; i < view->member_count && i < HEALTH_CLUSTER_NODES_MAX; i++)
        sighting->members[sighting->member_count++] = view->members[i].node;
}

static void take_probe(struct sighting *sighting, const struct health_probe *probe, int64_t at_ns)
{
    sighting->probe_ns = at_ns;
    sighting->rtt_ns = probe->rtt_ns;
    sighting->error = probe->error;
    sighting->code = probe->code;
    if (!probe->ok) {
        sighting->failures[probe->error]++;
        return;
    }
    sighting->answered_ns = at_ns;
    durations_count(&sighting->answered, probe->rtt_ns);
    if (probe->has_view)
        take_view(sighting, &probe->view, at_ns);
}

/* What the agent reads over its own socket is shown as the node's view where the probe has none newer. Most of its
 * beats have none: it is not read for each. */
static void take_beat(struct sighting *sighting, const struct health_heartbeat *beat, int64_t at_ns)
{
    sighting->beat_ns = at_ns;
    sighting->heartbeat = *beat;
    sighting->heartbeat.local.view = (struct health_view){0};
    if (!beat->has_local || !beat->local.has_view)
        return;
    sighting->agent_view = beat->local.view;
    sighting->agent_view.members = NULL;
    sighting->agent_view.member_count = 0;
    keep_version(&sighting->agent_view, sighting->agent_version);
}

void sightings_take(struct sightings *sightings, const struct health_observation *observation)
{
    struct sighting *sighting = &sightings->of[observation->node];

    switch ((enum health_witness)observation->witness) {
    case HEALTH_WITNESS_PROBE:
        take_probe(sighting, &observation->probe, observation->at_ns);
        break;
    case HEALTH_WITNESS_LINK:
        sighting->link = observation->link;
        break;
    case HEALTH_WITNESS_AGENT:
        take_beat(sighting, &observation->heartbeat, observation->at_ns);
        break;
    case HEALTH_WITNESS_COUNT:
        break;
    }
}
