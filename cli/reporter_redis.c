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

enum debt {
    DEBT_NONE,
    DEBT_NOW,
    DEBT_LATER, /* at the next interval: a key of this cluster holds something else */
};

struct redis_cluster {
    char name[DIRECTORY_NAME_MAX]; /* under which it was last written; "": never */
    uint32_t first_node;
    uint8_t fields; /* of its hash when it is whole */
    uint8_t debt;   /* enum debt */
};

struct reporter_redis {
    struct event_base *base;
    struct reporter_source source;
    struct redis_writer writer;
    struct redis_link *link;
    struct event *interval;
    struct redis_complaint refusal; /* about single clusters */

    uint32_t cluster_count; /* capacities of the directory */
    uint32_t node_count;
    struct redis_cluster *clusters;
    uint32_t *next_node; /* of the same cluster */

    uint32_t in_debt;                 /* clusters with DEBT_NOW */
    uint32_t debt_next;               /* where to look for one */
    uint32_t renew_next;              /* cluster_count: all have been */
    bool renewals_turn;               /* else the queue's */
    char (*gone)[DIRECTORY_NAME_MAX]; /* clusters to be removed */
    uint32_t gone_count;
    uint32_t gone_next;
    uint32_t unanswered; /* whole clusters and removals in flight */
    bool behind;         /* not everything is known to be there */

    struct reporter_redis_counters counters;
};

/* What a command was, and of which cluster; comes back with its reply. */
#define TAG_REPORT UINT32_C(0)
#define TAG_WHOLE (UINT32_C(1) << 28)
#define TAG_GONE (UINT32_C(2) << 28)
#define TAG_CLUSTER (TAG_WHOLE - 1)

static const struct directory_entry *cluster_entry(const struct reporter_redis *reporter,
                                                   uint32_t cluster)
{
    const struct directory *directory = reporter->source.directory;
    return directory_find(directory, directory_cluster_subject(directory, cluster));
}

static void owe(struct reporter_redis *reporter, uint32_t cluster)
{
    uint8_t *debt = &reporter->clusters[cluster].debt;
    if (*debt != DEBT_NOW)
        reporter->in_debt++;
    *debt = DEBT_NOW;
    reporter->behind = true;
}

/* Write everything again. Which nodes a cluster has is learnt anew: a list for each. */
static void owe_all(struct reporter_redis *reporter)
{
    struct health_node_snapshot node;

    for (uint32_t c = 0; c < reporter->cluster_count; c++) {
        reporter->clusters[c].first_node = HEALTH_NODE_NONE;
        if (cluster_entry(reporter, c))
            owe(reporter, c);
    }
    for (uint32_t n = reporter->node_count; n-- > 0;) {
        if (!directory_find(reporter->source.directory, n) ||
            health_node_snapshot(reporter->source.engine, n, &node) != HEALTH_OK)
            continue;
        reporter->next_node[n] = reporter->clusters[node.cluster].first_node;
        reporter->clusters[node.cluster].first_node = n;
    }
    reporter->behind = true;
    reporter->gone_next = 0;
    reporter->renew_next = reporter->cluster_count;
}

static void run(struct reporter_redis *reporter, struct redis_command *command, uint32_t tag)
{
    if (tag >= TAG_WHOLE)
        reporter->unanswered++;
    redis_link_run(reporter->link, tag, command->argc, command->argv);
}

static bool add_cluster(struct reporter_redis *reporter, struct redis_command *command,
                        uint32_t cluster)
{
    struct health_cluster_snapshot now;

    if (health_cluster_snapshot(reporter->source.engine, cluster, &now) != HEALTH_OK)
        return false;
    return redis_command_add(command, cluster_entry(reporter, cluster),
                             &(struct health_report){
                                 .version = now.version,
                                 .state = (uint8_t)now.colour,
                                 .reason = (uint8_t)now.reason,
                                 .since_ns = now.since_ns,
                             });
}

static bool add_node(struct reporter_redis *reporter, struct redis_command *command, uint32_t node)
{
    struct health_node_snapshot now;

    if (health_node_snapshot(reporter->source.engine, node, &now) != HEALTH_OK)
        return false;
    return redis_command_add(command, directory_find(reporter->source.directory, node),
                             &(struct health_report){
                                 .version = now.version,
                                 .state = (uint8_t)now.state,
                                 .reason = (uint8_t)now.reason,
                                 .routable = (uint8_t)now.routable,
                                 .since_ns = now.since_ns,
                             });
}

static void send_whole(struct reporter_redis *reporter, uint32_t number)
{
    struct redis_cluster *cluster = &reporter->clusters[number];
    const struct directory_entry *entry = cluster_entry(reporter, number);
    struct redis_command command;

    cluster->debt = DEBT_NONE;
    reporter->in_debt--;
    if (!entry)
        return;
    memcpy(cluster->name, entry->cluster, sizeof cluster->name);
    redis_command_begin(&command, &reporter->writer, REDIS_TASK_WHOLE, entry->cluster, 0);
    bool added = add_cluster(reporter, &command, number);
    for (uint32_t n = cluster->first_node; added && n != HEALTH_NODE_NONE;
         n = reporter->next_node[n])
        added = add_node(reporter, &command, n);
    cluster->fields = (uint8_t)command.reports;
    if (added)
        run(reporter, &command, TAG_WHOLE | number);
    else
        cluster->debt = DEBT_LATER; /* memory is short */
    redis_command_clear(&command);
}

static void send_next_debt(struct reporter_redis *reporter)
{
    while (reporter->clusters[reporter->debt_next].debt != DEBT_NOW)
        reporter->debt_next = (reporter->debt_next + 1) % reporter->cluster_count;
    send_whole(reporter, reporter->debt_next);
}

static void send_gone(struct reporter_redis *reporter)
{
    struct redis_command command;

    redis_command_begin(&command, &reporter->writer, REDIS_TASK_GONE,
                        reporter->gone[reporter->gone_next++], 0);
    run(reporter, &command, TAG_GONE);
    redis_command_clear(&command);
}

/* False: nothing waits. */
static bool send_report(struct reporter_redis *reporter)
{
    struct health_report report;
    const struct directory_entry *entry = NULL;
    struct health_node_snapshot node;
    struct redis_command command;
    uint32_t number = 0;

    while (!entry) {
        if (!health_queue_pop(reporter->source.queue, &report))
            return false;
        entry = directory_find(reporter->source.directory, report.subject);
        if (report.subject >= reporter->node_count)
            number = report.subject - reporter->node_count;
        else if (health_node_snapshot(reporter->source.engine, report.subject, &node) == HEALTH_OK)
            number = node.cluster;
        else
            entry = NULL; /* removed meanwhile */
    }
    redis_command_begin(&command, &reporter->writer, REDIS_TASK_REPORTS, entry->cluster,
                        reporter->clusters[number].fields);
    if (redis_command_add(&command, entry, &report))
        run(reporter, &command, TAG_REPORT | number);
    else
        owe(reporter, number); /* memory is short */
    redis_command_clear(&command);
    return true;
}

/* False: there is nothing to renew until the next interval. */
static bool send_renewal(struct reporter_redis *reporter)
{
    struct redis_command command;

    for (; reporter->renew_next < reporter->cluster_count; reporter->renew_next++) {
        uint32_t number = reporter->renew_next;
        const struct directory_entry *entry = cluster_entry(reporter, number);
        if (!entry || reporter->clusters[number].debt != DEBT_NONE)
            continue;
        redis_command_begin(&command, &reporter->writer, REDIS_TASK_REPORTS, entry->cluster,
                            reporter->clusters[number].fields);
        reporter->renew_next++;
        run(reporter, &command, TAG_REPORT | number);
        return true;
    }
    return false;
}

static void pump(struct reporter_redis *reporter)
{
    while (redis_link_room(reporter->link) > 0) {
        if (reporter->gone_next < reporter->gone_count) {
            send_gone(reporter);
        } else if (reporter->in_debt) {
            send_next_debt(reporter);
        } else {
            bool renewed = reporter->renewals_turn && send_renewal(reporter);
            bool reported = !renewed && send_report(reporter);
            if (!renewed && !reported && !send_renewal(reporter))
                return;
            reporter->renewals_turn = reported;
        }
    }
}

static void note_refusal(struct reporter_redis *reporter, uint32_t tag)
{
    const char *name =
        tag & TAG_GONE ? "a removed cluster" : reporter->clusters[tag & TAG_CLUSTER].name;
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
    uint32_t number = tag & TAG_CLUSTER;

    if (reply->type == REDIS_REPLY_ERROR) {
        redis_complaint_raise(&reporter->refusal, reply->str);
        reporter->counters.failed++;
        if (!(tag & TAG_GONE) && reporter->clusters[number].debt == DEBT_NONE)
            reporter->clusters[number].debt = DEBT_LATER;
        return;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    reporter->counters.written += (uint64_t)reply->element[0]->integer;
    reporter->counters.refused += (uint64_t)reply->element[1]->integer;
    if (reply->element[1]->integer)
        note_refusal(reporter, tag);
    if (!reply->element[2]->integer)
        owe(reporter, number);
}

static void on_reply(void *context, uint32_t tag, const redisReply *reply)
{
    struct reporter_redis *reporter = context;

    if (tag >= TAG_WHOLE && reporter->unanswered)
        reporter->unanswered--;
    note_answer(reporter, tag, reply);
    pump(reporter);
    if (reporter->behind && redis_link_up(reporter->link) && !reporter->in_debt &&
        !reporter->unanswered && reporter->gone_next == reporter->gone_count) {
        reporter->behind = false;
        reporter->gone_count = reporter->gone_next = 0;
        redis_link_worked(reporter->link);
    }
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
    for (uint32_t c = 0; c < reporter->cluster_count; c++)
        if (reporter->clusters[c].debt == DEBT_LATER)
            owe(reporter, c);
    if (reporter->renew_next == reporter->cluster_count)
        reporter->renew_next = 0;
    pump(reporter);
}

static bool name_in_use(const struct reporter_redis *reporter, const char *name)
{
    for (uint32_t c = 0; c < reporter->cluster_count; c++) {
        const struct directory_entry *entry = cluster_entry(reporter, c);
        if (entry && strcmp(entry->cluster, name) == 0)
            return true;
    }
    return false;
}

/* Whether memory is short or not, upstream is not told a lie: the cluster's reporter key expires. */
static void bury(struct reporter_redis *reporter, char *name)
{
    size_t count = reporter->gone_count + 1u;
    char(*gone)[DIRECTORY_NAME_MAX] = realloc(reporter->gone, count * sizeof *gone);

    if (gone) {
        reporter->gone = gone;
        memcpy(gone[reporter->gone_count++], name, sizeof *gone);
    }
    name[0] = '\0';
}

void reporter_redis_names_changed(struct reporter_redis *reporter)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < reporter->gone_count; i++)
        if (!name_in_use(reporter, reporter->gone[i]))
            memmove(reporter->gone[kept++], reporter->gone[i], sizeof *reporter->gone);
    reporter->gone_count = kept;
    for (uint32_t c = 0; c < reporter->cluster_count; c++) {
        const struct directory_entry *entry = cluster_entry(reporter, c);
        char *name = reporter->clusters[c].name;
        bool same = entry && strcmp(entry->cluster, name) == 0;
        if (name[0] && !same && !name_in_use(reporter, name))
            bury(reporter, name);
    }
    if (!redis_writer_set_epoch(&reporter->writer, reporter->writer.epoch + 1))
        redis_complaint_raise(&reporter->refusal, "memory is short: removed nodes may stay there");
    owe_all(reporter);
    pump(reporter);
}

void reporter_redis_wake(struct reporter_redis *reporter)
{
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
}

static void free_reporter(struct reporter_redis *reporter)
{
    redis_link_destroy(reporter->link);
    if (reporter->interval)
        event_free(reporter->interval);
    redis_writer_clear(&reporter->writer);
    free(reporter->clusters);
    free(reporter->next_node);
    free(reporter->gone);
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
    const struct directory *directory = reporter->source.directory;
    struct redis_writer *writer = &reporter->writer;

    reporter->cluster_count = directory->cluster_capacity;
    reporter->node_count = directory->node_capacity;
    reporter->renew_next = reporter->cluster_count;
    reporter->clusters = calloc(reporter->cluster_count, sizeof *reporter->clusters);
    reporter->next_node = calloc(reporter->node_count, sizeof *reporter->next_node);
    reporter->refusal.remark = reporter->source.remark;
    reporter->refusal.context = reporter->source.context;
    snprintf(reporter->refusal.place, sizeof reporter->refusal.place, "Redis %s", options->address);
    writer->reporter = reporter->source.reporter;
    snprintf(writer->life_ms, sizeof writer->life_ms, "%" PRId64,
             3 * options->interval_ns / HEALTH_NS_PER_MS);
    snprintf(writer->log_length, sizeof writer->log_length, "%" PRIu32, options->log_length);
    if (reporter->source.epoch > EPOCH_MAX || options->interval_ns < HEALTH_NS_PER_MS) {
        redis_complaint_raise(&reporter->refusal,
                              "the epoch must be below 2^53, the interval at least 1 ms");
        return false;
    }
    return reporter->clusters && reporter->next_node &&
           redis_writer_set_epoch(writer, reporter->source.epoch) &&
           start_interval(reporter, options->interval_ns) && start_link(reporter, options);
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

static bool all_written(const struct reporter_redis *reporter)
{
    return redis_link_idle(reporter->link) && !reporter->in_debt &&
           !health_queue_length(reporter->source.queue);
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
