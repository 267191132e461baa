#!/usr/bin/env python3
"""maintenance.py HEALTHD HEALTHCTL [SCENE...]: nodes go out of service for maintenance and come back.

n1 is a real node of Galera, so that there is something to take out of service; where n2 is said to be nothing
listens. Each scene has a daemon of its own."""
import datetime
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lab"))
from daemon import HEALTHCTL, Stage  # noqa: E402
from lab import PROBE_PASSWORD, PROBE_USER, Lab  # noqa: E402
from scenes import check, free_port, play_all, wait_served, wait_until  # noqa: E402

TOKEN = "a token of some length"
PATH = "/v1/clusters/lab/n1/maintenance"


def in_seconds(seconds):
    """That time, as RFC 3339."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Service(Stage):
    """A daemon that serves, and watches the real node."""

    lab = None

    def __init__(self):
        super().__init__()
        self.password.write_text(PROBE_PASSWORD + "\n", encoding="utf-8")
        self.port, self.agent = free_port(), free_port()
        self.token = self.folder / "token"
        self.token.write_text(TOKEN + "\n", encoding="utf-8")
        self.token.chmod(0o600)
        self.file = self.folder / "maintenance.json"

    def configure(self, nodes=("n1",), http_keys="", more="", address="127.0.0.1"):
        """n1 is the real one."""
        text = f"clusters:\n  - name: lab\n    expected_size: 1\n    user: {PROBE_USER}\n"
        text += f"    password_file: {self.password}\n    nodes:\n"
        for name in nodes:
            real = self.lab.port("n1", 3306) if name == "n1" else None
            port = real or self.nodes.setdefault(name, self.ports.refusing())
            text += f"      - {{name: {name}, address: {address}, port: {port}}}\n"
        text += "probe: {interval_ms: 200, timeout_ms: 500}\nheartbeat: {listen: none}\n"
        text += f"agent_check: {{listen: '127.0.0.1:{self.agent}'}}\n"
        text += f"http:\n  listen: 127.0.0.1:{self.port}\n  token_file: {self.token}\n{http_keys}{more}"
        self.config.write_text(text, encoding="utf-8")

    def keep(self, **more):
        """... with a file that a restart remembers by."""
        self.configure(http_keys=f"  maintenance_file: {self.file}\n", **more)

    def begin(self, green=True):
        """Start, and wait until it serves, and n1 does."""
        self.start()
        wait_served(self.port)
        if green:
            self.out.wait('"node":"n1","state":"green"', 10)

    def ask(self, method, path, body=None, token=TOKEN, scheme="Bearer"):
        """The answer's status and document."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        headers = {"Authorization": f"{scheme} {token}"} if token else {}
        text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        return answer.status, json.loads(said) if said.startswith("{") else said

    def on(self, reason="new disk", **more):
        """n1 into maintenance; its document."""
        status, said = self.ask("POST", PATH, {"reason": reason, **more})
        check(status == 200, f"{status}: {said}")
        return said["node"]

    def off(self):
        """n1 back into service; its document."""
        status, said = self.ask("DELETE", PATH)
        check(status == 200, f"{status}: {said}")
        return said["node"]

    def node(self, name="n1"):
        """What is said of a node."""
        return self.ask("GET", f"/v1/clusters/lab/{name}", token=None)[1]["node"]

    def balanced(self, name="n1", query=""):
        """What a load balancer is told."""
        return self.ask("GET", f"/node/{name}{query}", token=None)

    def agent_check(self, line):
        """What HAProxy's agent-check is told."""
        with socket.create_connection(("127.0.0.1", self.agent), 5) as stream:
            stream.sendall(line.encode() + b"\n")
            return b"".join(iter(lambda: stream.recv(4096), b"")).decode().rstrip("\n")

    def kept(self):
        """What the file holds, once it is as wanted."""
        return json.loads(self.file.read_text(encoding="utf-8"))["nodes"] if self.file.exists() else []

    def await_kept(self, count):
        """The file is written soon."""
        wait_until(lambda: len(self.kept()) == count, lambda: f"the file holds {self.kept()}")


def story(reports):
    """Of reports, what they say anew of a state or of where clients are sent."""
    known, told = {}, []
    for report in reports:
        subject = report.get("node", "cluster")
        says = (report["state"], report.get("routable"))
        if known.get(subject, ("unknown", None)) != says:
            told.append((report["t_us"], subject, *says))
        known[subject] = says
    return told


def compare_replay(stage, trace, since=0, until=None):
    """A trace replays to what was told: the same in the same order, at the same times."""
    done = subprocess.run([HEALTHCTL, "replay", "--json", str(trace)], capture_output=True, text=True, timeout=30,
                          check=True)
    check(not done.stderr, done.stderr)
    live = story(stage.reports()[since:until])
    again = story(json.loads(line) for line in done.stdout.splitlines())
    check([x[1:] for x in live] == [x[1:] for x in again], f"otherwise told:\nlive     {live}\nreplayed {again}")
    worst = max(abs(a[0] - b[0]) for a, b in zip(live, again))
    check(worst <= 20000, f"times differ by up to {worst} us")
    return again


# ---- Scenes -------------------------------------------------------------------------------------------

def on_and_off(stage):
    """It is about where clients are sent, at once; everybody is told; the state stays; the record replays."""
    trace = stage.folder / "trace.jsonl"
    stage.configure(more=f"record: {trace}\n")
    stage.begin()
    before = stage.node()
    check(before["maintenance"] is None and before["routable"] is True, before)
    check(before["view"]["queue"] == 0 and "MariaDB" in before["view"]["server"], before["view"])
    check(stage.balanced()[0] == 200, "clients are not sent there")
    began = time.time()
    until = in_seconds(3600)
    during = stage.on("new disk", until=until)
    word = during["maintenance"]
    check(word["reason"] == "new disk" and word["until"][:22] == until[:22], word)
    since = datetime.datetime.fromisoformat(word["since"].replace("Z", "+00:00")).timestamp()
    check(abs(since - began) < 1, word)
    check(word["kept"] is False, "without a file a restart forgets it, and that is not said")
    check(during["state"] == "green" and during["since"] == before["since"], during)
    check((during["routable"], during["routable_reason"]) == (False, "maintenance"), during)
    check(during["version"] == before["version"] + 1, f"{before['version']} {during['version']}")
    status, said = stage.balanced()
    check(status == 503 and "maintenance" in said, f"{status}: {said}")
    check(stage.balanced(query="?donor=yes&read-only=yes&unknown=yes")[0] == 503, "a balancer's taste outdoes it")
    status, said = stage.balanced(query="?drain=yes")
    check(status == 404 and said == "n1 takes no new clients: maintenance (green)\n", f"{status}: {said}")
    check([stage.agent_check(line) for line in ("lab/n1", "lab/n1?drain=yes", "lab/n1?drain=no")] ==
          ["down #maintenance (green)", "up 0%", "down #maintenance (green)"], "the agent-check")
    listed = [e for e in stage.ask("GET", "/v1/history", token=None)[1]["events"] if e.get("node") == "n1"][-1]
    check((listed["routable"], listed["routable_reason"]) == (False, "maintenance"), listed)
    said = subprocess.run([HEALTHCTL, "events", "lab/n1", "--server", f"http://127.0.0.1:{stage.port}"], timeout=10,
                          capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    check(said.endswith(" component; not routable: maintenance"), said)
    stage.out.wait('"node":"n1","state":"green".*"routable":false')
    stage.log.wait('event=maintenance cluster=lab node=n1 on=yes who=http reason="new disk" until=2.* kept=no')
    again = stage.on("newer disk")
    check(again["maintenance"]["reason"] == "newer disk" and again["maintenance"]["until"] is None, again)
    check(again["maintenance"]["since"] == word["since"] and again["version"] == during["version"], again)
    listed = stage.ask("GET", "/v1/clusters", token=None)[1]["clusters"][0]["nodes"][0]
    check(listed["maintenance"]["reason"] == "newer disk", listed)
    after = stage.off()
    check(after["maintenance"] is None and after["routable"] is True, after)
    check(stage.off()["version"] == after["version"], "to end none is no change")
    check(stage.ask("DELETE", PATH, scheme="bearer")[0] == 200, "the scheme's name has no case")
    check(stage.balanced()[0] == 200, "clients are not sent there again")
    stage.log.wait("event=maintenance cluster=lab node=n1 on=no who=http")
    stage.stop()
    told = [x[2:] for x in compare_replay(stage, trace) if x[1] == "n1"]
    check(told[-3:] == [("green", True), ("green", False), ("green", True)], told)


def until(stage):
    """It ends when its time is up."""
    trace = stage.folder / "trace.jsonl"
    stage.keep(more=f"record: {trace}\n")
    stage.begin()
    stage.on(until=in_seconds(1.5))
    stage.await_kept(1)
    check(stage.balanced()[0] == 503, "it has not begun")
    stage.log.wait("event=maintenance cluster=lab node=n1 on=no who=until", 4)
    check(stage.node()["maintenance"] is None and stage.balanced()[0] == 200, "it has not ended")
    stage.await_kept(0)
    stage.stop()
    compare_replay(stage, trace)


def restarted(stage):
    """A restart remembers it; one whose time is up meanwhile ends; one of an unknown node is told and forgotten."""
    stage.keep(nodes=("n1", "n2"))
    stage.begin()
    word = stage.on("a reason with \"quotes\", \\ and ä", until=in_seconds(3600))["maintenance"]
    check(word["kept"] is True, word)
    check(stage.ask("POST", PATH.replace("n1", "n2"), {"reason": "x", "until": in_seconds(1)})[0] == 200, "n2")
    stage.stop()
    check(len(stage.kept()) == 2, f"SIGTERM lost it: {stage.kept()}")
    check(not list(stage.folder.glob("*.new")), "the new file's former name is left behind")
    time.sleep(1)
    trace = stage.folder / "trace.jsonl"
    stage.keep(nodes=("n1", "n2"), more=f"record: {trace}\n")
    stage.begin()
    check(stage.node()["maintenance"] == word, f"{stage.node()['maintenance']} is not {word}")
    check(stage.balanced()[0] == 503, "clients are sent there")
    stage.log.wait("event=maintenance cluster=lab node=n1 on=yes who=earlier")
    stage.log.wait("event=maintenance cluster=lab node=n2 on=no who=until")
    stage.stop()
    check(("n1", "green", True) not in [x[1:] for x in compare_replay(stage, trace)], "it was in service")

    held = json.loads(stage.file.read_text(encoding="utf-8"))
    held["nodes"].append({**held["nodes"][0], "node": "former"})
    stage.file.write_text(json.dumps(held), encoding="utf-8")
    stage.keep()
    stage.begin()
    stage.log.wait("event=maintenance cluster=lab node=former on=no who=config")
    stage.await_kept(1)
    stage.process.kill()
    stage.process.wait()
    stage.begin()
    check(stage.node()["maintenance"] == word, "SIGKILL lost it")
    stage.stop()


def reloaded(stage):
    """A reload that keeps the name keeps it, at another address too; one that removes the node removes it."""
    trace = stage.folder / "trace.jsonl"
    stage.keep(nodes=("n1", "n2"), more=f"record: {trace}\n")
    stage.begin()
    word = stage.on()["maintenance"]
    stage.reload()
    check(stage.node()["maintenance"] == word, "a reload that changes nothing lost it")
    stage.keep(nodes=("n1", "n3"), more=f"record: {trace}\n")
    stage.reload()
    check(stage.node()["maintenance"] == word, "a reload beside it lost it")
    before = stage.out.count()
    compare_replay(stage, stage.folder / "trace.jsonl", until=before)
    stage.keep(nodes=("n1", "n3"), more=f"record: {trace}\n", address="'::ffff:127.0.0.1'")
    stage.reload()
    stage.out.wait('"node":"n1","state":"green"', since=before)
    now = stage.node()
    check(now["maintenance"] == word and now["routable"] is False, f"another address lost it: {now}")
    stage.keep(nodes=("n3",), more=f"record: {trace}\n")
    stage.reload()
    check(stage.ask("POST", PATH, {"reason": "x"})[0] == 404, "it is still there")
    stage.log.wait("event=maintenance cluster=lab node=n1 on=no who=config")
    stage.await_kept(0)
    stage.keep(nodes=("n1", "n3"), more=f"record: {trace}\n")
    before = stage.out.count()
    stage.reload()
    stage.out.wait('"node":"n1","state":"green"', since=before)
    check(stage.node()["maintenance"] is None and stage.balanced()[0] == 200, "a new node of the name inherits it")
    stage.stop()


def still_judged(stage):
    """What is in maintenance is judged and told like any other: it goes red, is found again, and stays out."""
    trace = stage.folder / "trace.jsonl"
    stage.configure(nodes=("n1", "n2"), more=f"record: {trace}\n")
    stage.begin(green=False)
    check(stage.ask("POST", PATH.replace("n1", "n2"), {"reason": "x"})[0] == 200, "n2 is not taken")
    check(stage.balanced("n2")[1].find("maintenance") > 0, stage.balanced("n2"))
    stage.out.wait('"node":"n2","state":"red-unclean"', 8)
    red = stage.node("n2")
    check(red["state"] == "red-unclean" and red["maintenance"]["reason"] == "x", red)
    status, said = stage.balanced("n2")
    check(status == 503 and "maintenance" in said and "red-unclean" in said, said)
    check(stage.balanced("n2", "?drain=yes")[0] == 503, "a dead node keeps its clients")
    stage.out.wait('"node":"n1","state":"green"', 10)
    stage.on()
    stage.process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)  # a stall: the record has marks of it too
    stage.process.send_signal(signal.SIGCONT)
    stage.off()
    stage.stop()
    compare_replay(stage, trace)


def unknown(stage):
    """A balancer that takes what is not known does not get what is in maintenance."""
    stage.configure(nodes=("n2",))
    stage.begin(green=False)
    check(stage.balanced("n2", "?unknown=yes")[0] == 200, "it is known already")
    check(stage.ask("POST", PATH.replace("n1", "n2"), {"reason": "x"})[0] == 200, "n2 is not taken")
    status, said = stage.balanced("n2", "?unknown=yes")
    check(status == 503 and "maintenance" in said and "(unknown)" in said, f"{status}: {said}")
    stage.stop()


def refused(stage):
    """Who may not, or says it wrong, changes nothing and is told what is expected."""
    stage.configure(nodes=("n1", "n2"))
    stage.begin()
    good = {"reason": "x"}
    for method in ("POST", "DELETE"):
        for wrong in (None, "another token", TOKEN + "x"):
            check(stage.ask(method, PATH, good, token=wrong)[0] == 401, f"{method} with token {wrong}")
    for path, code in ((PATH.replace("n1", "n9"), 404), (PATH.replace("lab", "lob"), 404), (PATH + "/x", 400)):
        check(stage.ask("POST", path, good)[0] == code and stage.ask("DELETE", path)[0] == code, path)
    check(stage.ask("GET", PATH)[0] == 405, "GET")
    long_text = "ä" * 100
    for body, place in (("", "body"), ("{", "body"), ("[]", "body"), ("[1]", "body"), ("{}{}", "body"),
                        ('{"reason":"x"}\0', "body"), ({}, "reason"), ({"reason": ""}, "reason"), ({"reason": 7}, "reason"),
                        ({"reason": long_text + "x"}, "reason"), (b'{"reason":"\xff\xfe"}', "reason"),
                        (b'{"reason":"\xed\xa0\x80"}', "reason"), ({"reason": "x", "untill": None}, "untill"),
                        ('{"reason":"x","reason":"y"}', "reason"), ({"reason": "x", "until": "tomorrow"}, "until"),
                        ({"reason": "x", "until": 5}, "until"), ({"reason": "x", "until": in_seconds(-1)}, "until"),
                        ({"reason": "x", "until": in_seconds(367 * 86400)}, "until"),
                        ({"reason": "x", "until": "2027-02-30T00:00:00Z"}, "until")):
        status, said = stage.ask("POST", PATH, body)
        check(status == 400 and said["error"].startswith(place + ": ") and "expected" in said["error"],
              f"{body}: {status} {said}")
    check(stage.ask("POST", PATH, "x" * 20000)[0] == 413, "a body without end")
    now = stage.node()
    check(now["maintenance"] is None and now["routable"] is True, f"something has changed: {now}")
    check(stage.on(long_text, until=None)["maintenance"]["reason"] == long_text, "200 bytes are a reason")
    ahead = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=2))) + datetime.timedelta(seconds=60)
    check(stage.on(until=ahead.isoformat(timespec="seconds"))["maintenance"]["until"], "another time zone")
    stage.stop()
    stage.config.write_text(stage.config.read_text(encoding="utf-8").replace(f"  token_file: {stage.token}\n", ""),
                            encoding="utf-8")
    stage.begin()
    check(stage.ask("POST", PATH, good)[0] == 403, "without a token's file somebody may")
    stage.stop()


def without_a_configuration(stage):
    """The command line names the token, too."""
    call = ["--cluster", "lab", "--node", f"n1=127.0.0.1:{stage.lab.port('n1', 3306)}", "--user", PROBE_USER,
            "--password-file", str(stage.password), "--heartbeat", "none", "--http", f"127.0.0.1:{stage.port}",
            "--token-file", str(stage.token)]
    stage.start(call)
    wait_served(stage.port)
    check(stage.ask("POST", PATH, {"reason": "x"}, token="another")[0] == 401, "with another token")
    check(stage.on()["maintenance"]["kept"] is False, "nobody said where it is kept")
    stage.stop()


def acknowledged(stage):
    """A quick double crash is acknowledged by who has the token; of a cluster that is not there, nobody can."""
    stage.configure()
    stage.begin()
    path = "/v1/clusters/lab/acknowledge"
    check(stage.ask("POST", path, token=None)[0] == 401, "without a token")
    status, told = stage.ask("POST", path)
    check(status == 200 and told["cluster"] == "lab" and told["faults"] == [], (status, told))
    check(told["memory"]["double_crash_age_ms"] is None, told["memory"])
    check(told["kept"] is False, told)
    check(told["memory"]["served"]["seqno"] >= 0, told["memory"])
    stage.log.wait("event=acknowledge cluster=lab who=http kept=no")
    check(stage.ask("POST", "/v1/clusters/none/acknowledge")[0] == 404, "no such cluster")
    call = [HEALTHCTL, "acknowledge", "lab", "--server", f"http://127.0.0.1:{stage.port}", "--token-file", stage.token]
    done = subprocess.run(call, capture_output=True, text=True, timeout=10, check=False)
    check(done.returncode == 0 and "lab: the quick double crash is acknowledged; healthd will not remember"
          in done.stdout, done)
    stage.on()
    diagnosis = stage.ask("GET", "/v1/clusters/lab/diagnosis", token=None)[1]
    check([fault["code"] for fault in diagnosis["faults"]] == ["member-not-routable"], diagnosis["faults"])
    stage.stop()
    stage.configure(more=f"memory: {stage.folder}/memory.json\n")
    stage.begin()
    check(stage.ask("POST", path)[1]["kept"] is True, "it is not remembered, although there is a file")
    done = subprocess.run(call, capture_output=True, text=True, timeout=10, check=False)
    check(done.returncode == 0 and done.stdout.endswith("is acknowledged\n"), done)
    stage.stop()


def damaged_file(stage):
    """A file that cannot be used is told with its place and left as it is, and what is set now is not kept."""
    entry = {"cluster": "lab", "node": "n1", "reason": "x", "since": "2026-01-01T00:00:00Z", "until": None}
    for text, place in (("{", "a JSON object"), ("", "a JSON object"), ("[1]", "a JSON object"),
                        (json.dumps({"maintenance": 1, "nodes": [entry, {**entry, "reason": ""}]}), "nodes[1].reason"),
                        (json.dumps({"maintenance": 1, "nodes": [{**entry, "since": "x"}]}), "nodes[0].since"),
                        (json.dumps({"maintenance": 1, "nodes": [7]}), "nodes[0].cluster"),
                        (json.dumps({"maintenance": 2, "nodes": []}), "maintenance: 1")):
        stage.file.write_text(text, encoding="utf-8")
        stage.keep()
        stage.begin(green=False)
        stage.log.wait("event=maintenance key=http.maintenance_file text=")
        check(place in stage.log.text() and "mend or remove" in stage.log.text(), f"{text}:\n{stage.log.text()}")
        check(stage.on()["maintenance"]["kept"] is False, "it is said to be kept")
        stage.stop()
        check(stage.file.read_text(encoding="utf-8") == text, "the file was changed")


def unwritable_file(stage):
    """A file that cannot be written is told, the answers say so, and it is written once it can be."""
    blocker = Path(str(stage.file) + ".new")
    blocker.mkdir()  # where the new text would go
    stage.keep()
    stage.begin()
    stage.on()
    stage.log.wait("event=maintenance key=http.maintenance_file text=.*cannot be written", 4)
    check(stage.node()["maintenance"]["kept"] is False, "it is said to be kept")
    blocker.rmdir()
    stage.log.wait("event=maintenance key=http.maintenance_file text=.*written again", 4)
    check(stage.node()["maintenance"]["kept"] is True and len(stage.kept()) == 1, "it is not kept")
    stage.stop()


SCENES = (on_and_off, until, restarted, reloaded, still_judged, unknown, refused, without_a_configuration,
          acknowledged, damaged_file, unwritable_file)


def main():
    """The scenes, beside one real node."""
    with Lab(nodes=1, loopback=True) as lab:
        lab.start()
        Service.lab = lab
        return play_all(SCENES, Service)


if __name__ == "__main__":
    sys.exit(main())
