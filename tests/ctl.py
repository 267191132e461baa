#!/usr/bin/env python3
"""ctl.py HEALTHD HEALTHCTL [SCENE...]: what users of healthctl's live commands meet.

The healthd is a real one, whose nodes' ports refuse; a fake one stands in where a real one cannot be made to answer
so. What is seen on a terminal is seen through a pseudo-terminal."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from daemon import HEALTHCTL, Failed, Reader, Stage, check
from fake_healthd import FakeHealthd, FakeSpeaker, cluster, node

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

    def __init__(self, *arguments, width=80, height=24, env=None):
        self.master, slave = pty.openpty()
        self.resize(width, height)
        self.before = termios.tcgetattr(self.master)
        self.process = subprocess.Popen([HEALTHCTL, *arguments], stdin=slave, stdout=slave, stderr=slave,
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
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.text, re.S):
            check(time.monotonic() < deadline, f"{pattern!r} is not shown in {timeout} s:\n{self.text!r}")
            self.read()

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
        deadline = time.monotonic() + timeout
        while self.process.poll() is None:
            check(time.monotonic() < deadline, "it does not end")
            self.read()
        self.read()
        return self.process.returncode

    def close(self):
        """Leave nothing running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


# ---- Scenes: a real healthd ----------------------------------------------------------------------------

def outputs(stage):
    """status in each of its forms, and its exit code."""
    stage.serve({"lab": ["n1", "n2"], "two": ["n1"]})
    table = ctl("status", server=stage.url, code=1)[0]
    says(table, "^  NODE +STATE ", "^2 clusters: 2 red$", "^lab: red for [0-9]+s, 0 of 2 green: every node is known",
         "^  n2 +red-unclean +[0-9]+s +no +exit-not-proven +refused [0-9.]+/7.5s +none +none ",
         "^  n1 is red-unclean: it is gone, and nothing proves a graceful exit$")
    check("\033" not in table, "colours without a terminal")
    bare = ctl("status", "lab", "--no-headers", "-o", "wide", server=stage.url, code=1)[0]
    check("NODE" not in bare and "two" not in bare, bare)
    says(bare, f" 127.0.0.1:{stage.nodes['lab', 'n1']} ")
    check(ctl("status", "-o", "name", server=stage.url, code=1)[0].split() == ["lab/n1", "lab/n2", "two/n1"], "names")
    by_environment = ctl("status", "two", code=1, env={"HEALTHD_SERVER": stage.url})[0]
    says(by_environment, "^two: red")
    stage.stop()


def documents(stage):
    """JSON and YAML are the same document, and the server's."""
    stage.serve({"lab": ["n1", "n2"]})
    for more in ((), ("lab",)):
        told = json.loads(ctl("status", *more, "-o", "json", server=stage.url, code=1)[0])
        again = yaml.safe_load(ctl("status", *more, "-o", "yaml", server=stage.url, code=1)[0])
        check(told["schema"] == 1 and told["healthd"], told)

        def settle(value):  # what moves on between two questions
            if isinstance(value, dict):
                return {k: settle(v) for k, v in value.items()
                        if k not in ("age_ms", "time", "rtt_us", "since", "version")}
            return [settle(v) for v in value] if isinstance(value, list) else value
        check(settle(told) == settle(again), f"they differ:\n{settle(told)}\n{settle(again)}")
    stage.stop()


def explained(stage):
    """why of a running healthd, by either name; a name that is several nodes is asked for again."""
    stage.serve({"lab": ["n1", "n2"], "two": ["n1"]})
    for name in ("n2", "lab/n2"):
        says(ctl("why", name, server=stage.url)[0], "^lab/n2 is red-unclean for [0-9]+s \\(since 20",
             "is mysqld running\\? +no +rule running 110: refused", "probe +refused +[0-9.]+ s ago, believed for 7.500 s",
             "^ +rtt_us [0-9]+, error refused", "what would change it\n", "yellow +if .*probe were leaving")
    says(ctl("why", "n1", server=stage.url, code=2)[1], "lab/n1, two/n1")
    says(ctl("why", "n9", server=stage.url, code=2)[1], "no node is called n9")
    says(ctl("why", "lab/n9", server=stage.url, code=2)[1], "404.*name of a node")
    says(ctl("why", "../x", server=stage.url, code=2)[1], "is no name")
    says(ctl("why", "n1", "--at", "5", server=stage.url, code=2)[1], "--at goes with a trace")
    trace = str(ROOT / "tests/traces/kill9_rejoin.jsonl")
    says(ctl("why", trace, "n3", server=stage.url, code=2)[1], "a trace needs no server")
    stage.stop()


def checked(stage):
    """check: one line, figures, the protocol's codes."""
    stage.serve({"lab": ["n1", "n2"]})
    line = ctl("check", server=stage.url, code=2)[0]
    check(line.count("\n") == 1, line)
    says(line, r"^CRITICAL - lab is red \(0 of 2 green\): .* \| 'lab_green'=0;;;0;2$")
    says(ctl("check", "nowhere", server=stage.url, code=3)[0], "^UNKNOWN - the server refuses \\(404\\)")
    stage.stop()
    says(ctl("check", server=stage.url, code=3)[0], "^UNKNOWN - .* cannot be reached: Connection refused")
    ctl("check", "--dance", code=3)
    ctl("check", "a", "b", code=3)


def followed(stage):
    """events: what was, what comes; across a restart of the server nothing is lost or doubled."""
    stage.serve({"lab": ["n1", "n2"], "two": ["m1"]})
    past = [json.loads(x) for x in ctl("events", "lab", "-o", "json", server=stage.url)[0].splitlines()]
    numbers = [e["number"] for e in past]
    check(numbers == sorted(set(numbers)) and {e["cluster"] for e in past} == {"lab"}, past)
    one = ctl("events", "lab/n1", server=stage.url)[0]
    says(one, "Z  lab/n1 +unknown -> red-unclean +it is gone")
    check("n2" not in one, one)
    ctl("events", "lab/n9", server=stage.url, code=2)
    ctl("events", "nowhere", server=stage.url, code=2)

    process = subprocess.Popen([HEALTHCTL, "events", "--follow", "-o", "json", "--server", stage.url], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=NO_SERVER)
    try:
        out, err = Reader(process.stdout), Reader(process.stderr)
        out.wait('"node":"m1","state":"red-unclean"')
        since = out.count()
        stage.write_served({"lab": ["n1", "n2", "n3"], "two": ["m1"]})
        stage.reload()
        out.wait('"node":"n3","state":"red-unclean"', since=since)
        stage.stop()
        err.wait("the server is away, and is tried again each second")
        before = out.count()
        time.sleep(1.2)
        stage.serve({"lab": ["n1", "n2"], "two": ["m1"]})
        err.wait("the server is back after [0-9]+s")
        err.wait("the server was started anew")
        out.wait('"cluster":"two","state":"red"', since=before)
        out.wait('"cluster":"lab","state":"red"', since=before)
        wanted = [json.loads(x) for x in ctl("events", "-o", "json", server=stage.url)[0].splitlines()]
        told = [json.loads(x) for _, x in out.lines]
        lives = [[e["number"] for e in told[:before]], [e["number"] for e in told[before:]]]
        for numbers in lives:
            check(numbers == list(range(1, len(numbers) + 1)), f"numbers are missing or doubled: {numbers}")
        check(len(lives[1]) == len(wanted), f"{len(lives[1])} events shown, {len(wanted)} kept")
    finally:
        process.kill()
        process.wait()
    stage.stop()


def watched(stage):
    """--watch: drawn on a change, in the size there is; away is said; Ctrl-C gives the terminal back."""
    stage.serve({"lab": ["n1", "n2"]})
    terminal = Terminal("status", "--watch", "--server", stage.url, env={"NO_COLOR": ""})
    try:
        terminal.wait("\033\\[\\?1049h\033\\[\\?25l.*lab: .*red.*n2 ")
        check("\033[31mred" in terminal.text, "no colours on a terminal")
        frame = terminal.frame()
        says(frame[0], "^healthd .* at 20")
        check(all(len(line) <= 80 for line in frame), frame)
        stage.write_served({"lab": ["n1", "n2", "n3"]})
        stage.process.send_signal(signal.SIGHUP)
        terminal.wait("n3 +[^ ]*unknown", 2)
        terminal.wait("n3 +[^ ]*red-unclean", 5)
        terminal.resize(44, 9)
        terminal.wait("\033\\[H.*more lines\033\\[K\033\\[J")
        frame = terminal.frame()
        check(len(frame) == 9 and all(len(line) <= 44 for line in frame), frame)
        says(frame[-1], "^\\.\\.\\. [0-9]+ more lines$")
        terminal.resize(100, 40)
        terminal.frame()
        check(all(len(line) <= 100 for line in terminal.frame()), "too wide")
        stage.stop()
        terminal.wait("SERVER AWAY since [0-9:]+Z \\([0-9]+s\\): .*Connection refused.*what it said last.*lab: ")
        stage.serve({"lab": ["n1", "n2"]})
        terminal.forget()
        frame = terminal.frame()
        check(not any("AWAY" in line for line in frame), frame)
        check(not termios.tcgetattr(terminal.master)[3] & termios.ECHO, "it echoes")
        terminal.forget()
        terminal.type(b"\x03")
        check(terminal.end() == 0, "exit code")
        check(terminal.text.endswith("\033[?25h\033[?1049l"), f"not given back: {terminal.text[-60:]!r}")
        check(termios.tcgetattr(terminal.master) == terminal.before, "the terminal's modes are not as before")
    finally:
        terminal.close()
    stage.stop()


def left(stage):
    """A watch is ended by q and by signals, and gives the terminal back each time; no colours with NO_COLOR."""
    stage.serve({"lab": ["n1"]})
    for ending in ("q", "SIGTERM", "SIGHUP"):
        terminal = Terminal("status", "lab", "--watch", "--server", stage.url, env={"NO_COLOR": "1"})
        try:
            terminal.wait("lab: red")
            check("\033[31m" not in terminal.text, "colours with NO_COLOR")
            if ending == "q":
                terminal.type(b"xyq")
            else:
                terminal.process.send_signal(getattr(signal, ending))
            check(terminal.end() == 0 and terminal.text.endswith("\033[?1049l"), terminal.text[-60:])
        finally:
            terminal.close()
    stage.stop()


# ---- Scenes: a fake healthd ----------------------------------------------------------------------------

def with_fake(scene):
    """A scene that has a fake healthd instead of a stage's own."""
    def played(stage):
        fake = FakeHealthd()
        try:
            scene(stage, fake)
        finally:
            fake.close()
    played.__name__, played.__doc__ = scene.__name__, scene.__doc__
    return played


@with_fake
def codes(_stage, fake):
    """The exit codes of status and check by colour, and what check tells of several."""
    for colour, code, status in (("green", 0, 0), ("yellow", 1, 1), ("red", 2, 1), ("unknown", 3, 1)):
        fake.show(cluster("lab", [node("n1")], colour))
        ctl("status", server=fake.url, code=status)
        word = ctl("check", server=fake.url, code=code)[0].split()[0]
        check(word == ("OK", "WARNING", "CRITICAL", "UNKNOWN")[code], word)
    fake.show(cluster("a", [node("n1")]), cluster("b", [], "yellow"), cluster("c", [], "unknown"),
              cluster("d", [], "red", faults=["split-brain"]))
    says(ctl("check", server=fake.url, code=2)[0], "^CRITICAL - 3 of 4 clusters are not green: b is .*; d is red.*"
         "fault split-brain \\| 'a_green'=1;;;0;3 'a_can_lose'=1;;;0 'b_green'=0")
    fake.show(cluster("a", [node("n1")]), cluster("b", [], "yellow"), cluster("c", [], "unknown"))
    ctl("check", server=fake.url, code=3)
    fake.show(cluster("a", [node("n1")]), cluster("b", [node("n2")]))
    says(ctl("check", server=fake.url)[0], "^OK - 2 clusters are green \\|")
    fake.show()
    ctl("check", server=fake.url, code=3)


@with_fake
def prompt(_stage, fake):
    """A change is asked for when it comes, not with the next second."""
    fake.show(cluster("lab", [node("n1")]))
    terminal = Terminal("status", "--watch", "--server", fake.url)

    def asked():
        return [when for when, path in list(fake.times) if path == "/v1/clusters"]
    try:
        terminal.wait("lab: ")
        for _ in range(3):
            count = len(asked())
            while len(asked()) == count:
                terminal.read()
            time.sleep(0.2)
            count, said = len(asked()), time.monotonic()
            fake.events.put("id: 7-1\nevent: change\ndata: {}\n\n")
            while len(asked()) == count:
                terminal.read(0.01)
            check(asked()[count] - said < 0.3, f"asked {asked()[count] - said:.2f} s after the change")
    finally:
        terminal.close()


@with_fake
def outrun(_stage, fake):
    """What the server does not keep long enough is said to be missing; what it keeps is shown once."""
    def history(first, last):
        return (200, {"schema": 1, "epoch": 7, "last": last, "events": [
            {"number": n, "time": "2026-01-02T03:04:05Z", "cluster": "lab", "state": "red", "from": "green",
             "text": "why"} for n in range(first, last + 1)]})
    fake.answers["/v1/history"] = history(1, 5)
    process = subprocess.Popen([HEALTHCTL, "events", "--follow", "-o", "json", "--server", fake.url], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=NO_SERVER)
    try:
        out, err = Reader(process.stdout), Reader(process.stderr)
        out.wait('"number":5')
        fake.answers["/v1/history"] = history(15, 20)
        fake.events.put("id: 7-20\nevent: reset\ndata: {}\n\n")
        fake.events.put("id: 7-15\nevent: change\ndata: {\"number\":15}\n\n")  # of the stream that is left
        err.wait("more has changed meanwhile than the server keeps")
        out.wait('"number":20')
        fake.events.put("")
        fake.events.put("id: 7-20\nevent: change\ndata: {\"number\":20}\n\n")
        fake.events.put("id: 7-21\nevent: change\ndata: {\"number\":21}\n\n")
        out.wait('"number":21')
        told = [json.loads(x)["number"] for _, x in out.lines]
        check(told == [*range(1, 6), *range(15, 22)], told)
        ids = [h["Last-Event-ID"] for _, path, h, _ in fake.calls if path == "/v1/events"]
        check(ids == ["7-5", "7-20"], ids)
    finally:
        process.kill()
        process.wait()


@with_fake
def pictures(_stage, fake):
    """The table: what is not as it should be has its sentence; the worst comes first; unknown keys are no matter."""
    ill = node("n3", "red-unclean", view={"says": "none", "age_ms": None, "conf_id": None, "size": None})
    kept = node("n2", routable=False, routable_reason="desynced", extra={"new": 1},
                maintenance={"reason": "new\033[31m disk", "since": "2026-01-02T03:00:00Z",
                             "until": "2026-01-02T06:00:00Z"})
    newer = node("n1", view={"says": "member", "from": "agent", "age_ms": 1, "limit_ms": 2, "conf_id": 12, "size": 3,
                             "component": "non-Primary", "queue": 17, "server": "10.11.19-MariaDB"})
    fake.show(cluster("calm", [node("n1")]),
              cluster("shop", [newer, kept, ill], "yellow", faults=["majority-at-risk", "of-tomorrow"]))
    table = ctl("status", server=fake.url, code=1)[0]
    says(table, "^2 clusters: 1 yellow, 1 green$", "^shop: yellow for 4m5s, 2 of 3 green, can lose 1 more: the sentence",
         "^  FAULT majority-at-risk: half of .*Expect", "^  FAULT of-tomorrow: ",
         "^  n1 +green .* ok 0.3/7.5s +ok 0.1/2.0s +agree +12/3 non-Primary +17 +10.11.19-MariaDB$",
         "^  n2 +green .* no:desynced ", "^  n3 +red-unclean +4m5s +no +exit-unsafe .* exclude +- +- +-$",
         "^  n2 takes no clients: wsrep_desync is ON", "^  n3 is red-unclean: the sentence of exit-unsafe$",
         "^  n2 is in maintenance for 4m5s, until 2026-01-02T06:00:00Z: new.\\[31m disk$")
    check(table.index("shop") < table.index("calm") and "\033" not in table, table)
    fake.answers["/v1/clusters/shop/n2"] = (200, {"schema": 1, "time": "2026-01-02T03:04:05Z", "node": kept})
    says(ctl("why", "n2", server=fake.url)[0], "^maintenance since .* until 2026-01-02T06:00:00Z: new.\\[31m disk$")
    huge = "123456789012345678901"
    fake.answers["/v1/clusters/shop"] = (200, '{"schema":1,"no":"no","yes":true,"n":%s,"cluster":{"e":[],"o":{}}}' % huge)
    text = ctl("status", "shop", "-o", "yaml", server=fake.url, code=1)[0]
    check(yaml.safe_load(text) == {"schema": 1, "no": "no", "yes": True, "n": int(huge), "cluster": {"e": [], "o": {}}},
          text)


@with_fake
def widths(_stage, fake):
    """No line is wider than the terminal, however long names are; into a pipe nothing is left out."""
    long = "a-node-with-a-very-long-name.somewhere-in.example.org-0123456"
    ill = node(long, "red-unclean")
    fake.show(cluster("lab", [node("n1"), node("n2"), ill], "yellow", faults=["split-brain"]))
    for arguments in (("status",), ("matrix",)):
        for width in (200, 132, 80, 60, 40, 20, 8, 1):
            terminal = Terminal(*arguments, "--server", fake.url, width=width, env={"NO_COLOR": "1"})
            try:
                terminal.end()
                lines = terminal.text.replace("\r", "").split("\n")
                if arguments[0] == "status":
                    check(all(len(line) <= width for line in lines), f"{width}: {max(lines, key=len)!r}")
                if width == 80:
                    check(re.search("^  a-node-with-a-ver[^ ]*~ ", terminal.text, re.M), terminal.text)
                    if arguments[0] == "status":
                        says(terminal.text, "refused 0.3/7.5s", "^no room for .*VIEW")
            finally:
                terminal.close()
    says(ctl("status", server=fake.url, code=1)[0], f"^  {long}  red-unclean .* exclude +12/3 ")


@with_fake
def matrix(_stage, fake):
    """Who counts whom: by lists of members where they can be read, by views where not; what is old is not known."""
    listed = [node("n1", members=["n1", "n2", "?"]), node("n2", members=["n1", "n2"])]
    fake.show(cluster("lab", listed + [node("n3", "red-unclean", members=["n1", "n3"])]))
    text = ctl("matrix", server=fake.url)[0]
    says(text, r"^  n1 +1  12/3  \.  \+  -$", r"^  n2 +2  12/3  \+  \.  -$", r"^  n3 +3  12/3  \+  -  \.$",
         r"^  monitor +-     \+  \+  -$", "counts it as a member")

    def view(conf_id, age_ms=1):
        return {"age_ms": age_ms, "limit_ms": 30000, "conf_id": conf_id, "size": 2}
    fake.show(cluster("lab", [node("n1", view=view(5)), node("n2", view=view(5)), node("n3", view=view(6)),
                              node("n4", view=view(5, 40000))]))
    text = ctl("matrix", "lab", server=fake.url)[0]
    says(text, r"^  n1 +1  5/2 +\.  ~  !  \?$", r"^  n3 +3  6/2 +!  !  \.  \?$", r"^  n4 +4  5/2 +\?  \?  \?  \.$")


@with_fake
def maintained(stage, fake):
    """maint: what is sent, with which token; what the server refuses is said."""
    token = stage.folder / "token"
    token.write_text("s3cret\nmore\n", encoding="utf-8")
    fake.show(cluster("lab", [node("n1"), node("n2")]), cluster("two", [node("n1")]))
    path = "/v1/clusters/lab/n2/maintenance"
    told = {"node": {"name": "n2", "maintenance": {"reason": "new disk", "since": "2026-01-02T03:00:00Z",
                                                   "until": "2026-01-02T06:00:00Z"}}}
    fake.answers[path] = (200, told)
    said = ctl("maint", "on", "n2", "--reason", "new \"disk\"", "--until", "1h30m", "--token-file", str(token),
               server=fake.url)[0]
    check(said == "lab/n2 is in maintenance until 2026-01-02T06:00:00Z: new disk\n", said)
    method, _, headers, body = fake.calls[-1]
    check(method == "POST" and headers["Authorization"] == "Bearer s3cret", f"{method} {headers}")
    check(headers["Content-Type"] == "application/json", headers)
    sent = json.loads(body)
    until = time.mktime(time.strptime(sent["until"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    check(sent["reason"] == 'new "disk"' and abs(until - time.time() - 5400) < 5, sent)
    check(all("Authorization" not in h for m, _, h, _ in fake.calls if m == "GET"), "the token is shown to questions")
    environment = {"HEALTHD_TOKEN_FILE": str(token), "HEALTHD_SERVER": fake.url, "TZ": "UTC"}
    for when, expected in (("2d", 172800), ("90s", 90), (time.strftime("%H:%M", time.gmtime(time.time() + 7200)), 7200),
                           (time.strftime("%Y-%m-%dT%H:%M:%S+02:00", time.gmtime(time.time() + 10800)), 3600)):
        ctl("maint", "on", "lab/n2", "--reason", "x", "--until", when, env=environment)
        until = time.strptime(json.loads(fake.calls[-1][3])["until"], "%Y-%m-%dT%H:%M:%SZ")
        check(abs(time.mktime(until) - time.timezone - time.time() - expected) < 65, f"{when}: {until}")
    ctl("maint", "on", "lab/n2", "--reason", "x", env=environment)
    check(json.loads(fake.calls[-1][3]) == {"reason": "x"}, fake.calls[-1])
    fake.answers[path] = (200, {"node": {"name": "n2"}})
    check(ctl("maint", "off", "n2", env=environment)[0] == "lab/n2 is no longer in maintenance\n", "off")
    check(fake.calls[-1][0] == "DELETE" and fake.calls[-1][2]["Authorization"] == "Bearer s3cret", fake.calls[-1])
    for status, code in ((400, 3), (401, 3), (403, 3), (404, 2)):
        fake.answers[path] = (status, {"error": "the right thing is expected"})
        says(ctl("maint", "off", "n2", code=code, env=environment)[1], f"refuses \\({status}\\): the right thing is expected")
    for wrong in (("on", "n2"), ("on", "n2", "--reason", ""), ("off", "n2", "--reason", "x"), ("up", "n2"), ("on",),
                  ("on", "n2", "--reason", "x", "--until", "yesterday"), ("on", "n1", "--reason", "x"),
                  ("on", "n2", "--reason", "x", "--until", "2020-01-01T00:00:00Z"),
                  ("on", "n2", "--reason", "x", "--until", "99999999999d"),
                  ("on", "n2", "--reason", "x", "--token-file", "/nowhere/token")):
        ctl("maint", *wrong, code=2, env=environment)
    says(ctl("maint", "off", "n2", server=fake.url, code=2)[1], "token is expected: --token-file F or HEALTHD_TOKEN_FILE")


LIVE = (("status",), ("why", "n1"), ("events",), ("matrix",), ("check",))


def strangers(_stage):
    """Whoever answers in healthd's place: a clear sentence within the timeout, and no crash."""
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
    deep = b"[" * 100000

    def full(body):
        return ok % (len(body), body)
    speakers = [
        (FakeSpeaker(), "does not answer as healthd does"),
        (FakeSpeaker(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not answer as healthd does"),
        (FakeSpeaker(b"", "hold"), "has not answered within 0.5 s"),
        (FakeSpeaker(ok % (1000, b"{"), "drip"), "has not answered within 0.5 s"),
        (FakeSpeaker(ok % (1000, b"{")), "does not answer as healthd does"),
        (FakeSpeaker(full(b"<html>hello</html>")), "no document of healthd's"),
        (FakeSpeaker(full(b"[1,2]")), "no document of healthd's"),
        (FakeSpeaker(full(b"\"schema\"")), "no document of healthd's"),
        (FakeSpeaker(full(b"\x00\xff\x1b[2J{}")), "no document of healthd's"),
        (FakeSpeaker(full(deep)), "no document of healthd's"),
        (FakeSpeaker(full(b'{"schema":99}')), "have form 99, and this healthctl knows form 1"),
        (FakeSpeaker(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"), "refuses \\(302\\)"),
        (FakeSpeaker(b"HTTP/1.1 500 Oh\r\nContent-Length: 24\r\n\r\n{\"error\":\"\\u001b[2Jdead\"}"), "refuses \\(500\\): .\\[2Jdead"),
        (FakeSpeaker(b"HTTP/1.1 200 OK\r\n\r\n{", "flood"), "(more than any healthd|has not answered)"),
    ]
    try:
        for speaker, sentence in speakers:
            for arguments in LIVE:
                out, err = ctl(*arguments, "--timeout", "0.5", server=speaker.url, code=3, limit_s=4)
                said = out if arguments[0] == "check" else err
                says(said, sentence)
                check(said.count("\n") == 1 and "\033" not in out + err, said)
    finally:
        for speaker, _ in speakers:
            speaker.close()


@with_fake
def nonsense(_stage, fake):
    """A document with every value of another kind than expected is shown as not known; nothing crashes."""
    good = {"schema": 1, "epoch": 1, "last": 1, "time": "2026-01-02T03:04:05Z"}
    for odd in (None, True, 17, -1e308, "x" * 5000, "%s%n", [], [[[]]], {}, {"a": {"b": []}}):
        one = {k: odd for k in cluster("lab", [])}
        other = {**cluster("lab", []), "nodes": [{k: odd for k in node("n1")}, odd, {}], "faults": [odd]}
        third = {**cluster("lab", [{**node("n1"), **{k: {x: odd for x in ("says", "age_ms", "limit_ms", "conf_id", "size")}
                                                     for k in ("probe", "agent", "view", "peers", "maintenance")}}])}
        for clusters in (odd, [odd], [one], [other], [third]):
            fake.answers["/v1/clusters"] = (200, {**good, "clusters": clusters})
            fake.answers["/v1/clusters/lab"] = (200, {**good, "cluster": clusters[0] if isinstance(clusters, list)
                                                      and clusters else odd})
            for arguments in (("status",), ("status", "-o", "name"), ("status", "-o", "yaml"), ("status", "lab"),
                              ("matrix",), ("check",), ("why", "n1")):
                done = subprocess.run([HEALTHCTL, *arguments, "--server", fake.url], capture_output=True, timeout=10,
                                      check=False, env=NO_SERVER)
                check(done.returncode in (0, 1, 2, 3), f"{arguments} {odd!r}: {done.returncode} {done.stderr!r}")
        fake.answers["/v1/clusters/lab/n1"] = (200, {**good, "node": {k: odd for k in ("answers", "facts", "changes",
                                                                                        "members", "probe", "view")}})
        ctl("why", "lab/n1", server=fake.url)
        fake.answers["/v1/history"] = (200, {**good, "events": [odd, {"number": 3, "cluster": odd, "node": odd}]})
        ctl("events", server=fake.url)


def misused(_stage):
    """Wrong calls: exit 2, what is expected, and how it is called."""
    for arguments, sentence in ((("status", "a", "b"), "one cluster at most"), (("status", "-o", "xml"), "table, wide"),
                                (("status", "--watch"), "a terminal is expected"),
                                (("status", "--watch", "-o", "json"), "table or -o wide"),
                                (("status", "a/b/c"), "is no name"), (("status", "a b"), "is no name"),
                                (("status", "--timeout", "soon"), "seconds from 0.1 to 600"),
                                (("status", "--timeout", "nan"), "seconds from"),
                                (("status", "--server", "127.0.0.1:9200"), "a URL such as"),
                                (("status", "--server", "ftp://host"), "a URL such as"),
                                (("status", "--server", "http://host/path"), "a URL such as"),
                                (("why",), "a node, or a trace"), (("events", "a", "b"), "at most"),
                                (("events", "-o", "yaml"), "table or json"), (("matrix", "a", "b"), "at most"),
                                (("check-config",), "one file")):
        out, err = ctl(*arguments, code=2)
        says(err, sentence, f"(usage: healthctl {arguments[0]} |is no name)")
        check(not out, out)
    says(ctl("status", code=3, server="http://127.0.0.1:1", env={"http_proxy": "http://127.0.0.1:2"})[1],
         "127.0.0.1:1 cannot be reached: Connection refused")
    says(ctl("status", code=3, server="http://name.invalid")[1], "name.invalid cannot be reached: ")


def config_checked(stage):
    """check-config says what healthd --check-config says, with its exit code."""
    stage.write({"lab": ["n1", "n2"]})
    says(ctl("check-config", str(stage.config))[0], "1 clusters, 2 nodes")
    stage.config.write_text("clusters:\n  - name: lab\n    password_file: /nowhere/pw\nprobe: {interval_ms: 0}\n",
                            encoding="utf-8")
    done = subprocess.run([sys.argv[1], "--check-config", str(stage.config)], capture_output=True, text=True,
                          timeout=10, check=False)
    check(ctl("check-config", str(stage.config), code=78) == (done.stdout, done.stderr), done.stderr)


SCENES = (outputs, documents, explained, checked, followed, watched, left, prompt, outrun, codes, pictures, widths, matrix,
          maintained, strangers, nonsense, misused, config_checked)


def play(scene):
    """One scene on a stage of its own: what is to be said of it, and whether it went well."""
    stage = Served()
    try:
        scene(stage)
        return f"passed {scene.__name__}: {scene.__doc__}", True
    except (Failed, subprocess.SubprocessError, OSError, ValueError) as problem:
        return f"FAILED {scene.__name__}: {problem}\n{stage.log.text() if stage.log else ''}", False
    finally:
        stage.close()


def main():
    """Play the scenes, a few at a time: they mostly wait."""
    chosen = [scene for scene in SCENES if not sys.argv[3:] or scene.__name__ in sys.argv[3:]]
    failed = 0
    with ThreadPoolExecutor(4) as pool:
        for said, good in pool.map(play, chosen):
            print(said)
            failed += not good
    print(f"{len(chosen) - failed} of {len(chosen)} scenes passed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
