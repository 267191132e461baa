#!/usr/bin/env python3
"""write.py - writes the traces of this folder: one small story for each fault that healthd names.

The stories are made up; what they show is what real servers showed in tests/traces. What must be said of
each, and when, is in CODE.expect.json beside it and written by hand.
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
HISTORY = "0b6eba1d-e711-11f1-b790-a6a5a9187175"
OTHER = "77777777-e711-11f1-b790-a6a5a9187175"
NO_CONF = 18446744073709551615


class Story:
    """A cluster whose nodes are probed, and heard through their agents, at one cadence."""

    def __init__(self, code, about, nodes=3, interval_s=1.0, agents=True, expected=None):
        self.path = HERE / f"{code}.jsonl"
        self.now_us = 0
        self.interval_us = int(interval_s * 1e6)
        self.names = [f"n{i + 1}" for i in range(nodes)]
        self.lines = [{
            "trace": 1, "scenario": code, "about": about, "cluster": "lab",
            "expected_size": expected or nodes, "nodes": self.names,
            "probe_interval_ms": int(interval_s * 1000), "probe_timeout_ms": 500,
            "heartbeat_interval_ms": int(interval_s * 1000)}]
        self.views, self.errors, self.beats, self.vars = {}, {}, {}, {}
        self.seqs = dict.fromkeys(self.names, 0)
        for i, name in enumerate(self.names):
            self.say(name, link="up")
            if agents:
                self.beats[name] = {"pid": 1000 + i, "mysqld": "running", "proc_state": "S"}
        self.members(*self.names, conf=nodes)

    def say(self, node, **what):
        self.lines.append({"t_us": self.now_us, "node": node, **what})

    # ---- What a node shows ----

    def view(self, node, **said):
        """The node answers, and says this of its cluster."""
        self.errors.pop(node, None)
        self.views.setdefault(node, {}).update(said)
        if node in self.beats:
            self.beats[node]["answers"] = True

    def member(self, node, conf, size, history=HISTORY):
        i = self.names.index(node)
        self.view(node, local_state=4, cluster_status="Primary", cluster_size=size, ready="ON",
                  connected="ON", cluster_conf_id=conf, cluster_state_uuid=history,
                  gcomm_uuid=f"{i + 1:08x}-e711-11f1-a443-d64519035e86",
                  last_committed=self.views.get(node, {}).get("last_committed", 100))

    def members(self, *nodes, conf, size=None):
        for node in nodes:
            self.member(node, conf, size or len(nodes))

    def non_primary(self, node):
        self.view(node, cluster_status="non-Primary", cluster_conf_id=NO_CONF, cluster_size=1,
                  local_state=0, ready="OFF")

    def fails(self, node, error, code):
        """Probes fail so from now on; its agent goes on as it was."""
        self.errors[node] = {"ok": False, "error": error, "code": code,
                             "rtt_us": 500000 if error == "timeout" else 300}

    def cut(self, node):
        """Neither probes nor heartbeats come through."""
        self.fails(node, "timeout", 0)
        self.beats.pop(node, None)

    # ---- What happens to it ----

    def ends(self, node, ending, seqno):
        """mysqld is gone; its agent sees how."""
        self.say(node, link="eof")
        self.fails(node, "refused", 2003)
        self.beats[node] = {
            "pid": self.beats.get(node, {}).get("pid", 1), "mysqld": "stopped", "exit": ending,
            "grastate": {"uuid": HISTORY, "seqno": seqno, "safe_to_bootstrap": 0},
            "gvwstate": seqno < 0, "sst_in_progress": False}
        self.beat(node)
        self.probe(node)

    def crash(self, node):
        self.ends(node, {"signal": 9}, -1)

    def stop(self, node, seqno=100):
        self.ends(node, {"code": 0}, seqno)

    def recovered(self, node, seqno):
        """Its agent has run --wsrep-recover."""
        self.beats[node]["recovery"] = {"status": "done", "uuid": HISTORY, "seqno": seqno}

    def start(self, node, pid):
        """mysqld runs and takes no connections yet."""
        self.beats[node] = {"pid": pid, "mysqld": "starting", "proc_state": "S",
                            "local": {"ok": False, "error": "refused", "code": 2003}}
        self.beat(node)

    def up(self, node, conf, size):
        self.beats[node] = {"pid": self.beats[node]["pid"], "mysqld": "running", "proc_state": "S"}
        self.member(node, conf, size)
        self.say(node, link="up")

    # ---- Time ----

    def probe(self, node):
        if node in self.errors:
            self.say(node, probe=self.errors[node])
            return
        probe = {"ok": True, "rtt_us": 300, "wsrep": dict(self.views[node])}
        if node in self.vars:
            probe["vars"] = self.vars[node]
        self.say(node, probe=probe)

    def beat(self, node):
        if node not in self.beats:
            return
        self.seqs[node] += 1
        said = dict(self.beats[node])
        if said.pop("answers", False) and said["mysqld"] == "running" and said["proc_state"] == "S":
            said["local"] = {"ok": True, "rtt_us": 200, "wsrep": dict(self.views[node])}
        boot = f"{self.names.index(node) + 1:08x}-2aa1-41a6-ab1c-4e3fb0b1ba8b"
        self.say(node, heartbeat={"boot": boot, "seq": self.seqs[node], **said})

    def run(self, seconds, every=None):
        end_us = self.now_us + int(seconds * 1e6)
        while self.now_us < end_us:
            if every:
                every(self)
            for node in self.names:
                self.probe(node)
                self.now_us += 1000
                self.beat(node)
                self.now_us += 1000
            self.now_us += self.interval_us - 2000 * len(self.names)

    def write(self):
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in self.lines)
        self.path.write_text(text, encoding="utf-8")


STORIES = []


def tells(about, **options):
    """Marks a function that tells the story of the fault it is named after."""
    def mark(tell):
        def write():
            told = Story(tell.__name__.replace("_", "-"), about, **options)
            tell(told)
            told.write()
        STORIES.append(write)
        return tell
    return mark


@tells("n1 is bootstrapped beside n2 and n3, with the same configuration id.")
def split_brain(story):
    story.run(3)
    story.members("n2", "n3", conf=4)
    story.members("n1", conf=4)
    story.run(4)


@tells("n1 stops, n2 and n3 are killed later, far from each other.")
def full_crash(story):
    story.run(3)
    story.members("n2", "n3", conf=4)
    story.stop("n1")
    story.run(3)
    story.members("n3", conf=5)
    story.crash("n2")
    story.run(8)
    story.crash("n3")
    story.run(3)
    for node in ("n2", "n3"):
        story.recovered(node, 100)
    story.run(3)


@tells("n3, n2 and n1 stop gracefully, one after the other.")
def full_stop(story):
    story.run(3)
    for conf, (node, rest) in enumerate((("n3", ["n1", "n2"]), ("n2", ["n1"]), ("n1", [])), 4):
        story.members(*rest, conf=conf)
        story.stop(node)
        story.run(2)
    story.run(2)


@tells("n4 and n5 are killed two seconds apart, and come back.", nodes=5)
def quick_double_crash(story):
    story.run(3)
    story.crash("n4")
    story.run(2)
    story.crash("n5")
    story.run(5)
    story.members("n1", "n2", "n3", conf=6)
    story.run(2)
    story.start("n4", 2004)
    story.start("n5", 2005)
    story.run(2)
    story.members("n1", "n2", "n3", conf=7, size=5)
    story.up("n4", 7, 5)
    story.up("n5", 7, 5)
    story.run(3)


@tells("n2 and n3 are killed within moments, n1 finds itself alone.")
def quorum_lost(story):
    story.run(3)
    story.crash("n2")
    story.crash("n3")
    story.run(5)
    story.non_primary("n1")
    story.run(6)


@tells("The network between the three nodes is gone; the monitor reaches all.")
def non_primary(story):
    story.run(3)
    for node in story.names:
        story.non_primary(node)
    story.run(12)


@tells("n2 and n3 are killed; how much each member weighs is not known.")
def majority_at_risk(story):
    story.run(3)
    story.crash("n2")
    story.crash("n3")
    story.run(3)


@tells("The monitor's own cable is pulled.")
def monitor_blind(story):
    story.run(3)
    for node in story.names:
        story.cut(node)
    story.run(12)


@tells("n3 is voted inconsistent, and then stopped by a person.")
def inconsistent_node(story):
    story.run(3)
    story.members("n1", "n2", conf=4)
    story.view("n3", local_state=5, cluster_status="Disconnected", ready="OFF", connected="OFF")
    story.run(3)
    story.ends("n3", {"code": 0}, -1)
    story.beats["n3"]["grastate"]["uuid"] = "00000000-0000-0000-0000-000000000000"
    story.run(3)


@tells("n3 comes up with a history of its own.")
def foreign_history(story):
    story.run(3)
    story.members("n1", "n2", conf=4)
    story.member("n3", 1, 1, history=OTHER)
    story.run(4)


@tells("n3 crashes three times, each time soon after it was started.")
def crash_loop(story):
    story.run(3)
    for life in range(1, 4):
        story.crash("n3")
        story.run(5)
        story.members("n1", "n2", conf=2 * life + 2)
        story.run(1)
        if life < 3:
            story.start("n3", 2000 + life)
            story.run(1)
            story.members("n1", "n2", conf=2 * life + 3, size=3)
            story.up("n3", 2 * life + 3, 3)
            story.run(2)
    story.run(2)


@tells("n2 has no connection left.", agents=False)
def connections_used_up(story):
    story.run(3)
    story.fails("n2", "too_many_connections", 1040)
    story.run(8)


@tells("n2 does not know the probe's user any more.", agents=False)
def wrong_credentials(story):
    story.run(3)
    story.fails("n2", "auth", 1045)
    story.run(8)


def rejoin(story):
    """n3 was killed, is started again, and receives its state from n2."""
    story.run(2 * story.interval_us / 1e6)
    story.crash("n3")
    story.run(6)
    story.members("n1", "n2", conf=4)
    story.run(2 * story.interval_us / 1e6)
    story.start("n3", 2003)
    story.members("n1", "n2", conf=5, size=3)
    story.view("n2", local_state=2)


def copy(story):
    """n2's state goes on to n3."""
    story.beats["n3"]["moved"] = story.beats["n3"].get("moved", 0) + 4000000


@tells("n3 receives its state; bytes move all the time.", interval_s=2)
def joiner_under_way(story):
    rejoin(story)
    story.run(80, copy)


@tells("n3 receives its state; after some seconds no byte moves.", interval_s=2)
def joiner_stuck(story):
    rejoin(story)
    story.run(10, copy)
    story.run(70)


@tells("n2 donates with its tables locked; the others go on.", interval_s=2)
def donor_blocked(story):
    rejoin(story)

    def copy_and_commit(story):
        copy(story)
        story.views["n1"]["last_committed"] += 5

    story.run(80, copy_and_commit)


@tells("n3 is stopped by SIGSTOP.")
def node_frozen(story):
    story.run(3)
    story.fails("n3", "timeout", 0)
    story.beats["n3"].update(mysqld="unresponsive", proc_state="T")
    story.run(3)
    story.members("n1", "n2", conf=4)
    story.run(3)


@tells("n3 loses its peers; the monitor reaches everybody.")
def cut_off_from_peers(story):
    story.run(3)
    story.non_primary("n3")
    story.members("n1", "n2", conf=4)
    story.run(12)


@tells("The port of n3 is cut off from the monitor; heartbeats come through.")
def cut_off_from_monitor(story):
    story.run(3)
    story.fails("n3", "timeout", 0)
    story.run(12)


@tells("n3 is killed, later started, and joins.")
def node_crashed(story):
    story.run(3)
    story.crash("n3")
    story.run(5)
    story.members("n1", "n2", conf=4)
    story.run(3)
    story.start("n3", 2003)
    story.run(2)
    story.members("n1", "n2", conf=5, size=3)
    story.up("n3", 5, 3)
    story.run(2)


@tells("n3 is stopped gracefully.")
def node_stopped(story):
    story.run(3)
    story.members("n1", "n2", conf=4)
    story.stop("n3")
    story.run(4)


@tells("n3 refuses queries.")
def member_not_routable(story):
    story.run(3)
    story.vars["n3"] = {"reject_queries": "ALL"}
    story.run(3)


@tells("Two are expected, three serve.", expected=2)
def members_more(story):
    story.run(3)


@tells("Four are expected, three are configured and serve.", expected=4)
def members_fewer(story):
    story.run(3)


@tells("n3 has no agent, and falls silent.")
def unknown(story):
    del story.beats["n3"]
    story.run(3)
    story.fails("n3", "timeout", 0)
    story.run(3)
    story.members("n1", "n2", conf=4)
    story.run(12)


if __name__ == "__main__":
    for write_story in STORIES:
        write_story()
