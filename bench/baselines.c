/*
 * baselines.c - see baselines.h.
 */
#include "baselines.h"

#include "measure.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t size = 1;
    while (size < at_least)
        size *= 2;
    return size;
}

/* ---- The ring that is searched ---- */

struct scan_ring {
    uint32_t mask;
    bool shared;
    uint32_t *keys;
    _Atomic uint64_t *words;       /* version and state, between two threads */
    struct health_report *reports; /* all of it, in one */
    alignas(64) _Atomic uint64_t next_write;
    alignas(64) _Atomic uint64_t first_write; /* the oldest entry that may still be replaced */
    alignas(64) _Atomic uint64_t next_read;   /* what comes before may be overwritten */
    uint64_t reading;                         /* the reader's place in what it has claimed */
    uint64_t claimed;                         /* and its end */
};

static void *scan_ring_create(uint32_t subjects, uint32_t capacity, bool two_threads)
{
    /* Room for every key to be claimed by the reader and queued again, so that nothing is rejected. */
    uint32_t size = power_of_two(2 * (capacity < subjects ? capacity : subjects));
    struct scan_ring *ring = aligned_alloc(64, sizeof *ring);
    if (!ring)
        return measure_check(false, "memory"), NULL;
    *ring = (struct scan_ring){.mask = size - 1, .shared = two_threads};
    ring->keys = measure_alloc(size * sizeof *ring->keys);
    ring->words = measure_alloc(size * sizeof *ring->words);
    ring->reports = measure_alloc(size * sizeof *ring->reports);
    return ring;
}

static void scan_ring_destroy(void *queue)
{
    struct scan_ring *ring = queue;
    free(ring->keys);
    free(ring->words);
    free(ring->reports);
    free(ring);
}

static void scan_ring_store(struct scan_ring *ring, uint64_t index,
                            const struct health_report *report)
{
    uint64_t word = (uint64_t)report->version << 32 | report->state;
    if (!ring->shared)
        ring->reports[index] = *report;
    else
        atomic_exchange(&ring->words[index], word);
}

static bool scan_ring_push(void *queue, const struct health_report *report)
{
    struct scan_ring *ring = queue;
    uint64_t next = atomic_load_explicit(&ring->next_write, memory_order_relaxed);
    uint64_t at = atomic_load_explicit(&ring->first_write, memory_order_acquire);

    for (; at < next; at++) {
        if (ring->keys[at & ring->mask] != report->subject)
            continue;
        scan_ring_store(ring, at & ring->mask, report);
        if (at >= atomic_load_explicit(&ring->first_write, memory_order_acquire))
            return true;
        break; /* the reader has claimed it meanwhile: queue it as new */
    }
    if (next - atomic_load_explicit(&ring->next_read, memory_order_acquire) > ring->mask)
        return false;
    ring->keys[next & ring->mask] = report->subject;
    scan_ring_store(ring, next & ring->mask, report);
    atomic_store_explicit(&ring->next_write, next + 1, memory_order_release);
    return true;
}

/* Read from what was claimed last; when that is used up, claim all there is, as its batch poll does. */
static bool scan_ring_pop(void *queue, struct health_report *ret_report)
{
    struct scan_ring *ring = queue;

    if (ring->reading == ring->claimed) {
        atomic_store_explicit(&ring->next_read, ring->claimed, memory_order_release);
        ring->claimed = atomic_load_explicit(&ring->next_write, memory_order_acquire);
        if (ring->reading == ring->claimed)
            return false;
        if (ring->shared)
            atomic_store(&ring->first_write, ring->claimed);
        else
            atomic_store_explicit(&ring->first_write, ring->claimed, memory_order_relaxed);
    }
    uint64_t index = ring->reading++ & ring->mask;
    if (!ring->shared) {
        *ret_report = ring->reports[index];
        return true;
    }
    uint64_t word = atomic_load_explicit(&ring->words[index], memory_order_acquire);
    ret_report->subject = ring->keys[index];
    ret_report->version = (uint32_t)(word >> 32);
    ret_report->state = (uint8_t)word;
    return true;
}

static uint32_t scan_ring_length(void *queue)
{
    struct scan_ring *ring = queue;
    return (uint32_t)(atomic_load_explicit(&ring->next_write, memory_order_acquire) -
                      ring->reading);
}

const struct queue_kind scan_ring = {
    .name = "ring that is searched",
    .subjects_most = 10000,
    .create = scan_ring_create,
    .destroy = scan_ring_destroy,
    .push = scan_ring_push,
    .pop = scan_ring_pop,
    .length = scan_ring_length,
};

/* ---- The work queue ---- */

#define NOBODY UINT32_MAX

/* A key and where it stands in line. */
struct place {
    uint32_t key;
    uint32_t index;
};

struct work_queue {
    pthread_mutex_t mutex;
    struct place *set; /* open addressing, at most half full */
    uint32_t set_mask;
    struct health_report *line;
    uint32_t line_mask;
    uint32_t head;
    uint32_t tail;
};

static void *work_queue_create(uint32_t subjects, uint32_t capacity, bool two_threads)
{
    (void)capacity;
    (void)two_threads;
    struct work_queue *queue = measure_alloc(sizeof *queue);
    pthread_mutex_init(&queue->mutex, NULL);
    queue->set_mask = power_of_two(2 * subjects) - 1;
    queue->set = measure_alloc((queue->set_mask + 1) * sizeof *queue->set);
    for (uint32_t i = 0; i <= queue->set_mask; i++)
        queue->set[i].key = NOBODY;
    queue->line_mask = power_of_two(subjects) - 1;
    queue->line = measure_alloc((queue->line_mask + 1) * sizeof *queue->line);
    return queue;
}

static void work_queue_destroy(void *context)
{
    struct work_queue *queue = context;
    pthread_mutex_destroy(&queue->mutex);
    free(queue->set);
    free(queue->line);
    free(queue);
}

static uint32_t home_of(const struct work_queue *queue, uint32_t key)
{
    return key * UINT32_C(0x9e3779b1) & queue->set_mask;
}

/* Where the key is, or the free slot where it would be. */
static uint32_t find(const struct work_queue *queue, uint32_t key)
{
    uint32_t slot = home_of(queue, key);
    while (queue->set[slot].key != key && queue->set[slot].key != NOBODY)
        slot = (slot + 1) & queue->set_mask;
    return slot;
}

static bool work_queue_push(void *context, const struct health_report *report)
{
    struct work_queue *queue = context;

    pthread_mutex_lock(&queue->mutex);
    struct place *place = &queue->set[find(queue, report->subject)];
    if (place->key == NOBODY)
        *place = (struct place){report->subject, queue->tail++ & queue->line_mask};
    queue->line[place->index] = *report;
    pthread_mutex_unlock(&queue->mutex);
    return true;
}

/* Free a slot and move up those that it had pushed away from their home. */
static void delete (struct work_queue *queue, uint32_t slot)
{
    uint32_t next = slot;

    for (;;) {
        next = (next + 1) & queue->set_mask;
        if (queue->set[next].key == NOBODY)
            break;
        uint32_t distance = (next - home_of(queue, queue->set[next].key)) & queue->set_mask;
        if (distance < ((next - slot) & queue->set_mask))
            continue;
        queue->set[slot] = queue->set[next];
        slot = next;
    }
    queue->set[slot].key = NOBODY;
}

static bool work_queue_pop(void *context, struct health_report *ret_report)
{
    struct work_queue *queue = context;

    pthread_mutex_lock(&queue->mutex);
    bool any = queue->head != queue->tail;
    if (any) {
        *ret_report = queue->line[queue->head++ & queue->line_mask];
        delete (queue, find(queue, ret_report->subject));
    }
    pthread_mutex_unlock(&queue->mutex);
    return any;
}

static uint32_t work_queue_length(void *context)
{
    struct work_queue *queue = context;

    pthread_mutex_lock(&queue->mutex);
    uint32_t length = queue->tail - queue->head;
    pthread_mutex_unlock(&queue->mutex);
    return length;
}

const struct queue_kind work_queue = {
    .name = "hash set, line and mutex",
    .subjects_most = UINT32_MAX,
    .create = work_queue_create,
    .destroy = work_queue_destroy,
    .push = work_queue_push,
    .pop = work_queue_pop,
    .length = work_queue_length,
};
