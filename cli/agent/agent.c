/*
 * agent.c - the agent beside a mysqld.
 */
#include "agent.h"

#include "agent_word.h"
#include "recovery.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_TIMEOUT_NS (500 * HEALTH_NS_PER_MS)
#define VIEW_INTERVAL_NS (1000 * HEALTH_NS_PER_MS)
#define ATTENTION_NS (2000 * HEALTH_NS_PER_MS) /* full probes after a change */
#define HASTE_NS (2000 * HEALTH_NS_PER_MS)     /* after a probe that found nobody ... */
#define HASTE_MAX_NS (60 * HEALTH_NS_PER_S)    /* ... so soon after an answer */
#define NEWS_GAP_NS (5 * HEALTH_NS_PER_MS) /* at least, between two beats of which one is news */
#define ANSWER_GAP_NS HEALTH_NS_PER_MS     /* the same before an answer to a challenge */
#define REPEATS 3                          /* of the word "gone" */
#define REPEAT_NS (10 * HEALTH_NS_PER_MS)  /* the first; each later one after twice as long */
#define LATE_NS HEALTH_NS_PER_S            /* a beat that is later still is missing */
#define THE_NODE 0                         /* the prober's number of the only node there is */

struct agent {
    struct agent_options options;
    struct health_process_watch *watch;
    struct health_prober *prober;
    struct health_sender *sender;
    struct recovery *recovery;
    struct event *regular;
    struct event *soon;
    int64_t news_ns;   /* when to look for news again; 0: not asked for, as below */
    int64_t answer_ns; /* when to answer a challenge */
    int64_t repeat_ns; /* when to say "gone" again */
    unsigned repeats;  /* how often yet */
    struct agent_socket socket;
    uint32_t life;                /* the pid whose life the socket's testimony is of */
    bool alive;                   /* and whether it was there */
    int64_t answered_ns;          /* mysqld's last answer */
    int64_t since_ns;             /* when that life, or its absence, was first seen */
    bool unseen_remarked;         /* mysqld answers and no process is seen: said */
    struct health_heartbeat down; /* as the node was when its recovery began */
    uint64_t moved;               /* by mysqld and its children, while it joins */
    int64_t moved_ns;             /* when it was looked at; 0: not in this life */
    struct agent_gist said;
    int64_t said_ns; /* the last beat; 0: none yet */
    int64_t begun_ns;
    char version[HEALTH_VERSION_MAX]; /* what the socket's view refers to */
};

static struct timeval delay(int64_t ns)
{
    int64_t us = ns > 0 ? (ns + HEALTH_NS_PER_US - 1) / HEALTH_NS_PER_US : 0;
    return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

/* Wake for the first of what is due soon. */
static void arm(struct agent *agent)
{
    const int64_t due_ns[] = {agent->news_ns, agent->answer_ns, agent->repeat_ns};
    int64_t first_ns = HEALTH_NEVER_NS;

    for (size_t i = 0; i < 3; i++)
        if (due_ns[i] && due_ns[i] < first_ns)
            first_ns = due_ns[i];
    const struct timeval wait = delay(first_ns - health_clock_ns());
    if (first_ns == HEALTH_NEVER_NS)
        event_del(agent->soon);
    else
        event_add(agent->soon, &wait);
}

/* Has it come? Then it is no longer due. */
static bool take_due(int64_t *due_ns, int64_t now_ns)
{
    if (!*due_ns || now_ns < *due_ns)
        return false;
    *due_ns = 0;
    return true;
}

/* Another life, or the end of one: what the socket said before is of no use. What a new life says is wanted
 * soon. */
static void note_life(struct agent *agent, const struct health_heartbeat *beat, int64_t now_ns)
{
    bool alive = beat->process == HEALTH_PROCESS_RUNNING;

    if (agent->since_ns && alive == agent->alive && beat->pid == agent->life)
        return;
    agent->alive = alive;
    agent->life = beat->pid;
    agent->since_ns = now_ns;
    agent->socket = (struct agent_socket){0};
    agent->moved_ns = 0;
    if (alive)
        health_prober_attend(agent->prober, THE_NODE, now_ns + ATTENTION_NS);
}

static void remark_unseen(struct agent *agent, const struct health_heartbeat *watched)
{
    if (agent->unseen_remarked || watched->process == HEALTH_PROCESS_RUNNING ||
        !agent->socket.asked || !agent_answered(&agent->socket.probe))
        return;
    agent->unseen_remarked = true;
    agent->options.remark(
        agent->options.context, HEALTH_NODE_NONE,
        "mysqld answers, but its process is not to be seen, so its end will not be "
        "seen either: is --datadir its data directory, and does the agent run in its "
        "container and as its user (or root)?");
}

/* The mysqld that recovers the position is our own doing: the node is as down as it was before. Another one that comes
 * makes what was found a thing of the past. */
static void see_through_recovery(struct agent *agent, struct health_heartbeat *beat)
{
    if (beat->process != HEALTH_PROCESS_STOPPED && recovery_owns(agent->recovery, (pid_t)beat->pid))
        *beat = agent->down;
    else if (beat->process == HEALTH_PROCESS_RUNNING || beat->process == HEALTH_PROCESS_STARTING)
        recovery_forget(agent->recovery);
    recovery_describe(agent->recovery, &beat->recovery);
}

/* What the process watch sees, as the beginning of a heartbeat. It reads files, so once for each occasion. */
static void look(struct agent *agent, int64_t now_ns, struct health_heartbeat *beat)
{
    memset(beat, 0, sizeof *beat);
    health_process_describe(agent->watch, beat);
    see_through_recovery(agent, beat);
    note_life(agent, beat, now_ns);
}

/* How far a state transfer has come. It costs a walk through /proc: only while one may be on, and no more often
 * than the regular beats. */
static uint64_t progress(struct agent *agent, int64_t now_ns, const struct health_heartbeat *beat)
{
    bool there =
        beat->process != HEALTH_PROCESS_STOPPED && beat->process != HEALTH_PROCESS_NOT_KNOWN;

    if (!there ||
        (beat->process != HEALTH_PROCESS_STARTING && beat->sst_in_progress != HEALTH_ANSWER_YES))
        return 0;
    if (!agent->moved_ns || now_ns - agent->moved_ns >= agent->options.interval_ns) {
        agent->moved = health_process_moved(agent->watch);
        agent->moved_ns = now_ns;
    }
    return agent->moved;
}

/* And the rest of it: what the socket says, and how a join comes on. */
static void complete(struct agent *agent, int64_t now_ns, struct health_heartbeat *beat)
{
    agent_word(beat, &agent->socket, now_ns, 2 * agent->options.interval_ns);
    beat->moved = progress(agent, now_ns, beat);
}

static void send_beat(struct agent *agent, const struct health_heartbeat *beat,
                      const struct agent_gist *gist, int64_t now_ns)
{
    health_sender_send(agent->sender, beat);
    agent->said = *gist;
    agent->said_ns = now_ns;
}

static void tell(struct agent *agent)
{
    struct health_heartbeat beat;
    int64_t now_ns = health_clock_ns();

    look(agent, now_ns, &beat);
    complete(agent, now_ns, &beat);
    const struct agent_gist gist = agent_gist(&beat, &agent->said);
    send_beat(agent, &beat, &gist, now_ns);
}

static void repeat_soon(struct agent *agent, unsigned repeats, int64_t now_ns)
{
    agent->repeats = repeats;
    agent->repeat_ns = repeats ? now_ns + (REPEAT_NS << (REPEATS - repeats)) : 0;
    arm(agent);
}

/* News of an end waits for nothing; of anything else, for a moment since the last beat. `beat`: looked. */
static void tell_if_news(struct agent *agent, struct health_heartbeat *beat, int64_t now_ns)
{
    complete(agent, now_ns, beat);
    const struct agent_gist gist = agent_gist(beat, &agent->said);
    bool gone = beat->process == HEALTH_PROCESS_STOPPED;
    bool first = agent->said_ns == 0;
    if (!first && memcmp(&gist, &agent->said, sizeof gist) == 0)
        return;
    if (!first && !gone && now_ns < agent->said_ns + NEWS_GAP_NS) {
        agent->news_ns = agent->said_ns + NEWS_GAP_NS;
        arm(agent);
        return;
    }
    send_beat(agent, beat, &gist, now_ns);
    repeat_soon(agent, gone && !first ? REPEATS : 0, now_ns);
}

static void tell_news(struct agent *agent)
{
    struct health_heartbeat beat;
    int64_t now_ns = health_clock_ns();

    look(agent, now_ns, &beat);
    tell_if_news(agent, &beat, now_ns);
}

static void regular(evutil_socket_t fd, short what, void *context)
{
    struct agent *agent = context;
    const struct timeval wait = delay(agent->options.interval_ns);
    (void)fd;
    (void)what;
    event_add(agent->regular, &wait);
    tell(agent);
}

static void soon(evutil_socket_t fd, short what, void *context)
{
    struct agent *agent = context;
    int64_t now_ns = health_clock_ns();
    (void)fd;
    (void)what;
    bool answer = take_due(&agent->answer_ns, now_ns);
    bool repeat = take_due(&agent->repeat_ns, now_ns);
    if (repeat) /* first: news may put an end to it */
        repeat_soon(agent, agent->repeats - 1, now_ns);
    if (take_due(&agent->news_ns, now_ns))
        tell_news(agent);
    if (answer || repeat)
        tell(agent);
    arm(agent);
}

static void process_changed(void *context)
{
    tell_news(context);
}

/* A monitor has challenged. */
static void beat_wanted(void *context)
{
    struct agent *agent = context;

    agent->answer_ns = agent->said_ns + ANSWER_GAP_NS;
    arm(agent);
}

static void remark(void *context, uint32_t node, const char *text)
{
    struct agent *agent = context;
    (void)node;
    agent->options.remark(agent->options.context, HEALTH_NODE_NONE, text);
}

/* NULL: nothing is in the way of one. */
static const char *why_no_recovery(const struct health_heartbeat *beat)
{
    if (beat->recovery.status == HEALTH_RECOVERY_RUNNING)
        return "the position is not recovered once more: that is under way";
    if (beat->process == HEALTH_PROCESS_NOT_KNOWN)
        return "the position is not recovered now: it is not known whether mysqld is there";
    if (beat->process != HEALTH_PROCESS_STOPPED)
        return "the position is not recovered now: mysqld is there";
    if (beat->sst_in_progress == HEALTH_ANSWER_YES)
        return "the position is not recovered: a state transfer was broken off (sst_in_progress), "
               "so the data is torn";
    if (beat->sst_in_progress != HEALTH_ANSWER_NO)
        return "the position is not recovered: whether a state transfer was broken off cannot be "
               "seen in the data "
               "directory";
    return NULL;
}

/* A monitor asks for the position. It works on the data directory: not while anybody else may. */
static void recovery_wanted(void *context)
{
    struct agent *agent = context;
    int64_t now_ns = health_clock_ns();
    struct health_heartbeat beat;

    look(agent, now_ns, &beat);
    const char *hindrance = why_no_recovery(&beat);
    if (hindrance) {
        remark(agent, HEALTH_NODE_NONE, hindrance);
        return;
    }
    agent->down = beat;
    recovery_begin(agent->recovery);
    tell(agent);
}

static void recovery_ended(void *context)
{
    tell(context);
}

/* Who served until now and is silent, or says good-bye, may be about to end. */
static void note_answer(struct agent *agent, const struct health_observation *observation)
{
    bool answered = agent_answered(&observation->probe);

    agent->socket.served |= answered;
    if (answered)
        agent->answered_ns = observation->at_ns;
    bool leaving = !answered || observation->probe.error == HEALTH_PROBE_SHUTTING_DOWN;
    if (leaving && agent->socket.served && observation->at_ns - agent->answered_ns < HASTE_MAX_NS)
        health_process_hasten(agent->watch, observation->at_ns + HASTE_NS);
}

static void socket_observed(void *context, const struct health_observation *observation)
{
    struct agent *agent = context;
    struct health_heartbeat beat;

    if (observation->witness != HEALTH_WITNESS_PROBE)
        return; /* of the idle connection's end, the next probe tells more */
    look(agent, observation->at_ns, &beat);
    if (observation->at_ns - observation->probe.rtt_ns < agent->since_ns)
        return; /* asked in another life */
    agent->socket.asked = true;
    agent->socket.probe = observation->probe;
    agent->socket.probe.view.member_count = 0; /* the list is the prober's */
    if (agent->socket.probe.view.version) {
        snprintf(agent->version, sizeof agent->version, "%s", agent->socket.probe.view.version);
        agent->socket.probe.view.version = agent->version;
    }
    agent->socket.at_ns = observation->at_ns;
    note_answer(agent, observation);
    remark_unseen(agent, &beat);
    tell_if_news(agent, &beat, health_clock_ns());
}

static enum health_error begin_recovery(struct agent *agent, struct event_base *base)
{
    const struct recovery_options options = {
        .base = base,
        .argv = agent->options.recover,
        .remark = remark,
        .changed = recovery_ended,
        .context = agent,
    };
    agent->recovery = recovery_create(&options);
    return agent->recovery ? HEALTH_OK : HEALTH_ENOMEM;
}

static enum health_error begin_sender(struct agent *agent, struct event_base *base)
{
    const struct health_sender_options options = {
        .base = base,
        .cluster = agent->options.cluster,
        .node = agent->options.node,
        .monitors = agent->options.monitors,
        .monitor_count = agent->options.monitor_count,
        .key_file = agent->options.key_file,
        .remark = remark,
        .wanted = beat_wanted,
        .recover = recovery_wanted,
        .context = agent,
    };
    return health_sender_create(&options, &agent->sender);
}

static enum health_error begin_prober(struct agent *agent, struct event_base *base)
{
    int64_t interval_ns = agent->options.interval_ns;
    const struct health_prober_options options = {
        .base = base,
        .interval_ns = interval_ns,
        .timeout_ns = PROBE_TIMEOUT_NS,
        .view_interval_ns = interval_ns > VIEW_INTERVAL_NS ? interval_ns : VIEW_INTERVAL_NS,
        .observe = socket_observed,
        .remark = remark,
        .context = agent,
    };
    enum health_error error = health_prober_create(&options, &agent->prober);
    if (error != HEALTH_OK)
        return error;
    return health_prober_add(agent->prober, THE_NODE, agent->options.node, &agent->options.target);
}

static enum health_error begin_watch(struct agent *agent, struct event_base *base)
{
    const struct health_process_options options = {
        .base = base,
        .datadir = agent->options.datadir,
        .pid_file = agent->options.pid_file,
        .changed = process_changed,
        .context = agent,
    };
    return health_process_create(&options, &agent->watch);
}

static enum health_error begin_timers(struct agent *agent, struct event_base *base)
{
    const struct timeval wait = delay(agent->options.interval_ns);

    agent->regular = evtimer_new(base, regular, agent);
    agent->soon = evtimer_new(base, soon, agent);
    if (!agent->regular || !agent->soon || event_priority_set(agent->regular, 1) != 0 ||
        event_priority_set(agent->soon, 1) != 0 || event_add(agent->regular, &wait) != 0)
        return HEALTH_ENOMEM;
    return HEALTH_OK;
}

enum health_error agent_create(struct event_base *base, const struct agent_options *options,
                               struct agent **ret_agent)
{
    struct agent *agent = calloc(1, sizeof *agent);
    if (!agent)
        return HEALTH_ENOMEM;
    agent->options = *options;
    agent->begun_ns = health_clock_ns();
    enum health_error error = begin_timers(agent, base);
    if (error == HEALTH_OK)
        error = begin_recovery(agent, base);
    if (error == HEALTH_OK)
        error = begin_sender(agent, base);
    if (error == HEALTH_OK)
        error = begin_prober(agent, base);
    if (error == HEALTH_OK)
        error = begin_watch(agent, base);
    if (error == HEALTH_OK)
        *ret_agent = agent;
    else
        agent_destroy(agent);
    return error;
}

void agent_destroy(struct agent *agent)
{
    if (!agent)
        return;
    health_process_destroy(agent->watch);
    health_prober_destroy(agent->prober);
    health_sender_destroy(agent->sender);
    recovery_destroy(agent->recovery);
    if (agent->regular)
        event_free(agent->regular);
    if (agent->soon)
        event_free(agent->soon);
    free(agent);
}

bool agent_is_on_time(const struct agent *agent)
{
    int64_t last_ns = agent->said_ns ? agent->said_ns : agent->begun_ns;
    return health_clock_ns() - last_ns <= 2 * agent->options.interval_ns + LATE_NS;
}

void agent_reread(struct agent *agent)
{
    health_prober_reread(agent->prober);
}
