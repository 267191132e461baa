/*
 * diagnosis_view.h - a diagnosis for people: faults with their evidence, the next action with what it needs.
 */
#ifndef HEALTHD_CLI_LIVE_DIAGNOSIS_VIEW_H
#define HEALTHD_CLI_LIVE_DIAGNOSIS_VIEW_H

#include <cjson/cJSON.h>

/* `when`: of a recording, the moment; NULL: now. */
void diagnosis_print(const cJSON *document, const char *when);

#endif
