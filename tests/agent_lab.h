/*
 * agent_lab.h - a healthd-agent under test, and what it says, with the times at which that arrived.
 */
#ifndef HEALTHD_TESTS_AGENT_LAB_H
#define HEALTHD_TESTS_AGENT_LAB_H

#include "heartbeat_wire.h"
#include "scratch.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <sys/types.h>

struct lab {
    const char *agent_path;
    char directory[SCRATCH_SIZE]; /* of everything; removed at the end */
    char datadir[96];
    char socket[96];
    int fd; /* where the agent sends to */
    char monitor[32];
    pid_t agent;
    pid_t server; /* the mysqld of the moment; 0: none */
    struct wire_reader *reader;
    struct sockaddr_in agent_address; /* where the latest beat came from, */
    struct health_heartbeat beat;     /* the latest */
    int64_t at_ns;                    /* and its arrival */
};

/* Everything ends here: a failed expectation takes all down and ends the program with 1. */
void lab_fail(struct lab *lab, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

void lab_begin(struct lab *lab, const char *agent_path);
void lab_end(struct lab *lab);

/* Start a program; its output goes to a file in the lab. `user`: whom to become as root; NULL: nobody else. */
pid_t lab_start(struct lab *lab, const char *user, const char *const *arguments);

/* Start the agent, with up to two more arguments or NULL. */
void lab_start_agent(struct lab *lab, const char *more, const char *value);

/* Ask it for its node's position, as a monitor does that has had its latest beat. */
void lab_request_recovery(struct lab *lab);

/* Wait until what it writes holds this text. Fails after `ms`. */
void lab_until_said(struct lab *lab, const char *text, int64_t ms);

/* Wait for the next beat; false: none within so many ms. */
bool lab_next(struct lab *lab, int64_t ms);

/* What a beat should be. */
typedef bool lab_expected(const struct health_heartbeat *beat);

/* Wait for a beat that is as expected; the ns from `since_ns` to its arrival. Fails after `ms`. */
int64_t lab_until(struct lab *lab, lab_expected *expected, const char *what, int64_t since_ns,
                  int64_t ms);

/* Forget what has arrived. */
void lab_drain(struct lab *lab);

void lab_sleep_ms(int64_t ms);

bool beat_is_gone(const struct health_heartbeat *beat);
bool beat_is_there(const struct health_heartbeat *beat);
bool beat_is_frozen(const struct health_heartbeat *beat);
bool beat_is_thawed(const struct health_heartbeat *beat);

/* Print the median and the worst of some ns; give the median. */
int64_t lab_print(const char *what, int64_t *ns, size_t count);

/* Print what the agent costs over so many ms, beside the least loop that looks as often; fails where it costs
 * many times that. */
void lab_cost(struct lab *lab, const char *when, int64_t ms);

#endif
