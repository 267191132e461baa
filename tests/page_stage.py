"""healthd with its page, and clusters of fake servers with fake agents: what is shown can be chosen."""
import json
import socket
import threading
import time
import urllib.request
import uuid

from daemon import Stage
from fake_galera import STATE_UUID, FakeGalera, FakeServer
from scenes import free_port, wait_served, wait_until

BEAT_S = 0.5


def view(size):
    """What an agent is answered by a member of a cluster of this size."""
    return {"ok": True, "rtt_us": 310, "wsrep": {
        "local_state": 4, "cluster_status": "Primary", "cluster_size": size, "ready": "ON", "connected": "ON",
        "cluster_conf_id": 3, "cluster_state_uuid": STATE_UUID}}


def stopped(how, seqno):
    """An agent's word on a mysqld that has ended."""
    return {"mysqld": "stopped", "exit": how, "grastate": {"uuid": STATE_UUID, "seqno": seqno}}


class FakeAgents:
    """An agent for each node, which says what it was told to say last."""

    def __init__(self, port):
        self.port = port
        self.words = {}  # of (cluster, node)
        self.boot = str(uuid.uuid4())
        self.seq = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._speak, daemon=True)
        self.thread.start()

    def say(self, cluster, node, word):
        """From now on, and at once."""
        with self.lock:
            self.words[cluster, node] = word
            self._send(cluster, node, word)

    def _send(self, cluster, node, word):
        self.seq += 1
        beat = {"boot": self.boot, "seq": self.seq, "pid": 4711, "proc_state": "S", **word}
        text = json.dumps({"cluster": cluster, "node": node, "heartbeat": beat}, separators=(",", ":"))
        self.socket.sendto(text.encode() + b"\n", ("127.0.0.1", self.port))
        if self.seq % 50 == 0:
            time.sleep(0.005)  # so that no receive buffer overflows

    def _speak(self):
        while not self.stopped.wait(BEAT_S):
            with self.lock:
                for (cluster, node), word in self.words.items():
                    self._send(cluster, node, word)

    def close(self):
        """Fall silent."""
        self.stopped.set()
        self.thread.join()
        self.socket.close()


class PageStage(Stage):
    """Each node is a fake server at an address of its own, with an agent beside it."""

    def __init__(self):
        super().__init__()
        self.http = free_port()
        self.url = f"http://127.0.0.1:{self.http}/"
        self.token = self.folder / "token"
        self.token.write_text("a token of some length\n", encoding="utf-8")
        self.token.chmod(0o600)
        self.beats = free_port(socket.SOCK_DGRAM)
        self.agents = FakeAgents(self.beats)
        self.galera = FakeGalera()
        self.servers = {}  # of (cluster, node)
        self.port = self.ports.refusing()
        self.frozen = socket.create_server(("", 0), backlog=512)  # takes connections and says nothing

    def write(self, clusters, more=""):
        """{"lab": {"n1": "green", ...}}: the configuration, and how the nodes are. Else than with play(), they may
        be "frozen", and "told": an agent says that all is well, and no server is there."""
        text = "clusters:\n"
        for cluster, words in clusters.items():
            text += f"  - name: {cluster}\n    password_file: {self.password}\n    nodes:\n"
            for node, word in words.items():
                number = len(self.servers) + 1
                address = f"127.1.{number // 250}.{number % 250 + 1}"
                port = self.frozen.getsockname()[1] if word == "frozen" else self.port
                text += f"      - {{name: {node}, address: {address}, port: {port}}}\n"
                self.servers[cluster, node] = FakeServer((address, port))
            self.play(cluster, words)
        text += f"heartbeat: {{listen: '127.0.0.1:{self.beats}', interval_ms: 500}}\n"
        text += f"http: {{listen: '127.0.0.1:{self.http}', token_file: {self.token}}}\n"
        text += f"report: {{stdout: false}}\n{more}"
        self.config.write_text(text, encoding="utf-8")

    def play(self, cluster, words):
        """{"n1": "green", ...}: how each node is from now on. "killed" and "stopped" end its server."""
        size = sum(word not in ("killed", "stopped") for word in words.values())
        for node, word in words.items():
            server = self.servers[cluster, node]
            if word in ("green", "yellow", "read-only"):
                server.show(size, *(("non-Primary", "OFF") if word == "yellow" else ()), read_only=word == "read-only")
                if not server.listener:
                    self.galera.start(server)
            elif server.listener:
                self.galera.kill(server)
            said = {"killed": stopped({"signal": 9}, -1), "stopped": stopped({"code": 0}, 71), "frozen": None,
                    "told": {"mysqld": "running", "local": view(size)}}.get(word, {"mysqld": "running"})
            if said:
                self.agents.say(cluster, node, said)

    def start(self, arguments=None, read_out=True, **more):
        """Run healthd until it serves."""
        super().start(arguments, read_out, **more)
        wait_served(self.http)

    def ask(self, path=""):
        """What is served: the text, and the headers."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode(), answer.headers

    def node(self, cluster, node):
        """What is said of a node."""
        return json.loads(self.ask(f"v1/clusters/{cluster}/{node}")[0])["node"]

    def wait_states(self, cluster, states, timeout=10):
        """Until healthd itself says these."""
        def now():
            said = json.loads(self.ask(f"v1/clusters/{cluster}")[0])["cluster"]
            return {node["name"]: node["state"] for node in said["nodes"]}
        wait_until(lambda: states.items() <= now().items(), lambda: f"{states} are expected: {now()}", timeout)

    def close(self):
        """Leave nothing behind."""
        self.agents.close()
        self.galera.close()
        self.frozen.close()
        super().close()
