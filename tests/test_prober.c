/*
 * test_prober.c - the mysqld probe against servers that misbehave, and healthy ones beside them.
 *
 * A plain program: each scene needs a loop, and a process of servers of its own. Arguments: the scenes to
 * play (all).
 */
#include "prober_scenes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned failures;
static unsigned checks;
static char folder[] = "/tmp/test_prober.XXXXXX";

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
} scenes[] = {
#define X(name) {#name, scene_##name},
    PROBER_SCENES(X)
#undef X
};

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    unsigned played = 0;
    char remove[sizeof folder + 16];

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!mkdtemp(folder))
        return 1;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        if (!wanted(scenes[i].name, argc, argv))
            continue;
        int64_t start_ns = health_clock_ns();
        printf("%s\n", scenes[i].name);
        scenes[i].play();
        printf("  (%" PRId64 " ms)\n", (health_clock_ns() - start_ns) / HEALTH_NS_PER_MS);
        played++;
    }
    snprintf(remove, sizeof remove, "rm -rf %s", folder);
    if (system(remove) != 0)
        failures++;
    printf("%u scenes, %u checks, %u failed\n", played, checks, failures);
    return failures || !played;
}
