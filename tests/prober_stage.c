/*
 * prober_stage.c - a real prober and a loop, and all that it saw.
 */
#include "prober_stage.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void observed(void *context, const struct health_observation *observation)
{
    struct prober_stage *stage = context;

    if (stage->count == stage->capacity) {
        stage->capacity = stage->capacity ? 2 * stage->capacity : 256;
        stage->seen = realloc(stage->seen, stage->capacity * sizeof *stage->seen);
        if (!stage->seen)
            abort();
    }
    struct seen *seen = &stage->seen[stage->count++];
    *seen = (struct seen){.told_ns = health_clock_ns(), .what = *observation};
    if (observation->witness != HEALTH_WITNESS_PROBE || !observation->probe.has_view)
        return;
    const struct health_view *view = &observation->probe.view;
    for (unsigned i = 0; i < view->member_count && i < SEEN_MEMBERS_MAX; i++)
        seen->members[i] = view->members[i];
    snprintf(seen->version, sizeof seen->version, "%s", view->version ? view->version : "");
}

static void remarked(void *context, uint32_t node, const char *text)
{
    struct prober_stage *stage = context;
    (void)node;
    stage->remarks++;
    snprintf(stage->remark, sizeof stage->remark, "%s", text);
}

/* Nodes are called n0, n1, ... by the fakes. */
static uint32_t member(void *context, uint32_t node, const char *name)
{
    (void)context;
    (void)node;
    return name[0] == 'n' ? (uint32_t)atoi(name + 1) : HEALTH_NODE_NONE;
}

void prober_stage_open(struct prober_stage *stage, struct cadence_ms cadence)
{
    memset(stage, 0, sizeof *stage);
    stage->base = event_base_new();
    const struct health_prober_options options = {
        .base = stage->base,
        .interval_ns = cadence.interval * HEALTH_NS_PER_MS,
        .timeout_ns = cadence.timeout * HEALTH_NS_PER_MS,
        .view_interval_ns = cadence.view * HEALTH_NS_PER_MS,
        .observe = observed,
        .remark = remarked,
        .member = member,
        .context = stage,
    };
    if (!stage->base || event_base_priority_init(stage->base, 2) != 0 ||
        health_prober_create(&options, &stage->prober) != HEALTH_OK)
        abort();
}

void prober_stage_close(struct prober_stage *stage)
{
    health_prober_destroy(stage->prober);
    event_base_free(stage->base);
    free(stage->seen);
}

void prober_stage_add(struct prober_stage *stage, const struct fake_house *house, unsigned fake)
{
    const struct health_target target = {
        .host = "127.0.0.1", .port = house->fakes[fake].port, .user = "probe"};
    char name[16];

    snprintf(name, sizeof name, "n%u", fake);
    if (health_prober_add(stage->prober, fake, name, &target) != HEALTH_OK)
        abort();
}

void prober_stage_run(struct prober_stage *stage, int ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_base_loopexit(stage->base, &wait);
    event_base_dispatch(stage->base);
}

static bool is_wanted(const struct seen *seen, struct wanted wanted)
{
    const struct health_observation *what = &seen->what;

    if (what->node != wanted.node || what->witness != wanted.witness)
        return false;
    if (what->witness == HEALTH_WITNESS_LINK)
        return what->link == wanted.value;
    return what->probe.error == wanted.value && (what->probe.has_view || !wanted.with_view);
}

const struct seen *prober_stage_await(struct prober_stage *stage, size_t from, struct wanted wanted,
                                      int ms)
{
    const struct timeval tick = {.tv_usec = 2000};
    int64_t end_ns = health_clock_ns() + ms * HEALTH_NS_PER_MS;

    for (;;) {
        for (; from < stage->count; from++)
            if (is_wanted(&stage->seen[from], wanted))
                return &stage->seen[from];
        if (health_clock_ns() >= end_ns)
            return NULL;
        event_base_loopexit(stage->base, &tick);
        event_base_dispatch(stage->base);
    }
}

const struct seen *prober_stage_await_probe(struct prober_stage *stage, uint32_t node,
                                            enum health_probe_error error, int ms)
{
    const struct wanted wanted = {
        .node = node, .witness = HEALTH_WITNESS_PROBE, .value = (uint8_t)error};
    return prober_stage_await(stage, stage->count, wanted, ms);
}

const struct seen *prober_stage_await_link(struct prober_stage *stage, uint32_t node,
                                           enum health_link link, int ms)
{
    const struct wanted wanted = {
        .node = node, .witness = HEALTH_WITNESS_LINK, .value = (uint8_t)link};
    return prober_stage_await(stage, stage->count, wanted, ms);
}

static bool is_probe_of(const struct seen *seen, uint32_t node)
{
    return seen->what.node == node && seen->what.witness == HEALTH_WITNESS_PROBE;
}

unsigned prober_stage_count(const struct prober_stage *stage, size_t from, uint32_t node,
                            enum health_probe_error error)
{
    unsigned count = 0;
    for (; from < stage->count; from++)
        count +=
            is_probe_of(&stage->seen[from], node) && stage->seen[from].what.probe.error == error;
    return count;
}

unsigned prober_stage_count_others(const struct prober_stage *stage, size_t from, uint32_t node,
                                   enum health_probe_error error)
{
    unsigned count = 0;
    for (; from < stage->count; from++)
        count +=
            is_probe_of(&stage->seen[from], node) && stage->seen[from].what.probe.error != error;
    return count;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct times_us prober_stage_times(const struct prober_stage *stage, size_t from, uint32_t count)
{
    struct times_us times = {.probes = 0};
    int64_t *rtts_ns = calloc(stage->count + 1, sizeof *rtts_ns);

    for (; rtts_ns && from < stage->count; from++) {
        const struct health_observation *what = &stage->seen[from].what;
        if (what->witness != HEALTH_WITNESS_PROBE || what->node >= count)
            continue;
        times.failed += !what->probe.ok;
        rtts_ns[times.probes++] = what->probe.rtt_ns;
    }
    if (rtts_ns && times.probes) {
        qsort(rtts_ns, times.probes, sizeof *rtts_ns, by_size);
        times.median = (double)rtts_ns[times.probes / 2] / 1e3;
        times.most = (double)rtts_ns[times.probes - 1] / 1e3;
    }
    free(rtts_ns);
    return times;
}
