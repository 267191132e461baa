/*
 * reporter_redis.c - reports to Redis, now and whenever it is there.
 *
 * A report is popped only when it can be sent at once, so that what Redis cannot take waits in the queue,
 * which is bounded and where the newer replaces the older.
 *
 * What was in flight when something failed may be lost, and Redis may come back with less than it had, or
 * empty. So a cluster can be *in debt*: it is written whole, from the engine's own belief, before the
 * queue goes on. All are in debt after each connect; one alone when a reply says that its hash is not
 * whole (flushed, evicted, a field deleted by hand). Writing what is there already changes nothing and
 * tells nobody, so a debt too many costs little.
 *
 * A whole cluster is one atomic command, and takes away the fields of nodes that are configured no more.
 * When names have changed, an engine's number may mean another node, and versions go by number: a new
 * epoch begins (they are milliseconds of the start, so the next life's is still greater), everything is
 * written anew, and what was on its way under the old epoch is refused. A cluster that has gone is removed;
 * one that went while healthd was not running is not known to it: its reporter key has expired, which
 * says that nobody watches it.
 *
 * In each interval every cluster's reporter key is renewed; reports and renewals take turns.
 */
#include "redis_command.h"
#include "redis_complaint.h"
#include "redis_ledger.h"
#include "redis_link.h"
#include "redis_script.h"
#include "reporter.h"

#include <healthd/observer.h>

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The script compares epochs as doubles; a few are kept for changes of names. */
#define EPOCH_MAX ((UINT64_C(1) << 53) - (UINT64_C(1) << 20))

struct reporter_redis {
    struct event_base *base;
    struct reporter_source source;
    struct redis_writer writer;
    struct redis_link *link;
    struct event *interval;
    struct redis_complaint refusal; /* about single clusters */

    struct redis_ledger ledger;
    uint32_t renew_next; /* cluster; the capacity: all have been renewed in this interval */
    bool renewals_turn;  /* else the queue's */
    uint32_t unanswered; /* of what was owed: sent and not known to be there */
    bool behind;         /* something was owed since it was last said that all is there */
    int64_t behind_ns;   /* since when not everything is there; 0: everything is */

    struct reporter_redis_counters counters;
};

/* What a command was for, and of which cluster; comes back with its reply. */
#define TAG_REPORT UINT32_C(0)
#define TAG_OWED (UINT32_C(1) << 28)
#define TAG_GONE (UINT32_C(2) << 28)
#define TAG_CLUSTER (TAG_OWED - 1)

static void run(struct reporter_redis *reporter, struct redis_command *command, uint32_t tag)
{
    if (tag >= TAG_OWED)
        reporter->unanswered++;
    redis_link_run(reporter->link, tag, command->argc, command->argv);
}

static void owe_all(struct reporter_redis *reporter)
{
    redis_ledger_owe_all(&reporter->ledger);
    reporter->behind = true;
    reporter->renew_next = reporter->source.directory->cluster_capacity;
}

static void send_owed(struct reporter_redis *reporter)
{
    struct redis_command command;
    uint32_t cluster;

    if (redis_ledger_pay(&reporter->ledger, &reporter->writer, &command, &cluster))
        run(reporter, &command, cluster == HEALTH_NODE_NONE ? TAG_GONE : TAG_OWED | cluster);
    redis_command_clear(&command);
}

/* The cluster that a report is of. False: it was removed meanwhile. */
static bool cluster_of(const struct reporter_redis *reporter, uint32_t subject,
                       uint32_t *ret_cluster)
{
    struct health_node_snapshot node;

    if (subject >= reporter->source.directory->node_capacity) {
        *ret_cluster = subject - reporter->source.directory->node_capacity;
        return true;
    }
    if (health_node_snapshot(reporter->source.engine, subject, &node) != HEALTH_OK)
        return false;
    *ret_cluster = node.cluster;
    return true;
}

/* False: nothing waits. */
static bool send_report(struct reporter_redis *reporter)
{
    struct health_report report;
    const struct directory_entry *entry = NULL;
    struct redis_command command;
    uint32_t number;

    do {
        if (!health_queue_pop(reporter->source.queue, &report))
            return false;
        entry = directory_find(reporter->source.directory, report.subject);
    } while (!entry || !cluster_of(reporter, report.subject, &number));
    redis_command_begin(&command, &reporter->writer, REDIS_TASK_REPORTS, entry->cluster,
                        reporter->ledger.clusters[number].fields);
    if (redis_command_add(&command, entry, &report))
        run(reporter, &command, TAG_REPORT | number);
    else
        redis_ledger_owe(&reporter->ledger, number); /* memory is short */
    redis_command_clear(&command);
    return true;
}

/* False: there is nothing to renew until the next interval. */
static bool send_renewal(struct reporter_redis *reporter)
{
    const struct redis_ledger *ledger = &reporter->ledger;
    struct redis_command command;

    while (reporter->renew_next < reporter->source.directory->cluster_capacity) {
        uint32_t number = reporter->renew_next++;
        const struct directory_entry *entry = redis_ledger_cluster(ledger, number);
        if (!entry || ledger->clusters[number].debt != REDIS_DEBT_NONE)
            continue;
        redis_command_begin(&command, &reporter->writer, REDIS_TASK_REPORTS, entry->cluster,
                            ledger->clusters[number].fields);
        run(reporter, &command, TAG_REPORT | number);
        return true;
    }
    return false;
}

static void pump(struct reporter_redis *reporter)
{
    while (redis_link_room(reporter->link) > 0) {
        if (!redis_ledger_settled(&reporter->ledger)) {
            send_owed(reporter);
            continue;
        }
        bool renewed = reporter->renewals_turn && send_renewal(reporter);
        bool reported = !renewed && send_report(reporter);
        if (!renewed && !reported && !send_renewal(reporter))
            return;
        reporter->renewals_turn = reported;
    }
}

static bool all_written(const struct reporter_redis *reporter)
{
    return redis_link_idle(reporter->link) && redis_ledger_settled(&reporter->ledger) &&
           !health_queue_length(reporter->source.queue);
}

/* A report has come, or an answer: since when is Redis behind? */
static void note_progress(struct reporter_redis *reporter)
{
    if (all_written(reporter) && !reporter->ledger.put_off)
        reporter->behind_ns = 0;
    else if (!reporter->behind_ns)
        reporter->behind_ns = health_clock_ns();
}

static void note_refusal(struct reporter_redis *reporter, uint32_t tag)
{
    const char *name =
        tag & TAG_GONE ? "a removed cluster" : reporter->ledger.clusters[tag & TAG_CLUSTER].name;
    char problem[440];

    snprintf(problem, sizeof problem,
             "has newer reports of %.64s than ours of epoch %" PRIu64
             ": stop one of the two reporters, or, if this machine's clock was set back, delete "
             "healthd:{%.64s}:state and healthd:{%.64s}:reporter",
             name, reporter->writer.epoch, name, name);
    redis_complaint_raise(&reporter->refusal, problem);
}

static void note_answer(struct reporter_redis *reporter, uint32_t tag, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR) {
        redis_complaint_raise(&reporter->refusal, reply->str);
        reporter->counters.failed++;
        if (!(tag & TAG_GONE))
            redis_ledger_put_off(&reporter->ledger, tag & TAG_CLUSTER);
        return;
    }
    if (reply->elements != 3)
        return;
    reporter->counters.written += (uint64_t)reply->element[0]->integer;
    reporter->counters.refused += (uint64_t)reply->element[1]->integer;
    if (reply->element[1]->integer)
        note_refusal(reporter, tag);
    if (!reply->element[2]->integer) {
        redis_ledger_owe(&reporter->ledger, tag & TAG_CLUSTER);
        reporter->behind = true;
    }
}

static void on_reply(void *context, uint32_t tag, const redisReply *reply)
{
    struct reporter_redis *reporter = context;
    struct redis_ledger *ledger = &reporter->ledger;

    if (tag >= TAG_OWED)
        reporter->unanswered--;
    note_answer(reporter, tag, reply);
    pump(reporter);
    if (reporter->behind && redis_link_up(reporter->link) && redis_ledger_settled(ledger) &&
        !reporter->unanswered) {
        reporter->behind = false;
        ledger->gone_count = ledger->gone_sent = 0;
        redis_link_worked(reporter->link);
    }
    note_progress(reporter);
}

static void on_up(void *context)
{
    struct reporter_redis *reporter = context;
    owe_all(reporter);
    pump(reporter);
}

static void on_down(void *context)
{
    struct reporter_redis *reporter = context;
    reporter->unanswered = 0;
    owe_all(reporter);
    note_progress(reporter);
}

static void on_remark(void *context, const char *text)
{
    struct reporter_redis *reporter = context;
    reporter->source.remark(reporter->source.context, text);
}

static void on_interval(evutil_socket_t fd, short what, void *context)
{
    struct reporter_redis *reporter = context;

    (void)fd;
    (void)what;
    redis_ledger_call_in(&reporter->ledger);
    if (reporter->renew_next == reporter->source.directory->cluster_capacity)
        reporter->renew_next = 0;
    pump(reporter);
}

void reporter_redis_names_changed(struct reporter_redis *reporter)
{
    if (!redis_writer_set_epoch(&reporter->writer, reporter->writer.epoch + 1))
        redis_complaint_raise(&reporter->refusal, "memory is short: some reports may be refused");
    redis_ledger_names_changed(&reporter->ledger);
    owe_all(reporter);
    note_progress(reporter);
    pump(reporter);
}

void reporter_redis_wake(struct reporter_redis *reporter)
{
    note_progress(reporter);
    pump(reporter);
}

void reporter_redis_counters(const struct reporter_redis *reporter,
                             struct reporter_redis_counters *ret_counters)
{
    struct redis_link_counters link;

    redis_link_counters(reporter->link, &link);
    *ret_counters = reporter->counters;
    ret_counters->failed += link.failures;
    ret_counters->connects = link.connects;
    ret_counters->connected = redis_link_up(reporter->link);
    ret_counters->behind_ns = reporter->behind_ns;
}

static void free_reporter(struct reporter_redis *reporter)
{
    redis_link_destroy(reporter->link);
    if (reporter->interval)
        event_free(reporter->interval);
    redis_writer_clear(&reporter->writer);
    redis_ledger_clear(&reporter->ledger);
    free(reporter);
}

static bool start_link(struct reporter_redis *reporter,
                       const struct reporter_redis_options *options)
{
    const struct redis_link_options link = {
        .base = reporter->base,
        .address = options->address,
        .user = options->user,
        .password_file = options->password_file,
        .script = redis_script,
    };
    const struct redis_link_user user = {
        .up = on_up,
        .down = on_down,
        .reply = on_reply,
        .remark = on_remark,
        .context = reporter,
    };
    reporter->link = redis_link_create(&link, &user);
    return reporter->link != NULL;
}

static bool start_interval(struct reporter_redis *reporter, int64_t interval_ns)
{
    const struct timeval interval = {
        .tv_sec = interval_ns / HEALTH_NS_PER_S,
        .tv_usec = interval_ns % HEALTH_NS_PER_S / HEALTH_NS_PER_US,
    };
    reporter->interval = event_new(reporter->base, -1, EV_PERSIST, on_interval, reporter);
    if (!reporter->interval)
        return false;
    event_priority_set(reporter->interval, 1);
    return event_add(reporter->interval, &interval) == 0;
}

static bool init(struct reporter_redis *reporter, const struct reporter_redis_options *options)
{
    const struct reporter_source *source = &reporter->source;
    struct redis_writer *writer = &reporter->writer;

    reporter->refusal.remark = source->remark;
    reporter->refusal.context = source->context;
    snprintf(reporter->refusal.place, sizeof reporter->refusal.place, "Redis %s", options->address);
    writer->reporter = source->reporter;
    snprintf(writer->life_ms, sizeof writer->life_ms, "%" PRId64,
             3 * options->interval_ns / HEALTH_NS_PER_MS);
    snprintf(writer->log_length, sizeof writer->log_length, "%" PRIu32, options->log_length);
    if (source->epoch > EPOCH_MAX || options->interval_ns < HEALTH_NS_PER_MS) {
        redis_complaint_raise(&reporter->refusal,
                              "the epoch must be below 2^53, the interval at least 1 ms");
        return false;
    }
    if (!redis_ledger_init(&reporter->ledger, source->directory, source->engine) ||
        !redis_writer_set_epoch(writer, source->epoch) ||
        !start_interval(reporter, options->interval_ns))
        return false;
    owe_all(reporter);
    reporter->behind_ns = health_clock_ns();
    return start_link(reporter, options);
}

struct reporter_redis *reporter_redis_create(struct event_base *base,
                                             const struct reporter_source *source,
                                             const struct reporter_redis_options *options)
{
    struct reporter_redis *reporter = calloc(1, sizeof *reporter);
    if (!reporter)
        return NULL;
    reporter->base = base;
    reporter->source = *source;
    if (init(reporter, options))
        return reporter;
    free_reporter(reporter);
    return NULL;
}

static void on_patience_over(evutil_socket_t fd, short what, void *over)
{
    (void)fd;
    (void)what;
    *(bool *)over = true;
}

void reporter_redis_destroy(struct reporter_redis *reporter, int patience_ms)
{
    bool over = patience_ms <= 0;

    if (!reporter)
        return;
    struct event *patience = evtimer_new(reporter->base, on_patience_over, &over);
    const struct timeval wait = {patience_ms / 1000, patience_ms % 1000 * 1000};
    if (!over && patience && event_add(patience, &wait) == 0) {
        pump(reporter);
        while (!over && !all_written(reporter))
            if (event_base_loop(reporter->base, EVLOOP_ONCE) != 0)
                break;
    }
    if (patience)
        event_free(patience);
    free_reporter(reporter);
}
