/*
 * bootstrap_stage.h - cases of clusters that are down, written as a line of words.
 */
#ifndef HEALTHD_TESTS_BOOTSTRAP_STAGE_H
#define HEALTHD_TESTS_BOOTSTRAP_STAGE_H

#include <healthd/bootstrap.h>

/* The history that a letter stands for; 'Z' is the zero UUID. */
struct health_uuid stage_history(char letter);

/* All nodes of "n1 clean U:1234 | n2 crash U:-1 rec U:999", in this order:
 *
 *   clean, crash, left        down: exit 0; a signal; left politely, exit not seen
 *   runs, joins, alone        not down: Green; Yellow and joining; Yellow, non-Primary
 *   silent                    Unknown
 *   U:1234                    its grastate.dat; nofile: it could not be read
 *   safe1, safe?              safe_to_bootstrap; 0 where it is not said
 *   gvw, nogvw, gvw?          gvwstate.dat; there after a crash, and nowhere else
 *   sst, sst?                 the transfer's marker
 *   rec U:999, rec failed, rec running, old U:999 (of an earlier stop)
 *   inconsistent, torn, joining   its taint
 *   stale, noagent, refused   the agent's word is too old; there is none; there is none and the port refuses
 *   served U:1300, unserved, sole   what it last served; 1 of U in a view of all where it is not said
 *
 * Around them:
 *
 *   mark U:1300, nomark       the highest position ever served; 0 of U where it is not said
 *   others 1, size 4, nosize, expected 4   what is known of the last view, and expected
 *   split, isolated, crashed  two Primaries were seen; the monitor is cut off; a quick double crash
 */
void stage_case(const char *nodes, const char *around, struct health_case *ret_case);

/* "A n1" where it is allowed; else "- n2, not: one-history safe-case": case, winner and all that is not met. What is
 * to be recovered follows: "; recover n1 n3". */
void stage_answer(const struct health_advice *advice, char *ret_text, size_t size);

#endif
