/*
 * queue.c - latest report of each subject, bounded, between one writer and one reader.
 *
 * Each subject has a *word* (its version and three flags) and two value slots, of which the version's
 * parity says which is current. Two rings hold subject numbers: the *line* (what is queued) and the
 * *debts* (what was dropped). Values never move; only subject numbers do.
 *
 *   QUEUED  the subject stands in line
 *   OWED    its report was dropped and has not been queued again
 *   LISTED  it has an entry in the debts (perhaps a stale one: OWED tells)
 *
 * Both threads may take from either ring (the reader pops; the writer drops the oldest when the line is
 * full, and moves debts back into line), so a head moves by compare-and-swap; only the writer appends.
 * Heads and tails are 64-bit and never wrap, so a successful swap proves that the slot that was read
 * before it was still the head.
 *
 * Nothing is lost: the writer stores the value, then changes the word in one atomic step; the reader
 * clears QUEUED in one atomic step, then reads the value. Either the writer's step comes first and the
 * reader sees its value, or the writer sees QUEUED cleared and queues the subject again. The reader may
 * thus meet one version twice, and skips it. OWED and LISTED are set and cleared together with the same
 * argument.
 *
 * Nobody waits: a failed swap means that the other side made progress. The reader copies a value and
 * looks at the version again; only a writer that came round to the same slot (two versions later)
 * makes it copy once more.
 *
 * With one thread the same steps are done with plain loads and stores.
 */
#include <healthd/queue.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECTS_MAX (UINT32_C(1) << 30)
#define CACHE_LINE 64u

/* Debts moved back into line at each push: more than one, so that debts shrink while reports come. */
#define REFILL 2

enum { QUEUED = 1, OWED = 2, LISTED = 4, VERSION_SHIFT = 3 };

/* A report's value, as words that may be read while they are written. */
struct slot {
    _Atomic uint64_t since_ns;
    _Atomic uint64_t at_ns;
    _Atomic uint32_t packed; /* state, reason, routable */
};

struct subject {
    _Atomic uint64_t word; /* version << VERSION_SHIFT | flags */
    struct slot slots[2];
    uint32_t seen_version; /* the reader's own */
    uint8_t seen_state;
};

struct ring {
    _Atomic uint64_t head; /* next to take; both threads */
    _Atomic uint64_t tail; /* next to fill; the writer */
    _Atomic uint32_t *entries;
    uint64_t mask;
};

struct health_queue {
    struct subject *subjects;
    struct ring line;
    struct ring debts;
    uint64_t epoch;
    uint32_t subject_count;
    uint32_t capacity;
    bool shared;
    _Atomic uint64_t pushed;
    _Atomic uint64_t coalesced;
    _Atomic uint64_t dropped;
    _Atomic uint64_t popped;
};

static uint64_t power_of_two(uint32_t at_least)
{
    uint64_t size = 1;
    while (size < at_least)
        size *= 2;
    return size;
}

static size_t line_up(size_t bytes)
{
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static bool options_valid(const struct health_queue_options *options)
{
    return options && options->subjects >= 1 && options->subjects <= SUBJECTS_MAX &&
           options->capacity >= 1 && options->capacity <= SUBJECTS_MAX;
}

/* More entries than subjects are never needed: a subject stands in line once. */
static uint32_t line_length_max(const struct health_queue_options *options)
{
    return options->capacity < options->subjects ? options->capacity : options->subjects;
}

struct plan {
    size_t subjects;
    size_t line;
    size_t debts;
    size_t bytes;
};

static struct plan plan_block(const struct health_queue_options *options)
{
    struct plan plan = {.subjects = line_up(sizeof(struct health_queue))};
    plan.line = plan.subjects + line_up(options->subjects * sizeof(struct subject));
    plan.debts = plan.line + line_up(power_of_two(line_length_max(options)) * sizeof(uint32_t));
    plan.bytes = plan.debts + line_up(power_of_two(options->subjects) * sizeof(uint32_t));
    return plan;
}

enum health_error health_queue_create(const struct health_queue_options *options,
                                      struct health_queue **ret_queue)
{
    if (!options_valid(options) || !ret_queue)
        return HEALTH_EINVAL;
    struct plan plan = plan_block(options);
    char *block = aligned_alloc(CACHE_LINE, plan.bytes);
    if (!block)
        return HEALTH_ENOMEM;
    memset(block, 0, plan.bytes);

    struct health_queue *queue = (struct health_queue *)(void *)block;
    queue->subjects = (struct subject *)(void *)(block + plan.subjects);
    queue->line.entries = (_Atomic uint32_t *)(void *)(block + plan.line);
    queue->line.mask = power_of_two(line_length_max(options)) - 1;
    queue->debts.entries = (_Atomic uint32_t *)(void *)(block + plan.debts);
    queue->debts.mask = power_of_two(options->subjects) - 1;
    queue->epoch = options->epoch;
    queue->subject_count = options->subjects;
    queue->capacity = options->capacity;
    queue->shared = options->two_threads;
    *ret_queue = queue;
    return HEALTH_OK;
}

void health_queue_destroy(struct health_queue *queue)
{
    free(queue);
}

size_t health_queue_bytes(const struct health_queue_options *options)
{
    return options_valid(options) ? plan_block(options).bytes : 0;
}

/* The atomic steps, and their plain twins for a queue that one thread owns. */
static uint64_t word_add(const struct health_queue *queue, _Atomic uint64_t *word, uint64_t value)
{
    if (queue->shared)
        return atomic_fetch_add(word, value);
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, old + value, memory_order_relaxed);
    return old;
}

static uint64_t word_set(const struct health_queue *queue, _Atomic uint64_t *word, uint64_t flags)
{
    if (queue->shared)
        return atomic_fetch_or(word, flags);
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, old | flags, memory_order_relaxed);
    return old;
}

static uint64_t word_clear(const struct health_queue *queue, _Atomic uint64_t *word, uint64_t flags)
{
    if (queue->shared)
        return atomic_fetch_and(word, ~flags);
    uint64_t old = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, old & ~flags, memory_order_relaxed);
    return old;
}

/* Only one thread ever counts each of these. */
static void count(_Atomic uint64_t *counter)
{
    uint64_t old = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, old + 1, memory_order_relaxed);
}

static uint64_t ring_length(const struct ring *ring)
{
    /* The head first: it can only grow, and never past the tail. */
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return tail - head;
}

/* Append (writer). There is room: a subject stands in a ring once. */
static void ring_append(struct ring *ring, uint32_t subject)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    atomic_store_explicit(&ring->entries[tail & ring->mask], subject, memory_order_relaxed);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
}

/* Try once to take the entry at `head`. False: the other thread took it. */
static bool ring_take_at(const struct health_queue *queue, struct ring *ring, uint64_t head,
                         uint32_t *ret_subject)
{
    uint32_t subject =
        atomic_load_explicit(&ring->entries[head & ring->mask], memory_order_relaxed);
    if (queue->shared) {
        if (!atomic_compare_exchange_strong(&ring->head, &head, head + 1))
            return false;
    } else {
        atomic_store_explicit(&ring->head, head + 1, memory_order_relaxed);
    }
    *ret_subject = subject;
    return true;
}

/* Take the oldest entry; false: empty. */
static bool ring_take(const struct health_queue *queue, struct ring *ring, uint32_t *ret_subject)
{
    for (;;) {
        uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (head == atomic_load_explicit(&ring->tail, memory_order_acquire))
            return false;
        if (ring_take_at(queue, ring, head, ret_subject))
            return true;
    }
}

/* Make room in a full line by dropping its oldest entry, which is owed from then on (writer). The
 * reader may make the room first; then nothing is dropped. */
static void line_drop_oldest(struct health_queue *queue)
{
    uint64_t head = atomic_load_explicit(&queue->line.head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&queue->line.tail, memory_order_relaxed);
    uint32_t subject;

    if (tail - head < queue->capacity || !ring_take_at(queue, &queue->line, head, &subject))
        return;
    _Atomic uint64_t *word = &queue->subjects[subject].word;
    word_clear(queue, word, QUEUED);
    if (!(word_set(queue, word, OWED | LISTED) & LISTED))
        ring_append(&queue->debts, subject);
    count(&queue->dropped);
}

/* Queue again what is owed, as far as there is room, a bounded number at a time (writer). */
static void debts_refill(struct health_queue *queue)
{
    uint32_t subject;

    for (int i = 0; i < REFILL; i++) {
        if (ring_length(&queue->line) >= queue->capacity ||
            !ring_take(queue, &queue->debts, &subject))
            return;
        _Atomic uint64_t *word = &queue->subjects[subject].word;
        if (word_clear(queue, word, OWED | LISTED) & OWED) {
            word_set(queue, word, QUEUED);
            ring_append(&queue->line, subject);
        }
    }
}

static void slot_write(struct slot *slot, const struct health_report *report)
{
    uint32_t packed =
        report->state | (uint32_t)report->reason << 8 | (uint32_t)report->routable << 16;
    atomic_store_explicit(&slot->since_ns, (uint64_t)report->since_ns, memory_order_relaxed);
    atomic_store_explicit(&slot->at_ns, (uint64_t)report->at_ns, memory_order_relaxed);
    atomic_store_explicit(&slot->packed, packed, memory_order_relaxed);
}

static void slot_read(const struct slot *slot, struct health_report *report)
{
    uint32_t packed = atomic_load_explicit(&slot->packed, memory_order_relaxed);
    report->state = (uint8_t)packed;
    report->reason = (uint8_t)(packed >> 8);
    report->routable = (uint8_t)(packed >> 16);
    report->since_ns = (int64_t)atomic_load_explicit(&slot->since_ns, memory_order_relaxed);
    report->at_ns = (int64_t)atomic_load_explicit(&slot->at_ns, memory_order_relaxed);
}

void health_queue_push(struct health_queue *queue, const struct health_report *report)
{
    struct subject *subject = &queue->subjects[report->subject];
    const uint64_t next_version = UINT64_C(1) << VERSION_SHIFT;

    count(&queue->pushed);
    if (queue
            ->shared) /* the reader may still be copying the version before the last from this slot */
        atomic_thread_fence(memory_order_release);
    slot_write(&subject->slots[report->version & 1], report);
    if (atomic_load_explicit(&subject->word, memory_order_relaxed) & QUEUED &&
        word_add(queue, &subject->word, next_version) & QUEUED) {
        count(&queue->coalesced);
        return;
    }
    uint64_t word = atomic_load_explicit(&subject->word, memory_order_relaxed);
    if ((uint32_t)(word >> VERSION_SHIFT) != report->version)
        word_add(queue, &subject->word, next_version);
    if (word & OWED)
        word_clear(queue, &subject->word, OWED); /* being queued settles the debt */
    line_drop_oldest(queue);
    word_set(queue, &subject->word, QUEUED);
    ring_append(&queue->line, report->subject);
    debts_refill(queue);
}

/* Copy a subject's latest report (reader). */
static void subject_read(const struct subject *subject, struct health_report *report)
{
    uint64_t version = atomic_load_explicit(&subject->word, memory_order_acquire) >> VERSION_SHIFT;
    for (;;) {
        slot_read(&subject->slots[version & 1], report);
        atomic_thread_fence(memory_order_acquire);
        uint64_t now = atomic_load_explicit(&subject->word, memory_order_relaxed) >> VERSION_SHIFT;
        if (now == version)
            break;
        version = now;
    }
    report->version = (uint32_t)version;
}

/* Give a subject's latest report unless the reader has seen it (reader). */
static bool subject_give(struct health_queue *queue, uint32_t id, struct health_report *ret_report)
{
    struct subject *subject = &queue->subjects[id];
    struct health_report report = {.subject = id, .epoch = queue->epoch};

    subject_read(subject, &report);
    if (report.version == subject->seen_version)
        return false;
    report.missed = report.version - subject->seen_version - 1;
    report.from = subject->seen_state;
    subject->seen_version = report.version;
    subject->seen_state = report.state;
    count(&queue->popped);
    *ret_report = report;
    return true;
}

bool health_queue_pop(struct health_queue *queue, struct health_report *ret_report)
{
    uint32_t id;

    for (;;) {
        if (ring_take(queue, &queue->line, &id)) {
            word_clear(queue, &queue->subjects[id].word, QUEUED);
        } else if (ring_take(queue, &queue->debts, &id)) {
            /* The line is empty: there is room for what is owed. */
            if (!(word_clear(queue, &queue->subjects[id].word, OWED | LISTED) & OWED))
                continue;
        } else {
            return false;
        }
        if (subject_give(queue, id, ret_report))
            return true;
    }
}

uint32_t health_queue_length(const struct health_queue *queue)
{
    uint64_t length = ring_length(&queue->line);
    return length < queue->capacity ? (uint32_t)length : queue->capacity;
}

void health_queue_counters(const struct health_queue *queue,
                           struct health_queue_counters *ret_counters)
{
    ret_counters->pushed = atomic_load_explicit(&queue->pushed, memory_order_relaxed);
    ret_counters->coalesced = atomic_load_explicit(&queue->coalesced, memory_order_relaxed);
    ret_counters->dropped = atomic_load_explicit(&queue->dropped, memory_order_relaxed);
    ret_counters->popped = atomic_load_explicit(&queue->popped, memory_order_relaxed);
}
