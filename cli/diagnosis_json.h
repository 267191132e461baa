/*
 * diagnosis_json.h - a diagnosis as a document: what is wrong, what may be done, and what that rests on.
 *
 * It is served over HTTP, shown by healthctl, and given to whoever acts on it; healthd-http(7) describes it.
 */
#ifndef HEALTHD_CLI_DIAGNOSIS_JSON_H
#define HEALTHD_CLI_DIAGNOSIS_JSON_H

#include "roster.h"

#include <cjson/cJSON.h>
#include <healthd/diagnosis.h>

/* "It has no time of the wall", as a recording's moments. */
#define DIAGNOSIS_NO_WALL INT64_MIN

#define DIAGNOSIS_TEXT_MAX 256

/* A case, what follows from it, and who is meant by it. All borrowed. */
struct diagnosis_told {
    const struct health_case *known;
    const struct health_diagnosis *diagnosis;
    const struct roster *roster;
    uint32_t cluster;
    int64_t wall_offset_ns; /* the wall clock minus the case's; DIAGNOSIS_NO_WALL */
};

/* The whole document. The caller deletes; NULL: memory is short. */
cJSON *diagnosis_json(const struct diagnosis_told *told);

/* A statement's sentence, with its names and numbers. */
void diagnosis_sentence(const struct diagnosis_told *told, const struct health_statement *statement,
                        char text[DIAGNOSIS_TEXT_MAX]);

#endif
