/*
 * agent_word.c - what an agent says of its mysqld.
 */
#include "agent_word.h"

#include <assert.h>
#include <stddef.h>

#define CLIENT_ERROR_FIRST 2000
#define CLIENT_ERROR_LAST 2999

bool agent_answered(const struct health_probe *probe)
{
    if (probe->ok)
        return true;
    switch ((enum health_probe_error)probe->error) {
    case HEALTH_PROBE_AUTH:
    case HEALTH_PROBE_TOO_MANY_CONNECTIONS:
    case HEALTH_PROBE_NOT_READY:
    case HEALTH_PROBE_SHUTTING_DOWN:
    case HEALTH_PROBE_SQL_ERROR:
        return probe->code < CLIENT_ERROR_FIRST || probe->code > CLIENT_ERROR_LAST;
    case HEALTH_PROBE_NONE:
    case HEALTH_PROBE_REFUSED:
    case HEALTH_PROBE_TIMEOUT:
    case HEALTH_PROBE_LOST:
    case HEALTH_PROBE_RESET:
    case HEALTH_PROBE_UNREACHABLE:
    case HEALTH_PROBE_ERROR_COUNT:
        break;
    }
    return false;
}

static bool is_frozen(const struct health_heartbeat *beat)
{
    return beat->proc_state == 'T' || beat->proc_state == 't';
}

/* No process was found, but somebody answers on its socket. */
static void word_of_unseen(struct health_heartbeat *beat, const struct agent_socket *socket)
{
    beat->process = HEALTH_PROCESS_RUNNING;
    beat->pid = 0;
    beat->exit_kind = HEALTH_EXIT_NOT_KNOWN;
    beat->exit_value = 0;
    beat->has_local = true;
    beat->local = socket->probe;
}

/* There is a process: what does its socket tell of it? */
static enum health_process word_of_process(const struct health_heartbeat *beat, bool served)
{
    if (is_frozen(beat))
        return HEALTH_PROCESS_UNRESPONSIVE;
    if (!beat->has_local)
        return served ? HEALTH_PROCESS_RUNNING : HEALTH_PROCESS_STARTING;
    if (agent_answered(&beat->local))
        return HEALTH_PROCESS_RUNNING;
    if (beat->local.error == HEALTH_PROBE_TIMEOUT)
        return HEALTH_PROCESS_UNRESPONSIVE;
    /* Nobody listens. Before it has ever answered, it is on its way up; later, on its way down. */
    return served ? HEALTH_PROCESS_UNRESPONSIVE : HEALTH_PROCESS_STARTING;
}

void agent_word(struct health_heartbeat *beat, const struct agent_socket *socket, int64_t now_ns,
                int64_t fresh_ns)
{
    bool fresh = socket->asked && now_ns - socket->at_ns <= fresh_ns;

    beat->has_local = false;
    if (beat->process == HEALTH_PROCESS_STARTING)
        return; /* it serves nobody: whoever answers is another */
    if (beat->process != HEALTH_PROCESS_RUNNING) {
        if (fresh && agent_answered(&socket->probe))
            word_of_unseen(beat, socket);
        return;
    }
    /* A socket that we cannot reach says nothing of mysqld. */
    if (fresh && socket->probe.error != HEALTH_PROBE_UNREACHABLE) {
        beat->has_local = true;
        beat->local = socket->probe;
    }
    beat->process = (uint8_t)word_of_process(beat, socket->served);
}

static void gist_of_view(struct agent_gist *gist, const struct health_view *view)
{
    gist->state_uuid = view->state_uuid;
    gist->conf_id = view->conf_id;
    gist->size = view->size;
    gist->rejects = view->rejects;
    gist->desync = view->desync;
    gist->read_only = view->read_only;
    gist->donor_rejects = view->donor_rejects;
    gist->maintenance = view->maintenance;
    gist->component = view->component;
    gist->local_state = view->local_state;
    gist->ready = view->ready;
}

struct agent_gist agent_gist(const struct health_heartbeat *beat, const struct agent_gist *former)
{
    static_assert(sizeof(struct agent_gist) == offsetof(struct agent_gist, unused) + 4,
                  "a gist is compared as bytes and has no padding");
    struct agent_gist gist = *former;

    gist.process = beat->process;
    gist.pid = beat->pid;
    gist.frozen = is_frozen(beat);
    gist.exit_kind = beat->exit_kind;
    gist.exit_value = beat->exit_value;
    gist.has_local = beat->has_local;
    gist.error = beat->has_local ? beat->local.error : HEALTH_PROBE_NONE;
    if (beat->has_local && beat->local.has_view)
        gist_of_view(&gist, &beat->local.view);
    /* While mysqld runs, its files change and mean nothing. */
    bool gone = beat->process == HEALTH_PROCESS_STOPPED;
    gist.saved = gone && beat->grastate.known;
    gist.saved_uuid = gone ? beat->grastate.uuid : (struct health_uuid){0, 0};
    gist.saved_seqno = gone ? beat->grastate.seqno : 0;
    gist.gvwstate = gone ? beat->gvwstate : HEALTH_ANSWER_NOT_KNOWN;
    gist.sst_in_progress = gone ? beat->sst_in_progress : HEALTH_ANSWER_NOT_KNOWN;
    return gist;
}
