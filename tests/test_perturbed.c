/*
 * test_perturbed.c - the recordings with their observations lost, doubled, delayed, thinned, or the
 * monitor stopped in the middle. Whatever is lost, nobody is falsely dead, and no crash is clean; and
 * each expectation is met within its bound and what the perturbation explains.
 */
#include "perturbation.h"

#include <criterion/criterion.h>
#include <string.h>

/* Of what is left to chance; fewer where each step is watched and slow. */
#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 40
#else
#define SEEDS 200
#endif

/* From the start of a mysqld until its peers count it, at most, in the recordings. Before that, nothing
 * tells without agents that it is there. */
#define START_MS 3000

#define ANYTHING INT64_MAX /* no bound: its safety is what counts */

static const struct perturbation perturbations[] = {
    {"probes lost", 1000, .loses = PROBES},
    {"heartbeats lost", 1500, .loses = BEATS},
    {"both lost", 1500, .loses = PROBES | BEATS},
    {"everything lost", 1500, .loses = PROBES | BEATS | LINKS},
    {"no links", 100, .without = LINKS},
    {"duplicated", 0, .doubles = true},
    {"delayed", 300, .delays = true},
    {"reordered", 0, .reorders = true},
    {"thinned to 500 ms", 0, .thin_ms = 500},
    {"thinned to 1 s", 500, .thin_ms = 1000},
    {"thinned to 1 s and lost", 4500, .thin_ms = 1000, .loses = PROBES | BEATS},
    {"thinned to 1 s, header unchanged", 500, .thin_ms = 1000, .silently = true},
    {"thinned to 5 s", 5500, .thin_ms = 5000},
    {"paused, what came is lost", 10000, .pause = PAUSE_LOSES},
    {"paused, what came is found later", 10000, .pause = PAUSE_FINDS},
    {"begun in the middle", ANYTHING, .begins_late = true},
    {"no agents", 0, .without = BEATS},
    {"no agents, probes lost", 0, .without = BEATS, .loses = PROBES},
    {"no agents, everything lost", ANYTHING, .without = BEATS, .loses = PROBES | LINKS},
    {"no agents, delayed", 300, .without = BEATS, .delays = true},
    {"no agents, thinned to 1 s", 0, .without = BEATS, .thin_ms = 1000},
    {"no agents, thinned to 1 s and lost", 0, .without = BEATS, .thin_ms = 1000, .loses = PROBES},
    {"no agents, paused and lost", 10000, .without = BEATS, .pause = PAUSE_LOSES},
    {"no agents, paused and found later", 10000, .without = BEATS, .pause = PAUSE_FINDS},
    {"no agents, begun in the middle", ANYTHING, .without = BEATS, .begins_late = true},
    {"no agents, no links", 0, .without = BEATS | LINKS},
    {"no agents, no links, lost", 0, .without = BEATS | LINKS, .loses = PROBES},
    {"no agents, no links, 500 ms", 0, .without = BEATS | LINKS, .thin_ms = 500},
    {"no agents, no links, 1 s", 0, .without = BEATS | LINKS, .thin_ms = 1000},
    {"no agents, no links, 2 s", 0, .without = BEATS | LINKS, .thin_ms = 2000},
    {"no agents, no links, 5 s", 0, .without = BEATS | LINKS, .thin_ms = 5000},
    {"no agents, no links, 500 ms, lost", 0, .without = BEATS | LINKS, .thin_ms = 500,
     .loses = PROBES},
    {"no agents, no links, 1 s, lost", 0, .without = BEATS | LINKS, .thin_ms = 1000,
     .loses = PROBES},
    {"no agents, no links, 2 s, lost", 0, .without = BEATS | LINKS, .thin_ms = 2000,
     .loses = PROBES},
    {"no agents, no links, 5 s, lost", 0, .without = BEATS | LINKS, .thin_ms = 5000,
     .loses = PROBES},
    {"no agents, no links, begun in the middle", ANYTHING, .without = BEATS | LINKS,
     .begins_late = true},
    {"no agents, no links, 1 s, begun in the middle", ANYTHING, .without = BEATS | LINKS,
     .thin_ms = 1000, .begins_late = true},
};

/* One recording, perturbed in one way. */
struct trial {
    const struct perturbation *perturbation;
    const struct expectations *truth;
    const struct health_trace_header *header;
    const struct transcript *said;
    bool agents; /* there are heartbeats in it */
    char what[128];
};

static bool names(const struct state_set *set, const char *state)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->states[i], state) == 0)
            return true;
    return false;
}

static bool is_red(const char *state)
{
    return strncmp(state, "red", 3) == 0;
}

static bool names_red(const struct state_set *set)
{
    return names(set, "red-clean") || names(set, "red-unclean") || names(set, "red");
}

/* An interval and a timeout, as the probes really come. */
static int64_t round_ms(const struct trial *trial)
{
    uint32_t interval_ms = trial->header->probe_interval_ms;
    if (interval_ms < trial->perturbation->thin_ms)
        interval_ms = trial->perturbation->thin_ms;
    return (int64_t)interval_ms + trial->header->probe_timeout_ms;
}

/* How long a node may be believed dead after it was started again. */
static int64_t rising_ms(const struct trial *trial)
{
    const struct perturbation *perturbation = trial->perturbation;
    int64_t turns = perturbation->loses ? 6 : 2; /* so many in a row may be lost */
    int64_t rising_ms = turns * round_ms(trial) + 400;

    rising_ms += trial->agents ? turns * trial->header->heartbeat_interval_ms : START_MS;
    return rising_ms + (perturbation->pause == NO_PAUSE ? 0 : 10000);
}

/* The time in which the subject was truly down, as far as it had begun by at_us. */
struct downtime {
    bool any;
    bool clean; /* it exited gracefully */
    int64_t to_us;
};

static struct downtime downtime_at(const struct expectations *truth, const char *subject,
                                   int64_t at_us)
{
    struct downtime down = {.to_us = INT64_MAX};
    for (size_t i = 0; i < truth->count; i++) {
        const struct expectation *part = &truth->list[i];
        if (strcmp(part->subject, subject) != 0)
            continue;
        if (names_red(&part->must) && part->from_us <= at_us) {
            down.any = true;
            down.to_us = INT64_MAX;
            down.clean |= names(&part->must, "red-clean");
        } else if (down.any && down.to_us == INT64_MAX && !names_red(&part->must)) {
            down.to_us = part->from_us;
        }
    }
    return down;
}

/* A graceful exit whose proof was lost may be called unclean, once the node is gone; a crash is never
 * called clean, and a node that runs is never red, but for a bounded time after its start. */
static void check_red(const struct trial *trial, const struct change *change, int64_t to_us)
{
    struct downtime down = downtime_at(trial->truth, change->subject, change->at_us);

    cr_expect(down.any, "%s: %s is %s at %lld us", trial->what, change->subject, change->state,
              (long long)change->at_us);
    if (strcmp(change->state, "red-clean") == 0)
        cr_expect(down.clean, "%s: the crash of %s is called clean", trial->what, change->subject);
    if (down.to_us != INT64_MAX)
        cr_expect_leq(to_us, down.to_us + rising_ms(trial) * 1000,
                      "%s: %s is still %s %lld ms after its start", trial->what, change->subject,
                      change->state, (long long)((to_us - down.to_us) / 1000));
}

static void check_safety(const struct trial *trial)
{
    const struct transcript *said = trial->said;
    for (size_t i = 0; i < said->changes.count; i++) {
        const struct change *change = &said->changes.list[i];
        int64_t to_us = trial->truth->end_us;
        if (!is_red(change->state))
            continue;
        for (size_t k = i + 1; k < said->changes.count && to_us == trial->truth->end_us; k++)
            if (strcmp(said->changes.list[k].subject, change->subject) == 0)
                to_us = said->changes.list[k].at_us;
        check_red(trial, change, to_us);
    }
}

/* Is another node truly a member when this part begins? */
static bool has_peers(const struct expectations *truth, const struct expectation *part)
{
    for (size_t i = 0; i < truth->count; i++) {
        const struct expectation *other = &truth->list[i];
        const struct expectation *now = NULL;
        for (size_t k = 0; k < truth->count; k++)
            if (strcmp(truth->list[k].subject, other->subject) == 0 &&
                truth->list[k].from_us <= part->from_us)
                now = &truth->list[k];
        if (strcmp(other->subject, part->subject) != 0 && strcmp(other->subject, "cluster") != 0 &&
            now && names(&now->must, "green"))
            return true;
    }
    return false;
}

/* Has the monitor seen it as a member before this part? */
static bool was_seen(const struct trial *trial, const struct expectation *part)
{
    const struct changes *changes = &trial->said->changes;
    for (size_t i = 0; i < changes->count && changes->list[i].at_us < part->from_us; i++)
        if (strcmp(changes->list[i].subject, part->subject) == 0 &&
            strcmp(changes->list[i].state, "green") == 0)
            return true;
    return false;
}

/* Can the peers tell, without agents, that it is down and how it ended? */
static bool peers_can_tell(const struct trial *trial, const struct expectation *part)
{
    return part->must.count == 1 && is_red(part->must.states[0]) &&
           strcmp(part->subject, "cluster") != 0 && has_peers(trial->truth, part) &&
           was_seen(trial, part);
}

/* The perturbations' own figures are for the recordings' usual cadence. Without agents, what only they can
 * tell is not told; what peers can tell comes after they were asked twice. */
static int64_t explained_ms(const struct trial *trial, const struct broken *broken)
{
    int64_t explains_ms = trial->perturbation->explains_ms;

    if (explains_ms == ANYTHING)
        return ANYTHING;
    if (trial->agents)
        return explains_ms * trial->header->heartbeat_interval_ms / 200;
    if (!peers_can_tell(trial, broken->expectation) || is_red(broken->state))
        return ANYTHING; /* which red it may be is a question of safety */
    return explains_ms + (trial->perturbation->loses ? 3 : 1) * (2 * round_ms(trial) + 400);
}

static void check_bound(void *context, const struct broken *broken)
{
    const struct trial *trial = context;
    int64_t explains_ms = explained_ms(trial, broken);
    if (explains_ms == ANYTHING)
        return;
    cr_expect_leq(broken->lasted_us, explains_ms * 1000,
                  "%s: %s is %s for %lld ms in the part from %lld us", trial->what,
                  broken->expectation->subject, broken->state,
                  (long long)(broken->lasted_us / 1000), (long long)broken->expectation->from_us);
}

static bool has_beats(const struct recording *recording)
{
    for (size_t i = 0; i < recording->count; i++)
        if (recording->entries[i].observation.witness == HEALTH_WITNESS_AGENT)
            return true;
    return false;
}

static void perturb(const struct recording *original, const struct expectations *truth,
                    const struct perturbation *perturbation, uint64_t seed)
{
    struct recording recording = recording_copy(original);
    uint64_t random = seed;

    perturbation_apply(perturbation, &recording, &random);
    struct trial trial = {.perturbation = perturbation,
                          .truth = truth,
                          .header = &recording.header,
                          .agents = has_beats(&recording)};
    snprintf(trial.what, sizeof trial.what, "%s, %s, seed %llu", original->header.scenario,
             perturbation->name, (unsigned long long)seed);
    struct transcript said = recording_replay(&recording, 0);
    trial.said = &said;
    check_safety(&trial);
    expectations_score(truth, &said.changes, check_bound, &trial);
    transcript_free(&said);
    recording_free(&recording);
}

Test(perturbed, nobody_is_falsely_dead_and_no_crash_is_clean)
{
    for (size_t i = 0; recording_names[i]; i++) {
        struct recording original = recording_load(recording_names[i]);
        struct expectations truth = recording_truth(recording_names[i]);
        for (size_t k = 0; k < sizeof perturbations / sizeof *perturbations; k++) {
            uint64_t seeds = perturbation_is_random(&perturbations[k]) ? SEEDS : 1;
            for (uint64_t seed = 1; seed <= seeds; seed++)
                perturb(&original, &truth, &perturbations[k], seed * 1000 + i);
        }
        expectations_clear(&truth);
        recording_free(&original);
    }
}
