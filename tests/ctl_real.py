"""Scenes of ctl.py: beside a real healthd, whose nodes' ports refuse."""
import json
import signal
import subprocess
import sys
import termios
import time
import urllib.request

import yaml

from ctl_stage import HEALTHCTL, NO_SERVER, ROOT, Terminal, ctl, says
from fake_galera import STATE_UUID
from page_stage import PageStage, stopped
from scenes import Reader, check


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
             "^ +rtt_us [0-9]+, error refused", "what would change it\n", "yellow +if .*probe were leaving",
             "^  silence +if nothing more is heard, it is judged anew in [0-9.]+ s$")
    says(ctl("why", "n1", server=stage.url, code=2)[1], "lab/n1, two/n1")
    says(ctl("why", "n9", server=stage.url, code=2)[1], "no node is called n9")
    says(ctl("why", "lab/n9", server=stage.url, code=2)[1], "404.*name of a node")
    says(ctl("why", "../x", server=stage.url, code=2)[1], "is no name")
    told = json.loads(ctl("why", "n2", "-o", "json", server=stage.url)[0])
    check(told["node"]["name"] == "n2" and told["node"]["answers"][0]["answer"] is False, told)
    check(yaml.safe_load(ctl("why", "n2", "-o", "yaml", server=stage.url)[0])["node"]["state"] == "red-unclean", "YAML")
    says(ctl("why", "n2", "-o", "wide", server=stage.url, code=2)[1], "-o wide: table, json or yaml is expected")
    says(ctl("why", "n1", "--at", "5", server=stage.url, code=2)[1], "--at goes with a trace")
    trace = str(ROOT / "tests/traces/kill9_rejoin.jsonl")
    says(ctl("why", trace, "n3", server=stage.url, code=2)[1], "a trace needs no server")
    told = json.loads(ctl("why", trace, "n3", "--at", "16", "-o", "json")[0])
    check(told["schema"] == 1 and told["node"]["name"] == "n3" and told["node"]["state"], told)
    stage.stop()


def diagnosed(stage):
    """diagnose: faults with what they rest on, the next action and what it needs; now, and at a recorded moment."""
    stage.serve({"lab": ["n1", "n2"], "two": ["n1"]})
    page = ctl("diagnose", "lab", server=stage.url, code=1)[0]
    says(page, "^lab is red$", "^critical: full-crash for [0-9]+s, of n1, n2$", "^    n2 is red-unclean: ",
         "^warning: node-crashed for .*; explained by full-crash$", "^next action: bootstrap.* not allowed$",
         "^it is allowed once all of this holds$")
    told = json.loads(ctl("diagnose", "lab", "-o", "json", server=stage.url, code=1)[0])
    check([fault["code"] for fault in told["faults"]] == ["full-crash", "node-crashed"], told["faults"])
    check(told["faults"][1]["explained_by"] == "full-crash" and told["action"]["allowed"] is False, told)
    check(told["memory"]["nodes"][0]["taint"] == "none" and told["schema"] == 1, told["memory"])
    every = yaml.safe_load(ctl("diagnose", "-o", "yaml", server=stage.url, code=1)[0])
    check([one["cluster"] for one in every["diagnoses"]] == ["lab", "two"], every)
    stage.log.wait("event=fault cluster=lab fault=full-crash on=yes severity=critical nodes=n1,n2 "
                   "explained_by=none")
    says(ctl("diagnose", "nobody", server=stage.url, code=2)[1], "404.*name of a cluster")
    trace = str(ROOT / "tests/faults/crash-loop.jsonl")
    says(ctl("diagnose", trace, "--at", "27", code=1)[0], "^lab is yellow at 27.000 s$", "^critical: crash-loop ",
         "^  not met    n3 has not crashed 3 times within the window")
    says(ctl("diagnose", trace, "--at", "2")[0], "^lab is green at 2.000 s: no fault is known$")
    check("remembered" not in page, "nothing is, and it has a heading")
    says(ctl("diagnose", trace, "--at", "soon", code=2)[1], "--at soon: seconds")
    says(ctl("diagnose", "--at", "2", code=2)[1], "--at goes with a trace")
    says(ctl("diagnose", "lab", "-o", "wide", code=2)[1], "table, json or yaml is expected")
    says(ctl("acknowledge", "lab", server=stage.url, code=2)[1], "the server's token is expected")
    stage.stop()


def checked(stage):
    """check: one line, figures, the protocol's codes."""
    stage.serve({"lab": ["n1", "n2"]})
    line = ctl("check", server=stage.url, code=2)[0]
    check(line.count("\n") == 1, line)
    says(line, r"^CRITICAL - lab is red \(0 of 2 green\): .* \| 'lab_green'=0;;;0;2$")
    check(ctl("check", server=stage.url + "/", code=2)[0].startswith("CRITICAL - "), "a URL that ends with /")
    says(ctl("check", "n1", server=stage.url, code=3)[0], "^UNKNOWN - the server refuses \\(404\\).*; of a node, ask: "
         "healthctl why NODE$")
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
    terminal = Terminal("status", "nowhere", "--watch", "--server", stage.url)
    try:
        check(terminal.end() == 2, "a cluster that is not there is watched")
        says(terminal.text.replace("\r", ""), "1049l.*the name of a cluster is expected .*/v1/clusters/nowhere$")
    finally:
        terminal.close()
    stage.stop()


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
                                (("status", "--server", "http://host//"), "a URL such as"),
                                (("why",), "a node, or a trace"), (("events", "a", "b"), "at most"),
                                (("events", "-o", "yaml"), "table or json"), (("matrix", "a", "b"), "at most"),
                                (("check-config",), "one file")):
        out, err = ctl(*arguments, code=2)
        says(err, sentence, f"(usage: healthctl {arguments[0]} |is no name)")
        check(not out, out)
    for arguments in (("status", "lab/n1"), ("matrix", "lab/n1"), ("diagnose", "lab/n1"),
                      ("recover", "lab/n1"), ("acknowledge", "lab/n1"), ("check", "lab/n1")):
        says(ctl(*arguments, code=3 if arguments[0] == "check" else 2, env={"HEALTHD_TOKEN_FILE": __file__})[1],
             "lab/n1 is a node: CLUSTER is expected; for a node: healthctl why lab/n1")
    says(ctl("status", code=3, server="http://127.0.0.1:1")[1],
         "127.0.0.1:1 cannot be reached: Connection refused")
    says(ctl("status", code=3, server="http://name.invalid")[1], "name.invalid cannot be reached: ")


def config_checked(stage):
    """check-config says what healthd --check-config says, with its exit code."""
    stage.write({"lab": ["n1", "n2"]})
    says(ctl("check-config", str(stage.config))[0], "1 cluster, 2 nodes")
    stage.config.write_text("clusters:\n  - name: lab\n    password_file: /nowhere/pw\nprobe: {interval_ms: 0}\n",
                            encoding="utf-8")
    done = subprocess.run([sys.argv[1], "--check-config", str(stage.config)], capture_output=True, text=True,
                          timeout=10, check=False)
    check(ctl("check-config", str(stage.config), code=78) == (done.stdout, done.stderr), done.stderr)


def recovered(_stage):
    """recover: the agents of the nodes whose positions a bootstrap lacks are asked, and what they find is told."""
    crashed = {**stopped({"signal": 9}, -1), "sst_in_progress": False}
    stage = PageStage()  # whose nodes have agents
    try:
        stage.write({"lab": {"n1": "green", "n2": "green", "n3": "green"}})
        stage.start()
        stage.wait_states("lab", {"n1": "green", "n2": "green", "n3": "green"})
        stage.play("lab", {"n1": "killed", "n2": "killed", "n3": "stopped"})
        stage.wait_states("lab", {"n1": "red-unclean", "n2": "red-unclean", "n3": "red-clean"})
        for node in ("n1", "n2"):
            stage.agents.say("lab", node, crashed)
        ask = urllib.request.Request(f"{stage.url}v1/clusters/lab/recover", b"",
                                     {"Authorization": f"Bearer {stage.token.read_text(encoding='utf-8').strip()}"})
        with urllib.request.urlopen(ask, timeout=5) as answer:
            told = json.load(answer)
        check(told["asked"] == ["n1", "n2"] and told["action"]["recover"] == ["n1", "n2"], told)
        for node, seqno in (("n1", 71), ("n2", 69)):
            found = {"status": "done", "uuid": STATE_UUID, "seqno": seqno}
            stage.agents.say("lab", node, {**crashed, "recovery": found})
        out = ctl("recover", "lab", "--token-file", str(stage.token), server=stage.url)[0]
        says(out, f"^n1 +done +{STATE_UUID}:71$", f"^n2 +done +{STATE_UUID}:69$", "^n3 +none *$")
    finally:
        stage.close()


SCENES = (outputs, documents, explained, diagnosed, recovered, checked, followed, watched, left, misused,
          config_checked)
