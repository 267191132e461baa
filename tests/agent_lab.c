/*
 * agent_lab.c - a healthd-agent under test, and what it says.
 */
#include "agent_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void end_process(pid_t *pid)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGKILL);
    kill(*pid, SIGCONT);
    waitpid(*pid, NULL, 0);
    *pid = 0;
}

void lab_end(struct lab *lab)
{
    char command[96];
    end_process(&lab->agent);
    end_process(&lab->server);
    wire_reader_destroy(lab->reader);
    if (lab->fd >= 0)
        close(lab->fd);
    snprintf(command, sizeof command, "rm -rf '%s'", lab->directory);
    if (lab->directory[0] && system(command) != 0)
        fprintf(stderr, "%s stays behind\n", lab->directory);
}

void lab_fail(struct lab *lab, const char *format, ...)
{
    va_list arguments;
    char command[128];
    va_start(arguments, format);
    printf("FAILED: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    snprintf(command, sizeof command, "tail -n 20 '%s'/output 1>&2", lab->directory);
    if (system(command) != 0)
        printf("no output of the programs\n");
    lab_end(lab);
    exit(1);
}

void lab_begin(struct lab *lab, const char *agent_path)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;

    *lab = (struct lab){.agent_path = agent_path, .reader = wire_reader_create()};
    setvbuf(stdout, NULL, _IOLBF, 0);
    lab->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    scratch_directory(lab->directory, "agent");
    if (chmod(lab->directory, 0755) != 0 ||
        bind(lab->fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(lab->fd, (struct sockaddr *)&address, &length) != 0)
        lab_fail(lab, "no directory or socket: %s", strerror(errno));
    snprintf(lab->monitor, sizeof lab->monitor, "127.0.0.1:%u", ntohs(address.sin_port));
    snprintf(lab->datadir, sizeof lab->datadir, "%s/data", lab->directory);
    snprintf(lab->socket, sizeof lab->socket, "%s/mysqld.sock", lab->directory);
}

static void become(const char *user)
{
    const struct passwd *entry = user && getuid() == 0 ? getpwnam(user) : NULL;
    if (!user || getuid() != 0)
        return;
    if (!entry || setgroups(0, NULL) != 0 || setgid(entry->pw_gid) != 0 ||
        setuid(entry->pw_uid) != 0)
        _exit(98);
    /* Changing the user has taken this away; what was started as that user would have it. */
    prctl(PR_SET_DUMPABLE, 1);
}

pid_t lab_start(struct lab *lab, const char *user, const char *const *arguments)
{
    char path[96];
    snprintf(path, sizeof path, "%s/output", lab->directory);
    int output = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(output, 1);
        dup2(output, 2);
        become(user);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(99);
    }
    close(output);
    if (pid < 0)
        lab_fail(lab, "%s cannot be started: %s", arguments[0], strerror(errno));
    return pid;
}

void lab_start_agent(struct lab *lab, const char *more, const char *value)
{
    const char *const arguments[] = {
        lab->agent_path, "--cluster", "lab",        "--node",   "n1",        "--monitor",
        lab->monitor,    "--datadir", lab->datadir, "--socket", lab->socket, "--user",
        "root",          more,        value,        NULL,
    };
    lab->agent = lab_start(lab, NULL, arguments);
}

void lab_request_recovery(struct lab *lab)
{
    const struct wire_request request = {.boot = lab->beat.boot, .seq = lab->beat.seq};
    char datagram[WIRE_MAX];
    size_t size = wire_encode_request(NULL, &request, datagram);

    if (!size || sendto(lab->fd, datagram, size, 0, (struct sockaddr *)&lab->agent_address,
                        sizeof lab->agent_address) != (ssize_t)size)
        lab_fail(lab, "no request could be sent: %s", strerror(errno));
}

static bool has_said(const struct lab *lab, const char *text)
{
    char path[96];
    char line[1024];
    bool found = false;

    snprintf(path, sizeof path, "%s/output", lab->directory);
    FILE *file = fopen(path, "r");
    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, text) != NULL;
    if (file)
        fclose(file);
    return found;
}

void lab_until_said(struct lab *lab, const char *text, int64_t ms)
{
    for (int64_t end_ns = health_clock_ns() + ms * HEALTH_NS_PER_MS; !has_said(lab, text);) {
        if (health_clock_ns() > end_ns)
            lab_fail(lab, "\"%s\" was not said within %lld ms", text, (long long)ms);
        lab_next(lab, 10);
    }
}

bool lab_next(struct lab *lab, int64_t ms)
{
    struct pollfd poll_for = {.fd = lab->fd, .events = POLLIN};
    struct wire_beat beat;
    char datagram[WIRE_MAX + 1];

    if (poll(&poll_for, 1, (int)(ms > 0 ? ms : 0)) <= 0)
        return false;
    socklen_t length = sizeof lab->agent_address;
    ssize_t size =
        recvfrom(lab->fd, datagram, WIRE_MAX, 0, (struct sockaddr *)&lab->agent_address, &length);
    lab->at_ns = health_clock_ns();
    if (size <= 0 || wire_open(NULL, datagram, (size_t)size) != WIRE_GOOD ||
        !wire_decode_beat(lab->reader, datagram, &beat))
        lab_fail(lab, "not a heartbeat: %s", lab->reader->wrong);
    lab->beat = beat.beat;
    return true;
}

int64_t lab_until(struct lab *lab, lab_expected *expected, const char *what, int64_t since_ns,
                  int64_t ms)
{
    int64_t end_ns = health_clock_ns() + ms * HEALTH_NS_PER_MS;

    for (int64_t left = ms; left > 0; left = (end_ns - health_clock_ns()) / HEALTH_NS_PER_MS)
        if (lab_next(lab, left) && expected(&lab->beat))
            return lab->at_ns - since_ns;
    lab_fail(lab, "%s was not said within %lld ms; last: %s pid %u letter %c local %d error %d",
             what, (long long)ms, health_process_name((enum health_process)lab->beat.process),
             lab->beat.pid, lab->beat.proc_state ? lab->beat.proc_state : '-', lab->beat.has_local,
             lab->beat.local.error);
}

void lab_drain(struct lab *lab)
{
    while (lab_next(lab, 0))
        continue;
}

void lab_sleep_ms(int64_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

bool beat_is_gone(const struct health_heartbeat *beat)
{
    return beat->process == HEALTH_PROCESS_STOPPED;
}

bool beat_is_there(const struct health_heartbeat *beat)
{
    return beat->process == HEALTH_PROCESS_STARTING || beat->process == HEALTH_PROCESS_RUNNING;
}

bool beat_is_frozen(const struct health_heartbeat *beat)
{
    return beat->proc_state == 'T' && beat->process == HEALTH_PROCESS_UNRESPONSIVE;
}

bool beat_is_thawed(const struct health_heartbeat *beat)
{
    return beat->proc_state && beat->proc_state != 'T';
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t lab_print(const char *what, int64_t *ns, size_t count)
{
    qsort(ns, count, sizeof *ns, by_value);
    printf("%-52s median %6.1f ms, worst %6.1f ms of %zu\n", what, (double)ns[count / 2] / 1e6,
           (double)ns[count - 1] / 1e6, count);
    return ns[count / 2];
}

/* Nanoseconds on a processor; 0: not to be known. */
static long long on_processor(pid_t pid)
{
    char path[64];
    long long ns = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    if (fscanf(file, "%lld", &ns) != 1)
        ns = 0;
    fclose(file);
    return ns;
}

static long resident_kib(pid_t pid)
{
    char path[64];
    char line[128];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (file)
        fclose(file);
    return kib;
}

/* The least that finds a freeze within 10 ms: wake so often, and look at a process. */
static pid_t start_bare_loop(struct lab *lab)
{
    const struct timespec pause = {.tv_nsec = 10 * HEALTH_NS_PER_MS};
    char text[1024];
    pid_t pid = fork();

    if (pid < 0)
        lab_fail(lab, "no bare loop: %s", strerror(errno));
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    while (pread(fd, text, sizeof text, 0) > 0)
        nanosleep(&pause, NULL);
    _exit(1);
}

void lab_cost(struct lab *lab, const char *when, int64_t ms)
{
    pid_t bare = start_bare_loop(lab);
    long long agent_ns = on_processor(lab->agent);
    long long bare_ns = on_processor(bare);
    int64_t began_ns = health_clock_ns();

    lab_sleep_ms(ms);
    agent_ns = on_processor(lab->agent) - agent_ns;
    bare_ns = on_processor(bare) - bare_ns;
    double share = (double)agent_ns / (double)(health_clock_ns() - began_ns);
    double ratio = bare_ns > 0 ? (double)agent_ns / (double)bare_ns : 0;
    long kib = resident_kib(lab->agent);

    end_process(&bare);
    printf("%-52s %.2f %% of a core, %.1f times a bare loop's, %.1f MiB resident\n", when,
           100 * share, ratio, (double)kib / 1024);
    lab_drain(lab);
#ifndef __SANITIZE_ADDRESS__ /* which costs more than the agent itself */
    /* Whatever else the machine does makes both dearer. */
    if (ratio > 3.5 || ratio <= 0 || kib > 12 * 1024 || kib == 0)
        lab_fail(lab, "the agent costs too much");
#endif
}
