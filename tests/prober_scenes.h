/*
 * prober_scenes.h - what the scenes of the prober's test share.
 */
#ifndef HEALTHD_TESTS_PROBER_SCENES_H
#define HEALTHD_TESTS_PROBER_SCENES_H

#include "prober_stage.h"

#define PROBER_SCENES(X) \
    X(well) \
    X(ill_at_the_door) \
    X(ill_when_asked) \
    X(late_reset) \
    X(flood) \
    X(names) \
    X(password) \
    X(password_file) \
    X(idle_end) \
    X(lost_in_a_question) \
    X(closes_each_time) \
    X(frozen) \
    X(killed_while_frozen) \
    X(view_hangs) \
    X(fresh_connections) \
    X(extra_port) \
    X(unix_socket) \
    X(attention) \
    X(stall_of_ours) \
    X(always_late) \
    X(removed_at_each_stage) \
    X(destroyed_at_each_stage)

/* Of so many nodes that nothing else on the machine keeps its times meanwhile. */
#define PROBER_CROWDS(X) \
    X(many_stalled) \
    X(comings_and_goings) \
    X(thousand)

#define X(name) void scene_##name(void);
PROBER_SCENES(X)
PROBER_CROWDS(X)
#undef X

/* What judging a deadline may take beyond it. */
#define GRACE_MS 50

/* Count a check, and tell when it fails. */
void check(bool good, const char *file, int line, const char *text, const char *about);
#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition, "")
#define CHECK_OF(about, condition) check((condition), __FILE__, __LINE__, #condition, about)

/* A file of the test's own with this text; the same name each time for the same `name`. */
const char *scene_file(const char *name, const char *text);

/* A file with a certificate, to verify others by. */
const char *scene_certificate(void);

/* A house of two, and a prober of its first, which is well. */
void scene_open_one(struct prober_stage *stage, struct fake_house *house,
                    struct cadence_ms cadence);
void scene_close_one(struct prober_stage *stage, struct fake_house *house);

#endif
