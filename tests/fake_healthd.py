"""A fake healthd: HTTP that answers what a test wants to be answered, well or badly.

It is for what a real one cannot be made to say: nodes in every state without servers, answers that drip, break off
or are no answers, and changes of maintenance with what came in written down."""
import json
import queue
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scenes import wait_until

TIME = "2026-01-02T03:04:05.678Z"


def node(name, state="green", **more):
    """A node as /v1/clusters tells it."""
    reason = {"green": "synced", "yellow": "joining", "red-unclean": "exit-unsafe", "unknown": "silent"}[state]
    green = state == "green"
    told = {
        "name": name, "address": "10.0.0.1", "port": 3306, "state": state, "reason": reason,
        "text": f"the sentence of {reason}", "since": "2026-01-02T03:00:00.000Z", "version": 3, "routable": green,
        "routable_reason": "routable" if green else "not-green", "transitions": 2, "unclean_exits": 1,
        "incarnation": 1, "pid": None,
        "probe": {"says": "ok" if green else "refused", "age_ms": 312, "limit_ms": 7500, "rtt_us": 310, "error": None,
                  "code": None},
        "link": {"says": "up", "age_ms": 5000},
        "agent": {"says": "ok", "age_ms": 120, "limit_ms": 2000, "mysqld": "running"},
        "peers": {"says": "agree" if green else "exclude"},
        "view": {"says": "member", "from": "probe", "age_ms": 312, "limit_ms": 30000, "conf_id": 12, "size": 3,
                 "component": "Primary", "local_state": 4, "ready": True},
    }
    return {**told, **more}


def cluster(name, nodes, colour="green", **more):
    """A cluster as /v1/clusters tells it."""
    told = {
        "name": name, "colour": colour, "reason": "all-serve", "text": "the sentence of the cluster",
        "since": "2026-01-02T03:00:00.000Z", "version": 2, "faults": [],
        "states": {s: sum(n["state"] == s for n in nodes)
                   for s in ("unknown", "green", "yellow", "red-clean", "red-unclean")},
        "expected": 3, "can_lose": 1, "primary_size": 3, "arbitrators": 0, "conf_id": 12, "nodes": nodes,
    }
    return {**told, **more}


def head(**more):
    """A document with its head."""
    return {"schema": 1, "healthd": "0.1.0", "reporter": "fake", "epoch": 7, "time": TIME, **more}


class FakeHealthd:
    """Answers by path: `answers["/v1/clusters"] = (status, text or object)`; what came in is in `calls`, and when
    in `times`. Each stream of events that is asked for is in `streams`: say() puts an event into one."""

    def __init__(self):
        self.answers = {}
        self.calls = []
        self.times = []
        self.streams = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Tests look at `calls`."""

            def answer(self):
                """What was put there for it, or that there is none."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fake.times.append((time.monotonic(), self.path))
                fake.calls.append((self.command, self.path, self.headers, body.decode()))
                if self.path == "/v1/events":
                    self.stream()
                    return
                status, told = fake.answers.get(self.path, (404, {"error": "a name that is there is expected"}))
                data = (told if isinstance(told, str) else json.dumps(told)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def stream(self):
                """Events as they are put there."""
                self.send_response(200)
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(b"retry: 1000\n\n")
                self.close_connection = True
                said = queue.SimpleQueue()
                fake.streams.append(said)
                try:
                    while (text := said.get()) is not None:
                        self.wfile.write(text.encode())
                except OSError:
                    pass  # who followed is gone

            do_GET = do_POST = do_DELETE = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def show(self, *clusters):
        """These are its clusters."""
        self.answers["/v1/clusters"] = (200, head(clusters=list(clusters)))
        for one in clusters:
            self.answers[f"/v1/clusters/{one['name']}"] = (200, head(cluster=one))

    def say(self, event, number, data, stream=0):
        """An event to whoever asked for the n-th stream, once it has asked."""
        wait_until(lambda: len(self.streams) > stream, f"nobody asks for stream {stream}")
        self.streams[stream].put(f"id: 7-{number}\nevent: {event}\ndata: {data}\n\n")

    def close(self):
        """It listens no more."""
        for stream in self.streams:
            stream.put(None)
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class FakeSpeaker:
    """Says bytes to whoever connects, then ends the connection, holds it, or goes on a byte at a time."""

    def __init__(self, text=b"", then="end"):
        self.text = text
        self.then = then
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self):
        while not self.over.is_set():
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self._speak, args=(peer,), daemon=True))
            self.threads[-1].start()

    def _speak(self, peer):
        with peer:
            try:
                peer.recv(4096)
                peer.sendall(self.text)
                if self.then == "flood":
                    while not self.over.is_set():
                        peer.sendall(b" " * 65536)
                while self.then == "drip" and not self.over.wait(0.05):
                    peer.sendall(b" ")
                if self.then == "hold":
                    self.over.wait(30)
            except OSError:
                pass

    def close(self):
        """Let everybody go."""
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)
