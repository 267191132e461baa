/*
 * task.c - a task's turn on a cluster.
 *
 * Signals come through a descriptor, so that one loop waits for them, for the server's answers and for the command's
 * end. What has to be done next is in `struct running` alone.
 */
#include "task.h"

#include "picture.h"

#include <healthd/types.h>
#include <healthd/observer.h>

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAITING_EVERY_NS HEALTH_NS_PER_S
#define EXIT_NOT_RUN 126
#define EXIT_NOT_FOUND 127

/* So much before its end a turn counts as lost: the command needs time to end. */
#define MARGIN_NS HEALTH_NS_PER_S

struct running {
    const struct task *task;
    char path[LIVE_PATH_MAX]; /* of the ticket */
    char *body_waiting;
    char *body_held;
    int signals;
    sigset_t former;
    bool held;
    bool gone; /* the server does not know the ticket */
    bool asking;
    int64_t sent_ns;  /* of the question that is under way */
    int64_t known_ns; /* when the latest that was answered was sent */
    int64_t ttl_ns;
    int place; /* as it was told last; -1: not yet */
    pid_t pid; /* 0: it does not run */
    int status;
    bool lost;
};

/* ---- What is said ---- */

static void say(const struct running *running, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct running *running, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "healthctl task: %s %s: ", running->task->cluster, running->task->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void say_place(struct running *running, int place)
{
    if (place == running->place || place <= 0)
        return;
    running->place = place;
    say(running, "waits for its turn, as number %d in line", place);
}

/* ---- Questions ---- */

static char *make_body(const struct task *task, bool held)
{
    const struct passwd *user = getpwuid(geteuid());
    char host[64] = "", holder[160];
    cJSON *json = cJSON_CreateObject();

    gethostname(host, sizeof host - 1);
    snprintf(holder, sizeof holder, "%.64s@%s %ld", user ? user->pw_name : "?", host,
             (long)getpid());
    cJSON_AddStringToObject(json, "task", task->name);
    cJSON_AddStringToObject(json, "holder", holder);
    cJSON_AddBoolToObject(json, "held", held);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

/* What the server says of the turn. */
static void take_turn(struct running *running, const cJSON *turn)
{
    bool held = strcmp(picture_text(turn, "state"), "held") == 0;
    const cJSON *place = picture_get(turn, "place");
    const cJSON *ttl = picture_get(turn, "ttl_ms");

    running->known_ns = running->sent_ns;
    running->ttl_ns = cJSON_IsNumber(ttl) && ttl->valuedouble >= 1000 && ttl->valuedouble <= 1e6
                          ? (int64_t)ttl->valuedouble * HEALTH_NS_PER_MS
                          : 15 * HEALTH_NS_PER_S;
    running->gone |= running->held && !held;
    running->held = held;
    if (!held && cJSON_IsNumber(place))
        say_place(running, place->valueint);
}

static void on_renewed(void *context, const struct client_answer *answer)
{
    struct running *running = context;
    char problem[CLIENT_PROBLEM_MAX];
    int code;
    cJSON *document = live_document(answer, problem, &code);

    running->asking = false;
    if (document)
        take_turn(running, picture_get(document, "turn"));
    else if (answer->status == 404)
        running->gone = true;
    cJSON_Delete(document);
}

static void renew(struct running *running)
{
    const struct client_request request = {
        .method = "PUT",
        .path = running->path,
        .body = running->held ? running->body_held : running->body_waiting,
        .done = on_renewed,
        .context = running,
    };
    running->asking = true;
    running->sent_ns = health_clock_ns();
    client_begin(running->task->live->client, &request);
}

/* Come into the line. False: it was said why not. */
static bool ask(struct running *running)
{
    struct live *live = running->task->live;
    struct client_answer answer;
    char path[LIVE_PATH_MAX], problem[CLIENT_PROBLEM_MAX];
    int code;

    if (!live_cluster_path(live, running->task->cluster, "/turn", path))
        return false;
    running->sent_ns = health_clock_ns();
    client_ask(live->client, "POST", path, running->body_waiting, &answer);
    cJSON *document = live_document(&answer, problem, &code);
    if (!document) {
        live_complain(live, code, "%s", problem);
        return false;
    }
    const cJSON *turn = picture_get(document, "turn");
    int length = snprintf(running->path, sizeof running->path, "%s/%.64s", path,
                          picture_text(turn, "ticket"));
    take_turn(running, turn);
    cJSON_Delete(document);
    return length > 0 && (size_t)length < sizeof running->path;
}

static void give_up(struct running *running)
{
    struct client_answer answer;
    if (running->path[0] && !running->lost && !running->gone)
        client_ask(running->task->live->client, "DELETE", running->path, NULL, &answer);
}

/* ---- Signals ---- */

static bool take_signals(struct running *running)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, &running->former);
    running->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return running->signals != -1;
}

/* The next that has come; false: none has. A terminal's own go to the command as well, by themselves. */
static bool next_signal(const struct running *running, int *ret_number, bool *ret_from_terminal)
{
    struct signalfd_siginfo info;

    if (read(running->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    *ret_number = (int)info.ssi_signo;
    *ret_from_terminal = info.ssi_code == SI_KERNEL;
    return true;
}

/* Until something happens, or what is next is due. */
static void turn(struct running *running, int64_t every_ns)
{
    int64_t now_ns = health_clock_ns();
    int64_t left_ns = running->sent_ns + every_ns - now_ns;

    if (!running->asking && left_ns <= 0)
        renew(running);
    if (left_ns <= 0 || left_ns > HEALTH_NS_PER_S / 4)
        left_ns = HEALTH_NS_PER_S / 4;
    client_turn(running->task->live->client, running->signals,
                (int)(left_ns / HEALTH_NS_PER_MS) + 1);
}

/* ---- Waiting ---- */

/* Gives EXIT_DONE with the turn held, or the code to end with. */
static int wait_for_turn(struct running *running)
{
    const long max_s = running->task->wait_max_s;
    const int64_t began_ns = health_clock_ns();
    int number;
    bool from_terminal;

    while (!running->held) {
        turn(running, WAITING_EVERY_NS);
        while (next_signal(running, &number, &from_terminal))
            if (number != SIGCHLD)
                return 128 + number;
        if (running->gone) {
            say(running, "its place in line is lost: healthd was not reached for too long");
            return EXIT_SERVER;
        }
        if (max_s >= 0 && !running->held &&
            health_clock_ns() - began_ns >= max_s * HEALTH_NS_PER_S) {
            say(running, "it did not get its turn within %ld s", max_s);
            return EXIT_SERVER;
        }
    }
    return EXIT_DONE;
}

/* ---- Running ---- */

static void become_command(const struct running *running, pid_t parent)
{
    char *const *argv = running->task->argv;

    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody renews the turn any more */
    if (getppid() != parent)
        _exit(EXIT_NOT_RUN);
    sigprocmask(SIG_SETMASK, &running->former, NULL);
    execvp(argv[0], argv);
    int error = errno;
    fprintf(stderr, "healthctl task: %s cannot be run: %s\n", argv[0], strerror(error));
    fflush(stderr);
    _exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

static void mind_command(struct running *running)
{
    int number;
    bool from_terminal;

    while (next_signal(running, &number, &from_terminal))
        if (number == SIGCHLD) {
            if (waitpid(running->pid, &running->status, WNOHANG) == running->pid)
                running->pid = 0;
        } else if (running->pid && !from_terminal) {
            kill(running->pid, number);
        }
}

/* An exclusive right that is lost must not be used. */
static void mind_turn(struct running *running)
{
    bool expired = health_clock_ns() - running->known_ns >= running->ttl_ns - MARGIN_NS;

    if (running->lost || !running->pid || (!expired && !running->gone))
        return;
    running->lost = true;
    say(running,
        "the turn is lost: healthd was not reached for too long; the command gets SIGTERM");
    kill(running->pid, SIGTERM);
}

static int run_command(struct running *running)
{
    pid_t parent = getpid();

    fflush(stdout);
    running->pid = fork();
    if (running->pid == -1) {
        live_complain(running->task->live, EXIT_SERVER, "no process is to be had: %s",
                      strerror(errno));
        return EXIT_NOT_RUN;
    }
    if (running->pid == 0)
        become_command(running, parent);
    while (running->pid) {
        turn(running, running->ttl_ns / 3);
        mind_command(running);
        mind_turn(running);
    }
    return WIFSIGNALED(running->status) ? 128 + WTERMSIG(running->status)
                                        : WEXITSTATUS(running->status);
}

int task_run(const struct task *task)
{
    struct running running = {.task = task,
                              .body_waiting = make_body(task, false),
                              .body_held = make_body(task, true),
                              .place = -1,
                              .signals = -1};
    int code = EXIT_SERVER;

    if (!running.body_waiting || !running.body_held || !take_signals(&running))
        live_complain(task->live, EXIT_SERVER, "memory or descriptors are short");
    else if (!ask(&running))
        code = task->live->code;
    else
        code = wait_for_turn(&running);
    if (code == EXIT_DONE && running.held)
        code = run_command(&running);
    give_up(&running);
    if (running.signals != -1)
        close(running.signals);
    free(running.body_held);
    free(running.body_waiting);
    return code;
}
