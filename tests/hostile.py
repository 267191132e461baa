#!/usr/bin/env python3
"""hostile.py HEALTHD FAKE_SERVERS [SCENE...]: strangers do what they can, and the monitor does not notice.

Each attack is measured after a quiet time, on the same daemon: how regularly the servers are
asked, how soon a change is told, and how soon a load balancer gets its answer. The servers are fakes, because they
have to say when they were asked; the daemon is the real one, and so are its clients."""
import contextlib
import multiprocessing
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scenes import Failed, check, chosen
from serving import NODES, Stage, ask

QUIET_S = 0.8
ATTACK_S = 1.5
# What an attack may add to what 19 of 20 take, and to the worst. Attackers are elsewhere in life and take no time of
# our machine; here they come last, and still disturb a little. What the monitor does for itself is not delayed. A good
# client may have to stand in line with others, and may have to knock twice: the kernel waits a second before it does.
USUAL_SLACK_MS = {"gap": 40, "change": 40, "agent-check": 400, "/node": 400}
WORST_SLACK_MS = 1500
GROWTH_MB = 32


# ---- Measuring ----------------------------------------------------------------------------------------

def check_served(stage):
    """Both ways to ask work; how long each took."""
    began = time.monotonic()
    check(ask(stage.agent, "lab/n1\n") == "up 100%\n", "the agent-check does not say up")
    between = time.monotonic()
    answer = ask(stage.http, "GET /node/n1 HTTP/1.0\r\n\r\n")
    check(" 200 " in answer, f"/node/n1 is not 200: {answer}")
    return between - began, time.monotonic() - between


def gaps_ms(stage, since):
    """The times between the questions that each server was asked."""
    gaps = []
    for i in range(1, NODES):
        times = [int(line.split()[2]) for _, line in stage.said.lines[since:] if line.startswith(f"asked {i} ")]
        gaps += [(b - a) / 1e6 for a, b in zip(times, times[1:])]
    check(len(gaps) > 10, "the servers are not asked")
    return gaps


def change_ms(stage):
    """From a server's end to the report of it; then it comes back."""
    said, told = stage.said.count(), stage.reports.count()
    stage.command("gone 0")
    gone = int(stage.said.wait("^gone 0", since=said)[1].split()[2]) / 1e9
    when = stage.reports.wait('"node":"n0"', since=told)[0]
    stage.command("well 0")
    stage.reports.wait('"node":"n0","state":"green"', since=told)
    return max(0.0, when - gone) * 1e3


def measure(stage, seconds):
    """What happened in this time, in milliseconds: questions' gaps, changes' reports, answers; and the memory."""
    since, until = stage.said.count(), time.monotonic() + seconds
    changes, checks, pages, memory = [], [], [], []
    while time.monotonic() < until:
        changes.append(change_ms(stage))
        for _ in range(4):
            agent_s, http_s = check_served(stage)
            checks.append(agent_s * 1e3)
            pages.append(http_s * 1e3)
        memory.append(stage.memory_mb())
    taken = {"gap": gaps_ms(stage, since), "change": changes, "agent-check": checks, "/node": pages}
    return {name: sorted(values) for name, values in taken.items()}, max(memory)


def usual(values):
    """What 19 of 20 of them are at most."""
    return values[int(len(values) * 0.95)]


# ---- Attackers: each in a process of its own, until it is killed --------------------------------------

def connect(port):
    """A connection, as good as one gets it."""
    stream = socket.socket()
    stream.settimeout(2)
    with contextlib.suppress(OSError):
        stream.connect(("127.0.0.1", port))
    return stream


def come_last(attack, http, agent):
    """Attack in what time others leave."""
    os.nice(15)
    attack(http, agent)


def idle(http, agent):
    """500 connections to each that say nothing, renewed when they are ended."""
    held = []
    while True:
        for port in (http, agent):
            held += [connect(port) for _ in range(50)]
        for old in held[:-1000]:
            old.close()
        held = held[-1000:]
        time.sleep(0.05)


def drip(http, agent):
    """Headers, and an agent-check's line, a byte now and then."""
    pieces = {http: b"GET /v1/clusters HTTP/1.1\r\nX-Slow: " + b"a" * 1000, agent: b"lab/" + b"a" * 1000}
    held = [(connect(port), text) for port, text in pieces.items() for _ in range(150)]
    for i in range(1000):
        for stream, text in held:
            with contextlib.suppress(OSError):
                stream.send(text[i:i + 1])
        time.sleep(0.1)


def huge(http, agent):
    """Headers and bodies and lines without end."""
    text = {http: [b"GET / HTTP/1.1\r\n" + b"X-Big: " + b"b" * 65536,
                   b"POST /v1/clusters HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n" + b"b" * 65536,
                   b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n" + b"b" * 65536],
            agent: [b"c" * 65536]}
    while True:
        for port, kinds in text.items():
            for kind in kinds:
                with connect(port) as stream, contextlib.suppress(OSError):
                    for _ in range(20):
                        stream.sendall(kind)


def deaf(http, _agent):
    """Ask for what is long, many times over, and read nothing; and go on sending."""
    held = []
    while True:
        for path in (b"/v1/clusters", b"/v1/history", b"/v1/events"):
            stream = connect(http)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with contextlib.suppress(OSError):
                stream.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            stream.setblocking(False)
            held.append(stream)
        for stream in held[-200:]:
            with contextlib.suppress(OSError):
                for _ in range(8):
                    stream.send(b"z" * 65536)
        for old in held[:-400]:
            old.close()
        held = held[-400:]
        time.sleep(0.01)


def flood(http, agent):
    """Connections as fast as they go."""
    while True:
        for port in (http, agent):
            for _ in range(100):
                connect(port).close()


def burst(http, _agent):
    """As many as may be connected ask for much, all in the same moment, again and again."""
    while True:
        held = [connect(http) for _ in range(250)]
        for stream in held:
            with contextlib.suppress(OSError):
                stream.sendall(b"GET /v1/clusters/lab/n1 HTTP/1.1\r\nHost: x\r\n\r\n" * 15)
        time.sleep(0.1)
        for stream in held:
            stream.close()


def garbage(http, agent):
    """What is no HTTP, or only just."""
    texts = [os.urandom(4096), b"\0" * 512 + b"\r\n\r\n", b"GET \0\0 HTTP/1.1\r\n\r\n", b"\r\n" * 5000,
             b"GET " + b"/a" * 3000 + b" HTTP/1.1\r\n\r\n", b"GET /node/%00n1 HTTP/1.1\r\n\r\n",
             b"GET /node/" + b"%41" * 2000 + b" HTTP/1.0\r\n\r\n", b"GET /../../etc/passwd HTTP/1.0\r\n\r\n",
             b"GET //////// HTTP/1.0\r\n\r\n", b"GET http://[::1/ HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\n\r\n",
             b"GET /node/n1?" + b"donor=yes&" * 500 + b" HTTP/1.0\r\n\r\n", b"GET /node/n1?%zz=%% HTTP/1.0\r\n\r\n",
             b"GET /livez HTTP/9.9\r\n\r\n", b"BREW /node/n1 HTTP/1.1\r\n\r\n", b"GET /livez\r\n\r\n",
             b"GET /node/n1 HTTP/1.1\r\nHost: x\r\n\r\n" * 200, b"lab/n1?donor\n", b"lab/n1?%00\n", b"///?///\n",
             b"lab/n1?" + b"unknown=1&" * 24 + b"\n", b"\n", b"lab/n1\nlab/n1\n" * 50,
             b"POST /livez HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"GET /livez HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
             b"POST /livez HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"]
    while True:
        for text in texts:
            for port in (http, agent):
                with connect(port) as stream, contextlib.suppress(OSError):
                    stream.sendall(text)
                    stream.settimeout(0.005)
                    stream.recv(100)


# ---- Scenes -------------------------------------------------------------------------------------------

def attacked(stage, attack):
    """The same is measured before and during an attack."""
    quiet, before = measure(stage, QUIET_S)
    attackers = [multiprocessing.Process(target=come_last, args=(attack, stage.http, stage.agent), daemon=True)
                 for _ in range(2)]
    for attacker in attackers:
        attacker.start()
    try:
        time.sleep(0.5)
        during, memory = measure(stage, ATTACK_S)
        check(all(attacker.is_alive() for attacker in attackers), "an attacker has ended")
        for name, values in during.items():
            print(f"  {attack.__name__}: {name} usually {usual(quiet[name]):.1f} -> {usual(values):.1f} ms, at worst "
                  f"{quiet[name][-1]:.0f} -> {values[-1]:.0f} ms of {len(values)}", flush=True)
        print(f"  {attack.__name__}: {memory:.0f} MB")
        for name, values in during.items():
            check(usual(values) <= usual(quiet[name]) + USUAL_SLACK_MS[name], f"{name} takes longer")
            check(values[-1] <= quiet[name][-1] + WORST_SLACK_MS, f"{name} takes much longer at times")
        check(memory < before + GROWTH_MB, f"it holds {memory - before:.0f} MB more")
        stage.stop()
    finally:
        for attacker in attackers:
            attacker.kill()
            attacker.join()


def patience(stage):
    """Who does not ask is ended: by both doors, in the time that the manual says."""
    for port, limit in ((stage.agent, 2), (stage.http, 10)):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), 5) as stream:
            stream.settimeout(limit + 3)
            check(stream.recv(10) == b"", "something was said")
        took = time.monotonic() - began
        check(limit - 0.1 <= took <= limit + 1, f"it was ended after {took:.1f} s and not {limit} s")
    stage.stop()


def said(stage):
    """What the agent-check says, word for word; and that it is logged once."""
    for line, expected in (("lab/n1\n", "up 100%"), ("n1\r\n", "up 100%"), ("lab/n1?donor=yes\n", "up 100%"),
                           ("lab/n9\n", "down #CLUSTER/NODE is expected"), ("\n", "down #CLUSTER/NODE is expected"),
                           ("lab/n1?doner=yes\n", "down #yes or no"), ("x" * 300 + "\n", "down #CLUSTER/NODE")):
        answer = ask(stage.agent, line)
        check(answer.startswith(expected) and answer.endswith("\n"), f"{line!r} is answered {answer!r}")
    since = stage.reports.count()
    stage.command("gone 1")
    stage.reports.wait('"node":"n1"', since=since)
    answer = ask(stage.agent, "lab/n1\n")
    check(re.fullmatch(r"down #[a-z-]+ \([a-z-]+\)\n", answer), f"a dead node is answered {answer!r}")
    logged = [line for _, line in stage.log.lines if "event=agent-check" in line]
    check(len(logged) == 1 and "lab/n9" in logged[0], f"logged: {logged}")
    stage.stop()


def node(stage):
    """What /node and /cluster say, to each method, and to what is no question."""
    since = stage.reports.count()
    stage.command("gone 1")
    stage.reports.wait('"node":"n1"', since=since)
    for question, code in (("GET /node/n0", 200), ("HEAD /node/n0", 200), ("HEAD /", 200), ("HEAD /v1/clusters", 200), ("HEAD /node/n9", 404), ("OPTIONS /node/n0", 200),
                           ("GET /node/lab/n0?donor=no&read-only=yes&unknown=yes", 200), ("GET /node/n1", 503),
                           ("OPTIONS /node/lab/n1?unknown=yes", 503), ("GET /cluster/lab", 200), ("GET /node/n9", 404),
                           ("GET /node/bal/n0", 404), ("GET /cluster/n0", 404), ("GET /node/n0?doner=yes", 400),
                           ("GET /node/n0?donor=maybe", 400), ("GET /node/n0?donor", 400), ("GET /livez?verbose", 200),
                           ("GET /readyz?verbose&exclude=x&", 200), ("OPTIONS /livez", 200), ("OPTIONS /", 200),
                           ("OPTIONS /v1/clusters", 405), ("GET /node/n0?=yes", 400), ("POST /node/n0", 405),
                           ("GET /node/%6e0", 200), ("GET /node/n0%00", 400)):
        answer = ask(stage.http, question + " HTTP/1.0\r\n\r\n")
        check(f" {code} " in answer.split("\r\n")[0], f"{question} is answered {answer}")
        head, _, body = answer.partition("\r\n\r\n")
        check(not body or not question.startswith("HEAD"), f"{question} has a body: {body!r}")
        if code in (200, 503) and question.startswith(("GET /node", "GET /cluster")):
            check(re.search(r"^X-Health-State: [a-z-]+\r?$", head, flags=re.M), f"no state: {head}")
            check(("takes clients: " if code == 200 else "takes no clients: ") in body, body)
    stage.stop()


def readers(stage):
    """Readers of events that only hold their places keep nobody out; those who go leave nothing."""
    def follow():
        stream = socket.create_connection(("127.0.0.1", stage.http), 5)
        stream.settimeout(5)
        stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        check(b" 200 " in stream.recv(65536), "events are not served")
        return stream

    held = [follow() for _ in range(100)]
    with follow() as good:
        since = stage.reports.count()
        stage.command("gone 1")
        stage.reports.wait('"node":"n1"', since=since)
        text = b""
        while b"event: change" not in text:
            part = good.recv(65536)
            check(part, "the good reader is let go")
            text += part
    while held[0].recv(65536):
        pass  # the first has made room
    for stream in held:
        stream.close()
    time.sleep(0.5)
    stage.stop()  # under a sanitizer, with nothing left


SCENES = (patience, said, node, readers)
ATTACKS = (idle, drip, huge, deaf, flood, burst, garbage)


def play(scene):
    """One, with a daemon of its own: what is to be said of it, and whether it went well."""
    with tempfile.TemporaryDirectory(prefix="healthd-hostile-") as folder:
        stage = Stage(Path(folder))
        try:
            stage.begin()
            if scene in ATTACKS:
                attacked(stage, scene)
            else:
                scene(stage)
            return f"passed {scene.__name__}: {scene.__doc__}", True
        except (Failed, OSError, subprocess.SubprocessError) as problem:
            log = "\n".join(line for _, line in stage.log.lines[-10:])
            return f"FAILED {scene.__name__}: {problem}\n{log}", False
        finally:
            stage.close()


def main():
    """Those that measure one after the other; the others wait most of the time, beside them."""
    measured, others = chosen(ATTACKS), chosen(SCENES)
    played = []
    with ThreadPoolExecutor(1) as pool:
        beside = pool.map(play, others)
        for results in (map(play, measured), beside):
            for said_of_it, good in results:
                print(said_of_it, flush=True)
                played.append(good)
    print(f"{sum(played)} of {len(played)} scenes passed")
    return 0 if played and all(played) else 1


if __name__ == "__main__":
    sys.exit(main())
