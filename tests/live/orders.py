"""Whoever carries out what healthd's handler orders: the lab's nodes are children of the test."""
import json
import socket
import threading
import time
from pathlib import Path

HANDLER = Path(__file__).resolve().parent / "handler.py"
DURABLE = "--innodb-flush-log-at-trx-commit=1"


class Orders:
    """Takes orders at a Unix socket, carries them out on the lab, and remembers them."""

    def __init__(self, lab, path):
        self.lab = lab
        self.path = path
        self.taken = []  # (when, action, node, position, diagnosis)
        self.under_way = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def command(self):
        """What healthd is configured to run."""
        return ["/usr/bin/python3", str(HANDLER), str(self.path), "{action}", "{node}", "{position}"]

    def _serve(self):
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line):
        with line:
            order = json.loads(line.makefile().readline())
            with self._lock:
                self.taken.append((time.monotonic(), order["action"], order["node"], order["position"],
                                   order["diagnosis"]))
                self.under_way += 1
                self.most_at_once = max(self.most_at_once, self.under_way)
            try:
                self._carry_out(order["action"], order["node"], order["position"])
                answer = "done"
            except Exception as problem:  # whatever it was, healthd is told that it failed
                answer = f"failed: {problem}"
            with self._lock:
                self.under_way -= 1
            line.sendall(answer.encode())

    def _carry_out(self, action, name, position):
        node = self.lab.nodes[name]
        if action == "bootstrap":
            node.allow_bootstrap()
            node.start([], f"--wsrep_start_position={position}", DURABLE)
        elif action == "start":
            peers = [other.group_address() for other in self.lab.nodes.values() if other.name != name]
            node.start(peers, f"--wsrep_start_position={node.recovered()}", DURABLE)
        elif action == "stop":
            self.lab.stop(name)
        else:
            raise ValueError(action)

    def done(self):
        """What was ordered: (action, node) each, in order."""
        with self._lock:
            return [(action, node) for _, action, node, _, _ in self.taken]

    def close(self):
        """Take no more."""
        self._listener.close()
