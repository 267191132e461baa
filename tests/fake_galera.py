"""Servers that speak as much of MySQL's protocol as a healthy probe hears, many of them on one thread."""
import selectors
import socket
import struct
import threading

STATE_UUID = "0b6eba1d-e711-11f1-b790-a6a5a9187175"
GREETING = (b"\x0a10.11.0-fake\0" + struct.pack("<I", 7) + b"saltsalt\0" + struct.pack("<HBHH", 0xA209, 45, 2, 8) +
            b"\x15" + 10 * b"\0" + b"saltsaltsalt\0mysql_native_password\0")
OK = b"\0\0\0\2\0\0\0"
END = b"\xfe\0\0\2\0"
DENIED = b"\xff" + struct.pack("<H", 1142) + b"#42000SELECT is denied"


def packet(number, body):
    """With its header."""
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


def text(word):
    """A string with its length."""
    return bytes([len(word)]) + word.encode()


def table(columns, rows):
    """A result set."""
    column = b"\3def" + 3 * text("") + text("c") + text("c") + struct.pack("<BHIBHBH", 12, 45, 255, 253, 0, 0, 0)
    bodies = [bytes([columns]), *[column] * columns, END, *[b"".join(map(text, row)) for row in rows], END]
    return b"".join(packet(i + 1, body) for i, body in enumerate(bodies))


class FakeServer:
    """One node: what it says of itself may be changed at any time."""

    def __init__(self, address):
        self.address = address
        self.status = {}
        self.read_only = False
        self.listener = None
        self.guests = set()

    def show(self, size, status="Primary", ready="ON", read_only=False):
        """A Synced member of a component of this size."""
        self.read_only = read_only
        self.status = {"local_state": 4, "cluster_status": status, "cluster_size": size, "ready": ready,
                       "connected": "ON", "cluster_conf_id": 3, "cluster_state_uuid": STATE_UUID}

    def answer(self, sql):
        """To a question."""
        if sql.startswith(b"SHOW GLOBAL STATUS"):
            return table(2, [(f"wsrep_{name}", str(value)) for name, value in self.status.items()])
        if sql.startswith(b"SHOW GLOBAL VARIABLES"):
            return table(2, [("read_only", "ON")] if self.read_only else [])
        if sql.startswith(b"SELECT"):
            return packet(1, DENIED) if b"FROM" in sql else table(1, [("1",)])
        return packet(1, OK)


class FakeGalera:
    """All servers, and their thread."""

    def __init__(self):
        self.loop = selectors.DefaultSelector()
        self.lock = threading.Lock()
        self.stopped = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def start(self, server):
        """Let it listen."""
        with self.lock:
            server.listener = socket.create_server(server.address, backlog=8)
            server.listener.setblocking(False)
            self.loop.register(server.listener, selectors.EVENT_READ, (server, None))

    def kill(self, server):
        """As when its process dies: nobody listens, and all connections end."""
        with self.lock:
            for end in [server.listener, *server.guests]:
                self.loop.unregister(end)
                end.close()
            server.guests.clear()
            server.listener = None

    def _serve(self):
        while not self.stopped:
            ready = self.loop.select(0.05)
            with self.lock:
                for key, _ in ready:
                    if key.fileobj.fileno() >= 0:  # it may have been killed meanwhile
                        self._take(key.fileobj, *key.data)

    def _take(self, end, server, heard):
        if heard is None:
            guest, _ = end.accept()
            server.guests.add(guest)
            guest.sendall(packet(0, GREETING))
            self.loop.register(guest, selectors.EVENT_READ, (server, bytearray()))
            return
        try:
            piece = end.recv(4096)
        except OSError:
            piece = b""
        heard += piece
        if not piece:
            self.loop.unregister(end)
            server.guests.discard(end)
            end.close()
        while len(heard) >= 4 and len(heard) >= 4 + int.from_bytes(heard[:3], "little"):
            length, number = int.from_bytes(heard[:3], "little"), heard[3]
            body = bytes(heard[4:4 + length])
            del heard[:4 + length]
            if number == 1:  # who it is; everybody may
                end.sendall(packet(2, OK))
            elif body[:1] == b"\3":
                end.sendall(server.answer(body[1:]))

    def close(self):
        """End all."""
        self.stopped = True
        self.thread.join()
        for key in list(self.loop.get_map().values()):
            key.fileobj.close()
        self.loop.close()
