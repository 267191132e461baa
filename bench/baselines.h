/*
 * baselines.h - what healthd's queue is measured beside: the same work done the way others do it.
 *
 * scan_ring is the algorithm of LMAX's CoalescingRingBuffer done again in C: to push is to look through
 * the entries not read yet for the key, one after the other. When full it rejects.
 *
 * work_queue has the shape of the work queue in Kubernetes' client-go: a hash set of the keys that are
 * queued, a first-in first-out line, and a mutex around both. It grows without bound there; here its
 * line is as long as there are keys, which is all it can need.
 *
 * Both carry the whole report, as healthd's queue does, but for scan_ring between two threads: its
 * values have to be single words then, which is to its advantage.
 */
#ifndef HEALTHD_BENCH_BASELINES_H
#define HEALTHD_BENCH_BASELINES_H

#include <healthd/queue.h>

struct queue_kind {
    const char *name;
    uint32_t subjects_most; /* beyond it takes too long to wait for */
    void *(*create)(uint32_t subjects, uint32_t capacity, bool two_threads);
    void (*destroy)(void *queue);
    bool (*push)(void *queue, const struct health_report *report); /* false: rejected */
    bool (*pop)(void *queue, struct health_report *ret_report);
    uint32_t (*length)(void *queue); /* what the reader could pop now */
};

extern const struct queue_kind scan_ring, work_queue;

/* healthd's own, and one that does nothing: what the loop around any of them costs. */
extern const struct queue_kind our_queue, no_queue;

#endif
