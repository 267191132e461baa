/*
 * lease.c - the lease of each cluster, in Redis.
 *
 * Each is asked for once an interval; while an answer is awaited it is not asked for again.
 */
#include "lease.h"

#include "redis_link.h"
#include "redis_script.h"

#include <event2/event.h>
#include <healthd/observer.h>
#include <hiredis/hiredis.h>

#include <stdio.h>
#include <stdlib.h>

#define LIFE_MS "15000"
#define BELIEVED_NS (10 * HEALTH_NS_PER_S)
#define INTERVAL_SECONDS 2

struct held {
    bool ours;
    bool asked;
    bool due;         /* in this interval */
    bool kept;        /* not given up at the end */
    int64_t sent_ns;  /* of the question that is under way */
    int64_t since_ns; /* when the latest that was answered was sent */
    int64_t fencing;
};

struct lease {
    struct lease_options options;
    struct redis_link *link;
    struct event *interval;
    bool dropping;
    uint32_t unanswered;
    uint32_t clusters;
    struct held of[];
};

static void ask(struct lease *lease, uint32_t cluster, const char *task)
{
    const char *name = roster_cluster_name(lease->options.roster, cluster);
    struct held *held = &lease->of[cluster];
    char key[DIRECTORY_NAME_MAX + 24];
    char fencing[DIRECTORY_NAME_MAX + 24];
    const char *argv[] = {"2", key, fencing, task, lease->options.holder, LIFE_MS};

    snprintf(key, sizeof key, "healthd:{%s}:lease", name);
    snprintf(fencing, sizeof fencing, "healthd:{%s}:fencing", name);
    held->asked = true;
    held->due = false;
    held->sent_ns = health_clock_ns();
    lease->unanswered++;
    redis_link_run(lease->link, cluster, sizeof argv / sizeof *argv, argv);
}

static void pump(struct lease *lease)
{
    for (uint32_t i = 0; i < lease->clusters && redis_link_room(lease->link) > 0; i++)
        if (lease->of[i].due && !lease->of[i].asked && lease->options.roster->clusters[i].used)
            ask(lease, i, lease->dropping ? "drop" : "hold");
}

static void on_reply(void *context, uint32_t cluster, const redisReply *reply)
{
    struct lease *lease = context;
    struct held *held = &lease->of[cluster];

    lease->unanswered--;
    held->asked = false;
    held->ours = false;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        reply->element[0]->type == REDIS_REPLY_INTEGER &&
        reply->element[1]->type == REDIS_REPLY_INTEGER && !lease->dropping && held->sent_ns) {
        held->ours = reply->element[0]->integer == 1;
        held->fencing = reply->element[1]->integer;
        held->since_ns = held->sent_ns;
    }
    redis_link_worked(lease->link);
    pump(lease);
}

static void want_all(struct lease *lease)
{
    for (uint32_t i = 0; i < lease->clusters; i++)
        lease->of[i].due = true;
    pump(lease);
}

static void on_up(void *context)
{
    want_all(context);
}

/* What was under way may have been done or not; what was answered is good for its time. */
static void on_down(void *context)
{
    struct lease *lease = context;

    lease->unanswered = 0;
    for (uint32_t i = 0; i < lease->clusters; i++)
        lease->of[i].asked = false;
}

static void on_remark(void *context, const char *text)
{
    const struct lease *lease = context;
    lease->options.remark(lease->options.context, text);
}

static void on_interval(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    want_all(context);
}

bool lease_held(const struct lease *lease, uint32_t cluster, int64_t now_ns, int64_t *ret_fencing)
{
    const struct held *held = &lease->of[cluster];

    *ret_fencing = held->fencing;
    return held->ours && now_ns - held->since_ns < BELIEVED_NS;
}

void lease_forget(struct lease *lease, uint32_t cluster)
{
    struct held *held = &lease->of[cluster];

    /* An answer that is under way is about another: nothing is believed of it. */
    *held = (struct held){.asked = held->asked};
}

void lease_keep(struct lease *lease, uint32_t cluster)
{
    lease->of[cluster].kept = true;
}

/* ---- Life ---- */

static bool begin(struct lease *lease)
{
    const struct timeval interval = {.tv_sec = INTERVAL_SECONDS};
    const struct redis_link_options link = {
        .base = lease->options.base,
        .address = lease->options.redis->address,
        .user = lease->options.redis->user,
        .password_file = lease->options.redis->password_file,
        .script = redis_lease_script,
    };
    const struct redis_link_user user = {
        .up = on_up, .down = on_down, .reply = on_reply, .remark = on_remark, .context = lease};

    lease->link = redis_link_create(&link, &user);
    lease->interval = event_new(lease->options.base, -1, EV_PERSIST, on_interval, lease);
    return lease->link && lease->interval && event_priority_set(lease->interval, 1) == 0 &&
           event_add(lease->interval, &interval) == 0;
}

struct lease *lease_create(const struct lease_options *options)
{
    uint32_t clusters = options->roster->directory.cluster_capacity;
    struct lease *lease = calloc(1, sizeof *lease + clusters * sizeof lease->of[0]);

    if (!lease)
        return NULL;
    lease->options = *options;
    lease->clusters = clusters;
    if (begin(lease))
        return lease;
    lease_destroy(lease, 0);
    return NULL;
}

static void on_patience_over(evutil_socket_t fd, short what, void *over)
{
    (void)fd;
    (void)what;
    *(bool *)over = true;
}

/* Whoever waits need not wait for its end. */
static void drop_all(struct lease *lease, int patience_ms)
{
    const struct timeval wait = {patience_ms / 1000, patience_ms % 1000 * 1000};
    bool over = patience_ms <= 0;
    struct event *patience = evtimer_new(lease->options.base, on_patience_over, &over);

    lease->dropping = true;
    if (!over && patience && event_add(patience, &wait) == 0) {
        for (uint32_t i = 0; i < lease->clusters; i++)
            lease->of[i].due = !lease->of[i].kept && (lease->of[i].ours || lease->of[i].asked);
        pump(lease);
        while (!over && lease->unanswered && redis_link_up(lease->link))
            if (event_base_loop(lease->options.base, EVLOOP_ONCE) != 0)
                break;
    }
    if (patience)
        event_free(patience);
}

void lease_destroy(struct lease *lease, int patience_ms)
{
    if (!lease)
        return;
    if (lease->interval)
        event_free(lease->interval);
    if (lease->link && redis_link_up(lease->link))
        drop_all(lease, patience_ms);
    redis_link_destroy(lease->link);
    free(lease);
}
