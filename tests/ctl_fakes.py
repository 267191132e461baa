"""Scenes of ctl.py: beside a fake healthd, where a real one cannot be made to answer so."""
import json
import re
import subprocess
import time

import yaml

from ctl_stage import HEALTHCTL, NO_SERVER, Terminal, ctl, says
from fake_healthd import FakeHealthd, FakeSpeaker, cluster, node
from scenes import Reader, check, wait_until


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
    ctl("status", server=fake.url, env={"http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"})
    fake.show()
    ctl("check", server=fake.url, code=3)


@with_fake
def prompt(_stage, fake):
    """A change is asked for when it comes, and a new size drawn, not with the next second."""
    fake.show(cluster("lab", [node("n1")]))
    terminal = Terminal("status", "--watch", "--server", fake.url)

    def asked():
        return [when for when, path in list(fake.times) if path == "/v1/clusters"]
    try:
        terminal.wait("lab: ")
        for _ in range(3):
            count = len(asked())
            wait_until(lambda before=count: len(asked()) != before, "nobody asks again", turn=terminal.read)
            time.sleep(0.2)
            count, said = len(asked()), time.monotonic()
            fake.say("change", 1, "{}")
            wait_until(lambda before=count: len(asked()) != before, "nobody asks after the change",
                       turn=lambda: terminal.read(0.01))
            check(asked()[count] - said < 0.3, f"asked {asked()[count] - said:.2f} s after the change")
            terminal.read(0.1)
            terminal.forget()
            terminal.resize(81, 25)
            terminal.wait("lab: ", 0.4)  # not with the next second's picture either
            terminal.resize(80, 24)
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
        fake.say("reset", 20, "{}")
        fake.say("change", 15, '{"number":15}')  # of the stream that is left
        err.wait("more has changed meanwhile than the server keeps")
        out.wait('"number":20')
        fake.say("change", 20, '{"number":20}', 1)
        fake.say("change", 21, '{"number":21}', 1)
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
                maintenance={"reason": "neue\033[31m gr\u00f6\u00dfere Platte", "since": "2026-01-02T03:00:00Z",
                             "until": "2026-01-02T06:00:00Z"})
    quiet = node("n4", agent={"says": "none", "age_ms": 12000, "limit_ms": 3000},
                 probe={"says": "none", "age_ms": None, "limit_ms": 7500}, routable=False, routable_reason="maintenance")
    newer = node("n1", view={"says": "member", "from": "agent", "age_ms": 1, "limit_ms": 2, "conf_id": 12, "size": 3,
                             "component": "non-Primary", "queue": 17, "server": "10.11.19-MariaDB\u00e9"})
    fake.show(cluster("calm", [node("n1"), quiet]),
              cluster("shop", [newer, kept, ill], "yellow", faults=["majority-at-risk", "of-tomorrow"]))
    table = ctl("status", server=fake.url, code=1)[0]
    says(table, "^2 clusters: 1 yellow, 1 green$", "^shop: yellow for 4m5s, 2 of 3 green, can lose 1 more: the sentence",
         "^  FAULT critical majority-at-risk: half of .*Expect", "^  FAULT of-tomorrow$",
         "^  n1 +green .* ok 0.3/7.5s +ok 0.1/2.0s +agree +3 .#12. non-Primary +17 +10.11.19-MariaDB\\?\\?$",
         "^  n2 +green .* no:desynced ", "^  n3 +red-unclean +4m5s +no +exit-unsafe .* exclude +- +- +-$",
         "^  n4 +green .*no:maintenance +synced +none +silent 12.0/3.0s ", "^  n4 takes no clients: pxc_maint_mode says so$",
         "^  n2 takes no clients: wsrep_desync is ON", "^  n3 is red-unclean: the sentence of exit-unsafe$",
         "^  n2 is in maintenance for 4m5s, until 2026-01-02T06:00:00Z: neue.\\[31m gr\u00f6\u00dfere Platte$")
    check(table.index("shop") < table.index("calm") and "\033" not in table, table)
    fake.answers["/v1/clusters/shop/n2"] = (200, {"schema": 1, "time": "2026-01-02T03:04:05Z", "node": kept})
    says(ctl("why", "n2", server=fake.url)[0], "^maintenance since .* until 2026-01-02T06:00:00Z: neue.\\[31m gr\u00f6\u00dfere Platte$")
    ours = {**kept, "routable_reason": "maintenance", "transitions": 1, "agent": quiet["agent"]}
    fake.answers["/v1/clusters/shop/n2"] = (200, {"schema": 1, "time": "2026-01-02T03:04:05Z", "node": ours})
    says(ctl("why", "n2", server=fake.url)[0], "^routable: no .an operator has taken it out of service.$",
         "^1 change of state, 1 unclean exit, ", "^  agent +silent +12.000 s ago, was believed for 3.000 s$")
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
                        says(terminal.text, "  exit-unsafe\r", "^no room for PROBE, AGENT")
            finally:
                terminal.close()
    says(ctl("status", server=fake.url, code=1)[0], f"^  {long}  red-unclean .* exclude +3 .#12. ")


@with_fake
def matrix(_stage, fake):
    """Who counts whom: by lists of members where they can be read, by views where not; what is old is not known."""
    listed = [node("n1", members=["n1", "n2", "?"]), node("n2", members=["n1", "n2"])]
    fake.show(cluster("lab", listed + [node("n3", "red-unclean", members=["n1", "n3"])]))
    text = ctl("matrix", server=fake.url)[0]
    says(text, r"^  n1 +1  3 .#12.  \.  \+  -$", r"^  n2 +2  3 .#12.  \+  \.  -$", r"^  n3 +3  3 .#12.  \+  -  \.$",
         r"^  monitor +- +   \+  \+  -$", "counts it as a member")

    def view(conf_id, age_ms=1):
        return {"age_ms": age_ms, "limit_ms": 30000, "conf_id": conf_id, "size": 2}
    fake.show(cluster("lab", [node("n1", view=view(5)), node("n2", view=view(5)), node("n3", view=view(6)),
                              node("n4", view=view(5, 40000))]))
    text = ctl("matrix", "lab", server=fake.url)[0]
    says(text, r"^  n1 +1  2 .#5. +\.  ~  !  \?$", r"^  n3 +3  2 .#6. +!  !  \.  \?$", r"^  n4 +4  2 .#5. +\?  \?  \?  \.$")


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
    until = time.mktime(time.strptime(sent["until"], "%Y-%m-%dT%H:%M:%S.000Z")) - time.timezone
    check(sent["reason"] == 'new "disk"' and abs(until - time.time() - 5400) < 5, sent)
    check(all("Authorization" not in h for m, _, h, _ in fake.calls if m == "GET"), "the token is shown to questions")
    environment = {"HEALTHD_TOKEN_FILE": str(token), "HEALTHD_SERVER": fake.url, "TZ": "UTC"}
    for when, expected in (("2d", 172800), ("90s", 90), (time.strftime("%H:%M", time.gmtime(time.time() + 7200)), 7200),
                           (time.strftime("%Y-%m-%dT%H:%M:%S+02:00", time.gmtime(time.time() + 10800)), 3600)):
        ctl("maint", "on", "lab/n2", "--reason", "x", "--until", when, env=environment)
        until = time.strptime(json.loads(fake.calls[-1][3])["until"], "%Y-%m-%dT%H:%M:%S.000Z")
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
        (FakeSpeaker(b"HTTP/1.1 500 Oh\r\nContent-Length: 25\r\n\r\n{\"error\":\"\\u001b[2Jdead\"}"), "refuses \\(500\\): .\\[2Jdead"),
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


def armed(_stage):
    """What a terminal would obey is in no form of a document, be it raw, escaped, or of UTF-8's own set."""
    body = b'{"schema":1,"epoch":1,"last":1,"events":[],"clusters":[],"x":"\x1b]0;owned\x07 \xc2\x9b2J \\u009b2J"}\n'
    speaker = FakeSpeaker(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    try:
        for output in ("json", "yaml", "table"):
            out, err = ctl("status", "-o", output, "--timeout", "0.5", server=speaker.url, code=0)
            check(not re.search("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", out + err), repr(out + err))
            check(output == "table" or "owned" in out, repr(out))
    finally:
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


SCENES = (codes, pictures, widths, matrix, maintained, prompt, outrun, strangers, armed, nonsense)
