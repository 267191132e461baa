/*
 * agent_real.c AGENT ...: the agent beside a real mariadbd, a cluster of one: its start, its crash, its freeze,
 * its graceful stop. Exits with 77 where there is no such server or nobody to run it as.
 */
#include "agent_lab.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER "/usr/sbin/mariadbd"
#define PROVIDER "/usr/lib/galera/libgalera_smm.so"
#define SKIPPED 77
#define CRASHES 5

/* Whom the server runs as: only the package with the service makes the user mysql. */
static const char *account(void)
{
    return getpwnam("mysql") ? "mysql" : "nobody";
}

static void make_data_directory(struct lab *lab)
{
    char command[512];
    snprintf(
        command, sizeof command,
        "mariadb-install-db --no-defaults --datadir=%s --auth-root-authentication-method=normal "
        "--skip-test-db --user=%s >>%s/output 2>&1 && chmod 777 %s",
        lab->datadir, account(), lab->directory, lab->directory);
    if (system(command) != 0)
        lab_fail(lab, "no data directory could be made");
}

static void start_server(struct lab *lab, const char *more)
{
    char datadir[128];
    char socket[128];
    char cache[128];
    const char *const arguments[] = {
        SERVER,
        "--no-defaults",
        datadir,
        socket,
        "--skip-networking",
        "--binlog-format=ROW",
        "--innodb-autoinc-lock-mode=2",
        "--innodb-buffer-pool-size=32M",
        "--innodb-log-file-size=16M",
        "--innodb-flush-log-at-trx-commit=0",
        "--wsrep-on=ON",
        "--wsrep-provider=" PROVIDER,
        "--wsrep-cluster-address=gcomm://",
        "--wsrep-cluster-name=agent",
        "--wsrep-node-address=127.0.0.1",
        cache,
        more,
        NULL,
    };
    snprintf(datadir, sizeof datadir, "--datadir=%s", lab->datadir);
    snprintf(socket, sizeof socket, "--socket=%s", lab->socket);
    snprintf(cache, sizeof cache,
             "--wsrep-provider-options=gcache.size=8M;gmcast.listen_addr=tcp://127.0.0.1:%d",
             20000 + getpid() % 10000);
    lab->server = lab_start(lab, account(), arguments);
}

static bool is_starting(const struct health_heartbeat *beat)
{
    return beat->process == HEALTH_PROCESS_STARTING && beat->pid;
}

static bool is_serving(const struct health_heartbeat *beat)
{
    return beat->process == HEALTH_PROCESS_RUNNING && beat->has_local && beat->local.ok &&
           beat->local.has_view && beat->local.view.component == HEALTH_COMPONENT_PRIMARY &&
           beat->local.view.local_state == HEALTH_LOCAL_SYNCED;
}

static bool is_deaf(const struct health_heartbeat *beat)
{
    return beat->process == HEALTH_PROCESS_UNRESPONSIVE && beat->has_local &&
           beat->local.error == HEALTH_PROBE_TIMEOUT;
}

static bool answers_again(const struct health_heartbeat *beat)
{
    return beat->process == HEALTH_PROCESS_RUNNING && beat->has_local && beat->local.ok;
}

static void wait_until_serving(struct lab *lab)
{
    int64_t started_ns = health_clock_ns();
    lab_until(lab, is_starting, "starting", started_ns, 3000);
    int64_t serving_ns =
        lab_until(lab, is_serving, "running, Primary and Synced", started_ns, 30000);
    if (lab->beat.pid != (uint32_t)lab->server)
        lab_fail(lab, "pid %u is said, not %d", lab->beat.pid, lab->server);
    printf("%-52s %.1f s\n", "start to \"running\" with its view", (double)serving_ns / 1e9);
}

static void crashes(struct lab *lab)
{
    int64_t said_ns[CRASHES];

    for (size_t i = 0; i < CRASHES; i++) {
        start_server(lab, NULL);
        wait_until_serving(lab);
        lab_sleep_ms(500 + (int64_t)i * 3);
        lab_drain(lab);
        int64_t killed_ns = health_clock_ns();
        kill(lab->server, SIGKILL);
        said_ns[i] = lab_until(lab, beat_is_gone, "gone", killed_ns, 2000);
        waitpid(lab->server, NULL, 0);
        lab->server = 0;
        while (lab->beat.exit_kind == HEALTH_EXIT_NOT_KNOWN)
            lab_until(lab, beat_is_gone, "how it ended", 0, 1000);
        if (lab->beat.exit_kind != HEALTH_EXIT_SIGNAL || lab->beat.exit_value != 9 ||
            !lab->beat.grastate.known || lab->beat.grastate.seqno != -1)
            lab_fail(lab, "a crash is told as (%d, %d), seqno %lld", lab->beat.exit_kind,
                     lab->beat.exit_value, (long long)lab->beat.grastate.seqno);
        if (lab->beat.gvwstate != HEALTH_ANSWER_YES)
            lab_fail(lab, "gvwstate.dat is there after a crash");
    }
    if (lab_print("kill -9 of mariadbd to the datagram", said_ns, CRASHES) > 24 * HEALTH_NS_PER_MS)
        lab_fail(lab, "that is too late");
}

/* It may be over before it is seen; then nothing changes. */
static void recovers(struct lab *lab)
{
    start_server(lab, "--wsrep-recover");
    while (waitpid(lab->server, NULL, WNOHANG) == 0)
        if (lab_next(lab, 10) && lab->beat.process != HEALTH_PROCESS_STARTING &&
            !beat_is_gone(&lab->beat))
            lab_fail(lab, "a recovery is called %s",
                     health_process_name((enum health_process)lab->beat.process));
    lab->server = 0;
    lab_sleep_ms(600);
    lab_drain(lab);
    if (!beat_is_gone(&lab->beat) || lab->beat.exit_kind != HEALTH_EXIT_SIGNAL)
        lab_fail(lab, "after a recovery the crash before it is no longer told: %d",
                 lab->beat.exit_kind);
}

/* What the agent runs to recover the position: the server in a session of its own, as sudo starts it, stopped for a while
 * once it holds the data. */
static void write_command(struct lab *lab)
{
    char path[96];

    snprintf(path, sizeof path, "%s/recover", lab->directory);
    FILE *file = fopen(path, "w");
    if (!file)
        lab_fail(lab, "no command could be written");
    fprintf(file,
            "#!/bin/sh\n"
            "setsid " SERVER " --no-defaults --datadir=%s --user=%s --skip-networking "
            "--socket=recover.sock --wsrep-recover --wsrep-on=ON --wsrep-provider=" PROVIDER
            " --wsrep-cluster-address=gcomm:// --binlog-format=ROW "
            "--innodb-buffer-pool-size=32M --innodb-log-file-size=16M &\n"
            "until ls -l /proc/$!/fd | grep -q ibdata1; do kill -0 $! || exit 1; done\n"
            "kill -STOP $!; touch %s/held; sleep 3; kill -CONT $!\n"
            "wait $!\n",
            lab->datadir, account(), lab->directory);
    if (fchmod(fileno(file), 0755) != 0 || fclose(file) != 0)
        lab_fail(lab, "no command could be written");
}

static bool is_recovering(const struct health_heartbeat *beat)
{
    return beat->recovery.status == HEALTH_RECOVERY_RUNNING;
}

static bool has_recovered(const struct health_heartbeat *beat)
{
    return beat->recovery.status == HEALTH_RECOVERY_DONE;
}

static void expect_down(struct lab *lab, uint64_t *unlike)
{
    *unlike += !beat_is_gone(&lab->beat) || lab->beat.exit_kind != HEALTH_EXIT_SIGNAL ||
               lab->beat.gvwstate != HEALTH_ANSWER_YES;
}

/* The server that the agent runs holds the data for seconds: in no beat is the node anything but down, as it was. */
static void asked_to_recover(struct lab *lab)
{
    char path[160];
    uint64_t unlike = 0;
    unsigned beats = 0;

    snprintf(path, sizeof path, "%s/held", lab->directory);
    lab_request_recovery(lab);
    lab_until(lab, is_recovering, "that the position is being recovered", 0, 1000);
    for (int64_t end_ns = health_clock_ns() + 20 * HEALTH_NS_PER_S; !has_recovered(&lab->beat);
         beats++) {
        if (health_clock_ns() > end_ns || lab->beat.recovery.status == HEALTH_RECOVERY_FAILED)
            lab_fail(lab, "the position is not recovered");
        expect_down(lab, &unlike);
        if (beats == 3) { /* while it runs */
            if (access(path, F_OK) != 0)
                lab_sleep_ms(500);
            lab_request_recovery(lab);
            lab_until_said(lab, "that is under way", 1000);
        }
        lab_next(lab, 1000);
    }
    expect_down(lab, &unlike);
    if (access(path, F_OK) != 0 || unlike || beats < 4)
        lab_fail(
            lab,
            "of %u beats while the agent's own server held the data %llu take it for the node's",
            beats, (unsigned long long)unlike);
    if (!lab->beat.recovery.uuid.hi || lab->beat.recovery.seqno < 0)
        lab_fail(lab, "a position of no history was recovered");
}

/* ... and with a transfer that was broken off, or with a server that runs, it does not begin. */
static void refuses_to_recover(struct lab *lab)
{
    char path[160];

    snprintf(path, sizeof path, "%s/sst_in_progress", lab->datadir);
    FILE *file = fopen(path, "w");
    if (!file || fclose(file) != 0)
        lab_fail(lab, "no marker could be made");
    lab_request_recovery(lab);
    lab_until_said(lab, "a state transfer was broken off (sst_in_progress)", 1000);
    unlink(path);
}

static void refuses_beside_a_server(struct lab *lab)
{
    lab_drain(lab);
    lab_request_recovery(lab);
    lab_until_said(lab, "not recovered now: mysqld is there", 1000);
    if (lab->beat.recovery.status != HEALTH_RECOVERY_NONE)
        lab_fail(lab, "what was recovered before the server came is still told");
}

static void freezes(struct lab *lab)
{
    int64_t now_ns = health_clock_ns();
    kill(lab->server, SIGSTOP);
    printf("%-52s %.1f ms\n", "SIGSTOP of mariadbd to the word",
           (double)lab_until(lab, beat_is_frozen, "frozen", now_ns, 1000) / 1e6);
    lab_until(lab, is_deaf, "that its socket does not answer", now_ns, 3000);
    now_ns = health_clock_ns();
    kill(lab->server, SIGCONT);
    lab_until(lab, beat_is_thawed, "thawed", now_ns, 1000);
    printf("%-52s %.1f ms\n", "SIGCONT of mariadbd to its answer",
           (double)lab_until(lab, answers_again, "that it answers again", now_ns, 3000) / 1e6);
}

/* Not gone before it is, and then with everything that proves a clean exit. */
static void stops(struct lab *lab)
{
    int status;
    lab_drain(lab);
    kill(lab->server, SIGTERM);
    int64_t asked_ns = health_clock_ns();
    while (waitpid(lab->server, &status, WNOHANG) == 0) {
        if (lab_next(lab, 1) && beat_is_gone(&lab->beat))
            break;
        if (health_clock_ns() - asked_ns > 30 * HEALTH_NS_PER_S)
            lab_fail(lab, "mariadbd does not stop");
    }
    int64_t exited_ns = health_clock_ns();
    waitpid(lab->server, &status, 0);
    lab->server = 0;
    if (!beat_is_gone(&lab->beat))
        lab_until(lab, beat_is_gone, "gone", exited_ns, 1000);
    printf("%-52s %.1f ms\n", "the exit to the word", (double)(lab->at_ns - exited_ns) / 1e6);
    while (lab->beat.exit_kind == HEALTH_EXIT_NOT_KNOWN)
        lab_until(lab, beat_is_gone, "how it ended", 0, 1000);
    if (lab->beat.exit_kind != HEALTH_EXIT_CODE || lab->beat.exit_value != 0 ||
        !lab->beat.grastate.known || lab->beat.grastate.seqno < 0 || !lab->beat.grastate.uuid.hi ||
        lab->beat.gvwstate != HEALTH_ANSWER_NO || lab->beat.sst_in_progress != HEALTH_ANSWER_NO)
        lab_fail(lab, "a graceful stop is told as (%d, %d), seqno %lld, gvwstate %d, sst %d",
                 lab->beat.exit_kind, lab->beat.exit_value, (long long)lab->beat.grastate.seqno,
                 lab->beat.gvwstate, lab->beat.sst_in_progress);
}

int main(int argc, char **argv)
{
    struct lab lab;
    if (argc < 2)
        return 2;
    if (access(SERVER, X_OK) != 0 || access(PROVIDER, R_OK) != 0 || getuid() != 0) {
        printf("skipped: this needs root, mariadbd and Galera\n");
        return SKIPPED;
    }
    lab_begin(&lab, argv[1]);
    write_command(&lab);
    char command[96];
    snprintf(command, sizeof command, "%s/recover", lab.directory);
    lab_start_agent(&lab, "--", command);
    lab_until(&lab, beat_is_gone, "that nothing is there", 0, 2000);
    make_data_directory(&lab);
    lab_drain(&lab);
    crashes(&lab);
    recovers(&lab);
    asked_to_recover(&lab);
    refuses_to_recover(&lab);
    start_server(&lab, NULL);
    wait_until_serving(&lab);
    refuses_beside_a_server(&lab);
    lab_cost(&lab, "beside mariadbd the agent costs", 5000);
    freezes(&lab);
    stops(&lab);
    lab_end(&lab);
    printf("all as expected\n");
    return 0;
}
