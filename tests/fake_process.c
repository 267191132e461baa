/*
 * fake_process.c - a process called mysqld that ends as it is told; for what a real one cannot be made to do.
 *
 * Options of a real mysqld are taken or ignored; those of the fake:
 *   --fake-mib=N         be so large, in small pages
 *   --fake-threads=N     have so many more threads
 *   --fake-chdir=D       work there, without saying so
 *   --fake-pid-file=F    write it
 *   --fake-uid=N         become this user
 *   --fake-core          allow a core dump
 *   --fake-after-ms=N    and then:
 *   --fake-hides         take from everybody the right to trace it
 *   --fake-exit=N        exit with this code
 *   --fake-signal=N      end by this signal
 *   --fake-leave         end the main thread alone
 * SIGTERM: save a position as Galera does, and exit with 0.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t terminated;

static void on_term(int number)
{
    (void)number;
    terminated = 1;
}

static const char *option(int argc, char **argv, const char *name)
{
    size_t length = strlen(name);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], name, length) == 0 && (argv[i][length] == '=' || !argv[i][length]))
            return argv[i][length] ? argv[i] + length + 1 : "";
    return NULL;
}

static long number(int argc, char **argv, const char *name, long missing)
{
    const char *text = option(argc, argv, name);
    return text ? strtol(text, NULL, 10) : missing;
}

static void *idle(void *argument)
{
    for (;;)
        pause();
    return argument;
}

static void start_threads(long count)
{
    sigset_t all;
    pthread_t thread;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL); /* signals are the main thread's */
    for (long i = 0; i < count; i++)
        if (pthread_create(&thread, NULL, idle, NULL) != 0)
            exit(90);
    sigemptyset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void grow(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        exit(91);
    madvise(memory, size, MADV_NOHUGEPAGE);
    memset(memory, 1, size);
}

static void save_position(void)
{
    FILE *file = fopen("grastate.dat", "w");
    if (!file)
        exit(92);
    fputs("# GALERA saved state\nversion: 2.1\nuuid:    573eebdb-e711-11f1-9041-7299d955b7a3\n"
          "seqno:   7\nsafe_to_bootstrap: 0\n",
          file);
    fclose(file);
}

static void set_up(int argc, char **argv)
{
    const char *directory = option(argc, argv, "--fake-chdir");
    const char *pid_file = option(argc, argv, "--fake-pid-file");
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

    if (!directory)
        directory = option(argc, argv, "--datadir");
    if (directory && chdir(directory) != 0)
        exit(93);
    if (option(argc, argv, "--fake-core"))
        setrlimit(RLIMIT_CORE, &unlimited);
    if (option(argc, argv, "--fake-uid") &&
        (setuid((uid_t)number(argc, argv, "--fake-uid", 0)) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
        exit(94);
    grow((size_t)number(argc, argv, "--fake-mib", 1) << 20);
    start_threads(number(argc, argv, "--fake-threads", 0));
    FILE *file = pid_file ? fopen(pid_file, "w") : NULL;
    if (file) {
        fprintf(file, "%d\n", getpid());
        fclose(file);
    }
}

/* False: the time is over. */
static bool wait_for_term(long ms)
{
    const struct timespec step = {.tv_nsec = 1000000};
    for (long waited = 0; !terminated; waited++) {
        if (ms >= 0 && waited >= ms)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever becomes of the test, nothing stays behind */
    signal(SIGTERM, on_term);
    set_up(argc, argv);
    if (wait_for_term(number(argc, argv, "--fake-after-ms", -1))) {
        save_position();
        return 0;
    }
    if (option(argc, argv, "--fake-hides"))
        prctl(PR_SET_DUMPABLE, 0);
    if (option(argc, argv, "--fake-leave"))
        pthread_exit(NULL);
    if (option(argc, argv, "--fake-signal"))
        raise((int)number(argc, argv, "--fake-signal", 0));
    return (int)number(argc, argv, "--fake-exit", 0);
}
