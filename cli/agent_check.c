/*
 * agent_check.c - HAProxy's agent-check.
 */
#include "agent_check.h"

#include "balance.h"
#include "door.h"
#include "log.h"

#include <healthd/observer.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define SWEEP_MS 200
#define COMPLAINT_NS (60 * HEALTH_NS_PER_S) /* a misspelt name comes with each check */

struct client {
    struct agent_check *check;
    struct bufferevent *stream;
    int64_t until_ns;
};

struct agent_check {
    struct agent_check_options options;
    struct evconnlistener *listener;
    struct door door;
    struct event *sweep;
    struct client *clients[AGENT_CHECK_CLIENTS_MAX]; /* the one that waits longest first */
    uint32_t count;
    int64_t complained_ns; /* 0: never */
    uint64_t unsaid;       /* complaints since then */
};

/* ---- Clients ---- */

static void free_client(struct client *client)
{
    bufferevent_free(client->stream);
    free(client);
}

/* So many, from this place on. */
static void let_go_from(struct agent_check *check, uint32_t place, uint32_t count)
{
    for (uint32_t i = place; i < place + count; i++)
        free_client(check->clients[i]);
    check->count -= count;
    memmove(&check->clients[place], &check->clients[place + count],
            (check->count - place) * sizeof *check->clients);
}

static void let_go(const struct client *client)
{
    uint32_t place = 0;
    while (client->check->clients[place] != client)
        place++;
    let_go_from(client->check, place, 1);
}

static void complain(struct agent_check *check, const char *line, const char *expected)
{
    char value[LOG_VALUE_MAX];
    int64_t now_ns = health_clock_ns();

    if (check->complained_ns && now_ns - check->complained_ns < COMPLAINT_NS) {
        check->unsaid++;
        return;
    }
    log_event(LOG_WARNING, "agent-check", "line=%s expected=\"%s\" unsaid=%llu",
              log_value(value, sizeof value, line), expected, (unsigned long long)check->unsaid);
    check->complained_ns = now_ns;
    check->unsaid = 0;
}

/* ---- One question ---- */

/* "CLUSTER/NODE?TASTE" or "NODE?TASTE", which is cut into pieces. NULL in *ret_expected: it was understood. */
static uint32_t read_line(const struct agent_check *check, char *line,
                          struct balance_taste *ret_taste, const char **ret_expected)
{
    char *question = strchr(line, '?');
    char *slash = strchr(line, '/');
    struct evkeyvalq query;
    bool several;

    if (question)
        *question = '\0';
    if (slash)
        *slash = '\0';
    TAILQ_INIT(&query);
    *ret_expected = (question && evhttp_parse_query_str(question + 1, &query) != 0) ||
                            !balance_read_taste(&query, ret_taste)
                        ? BALANCE_TASTE_EXPECTED " is expected after the question mark"
                        : NULL;
    evhttp_clear_headers(&query);
    if (*ret_expected)
        return ROSTER_NONE;
    uint32_t node = balance_find(check->options.overview->roster, slash ? line : NULL,
                                 slash ? slash + 1 : line, &several);
    if (several)
        *ret_expected = "CLUSTER/NODE is expected: several clusters have a node of this name";
    else if (node == ROSTER_NONE)
        *ret_expected = "CLUSTER/NODE is expected: no node of this name is watched";
    return node;
}

/* For the log, which is read by people: what was sent may be anything. */
static void copy_printable(char *to, const char *from)
{
    do
        *to++ = *from && (*from < ' ' || *from > '~') ? '?' : *from;
    while (*from++);
}

static void answer(struct client *client, char *line)
{
    struct agent_check *check = client->check;
    struct evbuffer *out = bufferevent_get_output(client->stream);
    char said[AGENT_CHECK_LINE_MAX + 1];
    struct balance_taste taste;
    const char *expected;

    copy_printable(said, line);
    check->options.refresh(check->options.context);
    uint32_t node = read_line(check, line, &taste, &expected);
    if (node == ROSTER_NONE) {
        complain(check, said, expected);
        evbuffer_add_printf(out, "down #%s\n", expected);
        return;
    }
    struct balance_verdict verdict = balance_node(check->options.overview, node, &taste);
    if (verdict.takes)
        evbuffer_add_printf(out, "up 100%%\n");
    else if (verdict.drains)
        evbuffer_add_printf(out,
                            "up 0%%\n"); /* the next "up 100%" undoes it; "drain" would stick */
    else
        evbuffer_add_printf(out, "down #%s (%s)\n", verdict.reason, verdict.state);
}

static void on_sent(struct bufferevent *stream, void *context)
{
    (void)stream;
    let_go(context);
}

static void on_read(struct bufferevent *stream, void *context)
{
    struct client *client = context;
    struct evbuffer *in = bufferevent_get_input(stream);
    char line[AGENT_CHECK_LINE_MAX + 1];
    ssize_t length = evbuffer_copyout(in, line, AGENT_CHECK_LINE_MAX);
    char *end = length > 0 ? memchr(line, '\n', (size_t)length) : NULL;

    if (!end && length < AGENT_CHECK_LINE_MAX)
        return;
    if (!end)
        end = line + length; /* names are shorter, so that none will be found */
    if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    bufferevent_disable(stream, EV_READ);
    bufferevent_setcb(stream, NULL, on_sent, NULL, client);
    answer(client, line);
}

/* It went, or said goodbye without a line. */
static void on_end(struct bufferevent *stream, short what, void *context)
{
    struct client *client = context;
    (void)stream;

    if (what & BEV_EVENT_EOF)
        complain(client->check, "",
                 "agent-send \\\"CLUSTER/NODE\\\\n\\\" is expected in HAProxy's configuration");
    let_go(client);
}

/* ---- Who comes ---- */

static void on_newcomer(struct evconnlistener *listener, evutil_socket_t fd,
                        struct sockaddr *address, int length, void *context)
{
    struct agent_check *check = context;
    struct client *client = calloc(1, sizeof *client);
    struct bufferevent *stream =
        bufferevent_socket_new(check->options.base, fd, BEV_OPT_CLOSE_ON_FREE);
    (void)listener;
    (void)address;
    (void)length;

    door_passed(&check->door);
    if (!client || !stream) {
        free(client);
        if (stream)
            bufferevent_free(stream);
        else
            evutil_closesocket(fd);
        return;
    }
    if (check->count == AGENT_CHECK_CLIENTS_MAX)
        let_go_from(check, 0, 1);
    *client = (struct client){
        .check = check,
        .stream = stream,
        .until_ns = health_clock_ns() + AGENT_CHECK_PATIENCE_MS * HEALTH_NS_PER_MS,
    };
    check->clients[check->count++] = client;
    bufferevent_priority_set(stream, HTTP_PRIORITY);
    bufferevent_setwatermark(stream, EV_READ, 0, AGENT_CHECK_LINE_MAX);
    bufferevent_setcb(stream, on_read, NULL, on_end, client);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    struct agent_check *check = context;
    int64_t now_ns = health_clock_ns();
    uint32_t late = 0;
    (void)fd;
    (void)what;

    while (late < check->count && check->clients[late]->until_ns <= now_ns)
        late++;
    let_go_from(check, 0, late);
    door_tend(&check->door);
}

/* ---- Life ---- */

static bool begin(struct agent_check *check)
{
    const struct timeval period = {.tv_usec = SWEEP_MS * 1000};

    check->listener = door_listen(check->options.base, check->options.listen);
    if (!check->listener) {
        log_event(LOG_ERR, "failed",
                  "key=agent_check.listen text=\"HAProxy's agent-check cannot be served at %s: %s "
                  "(agent_check.listen: none does without it)\"",
                  check->options.listen, strerror(errno));
        return false;
    }
    check->sweep = event_new(check->options.base, -1, EV_PERSIST, on_sweep, check);
    if (!door_init(&check->door, check->options.base, check->listener) || !check->sweep)
        return false;
    event_priority_set(check->sweep, HTTP_PRIORITY);
    event_add(check->sweep, &period);
    evconnlistener_set_cb(check->listener, on_newcomer, check);
    return true;
}

struct agent_check *agent_check_create(const struct agent_check_options *options)
{
    struct agent_check *check = calloc(1, sizeof *check);

    if (!check)
        return NULL;
    check->options = *options;
    if (begin(check))
        return check;
    agent_check_destroy(check);
    return NULL;
}

void agent_check_destroy(struct agent_check *check)
{
    if (!check)
        return;
    let_go_from(check, 0, check->count);
    if (check->sweep)
        event_free(check->sweep);
    door_clear(&check->door);
    if (check->listener)
        evconnlistener_free(check->listener);
    free(check);
}
