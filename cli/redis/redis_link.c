/*
 * redis_link.c - a connection to Redis that is kept.
 *
 * In the order of time: begin() -> looked_up() -> connect_to() -> on_connected() -> on_password() ->
 * on_script() -> up, then on_reply() for each command; and from anywhere fail(), the one way down, which
 * waits and begins again. One timer serves all phases, for in each there is one thing to wait for: the
 * end of the back-off, the answer to the attempt, the answer to the oldest command.
 *
 * hiredis frees its context itself when a connection fails or is lost, and calls what is pending with a
 * NULL reply. `context->data` is NULL from the moment the link has given the context up, so that its last
 * calls are known for what they are.
 */
#include "redis_link.h"

#include "redis_backoff.h"
#include "redis_complaint.h"
#include "redis_login.h"
#include "redis_target.h"

#include <healthd/observer.h>

#include <event2/event.h>
#include <event2/util.h>
#include <hiredis/hiredis.h>
#include <hiredis/async.h>
#include <hiredis/adapters/libevent.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Long enough that a Redis that was busy or stopped for a moment just goes on. */
#define ANSWER_NS (5 * HEALTH_NS_PER_S)

#define NO_REDIS "what answers there is no Redis"

enum phase {
    PHASE_WAITING,    /* for the end of the back-off */
    PHASE_LOOKING_UP, /* for a name's addresses */
    PHASE_GREETING,   /* connecting, the password, the script */
    PHASE_UP,
};

struct redis_link {
    struct event_base *base;
    struct redis_link_user user;
    struct redis_target target;
    struct redis_login login;
    const char *script;
    char script_hash[48];

    enum phase phase;
    redisAsyncContext *context;
    struct event *timer;
    int64_t due_ns; /* when the phase has lasted too long */
    int64_t backoff_ns;

    /* What is in flight, a ring: answers come in order. */
    struct {
        int64_t sent_ns;
        uint32_t tag;
    } commands[REDIS_LINK_DEPTH];
    unsigned first;
    unsigned in_flight;

    struct redis_link_counters counters;
    struct redis_complaint complaint;
};

static void arm(struct redis_link *link, int64_t due_ns)
{
    int64_t wait_ns = due_ns - health_clock_ns();
    if (wait_ns < 0)
        wait_ns = 0;
    const struct timeval wait = {
        .tv_sec = wait_ns / HEALTH_NS_PER_S,
        .tv_usec = wait_ns % HEALTH_NS_PER_S / HEALTH_NS_PER_US,
    };
    link->due_ns = due_ns;
    event_add(link->timer, &wait);
}

static void give_up_context(struct redis_link *link)
{
    link->context->data = NULL;
    link->context = NULL;
}

static void fail(struct redis_link *link, const char *problem)
{
    bool was_up = link->phase == PHASE_UP;
    bool flushed = strncmp(problem, "NOSCRIPT", 8) == 0 && link->backoff_ns == REDIS_BACKOFF_MIN_NS;
    bool elsewhere = !was_up && redis_target_has_more(&link->target);
    int64_t wait_ns = 0;

    /* That somebody flushed the scripts is no problem, unless it comes again before anything has
     * worked. A name's other addresses are tried at once. */
    if (!flushed)
        redis_complaint_raise(&link->complaint, problem);
    if (!elsewhere)
        wait_ns = redis_backoff_next(&link->backoff_ns);
    if (flushed)
        wait_ns = 0;
    if (link->context) {
        redisAsyncContext *context = link->context;
        give_up_context(link);
        redisAsyncFree(context);
    }
    link->phase = PHASE_WAITING;
    link->in_flight = 0;
    link->counters.failures++;
    arm(link, health_clock_ns() + wait_ns);
    if (was_up)
        link->user.down(link->user.context);
}

/* hiredis gives its context up by itself: connecting failed, or the connection is lost. */
static void fail_without_context(struct redis_link *link, const char *what)
{
    char problem[200];
    snprintf(problem, sizeof problem, "%s: %s", what, link->context->c.errstr);
    give_up_context(link);
    fail(link, problem);
}

static void on_connected(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    int on = 1;

    if (!link)
        return;
    if (status != REDIS_OK) {
        fail_without_context(link, "cannot connect");
        return;
    }
    if (link->target.port)
        setsockopt(context->c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void on_disconnected(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;

    (void)status;
    if (link)
        fail_without_context(link, "connection lost");
}

/* The link a reply is for, if it is one: neither void nor an error. */
static struct redis_link *replied(redisAsyncContext *context, const redisReply *reply)
{
    struct redis_link *link = context->data;

    if (!link || !reply)
        return NULL;
    if (reply->type == REDIS_REPLY_ERROR) {
        fail(link, reply->str);
        return NULL;
    }
    return link;
}

static void on_password(redisAsyncContext *context, void *reply, void *unused)
{
    (void)unused;
    replied(context, reply);
}

static void on_script(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct redis_link *link = replied(context, reply);

    (void)unused;
    if (!link)
        return;
    if (reply->type != REDIS_REPLY_STRING || reply->len >= sizeof link->script_hash) {
        fail(link, NO_REDIS);
        return;
    }
    memcpy(link->script_hash, reply->str, reply->len + 1);
    link->phase = PHASE_UP;
    redis_target_forget(&link->target);
    link->counters.connects++;
    event_del(link->timer);
    link->user.up(link->user.context);
}

/* Replies are read before deadlines are judged, where the base has priorities. */
static void attach(struct redis_link *link)
{
    redisLibeventAttach(link->context, link->base);
    redisLibeventEvents *events = link->context->ev.data;
    event_priority_set(events->rev, 0);
    event_priority_set(events->wev, 0);
}

static void connect_to(struct redis_link *link, const char *host)
{
    redisAsyncContext *context = link->target.port ? redisAsyncConnect(host, link->target.port)
                                                   : redisAsyncConnectUnix(host);
    char problem[300];

    if (!context || context->err) {
        snprintf(problem, sizeof problem, "cannot connect: %s",
                 context ? context->errstr : "memory is short");
        if (context)
            redisAsyncFree(context);
        fail(link, problem);
        return;
    }
    link->context = context;
    context->data = link;
    link->phase = PHASE_GREETING;
    arm(link, health_clock_ns() + ANSWER_NS);
    attach(link);
    redisAsyncSetConnectCallback(context, on_connected);
    redisAsyncSetDisconnectCallback(context, on_disconnected);
    if (redis_login_send(&link->login, context, on_password, problem, sizeof problem))
        redisAsyncCommand(context, on_script, NULL, "SCRIPT LOAD %s", link->script);
    else
        fail(link, problem);
}

static void looked_up(void *user, const struct redis_addresses *addresses, const char *error)
{
    struct redis_link *link = user;

    link->target.lookup = NULL;
    link->target.addresses = *addresses;
    link->target.next = 0;
    if (link->phase != PHASE_LOOKING_UP)
        return; /* it took too long; the next attempt finds the addresses */
    if (error) {
        char problem[400];
        snprintf(problem, sizeof problem, "the name does not resolve: %s", error);
        fail(link, problem);
        return;
    }
    connect_to(link, redis_target_next(&link->target));
}

static void begin(struct redis_link *link)
{
    struct redis_target *target = &link->target;
    const char *host = redis_target_next(target);

    if (host) {
        connect_to(link, host);
        return;
    }
    link->phase = PHASE_LOOKING_UP;
    if (!target->lookup) /* that of an earlier attempt may still be under way */
        target->lookup = redis_lookup_start(link->base, target->host, looked_up, link);
    if (target->lookup)
        arm(link, health_clock_ns() + ANSWER_NS);
    else
        fail(link, "cannot look its name up: out of memory, descriptors or threads");
}

/* What is due may have moved on since the timer was set: commands come and go without touching it. */
static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct redis_link *link = context;

    (void)fd;
    (void)what;
    if (link->phase == PHASE_UP) {
        if (!link->in_flight)
            return;
        link->due_ns = link->commands[link->first].sent_ns + ANSWER_NS;
    }
    if (health_clock_ns() < link->due_ns) {
        arm(link, link->due_ns);
        return;
    }
    switch (link->phase) {
    case PHASE_WAITING:
        begin(link);
        break;
    case PHASE_LOOKING_UP:
        fail(link, "the name does not resolve: no answer yet");
        break;
    case PHASE_GREETING:
    case PHASE_UP:
        fail(link, "no answer within 5 s");
        break;
    }
}

static void on_reply(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    bool wrong_type = reply && reply->type == REDIS_REPLY_ERROR && strstr(reply->str, "WRONGTYPE");
    struct redis_link *link = wrong_type ? context->data : replied(context, reply);

    (void)unused;
    if (!link)
        return;
    if (!wrong_type && reply->type != REDIS_REPLY_ARRAY) {
        fail(link, NO_REDIS);
        return;
    }
    uint32_t tag = link->commands[link->first].tag;
    link->first = (link->first + 1) % REDIS_LINK_DEPTH;
    link->in_flight--;
    link->user.reply(link->user.context, tag, reply);
}

unsigned redis_link_room(const struct redis_link *link)
{
    return link->phase == PHASE_UP ? REDIS_LINK_DEPTH - link->in_flight : 0;
}

bool redis_link_up(const struct redis_link *link)
{
    return link->phase == PHASE_UP;
}

bool redis_link_idle(const struct redis_link *link)
{
    return link->phase == PHASE_UP && !link->in_flight;
}

void redis_link_run(struct redis_link *link, uint32_t tag, int argc, const char **argv)
{
    const char *full[REDIS_ARGUMENTS_MAX] = {"EVALSHA", link->script_hash};

    assert(redis_link_room(link) > 0 && argc <= REDIS_ARGUMENTS_MAX - 2);
    memcpy(full + 2, argv, (size_t)argc * sizeof *argv);
    if (redisAsyncCommandArgv(link->context, on_reply, NULL, argc + 2, full, NULL) != REDIS_OK) {
        fail(link, "the connection takes no commands");
        return;
    }
    unsigned last = (link->first + link->in_flight++) % REDIS_LINK_DEPTH;
    link->commands[last].sent_ns = health_clock_ns();
    link->commands[last].tag = tag;
    if (!event_pending(link->timer, EV_TIMEOUT, NULL))
        arm(link, link->commands[last].sent_ns + ANSWER_NS);
}

void redis_link_worked(struct redis_link *link)
{
    link->backoff_ns = REDIS_BACKOFF_MIN_NS;
    redis_complaint_settle(&link->complaint);
}

void redis_link_counters(const struct redis_link *link, struct redis_link_counters *ret_counters)
{
    *ret_counters = link->counters;
}

struct redis_link *redis_link_create(const struct redis_link_options *options,
                                     const struct redis_link_user *user)
{
    struct redis_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->base = options->base;
    link->user = *user;
    link->script = options->script;
    link->backoff_ns = REDIS_BACKOFF_MIN_NS;
    link->complaint.remark = user->remark;
    link->complaint.context = user->context;
    snprintf(link->complaint.place, sizeof link->complaint.place, "Redis %s", options->address);
    if (!redis_target_init(&link->target, options->address)) {
        redis_complaint_raise(&link->complaint,
                              "report.redis.address must be HOST:PORT or the path of a socket");
        goto fail;
    }
    link->timer = evtimer_new(link->base, on_timer, link);
    if (!link->timer || !redis_login_init(&link->login, options->user, options->password_file))
        goto fail;
    event_priority_set(link->timer, 1);
    arm(link, health_clock_ns());
    return link;
fail:
    redis_link_destroy(link);
    return NULL;
}

void redis_link_destroy(struct redis_link *link)
{
    if (!link)
        return;
    if (link->context) {
        redisAsyncContext *context = link->context;
        give_up_context(link);
        redisAsyncFree(context);
    }
    if (link->timer)
        event_free(link->timer);
    redis_target_clear(&link->target);
    redis_login_clear(&link->login);
    free(link);
}
