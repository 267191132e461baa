#!/usr/bin/env python3
"""proxysql.py HEALTHD FAKE_SERVERS: what deploy/proxysql/healthd-proxysql writes to ProxySQL.

The admin interface is a fake: a program called mysql that runs the statements on SQLite, which ProxySQL's own is made
of, with its table. The healthd is the real one where its fake servers can be brought to say so, else a fake too."""
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from scenes import Failed, check
from serving import Stage

SCRIPT = Path(__file__).parents[1] / "deploy" / "proxysql" / "healthd-proxysql"
SCHEMA = """CREATE TABLE mysql_servers (
    hostgroup_id INT NOT NULL DEFAULT 0, hostname VARCHAR NOT NULL, port INT NOT NULL DEFAULT 3306,
    status VARCHAR CHECK (UPPER(status) IN ('ONLINE', 'SHUNNED', 'OFFLINE_SOFT', 'OFFLINE_HARD')) NOT NULL
    DEFAULT 'ONLINE', PRIMARY KEY (hostgroup_id, hostname, port))"""

FAKE_MYSQL = """#!{python}
import sqlite3, sys
check = [word for word in sys.argv if word.startswith("--defaults-file=")] and sys.argv[-2] == "-e"
if not check:
    sys.exit("the admin interface is called in another way")
with sqlite3.connect({database!r}) as admin, open({log!r}, "a") as log:
    for text in filter(None, (part.strip() for part in sys.argv[-1].split(";"))):
        log.write(text + "\\n")
        if text != "LOAD MYSQL SERVERS TO RUNTIME":
            for row in admin.execute(text):
                print("\\t".join(map(str, row)))
"""


class Admin:
    """The fake admin interface, with three servers in hostgroup 10 and one in another."""

    def __init__(self, folder, ports):
        self.database, self.log = str(folder / "admin.db"), folder / "admin.log"
        self.folder = folder
        program = folder / "mysql"
        program.write_text(FAKE_MYSQL.format(python=sys.executable, database=self.database, log=str(self.log)))
        program.chmod(0o755)
        with sqlite3.connect(self.database) as admin:
            admin.execute(SCHEMA)
            for port in ports:
                admin.execute("INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (10, '127.0.0.1', ?)",
                              (port,))
            admin.execute("INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (20, '127.0.0.1', ?)",
                          (ports[0],))

    def run(self, url, nodes, code=0):
        """Let the script ask; what it wrote, and what it said."""
        self.log.write_text("")
        done = subprocess.run([SCRIPT, self.folder / "admin.cnf", url, "10", "lab", *nodes], check=False, text=True,
                              capture_output=True, timeout=20,
                              env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"})
        check(done.returncode == code, f"exit {done.returncode}: {done.stderr}")
        return [line for line in self.log.read_text().splitlines() if not line.startswith("SELECT")], done.stderr

    def statuses(self):
        """What the table holds: hostgroup 10 in the order of ports as given, then the other."""
        with sqlite3.connect(self.database) as admin:
            return dict(admin.execute("SELECT hostgroup_id || ':' || port, status FROM mysql_servers"))


def beside_healthd(folder):
    """A real healthd: what serves stays online and nothing is written; what is gone goes offline, and comes back."""
    stage = Stage(folder)
    try:
        stage.begin()
        ports = [int(word) for word in stage.said.wait("^ports")[1].split()[1:]]
        nodes = [f"n{i}=127.0.0.1:{port}" for i, port in enumerate(ports)]
        admin, url = Admin(folder, ports), f"http://127.0.0.1:{stage.http}"
        check(admin.run(url, nodes) == ([], ""), "something is written though all is well")
        since = stage.reports.count()
        stage.command("gone 1")
        stage.reports.wait('"node":"n1"', since=since)
        written, _ = admin.run(url, nodes)
        check(written == [f"UPDATE mysql_servers SET status = 'OFFLINE_HARD' WHERE hostgroup_id = 10 AND "
                          f"hostname = '127.0.0.1' AND port = {ports[1]}", "LOAD MYSQL SERVERS TO RUNTIME"],
              f"written: {written}")
        check(admin.run(url, nodes)[0] == [], "it is written again")
        stage.command("well 1")
        stage.reports.wait('"node":"n1","state":"green"', since=since)
        admin.run(url, nodes)
        check(set(admin.statuses().values()) == {"ONLINE"}, f"{admin.statuses()}")
        stage.stop()
        written, said = admin.run(url, nodes)
        check(written == [] and said.count("stays as it is") == 3, "a healthd that is away changes something")
    finally:
        stage.close()


class FakeHealthd(BaseHTTPRequestHandler):
    """Answers by a node's name."""

    ANSWERS = {"n0": (503, "green"), "n1": (503, "yellow"), "n2": (404, None)}

    def do_GET(self):
        """One question."""
        code, state = self.ANSWERS[self.path.split("?")[0].rsplit("/", 1)[1]]
        self.send_response(code)
        if state:
            self.send_header("X-Health-State", state)
        self.end_headers()

    def log_message(self, *_):
        """Nobody reads it."""


def each_answer(folder):
    """A fake healthd, for what fake servers cannot be brought to: a member that takes no clients; an unknown name."""
    server = HTTPServer(("127.0.0.1", 0), FakeHealthd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        admin = Admin(folder, [1, 2, 3])
        nodes = [f"n{i}=127.0.0.1:{i + 1}" for i in range(3)]
        url = f"http://127.0.0.1:{server.server_port}"
        admin.run(url, nodes)
        check(admin.statuses() == {"10:1": "OFFLINE_SOFT", "10:2": "OFFLINE_HARD", "10:3": "ONLINE", "20:1": "ONLINE"},
              f"{admin.statuses()}")
        check(admin.run(url, ["n0=127.0.0.1:1;DROP TABLE mysql_servers"], code=2)[0] == [], "SQL is let in")
    finally:
        server.shutdown()
        server.server_close()


def main():
    """Both scenes."""
    failed = 0
    for scene in (beside_healthd, each_answer):
        with tempfile.TemporaryDirectory(prefix="healthd-proxysql-") as folder:
            try:
                scene(Path(folder))
                print(f"passed {scene.__name__}: {scene.__doc__}")
            except (Failed, OSError, subprocess.SubprocessError) as problem:
                print(f"FAILED {scene.__name__}: {problem}")
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
