/*
 * fault_watch.c - see fault_watch.h.
 */
#include "fault_watch.h"

#include "log.h"

#include <healthd/diagnosis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_TEXT_MAX (HEALTH_CLUSTER_NODES_MAX * DIRECTORY_NAME_MAX)

struct fault_watch {
    const struct overview *overview;
    uint32_t capacity;
    uint32_t *told; /* by cluster: set of 1 << enum health_fault */
};

struct fault_watch *fault_watch_create(const struct overview *overview, uint32_t cluster_capacity)
{
    struct fault_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->overview = overview;
    watch->capacity = cluster_capacity;
    watch->told = calloc(cluster_capacity, sizeof *watch->told);
    if (watch->told)
        return watch;
    free(watch);
    return NULL;
}

void fault_watch_destroy(struct fault_watch *watch)
{
    if (!watch)
        return;
    free(watch->told);
    free(watch);
}

void fault_watch_forget(struct fault_watch *watch, uint32_t cluster)
{
    watch->told[cluster] = 0;
}

static int priority_of(enum health_severity severity)
{
    return severity == HEALTH_SEVERITY_CRITICAL  ? LOG_ERR
           : severity == HEALTH_SEVERITY_WARNING ? LOG_WARNING
                                                 : LOG_NOTICE;
}

/* "n2,n3"; "none" where it concerns no single one. */
static void print_nodes(const struct roster *roster, uint32_t cluster, uint32_t places,
                        char text[NODES_TEXT_MAX])
{
    const struct roster_cluster *home = &roster->clusters[cluster];
    size_t length = 0;

    snprintf(text, NODES_TEXT_MAX, "none");
    for (uint32_t i = 0; i < home->count && length < NODES_TEXT_MAX; i++)
        if (places >> i & 1u)
            length += (size_t)snprintf(text + length, NODES_TEXT_MAX - length, "%s%s",
                                       length ? "," : "", roster_node_name(roster, home->nodes[i]));
}

static void tell_begin(const struct roster *roster, uint32_t cluster,
                       const struct health_finding *finding)
{
    const struct health_fault_row *row = &health_faults[finding->fault];
    bool explained = finding->explained_by != HEALTH_UNEXPLAINED;
    char nodes[NODES_TEXT_MAX];

    print_nodes(roster, cluster, finding->places, nodes);
    log_event(priority_of(row->severity), "fault",
              "cluster=%s fault=%s on=yes severity=%s nodes=%s explained_by=%s",
              roster_cluster_name(roster, cluster), row->name, health_severity_name(row->severity),
              nodes, explained ? health_faults[finding->explained_by].name : "none");
}

static void tell_end(const struct roster *roster, uint32_t cluster, uint8_t fault)
{
    log_event(LOG_NOTICE, "fault", "cluster=%s fault=%s on=no",
              roster_cluster_name(roster, cluster), health_faults[fault].name);
}

void fault_watch_look(struct fault_watch *watch, uint32_t cluster)
{
    const struct roster *roster = watch->overview->roster;
    struct health_diagnosis diagnosis;

    if (!roster->clusters[cluster].used)
        return;
    overview_diagnose(watch->overview, cluster, &diagnosis);
    for (uint32_t i = 0; i < diagnosis.count; i++)
        if (!(watch->told[cluster] >> diagnosis.findings[i].fault & 1u))
            tell_begin(roster, cluster, &diagnosis.findings[i]);
    for (unsigned fault = 0; fault < HEALTH_FAULT_COUNT; fault++)
        if ((watch->told[cluster] & ~diagnosis.faults) >> fault & 1u)
            tell_end(roster, cluster, (uint8_t)fault);
    watch->told[cluster] = diagnosis.faults;
}

void fault_watch_look_at_all(struct fault_watch *watch)
{
    for (uint32_t i = 0; i < watch->capacity; i++)
        fault_watch_look(watch, i);
}
