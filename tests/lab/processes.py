"""Processes that cannot outlive the lab that started them.

Every process of a lab carries the lab's id in its environment, and so do its children (the scripts and
rsyncs of a state transfer). One that writes over its environment (Redis does, for its title) is known by its
session: each process that the lab starts begins one, and is written down in the lab's folder. Two are watchful: the keeper, a process that waits for the lab's process to end
in whatever way and then ends all that carry its id and removes its folder; and reap(), which does the same
at the start of a lab for those that lost their keeper too. A lab that lives holds a lock on its folder.
"""
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PREFIX = "healthd-lab-"

# Scripts of the state transfer, where they are not installed: they are packed with the service, which
# nobody wants started for a test. `./dev` puts them here.
TOOLS = Path(__file__).resolve().parents[2] / "build" / "lab" / "tools" / "usr" / "bin"
MARK = "HEALTHD_LAB"
SESSIONS = "sessions"  # the file: of each session that the lab began, the first process and when it started


def _life(pid):
    """A process's session and when it started; None: it has ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else (int(fields[2]), int(fields[18]))


def runs(pid):
    """Has it not ended? One that nobody has waited for has."""
    return _life(pid) is not None


def _sessions(lab_id):
    """Those that a lab began: when the first process of each started."""
    try:
        lines = (Path(tempfile.gettempdir()) / (PREFIX + lab_id) / SESSIONS).read_text(encoding="utf-8").split("\n")
    except OSError:
        return {}
    return {int(pid): int(start) for pid, start in (line.split() for line in lines[:-1])}


def _in_session(pid, sessions):
    """While somebody is in a session nobody new gets the number of its first process: one that has it and started
    at another time has begun a session of his own."""
    life = _life(pid)
    if not life or life[0] not in sessions:
        return False
    first = _life(life[0])
    return first is None or first[1] == sessions[life[0]]


def _belongs(pid, lab_id, sessions):
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{MARK}={lab_id}".encode() in environment or _in_session(pid, sessions)


def members(lab_id):
    """Process ids of a lab, but our own."""
    sessions = _sessions(lab_id)
    pids = [int(p) for p in os.listdir("/proc") if p.isdigit()]
    return [pid for pid in pids if pid != os.getpid() and _belongs(pid, lab_id, sessions)]


def _kill(pid, lab_id):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        handle = os.pidfd_open(pid)
        try:
            # The handle is this process, whoever had the id a moment ago.
            if _belongs(pid, lab_id, _sessions(lab_id)):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def end_all(lab_id):
    """End every process of a lab, and wait until they are gone."""
    deadline = time.monotonic() + 20
    while found := members(lab_id):
        for pid in found:
            _kill(pid, lab_id)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes of lab {lab_id} do not end: {found}")
        time.sleep(0.01)


@contextlib.contextmanager
def _temporary_root():
    """The folder of temporary folders, locked against other labs that come and go."""
    root = tempfile.gettempdir()
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield Path(root)
    finally:
        os.close(handle)


def _lock(folder):
    """A lock that says "this lab lives", or None if another has it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return handle
    except BlockingIOError:
        os.close(handle)
        return None


def _remove(folder, lab_id):
    end_all(lab_id)
    shutil.rmtree(folder, ignore_errors=True)


def reap():
    """Remove what former labs left that nobody keeps any more. Returns their ids."""
    gone = []
    with _temporary_root() as root:
        for folder in root.glob(PREFIX + "*"):
            with contextlib.suppress(FileNotFoundError):  # its keeper has just removed it
                lock = _lock(folder) if folder.stat().st_uid == os.geteuid() else None
                if lock is not None:
                    gone.append(folder.name.removeprefix(PREFIX))
                    _remove(folder, gone[-1])
                    os.close(lock)
    return gone


class Processes:
    """A lab's folder and the processes that are bound to it."""

    def __init__(self):
        reap()
        with _temporary_root() as root:
            self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
            self._lock = _lock(self.folder)
        self.folder.chmod(0o755)
        self.lab_id = self.folder.name.removeprefix(PREFIX)
        (self.folder / "log").mkdir()
        (self.folder / "tools").mkdir()
        for tool in TOOLS.glob("wsrep_sst_*"):  # here everybody may run them, wherever the checkout lies
            shutil.copy(tool, self.folder / "tools")
        self._children = []
        self._alive, self._keeper = self._start_keeper()

    def _start_keeper(self):
        """The keeper reads a pipe whose other end is ours alone: it ends when we do, however we end."""
        theirs, ours = os.pipe()
        keeper = subprocess.Popen(
            [sys.executable, __file__, self.lab_id, str(self.folder)],
            stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(theirs)
        return ours, keeper

    def environment(self, extra=None):
        """The environment of a process of this lab."""
        path = os.pathsep.join([str(self.folder / "tools"), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
        return {**os.environ, "PATH": path, **(extra or {}), MARK: self.lab_id}

    def spawn(self, argv, name, env=None, **popen):
        """Start a process in the background; what it prints goes to log/NAME.log unless told otherwise."""
        with open(self.folder / "log" / f"{name}.log", "ab") as log:
            popen.setdefault("stdin", subprocess.DEVNULL)
            popen.setdefault("stdout", log)
            popen.setdefault("stderr", log)
            # A session of its own: the terminal's interrupt is for the lab, which then ends in order.
            child = subprocess.Popen(argv, env=self.environment(env), start_new_session=True, **popen)
        self._children.append(child)
        life = _life(child.pid)  # of the program: Popen returns when its session has begun
        if life:
            with open(self.folder / SESSIONS, "a", encoding="utf-8") as sessions:
                sessions.write(f"{child.pid} {life[1]}\n")
        return child

    def close(self):
        """End all processes and remove the folder. May be called again."""
        if self._keeper is None:
            return
        for child in self._children:
            child.kill()
        for child in self._children:
            child.wait(timeout=20)  # ours: nobody else can
        end_all(self.lab_id)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._alive)
        self._keeper.wait(timeout=20)
        os.close(self._lock)
        self._keeper = None


def _keep(lab_id, folder):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()  # returns when the lab's process has ended or has closed its end
    end_all(lab_id)
    time.sleep(0.2)  # one that was being started while the lab ended carries the id by now
    _remove(folder, lab_id)


if __name__ == "__main__":
    _keep(sys.argv[1], sys.argv[2])
