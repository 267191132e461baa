/*
 * perturbation.c - see perturbation.h.
 */
#include "perturbation.h"

struct loss {
    uint64_t *seed;
    uint64_t percent;
    unsigned witnesses;
};

static bool survives(void *context, const struct health_trace_entry *entry)
{
    struct loss *loss = context;
    return !(loss->witnesses >> entry->observation.witness & 1u) ||
           random_below(loss->seed, 100) >= loss->percent;
}

static void lose(struct recording *recording, uint64_t *seed, unsigned witnesses, uint64_t percent)
{
    struct loss loss = {seed, percent, witnesses};
    recording_filter(recording, survives, &loss);
}

static void duplicate(struct recording *recording, uint64_t *seed)
{
    size_t count = recording->count;
    for (size_t i = 0; i < count; i++) {
        struct health_trace_entry copy = recording->entries[i];
        copy.at_ns += (int64_t)random_below(seed, 5) * HEALTH_NS_PER_MS;
        if (random_below(seed, 4) == 0)
            recording_append(recording, &copy);
    }
    recording_sort(recording);
}

/* A probe that is held up was sent when it was sent. */
static void delay(struct recording *recording, uint64_t *seed)
{
    for (size_t i = 0; i < recording->count; i++) {
        struct health_trace_entry *entry = &recording->entries[i];
        int64_t late_ns = (int64_t)random_below(seed, 300000) * HEALTH_NS_PER_US;
        if (random_below(seed, 10) >= 3)
            continue;
        entry->at_ns += late_ns;
        if (entry->observation.witness == HEALTH_WITNESS_PROBE)
            entry->observation.probe.rtt_ns += late_ns;
    }
    recording_sort(recording);
}

static void reorder(struct recording *recording, uint64_t *seed)
{
    for (size_t i = 1; i < recording->count; i++)
        if (random_below(seed, 4) == 0) {
            struct health_trace_entry entry = recording->entries[i - 1];
            recording->entries[i - 1] = recording->entries[i];
            recording->entries[i] = entry;
        }
}

struct thinning {
    int64_t interval_ns;
    int64_t last_ns[HEALTH_CLUSTER_NODES_MAX];
};

static bool is_due(void *context, const struct health_trace_entry *entry)
{
    struct thinning *thinning = context;
    int64_t *last_ns = &thinning->last_ns[entry->observation.node];
    if (entry->observation.witness != HEALTH_WITNESS_PROBE)
        return true;
    if (entry->at_ns - *last_ns < thinning->interval_ns - 20 * HEALTH_NS_PER_MS)
        return false;
    *last_ns = entry->at_ns;
    return true;
}

static void thin(struct recording *recording, uint64_t *seed, uint32_t interval_ms, bool silently)
{
    struct thinning thinning = {.interval_ns = interval_ms * HEALTH_NS_PER_MS};
    for (uint32_t i = 0; i < recording->header.node_count; i++)
        thinning.last_ns[i] = recording->entries[0].at_ns -
                              (int64_t)random_below(seed, (uint64_t)thinning.interval_ns);
    recording_filter(recording, is_due, &thinning);
    if (recording->header.probe_interval_ms < interval_ms && !silently)
        recording->header.probe_interval_ms = interval_ms;
}

/* A random moment in the first so many hundredths of the recording. */
static int64_t moment(const struct recording *recording, uint64_t *seed, int64_t hundredths)
{
    int64_t first_ns = recording->entries[0].at_ns;
    int64_t last_ns = recording->entries[recording->count - 1].at_ns;
    return first_ns +
           (int64_t)random_below(seed, (uint64_t)((last_ns - first_ns) / 100 * hundredths));
}

static void pause_at_random(struct recording *recording, uint64_t *seed, bool found_later)
{
    int64_t from_ns = moment(recording, seed, 100);
    int64_t to_ns = from_ns + 2 * HEALTH_NS_PER_S +
                    (int64_t)random_below(seed, (uint64_t)(8 * HEALTH_NS_PER_S));
    bool in_flight[HEALTH_CLUSTER_NODES_MAX] = {false};
    size_t kept = 0;

    for (size_t i = 0; i < recording->count; i++) {
        struct health_trace_entry entry = recording->entries[i];
        if (entry.at_ns >= from_ns && entry.at_ns < to_ns) {
            bool *probe = &in_flight[entry.observation.node];
            if (!found_later && entry.observation.witness != HEALTH_WITNESS_LINK)
                continue;
            if (entry.observation.witness == HEALTH_WITNESS_PROBE) {
                if (*probe)
                    continue; /* one was under way when it was stopped; it ends when it goes on */
                *probe = true;
                entry.observation.probe.rtt_ns += to_ns - entry.at_ns;
            }
            entry.at_ns = to_ns;
        }
        recording->entries[kept++] = entry;
    }
    recording->count = kept;
    recording_sort(recording);
}

static bool is_later(void *context, const struct health_trace_entry *entry)
{
    return entry->at_ns >= *(const int64_t *)context;
}

static void begin_late(struct recording *recording, uint64_t *seed)
{
    int64_t from_ns = moment(recording, seed, 75);
    recording_filter(recording, is_later, &from_ns);
}

bool perturbation_is_random(const struct perturbation *perturbation)
{
    return perturbation->loses || perturbation->thin_ms || perturbation->doubles ||
           perturbation->delays || perturbation->reorders || perturbation->begins_late ||
           perturbation->pause != NO_PAUSE;
}

void perturbation_apply(const struct perturbation *perturbation, struct recording *recording,
                        uint64_t *seed)
{
    lose(recording, seed, perturbation->without, 100);
    if (perturbation->begins_late)
        begin_late(recording, seed);
    if (perturbation->thin_ms)
        thin(recording, seed, perturbation->thin_ms, perturbation->silently);
    if (perturbation->loses)
        lose(recording, seed, perturbation->loses, 10 + random_below(seed, 21));
    if (perturbation->doubles)
        duplicate(recording, seed);
    if (perturbation->delays)
        delay(recording, seed);
    if (perturbation->reorders)
        reorder(recording, seed);
    if (perturbation->pause != NO_PAUSE)
        pause_at_random(recording, seed, perturbation->pause == PAUSE_FINDS);
}
