#!/usr/bin/env python3
"""clustercheck.py PASSWORD ADDRESS NAME=PORT=SOCKET...: an imitation of clustercheck behind xinetd.

By its documented rules: each check is a connection to the node's own mysqld (10 s for it) and a look at
wsrep_local_state; 200 where that is 4 (or 2 with AVAILABLE_WHEN_DONOR=1, which is not its default), else 503. Read-only
nodes are available (AVAILABLE_WHEN_READONLY=1, its default). It is ours, written for a comparison; the original is a
shell script that starts a client for each check."""
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sql import Session, SqlError

TIMEOUT_S = 10
AVAILABLE = ("4",)


def handler(password, socket):
    """The check of one node."""
    class Check(BaseHTTPRequestHandler):
        """One question."""

        def do_OPTIONS(self):
            """What HAProxy's httpchk asks."""
            try:
                with Session("probe", password, socket=socket, timeout=TIMEOUT_S) as session:
                    good = session.query("SHOW STATUS LIKE 'wsrep_local_state'")[1:] in [[s] for s in AVAILABLE]
            except (SqlError, IndexError):
                good = False
            text = b"The node is synced.\r\n" if good else b"The node is not synced.\r\n"
            self.send_response(200 if good else 503)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_OPTIONS

        def log_message(self, *_):
            """Nobody reads it."""
    return Check


def main():
    """The command line."""
    password, address, *nodes = sys.argv[1:]
    for node in nodes:
        _, port, socket = node.split("=")
        server = ThreadingHTTPServer((address, int(port)), handler(password, socket))
        threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    main()
