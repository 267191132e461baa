/*
 * test_perturbed.c - the recordings with their observations lost, doubled, delayed, thinned, or the
 * monitor stopped in the middle. Whatever is lost, nobody is falsely dead, and no crash is clean; and
 * each expectation is met within its bound and what the perturbation explains.
 */
#include "recording.h"

#include <criterion/criterion.h>
#include <string.h>

#define SEEDS 12

struct perturbation {
    const char *name;
    void (*apply)(struct recording *recording, uint64_t *seed);
    int64_t explains_ms; /* longest wrong stretch it explains, over all nodes of one expectation */
    bool without_agents;
};

/* Lose 10 to 30 % of what `witness` saw. */
struct loss {
    uint64_t *seed;
    uint64_t percent;
    uint8_t witness;
};

static bool survives(void *context, const struct health_trace_entry *entry)
{
    struct loss *loss = context;
    return entry->observation.witness != loss->witness ||
           random_below(loss->seed, 100) >= loss->percent;
}

static void lose(struct recording *recording, uint64_t *seed, uint8_t witness)
{
    struct loss loss = {seed, 10 + random_below(seed, 21), witness};
    recording_filter(recording, survives, &loss);
}

static void lose_probes(struct recording *recording, uint64_t *seed)
{
    lose(recording, seed, HEALTH_WITNESS_PROBE);
}

static void lose_beats(struct recording *recording, uint64_t *seed)
{
    lose(recording, seed, HEALTH_WITNESS_AGENT);
}

static void lose_both(struct recording *recording, uint64_t *seed)
{
    lose_probes(recording, seed);
    lose_beats(recording, seed);
}

static void lose_everything(struct recording *recording, uint64_t *seed)
{
    lose_both(recording, seed);
    lose(recording, seed, HEALTH_WITNESS_LINK);
}

static void lose_links(struct recording *recording, uint64_t *seed)
{
    struct loss loss = {seed, 100, HEALTH_WITNESS_LINK};
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

/* Hold some observations up by as much as 300 ms, which also puts them out of order. */
static void delay(struct recording *recording, uint64_t *seed)
{
    for (size_t i = 0; i < recording->count; i++)
        if (random_below(seed, 10) < 3)
            recording->entries[i].at_ns += (int64_t)random_below(seed, 300000) * HEALTH_NS_PER_US;
    recording_sort(recording);
}

/* Let two neighbours in time arrive in the other order: the later one comes first. */
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
    if (*last_ns && entry->at_ns - *last_ns < thinning->interval_ns - 20 * HEALTH_NS_PER_MS)
        return false;
    *last_ns = entry->at_ns;
    return true;
}

static void thin(struct recording *recording, uint32_t interval_ms)
{
    struct thinning thinning = {.interval_ns = interval_ms * HEALTH_NS_PER_MS};
    recording_filter(recording, is_due, &thinning);
    if (recording->header.probe_interval_ms < interval_ms)
        recording->header.probe_interval_ms = interval_ms;
}

static void thin_to_500_ms(struct recording *recording, uint64_t *seed)
{
    (void)seed;
    thin(recording, 500);
}

static void thin_to_1_s(struct recording *recording, uint64_t *seed)
{
    (void)seed;
    thin(recording, 1000);
}

static void thin_to_1_s_and_lose(struct recording *recording, uint64_t *seed)
{
    thin(recording, 1000);
    lose_both(recording, seed);
}

/* The probes come once a second, and the header does not say so. */
static void thin_silently(struct recording *recording, uint64_t *seed)
{
    uint32_t said_ms = recording->header.probe_interval_ms;
    (void)seed;
    thin(recording, 1000);
    recording->header.probe_interval_ms = said_ms;
}

/* The monitor is stopped for 2 to 10 s. What came meanwhile is lost, or is found when it goes on. */
static void pause_at_random(struct recording *recording, uint64_t *seed, bool found_later)
{
    int64_t first_ns = recording->entries[0].at_ns;
    int64_t last_ns = recording->entries[recording->count - 1].at_ns;
    int64_t from_ns = first_ns + (int64_t)random_below(seed, (uint64_t)(last_ns - first_ns));
    int64_t to_ns = from_ns + 2 * HEALTH_NS_PER_S +
                    (int64_t)random_below(seed, (uint64_t)(8 * HEALTH_NS_PER_S));
    bool in_flight[HEALTH_CLUSTER_NODES_MAX] = {false};
    size_t kept = 0;

    for (size_t i = 0; i < recording->count; i++) {
        struct health_trace_entry entry = recording->entries[i];
        if (entry.at_ns >= from_ns && entry.at_ns < to_ns) {
            bool *probe = &in_flight[entry.observation.node];
            if (!found_later)
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

static void pause_and_lose(struct recording *recording, uint64_t *seed)
{
    pause_at_random(recording, seed, false);
}

static void pause_and_find(struct recording *recording, uint64_t *seed)
{
    pause_at_random(recording, seed, true);
}

static void nothing(struct recording *recording, uint64_t *seed)
{
    (void)recording;
    (void)seed;
}

static bool is_no_beat(void *context, const struct health_trace_entry *entry)
{
    (void)context;
    return entry->observation.witness != HEALTH_WITNESS_AGENT;
}

#define ANYTHING INT64_MAX

static const struct perturbation perturbations[] = {
    {"probes lost", lose_probes, 600, false},
    {"heartbeats lost", lose_beats, 1000, false},
    {"both lost", lose_both, 1200, false},
    {"everything lost", lose_everything, 1200, false},
    {"no links", lose_links, 100, false},
    {"duplicated", duplicate, 0, false},
    {"delayed", delay, 300, false},
    {"reordered", reorder, 0, false},
    {"thinned to 500 ms", thin_to_500_ms, 0, false},
    {"thinned to 1 s", thin_to_1_s, 500, false},
    {"thinned to 1 s and lost", thin_to_1_s_and_lose, 3000, false},
    {"thinned to 1 s, header unchanged", thin_silently, 500, false},
    {"paused, what came is lost", pause_and_lose, 10000, false},
    {"paused, what came is found later", pause_and_find, 10000, false},
    /* Without agents, what only they could tell is not told: the safety is what counts. */
    {"no agents", nothing, ANYTHING, true},
    {"no agents, probes lost", lose_probes, ANYTHING, true},
    {"no agents, everything lost", lose_everything, ANYTHING, true},
    {"no agents, no links", lose_links, ANYTHING, true},
    {"no agents, delayed", delay, ANYTHING, true},
    {"no agents, thinned to 1 s", thin_to_1_s, ANYTHING, true},
    {"no agents, thinned to 1 s and lost", thin_to_1_s_and_lose, ANYTHING, true},
    {"no agents, paused and lost", pause_and_lose, ANYTHING, true},
    {"no agents, paused and found later", pause_and_find, ANYTHING, true},
};

static bool names(const struct state_set *set, const char *state)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->states[i], state) == 0)
            return true;
    return false;
}

/* Was the subject truly so at some time up to at_us, or may it have been? A dead node may be believed
 * dead a little after it was started again, but never before it died. */
static bool was_allowed(const struct expectations *truth, const char *subject, const char *state,
                        int64_t at_us)
{
    for (size_t i = 0; i < truth->count; i++) {
        const struct expectation *expectation = &truth->list[i];
        if (strcmp(expectation->subject, subject) == 0 && expectation->from_us <= at_us &&
            (names(&expectation->must, state) || names(&expectation->meanwhile, state)))
            return true;
    }
    return false;
}

static bool ever_allowed(const struct expectations *truth, const char *subject, const char *state)
{
    return was_allowed(truth, subject, state, INT64_MAX);
}

static bool is_red(const char *state)
{
    return strncmp(state, "red", 3) == 0;
}

/* A graceful exit whose proof was lost may be called unclean, once the node is gone; a crash is never
 * called clean, and a node that runs is never red. */
static void check_safety(const struct expectations *truth, const struct transcript *said,
                         const char *what)
{
    for (size_t i = 0; i < said->changes.count; i++) {
        const struct change *change = &said->changes.list[i];
        if (!is_red(change->state))
            continue;
        bool gone = was_allowed(truth, change->subject, "red-clean", change->at_us) ||
                    was_allowed(truth, change->subject, "red-unclean", change->at_us) ||
                    was_allowed(truth, change->subject, "red", change->at_us);
        cr_expect(gone, "%s: %s is %s at %lld us", what, change->subject, change->state,
                  (long long)change->at_us);
        if (strcmp(change->state, "red-clean") == 0)
            cr_expect(ever_allowed(truth, change->subject, "red-clean"),
                      "%s: the crash of %s is called clean", what, change->subject);
    }
}

struct tolerance {
    const char *what;
    int64_t explains_us;
};

static void check_bound(void *context, const struct broken *broken)
{
    const struct tolerance *tolerance = context;
    cr_expect_leq(broken->lasted_us, tolerance->explains_us,
                  "%s: %s is %s for %lld ms in the part from %lld us", tolerance->what,
                  broken->expectation->subject, broken->state,
                  (long long)(broken->lasted_us / 1000), (long long)broken->expectation->from_us);
}

static void perturb(const struct recording *original, const struct expectations *truth,
                    const struct perturbation *perturbation, uint64_t seed)
{
    struct recording recording = recording_copy(original);
    uint64_t random = seed;
    char what[128];

    snprintf(what, sizeof what, "%s, %s, seed %llu", original->header.scenario, perturbation->name,
             (unsigned long long)seed);
    if (perturbation->without_agents)
        recording_filter(&recording, is_no_beat, NULL);
    perturbation->apply(&recording, &random);

    struct transcript said = recording_replay(&recording, 0);
    check_safety(truth, &said, what);
    if (perturbation->explains_ms != ANYTHING) {
        struct tolerance tolerance = {what, perturbation->explains_ms * 1000};
        expectations_score(truth, &said.changes, check_bound, &tolerance);
    }
    transcript_free(&said);
    recording_free(&recording);
}

static void perturb_all(const struct perturbation *perturbation)
{
    for (size_t i = 0; recording_names[i]; i++) {
        struct recording original = recording_load(recording_names[i]);
        struct expectations truth = recording_truth(recording_names[i]);
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            perturb(&original, &truth, perturbation, seed * 1000 + i);
        expectations_clear(&truth);
        recording_free(&original);
    }
}

Test(perturbed, nobody_is_falsely_dead_and_no_crash_is_clean)
{
    for (size_t i = 0; i < sizeof perturbations / sizeof *perturbations; i++)
        perturb_all(&perturbations[i]);
}
