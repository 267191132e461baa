/*
 * expect.h - what was true of a recording, and how a replay compares with it.
 *
 * An expectation holds for one subject from a time on until the subject's next one: its state is one of
 * `must`; in the first `within` it may also be any of the former expectation's `must`, or of
 * `meanwhile`. Before its first change a subject is "unknown". healthd-trace(5) describes the file.
 */
#ifndef HEALTHD_CLI_EXPECT_H
#define HEALTHD_CLI_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EXPECT_STATES_MAX 6
#define EXPECT_TEXT_MAX 64

struct state_set {
    char states[EXPECT_STATES_MAX][16];
    size_t count;
};

struct expectation {
    char subject[EXPECT_TEXT_MAX]; /* a node's name, or "cluster" */
    int64_t from_us;
    int64_t within_us;
    struct state_set must;
    struct state_set meanwhile;
};

struct expectations {
    struct expectation *list; /* in order of time for each subject */
    size_t count;
    int64_t end_us;
};

/* One change of state, as a replay prints it. */
struct change {
    char subject[EXPECT_TEXT_MAX];
    char state[16];
    int64_t at_us;
};

struct changes {
    struct change *list;
    size_t count;
    size_t capacity;
};

/* Read a file. False: stderr says which line is wrong and what is expected. */
bool expectations_read(const char *path, struct expectations *ret_expectations);
void expectations_clear(struct expectations *expectations);

/* Append a change; aborts the program when memory is short. */
void changes_add(struct changes *changes, const char *subject, const char *state, int64_t at_us);
void changes_clear(struct changes *changes);

/* A state that an expectation does not allow, and for how long it lasted in that expectation's part. */
struct broken {
    const struct expectation *expectation;
    char state[16];
    int64_t lasted_us;
};

typedef void broken_found(void *context, const struct broken *broken);

struct score {
    size_t broken;
    int64_t wrong_us;
    unsigned flaps; /* changes beyond those that the expectations name */
};

/* Compare changes with what was true; `found` (or NULL) is called for each broken expectation. */
struct score expectations_score(const struct expectations *expectations,
                                const struct changes *changes, broken_found *found, void *context);

#endif
