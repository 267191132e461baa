/*
 * test_prober.c - the mysqld probe against servers that misbehave, and healthy ones beside them.
 *
 * A plain program: each scene is a process, beside the processes of its servers. Arguments: the scenes to
 * play (all).
 */
#include "prober_scenes.h"
#include "scratch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned failures;
static unsigned checks;
static char folder[SCRATCH_SIZE];

void check(bool good, const char *file, int line, const char *text, const char *about)
{
    checks++;
    if (good)
        return;
    failures++;
    static const char *last_about;
    static int last_line;
    if (line == last_line && about == last_about)
        return; /* told once */
    last_line = line;
    last_about = about;
    fprintf(stderr, "  FAILED at %s:%d: %s %s\n", file, line, text, about);
}

const char *scene_file(const char *name, const char *text)
{
    static char path[sizeof folder + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
    return path;
}

const char *scene_certificate(void)
{
    static char path[sizeof folder + 64];
    char command[512];
    snprintf(path, sizeof path, "%s/ca.pem", folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=ca -days 2 -keyout %s/ca.key "
             "-out %s 2>/dev/null",
             folder, path);
    if (access(path, R_OK) != 0 && system(command) != 0)
        abort();
    return path;
}

static const struct scene {
    const char *name;
    void (*play)(void);
    unsigned at_once; /* it is played beside fewer than this; most scenes mostly wait */
} scenes[] = {
#define X(name) {#name, scene_##name, 4},
    PROBER_SCENES(X)
#undef X
#define X(name) {#name, scene_##name, 1},
        PROBER_CROWDS(X)
#undef X
};

#define SCENES (sizeof scenes / sizeof *scenes)

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 1;
}

static void output_path(const struct scene *scene, char path[static 128])
{
    snprintf(path, 128, "%s/%s.out", folder, scene->name);
}

/* Play in a process of its own; what it prints is kept. */
static pid_t begin_scene(const struct scene *scene)
{
    char path[128];

    output_path(scene, path);
    fflush(NULL);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (!freopen(path, "w", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        _exit(1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    failures = checks = 0; /* the scene's own */
    int64_t start_ns = health_clock_ns();
    printf("%s\n", scene->name);
    scene->play();
    printf("  (%" PRId64 " ms, %u checks, %u failed)\n",
           (health_clock_ns() - start_ns) / HEALTH_NS_PER_MS, checks, failures);
    exit(failures || !checks);
}

static void print_scene(const struct scene *scene)
{
    char path[128];
    char text[4096];
    size_t size;

    output_path(scene, path);
    FILE *file = fopen(path, "r");
    while (file && (size = fread(text, 1, sizeof text, file)) > 0)
        fwrite(text, 1, size, stdout);
    if (file)
        fclose(file);
}

/* Wait for any scene to end. False: none is being played. */
static bool end_scene(const pid_t *players)
{
    int status;
    pid_t pid = wait(&status);

    for (size_t i = 0; i < SCENES && pid > 0; i++) {
        if (players[i] != pid)
            continue;
        print_scene(&scenes[i]);
        if (status != 0) {
            printf("  FAILED: %s (status %#x)\n", scenes[i].name, (unsigned)status);
            failures++;
        }
    }
    return pid > 0;
}

int main(int argc, char **argv)
{
    pid_t players[SCENES] = {0};
    unsigned played = 0;
    unsigned playing = 0;
    char remove[sizeof folder + 16];

    setvbuf(stdout, NULL, _IOLBF, 0);
    scratch_directory(folder, "prober");
    scene_certificate();
    for (size_t i = 0; i < SCENES; i++) {
        if (!wanted(scenes[i].name, argc, argv))
            continue;
        for (; playing >= scenes[i].at_once; playing--)
            end_scene(players);
        players[i] = begin_scene(&scenes[i]);
        played++;
        playing++;
    }
    while (end_scene(players))
        ;
    snprintf(remove, sizeof remove, "rm -rf %s", folder);
    if (system(remove) != 0)
        failures++;
    printf("%u scenes, %u failed\n", played, failures);
    return failures || !played;
}
