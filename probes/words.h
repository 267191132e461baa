/*
 * words.h - a server's words to values: the same whether they come over SQL or out of a trace.
 */
#ifndef HEALTHD_PROBES_WORDS_H
#define HEALTHD_PROBES_WORDS_H

#include <healthd/observation.h>
#include <healthd/uuid.h>

/* wsrep_cluster_status, in the spellings of several servers. Else: not known. */
enum health_component word_component(const char *text);

/* ON or OFF, 1 or 0. Else: not known. */
enum health_answer word_switch(const char *text);

/* wsrep_evs_state: does the group look for members that it does not hear (GATHER, INSTALL)? */
enum health_answer word_gathering(const char *text);

/* A server's own name and version into `copy`, in ASCII. Gives the copy; NULL: there is none. */
const char *word_version(const char *text, char copy[HEALTH_VERSION_MAX]);

#endif
