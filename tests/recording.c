/*
 * recording.c - see recording.h.
 */
#include "recording.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

const char *const recording_names[] = {
    "auth_denied",    "cut_all_n3",      "cut_sql_n3",      "five_kill2",
    "kill9_majority", "kill9_rejoin",    "kill9_rejoin_1s", "lossy_network",
    "monitor_paused", "no_agents_kill9", "shutdown_all",    "sigstop_zombie",
    "sigterm_rejoin", "sst_joiner",      "steady",          NULL};

static void path_of(char *path, size_t size, const char *name, const char *ending)
{
    snprintf(path, size, "%s/%s%s", TRACES_DIR, name, ending);
}

void recording_append(struct recording *recording, const struct health_trace_entry *entry)
{
    if (recording->count == recording->capacity) {
        recording->capacity = recording->capacity ? 2 * recording->capacity : 1024;
        recording->entries =
            realloc(recording->entries, recording->capacity * sizeof *recording->entries);
        cr_assert_not_null(recording->entries);
    }
    recording->entries[recording->count++] = *entry;
}

static void fail_on_note(void *context, enum health_trace_severity severity, const char *text)
{
    (void)severity;
    cr_assert_fail("%s: %s", (const char *)context, text);
}

struct recording recording_load(const char *name)
{
    struct recording recording = {.count = 0};
    struct health_trace_entry entry;
    char path[512];

    path_of(path, sizeof path, name, ".jsonl");
    const struct health_trace_options options = {
        .strict = true, .note = fail_on_note, .context = path};
    struct health_trace_reader *reader = health_trace_open(path, &options);
    cr_assert_not_null(reader);
    recording.header = *health_trace_header(reader);
    while (health_trace_next(reader, &entry) != HEALTH_TRACE_END)
        if (entry.kind == HEALTH_TRACE_OBSERVATION)
            recording_append(&recording, &entry);
    health_trace_close(reader);
    return recording;
}

struct expectations recording_truth(const char *name)
{
    struct expectations truth;
    char path[512];

    path_of(path, sizeof path, name, ".expect.jsonl");
    cr_assert(expectations_read(path, &truth));
    return truth;
}

struct recording recording_copy(const struct recording *recording)
{
    struct recording copy = *recording;
    copy.capacity = copy.count + 1;
    copy.entries = malloc(copy.capacity * sizeof *copy.entries);
    cr_assert_not_null(copy.entries);
    memcpy(copy.entries, recording->entries, copy.count * sizeof *copy.entries);
    return copy;
}

void recording_free(struct recording *recording)
{
    free(recording->entries);
    memset(recording, 0, sizeof *recording);
}

void recording_filter(struct recording *recording, entry_filter *keep, void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < recording->count; i++)
        if (keep(context, &recording->entries[i]))
            recording->entries[kept++] = recording->entries[i];
    recording->count = kept;
}

/* Insertion: the entries are nearly in order, and the sort must be stable. */
void recording_sort(struct recording *recording)
{
    for (size_t i = 1; i < recording->count; i++) {
        struct health_trace_entry entry = recording->entries[i];
        size_t place = i;
        while (place > 0 && recording->entries[place - 1].at_ns > entry.at_ns) {
            recording->entries[place] = recording->entries[place - 1];
            place--;
        }
        recording->entries[place] = entry;
    }
}

/* A recording being replayed. */
struct run {
    const struct recording *recording;
    struct replay *replay;
    size_t next;
    uint64_t ticks_seed;
    struct transcript transcript;
    FILE *text;
};

/* Call the engine at random moments until `until_ns`, and at its own deadlines, as a caller who is
 * zealous would. */
static void tick_zealously(struct run *run, int64_t until_ns)
{
    struct replay *replay = run->replay;
    int64_t longest_ns =
        replay->limits.probe_interval_ns + replay->limits.probe_timeout_ns + 500 * HEALTH_NS_PER_MS;

    if (!replay->engine || until_ns - replay->seen_ns > longest_ns)
        return;
    while (replay->now_ns < until_ns) {
        int64_t deadline_ns = health_engine_deadline(replay->engine);
        int64_t bound_ns = deadline_ns < until_ns ? deadline_ns : until_ns;
        int64_t ahead_ns = bound_ns - replay->now_ns;
        if (ahead_ns > 0 && random_below(&run->ticks_seed, 2))
            bound_ns =
                replay->now_ns + 1 + (int64_t)random_below(&run->ticks_seed, (uint64_t)ahead_ns);
        replay->now_ns = bound_ns > replay->now_ns ? bound_ns : replay->now_ns;
        cr_assert_eq(health_engine_tick(replay->engine, replay->now_ns), HEALTH_OK);
        if (bound_ns == until_ns)
            break;
    }
}

static enum health_trace_kind next_entry(void *context, struct health_trace_entry *ret_entry)
{
    struct run *run = context;
    if (run->next == run->recording->count)
        return HEALTH_TRACE_END;
    *ret_entry = run->recording->entries[run->next++];
    ret_entry->observation.at_ns = ret_entry->at_ns;
    if (run->ticks_seed)
        tick_zealously(run, ret_entry->at_ns);
    return ret_entry->kind;
}

static void on_report(void *context, const struct replay *replay,
                      const struct health_report *report)
{
    struct run *run = context;
    bool cluster = replay_is_cluster(replay, report);
    const char *subject = cluster ? "cluster" : replay->header->nodes[report->subject];
    const char *state = cluster ? health_colour_name((enum health_colour)report->state)
                                : health_state_name((enum health_state)report->state);
    int64_t at_us = report->at_ns / HEALTH_NS_PER_US;

    fprintf(run->text, "%lld %s %s %s %u\n", (long long)at_us, subject, state,
            health_reason_name((enum health_reason)report->reason), report->routable);
    if (report->state != report->from)
        changes_add(&run->transcript.changes, subject, state, at_us);
}

struct transcript recording_replay(const struct recording *recording, uint64_t ticks_seed)
{
    struct replay replay = {.path = recording->header.scenario};
    struct run run = {.recording = recording, .replay = &replay, .ticks_seed = ticks_seed};
    const struct replay_options options = {.strict = false};
    const struct replay_listener listener = {.report = on_report, .context = &run};
    size_t size;

    run.text = open_memstream(&run.transcript.text, &size);
    cr_assert_not_null(run.text);
    cr_assert(replay_begin(&replay, &recording->header, next_entry, &run, &options));
    replay_run(&replay, HEALTH_NEVER_NS, &listener);
    replay_close(&replay);
    fclose(run.text);
    return run.transcript;
}

void transcript_free(struct transcript *transcript)
{
    changes_clear(&transcript->changes);
    free(transcript->text);
}

const char *transcript_state(const struct transcript *transcript, const char *subject,
                             int64_t at_us)
{
    const char *state = "unknown";
    for (size_t i = 0; i < transcript->changes.count; i++) {
        const struct change *change = &transcript->changes.list[i];
        if (change->at_us <= at_us && strcmp(change->subject, subject) == 0)
            state = change->state;
    }
    return state;
}
