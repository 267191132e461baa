"""What scripts of scenes have in common: claims, ports, what a process prints, and how scenes are played."""
import http.client
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().with_name("lab")))  # which knows nothing of scenes

from ports import free_port  # noqa: E402, F401

AT_ONCE = 4  # scenes mostly wait


class Failed(Exception):
    """Something was not as it should be."""


# What ends a scene, and none of the others.
PROBLEMS = (Failed, OSError, LookupError, TypeError, ValueError, subprocess.SubprocessError,
            http.client.HTTPException)


def check(truth, what):
    """It must be so."""
    if not truth:
        raise Failed(what)


def wait_until(passed, what, timeout=5, turn=lambda: time.sleep(0.01)):
    """Until it is so. `what` is not so else: a text, or what makes one."""
    deadline = time.monotonic() + timeout
    while not passed():
        if time.monotonic() >= deadline:
            raise Failed(what() if callable(what) else what)
        turn()


def wait_served(port):
    """Until somebody listens there."""
    def served():
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return True
        except ConnectionRefusedError:
            return False
    wait_until(served, f"nothing is served at {port}")


def redis_server(folder):
    """The path of redis-server: Debian's redis-tools hold the whole of it, under another name."""
    link = folder / "redis-server"
    if not link.exists():
        link.symlink_to(shutil.which("redis-server") or shutil.which("redis-check-rdb"))
    return str(link)


class Reader:
    """Lines from a pipe, each with the time it came."""

    def __init__(self, stream):
        self.lines = []
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append((time.monotonic(), line.rstrip("\n")))
                self.changed.notify_all()

    def wait(self, pattern, timeout=5, since=0):
        """The first line from index `since` on that has the pattern, and its time."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                for when, line in self.lines[since:]:
                    if re.search(pattern, line):
                        return when, line
                left = deadline - time.monotonic()
                check(left > 0, f"no line has {pattern!r} in {timeout} s:\n" + "\n".join(x for _, x in self.lines))
                self.changed.wait(left)

    def text(self):
        """All there is."""
        with self.changed:
            return "\n".join(line for _, line in self.lines)

    def count(self):
        """How many there are."""
        with self.changed:
            return len(self.lines)


def chosen(scenes):
    """Those that the command line names; all, if it names none."""
    return [scene for scene in scenes if not sys.argv[3:] or scene.__name__ in sys.argv[3:]]


def play(scene, make_stage):
    """One scene on a stage of its own: what is to be said of it, and whether it went well."""
    stage = None
    try:
        stage = make_stage()
        scene(stage)
        return f"passed {scene.__name__}: {scene.__doc__}", True
    except PROBLEMS as problem:
        return f"FAILED {scene.__name__}: {problem!r}\n{stage.log.text() if stage and stage.log else ''}", False
    finally:
        if stage:
            stage.close()


def play_all(scenes, make_stage):
    """The chosen ones, a few at a time; the exit code."""
    wanted = chosen(scenes)
    failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for said, good in pool.map(lambda scene: play(scene, make_stage), wanted):
            print(said, flush=True)
            failed += not good
    print(f"{len(wanted) - failed} of {len(wanted)} scenes passed")
    return 1 if failed or not wanted else 0
