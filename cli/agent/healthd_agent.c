/*
 * healthd-agent - watches the mysqld beside it and sends heartbeats to healthd.
 */
#include "agent_options.h"
#include "notify.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void say(void *context, uint32_t node, const char *text)
{
    (void)context;
    (void)node;
    fprintf(stderr, "healthd-agent: %s\n", text);
}

static void end(evutil_socket_t signal, short what, void *context)
{
    (void)signal;
    (void)what;
    notify_send("STOPPING=1");
    event_base_loopbreak(context);
}

static void reread(evutil_socket_t signal, short what, void *context)
{
    (void)signal;
    (void)what;
    notify_reloading();
    agent_reread(context);
    notify_send("READY=1");
}

/* That this runs shows that the loop does; the beats, that it looks and tells. */
static void feed_watchdog(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    if (agent_is_on_time(context))
        notify_send("WATCHDOG=1");
}

/* NULL with good left as it is: nobody wants to hear from us. */
static struct event *begin_watchdog(struct event_base *base, struct agent *agent, bool *good)
{
    const uint64_t half_us = notify_watchdog_us() / 2;
    const struct timeval period = {.tv_sec = (time_t)(half_us / 1000000),
                                   .tv_usec = (suseconds_t)(half_us % 1000000)};
    struct event *watchdog = half_us ? event_new(base, -1, EV_PERSIST, feed_watchdog, agent) : NULL;

    if (half_us)
        *good = *good && watchdog && event_priority_set(watchdog, 1) == 0 &&
                event_add(watchdog, &period) == 0;
    return watchdog;
}

/* What must be quick wakes by a descriptor; for the rest libevent's coarse timers do, which cost nothing. */
static struct event_base *make_base(void)
{
    struct event_base *base = event_base_new();
    if (base && event_base_priority_init(base, 2) != 0) {
        event_base_free(base);
        return NULL;
    }
    return base;
}

static int run(struct event_base *base, struct agent *agent)
{
    struct event *signals[] = {
        evsignal_new(base, SIGTERM, end, base),
        evsignal_new(base, SIGINT, end, base),
        evsignal_new(base, SIGHUP, reread, agent),
    };
    const size_t count = sizeof signals / sizeof *signals;
    bool good = true;

    for (size_t i = 0; i < count; i++)
        good = good && signals[i] && event_add(signals[i], NULL) == 0;
    struct event *watchdog = begin_watchdog(base, agent, &good);
    if (good)
        notify_send("READY=1");
    good = good && event_base_dispatch(base) == 0;
    if (watchdog)
        event_free(watchdog);
    for (size_t i = 0; i < count; i++)
        if (signals[i])
            event_free(signals[i]);
    return good ? EXIT_DONE : EXIT_FAILED;
}

static int begin(const struct agent_options *options)
{
    struct agent *agent = NULL;
    struct event_base *base = make_base();

    if (!base) {
        say(NULL, HEALTH_NODE_NONE, "no event loop is to be had");
        return EXIT_FAILED;
    }
    enum health_error error = agent_create(base, options, &agent);
    int code = error == HEALTH_EINVAL ? EXIT_USAGE : EXIT_FAILED;
    if (error == HEALTH_OK)
        code = run(base, agent);
    else if (error != HEALTH_EINVAL)
        say(NULL, HEALTH_NODE_NONE, health_error_text(error));
    agent_destroy(agent);
    event_base_free(base);
    return code;
}

int main(int argc, char **argv)
{
    struct agent_command command;
    char wrong[256];

    setvbuf(stderr, NULL, _IOLBF, 0);
    if (!agent_command_parse(argc, argv, &command, wrong, sizeof wrong)) {
        fprintf(stderr, "healthd-agent: %s\n'healthd-agent --help' says more\n", wrong);
        return EXIT_USAGE;
    }
    if (command.help) {
        fputs(agent_help, stdout);
        return EXIT_DONE;
    }
    if (command.version) {
        puts("healthd-agent " HEALTHD_VERSION);
        return EXIT_DONE;
    }
    signal(SIGPIPE, SIG_IGN);
    command.options.remark = say;
    return begin(&command.options);
}
