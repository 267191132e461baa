"""HAProxy with the shipped configuration in front of a real cluster: it goes round the nodes that do not serve."""
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from haproxy import Haproxy, addressed
from scenarios import NOTICED_S, rejoin
from watch import INTERVAL_MS, Failure

POLL_S = 0.2 + 0.15  # agent-inter, and what a loaded machine takes
VIEW_S = max(2 * INTERVAL_MS, 3000) / 1000 * 1.1 + 0.5  # a variable shows in the next full view
ENDED_S = 13  # inter times fall of the slow check, which would end the sessions of who fails it; and some more
LOAD_WORKERS = 6
LOAD_TIMEOUT_S = 1  # of a connection, and of a query
HERE = Path(__file__).resolve().parent


def only(haproxy, *names):
    """Queries reach these nodes, and none fails."""
    reached = haproxy.reached()
    if reached != set(names):
        raise Failure(f"queries reach {sorted(reached)}, and not {sorted(names)}")


def taken_out(haproxy, figures, what, limit_s):
    """n3 is down within a time, and queries go to the others."""
    took = haproxy.without("n3", timeout=limit_s + 5)
    figures.add(f"{what} to down in HAProxy", took)
    if took > limit_s:
        raise Failure(f"{what}: n3 was taken out after {took:.2f} s: at most {limit_s:.2f} are allowed")
    only(haproxy, "n1", "n2")


def balanced_kill_and_maintain(watch, figures):
    """HAProxy goes round a maintained node, whose sessions last, a killed one, and one that joins again."""
    with Haproxy(watch) as haproxy:
        haproxy.whole()
        only(haproxy, "n1", "n2", "n3")
        with haproxy.session_on("n3", ENDED_S):
            watch.maintain("n3", "on")
            taken_out(haproxy, figures, "maintenance", POLL_S)
        if watch.reports.state("n3") != "green":
            raise Failure("maintenance has changed the node's state")
        watch.maintain("n3", "off")
        haproxy.whole()
        watch.lab.nodes["n3"].send(signal.SIGKILL)
        taken_out(haproxy, figures, "kill -9", 0.5 + POLL_S)
        watch.lab.nodes["n3"].wait_exit()
        rejoin(watch, "n3")
        haproxy.whole(5)
        only(haproxy, "n1", "n2", "n3")


def balanced_reject(watch, figures):
    """HAProxy goes round a node that rejects queries."""
    with Haproxy(watch) as haproxy:
        haproxy.whole()
        watch.lab.sql("n3", "SET GLOBAL wsrep_reject_queries=ALL")
        taken_out(haproxy, figures, "rejecting", VIEW_S + POLL_S)
        watch.lab.sql("n3", "SET GLOBAL wsrep_reject_queries=NONE")
        haproxy.whole()


def balanced_freeze(watch, figures):
    """HAProxy goes round a frozen node, and ends the sessions on it."""
    with Haproxy(watch) as haproxy:
        haproxy.whole()
        watch.lab.freeze("n3")
        taken_out(haproxy, figures, "freeze", NOTICED_S + POLL_S)
        if int(haproxy.servers()["n3"]["scur"]):
            raise Failure("sessions on the frozen node live on")
        time.sleep(8)  # its peers evict it
        watch.lab.thaw("n3")
        watch.wait_all_green(40)
        haproxy.whole(5)


def balanced_joiner(watch, _figures):
    """HAProxy sends nobody to a node that takes a state transfer, and one of the others always serves."""
    with Haproxy(watch) as haproxy:
        watch.lab.stop("n3")
        haproxy.without("n3")
        watch.lab.sql("n1", "CREATE TABLE IF NOT EXISTS lab.big (id INT PRIMARY KEY, text LONGTEXT);"
                      "INSERT IGNORE INTO lab.big SELECT seq, REPEAT(MD5(seq), 4000) FROM lab.seq_1_to_400", 60)
        (watch.lab.nodes["n3"].datadir / "grastate.dat").unlink()
        watch.lab.start("n3", wait=False)
        while watch.reports.state("n3") != "green":
            states = haproxy.states()
            if states["n3"] and watch.reports.state("n3") != "green":
                raise Failure("clients are sent to a node that has not joined")
            if not (states["n1"] or states["n2"]):
                raise Failure("a state transfer has cost the last node that serves")
            time.sleep(0.05)
        watch.wait_all_green(60)
        haproxy.whole(10)


def stays_whole(haproxy, seconds):
    """No server goes down in this time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        haproxy.wait(dict.fromkeys(haproxy.watch.lab.names, True), 0)
        time.sleep(0.02)


def balanced_without_healthd(watch, _figures):
    """healthd silent for a while, or restarted: no node goes down. healthd gone: every node is tried."""
    with Haproxy(watch) as haproxy:
        haproxy.whole()
        try:
            watch.healthd.send_signal(signal.SIGSTOP)
            stays_whole(haproxy, 4)
            watch.healthd.send_signal(signal.SIGCONT)
            stays_whole(haproxy, 3)
            watch.healthd.send_signal(signal.SIGSTOP)
            haproxy.without(*watch.lab.names, timeout=20)
            only(haproxy, "n1", "n2", "n3")
        finally:
            watch.healthd.send_signal(signal.SIGCONT)
        haproxy.whole(10)
        only(haproxy, "n1", "n2", "n3")


# ---- Beside clustercheck ------------------------------------------------------------------------------

# Two backends that are the same in all but how they are checked: one with the checks of the shipped configuration, one
# with clustercheck's and their usual timings. Redispatching is off in both, because it hides a refused connection
# whatever the check; the shipped configuration, which has it, runs beside them.
CHECKED = """
frontend {name} from healthd
    bind {front}
    default_backend {name}

backend {name} from healthd
    no option redispatch
    balance roundrobin
{checks}
"""
RIVAL_CHECKS = """
    option httpchk
    default-server check inter 2s rise 2 fall 3 on-marked-down shutdown-sessions
"""


class Rivals:
    """clustercheck's rules beside each node, and HAProxy's part for both ways of checking."""

    def __init__(self, watch):
        lab = watch.lab
        host = lab.address("monitor")
        self.fronts = {name: f"{host}:{lab.port('monitor', port)}" for name, port in (("ours", 3308), ("rival", 3309))}
        ports = {name: lab.port("monitor", 9300 + i) for i, name in enumerate(lab.names)}
        servers = "\n".join(f"    server {name} {lab.address(name)}:{lab.port(name, 3306)} addr {host} port {port}"
                            for name, port in ports.items())
        shipped = re.search(r"^backend galera from .*?(?=^backend)", addressed(watch), flags=re.M | re.S)[0]
        ours = "\n".join(re.findall(r"^ +(?:option httpchk|http-check|default-server|server) .*$|^ +option httpchk$",
                                    shipped, flags=re.M))
        self.config = (CHECKED.format(name="ours", front=self.fronts["ours"], checks=ours)
                       + CHECKED.format(name="rival", front=self.fronts["rival"], checks=RIVAL_CHECKS + servers))
        self.process = lab.spawn("monitor", [
            sys.executable, str(HERE / "clustercheck.py"), watch.password(), host,
            *(f"{name}={port}={lab.nodes[name].socket}" for name, port in ports.items())], "clustercheck")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Load:
    """The same short connections through each frontend."""

    def __init__(self, watch, **fronts):
        self.process = watch.lab.spawn("monitor", [
            sys.executable, str(HERE / "load.py"), watch.password(), str(LOAD_WORKERS),
            *(f"{name}={front}" for name, front in fronts.items())], "load", stdout=subprocess.PIPE, text=True)

    def end(self):
        """What became of it."""
        self.process.terminate()
        return json.loads(self.process.communicate(timeout=30)[0])


def beside_clustercheck(watch, what, fault):
    """Something is done to n3 under load: fewer queries fail with our checks than with clustercheck's."""
    with Rivals(watch) as rivals, Haproxy(watch, rivals.config) as haproxy:
        for backend in ("galera", "ours", "rival"):
            haproxy.whole(20, backend)
        load = Load(watch, shipped=haproxy.front(), **rivals.fronts)
        time.sleep(3)
        since = time.monotonic()
        fault()
        time.sleep(12)
        tallies = load.end()
    for who, tally in tallies.items():
        early = [problem for when, problem in tally["failed"] if when < since - LOAD_TIMEOUT_S - 0.1]
        if early:
            raise Failure(f"{len(early)} queries of {who} failed before anything was done: {early[0]}")
        last = max((when for when, _ in tally["failed"]), default=since) - since
        print(f"  {what}: {who}: {len(tally['failed'])} of {tally['queries']} queries failed; the last began "
              f"{last:.2f} s after")
    failed = {who: len(tally["failed"]) for who, tally in tallies.items()}
    if not max(failed["shipped"], failed["ours"]) < failed["rival"]:
        raise Failure(f"failed queries: {failed}")


def beside_clustercheck_freeze(watch, _figures):
    """A freeze under load: fewer failed queries than with clustercheck's rules and timings."""
    beside_clustercheck(watch, "freeze", lambda: watch.lab.freeze("n3"))
    watch.lab.thaw("n3")
    watch.wait_all_green(40)


def beside_clustercheck_kill(watch, _figures):
    """kill -9 under load: fewer failed queries than with clustercheck's rules and timings."""
    beside_clustercheck(watch, "kill -9", lambda: watch.lab.kill("n3"))
    rejoin(watch, "n3")


SHORT = (balanced_kill_and_maintain,)
LONG = (balanced_reject, balanced_freeze, balanced_joiner, balanced_without_healthd, beside_clustercheck_kill,
        beside_clustercheck_freeze)
