#!/usr/bin/env python3
"""A real Galera cluster for tests: see README.md beside this file.

    with Lab(nodes=3) as lab:
        lab.start()
        lab.kill("n3")
        lab.wait_synced(["n1", "n2"], size=2)
"""
import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from node import Node, NodeError, make_template
from places import Loopback, Namespaces, PlaceError
from processes import Processes, reap

CACHE = Path(__file__).resolve().parents[2] / "build" / "lab"
PROBE_USER = "probe"
PROBE_PASSWORD = "look-only"

# What a probe may do, and no more: log in, read the status, and read who is a member.
SETUP_SQL = f"""
    CREATE USER '{PROBE_USER}'@'%' IDENTIFIED BY '{PROBE_PASSWORD}';
    GRANT SELECT ON mysql.wsrep_cluster_members TO '{PROBE_USER}'@'%';
    CREATE DATABASE lab;
    CREATE TABLE lab.t (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(255));
"""

__all__ = ["Lab", "NodeError", "PlaceError", "PROBE_USER", "PROBE_PASSWORD"]


class Lab:
    """A cluster of `nodes` nodes n1, n2, ..., a place "monitor", and further places by name."""

    def __init__(self, nodes=3, places=(), loopback=False):
        self.names = [f"n{number}" for number in range(1, nodes + 1)]
        self._more = list(places)
        self.why_no_partitions = "asked for loopback" if loopback else Namespaces.possible()
        self.procs = None
        self.places = None
        self.nodes = {}

    def __enter__(self):
        self.procs = Processes()
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End everything and remove everything."""
        if self.procs:
            self.procs.close()

    def _make(self):
        kind = Loopback if self.why_no_partitions else Namespaces
        if self.why_no_partitions:
            print(f"lab: on loopback, without partitions: {self.why_no_partitions}", file=sys.stderr)
        names = self.names + self._more + ["monitor"]
        self.places = kind(self.procs, names, 1 + os.getpid() % 250)
        self.cluster = f"lab-{self.procs.lab_id}"
        template = self._template()
        for name in self.names:
            self.nodes[name] = Node(name, self.procs, self.places, self.cluster)
            self.nodes[name].lay_out(template)

    def _template(self):
        """The data directory all nodes start from; made once, kept in build/."""
        version = subprocess.run(["mariadbd", "--version"], capture_output=True, text=True, check=True).stdout
        cached = CACHE / f"template-{version.split()[2]}-uid{os.geteuid()}"
        if cached.exists():
            return cached
        node = Node(self.names[0], self.procs, self.places, "template", "template")
        make_template(node, SETUP_SQL)
        self._keep_template(node.datadir, cached)
        return node.datadir

    def _keep_template(self, fresh, cached):
        """Keep a template for later labs, if we can; it appears whole or not at all."""
        private = cached.with_name(f"{cached.name}.{self.procs.lab_id}")
        try:
            CACHE.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", fresh, private], check=True)
            private.rename(cached)
        except OSError:  # not ours to write to, or another lab was quicker
            pass
        finally:
            shutil.rmtree(private, ignore_errors=True)

    # -- the life of nodes

    def _peers(self, name):
        return [node.group_address() for node in self.nodes.values() if node.name != name]

    def start(self, *names, wait=True):
        """Start nodes, by default all; the first founds the cluster if no other node runs."""
        for name in names or self.names:
            if any(node.running() for node in self.nodes.values()):
                self.nodes[name].start(self._peers(name))
            else:
                self.bootstrap(name, wait=wait)
        if wait:
            self.wait_synced(names or self.names)

    def bootstrap(self, name, wait=True):
        """Found the cluster (anew) from this node, as an operator does after a crash."""
        self.nodes[name].allow_bootstrap()
        self.nodes[name].start([])
        if wait:
            self.wait_synced([name])

    def kill(self, *names, number=signal.SIGKILL):
        """Send all these nodes a signal at once, then wait until they have exited."""
        for name in names:
            self.nodes[name].send(number)
        for name in names:
            self.nodes[name].wait_exit()

    def stop(self, *names):
        """Stop nodes politely, all at once, and wait until they have exited."""
        self.kill(*names, number=signal.SIGTERM)

    def freeze(self, *names):
        """Stop the processes without ending them (SIGSTOP)."""
        for name in names:
            self.nodes[name].send(signal.SIGSTOP)

    def thaw(self, *names):
        """Let frozen processes go on."""
        for name in names:
            self.nodes[name].send(signal.SIGCONT)

    # -- the network

    def cut(self, name, kind="all"):
        """Drop the packets of a place, both ways.

        all: to and from every other place; peers: the other nodes; monitor: the monitor;
        sql: the monitor's to its SQL port; heartbeat: its heartbeats to the monitor.
        """
        self.places.cut(name, kind, self.names + self._more)

    def loss(self, name, probability):
        """Lose this share of the packets that reach or leave a place."""
        self.places.loss(name, probability)

    def heal(self):
        """Undo every cut and loss."""
        self.places.heal()

    # -- asking

    def sql(self, name, text, timeout=20):
        """Run SQL on a node as root; returns the rows as lists of strings."""
        return self.nodes[name].sql(text, timeout)

    def status(self, name):
        """Galera's own word: the node's wsrep_ status without the prefix."""
        return self.nodes[name].status()

    def wait(self, what, test, timeout=30, poll=0.1):
        """Wait until test() is true; returns its value. Fails with what was waited for."""
        deadline = time.monotonic() + timeout
        while not (value := test()):
            if time.monotonic() > deadline:
                raise NodeError(f"waited {timeout} s in vain: {what}")
            time.sleep(poll)
        return value

    def wait_synced(self, names=None, size=None, timeout=60):
        """Wait until nodes are Synced members of a Primary component (of this size, if given)."""
        for name in names or self.names:
            node = self.nodes[name]

            def arrived(node=node):
                if not node.running():
                    raise NodeError(f"{node.name} has exited:\n{node.tail()}")
                return node.synced(size)

            self.wait(f"{name} is Synced", arrived, timeout)

    # -- further processes

    def spawn(self, place, argv, name=None, **popen):
        """Start a process in a place. It ends with the lab at the latest. Returns a Popen.

        Its output goes to log/NAME.log unless stdout and stderr are given.
        """
        return self.procs.spawn(self.places.enter(place) + list(argv), name or Path(argv[0]).name, **popen)

    def run(self, place, argv, **options):
        """Run a command in a place and wait for it: subprocess.run() with captured text."""
        options = {"capture_output": True, "text": True, "timeout": 60, "check": True, **options}
        return subprocess.run(self.places.enter(place) + list(argv), env=self.procs.environment(), **options)

    def address(self, place):
        """A place's address."""
        return self.places.address(place)

    def port(self, place, standard):
        """The port a place uses for a service with this standard port (the same, but on loopback)."""
        return self.places.port(place, standard)


def _up(args):
    """Run a cluster until interrupted, and say how to reach it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    with Lab(args.nodes, loopback=args.loopback) as lab, contextlib.suppress(KeyboardInterrupt):
        lab.start()
        for name, node in lab.nodes.items():
            print(f"{name}: {node.address}:{node.port}  pid {node.pid}  mariadb -uroot -S {node.socket}")
        print(f"monitor: {' '.join(lab.places.enter('monitor'))}")
        print(f"user {PROBE_USER}, password {PROBE_PASSWORD}; logs in {lab.procs.folder}/log; Ctrl-C ends it")
        sys.stdout.flush()
        signal.pause()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="A real Galera cluster for tests.")
    verbs = parser.add_subparsers(required=True)
    up_verb = verbs.add_parser("up", help="run a cluster until interrupted")
    up_verb.add_argument("--nodes", type=int, default=3)
    up_verb.add_argument("--loopback", action="store_true", help="no network namespaces")
    up_verb.set_defaults(run=_up)
    reap_verb = verbs.add_parser("reap", help="remove what killed labs left behind")
    reap_verb.set_defaults(run=lambda _: print(*reap()))
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
