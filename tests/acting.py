#!/usr/bin/env python3
"""acting.py HEALTHD HEALTHCTL [SCENE...]: tasks take turns, of several healthds one may act, and memory outlives them.

Nothing listens where the nodes are said to be. Each scene has a daemon of its own, or two, and its own Redis."""
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from daemon import HEALTHCTL, HEALTHD, Stage
from scenes import Reader, check, free_port, play_all, redis_server, wait_served, wait_until

TTL_S = 15


class Service(Stage):
    """A daemon that serves, and tasks beside it."""

    def __init__(self):
        super().__init__()
        self.port = free_port()
        self.token = self.folder / "token"
        self.token.write_text("a token of some length\n", encoding="utf-8")
        self.token.chmod(0o600)
        self.memory = self.folder / "memory.json"
        self.tasks = []
        self.redis = None
        self.redis_port = free_port()

    def configure(self, more=""):
        """Two nodes that refuse."""
        self.write({"lab": ["n1", "n2"]})
        text = self.config.read_text(encoding="utf-8").replace(
            "http: {listen: none}", f"http: {{listen: '127.0.0.1:{self.port}', token_file: {self.token}}}")
        self.config.write_text(f"{text}memory: {self.memory}\n{more}", encoding="utf-8")

    def begin(self, more=""):
        """Start, and wait until it serves."""
        self.configure(more)
        self.start()
        wait_served(self.port)

    def task(self, name, *command, options=(), **more):
        """healthctl task run."""
        process = subprocess.Popen(
            [HEALTHCTL, "task", "run", "lab", name, "--token-file", str(self.token), "--server",
             f"http://127.0.0.1:{self.port}", *options, "--", *command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        self.tasks.append(process)
        return process

    def cluster(self, port=None):
        """The cluster's document."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}/v1/clusters/lab", timeout=5) as answer:
            return json.load(answer)["cluster"]

    def turn(self):
        """Who holds it, and who waits."""
        turn = self.cluster()["turn"]
        return turn["held_by"] and turn["held_by"]["task"], [place["task"] for place in turn["waiting"]]

    def await_turn(self, held, waiting=(), timeout=5):
        """It is held by this task soon."""
        wait_until(lambda: self.turn() == (held, list(waiting)), lambda: f"the turn is {self.turn()}", timeout)

    def settle(self):
        """A turn is had once nobody can claim one any more."""
        time.sleep(TTL_S)

    def start_redis(self):
        """A Redis of our own."""
        self.redis = subprocess.Popen([redis_server(self.folder), "--port", str(self.redis_port), "--save", "", "--dir",
                                       str(self.folder)], stdout=subprocess.DEVNULL)
        wait_until(lambda: self.ask_redis("PING") == "PONG", lambda: "Redis does not answer")

    def ask_redis(self, *words):
        """What Redis says."""
        done = subprocess.run(["redis-cli", "-p", str(self.redis_port), *words], capture_output=True, text=True,
                              check=False, timeout=5)
        return done.stdout.strip()

    def close(self):
        """Leave nothing behind."""
        for process in [*self.tasks, self.redis]:
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            if process:
                process.wait()
        super().close()


def ended(process, timeout=10):
    """Its code and what it said."""
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def codes(stage):
    """A task's command ends as it would alone, and what it says is untouched."""
    stage.begin()
    stage.settle()
    told = ended(stage.task("backup", "sh", "-c", "printf 'a\\0b'; printf oops >&2; exit 7"))
    check(told == (7, "a\0b", "oops"), f"{told}")
    check(ended(stage.task("backup", "sh", "-c", "kill -9 $$"))[0] == 137, "killed by 9")
    check(ended(stage.task("backup", "/nowhere/run"))[0] == 127, "it is not there")
    check(ended(stage.task("backup", "/tmp"))[0] == 126, "it cannot be run")
    check(ended(stage.task("backup", "cat", stdin=subprocess.DEVNULL))[0] == 0, "input is passed on")
    check(stage.turn() == (None, []), "the turn is given back")
    task = stage.task("backup", "sh", "-c", "trap 'echo got it; exit 3' TERM; echo up; while :; do sleep 0.1; done")
    check(task.stdout.readline() == "up\n", "it runs")
    task.send_signal(signal.SIGTERM)
    check(ended(task)[:2] == (3, "got it\n"), "a signal is passed on")
    code, _, said = ended(stage.task("a b", "true"))
    check(code == 2 and "a name of" in said, said)
    bad = stage.folder / "bad"
    bad.write_text("wrong\n", encoding="utf-8")
    code, _, said = ended(stage.task("backup", "true", options=["--token-file", str(bad)]))
    check(code == 3 and "401" in said, said)


def refused(stage):
    """What is wrong with a question is said with its place; nobody comes into the line by it."""
    stage.begin()
    good = {"task": "backup", "holder": "me"}
    for body, place in (("", "body"), ("[]", "body"), ({}, "task"), ({**good, "task": "a b"}, "task"),
                        ({**good, "holder": ""}, "holder"), ({**good, "held": "yes"}, "held"),
                        ({**good, "force": True}, "force"), (json.dumps(good)[:-1] + ', "task": "x"}', "task")):
        text = body if isinstance(body, str) else json.dumps(body)
        request = urllib.request.Request(
            f"http://127.0.0.1:{stage.port}/v1/clusters/lab/turn", text.encode(), method="POST",
            headers={"Authorization": f"Bearer {stage.token.read_text(encoding='utf-8').strip()}"})
        try:
            code, said = urllib.request.urlopen(request, timeout=5).status, ""
        except urllib.error.HTTPError as answer:
            code, said = answer.code, json.load(answer)["error"]
        check(code == 400 and said.startswith(place) and "expected" in said, f"{body}: {code} {said}")
    check(stage.turn() == (None, []), f"{stage.turn()}")


def in_turn(stage):
    """Tasks run one at a time in the order in which they came; the line has an end."""
    stage.begin()
    stage.settle()
    first = stage.task("first", "sh", "-c", "read line; echo one", stdin=subprocess.PIPE)
    stage.await_turn("first")
    second = stage.task("second", "sh", "-c", "echo two")
    stage.await_turn("first", ["second"])
    shown = subprocess.run([HEALTHCTL, "status", "lab", "--server", f"http://127.0.0.1:{stage.port}"],
                           capture_output=True, text=True, check=False).stdout
    shown = " ".join(shown.split())
    check("TURN first of " in shown and " has the turn for " in shown and "TURN second of " in shown, shown)
    with urllib.request.urlopen(f"http://127.0.0.1:{stage.port}/metrics", timeout=5) as answer:
        metrics = answer.read().decode()
    check('healthd_cluster_turn_held{cluster="lab"} 1' in metrics, "the metric says that it is held")
    check('healthd_cluster_turn_waiting{cluster="lab"} 1' in metrics, "the metric says who waits")
    check('healthd_actions_total{action="start",outcome="done"} 0' in metrics, "nothing was done")
    third = stage.task("third", "true", options=["--wait-max", "1"])
    code, _, said = ended(third)
    check(code == 3 and "within 1 s" in said and "number 2 in line" in said, f"{code}: {said}")
    stage.await_turn("first", ["second"])
    more = [stage.task(f"t{i}", "true") for i in range(7)]
    wait_until(lambda: len(stage.turn()[1]) == 8, lambda: f"{stage.turn()}")
    code, _, said = ended(stage.task("ninth", "true"))
    check(code == 3 and "the line is full" in said, f"{code}: {said}")
    check(second.poll() is None, "it runs beside the first")
    first.stdin.write("go\n")
    first.stdin.close()
    check(second.wait(5) == 0, "the second runs then")
    for task in more:
        check(task.wait(20) == 0, "all have their turn")
    waits = stage.task("waits", "true")
    check(waits.wait(5) == 0, "the turn is free")


def holder_dies(stage):
    """Who is killed loses the turn within its time, and its command gets SIGTERM at once."""
    stage.begin()
    stage.settle()
    mark = stage.folder / "mark"
    first = stage.task("first", "sh", "-c", f"trap 'echo term >{mark}; exit' TERM; echo up; while :; do sleep 0.1; done")
    check(first.stdout.readline() == "up\n", "it runs")
    second = stage.task("second", "true")
    stage.await_turn("first", ["second"])
    began = time.monotonic()
    first.kill()
    wait_until(mark.exists, lambda: "the command was not told")
    check(second.wait(TTL_S + 5) == 0, "the second has its turn")
    check(TTL_S - 6 < time.monotonic() - began < TTL_S + 3, f"after {time.monotonic() - began:.1f} s")
    stage.log.wait("event=turn-expired cluster=lab task=first")


def healthd_away(stage):
    """When healthd is away for too long the command gets SIGTERM, before another could have the turn."""
    stage.begin()
    stage.settle()
    task = stage.task("backup", "sh", "-c", "trap 'echo told; exit 4' TERM; echo up; while :; do sleep 0.1; done")
    check(task.stdout.readline() == "up\n", "it runs")
    time.sleep(6)
    began = time.monotonic()
    stage.process.send_signal(signal.SIGSTOP)
    code, said, err = ended(task, 30)
    took = time.monotonic() - began
    stage.process.send_signal(signal.SIGCONT)
    check(code == 4 and said == "told\n" and "the turn is lost" in err, f"{code}: {said} {err}")
    check(took < TTL_S, f"after {took:.1f} s")


def healthd_restarts(stage):
    """A task goes on across a restart of healthd, and nobody gets its turn meanwhile."""
    stage.begin()
    stage.settle()
    first = stage.task("first", "sh", "-c", "read line", stdin=subprocess.PIPE)
    stage.await_turn("first")
    waits = stage.task("waits", "true")
    stage.await_turn("first", ["waits"])
    stage.process.kill()
    stage.process.wait()
    stage.start()
    wait_served(stage.port)
    other = stage.task("other", "true")
    wait_until(lambda: stage.turn()[0] == "first" and sorted(stage.turn()[1]) == ["other", "waits"],
               lambda: f"the turn is {stage.turn()}", 10)
    time.sleep(TTL_S)
    check(stage.turn()[0] == "first" and waits.poll() is None and other.poll() is None, f"{stage.turn()}")
    first.stdin.write("go\n")
    first.stdin.close()
    check(first.wait(5) == 0 and waits.wait(5) == 0 and other.wait(5) == 0, "all are done")


ACTS = "handlers:\n  mode: act\n  actions:\n    - {fault: node-crashed, command: [/bin/true]}\n"


def one_acts(stage):
    """Of two healthds one holds the lease; when it is killed the other does, with a greater fencing number."""
    stage.start_redis()
    redis = f"report: {{stdout: false, redis: {{address: '127.0.0.1:{stage.redis_port}'}}}}\n"
    stage.begin(ACTS + redis)
    stage.log.wait("event=acting mode=act lease=redis")
    wait_until(lambda: stage.cluster()["lease"]["held"], lambda: "nobody holds it", 10)
    first = stage.cluster()["lease"]["fencing"]
    check(first == 1, f"{first}")
    port, config = free_port(), stage.folder / "second.yaml"
    config.write_text(stage.config.read_text(encoding="utf-8").replace(str(stage.port), str(port))
                      .replace(str(stage.memory), str(stage.folder / "second.json")), encoding="utf-8")
    second = subprocess.Popen([HEALTHD, "--config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True)
    stage.tasks.append(second)
    log = Reader(second.stderr)
    wait_served(port)
    log.wait("event=acting mode=act lease=redis")
    for _ in range(20):
        check(stage.cluster()["lease"]["held"] and not stage.cluster(port)["lease"]["held"], "both or none")
        time.sleep(0.2)
    began = time.monotonic()
    stage.process.kill()
    wait_until(lambda: stage.cluster(port)["lease"]["held"], lambda: "nobody takes it", 20)
    took = time.monotonic() - began
    check(10 < took < 18, f"after {took:.1f} s")
    check(stage.cluster(port)["lease"]["fencing"] == 2, f"{stage.cluster(port)['lease']}")
    second.send_signal(signal.SIGTERM)
    check(second.wait(5) == 0, "it ends")
    check(stage.ask_redis("GET", "healthd:{lab}:lease") == "", "it is given up at the end")
    check(stage.ask_redis("GET", "healthd:{lab}:fencing") == "2", "the number stays")


def redis_frozen(stage):
    """When Redis does not answer, the lease is not believed any more before it could be another's."""
    stage.start_redis()
    stage.begin(ACTS + f"report: {{stdout: false, redis: {{address: '127.0.0.1:{stage.redis_port}'}}}}\n")
    wait_until(lambda: stage.cluster()["lease"]["held"], lambda: "nobody holds it", 10)
    began = time.monotonic()
    stage.redis.send_signal(signal.SIGSTOP)
    wait_until(lambda: not stage.cluster()["lease"]["held"], lambda: "it is believed still", 15)
    took = time.monotonic() - began
    check(7 < took < 11, f"after {took:.1f} s")
    stage.redis.send_signal(signal.SIGCONT)
    wait_until(lambda: stage.cluster()["lease"]["held"], lambda: "it does not come back", 10)


def alone(stage):
    """Without Redis a single monitor is stated; a memory that is damaged is told, kept, and nothing is done."""
    stage.begin(ACTS)
    stage.log.wait("event=acting mode=act lease=none text=.*single monitor is assumed")
    cluster = stage.cluster()
    check(cluster["lease"] == {"by": "single monitor assumed", "held": True, "fencing": 0}, f"{cluster['lease']}")
    check(cluster["memory"] == {"kept": True, "why": None}, f"{cluster['memory']}")
    check(cluster["doing"]["actions"] == [] and cluster["doing"]["current"] is None, f"{cluster['doing']}")
    stage.stop()
    text = stage.memory.read_text(encoding="utf-8")
    check(text.startswith('{"healthd_memory":1,') and len(text.splitlines()) == 2, text)
    damaged = text.replace("healthd", "heelthd", 1)
    stage.memory.write_text(damaged, encoding="utf-8")
    stage.start()
    wait_served(stage.port)
    stage.log.wait("event=memory key=memory text=.*checksum does not fit.*no action is taken")
    memory = stage.cluster()["memory"]
    check(memory["kept"] is False and "checksum" in memory["why"], f"{memory}")
    stage.stop()
    check(stage.memory.read_text(encoding="utf-8") == damaged, "it was overwritten")


SCENES = (codes, refused, in_turn, holder_dies, healthd_away, healthd_restarts, one_acts, redis_frozen, alone)

if __name__ == "__main__":
    sys.exit(play_all(SCENES, Service))
