#!/usr/bin/env python3
"""The live demonstration: a real cluster, faults one after another, and what healthd said and how fast."""
import argparse
import contextlib
import signal
import sys
import time

from watch import Failure, NodeError, Watch

from places import PlaceError  # where watch has looked for its own

BOLD, DIM, END = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class Deed:
    """What was done, and when: what is said afterwards counts from it."""

    def __init__(self, name):
        self.name = name
        self.at = time.monotonic()


class Teller:
    """Prints what was done, and beside it what was said."""

    def __init__(self, watch):
        self.watch = watch
        self.began = time.monotonic()

    def did(self, what, name=None):
        """Something was done just now; by this name it is spoken of."""
        deed = Deed(name or what)
        print(f"{BOLD}{deed.at - self.began:8.2f} s  {what}{END}")
        return deed

    def said(self, subject, states, deed, timeout=30):
        """Wait until it is said, and tell how long that took."""
        report = self.watch.wait(subject, states, timeout, deed.at)
        who = subject if subject != "cluster" else "the cluster"
        took = report["arrived"] - deed.at
        print(f"{'':10}  {who} is {report['state']}: {report['reason']}  "
              f"{DIM}({took * 1e3:.0f} ms after {deed.name}){END}")
        return report


def killed(watch, tell):
    """kill -9"""
    kill = tell.did("n3: kill -9", "the kill")
    watch.lab.nodes["n3"].send(signal.SIGKILL)
    tell.said("n3", ["red-unclean"], kill)
    tell.said("cluster", ["yellow"], kill)
    watch.lab.nodes["n3"].wait_exit()
    restarted(watch, tell)


def restarted(watch, tell):
    """Start n3 and let it join."""
    start = tell.did("n3: started again", "the start")
    watch.lab.start("n3", wait=False)
    tell.said("n3", ["yellow"], start)
    tell.said("n3", ["green"], start, 60)
    tell.said("cluster", ["green"], start)


def stopped(watch, tell):
    """A polite stop."""
    stop = tell.did("n3: stopped politely (SIGTERM)", "SIGTERM")
    watch.lab.nodes["n3"].send(signal.SIGTERM)
    tell.said("n3", ["yellow"], stop)
    watch.lab.nodes["n3"].wait_exit()
    tell.did("n3: its process has exited")
    tell.said("n3", ["red-clean"], stop)
    watch.never("n3", ("red-unclean",), stop.at)
    restarted(watch, tell)


def frozen(watch, tell):
    """SIGSTOP, for longer than its peers wait."""
    freeze = tell.did("n3: frozen (SIGSTOP)", "the freeze")
    watch.lab.freeze("n3")
    tell.said("n3", ["unknown"], freeze)
    tell.said("n3", ["yellow"], freeze)
    time.sleep(1)
    thaw = tell.did("n3: thawed; for some seconds it will still say that it is a member", "the thaw")
    watch.lab.thaw("n3")
    watch.lab.wait("n3 finds out", lambda: watch.lab.status("n3").get("cluster_status") != "Primary", 30)
    tell.did("n3 itself says that it is no member any more; healthd never believed it was")
    watch.never("n3", ("green",), thaw.at)
    tell.said("n3", ["green"], thaw, 40)


def cut_off(watch, tell):
    """No packet to or from n3."""
    cut = tell.did("n3: cut off from everybody", "the cut")
    watch.lab.cut("n3", "all")
    tell.said("n3", ["unknown"], cut)
    tell.said("cluster", ["yellow"], cut)
    time.sleep(6)
    healed = tell.did("n3: the network is whole again", "that")
    watch.lab.heal()
    tell.said("n3", ["yellow"], healed)
    tell.said("n3", ["green"], healed, 40)
    watch.never("n3", ("red-unclean", "red-clean"), cut.at)


def run(watch):
    """All of them."""
    tell = Teller(watch)
    tell.did("three nodes, three agents and healthd are up, and all is Green")
    for scene in (killed, stopped, frozen):
        scene(watch, tell)
    if watch.lab.why_no_partitions:
        print(f"           cutting n3 off is left out: {watch.lab.why_no_partitions}")
    else:
        cut_off(watch, tell)
    tell.did("done")


def deeds(lab):
    """What one may do to the cluster that stays up."""
    return {"kill": lab.kill, "stop": lab.stop, "freeze": lab.freeze, "thaw": lab.thaw,
            "start": lambda name: lab.start(name, wait=False), "cut": lab.cut}


def obey(lab, line):
    """Do what was typed, or say what can be."""
    words = line.split()
    known = deeds(lab)
    if words == ["heal"]:
        lab.heal()
    elif len(words) == 2 and words[0] in known and words[1] in lab.names:
        known[words[0]](words[1])
    elif words:
        print(f"  expected: one of {', '.join(known)}, and a node ({', '.join(lab.names)}); or heal, after cut")


def stay(watch):
    """Leave it up, and say how to play with it."""
    lab = watch.lab
    enter = " ".join(lab.places.enter("monitor"))
    ask = f"{enter} {watch.bin}/healthctl".strip()
    print(f"""
It stays up until Ctrl-C. Type what is to happen to a node:
  kill n3, stop n3, start n3, freeze n3, thaw n3, cut n3, heal
In another terminal:
  ask healthd:        {ask} status --watch --server http://{watch.http_address()}
  its page:           http://{watch.http_address()}/"""
          f"{' (a browser has to be in that network too; --loopback has none of its own)' if enter else ''}")
    for name, node in lab.nodes.items():
        print(f"  ask {name}:             mariadb -uroot -S {node.socket}")
    print(f"  what healthd says:  tail -f {watch.folder}/log/healthd.log")
    print(f"  its configuration:  {watch.config}  (kill -HUP {watch.healthd.pid} reads it again)")
    print(f"  its recording:      {watch.trace}  (healthctl replay, healthctl why)")
    print(f"  on the monitor's network: {enter or 'no namespace: everything is on loopback'}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        for line in sys.stdin:
            try:
                obey(lab, line)
            except (NodeError, PlaceError, OSError) as problem:
                print(f"  that did not work: {problem}")
        while True:  # nobody types any more
            time.sleep(3600)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin")
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--loopback", action="store_true")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    print("Starting a Galera cluster of three nodes; some 15 seconds ...")
    try:
        with Watch(args.bin, loopback=args.loopback) as watch:
            if watch.lab.why_no_partitions:
                print(f"On loopback, without partitions: {watch.lab.why_no_partitions}.")
            if args.stay:
                stay(watch)
            else:
                run(watch)
            print("Taking everything down.")
    except (Failure, NodeError) as problem:
        print(f"The demonstration failed: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
