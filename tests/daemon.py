#!/usr/bin/env python3
"""daemon.py HEALTHD HEALTHCTL [SCENE...]: what users of the daemon meet: how it is called, stopped, reloaded.

Nothing listens where its nodes are said to be: that is enough for states, and needs no server."""
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scenes import Reader, check, play_all, redis_server, wait_until

HEALTHD, HEALTHCTL = sys.argv[1:3]
AGENT_WAIT_S = 2.0  # 3 x heartbeat + 500 ms: until then a closed port may be a joiner's


class Ports:
    """Ports of the loopback where nothing listens: bound, so that nobody else gets them."""

    def __init__(self):
        self.held = []

    def refusing(self):
        """One that refuses: bound, and not listening."""
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        self.held.append(held)
        return held.getsockname()[1]

    def close(self):
        """Let them go."""
        for held in self.held:
            held.close()


class Stage:
    """A folder, a configuration, and one daemon at a time."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="healthd-daemon-"))
        self.ports = Ports()
        self.process = self.log = self.out = None
        self.password = self.folder / "probe.pw"
        self.password.write_text("secret\n", encoding="utf-8")
        self.password.chmod(0o600)
        self.config = self.folder / "healthd.yaml"
        self.nodes = {}

    def write(self, clusters, more=""):
        """A configuration: {"lab": ["n1", ...]}."""
        text = "clusters:\n"
        for cluster, names in clusters.items():
            text += f"  - name: {cluster}\n    password_file: {self.password}\n    nodes:\n"
            for name in names:
                port = self.nodes.setdefault((cluster, name), self.ports.refusing())
                text += f"      - {{name: {name}, address: 127.0.0.1, port: {port}}}\n"
        text += "heartbeat: {listen: none}\nhttp: {listen: none}\n" + more
        self.config.write_text(text, encoding="utf-8")

    def start(self, arguments=None, read_out=True, **more):
        """Run healthd; its log is read in any case."""
        call = [HEALTHD] + (arguments if arguments is not None else ["--config", str(self.config)])
        self.process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        self.log = Reader(self.process.stderr)
        self.out = Reader(self.process.stdout) if read_out else None
        self.log.wait("event=start ")

    def stop(self, limit_s=1.0):
        """SIGTERM: exit 0, in time."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        took = time.monotonic() - began
        self.log.thread.join(5)
        if self.out:
            self.out.thread.join(5)
        check(code == 0, f"exit {code}:\n{self.log.text()}")
        check(took < limit_s, f"it took {took:.2f} s to stop")
        return took

    def reports(self):
        """What standard output holds."""
        return [json.loads(line) for _, line in self.out.lines]

    def reload(self, expect="event=reloaded"):
        """SIGHUP, and wait until it is done."""
        since = self.log.count()
        self.process.send_signal(signal.SIGHUP)
        self.log.wait(expect, since=since)

    def wait_red(self, *names, timeout=5):
        """All of these nodes are dead."""
        for name in names:
            self.out.wait(f'"node":"{name}","state":"red-unclean"', timeout)

    def close(self):
        """Leave nothing behind."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.ports.close()
        shutil.rmtree(self.folder)


def call(*arguments, code):
    """Run healthd to its end, with this exit code; what it said."""
    done = subprocess.run([HEALTHD, *arguments], capture_output=True, text=True, timeout=10, check=False)
    check(done.returncode == code, f"exit {done.returncode}, not {code}: {arguments}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def replay(path):
    """The changes of state that a trace replays to: (t_us, subject, from, to)."""
    done = subprocess.run([HEALTHCTL, "replay", "--json", str(path)], capture_output=True, text=True, timeout=30,
                          check=True)
    check(not done.stderr, done.stderr)
    return changes(json.loads(line) for line in done.stdout.splitlines())


def changes(reports):
    """Of reports, those that change a state."""
    return [(r["t_us"], r.get("node", "cluster"), r["from"], r["state"]) for r in reports if r["from"] != r["state"]]


def compare(live, again):
    """The same changes in the same order, at times that differ by as much as the loop was late."""
    check(live, "nothing has changed")
    check([c[1:] for c in live] == [c[1:] for c in again], f"other changes:\nlive     {live}\nreplayed {again}")
    worst = max(abs(a[0] - b[0]) for a, b in zip(live, again))
    check(worst <= 20000, f"times differ by up to {worst} us")


# ---- Scenes -------------------------------------------------------------------------------------------

def options(_stage):
    """Help, version, misuse, and their exit codes."""
    said = call("--help", code=0)[0]
    check("usage: healthd" in said, "help is not on standard output")
    manual = (Path(__file__).parents[1] / "docs/man/healthd.8").read_text(encoding="utf-8")
    for option in set(re.findall(r"--([a-z-]+)", said)):
        check(f"Fl -{option}" in manual, f"--{option} is not in the manual")
    version = call("--version", code=0)[0]
    for word in ("healthd ", "libevent ", "libmariadb ", "libyaml ", "cJSON ", "hiredis ", "OpenSSL "):
        check(word in version, f"{word} is not in {version}")
    for wrong in (["--dance"], ["extra"], ["--node", "n1=a"], ["--config", "x", "--cluster", "y"],
                  ["--config", "x", "--config", "y"]):
        check("usage: healthd" in call(*wrong, code=2)[1], f"{wrong}: usage is not on standard error")


def check_config(stage):
    """--check-config tells all mistakes; neither it nor the daemon runs with them."""
    stage.write({"lab": ["n1", "n2"]})
    check("1 cluster, 2 nodes" in call("--check-config", str(stage.config), code=0)[0], "a good file")
    call("--check-config", "--config", str(stage.config), code=0)
    stage.config.write_text("clusters:\n  - name: lab\n    password_file: /nowhere/pw\nprobe: {interval_ms: 0}\n",
                            encoding="utf-8")
    for arguments in (["--check-config", str(stage.config)], ["--config", str(stage.config)]):
        said = call(*arguments, code=78)[1]
        for line, word in ((2, "nodes are expected"), (3, "/nowhere/pw"), (4, "interval_ms")):
            check(re.search(f"^{stage.config}:{line}: .*{word}", said, re.M), f"line {line} is not told:\n{said}")
    call("--config", "/nowhere/healthd.yaml", code=78)
    call("--check-config", "--cluster", "lab", "--node", "n1=a:0", code=78)


def refused(stage):
    """Where nothing listens a node is red-unclean, once an agent could have spoken, and not before."""
    stage.write({"lab": ["n1", "n2"]})
    began = time.monotonic()
    stage.start()
    stage.wait_red("n1", "n2")
    took = stage.out.wait('"node":"n1","state":"red-unclean"')[0] - began
    check(AGENT_WAIT_S - 0.1 < took < AGENT_WAIT_S + 0.5, f"red after {took:.2f} s")
    stage.out.wait('"cluster":"lab","state":"red"')
    stage.log.wait("event=state cluster=lab node=n1 from=unknown to=red-unclean .*rules=running:")
    stage.log.wait("event=colour cluster=lab from=unknown to=red ")
    time.sleep(1.5)
    check(stage.log.text().count("event=probe cluster=lab node=n1 ") == 1, "a failure that repeats is told once")
    stage.stop()


def without_a_file(stage):
    """One cluster from the command line."""
    arguments = ["--cluster", "lab", "--user", "probe", "--password-file", str(stage.password), "--heartbeat", "none",
                 "--http", "none"]
    for name in ("n1", "n2"):
        arguments += ["--node", f"{name}=127.0.0.1:{stage.ports.refusing()}"]
    stage.start(arguments)
    stage.wait_red("n1", "n2")
    stage.reload()
    stage.stop()


def recorded(stage):
    """A record replays to the same; a file that exists is never touched; several clusters, several files."""
    trace = stage.folder / "trace.jsonl"
    trace.write_text("mine\n", encoding="utf-8")
    stage.write({"lab": ["n1", "n2"]}, f"record: {trace}\n")
    stage.start()
    stage.wait_red("n1", "n2")
    stage.stop()
    check(trace.read_text(encoding="utf-8") == "mine\n", "an existing file was touched")
    compare(changes(stage.reports()), replay(stage.folder / "trace.2.jsonl"))

    stage.write({"lab": ["n1"], "two": ["m1"]}, f"record: {trace}\n")
    stage.start()
    stage.wait_red("n1", "m1")
    stage.stop()
    for cluster in ("lab", "two"):
        compare(changes(r for r in stage.reports() if r["cluster"] == cluster),
                replay(stage.folder / f"trace.{cluster}.jsonl"))


def reloaded(stage):
    """A node comes, one goes, the third notices nothing; the record begins anew and replays too."""
    trace = stage.folder / "trace.jsonl"
    stage.write({"lab": ["n1", "n2"]}, f"record: {trace}\n")
    stage.start()
    stage.wait_red("n1", "n2")
    stage.out.wait('"cluster":"lab","state":"red"')
    stage.write({"lab": ["n1", "n3"]}, f"record: {trace}\n")
    before = stage.out.count()
    stage.reload()
    stage.wait_red("n3")
    since = stage.out.count()
    stage.ports.held[0].listen()  # n1 now accepts and is silent: neither refused nor alive
    stage.out.wait('"node":"n1"', 10, since)
    stage.stop()
    after = stage.reports()[before:]
    n1 = [r for r in after if r.get("node") == "n1"]
    old = [r["version"] for r in stage.reports()[:before] if r.get("node") == "n1"]
    check(n1[0]["version"] == old[-1] + 1 and n1[0]["from"] == "red-unclean", f"n1 did not go on: {n1[0]}")
    check(not [r for r in after if r.get("node") == "n2"], "n2 is still reported")
    n3 = [r for r in after if r.get("node") == "n3"]
    check(n3[0]["state"] == n3[0]["from"] == "unknown", f"n3 does not begin as unknown: {n3[0]}")
    compare(changes(stage.reports()[:before]), replay(trace))
    check([c for c in replay(stage.folder / "trace.2.jsonl") if c[1] == "n3"][0][2:] == ("unknown", "red-unclean"),
          "the second trace does not tell of n3")


def reloaded_beside_redis(stage):
    """What Redis holds is written anew, under another epoch, only when somebody came or went."""
    path = stage.folder / "redis.sock"
    server = subprocess.Popen([redis_server(stage.folder), "--port", "0", "--unixsocket", str(path), "--save", ""],
                              stdout=subprocess.DEVNULL)

    def held(node):
        asked = subprocess.run(["redis-cli", "-s", str(path), "HGET", "healthd:{lab}:state", f"node:{node}"],
                               capture_output=True, text=True, timeout=5, check=True)
        return json.loads(asked.stdout) if asked.stdout.strip() else {"epoch": 0, "state": None}

    def await_red(node):
        wait_until(lambda: held(node)["state"] == "red-unclean", lambda: f"Redis says of {node}: {held(node)}", 8)

    try:
        wait_until(path.exists, lambda: f"no redis-server: {server.poll()}")
        more = f"report: {{redis: {{address: {path}}}}}\n"
        stage.write({"lab": ["n1"]}, more)
        stage.start()
        await_red("n1")
        before = held("n1")
        stage.reload()
        time.sleep(1.2)  # a report interval
        check(held("n1") == before, f"a reload that changes nothing is told: {before} {held('n1')}")
        stage.write({"lab": ["n1", "n2"]}, more)
        stage.reload()
        await_red("n2")
        check(held("n1")["epoch"] == before["epoch"] + 1, f"not the next epoch: {before} {held('n1')}")
        stage.stop()
    finally:
        server.terminate()
        server.wait(5)


def broken_reload(stage):
    """A file with mistakes changes nothing, and each is logged."""
    stage.write({"lab": ["n1"]})
    stage.start()
    stage.wait_red("n1")
    stage.config.write_text("clusters:\n  - {name: lab}\nprobe: {interval_ms: 0}\n", encoding="utf-8")
    stage.reload("event=reload-failed")
    check(stage.log.text().count("event=config text=") == 2, stage.log.text())
    stage.write({"lab": ["n1", "n2"]}, "probe: {interval_ms: 500}\n")
    stage.reload()
    stage.wait_red("n2")
    check("event=reload key=probe " in stage.log.text(), "that the interval stays is not said")
    check(stage.out.text().count('"node":"n1","state":"red-unclean"') == 1, "n1 noticed the reloads")
    stage.stop()


def slow_reader(stage):
    """Who does not read standard output holds up nothing, and finds the latest states later."""
    names = [f"n{i}" for i in range(32)]
    stage.write({"lab": names}, "probe: {interval_ms: 200}\n")
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    stage.process = subprocess.Popen([HEALTHD, "--config", str(stage.config)], stdout=write_end,
                                     stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    stage.log = Reader(stage.process.stderr)
    for name in names:
        stage.log.wait(f"node={name} from=unknown to=red-unclean")
    stage.reload()
    with os.fdopen(read_end) as stream:
        stage.out = Reader(stream)
        stage.wait_red(*names)
        stage.stop()
    latest = {r["node"]: r["state"] for r in stage.reports() if "node" in r}
    check(latest == {name: "red-unclean" for name in names}, f"the latest states are {latest}")


def deaf_log(stage):
    """Who does not read the log holds up nothing either."""
    names = [f"n{i}" for i in range(32)]
    stage.write({"lab": names})
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    stage.process = subprocess.Popen([HEALTHD, "--config", str(stage.config)], stdout=subprocess.PIPE,
                                     stderr=write_end, text=True)
    os.close(write_end)
    stage.out = Reader(stage.process.stdout)
    stage.wait_red(*names)
    stage.process.send_signal(signal.SIGTERM)
    check(stage.process.wait(5) == 0, "it did not end well")
    os.close(read_end)


def gone_reader(stage):
    """Who had standard output may go: that is said once, and the rest goes on."""
    stage.write({"lab": ["n1"]})
    stage.start(read_out=False)
    stage.process.stdout.close()
    stage.log.wait("event=remark .*standard output cannot be written")
    stage.log.wait("node=n1 from=unknown to=red-unclean")
    stage.stop()


def full_disk(stage):
    """A record that may not grow ends, with a line in the log; monitoring goes on."""
    stage.write({"lab": [f"n{i}" for i in range(16)]}, f"record: {stage.folder}/trace.jsonl\nprobe: {{interval_ms: 50}}\n")
    limit = 8192
    stage.start()
    resource.prlimit(stage.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    stage.log.wait("event=record cluster=lab text=\"recording stops: File too large")
    stage.wait_red("n1")
    stage.stop()
    check((stage.folder / "trace.jsonl").stat().st_size == limit, "it wrote on")


def file_limit(stage):
    """More nodes than the soft limit has files for: it takes what the hard one allows."""
    names = [f"n{i}" for i in range(32)]
    stage.write({"lab": names})
    stage.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 4096)))
    soft, _ = resource.prlimit(stage.process.pid, resource.RLIMIT_NOFILE)
    check(soft == 4096, f"the limit is {soft}")
    stage.wait_red(*names)
    stage.stop()


def stalled(stage):
    """A stopped process blames nobody: what was red stays so, and the stall is logged."""
    stage.write({"lab": ["n1"]}, f"record: {stage.folder}/trace.jsonl\n")
    stage.start()
    stage.wait_red("n1")
    stage.out.wait('"cluster":"lab","state":"red"')
    before = len(changes(stage.reports()))
    stage.process.send_signal(signal.SIGSTOP)
    time.sleep(6)  # longer than any testimony of n1 is believed
    stage.process.send_signal(signal.SIGCONT)
    stage.log.wait("event=stall stalls=1 ")
    time.sleep(1.5)
    stage.stop()
    check(len(changes(stage.reports())) == before, f"the stall changed states: {changes(stage.reports())}")
    compare(changes(stage.reports()), replay(stage.folder / "trace.jsonl"))


def service_manager(stage):
    """What systemd is told, and how the journal's lines look."""
    box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = str(stage.folder / "notify")
    box.bind(path)
    box.settimeout(5)
    seen = []

    def wait(word):
        wait_until(lambda: any(word in message for message in seen), lambda: f"{word} did not come: {seen}",
                   turn=lambda: seen.append(box.recv(4096).decode()))
    stage.write({"lab": ["n1"]})
    stage.start(env={**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "600000"})
    wait("READY=1")
    wait("STATUS=1 cluster: 1 red, 0 of 1 nodes green")
    count = sum("WATCHDOG=1" in message for message in seen)
    check(5 <= count <= 12, f"{count} signs of life in some 2.5 s, each 0.3 s")
    seen.clear()
    stage.process.send_signal(signal.SIGHUP)
    wait("RELOADING=1\nMONOTONIC_USEC=")
    wait("READY=1")
    stage.process.send_signal(signal.SIGTERM)
    wait("STOPPING=1")
    check(stage.process.wait(5) == 0, "it did not end well")
    box.close()

    read_end, write_end = os.pipe()
    status = os.fstat(write_end)
    done = subprocess.Popen([HEALTHD, "--config", str(stage.config)], stdout=subprocess.DEVNULL, stderr=write_end,
                            env={**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
    os.close(write_end)
    with os.fdopen(read_end) as stream:
        first = stream.readline()
        done.terminate()
        done.wait(5)
    check(re.match(r"<5>event=start ", first), f"the journal gets {first!r}")


def taken_port(stage):
    """Where somebody else listens for heartbeats, the daemon says so and does not run."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        stage.write({"lab": ["n1"]})
        text = stage.config.read_text(encoding="utf-8").replace("listen: none", f"listen: '127.0.0.1:{port}'")
        stage.config.write_text(text, encoding="utf-8")
        check(str(port) in call("--config", str(stage.config), code=1)[1], "the port is not named")


def start_with_silent_servers(stage):
    """Watch servers that accept nobody, with a timeout that is longer than a stop may take."""
    names = [f"n{i}" for i in range(8)]
    stage.write({"lab": names}, "probe: {interval_ms: 500, timeout_ms: 5000}\n")
    for name in names:
        full = next(held for held in stage.ports.held if held.getsockname()[1] == stage.nodes["lab", name])
        full.listen(0)
        stage.ports.held.append(socket.create_connection(full.getsockname()))
    stage.start()
    time.sleep(1.5)


def silent_servers(stage):
    """Servers that accept nobody do not hold up the stop."""
    start_with_silent_servers(stage)
    stage.stop(1.4)


def second_signal(stage):
    """A second signal ends it at once, and a reload is too late: here while a silent Redis is waited for."""
    silent = socket.create_server(("127.0.0.1", 0))
    stage.ports.held.append(silent)
    port = silent.getsockname()[1]
    stage.write({"lab": ["n1"]}, f"report: {{redis: {{address: '127.0.0.1:{port}'}}}}\n")
    stage.start()
    time.sleep(1.5)
    stage.process.send_signal(signal.SIGTERM)
    stage.log.wait("event=stop ")
    stage.process.send_signal(signal.SIGHUP)
    time.sleep(0.05)
    check("event=reloaded" not in stage.log.text(), "it reloads while it ends")
    began = time.monotonic()
    stage.process.send_signal(signal.SIGTERM)
    check(stage.process.wait(5) == -signal.SIGTERM, "the signal has no effect")
    check(time.monotonic() - began < 0.3, "it took its time")


SCENES = (options, check_config, refused, without_a_file, recorded, reloaded, reloaded_beside_redis,
          broken_reload, slow_reader, deaf_log, gone_reader, full_disk, file_limit, stalled, service_manager,
          taken_port, silent_servers, second_signal)


if __name__ == "__main__":
    sys.exit(play_all(SCENES, Stage))
