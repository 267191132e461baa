"""State transfers on a real cluster: a slow one comes on, and one that stands is called stuck."""
import contextlib
import json
import os
import signal
import subprocess
import time

from watch import Failure

SLOW = "256kbit"  # 32 kB a second: one write of rsync's in eight seconds
STUCK_S = 60  # the limit, as it is derived
SLACK_S = 10  # of it: rsync's last write may have been so long ago, and heartbeats and a diagnosis take their time
SST_PORT = "4444"


def _in_place(watch, name, line):
    watch.lab.run(name, line.split())


@contextlib.contextmanager
def slow_transfers(watch, donors):
    """Transfers from these nodes are slow; whatever else they send is not."""
    device = {}
    for name in donors:
        links = json.loads(watch.lab.run(name, ["ip", "-j", "link"]).stdout)
        device[name] = next(link["ifname"] for link in links if link["ifname"] != "lo")
        _in_place(watch, name, f"tc qdisc add dev {device[name]} root handle 1: htb default 2")
        _in_place(watch, name, f"tc class add dev {device[name]} parent 1: classid 1:1 htb rate {SLOW}")
        _in_place(watch, name, f"tc class add dev {device[name]} parent 1: classid 1:2 htb rate 10gbit quantum 60000")
        _in_place(watch, name, f"tc filter add dev {device[name]} parent 1: protocol ip u32 match ip dport {SST_PORT} "
                               "0xffff flowid 1:1")
    try:
        yield
    finally:
        for name in donors:
            _in_place(watch, name, f"tc qdisc del dev {device[name]} root")


def descendants(pid):
    """Of a process: all below it."""
    text = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in text.splitlines())}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def faults(watch):
    """The codes of what healthd finds now."""
    done = watch.lab.run("monitor", [str(watch.bin / "healthctl"), "diagnose", "lab", "-o", "json", "--server",
                                     f"http://{watch.http_address()}"], check=False)
    return {fault["code"] for fault in json.loads(done.stdout)["faults"]}


def never_stuck(watch, seconds):
    """For so long a transfer is under way, and is not called stuck."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = faults(watch)
        if "joiner-stuck" in found or "joiner-under-way" not in found:
            raise Failure(f"a slow transfer is on, and what is found is {sorted(found)}")
        time.sleep(1)


def transfer_stuck(watch, figures):
    """A transfer of 32 kB a second is never called stuck; one whose donor's side is frozen is, within 70 seconds."""
    lab = watch.lab
    donors = ("n1", "n2")
    lab.stop("n3")
    watch.wait("n3", "red-clean", 10)
    lab.sql("n1", "CREATE TABLE IF NOT EXISTS lab.big (id INT PRIMARY KEY, text LONGTEXT);"
            "INSERT IGNORE INTO lab.big SELECT seq, REPEAT(MD5(seq), 4000) FROM lab.seq_1_to_400", 60)
    (lab.nodes["n3"].datadir / "grastate.dat").unlink()
    with slow_transfers(watch, donors):
        lab.start("n3", wait=False)
        lab.wait("a transfer begins", lambda: any(descendants(lab.nodes[name].pid) for name in donors), 20)
        watch.wait("n3", ("yellow", "unknown"), 10)
        time.sleep(5)
        never_stuck(watch, STUCK_S + SLACK_S)
        transfer = {pid for name in donors for pid in descendants(lab.nodes[name].pid)}
        for pid in transfer:
            os.kill(pid, signal.SIGSTOP)
    since = time.monotonic()  # what the kernel still held has arrived at once
    try:
        lab.wait("the transfer is called stuck", lambda: "joiner-stuck" in faults(watch), STUCK_S + SLACK_S, 0.5)
        figures.add("a transfer stands until it is called stuck", time.monotonic() - since)
    finally:
        for pid in transfer:
            os.kill(pid, signal.SIGCONT)
    lab.wait("it comes on again", lambda: "joiner-stuck" not in faults(watch), SLACK_S, 0.5)
    watch.wait_all_green(60)


LONG = (transfer_stuck,)
NEED_PARTITIONS = (transfer_stuck,)
