/*
 * balance.h - for load balancers: may clients be sent there? One policy, whatever way is asked.
 *
 * What is not known takes no clients: who asks can send them elsewhere, and a node that nobody can see is no
 * place for them. Nor does what was not looked at lately: a monitor that was stopped knows the past only.
 * A node in Galera's state Donor/Desynced, whether it gives a state transfer or somebody desynced it, may lag
 * and may block writes, so it takes clients only while no other node of its cluster does: a joiner must not
 * cost the last node that serves.
 *
 * Who asks may have another taste:
 *   donor=yes, donor=no  always, or never, where a node is Donor/Desynced (clustercheck's AVAILABLE_WHEN_DONOR)
 *   read-only=yes        a read-only node too (AVAILABLE_WHEN_READONLY; its default is 1, ours is no)
 *   unknown=yes          the monitor's own ignorance forbids nothing: nothing is known of a whole cluster (it
 *                        is cut off, or has just begun), a node was not asked yet, or it was stopped meanwhile.
 *                        For those whom "nowhere" would cost more than a wrong place.
 *   drain=yes            a Green node that its operator has taken out of service gets no new clients, and those
 *                        that are there may end by themselves. Who is taken out for any other cause fails its
 *                        clients, or makes them wait: they had better go.
 *
 * Threads: the engine's.
 */
#ifndef HEALTHD_CLI_BALANCE_H
#define HEALTHD_CLI_BALANCE_H

#include "overview.h"

#include <event2/keyvalq_struct.h>

enum balance_donor { BALANCE_DONOR_LAST, BALANCE_DONOR_NEVER, BALANCE_DONOR_ALWAYS };

struct balance_taste {
    enum balance_donor donor;
    bool read_only;
    bool unknown;
    bool drain;
};

#define BALANCE_TASTE_EXPECTED \
    "yes or no for donor, read-only, unknown and drain, and no other key,"

/* Read a taste from a query. False: something else than BALANCE_TASTE_EXPECTED is in it. */
bool balance_read_taste(const struct evkeyvalq *query, struct balance_taste *ret_taste);

struct balance_verdict {
    bool takes;         /* clients may be sent there */
    bool drains;        /* they may not, and those that are there may stay */
    const char *state;  /* or colour */
    const char *reason; /* why, or why not: as enum health_reason is called, or BALANCE_STALE */
};

#define BALANCE_STALE "not-looked-at-lately"

struct balance_verdict balance_node(const struct overview *overview, uint32_t node,
                                    const struct balance_taste *taste);

/* A cluster takes clients while one of its nodes does. */
struct balance_verdict balance_cluster(const struct overview *overview, uint32_t cluster,
                                       const struct balance_taste *taste);

/* A node by name, of any cluster where `cluster` is NULL. ROSTER_NONE: there is none, or (*ret_several)
 * several clusters have one. */
uint32_t balance_find(const struct roster *roster, const char *cluster, const char *name,
                      bool *ret_several);

#endif
