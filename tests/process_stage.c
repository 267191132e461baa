/*
 * process_stage.c - see process_stage.h
 */
#include "process_stage.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void stage_put(const struct stage *stage, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", stage->directory, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

struct health_heartbeat stage_describe(const struct stage *stage)
{
    struct health_heartbeat beat = {0};
    health_process_describe(stage->watch, &beat);
    return beat;
}

static void changed(void *context)
{
    struct stage *stage = context;
    stage->changes++;
    if (!stage->stopped_ns && stage_describe(stage).process == HEALTH_PROCESS_STOPPED)
        stage->stopped_ns = health_clock_ns();
}

struct stage *stage_begin(void)
{
    struct stage *stage = calloc(1, sizeof *stage);
    scratch_directory(stage->directory, "process");
    cr_assert_eq(chmod(stage->directory, 0777), 0);
    stage->base = event_base_new();
    cr_assert_eq(event_base_priority_init(stage->base, 2), 0);
    return stage;
}

void stage_watch(struct stage *stage, const char *pid_file)
{
    const struct health_process_options options = {
        .base = stage->base,
        .datadir = stage->directory,
        .pid_file = pid_file,
        .changed = changed,
        .context = stage,
    };
    cr_assert_eq(health_process_create(&options, &stage->watch), HEALTH_OK);
}

void stage_end(struct stage *stage)
{
    static const char *const files[] = {"grastate.dat", "gvwstate.dat", "sst_in_progress",
                                        "n1.pid",       "stale.pid",    "core"};
    char path[128];

    health_process_destroy(stage->watch);
    event_base_free(stage->base);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", stage->directory, files[i]);
        unlink(path);
    }
    cr_assert_eq(rmdir(stage->directory), 0, "%s: %s", stage->directory, strerror(errno));
    free(stage);
}

void stage_run(struct stage *stage, int64_t ms)
{
    const struct timespec pause = {.tv_nsec = 500000};
    for (int64_t until = health_clock_ns() + ms * HEALTH_NS_PER_MS; health_clock_ns() < until;) {
        event_base_loop(stage->base, EVLOOP_NONBLOCK);
        nanosleep(&pause, NULL);
    }
}

int64_t stage_until(struct stage *stage, enum health_process process)
{
    int64_t since_ns = health_clock_ns();
    while (stage_describe(stage).process != process) {
        if (health_clock_ns() > since_ns + 2 * HEALTH_NS_PER_S)
            return -1;
        stage_run(stage, 1);
    }
    return health_clock_ns() - since_ns;
}

pid_t stage_fake(const char *a, const char *b, const char *c, const char *d)
{
    const char *const given[] = {a, b, c, d};
    char *arguments[6] = {(char *)(uintptr_t) "mysqld"};
    size_t count = 1;
    for (size_t i = 0; i < 4; i++)
        if (*given[i])
            arguments[count++] = (char *)(uintptr_t)given[i];
    pid_t pid = fork();
    if (pid == 0) {
        execv(FAKE_MYSQLD, arguments);
        _exit(99);
    }
    return pid;
}

const char *stage_datadir(const struct stage *stage)
{
    static char text[96];
    snprintf(text, sizeof text, "--datadir=%s", stage->directory);
    return text;
}

void stage_reap(pid_t pid)
{
    kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

void stage_kill_seen(struct stage *stage, pid_t pid)
{
    kill(pid, SIGKILL);
    EXPECT(stage, STOPPED);
    stage_run(stage, 20);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}
