/*
 * diagnosis.c - from a case to findings: each fault that is there, what explains it, what may be done.
 */
#include <healthd/diagnosis.h>

void health_diagnose(const struct health_case *known, struct health_diagnosis *ret_diagnosis)
{
    static const uint8_t signs[HEALTH_SIGN_COUNT] = {
        [HEALTH_SIGN_SPLIT_BRAIN] = HEALTH_FAULT_SPLIT_BRAIN,
        [HEALTH_SIGN_FOREIGN_HISTORY] = HEALTH_FAULT_FOREIGN_HISTORY,
        [HEALTH_SIGN_INCONSISTENT] = HEALTH_FAULT_INCONSISTENT_NODE,
        [HEALTH_SIGN_MAJORITY_AT_RISK] = HEALTH_FAULT_MAJORITY_AT_RISK,
    };

    *ret_diagnosis = (struct health_diagnosis){.treated = HEALTH_UNEXPLAINED};
    for (unsigned i = 0; i < HEALTH_SIGN_COUNT; i++)
        if (known->cluster.signs >> i & 1u) {
            ret_diagnosis->findings[ret_diagnosis->count++] = (struct health_finding){
                .fault = signs[i],
                .explained_by = HEALTH_UNEXPLAINED,
                .since_ns = known->cluster.since_ns,
            };
            ret_diagnosis->faults |= 1u << signs[i];
        }
}
