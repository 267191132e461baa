/*
 * healthd/queue.h - the reporting queue: latest state of each subject, bounded, never blocking.
 *
 * A queue of fixed capacity between one writer (whoever changes states) and one reader (whoever
 * reports upstream), usable by a controller without the rest of healthd. A *subject* is a dense number
 * from 0 to subjects-1; a node or a cluster.
 *
 * What it promises:
 *  1. It never holds more than `capacity` entries, and never two for one subject: a newer report of a
 *     queued subject replaces the older in place, and the subject keeps its place in line.
 *  2. When full, a push drops the *oldest* entry and counts it. A push never blocks and never fails.
 *  3. What was dropped is owed: as soon as there is room, the latest report of each subject whose entry
 *     was dropped is queued again, in the order of subjects, round and round. So when things go quiet and
 *     the reader drains, it has seen the latest report of every subject.
 *  4. Each report carries the queue's epoch, the subject's version, and how many versions the reader did
 *     not see. The reader never sees a version of a subject twice, nor an older one after a newer.
 *  5. One writer, one reader, no lock held by either while the other works; the cost of each call depends
 *     neither on the number of subjects nor on what is queued.
 *
 * Threads: health_queue_push() belongs to the writer's thread, health_queue_pop() to the reader's; they
 * may be the same. The length and the counters may be read from either. With two threads, the room that
 * the reader makes goes to what is owed at the writer's next pushes, two at each and before their own
 * report; once nobody stands in line the reader serves what is owed itself.
 */
#ifndef HEALTHD_QUEUE_H
#define HEALTHD_QUEUE_H

#include <healthd/types.h>

/* The latest state of one subject on its way upstream. The queue gives meaning only to subject, epoch,
 * version and missed; the rest is carried. */
struct health_report {
    uint32_t subject;
    uint32_t version; /* grows by one with each change of the subject; the first is 1 */
    uint32_t missed;  /* versions between the last one the reader saw and this; set by pop */
    uint8_t state;    /* enum health_state of a node, enum health_colour of a cluster */
    uint8_t from;     /* the state the reader saw last (0, unknown, at first); set by pop */
    uint8_t reason;   /* enum health_reason */
    uint8_t routable; /* enum health_answer */
    int64_t since_ns; /* when this state began */
    int64_t at_ns;    /* when this version was made */
    uint64_t epoch;   /* one life of the reporter; set by pop */
};

struct health_queue_options {
    uint32_t subjects; /* 1 to 2^30 */
    uint32_t capacity; /* entries held at most: 1 to 2^30 */
    uint64_t epoch;    /* greater in each life of the reporter, e.g. its start in wall-clock ms */
    bool two_threads;  /* writer and reader are different threads; false spares the atomics */
};

struct health_queue_counters {
    uint64_t pushed;    /* reports given */
    uint64_t coalesced; /* of those, replaced an entry in line */
    uint64_t dropped;   /* entries dropped because the queue was full */
    uint64_t popped;    /* reports taken by the reader */
};

struct health_queue;

/*
 * Create a queue: the only allocation it ever makes.
 * Errors: HEALTH_EINVAL (a range above), HEALTH_ENOMEM. *ret_queue is written on success only; the
 * caller owns it.
 */
HEALTH_API enum health_error health_queue_create(const struct health_queue_options *options,
                                                 struct health_queue **ret_queue);

/* Free a queue; NULL is fine. Neither thread may be inside it. */
HEALTH_API void health_queue_destroy(struct health_queue *queue);

/*
 * Push the latest report of report->subject (writer). The version must be one more than the last one
 * pushed for that subject. Copies the report. Asserts on a subject out of range: a caller's bug.
 */
HEALTH_API void health_queue_push(struct health_queue *queue, const struct health_report *report);

/*
 * Take the report that has waited longest (reader). False: nothing is waiting and nothing is owed, but
 * for what the other thread is pushing at this moment; *ret_report is untouched.
 */
HEALTH_API bool health_queue_pop(struct health_queue *queue, struct health_report *ret_report);

/* Entries waiting in line now, never more than the capacity. What is owed is not held and not counted.
 * Exact when both threads rest. */
HEALTH_API uint32_t health_queue_length(const struct health_queue *queue);

/* Subjects whose report was dropped and has not been queued again. For people: it looks at a bit of each
 * subject. Exact when both threads rest. */
HEALTH_API uint32_t health_queue_owed(const struct health_queue *queue);

/* Copy the counters. Exact when both threads rest. */
HEALTH_API void health_queue_counters(const struct health_queue *queue,
                                      struct health_queue_counters *ret_counters);

/* Bytes that a queue of these options takes: what its creation allocates. 0 for bad options. */
HEALTH_API size_t health_queue_bytes(const struct health_queue_options *options);

#endif
