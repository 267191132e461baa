/*
 * test_monitor.c - the composition: changes told, attention asked for, reloads that touch only what differs.
 */
#include "config.h"
#include "fake_witnesses.h"
#include "monitor.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIGS_MAX 8

/* A monitor on its loop, and what it writes to standard output, a pipe here. */
struct stage {
    struct event_base *base;
    struct monitor *monitor;
    struct config configs[CONFIGS_MAX];
    size_t config_count;
    int output;
    int former_stdout;
    char folder[32];
};

static void on_say(void *context, bool error, const char *text)
{
    (void)context;
    cr_assert_not(error, "%s", text);
}

/* One cluster line a cluster; `more` are further sections. */
static const struct config *configure(struct stage *stage, const char *clusters, const char *more)
{
    char path[64];
    struct config *config = &stage->configs[stage->config_count++];

    snprintf(path, sizeof path, "%s/healthd.yaml", stage->folder);
    FILE *file = fopen(path, "w");
    fprintf(file, "clusters:\n%sheartbeat: {listen: '127.0.0.1:9'}\n%s", clusters, more);
    fclose(file);
    cr_assert(config_read(path, CONFIG_FOR_DAEMON, on_say, NULL, config));
    unlink(path);
    return config;
}

static struct stage begin_with(const char *clusters, const char *more)
{
    struct stage stage = {.folder = "/tmp/healthd-monitor-XXXXXX"};
    int ends[2];

    cr_assert_not_null(mkdtemp(stage.folder));
    cr_assert_eq(pipe(ends), 0);
    stage.former_stdout = dup(STDOUT_FILENO);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    stage.output = ends[0];
    fcntl(stage.output, F_SETFL, O_NONBLOCK);
    stage.base = event_base_new();
    event_base_priority_init(stage.base, 2);
    return stage;
    (void)clusters;
    (void)more;
}

static void start(struct stage *stage, const char *clusters, const char *more)
{
    const struct monitor_options options = {.base = stage->base, .reporter = "test", .epoch = 7};
    stage->monitor = monitor_create(&options, configure(stage, clusters, more));
    cr_assert_not_null(stage->monitor);
}

static void reload(struct stage *stage, const char *clusters, const char *more)
{
    cr_assert(monitor_reload(stage->monitor, configure(stage, clusters, more)));
}

static void end(struct stage *stage)
{
    monitor_destroy(stage->monitor, 0);
    event_base_free(stage->base);
    for (size_t i = 0; i < stage->config_count; i++)
        config_clear(&stage->configs[i]);
    dup2(stage->former_stdout, STDOUT_FILENO);
    close(stage->former_stdout);
    close(stage->output);
    rmdir(stage->folder);
}

/* What was reported since the last call. */
static const char *reported(const struct stage *stage)
{
    static char text[1 << 16];
    ssize_t length = read(stage->output, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void run_for(const struct stage *stage, int ms)
{
    const struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_base_loopexit(stage->base, &time);
    event_base_dispatch(stage->base);
}

#define THREE \
    "- {name: lab, nodes: [{name: n1, address: a1}, {name: n2, address: a2}, {name: n3, address: " \
    "a3}]}\n"
