/*
 * scene.c - see scene.h.
 */
#include "scene.h"

#include <criterion/criterion.h>
#include <string.h>

#define START_US INT64_C(1000000000)

static const struct health_uuid history = {UINT64_C(0x0b6eba1de71111f1),
                                           UINT64_C(0xb790a6a5a9187175)};

struct actor *scene_actor(struct scene *scene, unsigned number)
{
    return &scene->actors[number - 1];
}

void scene_cadence(struct scene *scene, uint32_t interval_ms, uint32_t timeout_ms, uint32_t beat_ms)
{
    scene->recording.header.probe_interval_ms = interval_ms;
    scene->recording.header.probe_timeout_ms = timeout_ms;
    scene->recording.header.heartbeat_interval_ms = beat_ms;
}

static void begin(struct scene *scene, uint32_t nodes, bool agents)
{
    struct health_trace_header *header = &scene->recording.header;

    memset(scene, 0, sizeof *scene);
    scene->now_us = START_US;
    snprintf(header->cluster, sizeof header->cluster, "lab");
    header->node_count = header->expected_size = nodes;
    scene_cadence(scene, 100, 500, 200);
    for (uint32_t i = 0; i < nodes; i++) {
        struct actor *actor = &scene->actors[i];
        snprintf(header->nodes[i], sizeof header->nodes[i], "n%u", i + 1);
        actor->phase_ms = -7 * (int64_t)(i + 1); /* each node has its own */
        actor->agent = actor->local_answers = agents;
        actor->beat.boot = (struct health_uuid){i + 1, 77};
        actor->beat.pid = 1000 + i;
        actor->beat.process = HEALTH_PROCESS_RUNNING;
        actor->beat.proc_state = 'S';
        actor->view.gcomm_uuid = (struct health_uuid){UINT64_C(0x1111111100000000) * (i + 1), i};
        actor->view.last_committed = -1;
        scene_member(scene, i + 1, nodes, (int32_t)nodes);
        scene_link(scene, i + 1, HEALTH_LINK_UP);
    }
}

void scene_begin(struct scene *scene, uint32_t nodes)
{
    begin(scene, nodes, true);
}

void scene_begin_without_agents(struct scene *scene, uint32_t nodes)
{
    begin(scene, nodes, false);
}

void scene_member(struct scene *scene, unsigned number, uint64_t conf_id, int32_t size)
{
    struct actor *actor = scene_actor(scene, number);
    actor->probe = PROBE_SHOWS_VIEW;
    actor->view.state_uuid = history;
    actor->view.conf_id = conf_id;
    actor->view.size = size;
    actor->view.weight = -1;
    actor->view.component = HEALTH_COMPONENT_PRIMARY;
    actor->view.local_state = HEALTH_LOCAL_SYNCED;
    actor->view.ready = actor->view.connected = HEALTH_ANSWER_YES;
}

void scene_members(struct scene *scene, const unsigned *numbers, uint64_t conf_id)
{
    int32_t size = 0;
    while (numbers[size])
        size++;
    for (int32_t i = 0; i < size; i++)
        scene_member(scene, numbers[i], conf_id, size);
}

void scene_non_primary(struct scene *scene, unsigned number)
{
    struct health_view *view = &scene_actor(scene, number)->view;
    view->component = HEALTH_COMPONENT_NON_PRIMARY;
    view->conf_id = HEALTH_CONF_NONE;
    view->size = 1;
    view->local_state = HEALTH_LOCAL_UNDEFINED;
    view->ready = HEALTH_ANSWER_NO;
}

void scene_fails(struct scene *scene, unsigned number, enum health_probe_error error)
{
    struct actor *actor = scene_actor(scene, number);
    actor->probe = PROBE_FAILS;
    actor->error = (uint8_t)error;
}

void scene_without_links(struct scene *scene)
{
    scene->recording.count = 0; /* nothing but the links has been recorded yet */
}

static struct health_trace_entry entry_of(const struct scene *scene, unsigned number,
                                          enum health_witness witness)
{
    struct health_trace_entry entry = {.kind = HEALTH_TRACE_OBSERVATION,
                                       .at_ns = scene->now_us * HEALTH_NS_PER_US};
    entry.observation.node = number - 1;
    entry.observation.witness = (uint8_t)witness;
    return entry;
}

void scene_link(struct scene *scene, unsigned number, enum health_link link)
{
    struct health_trace_entry entry = entry_of(scene, number, HEALTH_WITNESS_LINK);
    entry.observation.link = (uint8_t)link;
    recording_append(&scene->recording, &entry);
}

void scene_show_probe(struct scene *scene, unsigned number)
{
    const struct actor *actor = scene_actor(scene, number);
    struct health_trace_entry entry = entry_of(scene, number, HEALTH_WITNESS_PROBE);
    struct health_probe *probe = &entry.observation.probe;

    probe->ok = actor->probe != PROBE_FAILS;
    probe->rtt_ns = HEALTH_NS_PER_MS;
    probe->has_view = actor->probe == PROBE_SHOWS_VIEW;
    if (probe->has_view) {
        probe->view = actor->view;
        probe->view.members = actor->members;
    }
    if (!probe->ok) {
        probe->error = actor->error;
        probe->code = actor->code;
        if (actor->error == HEALTH_PROBE_TIMEOUT)
            probe->rtt_ns = scene->recording.header.probe_timeout_ms * HEALTH_NS_PER_MS;
    }
    recording_append(&scene->recording, &entry);
}

void scene_send_beat(struct scene *scene, unsigned number)
{
    struct actor *actor = scene_actor(scene, number);
    struct health_trace_entry entry = entry_of(scene, number, HEALTH_WITNESS_AGENT);
    struct health_heartbeat *beat = &entry.observation.heartbeat;

    actor->beat.seq++;
    *beat = actor->beat;
    if (actor->local_answers) {
        beat->has_local = beat->local.ok = beat->local.has_view = true;
        beat->local.view = actor->lags ? *actor->lags : actor->view;
        beat->local.view.member_count = 0;
    }
    recording_append(&scene->recording, &entry);
}

/* How long from one probe of the node to the next? One that gets no answer takes its whole budget. */
static int64_t probe_step_ms(const struct scene *scene, const struct actor *actor)
{
    const struct health_trace_header *header = &scene->recording.header;
    bool waits = actor->probe == PROBE_FAILS && actor->error == HEALTH_PROBE_TIMEOUT;

    return waits && header->probe_timeout_ms > header->probe_interval_ms
               ? header->probe_timeout_ms
               : header->probe_interval_ms;
}

/* Which nodes do something in this millisecond? */
static void run_millisecond(struct scene *scene, int64_t ms)
{
    const struct health_trace_header *header = &scene->recording.header;

    for (unsigned number = 1; number <= header->node_count; number++) {
        const struct actor *actor = scene_actor(scene, number);
        if (actor->probe != PROBE_ABSENT &&
            (ms - actor->phase_ms) % probe_step_ms(scene, actor) == 0)
            scene_show_probe(scene, number);
        if (actor->agent && (ms + number * 13) % header->heartbeat_interval_ms == 0)
            scene_send_beat(scene, number);
    }
}

void scene_run(struct scene *scene, double seconds)
{
    int64_t end_us = scene->now_us + (int64_t)(seconds * 1e6);
    for (; scene->now_us < end_us; scene->now_us += 1000)
        run_millisecond(scene, (scene->now_us - START_US) / 1000);
}

void scene_pause(struct scene *scene, double seconds)
{
    scene->now_us += (int64_t)(seconds * 1e6);
}

void scene_crash(struct scene *scene, unsigned number)
{
    struct actor *actor = scene_actor(scene, number);
    actor->local_answers = false;
    actor->beat.process = HEALTH_PROCESS_STOPPED;
    actor->beat.proc_state = '\0';
    actor->beat.exit_kind = HEALTH_EXIT_SIGNAL;
    actor->beat.exit_value = 9;
    actor->beat.grastate = (struct health_grastate){.known = true, .uuid = history, .seqno = -1};
    if (actor->agent)
        scene_send_beat(scene, number); /* an agent says at once what it sees */
    scene_link(scene, number, HEALTH_LINK_EOF);
    scene_fails(scene, number, HEALTH_PROBE_LOST);
    scene_show_probe(scene, number);
    scene_fails(scene, number, HEALTH_PROBE_REFUSED);
}

void scene_leave(struct scene *scene, unsigned number)
{
    struct actor *actor = scene_actor(scene, number);
    actor->local_answers = false;
    actor->beat.process = HEALTH_PROCESS_STARTING;
    actor->beat.has_local = true;
    actor->beat.local = (struct health_probe){.error = HEALTH_PROBE_RESET, .code = 2006};
    scene_link(scene, number, HEALTH_LINK_EOF);
    scene_fails(scene, number, HEALTH_PROBE_LOST);
    scene_show_probe(scene, number);
    scene_fails(scene, number, HEALTH_PROBE_TIMEOUT);
}

void scene_stopped(struct scene *scene, unsigned number)
{
    struct actor *actor = scene_actor(scene, number);
    actor->beat.process = HEALTH_PROCESS_STOPPED;
    actor->beat.proc_state = '\0';
    actor->beat.has_local = false;
    actor->beat.exit_kind = HEALTH_EXIT_CODE;
    actor->beat.exit_value = 0;
    actor->beat.grastate = (struct health_grastate){.known = true, .uuid = history, .seqno = 7};
    scene_fails(scene, number, HEALTH_PROBE_REFUSED);
}

void scene_freeze(struct scene *scene, unsigned number, char proc_state)
{
    scene_actor(scene, number)->beat.proc_state = proc_state;
    scene_fails(scene, number, HEALTH_PROBE_TIMEOUT);
}

void scene_cut_off(struct scene *scene, unsigned number)
{
    scene_actor(scene, number)->agent = false;
    scene_fails(scene, number, HEALTH_PROBE_TIMEOUT);
}

void scene_starting(struct scene *scene, unsigned number, uint32_t pid)
{
    struct actor *actor = scene_actor(scene, number);
    actor->beat.process = HEALTH_PROCESS_STARTING;
    actor->beat.proc_state = 'S';
    actor->beat.pid = pid;
    actor->beat.exit_kind = HEALTH_EXIT_NOT_KNOWN;
    actor->beat.grastate.known = false;
    actor->beat.has_local = true;
    actor->beat.local = (struct health_probe){.error = HEALTH_PROBE_REFUSED, .code = 2003};
    scene_fails(scene, number, HEALTH_PROBE_REFUSED);
}

void scene_up(struct scene *scene, unsigned number, uint64_t conf_id, int32_t size)
{
    struct actor *actor = scene_actor(scene, number);
    actor->beat.process = HEALTH_PROCESS_RUNNING;
    actor->local_answers = actor->agent;
    actor->beat.has_local = false;
    scene_member(scene, number, conf_id, size);
    scene_link(scene, number, HEALTH_LINK_UP);
}

static void claim(struct scene *scene, unsigned number, const char *state, bool never)
{
    struct scene_claim *claim = &scene->claims[scene->claim_count++];
    cr_assert_lt(scene->claim_count, sizeof scene->claims / sizeof *scene->claims);
    if (number)
        snprintf(claim->subject, sizeof claim->subject, "n%u", number);
    else
        snprintf(claim->subject, sizeof claim->subject, "cluster");
    snprintf(claim->state, sizeof claim->state, "%s", state);
    claim->at_us = scene->now_us - 1; /* before anything that happens at this moment */
    claim->never = never;
}

void scene_expect(struct scene *scene, unsigned number, const char *state)
{
    claim(scene, number, state, false);
}

void scene_expect_cluster(struct scene *scene, const char *colour)
{
    claim(scene, 0, colour, false);
}

void scene_never_again(struct scene *scene, unsigned number, const char *state)
{
    claim(scene, number, state, true);
}

void scene_never(struct scene *scene, unsigned number, const char *state)
{
    claim(scene, number, state, true);
    scene->claims[scene->claim_count - 1].at_us = 0;
}

void scene_never_red(struct scene *scene, unsigned number)
{
    scene_never(scene, number, "red-unclean");
    scene_never(scene, number, "red-clean");
}

static void check(const struct scene_claim *claim, const struct transcript *said)
{
    double seconds = (double)(claim->at_us - START_US) / 1e6;
    if (!claim->never) {
        const char *state = transcript_state(said, claim->subject, claim->at_us);
        cr_expect_str_eq(state, claim->state, "%s is %s at %.3f s, not %s; the whole story:\n%s",
                         claim->subject, state, seconds, claim->state, said->text);
        return;
    }
    for (size_t i = 0; i < said->changes.count; i++)
        cr_expect(said->changes.list[i].at_us <= claim->at_us ||
                      strcmp(said->changes.list[i].subject, claim->subject) != 0 ||
                      strcmp(said->changes.list[i].state, claim->state) != 0,
                  "%s is %s, which it must never be; the whole story:\n%s", claim->subject,
                  claim->state, said->text);
}

void scene_play(struct scene *scene)
{
    struct transcript said = recording_replay(&scene->recording, 0);
    cr_expect_gt(scene->claim_count, 0);
    for (size_t i = 0; i < scene->claim_count; i++)
        check(&scene->claims[i], &said);
    transcript_free(&said);
    recording_free(&scene->recording);
}

static enum health_trace_kind next_entry(void *context, struct health_trace_entry *ret_entry)
{
    struct scene *scene = context;
    size_t next = scene->claim_count++;
    if (next >= scene->recording.count)
        return HEALTH_TRACE_END;
    *ret_entry = scene->recording.entries[next];
    ret_entry->observation.at_ns = ret_entry->at_ns;
    return HEALTH_TRACE_OBSERVATION;
}

void scene_picture(struct scene *scene, struct replay *ret_replay)
{
    const struct replay_options options = {.strict = false};
    const struct replay_listener silent = {.context = NULL};

    memset(ret_replay, 0, sizeof *ret_replay);
    scene->claim_count = 0; /* serves as the place in the recording from here on */
    cr_assert(replay_begin(ret_replay, &scene->recording.header, next_entry, scene, &options));
    replay_run(ret_replay, HEALTH_NEVER_NS, &silent);
}
