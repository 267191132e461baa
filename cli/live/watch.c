/*
 * watch.c - see watch.h.
 *
 * The stream of events says that something has changed, and the picture is asked for anew; each second it
 * is asked for anyway, because ages grow. A server that is away leaves its last picture on the screen,
 * under a line that says so: what was true is still the best that is known.
 */
#include "watch.h"

#include "paint.h"
#include "picture.h"
#include "screen.h"
#include "sse.h"
#include "status_view.h"

#include <healthd/observer.h>

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PERIOD_NS HEALTH_NS_PER_S
#define CLOCK_MAX 16

struct watch {
    struct live *live;
    char path[LIVE_PATH_MAX];
    bool wide;
    bool headings;
    cJSON *picture;   /* the last; NULL: none yet */
    bool asking;      /* for the picture */
    bool outdated;    /* something has changed since it was asked for */
    int64_t asked_ns; /* when it was asked for last */
    struct sse sse;
    bool following;
    int64_t followed_ns; /* when the stream began last */
    char problem[CLIENT_PROBLEM_MAX];
    time_t away_since; /* 0: the server is there */
    bool ended;        /* there is no such cluster, or it is watched no more */
};

/* ---- Drawing ---- */

static void tell_clock(time_t at, char text[CLOCK_MAX])
{
    struct tm parts;
    gmtime_r(&at, &parts);
    strftime(text, CLOCK_MAX, "%H:%M:%SZ", &parts);
}

/* What stands above the picture. */
static void print_banner(const struct watch *watch, FILE *stream, const struct table_look *look)
{
    const struct table_look plain = {.width = look->width, .paint = look->paint};
    struct table *banner = table_create(NULL, 0);
    const char *time_text = picture_text(watch->picture, "time");
    char since[CLOCK_MAX], span[PICTURE_SPAN_MAX];

    if (watch->away_since) {
        tell_clock(watch->away_since, since);
        picture_span((int64_t)(time(NULL) - watch->away_since) * 1000, span);
        table_text(banner, 0, "SERVER AWAY", "", "since %s (%s): %s", since, span, watch->problem);
        if (watch->picture)
            table_text(banner, 0, "", "", "what it said last, at %s:", time_text);
    } else if (watch->picture) {
        table_text(banner, 0, "", "", "healthd %s at %s", picture_text(watch->picture, "reporter"),
                   time_text);
    }
    table_print(banner, stream, &plain);
}

static void draw(const struct watch *watch)
{
    struct table_look look = {.headings = watch->headings, .paint = paint_wanted(stdout)};
    unsigned height;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return;
    screen_size(&look.width, &height);
    print_banner(watch, stream, &look);
    if (watch->picture)
        table_print(status_view(watch->picture, watch->wide), stream, &look);
    if (fclose(stream) == 0)
        screen_draw(text, height);
    free(text);
}

/* ---- Asking ---- */

static void set_away(struct watch *watch, const char *problem)
{
    if (!watch->away_since)
        watch->away_since = time(NULL);
    snprintf(watch->problem, sizeof watch->problem, "%s", problem);
}

static void on_picture(void *context, const struct client_answer *answer)
{
    struct watch *watch = context;
    char problem[CLIENT_PROBLEM_MAX];
    cJSON *picture = live_document(answer, problem, &watch->live->code);

    watch->asking = false;
    if (!picture && watch->live->code == EXIT_USAGE) {
        snprintf(watch->problem, sizeof watch->problem, "%s", problem);
        watch->ended = true;
        return;
    }
    if (picture) {
        cJSON_Delete(watch->picture);
        watch->picture = picture;
        watch->away_since = 0;
    } else {
        set_away(watch, problem);
    }
    draw(watch);
}

static void ask(struct watch *watch, int64_t now_ns)
{
    const struct client_request request = {
        .method = "GET", .path = watch->path, .done = on_picture, .context = watch};

    watch->asking = true;
    watch->outdated = false;
    watch->asked_ns = now_ns;
    client_begin(watch->live->client, &request);
}

static void on_event(void *context, const struct sse *sse)
{
    struct watch *watch = context;
    (void)sse;
    watch->outdated = true;
}

static bool on_stream(void *context, const char *bytes, size_t length)
{
    struct watch *watch = context;
    return sse_read(&watch->sse, bytes, length, on_event, watch);
}

/* Why it ended does not matter: the picture is asked for each second all the same. */
static void on_stream_end(void *context, const struct client_answer *answer)
{
    struct watch *watch = context;
    (void)answer;
    watch->following = false;
}

static void follow(struct watch *watch, int64_t now_ns)
{
    const struct client_request request = {.method = "GET",
                                           .path = "/v1/events",
                                           .take = on_stream,
                                           .done = on_stream_end,
                                           .context = watch};

    sse_restart(&watch->sse);
    watch->following = true;
    watch->followed_ns = now_ns;
    client_begin(watch->live->client, &request);
}

/* ---- The loop ---- */

static void stay(struct watch *watch, struct screen *screen)
{
    enum screen_event event = SCREEN_CHANGED;

    while (event != SCREEN_END && !watch->ended) {
        int64_t now_ns = health_clock_ns();
        int64_t due_ns = watch->asked_ns + PERIOD_NS;
        if (event == SCREEN_CHANGED)
            draw(watch);
        if (!watch->following && now_ns >= watch->followed_ns + PERIOD_NS)
            follow(watch, now_ns);
        if (!watch->asking && (watch->outdated || now_ns >= due_ns)) {
            ask(watch, now_ns);
            due_ns = now_ns + PERIOD_NS;
        }
        int64_t wait_ns = due_ns > now_ns ? due_ns - now_ns : PERIOD_NS;
        client_turn(watch->live->client, screen->fd, (int)(wait_ns / HEALTH_NS_PER_MS) + 1);
        event = screen_read(screen);
    }
}

int watch(struct live *live, const char *cluster, bool wide, bool headings)
{
    struct watch watch = {.live = live, .path = "/v1/clusters", .wide = wide, .headings = headings};
    const int64_t now_ns = health_clock_ns();
    struct directory_entry entry;
    struct screen screen;

    if (cluster && !live_parse_name(live, cluster, false, &entry))
        return live->code;
    if (cluster)
        live_path(&entry, "", watch.path);
    watch.asked_ns = watch.followed_ns = now_ns - PERIOD_NS; /* at once */
    if (!screen_begin(&screen)) {
        live_complain(live, EXIT_USAGE, "the terminal cannot be used: %s", strerror(errno));
        return live->code;
    }
    stay(&watch, &screen);
    screen_end(&screen);
    cJSON_Delete(watch.picture);
    if (!watch.ended)
        return EXIT_DONE;
    live_complain(live, EXIT_USAGE, "%s; asked for was %s", watch.problem, watch.path);
    return live->code;
}
