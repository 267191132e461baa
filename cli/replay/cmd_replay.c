/*
 * cmd_replay.c - healthctl replay: what an engine makes of recorded traces.
 */
#include "command.h"
#include "config_report.h"
#include "expect.h"
#include "mark.h"
#include "paint.h"
#include "replay_html.h"
#include "report_json.h"

#include <errno.h>
#include <getopt.h>
#include <healthd/diagnosis.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPECT_FILES_MAX 256
#define SPEED_MIN 0.001
#define SPEED_MAX 1e6

struct call {
    bool json;
    bool strict;
    const char *config_path;
    const char *at;                       /* NULL: the end */
    double speed;                         /* 0: as fast as possible */
    const char *expect[EXPECT_FILES_MAX]; /* the i-th belongs to the i-th trace */
    struct expectations truth[EXPECT_FILES_MAX];
    int expect_count;
    const char *html_path; /* NULL: no report */
    struct replay_html *html;
    int trace_count;
    char **traces;
};

/* One trace under way. */
struct telling {
    const struct call *call;
    bool paint;
    struct changes changes;
    struct timespec began;
    int64_t began_ns; /* of the trace's clock */
    uint8_t routable[HEALTH_CLUSTER_NODES_MAX];
};

static const char *subject_name(const struct replay *replay, const struct health_report *report)
{
    return replay_is_cluster(replay, report) ? "cluster" : replay->header->nodes[report->subject];
}

static void print_json(const struct replay *replay, const struct health_report *report)
{
    struct directory_entry entry = {.node = ""};

    snprintf(entry.cluster, sizeof entry.cluster, "%s", replay->header->cluster);
    if (!replay_is_cluster(replay, report))
        snprintf(entry.node, sizeof entry.node, "%s", subject_name(replay, report));
    char *text = report_json_line(&entry, report, false);
    puts(text ? text : "{}");
    free(text);
}

/* "; 2 of 3 green" */
static void count_greens(const struct replay *replay, char *text, size_t size)
{
    struct health_cluster_snapshot cluster;
    health_cluster_snapshot(replay->engine, replay->cluster, &cluster);
    snprintf(text, size, "; %u of %u green", cluster.states[HEALTH_STATE_GREEN], cluster.expected);
}

static void print_line(const struct telling *telling, const struct replay *replay,
                       const struct health_report *report)
{
    bool cluster = replay_is_cluster(replay, report);
    const char *from = replay_state_name(replay, report, report->from);
    const char *to = replay_state_name(replay, report, report->state);
    bool green = !cluster && report->state == HEALTH_STATE_GREEN;

    char greens[48] = "";

    if (cluster)
        count_greens(replay, greens, sizeof greens);
    printf("%10.3f  %-10s %s%11s%s -> %s%-11s%s  %s%s%s\n", replay_seconds(replay, report->at_ns),
           cluster ? "CLUSTER" : subject_name(replay, report), paint_state(telling->paint, from),
           from, paint_end(telling->paint), paint_state(telling->paint, to), to,
           paint_end(telling->paint), health_reason_text((enum health_reason)report->reason),
           greens, green && report->routable == HEALTH_ANSWER_NO ? "; not routable" : "");
}

/* A change of state, or of routability, is told; a new reason alone is not, but in a report. */
static void on_report(void *context, const struct replay *replay,
                      const struct health_report *report)
{
    struct telling *telling = context;
    bool cluster = replay_is_cluster(replay, report);
    bool rerouted = false;

    if (telling->call->html)
        replay_html_report(telling->call->html, replay, report);
    if (!cluster) {
        rerouted = report->state == HEALTH_STATE_GREEN && report->from == HEALTH_STATE_GREEN &&
                   telling->routable[report->subject] != report->routable;
        telling->routable[report->subject] = report->routable;
    }
    if (report->state == report->from && !rerouted)
        return;
    changes_add(&telling->changes, subject_name(replay, report),
                replay_state_name(replay, report, report->state), report->at_ns / HEALTH_NS_PER_US);
    if (telling->call->json)
        print_json(replay, report);
    else
        print_line(telling, replay, report);
}

static void on_mark(void *context, const struct replay *replay, int64_t at_ns, const char *mark)
{
    const struct telling *telling = context;
    const struct call *call = telling->call;
    char *words = call->json && !call->html ? NULL : mark_words(mark);

    if (!call->json)
        printf("%s%10.3f  what was done: %s%s\n", paint_dim(telling->paint),
               replay_seconds(replay, at_ns), words ? words : "", paint_end(telling->paint));
    if (call->html)
        replay_html_mark(call->html, replay, at_ns, words ? words : "");
    free(words);
}

/* Hold the replay back to the asked speed. */
static void on_wait(void *context, int64_t until_ns)
{
    const struct telling *telling = context;
    if (telling->call->speed == 0)
        return;
    double ahead = (double)(until_ns - telling->began_ns) / telling->call->speed;
    int64_t ahead_ns = ahead < 1e18 ? (int64_t)ahead : INT64_C(1000000000000000000);
    struct timespec wake = telling->began;
    wake.tv_sec += (time_t)(ahead_ns / HEALTH_NS_PER_S);
    wake.tv_nsec += (long)(ahead_ns % HEALTH_NS_PER_S);
    if (wake.tv_nsec >= HEALTH_NS_PER_S) {
        wake.tv_sec++;
        wake.tv_nsec -= (long)HEALTH_NS_PER_S;
    }
    fflush(stdout);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR)
        ;
}

static void print_broken(void *context, const struct broken *broken)
{
    FILE *stream = context;
    fprintf(stream, "broken: %s is %s for %lld ms in the part from %lld us: must be ",
            broken->expectation->subject, broken->state, (long long)(broken->lasted_us / 1000),
            (long long)broken->expectation->from_us);
    for (size_t i = 0; i < broken->expectation->must.count; i++)
        fprintf(stream, "%s%s", i ? "/" : "", broken->expectation->must.states[i]);
    fprintf(stream, " within %lld ms\n", (long long)(broken->expectation->within_us / 1000));
}

/* Compare with what was true. Verdicts go beside JSON, not into it. */
static int check_expectations(const struct telling *telling, const struct expectations *truth)
{
    FILE *stream = telling->call->json ? stderr : stdout;
    struct score score = expectations_score(truth, &telling->changes, print_broken, stream);

    fprintf(stream, "%zu expectations, %zu broken, wrong for %.3f s, %u changes not explained\n",
            truth->count, score.broken, (double)score.wrong_us / 1e6, score.flaps);
    return score.broken ? EXIT_BROKEN : EXIT_DONE;
}

static void print_heading(const struct replay *replay, const struct call *call, bool paint)
{
    const struct health_trace_header *header = replay->header;
    if (call->json)
        return;
    printf("%s%s%s%s%s\n", paint_dim(paint), replay->path, header->about[0] ? ": " : "",
           header->about, paint_end(paint));
}

/* The picture at the moment a replay was stopped at. */
static void print_picture(const struct replay *replay, bool paint)
{
    struct health_cluster_snapshot cluster;
    struct health_diagnosis diagnosis;
    health_cluster_snapshot(replay->engine, replay->cluster, &cluster);
    replay_diagnose(replay, &diagnosis);
    const char *colour = health_colour_name(cluster.colour);
    printf("at %.3f s cluster %s is %s%s%s: %s", replay_seconds(replay, replay->now_ns),
           replay->header->cluster, paint_state(paint, colour), colour, paint_end(paint),
           health_reason_text(cluster.reason));
    if (cluster.can_lose >= 0)
        printf("; it can lose %d more", cluster.can_lose);
    putchar('\n');
    for (uint32_t i = 0; i < diagnosis.count; i++) {
        const struct health_fault_row *fault = &health_faults[diagnosis.findings[i].fault];
        printf("  fault %s: %s\n", fault->name, fault->advice);
    }
    for (uint32_t i = 0; i < replay->header->node_count; i++) {
        struct health_node_snapshot node;
        health_node_snapshot(replay->engine, i, &node);
        const char *state = health_state_name(node.state);
        printf("  %-10s %s%-11s%s since %.3f s, routable: %s; %s\n", replay->header->nodes[i],
               paint_state(paint, state), state, paint_end(paint),
               replay_seconds(replay, node.since_ns), health_answer_name(node.routable),
               health_reason_text(node.reason));
    }
}

static int replay_one(const struct call *call, const struct config *config, int index)
{
    struct replay replay;
    const struct replay_options options = {.config = config, .strict = call->strict};
    struct telling telling = {.call = call, .paint = !call->json && paint_wanted(stdout)};
    const struct replay_listener listener = {
        .report = on_report, .mark = on_mark, .wait = on_wait, .context = &telling};
    int64_t until_ns = HEALTH_NEVER_NS;
    int result = EXIT_DONE;

    if (!replay_open(&replay, call->traces[index], &options))
        return EXIT_USAGE;
    if (call->at && !replay_time(&replay, call->at, &until_ns)) {
        replay_close(&replay);
        return command_misused(&command_replay,
                               "--at %s: seconds from the start (12.5) or a t_us "
                               "(1112815232us) is expected",
                               call->at);
    }
    clock_gettime(CLOCK_MONOTONIC, &telling.began);
    telling.began_ns = replay.start_ns;
    print_heading(&replay, call, telling.paint);
    if (call->html)
        replay_html_begin(call->html);
    replay_run(&replay, until_ns, &listener);
    if (call->html)
        replay_html_end(call->html, &replay);
    if (call->at && !call->json)
        print_picture(&replay, telling.paint);
    if (index < call->expect_count)
        result = check_expectations(&telling, &call->truth[index]);
    if (result == EXIT_DONE && call->strict && health_trace_problems(replay.reader))
        result = EXIT_BROKEN;
    changes_clear(&telling.changes);
    replay_close(&replay);
    return result;
}

static bool parse_speed(const char *text, double *ret_speed)
{
    char *end = NULL;
    if (strcmp(text, "max") == 0) {
        *ret_speed = 0;
        return true;
    }
    *ret_speed = strtod(text, &end);
    return end != text && *end == '\0' && *ret_speed >= SPEED_MIN && *ret_speed <= SPEED_MAX;
}

/* Gives EXIT_DONE when the call can be carried out; *ret_stop: it is already answered. */
static int parse_call(int argc, char **argv, struct call *call, bool *ret_stop)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"expect", required_argument, NULL, 'e'},
                                            {"speed", required_argument, NULL, 's'},
                                            {"at", required_argument, NULL, 'a'},
                                            {"strict", no_argument, NULL, 'S'},
                                            {"html", required_argument, NULL, 'H'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *ret_stop = true;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return command_help(&command_replay);
        if (option == '?')
            return command_option_misused(&command_replay, argv);
        if (option == 'c')
            call->config_path = optarg;
        if (option == 'j')
            call->json = true;
        if (option == 'H')
            call->html_path = optarg;
        if (option == 'a')
            call->at = optarg;
        if (option == 'S')
            call->strict = true;
        if (option == 's' && !parse_speed(optarg, &call->speed))
            return command_misused(&command_replay,
                                   "--speed %s: a factor from %g to %g, or max, is expected",
                                   optarg, SPEED_MIN, SPEED_MAX);
        if (option == 'e') {
            if (call->expect_count == EXPECT_FILES_MAX)
                return command_misused(&command_replay, "at most %d --expect", EXPECT_FILES_MAX);
            call->expect[call->expect_count++] = optarg;
        }
    }
    call->traces = argv + optind;
    call->trace_count = argc - optind;
    if (call->trace_count == 0)
        return command_misused(&command_replay, "a trace is expected");
    if (call->expect_count && call->expect_count != call->trace_count)
        return command_misused(&command_replay,
                               "one --expect for each trace is expected: %d for %d",
                               call->expect_count, call->trace_count);
    *ret_stop = false;
    return EXIT_DONE;
}

static int replay_all(struct call *call, const struct config *config)
{
    int worst = EXIT_DONE;

    if (call->html_path && !(call->html = replay_html_open(call->html_path)))
        return EXIT_USAGE;
    for (int i = 0; i < call->trace_count; i++) {
        int result = replay_one(call, config, i);
        worst = result > worst ? result : worst;
    }
    return replay_html_close(call->html) ? worst : EXIT_USAGE;
}

/* What was true is read before anything is replayed: a bad file is no reason to wait. */
static int run(int argc, char **argv)
{
    struct call call = {.json = false};
    struct config config = {.clusters = NULL};
    bool stop;
    int result = parse_call(argc, argv, &call, &stop);
    int known = 0;

    if (stop)
        return result;
    if (call.config_path &&
        !config_read(call.config_path, CONFIG_FOR_REPLAY, config_print_mistake, NULL, &config)) {
        config_clear(&config);
        return EXIT_USAGE;
    }
    while (known < call.expect_count && expectations_read(call.expect[known], &call.truth[known]))
        known++;
    result = known < call.expect_count ? EXIT_USAGE
                                       : replay_all(&call, call.config_path ? &config : NULL);
    while (known > 0)
        expectations_clear(&call.truth[--known]);
    config_clear(&config);
    return result;
}

const struct command command_replay = {
    .name = "replay",
    .arguments = "TRACE... [--expect F] [--json] [--html F] [--at T] [--speed X|max] [--config F] "
                 "[--strict]",
    .about = "Replay traces through the engine and tell what it says",
    .help =
        "  TRACE        a recording, JSON Lines or binary; - is standard input\n"
        "  --expect F   compare with what was true (F.expect.jsonl); one for each trace. Exit 1\n"
        "               when an expectation is broken\n"
        "  --json       one JSON line for each change, on the trace's own clock\n"
        "  --html F     write a timeline to F as well: one file for a browser, which needs no "
        "network\n"
        "  --at T       stop at T (seconds from the start, or a t_us such as 1112815232us) and "
        "show\n"
        "               the picture there\n"
        "  --speed X    as fast as it happened (1), X times as fast, or max (the default)\n"
        "  --config F   take cadence, limits and expected sizes from a configuration file\n"
        "  --strict     stop at the first line that is not as it should be, or has a key that is "
        "not\n"
        "               known, and exit 1\n\n"
        "Problems in a trace go to standard error with their line; the rest still replays.\n",
    .run = run,
};
