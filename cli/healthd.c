/*
 * healthd.c - the daemon: its options, its signals, its life.
 */
#include "agent_check.h"
#include "config_report.h"
#include "door.h"
#include "healthd_options.h"
#include "http.h"
#include "log.h"
#include "monitor.h"
#include "notify.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* What reporters and the recorder get for their rest when the daemon stops, each, and what all of it may
 * take: a resolver may hang for much longer, and nothing depends on it then. */
#define PATIENCE_MS 250
#define STOP_SECONDS 1

/* Of the strangers who want something at the same time, so many are served before it is looked whether a probe
 * was answered: libevent would serve all of them first. */
#define SERVED_AT_ONCE 1

#define REPORTER_SIZE 160
#define STATUS_SIZE 256

struct daemon {
    const struct healthd_options *options;
    struct event_base *base;
    struct monitor *monitor;
    struct http *http;               /* NULL: nothing is served */
    struct agent_check *agent_check; /* NULL: HAProxy is told nothing */
    struct config *first;            /* what the monitor began with */
    struct config *now;
    char reporter[REPORTER_SIZE];
    struct event *terminate, *interrupt, *hangup, *second;
    struct event *watchdog; /* NULL: nobody wants to hear from us */
    uint64_t seen_ticks;    /* when the watchdog was fed last */
    char status[STATUS_SIZE];
};

/* ---- Configuration ---- */

static void log_mistake(void *context, bool error, const char *text)
{
    char value[LOG_VALUE_MAX];
    (void)context;
    log_event(error ? LOG_ERR : LOG_WARNING, "config", "text=%s",
              log_value(value, sizeof value, text));
}

/* NULL: it cannot be used, and that was said. */
static struct config *read_config(const struct healthd_options *options, config_say *say)
{
    struct config *config = malloc(sizeof *config);
    bool good = false;

    if (config && options->call.cluster)
        good = config_call(&options->call, say, NULL, config);
    else if (config)
        good = config_read(options->path, CONFIG_FOR_DAEMON, say, NULL, config);
    if (good)
        return config;
    if (config)
        config_clear(config);
    free(config);
    return NULL;
}

static void free_config(struct config *config)
{
    if (!config)
        return;
    config_clear(config);
    free(config);
}

static int check_config(const struct healthd_options *options)
{
    struct config *config = read_config(options, config_print_mistake);

    if (!config)
        return HEALTHD_EXIT_CONFIG;
    config_print_good(options->call.cluster ? "the command line" : options->path, config);
    free_config(config);
    return HEALTHD_EXIT_DONE;
}

/* ---- Signals ---- */

static void end_at_once(int signal_number)
{
    (void)signal_number;
    _exit(HEALTHD_EXIT_DONE);
}

/* The first one ends politely. Without these events a second one has its usual effect, at once. */
static void on_stop(evutil_socket_t signal_number, short what, void *context)
{
    struct daemon *daemon = context;
    (void)what;

    log_event(LOG_NOTICE, "stop", "signal=%d", (int)signal_number);
    notify_send("STOPPING=1");
    event_del(daemon->terminate);
    event_del(daemon->interrupt);
    event_del(daemon->hangup);
    signal(
        SIGHUP,
        SIG_IGN); /* the loop runs once more for the reporters' sake, and there is nothing to reload */
    signal(SIGALRM, end_at_once);
    alarm(STOP_SECONDS);
    event_base_loopbreak(daemon->base);
}

/* Without a file there is nothing but secrets to read again. */
static void reload(struct daemon *daemon)
{
    struct config *next;

    if (daemon->options->call.cluster) {
        monitor_reread(daemon->monitor);
        monitor_note_reload(daemon->monitor, true);
        log_event(LOG_NOTICE, "reloaded", "clusters=%zu", daemon->now->cluster_count);
        return;
    }
    next = read_config(daemon->options, log_mistake);
    if (!next || !monitor_reload(daemon->monitor, next)) {
        free_config(next);
        monitor_note_reload(daemon->monitor, false);
        log_event(LOG_ERR, "reload-failed", "text=\"the former configuration holds\"");
        return;
    }
    if (daemon->now != daemon->first)
        free_config(daemon->now);
    daemon->now = next;
    monitor_note_reload(daemon->monitor, true);
    log_event(LOG_NOTICE, "reloaded", "clusters=%zu", daemon->now->cluster_count);
}

static void on_reload(evutil_socket_t signal_number, short what, void *context)
{
    (void)signal_number;
    (void)what;
    notify_reloading();
    reload(context);
    notify_send("READY=1");
}

/* ---- The service manager ---- */

static void on_second(evutil_socket_t fd, short what, void *context)
{
    struct daemon *daemon = context;
    char status[STATUS_SIZE];
    char message[STATUS_SIZE + 16];
    (void)fd;
    (void)what;

    monitor_status(daemon->monitor, status, sizeof status);
    if (strcmp(status, daemon->status) == 0)
        return;
    memcpy(daemon->status, status, sizeof status);
    snprintf(message, sizeof message, "STATUS=%s", status);
    notify_send(message);
}

/* That this runs shows that the loop does; that the ticks have grown, that evaluation does. */
static void on_watchdog(evutil_socket_t fd, short what, void *context)
{
    struct daemon *daemon = context;
    uint64_t ticks = monitor_ticks(daemon->monitor);
    (void)fd;
    (void)what;

    if (ticks != daemon->seen_ticks)
        notify_send("WATCHDOG=1");
    daemon->seen_ticks = ticks;
}

/* What comes every so often; NULL: no memory for it. */
static struct event *add_timer(struct daemon *daemon, event_callback_fn call, uint64_t period_us)
{
    const struct timeval period = {.tv_sec = (time_t)(period_us / 1000000),
                                   .tv_usec = (suseconds_t)(period_us % 1000000)};
    struct event *timer = event_new(daemon->base, -1, EV_PERSIST, call, daemon);

    if (timer) {
        event_priority_set(timer, 1);
        event_add(timer, &period);
    }
    return timer;
}

/* ---- Life ---- */

static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0 &&
        event_config_set_max_dispatch_interval(config, NULL, SERVED_AT_ONCE, HTTP_PRIORITY) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    if (base && event_base_priority_init(base, 3) == -1) {
        event_base_free(base);
        base = NULL;
    }
    return base;
}

static bool create_events(struct daemon *daemon)
{
    uint64_t watchdog_us = notify_watchdog_us();

    daemon->terminate = evsignal_new(daemon->base, SIGTERM, on_stop, daemon);
    daemon->interrupt = evsignal_new(daemon->base, SIGINT, on_stop, daemon);
    daemon->hangup = evsignal_new(daemon->base, SIGHUP, on_reload, daemon);
    daemon->second = add_timer(daemon, on_second, 1000000);
    if (watchdog_us)
        daemon->watchdog = add_timer(daemon, on_watchdog, watchdog_us / 2);
    return daemon->terminate && daemon->interrupt && daemon->hangup && daemon->second &&
           !daemon->watchdog == !watchdog_us && event_add(daemon->terminate, NULL) == 0 &&
           event_add(daemon->interrupt, NULL) == 0 && event_add(daemon->hangup, NULL) == 0;
}

static void free_event(struct event *event)
{
    if (event)
        event_free(event);
}

static void clear(struct daemon *daemon)
{
    agent_check_destroy(daemon->agent_check);
    http_destroy(daemon->http);
    daemon->http = NULL; /* the last changes are told to nobody */
    monitor_destroy(daemon->monitor, PATIENCE_MS);
    free_event(daemon->terminate);
    free_event(daemon->interrupt);
    free_event(daemon->hangup);
    free_event(daemon->second);
    free_event(daemon->watchdog);
    if (daemon->base)
        event_base_free(daemon->base);
    if (daemon->now != daemon->first)
        free_config(daemon->now);
    free_config(daemon->first);
}

static void log_start(const struct daemon *daemon, const struct monitor_options *options)
{
    const struct config *config = daemon->first;
    const char *listen = config->heartbeat_listen;

    log_event(
        LOG_NOTICE, "start",
        "version=%s reporter=%s epoch=%llu clusters=%zu heartbeats=%s authenticated=%s http=%s "
        "agent_check=%s",
        HEALTHD_VERSION, options->reporter, (unsigned long long)options->epoch,
        config->cluster_count, listen ? listen : "none",
        listen && config->heartbeat_key_file ? "yes" : "no",
        config->http_listen ? config->http_listen : "none",
        config->agent_check.listen ? config->agent_check.listen : "none");
    if (listen && !config->heartbeat_key_file && strncmp(listen, "127.", 4) != 0 &&
        strncmp(listen, "[::1]", 5) != 0)
        log_event(LOG_WARNING, "config",
                  "key=heartbeat.key_file text=\"without a key anybody who reaches %s can forge "
                  "what agents say\"",
                  listen);
}

/* ---- What is served ---- */

static void on_told(void *context)
{
    struct daemon *daemon = context;
    if (daemon->http)
        http_told(daemon->http);
}

static void on_refresh(void *context)
{
    struct daemon *daemon = context;
    monitor_refresh(daemon->monitor);
}

static bool on_maintain(void *context, uint32_t node, const struct maintenance_wish *wish)
{
    struct daemon *daemon = context;
    return monitor_maintain(daemon->monitor, node, wish);
}

static bool on_acknowledge(void *context, uint32_t cluster)
{
    struct daemon *daemon = context;
    return monitor_acknowledge(daemon->monitor, cluster);
}

static bool on_recover(void *context, uint32_t node)
{
    struct daemon *daemon = context;
    return monitor_recover(daemon->monitor, node);
}

static bool begin_http(struct daemon *daemon)
{
    const struct http_options options = {
        .base = daemon->base,
        .listen = daemon->first->http_listen,
        .token_file = daemon->first->http_token_file,
        .overview = monitor_overview(daemon->monitor),
        .turns = monitor_turns(daemon->monitor),
        .refresh = on_refresh,
        .maintain = on_maintain,
        .acknowledge = on_acknowledge,
        .recover = on_recover,
        .context = daemon,
    };
    if (options.listen)
        daemon->http = http_create(&options);
    return daemon->http || !options.listen;
}

static bool begin_agent_check(struct daemon *daemon)
{
    const struct agent_check_options options = {
        .base = daemon->base,
        .listen = daemon->first->agent_check.listen,
        .overview = monitor_overview(daemon->monitor),
        .refresh = on_refresh,
        .context = daemon,
    };
    if (options.listen)
        daemon->agent_check = agent_check_create(&options);
    return daemon->agent_check || !options.listen;
}

/* ---- From the beginning to the end ---- */

static bool begin(struct daemon *daemon)
{
    char host[128] = "";
    struct timespec wall;

    gethostname(host, sizeof host - 1);
    snprintf(daemon->reporter, sizeof daemon->reporter, "%s:%ld", host, (long)getpid());
    clock_gettime(CLOCK_REALTIME, &wall);
    daemon->base = create_base();
    const struct monitor_options options = {
        .base = daemon->base,
        .reporter = daemon->reporter,
        .epoch = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000,
        .told = on_told,
        .context = daemon,
    };
    if (!daemon->base || !create_events(daemon)) {
        log_event(LOG_ERR, "failed", "text=\"the event loop cannot be set up\"");
        return false;
    }
    log_start(daemon, &options);
    daemon->monitor = monitor_create(&options, daemon->first);
    return daemon->monitor && begin_http(daemon) && begin_agent_check(daemon);
}

/* A node takes two descriptors and up to six; the usual soft limit of 1024 is for select(). */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(const struct healthd_options *options)
{
    struct daemon daemon = {.options = options};
    int result = HEALTHD_EXIT_FAILED;

    daemon.first = daemon.now = read_config(options, config_print_mistake);
    if (!daemon.first)
        return HEALTHD_EXIT_CONFIG;
    signal(SIGPIPE, SIG_IGN); /* who reads our output may go */
    signal(SIGXFSZ, SIG_IGN); /* and a record that may not grow is like a full disk */
    raise_file_limit();
    if (begin(&daemon)) {
        notify_send("READY=1");
        event_base_dispatch(daemon.base);
        result = HEALTHD_EXIT_DONE;
    }
    clear(&daemon);
    if (result == HEALTHD_EXIT_DONE)
        log_event(LOG_NOTICE, "stopped", "pid=%ld", (long)getpid());
    return result;
}

int main(int argc, char **argv)
{
    struct healthd_options options;

    switch (healthd_options_read(argc, argv, &options)) {
    case HEALTHD_CALL_RUN:
        return run(&options);
    case HEALTHD_CALL_CHECK:
        return check_config(&options);
    case HEALTHD_CALL_ANSWERED:
        return HEALTHD_EXIT_DONE;
    case HEALTHD_CALL_MISUSED:
        break;
    }
    return HEALTHD_EXIT_USAGE;
}
