/*
 * scene.h - hand-written traces: a small cast of nodes, what each does, and how long.
 *
 * A scene is written in the order of time: set what a node's probe, link and agent show, let some time
 * run (probes and heartbeats are recorded at the cadence), say what must be believed by then, go on.
 * scene_play() then replays the whole and checks everything that was said.
 */
#ifndef HEALTHD_TESTS_SCENE_H
#define HEALTHD_TESTS_SCENE_H

#include "recording.h"

#define SCENE_ACTORS_MAX 8

enum probe_habit {
    PROBE_SHOWS_VIEW, /* answered, with the actor's view */
    PROBE_LIGHT,      /* answered, without a view */
    PROBE_FAILS,      /* as `error` and `code` say */
    PROBE_ABSENT,     /* not made */
};

struct actor {
    enum probe_habit probe;
    int64_t phase_ms; /* its probes come so long after the beginning of each interval */
    uint8_t error;
    uint16_t code;
    struct health_view view;
    struct health_member members[SCENE_ACTORS_MAX]; /* shown when view.member_count is set */
    bool agent;                                     /* heartbeats are sent */
    bool local_answers;                             /* the agent gets the actor's view too, */
    const struct health_view *lags;                 /* or an older one; NULL: it does not lag */
    struct health_heartbeat beat;                   /* what they say */
};

struct scene_claim {
    char subject[16];
    char state[16];
    int64_t at_us;
    bool never; /* from at_us on */
};

struct scene {
    struct recording recording;
    struct actor actors[SCENE_ACTORS_MAX];
    int64_t now_us;
    struct scene_claim claims[64];
    size_t claim_count;
};

/* Nodes n1..., all members of one view, all with agents; probes 100 ms, timeout 500 ms, beats 200 ms. */
void scene_begin(struct scene *scene, uint32_t nodes);

/* The same without agents. */
void scene_begin_without_agents(struct scene *scene, uint32_t nodes);

/* Another cadence; call it first. */
void scene_cadence(struct scene *scene, uint32_t interval_ms, uint32_t timeout_ms,
                   uint32_t beat_ms);

/* Actors are counted from 1, like their names. */
struct actor *scene_actor(struct scene *scene, unsigned number);

/* Show a Primary view of this id and size, Synced and ready. */
void scene_member(struct scene *scene, unsigned number, uint64_t conf_id, int32_t size);

/* These (a list that ends with 0) are the members of a view, and nobody else. */
void scene_members(struct scene *scene, const unsigned *numbers, uint64_t conf_id);
#define MEMBERS(scene, conf_id, ...) \
    scene_members(scene, (const unsigned[]){__VA_ARGS__, 0}, conf_id)

/* Show "non-Primary". */
void scene_non_primary(struct scene *scene, unsigned number);

/* The probe fails so from now on. */
void scene_fails(struct scene *scene, unsigned number, enum health_probe_error error);

/* Kill -9: link and probes end; the agent, if there is one, says so. */
void scene_crash(struct scene *scene, unsigned number);

/* The connections close as at the beginning of a graceful stop; the process lives on. */
void scene_leave(struct scene *scene, unsigned number);

/* A graceful stop has come to its end: refused, and the agent has seen exit code 0. */
void scene_stopped(struct scene *scene, unsigned number);

/* The process is stopped by a signal ('T'), or otherwise unable to answer: it is in this state. */
void scene_freeze(struct scene *scene, unsigned number, char proc_state);

/* Neither probes reach the node any more, nor its agent's packets the monitor. */
void scene_cut_off(struct scene *scene, unsigned number);

/* mysqld was started and takes no connections yet. */
void scene_starting(struct scene *scene, unsigned number, uint32_t pid);

/* It takes connections, as a member of this view. */
void scene_up(struct scene *scene, unsigned number, uint64_t conf_id, int32_t size);

void scene_link(struct scene *scene, unsigned number, enum health_link link);

/* The monitor watches no links in this scene; call it first. */
void scene_without_links(struct scene *scene);

/* What the node's probe or agent shows just now is recorded, out of turn. */
void scene_show_probe(struct scene *scene, unsigned number);
void scene_send_beat(struct scene *scene, unsigned number);

/* Let the clock run, recording what the actors show. */
void scene_run(struct scene *scene, double seconds);

/* Let the clock run with nothing recorded: the monitor is stopped. */
void scene_pause(struct scene *scene, double seconds);

/* Claims about what is believed now: of node `number`, of the cluster. */
void scene_expect(struct scene *scene, unsigned number, const char *state);
void scene_expect_cluster(struct scene *scene, const char *colour);

/* The node (0: the cluster) is never believed to become so in the whole scene, or from now on. */
void scene_never_again(struct scene *scene, unsigned number, const char *state);
void scene_never(struct scene *scene, unsigned number, const char *state);

void scene_never_red(struct scene *scene, unsigned number);

/* Replay and check; frees the scene. */
void scene_play(struct scene *scene);

/* Replay to the end and give the engine's picture there; the caller closes the replay. */
void scene_picture(struct scene *scene, struct replay *ret_replay);

#endif
