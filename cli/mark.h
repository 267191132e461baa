/*
 * mark.h - a recording's marks, in words.
 */
#ifndef HEALTHD_CLI_MARK_H
#define HEALTHD_CLI_MARK_H

/* What was done, from a mark's JSON: the fault or event, the nodes, then whatever else the mark says. The
 * caller frees; NULL: memory is short. */
char *mark_words(const char *mark);

#endif
