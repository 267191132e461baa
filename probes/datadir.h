/*
 * datadir.h - what a data directory says of its node's last life.
 *
 * Sources: galera/src/saved_state.cpp (grastate.dat), gcomm/src/pc.cpp (gvwstate.dat: there while the node is
 * in a Primary component, removed when it leaves politely), wsrep_sst_common (sst_in_progress: there
 * while a state transfer overwrites the directory; wsrep_sst.pid says nothing, a donor has it too).
 */
#ifndef HEALTHD_PROBES_DATADIR_H
#define HEALTHD_PROBES_DATADIR_H

#include <healthd/observation.h>

/* Read the text of a grastate.dat. What is torn, empty or says one thing twice is not known. */
void grastate_parse(const char *text, size_t length, struct health_grastate *ret_grastate);

/* Fill in grastate, gvwstate and sst_in_progress. What cannot be read is not known: above all, no file is
 * "absent" in a directory that is not there. */
void datadir_describe(const char *datadir, struct health_heartbeat *beat);

#endif
