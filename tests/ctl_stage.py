"""What the scenes of ctl.py play with: calls, a healthd that serves, a terminal."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

from daemon import HEALTHCTL, Stage
from scenes import check, wait_until

ROOT = Path(__file__).parents[1]
NO_SERVER = {k: v for k, v in os.environ.items() if not k.startswith("HEALTHD_")}


def ctl(*arguments, code=0, server=None, env=None, limit_s=10):
    """Run healthctl to its end, with this exit code; what it said."""
    more = ["--server", server] if server else []
    began = time.monotonic()
    done = subprocess.run([HEALTHCTL, *arguments, *more], capture_output=True, text=True, timeout=30, check=False,
                          env={**NO_SERVER, **(env or {})})
    took = time.monotonic() - began
    check(done.returncode == code, f"exit {done.returncode}, not {code}: {arguments}\n{done.stdout}{done.stderr}")
    check(took < limit_s, f"{arguments} took {took:.1f} s")
    return done.stdout, done.stderr


def says(text, *patterns):
    """All of these are in it."""
    for pattern in patterns:
        check(re.search(pattern, text, re.M), f"{pattern!r} is not said:\n{text}")


class Served(Stage):
    """A stage whose daemon serves HTTP."""

    def __init__(self):
        super().__init__()
        self.http_port = self.ports.refusing()
        self.ports.held.pop().close()
        self.url = f"http://127.0.0.1:{self.http_port}"

    def write_served(self, clusters):
        """A configuration that serves."""
        self.write(clusters)
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("http: {listen: none}", f"http: {{listen: '127.0.0.1:{self.http_port}'}}"),
                               encoding="utf-8")

    def serve(self, clusters):
        """Run a healthd over these, and wait until all their nodes are red."""
        self.write_served(clusters)
        self.start()
        for name, nodes in clusters.items():
            self.wait_red(*nodes)
            self.out.wait(f'"cluster":"{name}","state":"red"')


class Terminal:
    """healthctl in a pseudo-terminal of a size: what it writes there, and keys for it."""

    def __init__(self, *arguments, program=HEALTHCTL, width=80, height=24, env=None, cwd=None):
        self.master, slave = pty.openpty()
        self.resize(width, height)
        self.before = termios.tcgetattr(self.master)
        self.process = subprocess.Popen([program, *arguments], stdin=slave, stdout=slave, stderr=slave, cwd=cwd,
                                        env={**NO_SERVER, **(env or {})}, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.slave = slave
        self.text = ""

    def resize(self, width, height):
        """Another size; the kernel tells who is in front."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, timeout=0.05):
        """Take what has come."""
        while select.select([self.master], [], [], timeout)[0]:
            self.text += os.read(self.master, 65536).decode()
            timeout = 0

    def wait(self, pattern, timeout=5):
        """Until the terminal has been sent this; what came since is forgotten with the next forget()."""
        wait_until(lambda: re.search(pattern, self.text, re.S),
                   lambda: f"{pattern!r} is not shown in {timeout} s:\n{self.text!r}", timeout, self.read)

    def forget(self):
        """Look only at what comes from now on."""
        self.read(0)
        self.text = ""

    def frame(self):
        """The lines of the last whole frame, without what colours them."""
        self.forget()
        self.wait("\033\\[H.*\033\\[J.*\033\\[H.*\033\\[J")
        frame = re.findall("\033\\[H(.*?)\033\\[K\033\\[J", self.text, re.S)[-1]
        return [re.sub("\033\\[[0-9;]*[mK]", "", line) for line in re.split("\r*\n", frame)]

    def type(self, keys):
        """Keys of the user's."""
        os.write(self.master, keys)

    def end(self, timeout=3):
        """Its exit code, in time."""
        wait_until(lambda: self.process.poll() is not None, "it does not end", timeout, self.read)
        self.read()
        return self.process.returncode

    def close(self):
        """Leave nothing running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)
