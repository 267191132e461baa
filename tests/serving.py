"""A daemon that serves, and fake servers for it to watch: for tests that are handed HEALTHD FAKE_SERVERS."""
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from scenes import Reader, check, free_port

HEALTHD, FAKE_SERVERS = sys.argv[1:3]
INTERVAL_MS = 50
NODES = 3  # as many as the fakes say that they are


class Stage:
    """Fake servers, and a daemon that watches them."""

    def __init__(self, folder):
        self.servers = subprocess.Popen([FAKE_SERVERS, str(NODES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.said = Reader(self.servers.stdout)
        ports = self.said.wait("^ports")[1].split()[1:]
        self.http, self.agent = free_port(), free_port()
        password = folder / "probe.pw"
        password.write_text("look-only\n", encoding="utf-8")
        password.chmod(0o600)
        nodes = "".join(f"      - {{name: n{i}, address: 127.0.0.1, port: {port}}}\n" for i, port in enumerate(ports))
        config = folder / "healthd.yaml"
        config.write_text(
            f"clusters:\n  - name: lab\n    password_file: {password}\n    nodes:\n{nodes}"
            f"probe: {{interval_ms: {INTERVAL_MS}, timeout_ms: 1000}}\nheartbeat: {{listen: none}}\n"
            f"http: {{listen: '127.0.0.1:{self.http}'}}\nagent_check: {{listen: '127.0.0.1:{self.agent}'}}\n",
            encoding="utf-8")
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"  # what was freed is no growth
        self.daemon = subprocess.Popen([HEALTHD, "--config", str(config)], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, errors="replace",
                                       env={**os.environ, "ASAN_OPTIONS": options})
        self.reports = Reader(self.daemon.stdout)
        self.log = Reader(self.daemon.stderr)

    def begin(self):
        """All is well."""
        for i in range(NODES):
            self.reports.wait(f'"node":"n{i}","state":"green"')

    def command(self, words):
        """Tell the servers."""
        self.servers.stdin.write(words + "\n")
        self.servers.stdin.flush()

    def memory_mb(self):
        """What the daemon holds."""
        status = Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        """SIGTERM: exit 0, within a second."""
        began = time.monotonic()
        self.daemon.send_signal(signal.SIGTERM)
        code = self.daemon.wait(10)
        took = time.monotonic() - began
        check(code == 0, f"exit {code}:\n" + "\n".join(line for _, line in self.log.lines[-40:]))
        check(took < 1.2, f"it took {took:.2f} s to stop")

    def close(self):
        """Leave nothing behind."""
        for process in (self.daemon, self.servers):
            if process.poll() is None:
                process.kill()
            process.wait()


def ask(port, text, timeout=5):
    """One question over a connection of its own; all that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout) as stream:
        stream.settimeout(timeout)
        stream.sendall(text.encode())
        parts = []
        while part := stream.recv(65536):
            parts.append(part)
            if text.endswith("\n") and not text.startswith("GET") and part.endswith(b"\n"):
                break
        return b"".join(parts).decode()
