"""healthd, its agents and a Redis, watching a lab's cluster; and what they said, with the time it arrived."""
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "lab"), str(TESTS)]

from lab import PROBE_PASSWORD, PROBE_USER, Lab, NodeError  # noqa: E402
from node import account, as_account, group  # noqa: E402
from scenes import Failed, redis_server  # noqa: E402

INTERVAL_MS = 1000
TIMEOUT_MS = 500
BEAT_MS = 500


class Failure(Failed):
    """healthd did not say what was true, or not in time."""


class Reports:
    """Lines of JSON from a process, kept with the time they arrived; anybody may wait for one."""

    def __init__(self, stream):
        self._stream = stream
        self._changed = threading.Condition()
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._stream:
            if not line.startswith("{"):
                continue  # redis-cli prints more than the messages
            report = json.loads(line)
            report["arrived"] = time.monotonic()
            with self._changed:
                self.lines.append(report)
                self._changed.notify_all()

    def of(self, subject, since=0.0):
        """What was said of a node, or of the "cluster", since then."""
        with self._changed:
            return [r for r in self.lines if r.get("node", "cluster") == subject and r["arrived"] >= since]

    def state(self, subject):
        """The latest."""
        said = self.of(subject)
        return said[-1]["state"] if said else "unknown"

    def wait(self, subject, states, timeout, since=0.0):
        """Wait until the subject is in one of these states; returns the report that said so."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                said = [r for r in self.lines if r.get("node", "cluster") == subject]
                if said and said[-1]["state"] in states:
                    first = said[-1]
                    for report in reversed(said):
                        if report["state"] not in states:
                            break
                        first = report
                    return first if first["arrived"] >= since else said[-1]
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failure(f"{subject} is {said[-1]['state'] if said else 'not told of'} after "
                                  f"{timeout} s, and not {' or '.join(states)}")
                self._changed.wait(left)


class Watch:
    """A cluster that is watched. Use as a context manager."""

    def __init__(self, bin_dir, nodes=3, loopback=False, redis=False, agents=True):
        self.bin = Path(bin_dir)
        self.lab = Lab(nodes=nodes, loopback=loopback)
        self._wants_redis = redis
        self._wants_agents = agents
        self.agents = {}
        self.healthd = self.redis = self.reports = self.upstream = None

    def __enter__(self):
        self.lab.__enter__()
        try:
            self.folder = self.lab.procs.folder
            self._write_files()
            self.lab.start()
            if self._wants_redis:
                self.start_redis()
            self.start_healthd()
            if self._wants_agents:
                for name in self.lab.names:
                    self.start_agent(name)
            self.wait_all_green(15)
        except BaseException:
            self.lab.close()
            raise
        return self

    def __exit__(self, *_):
        self.lab.close()

    # -- files

    def _secret(self, name, text, owner=None):
        path = self.folder / name
        path.write_text(text + "\n", encoding="utf-8")
        path.chmod(0o600)
        if owner:
            shutil.chown(path, owner, group())
        return path

    def write_password(self, password):
        """The probe user's password as healthd and the agents know it."""
        self._password = self._secret("probe.pw", password)
        self._agent_password = self._secret("agent.pw", password, account())

    def password(self):
        """As it is now."""
        return self._password.read_text(encoding="utf-8").strip()

    def _write_files(self):
        self.write_password(PROBE_PASSWORD)
        self._key = self._secret("heartbeat.key", os.urandom(24).hex())
        self._token = self._secret("token", os.urandom(24).hex())
        self._agent_program = self.folder / "healthd-agent"  # its user may not enter the checkout
        shutil.copy(self.bin / "healthd-agent", self._agent_program)
        self._agent_key = self._secret("agent.key", self._key.read_text().strip(), account())
        self.trace = self.folder / "trace.jsonl"
        self.config = self.folder / "healthd.yaml"
        self.write_config()

    def heartbeat_address(self):
        """Where healthd listens for heartbeats."""
        return f"{self.lab.address('monitor')}:{self.lab.port('monitor', 9201)}"

    def http_address(self):
        """Where healthd serves HTTP."""
        return f"{self.lab.address('monitor')}:{self.lab.port('monitor', 9200)}"

    def agent_check_address(self):
        """Where healthd answers HAProxy's agent-check."""
        return f"{self.lab.address('monitor')}:{self.lab.port('monitor', 9202)}"

    def maintain(self, name, word):
        """Take a node out of service ("on"), or give it back ("off"), as an operator would."""
        reason = ["--reason", "kernel update"] if word == "on" else []
        self._order("maint", word, name, *reason)

    def acknowledge(self):
        """What stays until somebody has seen it goes."""
        self._order("acknowledge", "lab")

    def _order(self, *words):
        self.lab.run("monitor", [str(self.bin / "healthctl"), *words, "--token-file", str(self._token), "--server",
                                 f"http://{self.http_address()}"])

    def write_config(self):
        """healthd's configuration."""
        nodes = "".join(
            f"      - {{name: {name}, address: {self.lab.address(name)}, port: {self.lab.port(name, 3306)}}}\n"
            for name in self.lab.names)
        redis = f"  redis: {{address: \"{self._redis_socket()}\"}}\n" if self._wants_redis else ""
        self.config.write_text(
            f"clusters:\n  - name: lab\n    expected_size: {len(self.lab.names)}\n    user: {PROBE_USER}\n"
            f"    password_file: {self._password}\n    nodes:\n{nodes}"
            f"probe: {{interval_ms: {INTERVAL_MS}, timeout_ms: {TIMEOUT_MS}}}\n"
            f"heartbeat: {{listen: \"{self.heartbeat_address()}\", interval_ms: {BEAT_MS}, "
            f"key_file: {self._key}}}\n"
            f"http: {{listen: \"{self.http_address()}\", token_file: {self._token}}}\n"
            f"agent_check: {{listen: \"{self.agent_check_address()}\"}}\n"
            f"report:\n  stdout: true\n{redis}record: {self.trace}\n", encoding="utf-8")

    # -- processes

    def start_healthd(self):
        """The monitor."""
        self.healthd = self.lab.spawn("monitor", [str(self.bin / "healthd"), "--config", str(self.config)],
                                      "healthd", stdout=subprocess.PIPE, text=True)
        self.reports = Reports(self.healthd.stdout)

    def start_agent(self, name):
        """The agent beside a node; it runs as the user that mysqld runs as."""
        node = self.lab.nodes[name]
        self.agents[name] = self.lab.spawn(name, as_account() + [
            str(self._agent_program), "--cluster", "lab", "--node", name,
            "--monitor", self.heartbeat_address(), "--datadir", str(node.datadir),
            "--socket", str(node.socket), "--user", PROBE_USER, "--password-file", str(self._agent_password),
            "--key-file", str(self._agent_key), "--interval-ms", str(BEAT_MS), "--", *node.recover_command()],
            f"agent-{name}")

    def stop_agent(self, name):
        """Kill an agent."""
        self.agents[name].kill()
        self.agents[name].wait()

    def _redis_socket(self):
        return self.folder / "redis.sock"

    def start_redis(self):
        """A Redis of our own on a Unix socket, and a subscriber to its events."""
        self.redis = self.lab.spawn("monitor", [
            redis_server(self.folder), "--port", "0", "--unixsocket", str(self._redis_socket()), "--save", "",
            "--appendonly", "no", "--dir", str(self.folder)], "redis")
        self.lab.wait("Redis answers", lambda: self._redis("PING") == "PONG", 10)
        subscriber = self.lab.spawn("monitor", self._redis_cli("SUBSCRIBE", "healthd:{lab}:events"),
                                    "subscriber", stdout=subprocess.PIPE, text=True)
        self.upstream = Reports(subscriber.stdout)

    def _redis_cli(self, *words):
        return ["redis-cli", "-s", str(self._redis_socket()), *words]

    def _redis(self, *words):
        done = self.lab.run("monitor", self._redis_cli(*words), check=False)
        return done.stdout.strip()

    def upstream_picture(self):
        """What Redis holds: states by subject."""
        lines = self._redis("HGETALL", "healthd:{lab}:state").splitlines()
        pairs = dict(zip(lines[::2], lines[1::2]))
        return {field.removeprefix("node:"): json.loads(text)["state"] for field, text in pairs.items()}

    def stop_healthd(self):
        """Politely; its trace is complete then."""
        self.healthd.send_signal(signal.SIGTERM)
        code = self.healthd.wait(10)
        if code != 0:
            raise Failure(f"healthd ended with {code}: see its log:\n{self.log('healthd')}")

    def log(self, name, lines=30):
        """The end of a process's log."""
        path = self.folder / "log" / f"{name}.log"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    # -- what is said

    def wait(self, subject, states, timeout, since=0.0):
        """Wait for a state; returns the report."""
        return self.reports.wait(subject, [states] if isinstance(states, str) else states, timeout, since)

    def wait_all_green(self, timeout=40):
        """Wait until every node and the cluster are Green."""
        for subject in [*self.lab.names, "cluster"]:
            self.wait(subject, "green", timeout)

    def never(self, subject, states, since):
        """None of these was said since then."""
        for report in self.reports.of(subject, since):
            if report["state"] in states:
                raise Failure(f"{subject} was called {report['state']} ({report['reason']}) "
                              f"{(report['arrived'] - since) * 1e3:.0f} ms into it")

    def replayed(self):
        """The recorded trace must replay to the same changes of state, in the same order."""
        done = subprocess.run([str(self.bin / "healthctl"), "replay", "--json", str(self.trace)],
                              capture_output=True, text=True, timeout=60, check=True)

        def changes(reports):
            return [(r.get("node", "cluster"), r["from"], r["state"]) for r in reports
                    if r["from"] != r["state"]]
        live = changes(self.reports.lines)
        again = changes([json.loads(line) for line in done.stdout.splitlines()])
        if live != again:
            raise Failure(f"the recording replays to other changes:\nlive     {live}\nreplayed {again}")
        return len(live)


__all__ = ["BEAT_MS", "Failed", "Failure", "INTERVAL_MS", "NodeError", "TIMEOUT_MS", "Watch"]
