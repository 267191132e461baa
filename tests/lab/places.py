"""Places: where the lab's processes live on the network.

With root, every place is a network namespace of its own, joined to the others by a bridge that lies in a
namespace too: nothing is added to the host. A namespace has no name; it lives as long as the process that
holds it, so it cannot be left behind. Without root, all places are loopback with ports of their own.
"""
import os
import shutil
import subprocess
import time

from ports import free_port

SQL_PORT = 3306
HEARTBEAT_PORT = 9201


class PlaceError(Exception):
    """A place could not be made, or cannot do what was asked."""


def _command(argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise PlaceError(f"{' '.join(argv)}: {done.stderr.strip()}")


class Namespaces:
    """Places with an address each; links between them can be cut."""

    partitions = True

    def __init__(self, procs, names, subnet):
        self._procs = procs
        self._holders = {}
        self._addresses = {}
        self._make("hub")
        self._inside("hub", "ip", "link", "add", "bridge", "type", "bridge")
        self._inside("hub", "ip", "link", "set", "bridge", "up")
        for number, name in enumerate(names, start=1):
            last = 254 if name == "monitor" else number
            self._addresses[name] = f"10.213.{subnet}.{last}"
            self._join(name, number)

    @staticmethod
    def possible():
        """Why namespaces cannot be made here, or None."""
        if os.geteuid() != 0:
            return "not root"
        for tool in ("ip", "iptables", "nsenter", "unshare"):
            if not shutil.which(tool):
                return f"no {tool}"
        tried = subprocess.run(["unshare", "--net", "iptables", "-n", "-L"], capture_output=True, check=False)
        return None if tried.returncode == 0 else "namespaces or iptables do not work here"

    def _make(self, name):
        holder = self._procs.spawn(["unshare", "--net", "sleep", "infinity"], f"namespace-{name}")
        deadline = time.monotonic() + 10
        while os.readlink(f"/proc/{holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            if holder.poll() is not None or time.monotonic() > deadline:
                raise PlaceError(f"no namespace for {name}")
            time.sleep(0.002)
        self._holders[name] = holder
        self._inside(name, "ip", "link", "set", "lo", "up")

    def _join(self, name, number):
        self._make(name)
        holder = str(self._holders[name].pid)
        port = f"port{number}"
        self._inside("hub", "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", holder)
        self._inside("hub", "ip", "link", "set", port, "master", "bridge", "up")
        self._inside(name, "ip", "address", "add", self._addresses[name] + "/24", "dev", "eth0")
        self._inside(name, "ip", "link", "set", "eth0", "up")

    def _inside(self, name, *argv):
        _command(self.enter(name) + list(argv))

    def enter(self, name):
        """What to put before a command so that it runs there. It ends in exec: the process id stays."""
        return ["nsenter", f"--net={self.path(name)}", "--"]

    def path(self, name):
        """The namespace as a file, for setns()."""
        return f"/proc/{self._holders[name].pid}/ns/net"

    def address(self, name):
        """The address of a place."""
        return self._addresses[name]

    def port(self, _name, standard):
        """Every place has all ports to itself."""
        return standard

    def _drop(self, name, *match):
        self._inside(name, "iptables", "-w", "-A", *match, "-j", "DROP")

    def cut(self, name, kind, others):
        """Cut place `name` off; `others` are the places that run nodes. See Lab.cut()."""
        peers = [other for other in others if other != name]
        far = {"all": [p for p in self._addresses if p != name], "peers": peers, "monitor": ["monitor"]}
        for other in far.get(kind, ()):
            self._drop(name, "INPUT", "-s", self.address(other))
            self._drop(name, "OUTPUT", "-d", self.address(other))
        monitor = self.address("monitor")
        if kind == "sql":
            self._drop(name, "INPUT", "-s", monitor, "-p", "tcp", "--dport", str(SQL_PORT))
            self._drop(name, "OUTPUT", "-d", monitor, "-p", "tcp", "--sport", str(SQL_PORT))
        elif kind == "heartbeat":
            self._drop(name, "OUTPUT", "-d", monitor, "-p", "udp", "--dport", str(HEARTBEAT_PORT))
        elif kind not in far:
            raise PlaceError(f"no kind of cut is called {kind}")

    def loss(self, name, probability):
        """Lose this share of the packets that reach or leave a place."""
        for chain in ("INPUT", "OUTPUT"):
            self._drop(name, chain, "-m", "statistic", "--mode", "random", "--probability", str(probability))

    def heal(self):
        """Undo every cut and loss."""
        for name in self._addresses:
            self._inside(name, "iptables", "-w", "-F")


class Loopback:
    """All places are 127.0.0.1, with ports of their own; nothing can be cut."""

    partitions = False

    def __init__(self, _procs, _names, _subnet):
        self._ports = {}

    def enter(self, _name):
        """Nothing needs to be entered."""
        return []

    def path(self, _name):
        """The namespace everybody is in."""
        return "/proc/self/ns/net"

    def address(self, _name):
        """The one address."""
        return "127.0.0.1"

    def port(self, name, standard):
        """A free port that stays this place's one for `standard`."""
        key = (name, standard)
        if key not in self._ports:
            self._ports[key] = free_port()
        return self._ports[key]

    def cut(self, *_):
        """Not here."""
        raise PlaceError("no partitions without network namespaces (they need root)")

    loss = cut

    def heal(self):
        """Nothing was cut."""
