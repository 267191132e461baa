/*
 * process.c - the process watch.
 *
 * A life is followed by three descriptors: a timer, its stat file and its pidfd. Whichever of the last two
 * tells first that no instruction of it will run any more ends it; how it ended may become known later,
 * so the descriptors are kept until then. Both were opened while it lived and are bound to that life: a pid
 * that is used again misleads neither.
 */
#include <healthd/process.h>

#include "datadir.h"
#include "process_find.h"
#include "process_io.h"
#include "process_stat.h"

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOK_NS (10 * HEALTH_NS_PER_MS) /* one pread of some microseconds */
#define HASTY_LOOK_NS (1 * HEALTH_NS_PER_MS)
#define SEARCH_NS (200 * HEALTH_NS_PER_MS)
#define ALONE_LOOKS 2 /* a leader that ended before other threads, and not just a moment before */

struct life {
    int pid; /* 0: none */
    int stat_fd;
    int pidfd; /* -1: the kernel has none */
    struct event *readable;
    struct process_stat last;
    bool no_service;
    bool traceable;    /* its exit code will be shown to us */
    unsigned alone;    /* looks at which its leader had ended and others lived */
    bool over;         /* nothing of it runs any more */
    uint8_t exit_kind; /* enum health_exit_kind */
    int32_t exit_value;
};

/* How the last life that served ended. */
struct ending {
    int pid;
    uint8_t exit_kind;
    int32_t exit_value;
};

/* What the data directory held when it was described last, with nobody there. */
struct leavings {
    bool seen;
    struct health_grastate grastate;
    uint8_t gvwstate;
    uint8_t sst_in_progress;
};

struct health_process_watch {
    struct event_base *base;
    char *datadir;
    char *pid_file;
    void (*changed)(void *context);
    void *context;
    bool kernel_tells; /* how every process ended, once it was reaped */
    int timer_fd;
    struct event *timer;
    int64_t pace_ns; /* between two looks, now */
    int64_t hasty_until_ns;
    int64_t search_ns; /* when to search again */
    enum process_search_result searched;
    struct life life;
    struct ending ending;
    struct leavings leavings;
};

static void life_close(struct life *life)
{
    if (life->readable)
        event_free(life->readable);
    if (life->stat_fd >= 0)
        close(life->stat_fd);
    if (life->pidfd >= 0)
        close(life->pidfd);
    *life = (struct life){.stat_fd = -1, .pidfd = -1};
}

static bool is_frozen(char state)
{
    return state == 'T' || state == 't';
}

static void note_exit(struct health_process_watch *watch, int32_t status)
{
    struct life *life = &watch->life;
    uint8_t kind;
    int32_t value;

    process_exit_decode(status, &kind, &value);
    /* A leader that ended long before the others has a code of its own, which is not the process's. */
    if (kind == HEALTH_EXIT_CODE && value == 0 && life->alone >= ALONE_LOOKS)
        return;
    life->exit_kind = kind;
    life->exit_value = value;
    if (!life->no_service)
        watch->ending = (struct ending){life->pid, kind, value};
}

/* A 0 is what those are shown, too, who may not know. It is true where this very look shows more; where the kernel will
 * tell, that is waited for; where it will not, having been let see before the end has to do. */
static bool is_believed(const struct health_process_watch *watch, const struct process_stat *last)
{
    return last->exit_status != 0 || last->shown || (!watch->kernel_tells && watch->life.traceable);
}

/* Learn how it ended, once the kernel tells. */
static void learn_exit(struct health_process_watch *watch, bool seen)
{
    struct life *life = &watch->life;
    const struct process_stat *last = &life->last;
    int32_t status;

    if (life->exit_kind != HEALTH_EXIT_NOT_KNOWN)
        return;
    if (process_exit_status(life->pidfd, &status))
        note_exit(watch, status);
    else if (seen && last->exiting && last->memory_gone && life->alone < ALONE_LOOKS &&
             is_believed(watch, last))
        note_exit(watch, last->exit_status);
}

static void end_life(struct health_process_watch *watch, bool seen)
{
    struct life *life = &watch->life;

    life->over = true;
    if (!life->no_service)
        watch->ending = (struct ending){.pid = life->pid};
    learn_exit(watch, seen);
    watch->searched = PROCESS_NONE;
    watch->search_ns = 0;
    watch->changed(watch->context);
}

/* Nothing of it is to be learnt any more. */
static bool life_is_told(const struct life *life, enum process_look look)
{
    return life->exit_kind != HEALTH_EXIT_NOT_KNOWN || look == PROCESS_GONE;
}

static void follow_ended(struct health_process_watch *watch)
{
    struct life *life = &watch->life;
    enum process_look look = process_stat_read(life->stat_fd, &life->last);

    learn_exit(watch, look == PROCESS_SEEN);
    if (life->exit_kind != HEALTH_EXIT_NOT_KNOWN)
        watch->changed(watch->context);
    if (life_is_told(life, look))
        life_close(life);
}

/* The leader has ended: have all? */
static void leader_ended(struct health_process_watch *watch)
{
    struct life *life = &watch->life;

    if (process_is_over(life->pid))
        end_life(watch, true);
    else
        life->alone += life->alone < ALONE_LOOKS;
}

static void follow(struct health_process_watch *watch)
{
    struct life *life = &watch->life;
    struct process_stat now;
    enum process_look look = process_stat_read(life->stat_fd, &now);

    if (look == PROCESS_GONE) {
        end_life(watch, false);
        return;
    }
    if (look == PROCESS_NOT_SEEN)
        return;
    if (strcmp(now.name, life->last.name) !=
        0) { /* it was a child of the server, and became another */
        life_close(life);
        watch->search_ns = 0;
        return;
    }
    bool turned = is_frozen(now.state) != is_frozen(life->last.state);
    life->last = now;
    if (now.dying) {
        leader_ended(watch);
        return;
    }
    life->traceable = now.traceable;
    if (turned)
        watch->changed(watch->context);
}

/* The pidfd: all threads have ended. Its event is not needed again; it would not fall silent. */
static void pidfd_readable(evutil_socket_t fd, short what, void *context)
{
    struct health_process_watch *watch = context;
    (void)fd;
    (void)what;
    if (watch->life.over)
        return;
    bool seen = process_stat_read(watch->life.stat_fd, &watch->life.last) == PROCESS_SEEN;
    end_life(watch, seen);
}

static bool has_ended(int pidfd)
{
    struct pollfd poll_for = {.fd = pidfd, .events = POLLIN};
    return pidfd >= 0 && poll(&poll_for, 1, 0) != 0;
}

/* Open what a life is followed by. False: it is not there any more, or we lack descriptors. */
static bool life_open(struct health_process_watch *watch, const struct process_found *found)
{
    struct life *life = &watch->life;
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", found->pid, found->pid);
    life->pidfd = (int)syscall(SYS_pidfd_open, found->pid, 0);
    life->stat_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (process_stat_read(life->stat_fd, &life->last) != PROCESS_SEEN || has_ended(life->pidfd) ||
        !process_is_server(life->last.name))
        return false;
    if (life->pidfd >= 0) {
        life->readable = event_new(watch->base, life->pidfd, EV_READ, pidfd_readable, watch);
        if (!life->readable || event_priority_set(life->readable, 0) != 0 ||
            event_add(life->readable, NULL) != 0)
            return false;
    }
    life->pid = found->pid;
    life->no_service = found->no_service;
    life->traceable = life->last.traceable;
    return true;
}

static void search(struct health_process_watch *watch)
{
    struct process_found found;
    enum process_search_result before = watch->searched;

    watch->search_ns = health_clock_ns() + SEARCH_NS;
    watch->searched = process_find(watch->datadir, watch->pid_file, watch->life.pid, &found);
    if (watch->searched != PROCESS_FOUND) {
        if (watch->searched != before)
            watch->changed(watch->context);
        return;
    }
    life_close(&watch->life);
    if (!life_open(watch, &found))
        life_close(&watch->life);
    watch->changed(watch->context);
}

static bool is_followed(const struct health_process_watch *watch)
{
    return watch->life.pid && !watch->life.over;
}

static bool set_timer(const struct health_process_watch *watch, int64_t interval_ns)
{
    const struct itimerspec interval = {{0, interval_ns}, {0, interval_ns}};
    return timerfd_settime(watch->timer_fd, 0, &interval, NULL) == 0;
}

/* As often as there is something to see. */
static void set_pace(struct health_process_watch *watch)
{
    int64_t pace_ns = !watch->life.pid                            ? SEARCH_NS
                      : health_clock_ns() < watch->hasty_until_ns ? HASTY_LOOK_NS
                                                                  : LOOK_NS;
    if (pace_ns != watch->pace_ns && set_timer(watch, pace_ns))
        watch->pace_ns = pace_ns;
}

void health_process_hasten(struct health_process_watch *watch, int64_t until_ns)
{
    watch->hasty_until_ns = until_ns;
    set_pace(watch);
}

static void look(evutil_socket_t fd, short what, void *context)
{
    struct health_process_watch *watch = context;
    uint64_t expirations;

    (void)what;
    if (read(fd, &expirations, sizeof expirations) < 0)
        return;
    if (is_followed(watch))
        follow(watch);
    else if (watch->life.pid)
        follow_ended(watch);
    if (!is_followed(watch) && health_clock_ns() >= watch->search_ns)
        search(watch);
    set_pace(watch);
}

static bool start_timer(struct health_process_watch *watch)
{
    watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (watch->timer_fd < 0 || !set_timer(watch, LOOK_NS)) /* the first look is soon */
        return false;
    watch->timer = event_new(watch->base, watch->timer_fd, EV_READ | EV_PERSIST, look, watch);
    return watch->timer && event_priority_set(watch->timer, 1) == 0 &&
           event_add(watch->timer, NULL) == 0;
}

enum health_error health_process_create(const struct health_process_options *options,
                                        struct health_process_watch **ret_watch)
{
    struct health_process_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return HEALTH_ENOMEM;
    watch->base = options->base;
    watch->changed = options->changed;
    watch->context = options->context;
    watch->searched = PROCESS_HIDDEN; /* until the first look */
    watch->timer_fd = -1;
    watch->kernel_tells = process_kernel_tells();
    watch->life = (struct life){.stat_fd = -1, .pidfd = -1};
    watch->datadir = strdup(options->datadir);
    watch->pid_file = options->pid_file ? strdup(options->pid_file) : NULL;
    if (!watch->datadir || (options->pid_file && !watch->pid_file) || !start_timer(watch)) {
        health_process_destroy(watch);
        return HEALTH_ENOMEM;
    }
    *ret_watch = watch;
    return HEALTH_OK;
}

void health_process_destroy(struct health_process_watch *watch)
{
    if (!watch)
        return;
    life_close(&watch->life);
    if (watch->timer)
        event_free(watch->timer);
    if (watch->timer_fd >= 0)
        close(watch->timer_fd);
    free(watch->datadir);
    free(watch->pid_file);
    free(watch);
}

static bool same_grastate(const struct health_grastate *a, const struct health_grastate *b)
{
    return a->known == b->known && health_uuid_equal(&a->uuid, &b->uuid) && a->seqno == b->seqno &&
           a->safe_to_bootstrap == b->safe_to_bootstrap;
}

/* Files that change though nobody is there are a new life's, which a search has still to find: told of the
 * former one, they would turn its clean end into another. */
static bool somebody_wrote(struct health_process_watch *watch, const struct health_heartbeat *beat)
{
    const struct leavings former = watch->leavings;

    watch->leavings = (struct leavings){.seen = !is_followed(watch),
                                        .grastate = beat->grastate,
                                        .gvwstate = beat->gvwstate,
                                        .sst_in_progress = beat->sst_in_progress};
    return former.seen && watch->leavings.seen &&
           (!same_grastate(&former.grastate, &beat->grastate) ||
            former.gvwstate != beat->gvwstate || former.sst_in_progress != beat->sst_in_progress);
}

/* Where one life was seen to end, the next would be seen too. A process that was found and could not be
 * followed is not gone. */
static bool is_known_gone(const struct health_process_watch *watch)
{
    return watch->searched == PROCESS_NONE ||
           (watch->searched == PROCESS_HIDDEN && watch->ending.pid);
}

void health_process_describe(struct health_process_watch *watch, struct health_heartbeat *beat)
{
    const struct life *life = &watch->life;

    datadir_describe(watch->datadir, beat);
    if (somebody_wrote(watch, beat))
        search(watch);
    beat->proc_state = '\0';
    beat->exit_kind = HEALTH_EXIT_NOT_KNOWN;
    beat->exit_value = 0;
    if (is_followed(watch)) {
        beat->pid = (uint32_t)life->pid;
        beat->process = life->no_service ? HEALTH_PROCESS_STARTING : HEALTH_PROCESS_RUNNING;
        /* The letter of a leader that ended before the others is not the process's. */
        beat->proc_state = life->last.dying ? '\0' : life->last.state;
        return;
    }
    beat->pid = (uint32_t)watch->ending.pid;
    beat->process = is_known_gone(watch) ? HEALTH_PROCESS_STOPPED : HEALTH_PROCESS_NOT_KNOWN;
    beat->exit_kind = watch->ending.exit_kind;
    beat->exit_value = watch->ending.exit_value;
}

bool health_process_is_below(int pid, int ancestor)
{
    while (pid > 1)
        if (!process_io_parent(pid, &pid))
            return false;
        else if (pid == ancestor)
            return true;
    return false;
}

uint64_t health_process_moved(const struct health_process_watch *watch)
{
    return is_followed(watch) ? process_io_moved(watch->life.pid) : 0;
}
