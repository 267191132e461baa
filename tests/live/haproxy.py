"""The HAProxy of deploy/haproxy/healthd.cfg, in front of a watched cluster; and what its stats socket says."""
import contextlib
import csv
import io
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from watch import Failure

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "deploy" / "haproxy" / "healthd.cfg"
UNPACKED = ROOT / "build" / "lab" / "tools" / "usr" / "sbin" / "haproxy"
FRONT_PORT = 3307


def program():
    """Where HAProxy is: installed, or unpacked by ./dev."""
    found = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin") or (UNPACKED.exists() and str(UNPACKED))
    if not found:
        raise Failure("HAProxy is expected: ./dev test unpacks it")
    return found


def front(watch):
    """Where clients connect."""
    return f"{watch.lab.address('monitor')}:{watch.lab.port('monitor', FRONT_PORT)}"


def addressed(watch):
    """The shipped configuration with this lab's addresses, and no other change."""
    lab = watch.lab
    text = SHIPPED.read_text(encoding="utf-8")
    for number, name in enumerate(lab.names, start=1):
        text = text.replace(f"10.0.0.{number}:3306", f"{lab.address(name)}:{lab.port(name, 3306)}")
    (http, http_port), (agent, agent_port) = (address.rsplit(":", 1) for address in (watch.http_address(),
                                                                                 watch.agent_check_address()))
    text = text.replace("agent-addr 127.0.0.1 agent-port 9202", f"agent-addr {agent} agent-port {agent_port}")
    text = text.replace("addr 127.0.0.1 port 9200", f"addr {http} port {http_port}")
    text = text.replace("server healthd 127.0.0.1:9200", f"server healthd {http}:{http_port}")
    return text.replace("bind 127.0.0.1:3307", f"bind {front(watch)}")


class Haproxy:
    """Use as a context manager. `more` is a further part of the configuration."""

    def __init__(self, watch, more=""):
        self.watch = watch
        folder = watch.folder
        self._stats = folder / "haproxy.sock"
        self._parts = [folder / "global.cfg", folder / "healthd.cfg", folder / "more.cfg"]
        self._parts[0].write_text(f"global\n    stats socket {self._stats} mode 600 level admin\n"
                                  "    log stdout format raw local0\n", encoding="utf-8")
        self._parts[1].write_text(addressed(watch), encoding="utf-8")
        self._parts[2].write_text(more, encoding="utf-8")
        self.process = None

    def front(self):
        """Where clients connect."""
        return front(self.watch)

    def __enter__(self):
        files = [word for part in self._parts for word in ("-f", str(part))]
        checked = subprocess.run([program(), "-c", "-dW", *files], capture_output=True, text=True, timeout=20,
                                 check=False)
        if checked.returncode:
            raise Failure(f"HAProxy refuses the configuration:\n{checked.stderr}")
        self.process = self.watch.lab.spawn("monitor", [program(), "-db", *files], "haproxy")
        self.watch.lab.wait("HAProxy runs", self._stats.exists, 10)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self._stats.unlink(missing_ok=True)

    def servers(self, backend="galera"):
        """What the stats socket says of a backend's servers, by name."""
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(self._stats))
            stream.sendall(b"show stat\n")
            text = b"".join(iter(lambda: stream.recv(65536), b"")).decode().lstrip("# ")
        return {row["svname"]: row for row in csv.DictReader(io.StringIO(text))
                if row["pxname"] == backend and row["type"] == "2"}

    def states(self, backend="galera"):
        """Do they get new sessions? In the order of names: {"n1": True}."""
        return {name: row["status"].startswith("UP") and row["weight"] != "0"
                for name, row in self.servers(backend).items()}

    def wait(self, expected, timeout, backend="galera"):
        """Until the servers are so; returns how long it took."""
        began = time.monotonic()
        while (states := self.states(backend)) != expected:
            if time.monotonic() > began + timeout:
                raise Failure(f"HAProxy's servers are {states} after {timeout} s, and not {expected}:\n{self.log()}")
            time.sleep(0.005)
        return time.monotonic() - began

    def whole(self, timeout=30, backend="galera"):
        """Until all are up, and were asked after: HAProxy begins with servers up, and the first failure ends that."""
        began = time.monotonic()
        while not all(row["check_status"] == "L7OK" for row in self.servers(backend).values()):
            if time.monotonic() > began + timeout:
                raise Failure(f"not all servers were found well in {timeout} s:\n{self.log()}")
            time.sleep(0.05)
        return self.wait(dict.fromkeys(self.watch.lab.names, True), timeout, backend)

    def without(self, *names, timeout=5):
        """Until these, and no others, are down."""
        return self.wait({name: name not in names for name in self.watch.lab.names}, timeout)

    def reached(self, count=12):
        """Which nodes so many queries through the frontend reach; none may fail."""
        host, port = self.front().rsplit(":", 1)
        script = ("import sys; from sql import Session\n"
                  f"for _ in range({count}):\n"
                  f"    with Session('probe', {self.watch.password()!r}, {host!r}, {port}, timeout=5) as session:\n"
                  "        print(session.query('SELECT @@wsrep_node_name')[0])\n")
        done = self.watch.lab.run("monitor", ["python3", "-c", script], check=False,
                                  cwd=Path(__file__).parent)
        if done.returncode:
            raise Failure(f"a query through HAProxy failed: {done.stderr.strip().splitlines()[-1]}")
        return set(done.stdout.split())

    @contextlib.contextmanager
    def session_on(self, name, seconds):
        """A session of so long that was led to this node; when the block ends, it has lasted."""
        host, port = self.front().rsplit(":", 1)
        script = ("import time; from sql import Session\n"
                  f"for _ in range(50):\n"
                  f"    session = Session('probe', {self.watch.password()!r}, {host!r}, {port}, timeout=5)\n"
                  f"    if session.query('SELECT @@wsrep_node_name')[0] == {name!r}: break\n"
                  "print('it stands', flush=True)\n"
                  f"for _ in range(int({seconds} / 0.1)):\n"
                  f"    time.sleep(0.1)\n"
                  f"    assert session.query('SELECT @@wsrep_node_name')[0] == {name!r}\n"
                  "print('it has lasted', flush=True)\n")
        client = self.watch.lab.spawn("monitor", ["python3", "-c", script], "session", cwd=Path(__file__).parent)
        self.watch.lab.wait(f"a session on {name}", lambda: "it stands" in self.watch.log("session"), 10)
        yield
        client.wait(seconds + 20)
        if "it has lasted" not in self.watch.log("session"):
            raise Failure(f"a session on {name} was ended: {self.watch.log('session').strip().splitlines()[-1]}")

    def log(self):
        """What it said."""
        return re.sub(r"^.*(Proxy|Connect from).*\n", "", self.watch.log("haproxy"), flags=re.M)
