/*
 * sightings.h - what each witness saw last of each node, for people.
 *
 * The engine keeps what it judges by, and keeps it small. Here are the numbers beside it: round trips,
 * error codes, what a node says of itself. No verdict follows from any of it.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_SIGHTINGS_H
#define HEALTHD_CLI_SIGHTINGS_H

#include "durations.h"

#include <healthd/observation.h>

struct sighting {
    int64_t probe_ns;    /* when a probe ended last; 0, like all times here: never */
    int64_t answered_ns; /* when one was answered last */
    int64_t view_ns;     /* when a view was read last */
    int64_t beat_ns;     /* when a heartbeat was taken last */
    int64_t rtt_ns;      /* of the last probe */
    uint8_t error;       /* of the last probe: enum health_probe_error */
    uint16_t code;
    uint8_t link;                               /* enum health_link */
    uint8_t member_count;                       /* 0: the list was not readable */
    struct health_view view;                    /* without its list of members, which is: */
    uint32_t members[HEALTH_CLUSTER_NODES_MAX]; /* configured nodes, or HEALTH_NODE_NONE */
    struct health_heartbeat heartbeat;          /* the last, without its local view */
    struct health_view agent_view;              /* the last that a heartbeat had, without members */
    char version[HEALTH_VERSION_MAX];           /* what `view` refers to */
    char agent_version[HEALTH_VERSION_MAX];     /* ... and what `agent_view` does */
    uint64_t failures[HEALTH_PROBE_ERROR_COUNT];
    struct durations answered; /* round trips */
};

struct sightings;

/* For nodes below `nodes`. NULL: memory is short. */
struct sightings *sightings_create(uint32_t nodes);
void sightings_destroy(struct sightings *sightings);

void sightings_take(struct sightings *sightings, const struct health_observation *observation);

/* The number is a new node's: nothing of it was seen yet. */
void sightings_forget(struct sightings *sightings, uint32_t node);

const struct sighting *sightings_of(const struct sightings *sightings, uint32_t node);

#endif
