/*
 * intent.h - what healthd is about to do, written down before it does it, and what became of it.
 *
 * An intent without an outcome that is found at a start tells that healthd ended while it acted: how far that
 * went is not known.
 */
#ifndef HEALTHD_CLI_INTENT_H
#define HEALTHD_CLI_INTENT_H

#include "directory.h"

#include <healthd/diagnosis.h>

#include <cjson/cJSON.h>

#define INTENT_OUTCOMES(X) \
    X(PENDING, "pending", "it is under way") \
    X(DONE, "done", "the command ended well, and the node came to the wanted state") \
    X(FAILED, "failed", "the command did not end well") \
    X(TIMED_OUT, "timed-out", "the command did not end in time") \
    X(NOT_REACHED, "not-reached", \
      "the command ended well, and the node did not come to the wanted state in time") \
    X(NOT_TAKEN, "not-taken", "a precondition no longer held at the moment of acting") \
    X(INTERRUPTED, "interrupted", "healthd ended, or lost its lease, while it acted")

enum intent_outcome {
#define X(id, ...) INTENT_##id,
    INTENT_OUTCOMES(X)
#undef X
        INTENT_OUTCOME_COUNT
};

const char *intent_outcome_name(enum intent_outcome value);
const char *intent_outcome_text(enum intent_outcome value);

/* Was it done, and in vain? */
bool intent_failed(enum intent_outcome outcome);

#define INTENT_ID_SIZE 48

struct intent {
    char id[INTENT_ID_SIZE];       /* "": there is none */
    char node[DIRECTORY_NAME_MAX]; /* on which */
    uint8_t fault;                 /* enum health_fault */
    uint8_t action;                /* enum health_action */
    uint8_t outcome;               /* enum intent_outcome */
    uint32_t attempt;              /* 1: the first */
    struct health_position position;
    int64_t fencing;  /* of the lease; 0: there was none */
    int64_t begun_ns; /* of the wall clock, like the next */
    int64_t ended_ns; /* 0: it has not */
};

/* Its keys; times as RFC 3339. */
void intent_add(cJSON *json, const struct intent *intent);

/* Read one. NULL, or the key that is not as expected. */
const char *intent_read(const cJSON *json, struct intent *ret_intent);

/* ---- Values of its document and of others ---- */

/* "UUID:SEQNO" as Galera writes it; null: not known. */
void position_add(cJSON *json, const char *key, const struct health_position *position);

/* UUID_TEXT_SIZE and a number. */
#define POSITION_TEXT_SIZE 64
const char *position_format(const struct health_position *position, char text[POSITION_TEXT_SIZE]);

/* False: it is none. null is HEALTH_SEQNO_NONE. */
bool position_read(const cJSON *json, struct health_position *ret_position);

#endif
