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
 * try again, and either side exchanges in one instruction whatever the other does.
 *
 *   FRESH   the reader has not taken the letter in the box
 *   QUEUED  the subject stands in line; always FRESH too
 *
 * Using a letter comes after the exchange that brought it and before the one that gives it away; each
 * exchange is acquire and release, so letters need no atomics of their own.
 *
 * The line (line.h). The writer appends; the reader takes to pop, and the writer to drop the oldest.
 * Whoever takes an entry, and nobody else, clears that subject's QUEUED; the writer, whenever it finds
 * QUEUED clear and sets it, appends. Hence one entry a subject at most.
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

#include "line.h"
#include "owed.h"

#include <stdlib.h>
#include <string.h>

#define SUBJECTS_MAX (UINT32_C(1) << 30)
#define CAPACITY_MAX (UINT32_C(1) << 30)

/* What stays a function of its own, so that the short way through push and pop with one thread saves no
 * registers for the long ones. */
#if defined(__GNUC__)
#define OUT_OF_LINE __attribute__((noinline))
#else
#define OUT_OF_LINE
#endif

/* Debts that a push pays back at most when the reader has made room: more than one, so that they
 * shrink while new reports keep coming. */
#define DEBTS_PER_PUSH 2

/* The word of a box: version, state, reason, routable, flags, from the highest bits to the lowest. */
enum { VERSION_SHIFT = 32, STATE_SHIFT = 24, REASON_SHIFT = 16, ROUTABLE_SHIFT = 8 };
enum { FRESH = 1, QUEUED = 2, LETTER_SHIFT = 2, LETTER_MASK = 3 };

/* Volatile keeps compilers from moving both times in one wide access: right after the caller has stored
 * them one by one, that waits until both have left the processor's store buffer, 3 ns a push. */
struct letter {
    volatile int64_t since_ns;
    volatile int64_t at_ns;
};

struct box {
    struct word word;
    uint32_t seen_version;   /* the reader's: the version it took last, */
    uint8_t seen_state;      /* and that version's state */
    uint8_t reader_letter;   /* the letter that is the reader's */
    uint8_t writer_letter;   /* the letter that is the writer's */
    struct letter letters[]; /* three, or one if both are one thread */
};

struct health_queue {
    struct line line;
    struct owed owed;
    char *boxes; /* an array, of a type that does not say how many letters each has */
    size_t box_bytes;
    uint64_t epoch;
    uint32_t subjects;
    bool shared; /* two threads */

    alignas(CACHE_LINE) struct word pushed; /* the writer's */
    struct word coalesced;
    struct word dropped;
    uint32_t writer_cursor; /* where it looks for the next debt */

    alignas(CACHE_LINE) struct word popped; /* the reader's */
    uint32_t reader_cursor;
};

/* ---- Memory ---- */

static bool options_valid(const struct health_queue_options *options)
{
    return options && options->subjects >= 1 && options->subjects <= SUBJECTS_MAX &&
           options->capacity >= 1 && options->capacity <= CAPACITY_MAX;
}

/* As each subject stands in line once, capacity for more of them would never be used. */
static uint32_t capacity_of(const struct health_queue_options *options)
{
    return options->capacity < options->subjects ? options->capacity : options->subjects;
}

static uint64_t box_size(const struct health_queue_options *options)
{
    return sizeof(struct box) + (options->two_threads ? 3 : 1) * sizeof(struct letter);
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
    plan.owed = plan.line + whole_lines(line_entries(capacity_of(options)) * sizeof(uint32_t));
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
    queue->epoch = options->epoch;
    queue->subjects = options->subjects;
    queue->shared = options->two_threads;
    line_init(&queue->line, block + plan.line, capacity_of(options), options->two_threads);
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

/* ---- The line and the debts ---- */

/* Only one thread ever adds to a counter; the other may look. */
static void count(struct word *counter, uint64_t more)
{
    word_poke(counter, word_peek(counter) + more);
}

/* Make room in a full line by dropping its oldest entry (writer). The reader changes a QUEUED word only
 * if it has taken the entry, which here is ours, so a plain store clears the flag. */
static void drop_oldest(struct health_queue *queue)
{
    uint32_t subject;

    if (!line_take_to_drop(&queue->line, &subject))
        return;
    struct word *word = &box_of(queue, subject)->word;
    word_store(word, word_peek(word) & ~(uint64_t)QUEUED);
    owed_add(&queue->owed, subject);
    count(&queue->dropped, 1);
}

/* Let a subject that a push has marked as QUEUED join the line, which settles what was owed (writer). */
OUT_OF_LINE static void join(struct health_queue *queue, uint32_t subject)
{
    if (owed_any(&queue->owed))
        owed_remove(&queue->owed, subject);
    if (!line_has_room(&queue->line))
        drop_oldest(queue);
    line_append(&queue->line, subject);
}

/* Queue what is owed, in the order of subjects and round and round, while there is room. A box that is
 * not FRESH, or that changes under the swap, was emptied by the reader: nothing is owed there. */
OUT_OF_LINE static void pay_debts(struct health_queue *queue, int most, uint32_t *cursor)
{
    uint32_t subject;

    while (most-- > 0 && line_has_room(&queue->line) && owed_take(&queue->owed, cursor, &subject)) {
        struct word *word = &box_of(queue, subject)->word;
        uint64_t now = word_load(word);
        if ((now & (FRESH | QUEUED)) == FRESH &&
            word_change(word, now, now | QUEUED, queue->shared))
            line_append(&queue->line, subject);
    }
}

/* ---- The writer ---- */

static uint64_t word_of(const struct health_report *report, uint8_t letter)
{
    return (uint64_t)report->version << VERSION_SHIFT | (uint64_t)report->state << STATE_SHIFT |
           (uint64_t)report->reason << REASON_SHIFT | (uint64_t)report->routable << ROUTABLE_SHIFT |
           (uint64_t)letter << LETTER_SHIFT | QUEUED | FRESH;
}

static uint8_t letter_in(uint64_t word)
{
    return word >> LETTER_SHIFT & LETTER_MASK;
}

static void letter_write(struct letter *letter, const struct health_report *report)
{
    letter->since_ns = report->since_ns;
    letter->at_ns = report->at_ns;
}

OUT_OF_LINE static void push_shared(struct health_queue *queue, const struct health_report *report)
{
    struct box *box = box_of(queue, report->subject);
    uint8_t letter = box->writer_letter;

    if (owed_any(&queue->owed)) /* what is owed has waited longer, so it gets the room first */
        pay_debts(queue, DEBTS_PER_PUSH, &queue->writer_cursor);
    count(&queue->pushed, 1);
    letter_write(&box->letters[letter], report);
    uint64_t old = word_exchange(&box->word, word_of(report, letter), true);
    box->writer_letter = letter_in(old);
    if (old & QUEUED)
        count(&queue->coalesced, 1);
    else
        join(queue, report->subject);
}

/* Whether the subject stands in line is a coin toss that no processor can predict, so where there is
 * room nothing branches on it: the entry is written in any case, and the tail moves past it or not. */
static void push_alone(struct health_queue *queue, const struct health_report *report)
{
    struct box *box = box_of(queue, report->subject);
    uint64_t tail = word_peek(&queue->line.tail);
    uint64_t queued = word_peek(&box->word) / QUEUED & 1;

    letter_write(&box->letters[0], report);
    word_poke(&box->word, word_of(report, 0));
    count(&queue->pushed, 1);
    count(&queue->coalesced, queued);
    if (tail - word_peek(&queue->line.head) < queue->line.capacity) {
        line_write(&queue->line, tail, report->subject);
        word_poke(&queue->line.tail, tail + (queued ^ 1));
    } else if (!queued) {
        join(queue, report->subject);
    }
}

void health_queue_push(struct health_queue *queue, const struct health_report *report)
{
    assert(report->subject < queue->subjects);
    if (queue->shared)
        push_shared(queue, report);
    else
        push_alone(queue, report);
}

/* ---- The reader ---- */

/* Give the report that a box's word and the letter it names, now the reader's, make up. */
static inline void deliver(struct health_queue *queue, uint32_t subject, struct box *box,
                           uint64_t word, struct health_report *ret_report)
{
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
    box->seen_version = version;
    box->seen_state = state;
    count(&queue->popped, 1);
}

/* The word of a box where the reader left its own letter: neither FRESH nor QUEUED. */
static uint64_t word_emptied(const struct box *box)
{
    return (uint64_t)box->reader_letter << LETTER_SHIFT;
}

/* Take what a subject is owed out of its box. False: a push has queued it since, or the reader has taken
 * it already. If the swap fails a push came just now, and queues it. */
static bool box_collect(struct box *box, uint64_t *ret_word)
{
    *ret_word = word_load(&box->word);
    return (*ret_word & (FRESH | QUEUED)) == FRESH &&
           word_change(&box->word, *ret_word, word_emptied(box), true);
}

OUT_OF_LINE static bool pop_shared(struct health_queue *queue, struct health_report *ret_report)
{
    struct box *box;
    uint32_t subject;
    uint64_t word;

    for (;;) {
        if (line_take(&queue->line, &subject)) {
            box = box_of(queue, subject);
            word = word_exchange(&box->word, word_emptied(box), true);
            break;
        }
        /* The line is empty: there is room for what is owed, and nobody else to queue it. */
        if (!owed_any(&queue->owed) || !owed_take(&queue->owed, &queue->reader_cursor, &subject))
            return false;
        box = box_of(queue, subject);
        if (box_collect(box, &word))
            break;
    }
    box->reader_letter = letter_in(word);
    deliver(queue, subject, box, word, ret_report);
    return true;
}

/* The room that this makes goes to what is owed at once. So anything is owed only while the line is full,
 * and where there is room a push need not ask. */
static bool pop_alone(struct health_queue *queue, struct health_report *ret_report)
{
    uint64_t head = word_peek(&queue->line.head);

    if (head == word_peek(&queue->line.tail))
        return false;
    uint32_t subject = line_read(&queue->line, head);
    struct box *box = box_of(queue, subject);
    uint64_t word = word_exchange(&box->word, 0, false);
    word_poke(&queue->line.head, head + 1);
    deliver(queue, subject, box, word, ret_report);
    if (owed_any(&queue->owed))
        pay_debts(queue, 1, &queue->reader_cursor);
    return true;
}

bool health_queue_pop(struct health_queue *queue, struct health_report *ret_report)
{
    return queue->shared ? pop_shared(queue, ret_report) : pop_alone(queue, ret_report);
}

/* ---- Looking ---- */

uint32_t health_queue_length(const struct health_queue *queue)
{
    return (uint32_t)line_length(&queue->line);
}

uint32_t health_queue_owed(const struct health_queue *queue)
{
    return owed_count(&queue->owed);
}

void health_queue_counters(const struct health_queue *queue,
                           struct health_queue_counters *ret_counters)
{
    ret_counters->pushed = word_peek(&queue->pushed);
    ret_counters->coalesced = word_peek(&queue->coalesced);
    ret_counters->dropped = word_peek(&queue->dropped);
    ret_counters->popped = word_peek(&queue->popped);
}
