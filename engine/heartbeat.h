/*
 * heartbeat.h - what a node's agent says of the mysqld beside it.
 */
#ifndef HEALTHD_ENGINE_HEARTBEAT_H
#define HEALTHD_ENGINE_HEARTBEAT_H

#include "witness.h"

/* One life of the agent; never 0. */
static inline uint32_t boot_tag(const struct health_heartbeat *beat)
{
    uint64_t tag = uuid_tag(&beat->boot);
    uint32_t boot = (uint32_t)(tag >> 32 ^ tag);
    return boot + (boot == 0);
}

/* What the agent says of the process. A state letter of /proc/PID/stat is worth more than the word:
 * T and t cannot answer, Z and X have ended. */
static inline enum health_agent_fact agent_word(const struct health_heartbeat *beat)
{
    if (beat->process == HEALTH_PROCESS_STOPPED || beat->proc_state == 'Z' ||
        beat->proc_state == 'X')
        return HEALTH_AGENT_FACT_GONE;
    if (beat->process == HEALTH_PROCESS_NOT_KNOWN)
        return HEALTH_AGENT_FACT_NONE;
    if (beat->proc_state == 'T' || beat->proc_state == 't')
        return HEALTH_AGENT_FACT_FROZEN;
    if (beat->has_local) {
        enum health_probe_fact local = probe_fact(&beat->local);
        if (local == HEALTH_PROBE_FACT_OK)
            return HEALTH_AGENT_FACT_OK;
        if (local == HEALTH_PROBE_FACT_ERROR || local == HEALTH_PROBE_FACT_CLOSED)
            return HEALTH_AGENT_FACT_ALIVE; /* one connection that ended says nothing of new ones */
        return beat->process == HEALTH_PROCESS_STARTING ? HEALTH_AGENT_FACT_STARTING
                                                        : HEALTH_AGENT_FACT_DEAF;
    }
    return beat->process == HEALTH_PROCESS_UNRESPONSIVE ? HEALTH_AGENT_FACT_DEAF
                                                        : HEALTH_AGENT_FACT_ALIVE;
}

/* Are its fields what they can be? */
static inline bool beat_valid(const struct health_heartbeat *beat)
{
    return beat->process < HEALTH_PROCESS_COUNT && beat->exit_kind <= HEALTH_EXIT_SIGNAL &&
           answer_valid(beat->grastate.safe_to_bootstrap) && answer_valid(beat->gvwstate) &&
           answer_valid(beat->sst_in_progress) && (!beat->has_local || probe_valid(&beat->local));
}

/* Take a heartbeat. Errors: HEALTH_EINVAL (a field outside its enum). */
enum health_error heartbeat_observed(struct health_engine *engine,
                                     const struct health_observation *observation);

#endif
