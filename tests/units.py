#!/usr/bin/python3
"""units.py HEALTHD AGENT FAKE_MYSQLD: systemd takes the units, they are tight, and both programs do their work
under what the units allow: as a user without privileges, with the units' capabilities and system calls, seeing
only processes in /proc. The rest of the units, and systemd itself, are tested by packages_live."""
import contextlib
import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scenes import Failed, check, free_port, wait_until

TESTS = Path(__file__).parent
DEPLOY = TESTS.parent / "deploy"
EXPOSED = {"healthd": 12, "healthd-agent": 17}  # tenths, of systemd's own measure from 0 to 10
USER = 65534


def unit(name):
    """The unit's text."""
    return (DEPLOY / f"{name}.service").read_text(encoding="utf-8")


def values(name, key):
    """All that a unit says of a key."""
    return re.findall(rf"^{key}=(.*)$", unit(name), re.MULTILINE)


# ---- Under what a unit allows --------------------------------------------------------------------------


def calls_of(group):
    """The system calls in one of systemd's groups."""
    found = set()
    said = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    for word in re.findall(r"^    (@?[a-z_0-9-]+)$", said.stdout, re.MULTILINE):
        found |= calls_of(word) if word.startswith("@") else {word}
    return found


def confine(name, command):
    """Become the command, with no other system calls than the unit's. What is not allowed kills, so that it shows."""
    import seccomp  # Debian's, which no other python has
    allowed = set()
    for line in values(name, "SystemCallFilter"):
        named = set().union(*(calls_of(group) for group in line.lstrip("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    calls = seccomp.SyscallFilter(seccomp.KILL_PROCESS)
    for call in allowed - {"socket"}:
        with contextlib.suppress(RuntimeError, OSError):  # not of this architecture
            calls.add_rule(seccomp.ALLOW, call)
    for family in values(name, "RestrictAddressFamilies")[0].split():
        calls.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, getattr(socket, family)))
    calls.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", seccomp.Arg(0, seccomp.EQ, socket.AF_NETLINK))
    calls.load()
    os.execv(command[0], command)


def confined(folder, name, *command):
    """The words that start a command as its unit does. Every unit sees processes only, and has no privileges."""
    capabilities = values(name, "AmbientCapabilities")[0].lower().replace("cap_", "+")
    capabilities = "-all" + ("," + capabilities if capabilities else "")
    proc = "mount -t proc -o subset=" + values(name, "ProcSubset")[0]
    if "invisible" in values(name, "ProtectProc"):
        proc += ",hidepid=invisible"
    return ["unshare", "--mount", "sh", "-c", f'{proc} proc /proc && exec "$@"', "sh",
            "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs",
            f"--bounding-set={capabilities}", f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}",
            sys.executable, str(folder / "tests" / "units.py"), "--confine", name, *command]


class Service:
    """A program under its unit's restrictions, and what it tells the service manager."""

    def __init__(self, folder, name, *command):
        self.told = []
        self.log = folder / f"{name}.log"
        path = folder / f"{name}.notify"
        self.box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.box.bind(str(path))
        path.chmod(0o777)
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                confined(folder, name, *command), stdout=subprocess.DEVNULL, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "400000"})

    def wait_told(self, word, timeout=10):
        """Until the service manager has been told this, after what was awaited before."""
        deadline = time.monotonic() + timeout
        while not any(word in message for message in self.told):
            self.box.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.told.append(self.box.recv(4096).decode())
            except TimeoutError:
                raise Failed(f"{word} is not told, but {self.told}; status {self.process.poll()}; "
                             f"{self.log.read_text(encoding='utf-8')}") from None
        self.told.clear()

    def wait_log(self, pattern, timeout=10):
        """Until it has logged this."""
        wait_until(lambda: re.search(pattern, self.log.read_text(encoding="utf-8")), lambda: (
            f"not logged: {pattern}; status {self.process.poll()}; {self.log.read_text(encoding='utf-8')}"), timeout)

    def live(self):
        """Alive, and it takes a reload."""
        self.wait_told("WATCHDOG=1")
        self.process.send_signal(signal.SIGHUP)
        self.wait_told("RELOADING=1\nMONOTONIC_USEC=")
        self.wait_told("READY=1")
        self.wait_told("WATCHDOG=1")

    def stop(self):
        """Politely."""
        self.process.terminate()
        self.wait_told("STOPPING=1")
        check(self.process.wait(10) == 0, f"it ends with {self.process.returncode}")

    def close(self):
        """Whatever has happened."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.box.close()


# ---- Scenes --------------------------------------------------------------------------------------------


def systemd_takes_them(folder, programs):
    """No key that systemd does not know, and nothing exposed that was not."""
    for name, exposed in EXPOSED.items():
        copy = folder / f"{name}.service"
        copy.write_text(unit(name).replace(f"/usr/sbin/{name}", str(programs[name])), encoding="utf-8")
        said = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True,
                              check=False)
        ours = [line for line in said.stderr.splitlines() if f"{name}.service" in line]
        check(not ours, f"systemd-analyze verify: {ours}")
        said = subprocess.run(["systemd-analyze", "security", "--offline=yes", f"--threshold={exposed}", copy],
                              capture_output=True, text=True, check=False)
        check(said.returncode == 0, f"{name} is exposed by more than {exposed / 10}: {said.stdout}")


def they_work(folder, programs):
    """The agent sees how mysqld ends, and healthd says so; under all of their restrictions."""
    refusing = socket.socket()
    refusing.bind(("127.0.0.1", 0))
    beats = free_port(socket.SOCK_DGRAM)
    state, data = folder / "state", folder / "data"
    for directory in (state, data):
        directory.mkdir()
        os.chown(directory, USER, USER)
    config = folder / "healthd.yaml"
    config.write_text(f"""
clusters: [{{name: lab, nodes: [{{name: n1, address: 127.0.0.1, port: {refusing.getsockname()[1]}}}]}}]
heartbeat: {{listen: "127.0.0.1:{beats}", interval_ms: 200}}
http: {{listen: "127.0.0.1:{free_port()}"}}
record: {state}/trace.jsonl
""", encoding="utf-8")
    with contextlib.ExitStack() as stack:
        stack.callback(refusing.close)
        monitor = Service(folder, "healthd", programs["healthd"], "--config", str(config))
        stack.callback(monitor.close)
        monitor.wait_told("READY=1")
        # Debian's mariadb.service gives mysqld the capability that the agent's unit has.
        mysqld = subprocess.Popen(
            confined(folder, "healthd-agent", programs["mysqld"], f"--datadir={data}"))
        stack.callback(mysqld.wait)
        stack.callback(mysqld.kill)
        agent = Service(folder, "healthd-agent", programs["healthd-agent"], "--cluster", "lab", "--node", "n1",
                        "--monitor", f"127.0.0.1:{beats}", "--datadir", str(data),
                        "--socket", str(folder / "mysqld.sock"), "--interval-ms", "200")
        stack.callback(agent.close)
        agent.wait_told("READY=1")
        monitor.wait_log(r"event=state .*node=n1 .*to=yellow .*reason=(starting|port-closed)")
        mysqld.kill()
        monitor.wait_log(r"event=state .*node=n1 .*to=red-unclean reason=killed")
        monitor.live()
        agent.live()
        agent.stop()
        monitor.stop()
        check((state / "trace.jsonl").stat().st_size > 0, "nothing is recorded")


def main():
    """All scenes; skipped without what they need."""
    if sys.argv[1] == "--confine":
        confine(sys.argv[2], sys.argv[3:])
    folder = Path(tempfile.mkdtemp(prefix="healthd-units-"))
    folder.chmod(0o755)
    try:
        # All that runs or reads as another user goes where every user may read.
        programs = {path.name: shutil.copy(path, folder) for path in map(Path, sys.argv[1:4])}
        shutil.copytree(DEPLOY, folder / "deploy")
        (folder / "tests" / "lab").mkdir(parents=True)
        for name in ("units.py", "scenes.py", "lab/ports.py"):
            shutil.copy(TESTS / name, folder / "tests" / name)
        systemd_takes_them(folder, programs)
        if os.getuid() != 0:
            print("the units are good; only root can test more")
            return 77
        they_work(folder, programs)
    except Failed as failed:
        print(f"FAILED: {failed}")
        return 1
    finally:
        shutil.rmtree(folder)
    print("the units are good, and the programs work under them")
    return 0


sys.exit(main())
