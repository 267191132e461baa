"""What is done to a real cluster, and what must be said of it. Each leaves all nodes Green."""
import os
import signal
import threading
import time

from watch import INTERVAL_MS, TIMEOUT_MS, Failure

RED = ("red-clean", "red-unclean", "red")
QUIET_S = 600
NOTICED_S = (INTERVAL_MS * 1.1 + TIMEOUT_MS + 50) / 1000  # a probe's jitter is a tenth


class Figures:
    """Measured latencies, by name."""

    def __init__(self):
        self.ms = {}

    def add(self, name, seconds):
        """Take one."""
        self.ms.setdefault(name, []).append(seconds * 1e3)

    def print(self):
        """Print them with their spread."""
        for name, values in self.ms.items():
            values = sorted(values)
            print(f"  {name}: median {values[len(values) // 2]:.1f} ms, worst {values[-1]:.1f} ms of {len(values)}")


def exit_time(process):
    """When a process has exited, to the millisecond: a thread that waits for it."""
    box = []
    pidfd = os.pidfd_open(process.pid)

    def wait():
        import select
        select.select([pidfd], [], [])
        box.append(time.monotonic())
        os.close(pidfd)
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return lambda: (thread.join(30), box[0])[1]


def rejoin(watch, *names, timeout=60, whole=True):
    """Start nodes again and wait until they are Green; and the cluster too, if it is whole then."""
    since = time.monotonic()
    watch.lab.start(*names)
    for name in names:
        watch.wait(name, "green", timeout)
        watch.never(name, RED, since + 1.5)  # starting is not dead
    if whole:
        watch.wait("cluster", "green", timeout)


def within(report, since, limit_s, what):
    """It was said in time."""
    took = report["arrived"] - since
    if took > limit_s:
        raise Failure(f"{what} took {took * 1e3:.0f} ms: at most {limit_s * 1e3:.0f} are allowed")
    return took


def kill(watch, figures):
    """SIGKILL: red-unclean at once, never clean, the cluster Yellow; Green again after it rejoined."""
    since = time.monotonic()
    watch.lab.nodes["n3"].send(signal.SIGKILL)
    report = watch.wait("n3", "red-unclean", 3, since)
    figures.add("kill -9 to healthd's output", within(report, since, 0.5, "the crash"))
    within(watch.wait("cluster", "yellow", 3, since), since, 0.5, "the cluster's colour")
    watch.lab.nodes["n3"].wait_exit()
    time.sleep(7)  # the peers evict it meanwhile
    watch.never("n3", ("red-clean", "green"), since + 0.2)
    watch.never("cluster", ("red", "unknown"), since)
    rejoin(watch, "n3")


def graceful_stop(watch, figures):
    """SIGTERM: never red-unclean; red-clean right after the exit."""
    since = time.monotonic()
    exited = exit_time(watch.lab.nodes["n3"].process)
    watch.lab.stop("n3")
    report = watch.wait("n3", "red-clean", 3, since)
    figures.add("exit to red-clean", within(report, exited(), 0.1, "the clean exit"))
    time.sleep(3)
    watch.never("n3", ("red-unclean",), since)
    watch.never("cluster", ("red", "unknown"), since)
    rejoin(watch, "n3")


def freeze_and_thaw(watch, figures):
    """SIGSTOP for longer than eviction takes: Unknown, then Yellow until it has truly rejoined."""
    since = time.monotonic()
    watch.lab.freeze("n3")
    report = watch.wait("n3", ("unknown", "yellow"), 3, since)
    figures.add("freeze to noticed, with an agent", within(report, since, NOTICED_S, "the freeze"))
    watch.wait("n3", "yellow", 9, since)
    time.sleep(2)
    thawed = time.monotonic()
    watch.lab.thaw("n3")
    watch.lab.wait("n3 finds out", lambda: watch.lab.status("n3").get("cluster_status") != "Primary", 30)
    watch.never("n3", ("green",), since + NOTICED_S)
    watch.wait_all_green(30)
    watch.never("n3", RED, since)
    watch.never("cluster", RED, thawed)


def freeze_without_agent(watch, figures):
    """The probe alone notices a frozen server within an interval and a timeout."""
    watch.stop_agent("n3")
    time.sleep(4)
    watch.never("n3", RED, time.monotonic() - 4)
    since = time.monotonic()
    watch.lab.freeze("n3")
    report = watch.wait("n3", "unknown", 4, since)
    figures.add("freeze to noticed, by the probe", within(report, since, NOTICED_S, "the freeze"))
    time.sleep(1)
    watch.lab.thaw("n3")
    watch.wait("n3", "green", 10, since)
    watch.never("n3", RED, since)
    watch.start_agent("n3")
    watch.wait_all_green()


def cut_all(watch, _figures):
    """n3 cut off from everybody: Unknown, never Red; Yellow when it can be asked again; then Green."""
    since = time.monotonic()
    watch.lab.cut("n3", "all")
    watch.wait("n3", "unknown", 6, since)
    time.sleep(8)
    watch.lab.heal()
    watch.wait_all_green(40)
    watch.never("n3", RED, since)
    watch.never("cluster", ("red", "unknown"), since)


def cut_peers(watch, _figures):
    """n3 cut off from its peers alone: not a member any more, and running."""
    since = time.monotonic()
    watch.lab.cut("n3", "peers")
    watch.wait("n3", "yellow", 12, since)
    watch.lab.heal()
    watch.wait_all_green(40)
    watch.never("n3", RED, since)
    watch.never("cluster", ("red", "unknown"), since)


def cut_sql(watch, _figures):
    """Only the monitor's SQL is cut: its agent answers instead."""
    since = time.monotonic()
    watch.lab.cut("n3", "sql")
    time.sleep(8)
    watch.lab.heal()
    time.sleep(3)
    watch.never("n3", ("unknown", "yellow", *RED), since)


def cut_monitor(watch, _figures):
    """The monitor cannot reach n3 in any way: Unknown, never Red."""
    since = time.monotonic()
    watch.lab.cut("n3", "monitor")
    watch.wait("n3", "unknown", 6, since)
    time.sleep(6)
    watch.lab.heal()
    watch.wait_all_green(20)
    watch.never("n3", ("yellow", *RED), since)


def monitor_isolated(watch, _figures):
    """The monitor has lost everybody: it has learnt about itself."""
    since = time.monotonic()
    for name in watch.lab.names:
        watch.lab.cut(name, "monitor")
    watch.wait("cluster", "unknown", 8, since)
    time.sleep(5)
    watch.lab.heal()
    watch.wait_all_green(20)
    for subject in [*watch.lab.names, "cluster"]:
        watch.never(subject, RED, since)


def agent_dead(watch, _figures):
    """An agent that dies is not a node that dies; without it a crash is still seen."""
    since = time.monotonic()
    watch.stop_agent("n3")
    time.sleep(5)
    watch.never("n3", ("unknown", "yellow", *RED), since)
    crashed = time.monotonic()
    watch.lab.kill("n3")
    watch.wait("n3", "red-unclean", 5, crashed)
    watch.never("n3", ("red-clean",), since)
    watch.start_agent("n3")
    time.sleep(1.5)
    watch.never("n3", ("red-clean", "green"), crashed + 0.5)
    rejoin(watch, "n3")


def monitor_frozen(watch, _figures):
    """healthd is stopped for five seconds, and a node dies in them."""
    since = time.monotonic()
    watch.healthd.send_signal(signal.SIGSTOP)
    time.sleep(1)
    watch.lab.kill("n3")
    time.sleep(4)
    watch.healthd.send_signal(signal.SIGCONT)
    watch.wait("n3", "red-unclean", 5, since)
    time.sleep(2)
    for name in ("n1", "n2"):
        watch.never(name, RED, since)
    watch.never("n3", ("red-clean",), since)
    watch.never("cluster", ("red",), since)
    rejoin(watch, "n3")


def state_transfer(watch, _figures):
    """A node that lost its state takes it from a peer with its port closed: Yellow, not Red."""
    watch.lab.stop("n3")
    watch.wait("n3", "red-clean", 5)
    watch.lab.sql("n1", "CREATE TABLE IF NOT EXISTS lab.big (id INT PRIMARY KEY, text LONGTEXT);"
                  "INSERT IGNORE INTO lab.big SELECT seq, REPEAT(MD5(seq), 4000) FROM lab.seq_1_to_400", 60)
    (watch.lab.nodes["n3"].datadir / "grastate.dat").unlink()
    rejoin(watch, "n3", timeout=90)


def majority_loss(watch, figures):
    """Two of three crash: the cluster is Red when the survivor cannot serve any more."""
    since = time.monotonic()
    watch.lab.kill("n2", "n3")
    for name in ("n2", "n3"):
        watch.wait(name, "red-unclean", 3, since)
    report = watch.wait("cluster", "red", 9, since)
    figures.add("majority killed to the cluster Red", report["arrived"] - since)
    watch.wait("n1", "yellow", 9, since)
    watch.never("n1", RED, since)
    watch.lab.sql("n1", "SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'")
    rejoin(watch, "n2", whole=False)
    rejoin(watch, "n3")


def full_stop(watch, _figures):
    """All stopped in turn: each clean, the cluster Red; founded again by the last."""
    since = time.monotonic()
    for name in ("n3", "n2", "n1"):
        watch.lab.stop(name)
        watch.wait(name, "red-clean", 5, since)
        time.sleep(1)
    watch.wait("cluster", "red", 3, since)
    for name in watch.lab.names:
        watch.never(name, ("red-unclean",), since)
    watch.lab.start("n1")
    rejoin(watch, "n2", whole=False)
    rejoin(watch, "n3")


def full_crash(watch, _figures):
    """All killed at once, and founded anew from one."""
    since = time.monotonic()
    watch.lab.kill(*watch.lab.names)
    for name in watch.lab.names:
        watch.wait(name, "red-unclean", 3, since)
        watch.never(name, ("red-clean",), since)
    watch.wait("cluster", "red", 3, since)
    watch.lab.bootstrap("n1")
    rejoin(watch, "n2", timeout=90, whole=False)
    rejoin(watch, "n3", timeout=90)


def split_brain(watch, _figures):
    """n1 cut off and made Primary by force: the larger side keeps Green, the fault is named."""
    since = time.monotonic()
    watch.lab.cut("n1", "peers")
    watch.wait("n1", "yellow", 12, since)
    watch.lab.wait("n1 says non-Primary", lambda: watch.lab.status("n1")["cluster_status"] == "non-Primary", 15)
    watch.lab.sql("n1", "SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'")
    time.sleep(5)
    watch.never("n1", RED, since)
    for name in ("n2", "n3"):
        watch.never(name, ("yellow", *RED), since)
    if watch.reports.state("n1") != "yellow":
        raise Failure(f"the smaller side is called {watch.reports.state('n1')}")
    if "split-brain" not in watch.log("healthd", 400):
        raise Failure("the fault is not named in the log")
    # What the smaller side may have written is lost when it rejoins: in a test that is fine.
    watch.lab.stop("n1")
    (watch.lab.nodes["n1"].datadir / "grastate.dat").unlink()
    watch.lab.heal()
    rejoin(watch, "n1", timeout=90)


def wrong_password(watch, _figures):
    """The password changes under the probe: nobody is called dead, and the server is not flooded."""
    since = time.monotonic()
    before = int(watch.lab.sql("n1", "SHOW GLOBAL STATUS LIKE 'Access_denied_errors'")[0][1])
    watch.lab.sql("n1", "ALTER USER 'probe'@'%' IDENTIFIED BY 'another'")
    for name in watch.lab.names:  # old sessions go on: end them
        for row in watch.lab.sql(name, "SELECT id FROM information_schema.processlist WHERE user = 'probe'"):
            watch.lab.sql(name, f"KILL {row[0]}")
    time.sleep(12)
    denied = int(watch.lab.sql("n1", "SHOW GLOBAL STATUS LIKE 'Access_denied_errors'")[0][1]) - before
    if not 1 <= denied <= 14:  # two who ask (probe and agent), every few seconds after the first ones
        raise Failure(f"access was denied {denied} times in 12 s")
    watch.write_password("another")
    watch.healthd.send_signal(signal.SIGHUP)
    for agent in watch.agents.values():
        agent.send_signal(signal.SIGHUP)
    watch.wait_all_green(15)
    for subject in [*watch.lab.names, "cluster"]:
        watch.never(subject, RED, since)


def connections_used_up(watch, _figures):
    """No connection is left for the probe: it runs, and its peers say that it is a member."""
    since = time.monotonic()
    watch.lab.sql("n3", "SET GLOBAL max_connections = 10")
    node = watch.lab.nodes["n3"]
    for number in range(12):
        watch.lab.spawn("n3", ["mariadb", "--no-defaults", f"--socket={node.socket}", "--user=probe",
                               f"--password={watch.password()}", "-e", "SELECT SLEEP(14)"], f"sleeper-{number}")
    time.sleep(12)
    watch.never("n3", RED, since)
    watch.never("cluster", RED, since)
    time.sleep(4)
    watch.lab.sql("n3", "SET GLOBAL max_connections = 151")
    watch.wait_all_green(20)


def redis_away(watch, _figures):
    """Redis is stopped while states change; when it is back, it holds what is true."""
    watch.redis.kill()
    watch.redis.wait()
    since = time.monotonic()
    watch.lab.kill("n3")
    watch.wait("n3", "red-unclean", 3, since)
    time.sleep(2)
    watch.start_redis()

    def equal():
        picture = watch.upstream_picture()
        return picture == {subject: watch.reports.state(subject) for subject in [*watch.lab.names, "cluster"]}
    watch.lab.wait("Redis holds what healthd says", equal, 6)
    rejoin(watch, "n3")
    watch.lab.wait("Redis holds what healthd says", equal, 3)


def crash_latency(watch, figures):
    """Twenty crashes: from kill -9 to the message at Redis' subscriber."""
    name = "kill -9 to Redis' subscriber"
    for _ in range(20):
        since = time.monotonic()
        watch.lab.nodes["n3"].send(signal.SIGKILL)
        report = watch.upstream.wait("n3", ["red-unclean"], 3, since)
        figures.add(name, report["arrived"] - since)
        watch.lab.nodes["n3"].wait_exit()
        rejoin(watch, "n3")
    values = sorted(figures.ms[name])
    if values[len(values) // 2] > 15 or values[-1] > 100:
        raise Failure(f"median {values[len(values) // 2]:.1f} ms, worst {values[-1]:.1f} ms: "
                      "15 and 100 are allowed")


def quiet_under_load(watch, _figures):
    """Ten minutes of writes on all nodes: not one change of state."""
    stop = time.monotonic() + QUIET_S
    since = time.monotonic()
    for number, name in enumerate(watch.lab.names):
        node = watch.lab.nodes[name]
        script = (f"while :; do echo \"INSERT INTO lab.t (text) VALUES (REPEAT('x', 200)); "
                  f"UPDATE lab.t SET text = 'y' WHERE id % 97 = {number} LIMIT 3; DO SLEEP(0.005);\"; done "
                  f"| mariadb --no-defaults --force --socket={node.socket} --user=root")
        watch.lab.spawn(name, ["timeout", str(QUIET_S), "sh", "-c", script], f"writer-{name}")
    while time.monotonic() < stop:
        time.sleep(5)
        changed = [r for s in [*watch.lab.names, "cluster"] for r in watch.reports.of(s, since)
                   if r["state"] != r["from"]]
        if changed:
            raise Failure(f"changed after {changed[0]['arrived'] - since:.0f} s: {changed[0]}")
    rows = watch.lab.sql("n1", "SELECT COUNT(*) FROM lab.t")[0][0]
    print(f"  quiet for {QUIET_S} s while {rows} rows were written")
    time.sleep(2)


SHORT = (kill, graceful_stop)
LONG = (freeze_and_thaw, freeze_without_agent, cut_all, cut_peers, cut_sql, cut_monitor, monitor_isolated, agent_dead,
        monitor_frozen, state_transfer, wrong_password, connections_used_up, redis_away, majority_loss,
        full_stop, split_brain, full_crash, crash_latency, quiet_under_load)
NEED_PARTITIONS = (cut_all, cut_peers, cut_sql, cut_monitor, monitor_isolated, split_brain)
