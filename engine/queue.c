/*
 * queue.c - latest report of each subject, bounded, between one writer and one reader.
 *
 * Three parts: for each subject a *box* with its latest report; the *line*, a ring of the subjects that
 * are queued; and the set of subjects that are *owed* (owed.h). Reports stay in their box; only
 * subject numbers move.
 *
 * The box. Its word holds the version, the three small fields and the flags, so that they change in one
 * step. The two times do not fit; they lie in a *letter* beside the word. There are three letters, and
 * at each moment one belongs to the writer, one to the reader, and one to the box: the word says which.
 * To push is to fill one's letter and exchange it for the box's; to pop is to exchange one's empty
 * letter for the box's. Nobody reads what another writes, so there is nothing to tear and nothing to
 * try again, and both sides exchange in one instruction whatever the other does.
 *
 *   FRESH   the reader has not taken the letter in the box
 *   QUEUED  the subject stands in line; always FRESH too
 *
 * The line. Only the writer appends. Both take from its head: the reader to pop, the writer to drop the
 * oldest when the line is full; so the head moves by compare-and-swap. Head and tail are 64-bit and
 * never wrap: a successful swap proves that the entry read before it was still the head. The writer
 * appends after it has seen a head with room behind it, and heads only grow: the line cannot hold more
 * than its capacity. Whoever takes an entry, and nobody else, clears that subject's QUEUED; whoever
 * finds QUEUED clear when setting it, the writer only, appends: hence one entry a subject at most.
 *
 * Nothing is lost. A pop takes the box's letter and clears QUEUED in one step. A push comes before that
 * step, and its report is taken; or after, and it finds QUEUED clear and queues the subject. A dropped
 * subject stays FRESH and is marked as owed after its QUEUED is cleared, so whoever takes the mark
 * sees a box that is at least that new: FRESH alone (it takes the letter, or appends the subject), or
 * QUEUED again (a later push has queued it), or empty (a reader who was slow to use an earlier mark).
 * Nothing comes twice nor goes back: a letter leaves the box once, and its successors are newer.
 *
 * Nobody waits. The writer never loops on what the reader does: where its swap fails, the reader took
 * the entry, which made the room that was wanted. The reader loops only past entries that the writer
 * has dropped, and past debts that turned out to be settled.
 *
 * With one thread the same steps are plain loads and stores, there is one letter a box, and a box takes
 * half a cache line instead of a whole one.
 *
 * Rejected: two value slots under a version counter (the reader may have to copy again and again while
 * a subject flaps); a lock a box; linked lists through the boxes (each pop would wait for the box of
 * the one before).
 */
#include <healthd/queue.h>

#include "owed.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64u
#define SUBJECTS_MAX (UINT32_C(1) << 30)
#define CAPACITY_MAX (UINT32_C(1) << 30)

/* Debts that a push pays back at most when the reader has made room: more than one, so that they
 * shrink while new reports keep coming. */
#define DEBTS_PER_PUSH 2

/* The word of a box: version, state, reason, routable, flags, from the highest bits to the lowest. */
enum { VERSION_SHIFT = 32, STATE_SHIFT = 24, REASON_SHIFT = 16, ROUTABLE_SHIFT = 8 };
enum { FRESH = 1, QUEUED = 2, LETTER_SHIFT = 2, LETTER_MASK = 3 };

struct letter {
    int64_t since_ns;
    int64_t at_ns;
};

struct box {
    struct word word;
    uint32_t seen_version; /* the reader's: the version it took last, */
    uint8_t seen_state;    /* and that version's state */
    uint8_t reader_letter; /* the letter that is the reader's */
    uint8_t writer_letter; /* the letter that is the writer's */
    struct letter letters[]; /* three, or one if both are one thread */
};

/* Each group of fields has a cache line of its own: what nobody changes, the writer's, the reader's,
 * and the two that one changes and the other reads. */
struct health_queue {
    alignas(CACHE_LINE) char *boxes;
    size_t box_bytes;
    _Atomic uint32_t *line; /* the subjects in line, from head to tail, each modulo the ring's size */
    uint64_t line_mask;
    uint64_t epoch;
    uint32_t subjects;
    uint32_t capacity;
    bool shared;
    struct owed owed;

    alignas(CACHE_LINE) struct word tail; /* the writer appends here */
    alignas(CACHE_LINE) struct word head; /* both take here */

    alignas(CACHE_LINE) uint64_t writer_head; /* the writer's last look at the head: never ahead of it */
    struct word pushed;
    struct word coalesced;
    struct word dropped;
    uint32_t writer_cursor; /* where it looks for the next debt */

    alignas(CACHE_LINE) uint64_t reader_tail; /* the reader's last look at the tail */
    struct word popped;
    uint32_t reader_cursor;
};

/* ---- Memory ---- */

static bool options_valid(const struct health_queue_options *options)
{
    return options && options->subjects >= 1 && options->subjects <= SUBJECTS_MAX &&
           options->capacity >= 1 && options->capacity <= CAPACITY_MAX;
}

/* The ring's size: a power of two, and no more than the subjects need, as each stands in line once. */
static uint64_t line_size(const struct health_queue_options *options)
{
    uint32_t entries =
        options->capacity < options->subjects ? options->capacity : options->subjects;
    uint64_t size = 1;

    while (size < entries)
        size *= 2;
    return size;
}

static uint64_t letters_of(const struct health_queue_options *options)
{
    return options->two_threads ? 3 : 1;
}

static uint64_t box_size(const struct health_queue_options *options)
{
    return sizeof(struct box) + letters_of(options) * sizeof(struct letter);
}

/* Where the parts lie in the one block, in bytes from its start. */
struct plan {
    uint64_t boxes;
    uint64_t line;
    uint64_t owed;
    uint64_t bytes;
};

static uint64_t whole_lines(uint64_t bytes)
{
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static struct plan plan_of(const struct health_queue_options *options)
{
    struct plan plan = {.boxes = whole_lines(sizeof(struct health_queue))};
    plan.line = plan.boxes + whole_lines(box_size(options) * options->subjects);
    plan.owed = plan.line + whole_lines(line_size(options) * sizeof(uint32_t));
    plan.bytes = plan.owed + whole_lines(owed_bytes(options->subjects));
    return plan;
}

size_t health_queue_bytes(const struct health_queue_options *options)
{
    if (!options_valid(options))
        return 0;
    uint64_t bytes = plan_of(options).bytes;
    return bytes <= SIZE_MAX ? (size_t)bytes : 0;
}

static struct box *box_of(const struct health_queue *queue, uint32_t subject)
{
    return (struct box *)(void *)(queue->boxes + subject * queue->box_bytes);
}

/* Every byte is written, so that the system hands out the pages now and not in the middle of a crisis. */
static void lay_out(char *block, const struct health_queue_options *options)
{
    struct plan plan = plan_of(options);
    struct health_queue *queue = (struct health_queue *)(void *)block;

    memset(block, 0, (size_t)plan.bytes);
    queue->boxes = block + plan.boxes;
    queue->box_bytes = (size_t)box_size(options);
    queue->line = (_Atomic uint32_t *)(void *)(block + plan.line);
    queue->line_mask = line_size(options) - 1;
    queue->epoch = options->epoch;
    queue->subjects = options->subjects;
    queue->capacity = options->capacity;
    queue->shared = options->two_threads;
    owed_init(&queue->owed, block + plan.owed, options->subjects, options->two_threads);
    for (uint32_t subject = 0; options->two_threads && subject < options->subjects; subject++) {
        box_of(queue, subject)->reader_letter = 1;
        box_of(queue, subject)->writer_letter = 2;
    }
}

enum health_error health_queue_create(const struct health_queue_options *options,
                                      struct health_queue **ret_queue)
{
    if (!options_valid(options) || !ret_queue)
        return HEALTH_EINVAL;
    size_t bytes = health_queue_bytes(options);
    char *block = bytes ? aligned_alloc(CACHE_LINE, bytes) : NULL;
    if (!block)
        return HEALTH_ENOMEM;
    lay_out(block, options);
    *ret_queue = (struct health_queue *)(void *)block;
    return HEALTH_OK;
}

void health_queue_destroy(struct health_queue *queue)
{
    free(queue);
}

/* ---- The line ---- */

/* Only one thread ever adds to a counter; the other may look. */
static void count(struct word *counter, uint64_t more)
{
    word_poke(counter, word_peek(counter) + more);
}

/* Is there room for one more (writer)? The head is looked at only if the last look does not tell. */
static bool line_has_room(struct health_queue *queue)
{
    uint64_t tail = word_peek(&queue->tail);

    if (tail - queue->writer_head < queue->capacity)
        return true;
    queue->writer_head = word_load(&queue->head);
    return tail - queue->writer_head < queue->capacity;
}

/* Append where there is room (writer). */
static void line_append(struct health_queue *queue, uint32_t subject)
{
    uint64_t tail = word_peek(&queue->tail);

    assert(tail - queue->writer_head < queue->capacity);
    atomic_store_explicit(&queue->line[tail & queue->line_mask], subject, memory_order_relaxed);
    word_store(&queue->tail, tail + 1);
}

/* Try once to take the entry at `head`, which is before the tail. False: the other thread has. */
static bool line_take_at(struct health_queue *queue, uint64_t head, bool shared,
                         uint32_t *ret_subject)
{
    uint32_t subject =
        atomic_load_explicit(&queue->line[head & queue->line_mask], memory_order_relaxed);

    if (!word_change(&queue->head, head, head + 1, shared))
        return false;
    *ret_subject = subject;
    return true;
}

/* Take the oldest entry (reader). False: nobody stands in line. */
static bool line_take(struct health_queue *queue, bool shared, uint32_t *ret_subject)
{
    for (;;) {
        uint64_t head = word_load(&queue->head);
        if (head >= queue->reader_tail) {
            queue->reader_tail = word_load(&queue->tail);
            if (head >= queue->reader_tail)
                return false;
        }
        if (line_take_at(queue, head, shared, ret_subject))
            return true;
    }
}

/* Make room in a full line by dropping its oldest entry (writer). If the swap fails the reader has just
 * taken that entry, and there is room. The reader leaves a QUEUED word alone unless it has taken the
 * entry, so the word may be changed by a plain store. */
static void line_drop_oldest(struct health_queue *queue, bool shared)
{
    uint64_t head = queue->writer_head;
    uint32_t subject;

    queue->writer_head = head + 1;
    if (!line_take_at(queue, head, shared, &subject))
        return;
    struct word *word = &box_of(queue, subject)->word;
    word_store(word, word_peek(word) & ~(uint64_t)QUEUED);
    owed_add(&queue->owed, subject);
    count(&queue->dropped, 1);
}

/* ---- Debts ---- */

/* Queue what is owed, in the order of subjects and round and round, while there is room. A box that is
 * not FRESH, or that changes under the swap, was emptied by the reader: nothing is owed there. */
static void pay_debts(struct health_queue *queue, int most, uint32_t *cursor, bool shared)
{
    uint32_t subject;

    while (most-- > 0 && line_has_room(queue) && owed_take(&queue->owed, cursor, &subject)) {
        struct word *word = &box_of(queue, subject)->word;
        uint64_t now = word_load(word);
        if ((now & (FRESH | QUEUED)) == FRESH && word_change(word, now, now | QUEUED, shared))
            line_append(queue, subject);
    }
}

/* ---- The writer ---- */

static uint64_t word_of(const struct health_report *report, uint8_t letter)
{
    return (uint64_t)report->version << VERSION_SHIFT | (uint64_t)report->state << STATE_SHIFT |
           (uint64_t)report->reason << REASON_SHIFT |
           (uint64_t)report->routable << ROUTABLE_SHIFT | (uint64_t)letter << LETTER_SHIFT |
           QUEUED | FRESH;
}

static uint8_t letter_in(uint64_t word)
{
    return word >> LETTER_SHIFT & LETTER_MASK;
}

/* Put a report into its box. True: the subject stands in line already. */
static bool box_fill(struct box *box, const struct health_report *report, bool shared)
{
    uint8_t mine = box->writer_letter;

    box->letters[mine] = (struct letter){report->since_ns, report->at_ns};
    uint64_t old = word_exchange(&box->word, word_of(report, mine), shared);
    box->writer_letter = letter_in(old);
    return old & QUEUED;
}

static inline void push(struct health_queue *queue, const struct health_report *report, bool shared)
{
    /* What is owed had the room first. With one thread there is never both room and a debt here. */
    if (shared && owed_any(&queue->owed))
        pay_debts(queue, DEBTS_PER_PUSH, &queue->writer_cursor, shared);
    count(&queue->pushed, 1);
    if (box_fill(box_of(queue, report->subject), report, shared)) {
        count(&queue->coalesced, 1);
        return;
    }
    if (owed_any(&queue->owed))
        owed_remove(&queue->owed, report->subject); /* standing in line settles the debt */
    if (!line_has_room(queue))
        line_drop_oldest(queue, shared);
    line_append(queue, report->subject);
}

void health_queue_push(struct health_queue *queue, const struct health_report *report)
{
    assert(report->subject < queue->subjects);
    if (queue->shared)
        push(queue, report, true);
    else
        push(queue, report, false);
}

/* ---- The reader ---- */

/* The word of a box whose letter the reader has taken and where it left its own. */
static uint64_t word_emptied(const struct box *box)
{
    return (uint64_t)box->reader_letter << LETTER_SHIFT;
}

/* Give the report that `word` and its letter, now the reader's, make up. */
static void deliver(struct health_queue *queue, uint32_t subject, uint64_t word,
                    struct health_report *ret_report)
{
    struct box *box = box_of(queue, subject);
    const struct letter *letter = &box->letters[letter_in(word)];
    uint32_t version = (uint32_t)(word >> VERSION_SHIFT);
    uint8_t state = (uint8_t)(word >> STATE_SHIFT);

    *ret_report = (struct health_report){
        .subject = subject,
        .version = version,
        .missed = version - box->seen_version - 1,
        .state = state,
        .from = box->seen_state,
        .reason = (uint8_t)(word >> REASON_SHIFT),
        .routable = (uint8_t)(word >> ROUTABLE_SHIFT),
        .since_ns = letter->since_ns,
        .at_ns = letter->at_ns,
        .epoch = queue->epoch,
    };
    box->reader_letter = letter_in(word);
    box->seen_version = version;
    box->seen_state = state;
    count(&queue->popped, 1);
}

/* Take the letter of a subject that was owed. False: a push has queued it since, or the reader has taken
 * it already. If the swap fails a push came just now, and queued it. */
static bool box_collect(struct box *box, bool shared, uint64_t *ret_word)
{
    *ret_word = word_load(&box->word);
    return (*ret_word & (FRESH | QUEUED)) == FRESH &&
           word_change(&box->word, *ret_word, word_emptied(box), shared);
}

static inline bool pop(struct health_queue *queue, struct health_report *ret_report, bool shared)
{
    uint32_t subject;
    uint64_t word;

    for (;;) {
        if (line_take(queue, shared, &subject)) {
            struct box *box = box_of(queue, subject);
            word = word_exchange(&box->word, word_emptied(box), shared);
            assert(word & QUEUED);
            break;
        }
        if (!owed_any(&queue->owed) ||
            !owed_take(&queue->owed, &queue->reader_cursor, &subject))
            return false;
        if (box_collect(box_of(queue, subject), shared, &word))
            break;
    }
    deliver(queue, subject, word, ret_report);
    if (!shared && owed_any(&queue->owed))
        pay_debts(queue, 1, &queue->reader_cursor, shared);
    return true;
}

bool health_queue_pop(struct health_queue *queue, struct health_report *ret_report)
{
    return queue->shared ? pop(queue, ret_report, true) : pop(queue, ret_report, false);
}

/* ---- Looking ---- */

/* The tail first: the head seen after it can only make the line shorter than it was at that time. */
uint32_t health_queue_length(const struct health_queue *queue)
{
    uint64_t tail = word_load(&queue->tail);
    uint64_t head = word_load(&queue->head);

    return head < tail ? (uint32_t)(tail - head) : 0;
}

void health_queue_counters(const struct health_queue *queue,
                           struct health_queue_counters *ret_counters)
{
    ret_counters->pushed = word_peek(&queue->pushed);
    ret_counters->coalesced = word_peek(&queue->coalesced);
    ret_counters->dropped = word_peek(&queue->dropped);
    ret_counters->popped = word_peek(&queue->popped);
}
