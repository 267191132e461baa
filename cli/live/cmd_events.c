/*
 * cmd_events.c - healthctl events: what has changed lately, and what changes from now on.
 *
 * The past comes from the history, the rest from the stream, which begins after the last event shown. Where
 * the server cannot go on from there (it was started anew, or keeps no longer what was missed), the history
 * is read again: numbers within one life of the server tell what was shown already.
 */
#include "live.h"
#include "paint.h"
#include "picture.h"
#include "sse.h"

#include <healthd/observer.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_NS HEALTH_NS_PER_S
#define PAUSE_NS (100 * HEALTH_NS_PER_MS) /* between resets: a server may go on sending them */
#define TURN_MS 1000

enum { OUTPUT = 'o', FOLLOW = 512 };

struct events {
    struct live live;
    const char *output;
    bool follow;
    struct directory_entry wanted; /* "": any */
    bool paint;
    bool any;        /* something was shown */
    uint64_t epoch;  /* of the server's life; 0: not known yet */
    uint64_t number; /* of the last event seen */
    struct sse sse;
    bool following;
    bool reset;      /* the stream does not go on where it ended */
    int64_t away_ns; /* since when the server is away; 0: it is there */
    int64_t due_ns;  /* when to try again */
};

/* ---- One event ---- */

static bool wants(const struct events *events, const cJSON *event)
{
    const struct directory_entry *wanted = &events->wanted;

    return (!wanted->cluster[0] || strcmp(wanted->cluster, picture_text(event, "cluster")) == 0) &&
           (!wanted->node[0] || strcmp(wanted->node, picture_text(event, "node")) == 0);
}

static void print_line(const struct events *events, const cJSON *event)
{
    const char *from = picture_text(event, "from");
    const char *state = picture_text(event, "state");
    bool node = picture_get(event, "node");
    bool green = node && strcmp(state, "green") == 0;
    const char *why = cJSON_GetStringValue(picture_get(event, "routable_reason"));
    char name[2 * DIRECTORY_NAME_MAX];

    snprintf(name, sizeof name, "%.*s%s%.*s", DIRECTORY_NAME_MAX - 1,
             picture_text(event, "cluster"), node ? "/" : "", DIRECTORY_NAME_MAX - 1,
             node ? picture_text(event, "node") : "");
    printf("%s  %-20s ", picture_text(event, "time"), name);
    if (strcmp(from, state) == 0)
        printf("%11s    ", "still");
    else
        printf("%s%11s%s -> ", paint_state(events->paint, from), from, paint_end(events->paint));
    printf("%s%-11s%s  %s", paint_state(events->paint, state), state, paint_end(events->paint),
           picture_text(event, "text"));
    if (green && picture_no(event, "routable"))
        printf("; not routable%s%s", why ? ": " : "", why ? why : "");
    putchar('\n');
}

static void print_event(struct events *events, const cJSON *event)
{
    char *text;

    if (!wants(events, event))
        return;
    events->any = true;
    if (strcmp(events->output, "json") != 0) {
        print_line(events, event);
        return;
    }
    text = cJSON_PrintUnformatted(event);
    if (text)
        puts(text);
    free(text);
}

/* Show an event unless it was shown already. */
static void take_event(struct events *events, const cJSON *event)
{
    double number;

    if (!picture_number(event, "number", &number) || number <= (double)events->number)
        return;
    events->number = (uint64_t)number;
    print_event(events, event);
}

/* ---- The past ---- */

static void note(const struct events *events, const char *text)
{
    fflush(stdout);
    fprintf(stderr, "healthctl %s: %s\n", events->live.command->name, text);
}

/* What is not kept any more is said, not passed over. */
static void take_history(struct events *events, const cJSON *document)
{
    const cJSON *list = picture_get(document, "events");
    const cJSON *event;
    double epoch = 0, last = 0, first = 0;

    picture_number(document, "epoch", &epoch);
    picture_number(document, "last", &last);
    if (events->epoch && events->epoch != (uint64_t)epoch) {
        note(events, "the server was started anew: its events begin again");
        events->number = 0;
    } else if (events->epoch && picture_number(picture_first(list), "number", &first) &&
               first > (double)events->number + 1) {
        note(events, "more has changed meanwhile than the server keeps: what it keeps follows");
    }
    events->epoch = (uint64_t)epoch;
    for (event = picture_first(list); event; event = event->next)
        take_event(events, event);
    if (last > (double)events->number)
        events->number = (uint64_t)last;
}

/* ---- From now on ---- */

static void on_event(void *context, const struct sse *sse)
{
    struct events *events = context;
    cJSON *event = cJSON_Parse(sse->data);

    live_disarm(event);
    if (strcmp(sse->event, "reset") == 0)
        events->reset = true;
    else if (strcmp(sse->event, "change") == 0 && !events->reset)
        take_event(events, event);
    cJSON_Delete(event);
}

static void back(struct events *events)
{
    char text[96], span[PICTURE_SPAN_MAX];

    if (!events->away_ns)
        return;
    picture_span((health_clock_ns() - events->away_ns) / HEALTH_NS_PER_MS, span);
    snprintf(text, sizeof text, "the server is back after %s", span);
    note(events, text);
    events->away_ns = 0;
}

/* After a reset nothing of this stream is shown: it ends, and another begins after the history. */
static bool on_stream(void *context, const char *bytes, size_t length)
{
    struct events *events = context;

    back(events);
    bool good = sse_read(&events->sse, bytes, length, on_event, events);
    fflush(stdout);
    return good && !events->reset;
}

static void on_stream_end(void *context, const struct client_answer *answer)
{
    struct events *events = context;
    char problem[CLIENT_PROBLEM_MAX] = "it ended the connection";
    char text[CLIENT_PROBLEM_MAX + 64];
    int code;

    events->following = false;
    if (events->reset)
        return;
    events->due_ns = health_clock_ns() + RETRY_NS;
    if (events->away_ns)
        return;
    events->away_ns = health_clock_ns();
    if (answer->status != 200)
        cJSON_Delete(live_document(answer, problem, &code));
    snprintf(text, sizeof text, "the server is away, and is tried again each second: %s", problem);
    note(events, text);
}

static void begin_stream(struct events *events)
{
    char id[SSE_NAME_MAX];
    const struct client_request request = {.method = "GET",
                                           .path = "/v1/events",
                                           .last_id = id,
                                           .take = on_stream,
                                           .done = on_stream_end,
                                           .context = events};

    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, events->epoch, events->number);
    sse_restart(&events->sse);
    events->following = true;
    client_begin(events->live.client, &request);
}

/* Read the history again, quietly: where the server is away again, the next stream says so. */
static void catch_up(struct events *events)
{
    struct client_answer answer;
    char problem[CLIENT_PROBLEM_MAX];
    int code;

    client_ask(events->live.client, "GET", "/v1/history", NULL, &answer);
    cJSON *document = live_document(&answer, problem, &code);
    if (document) {
        take_history(events, document);
        fflush(stdout);
    }
    events->reset = !document;
    cJSON_Delete(document);
}

/* Until it is killed, or nobody reads any more. */
static void follow(struct events *events)
{
    while (!ferror(stdout)) {
        bool due = health_clock_ns() >= events->due_ns;
        if (!events->following && due && events->reset) {
            catch_up(events);
            events->due_ns = health_clock_ns() + (events->reset ? RETRY_NS : PAUSE_NS);
        } else if (!events->following && due) {
            begin_stream(events);
        }
        client_turn(events->live.client, -1, events->following ? TURN_MS : TURN_MS / 10);
    }
}

/* ---- The call ---- */

/* A name that nothing was told of may be mistyped. */
static bool known(struct events *events)
{
    char path[LIVE_PATH_MAX];

    if (events->any || !events->wanted.cluster[0])
        return true;
    live_path(&events->wanted, "", path);
    cJSON *document = live_get(&events->live, path, NULL);
    cJSON_Delete(document);
    return document;
}

static int show(struct events *events)
{
    cJSON *document = live_get(&events->live, "/v1/history", NULL);

    if (!document)
        return events->live.code;
    take_history(events, document);
    cJSON_Delete(document);
    fflush(stdout);
    if (!known(events))
        return events->live.code;
    if (events->follow)
        follow(events);
    return EXIT_DONE;
}

static int carry_out(struct events *events, const char *name)
{
    struct live *live = &events->live;
    int code;

    if (strcmp(events->output, "table") != 0 && strcmp(events->output, "json") != 0)
        return command_misused(&command_events, "-o %s: table or json is expected", events->output);
    if (name && !live_parse_name(live, name, false, &events->wanted))
        return live->code;
    events->paint = paint_wanted(stdout);
    code = live_open(live) ? show(events) : live->code;
    live_close(live);
    return code;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {LIVE_OPTIONS,
                                            {"output", required_argument, NULL, OUTPUT},
                                            {"follow", no_argument, NULL, FOLLOW},
                                            {NULL, 0, NULL, 0}};
    struct events events = {.live = {.command = &command_events}, .output = "table"};
    int option;

    while ((option = getopt_long(argc, argv, "ho:", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_events);
        if (option == '?')
            return command_option_misused(&command_events, argv);
        if (option == OUTPUT)
            events.output = optarg;
        events.follow |= option == FOLLOW;
        live_option(&events.live, option, optarg);
    }
    if (argc - optind > 1)
        return command_misused(&command_events, "one CLUSTER or CLUSTER/NODE at most is expected");
    return carry_out(&events, argv[optind]);
}

const struct command command_events = {
    .name = "events",
    .arguments = "[CLUSTER[/NODE]] [--follow] [-o table|json]" LIVE_ARGUMENTS,
    .about = "Show what has changed lately, and what changes from now on",
    .help =
        "  --follow       go on; where the server goes away, nothing that it still keeps is lost\n"
        "                 or shown twice, and that it was away is said on standard error\n"
        "  -o, --output F\n"
        "                 table (the default), or json: one object a line\n" LIVE_HELP "\n"
        "Exit codes: 0 done; 2 wrong usage, or no such cluster or node; 3 the server was not\n"
        "reached, or its answer cannot be used.\n",
    .run = run,
};
