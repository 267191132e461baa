#!/usr/bin/env python3
"""The live demonstration: a real cluster, faults one after another, and what healthd said and how fast."""
import argparse
import contextlib
import signal
import sys
import time

from watch import Failure, NodeError, Watch

BOLD, DIM, END = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


class Teller:
    """Prints what was done, and beside it what was said."""

    def __init__(self, watch):
        self.watch = watch
        self.began = time.monotonic()

    def did(self, what):
        """Something was done just now. Returns when."""
        now = time.monotonic()
        print(f"{BOLD}{now - self.began:8.2f} s  {what}{END}")
        return now

    def said(self, subject, states, since, timeout=30):
        """Wait until it is said, and tell how long that took."""
        report = self.watch.wait(subject, states, timeout, since)
        who = subject if subject != "cluster" else "the cluster"
        took = report["arrived"] - since
        print(f"{'':10}  {who} is {report['state']}: {report['reason']}  "
              f"{DIM}({took * 1e3:.0f} ms after){END}")
        return report


def killed(watch, tell):
    """kill -9"""
    since = tell.did("n3: kill -9")
    watch.lab.nodes["n3"].send(signal.SIGKILL)
    tell.said("n3", ["red-unclean"], since)
    tell.said("cluster", ["yellow"], since)
    watch.lab.nodes["n3"].wait_exit()
    restarted(watch, tell)


def restarted(watch, tell):
    """Start n3 and let it join."""
    since = tell.did("n3: started again")
    watch.lab.start("n3", wait=False)
    tell.said("n3", ["yellow"], since)
    tell.said("n3", ["green"], since, 60)
    tell.said("cluster", ["green"], since)


def stopped(watch, tell):
    """A polite stop."""
    since = tell.did("n3: stopped politely (SIGTERM)")
    watch.lab.nodes["n3"].send(signal.SIGTERM)
    tell.said("n3", ["yellow"], since)
    watch.lab.nodes["n3"].wait_exit()
    tell.did("n3: its process has exited")
    tell.said("n3", ["red-clean"], since)
    watch.never("n3", ("red-unclean",), since)
    restarted(watch, tell)


def frozen(watch, tell):
    """SIGSTOP, for longer than its peers wait."""
    since = tell.did("n3: frozen (SIGSTOP)")
    watch.lab.freeze("n3")
    tell.said("n3", ["unknown"], since)
    tell.said("n3", ["yellow"], since)
    time.sleep(1)
    thawed = tell.did("n3: thawed; for some seconds it will still say that it is a member")
    watch.lab.thaw("n3")
    watch.lab.wait("n3 finds out", lambda: watch.lab.status("n3").get("cluster_status") != "Primary", 30)
    tell.did("n3 itself says that it is no member any more; healthd never believed it was")
    watch.never("n3", ("green",), thawed)
    tell.said("n3", ["green"], thawed, 40)


def cut_off(watch, tell):
    """No packet to or from n3."""
    since = tell.did("n3: cut off from everybody")
    watch.lab.cut("n3", "all")
    tell.said("n3", ["unknown"], since)
    tell.said("cluster", ["yellow"], since)
    time.sleep(6)
    healed = tell.did("n3: the network is whole again")
    watch.lab.heal()
    tell.said("n3", ["yellow"], healed)
    tell.said("n3", ["green"], healed, 40)
    watch.never("n3", ("red-unclean", "red-clean"), since)


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


def stay(watch):
    """Leave it up, and say how to play with it."""
    lab = watch.lab
    enter = " ".join(lab.places.enter("monitor"))
    print("\nIt stays up until Ctrl-C. Play with it from another terminal:")
    for name, node in lab.nodes.items():
        print(f"  {name}: kill -9 {node.pid}; kill -STOP {node.pid}; mariadb -uroot -S {node.socket}")
    ask = f"{enter} {watch.bin}/healthctl".strip()
    print(f"  ask healthd:        {ask} status --watch --server http://{watch.http_address()}")
    print(f"  its page:           http://{watch.http_address()}/"
          f"{' (a browser has to be in that network too; --loopback has none of its own)' if enter else ''}")
    print(f"  what healthd says:  tail -f {watch.folder}/log/healthd.log")
    print(f"  its configuration:  {watch.config}  (kill -HUP {watch.healthd.pid} reads it again)")
    print(f"  its recording:      {watch.trace}  (healthctl replay, healthctl why)")
    print(f"  on the monitor's network: {enter or 'no namespace: everything is on loopback'}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin")
    parser.add_argument("--stay", action="store_true")
    parser.add_argument("--loopback", action="store_true")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    print("Starting a Galera cluster of three nodes, each in a network of its own; some 15 seconds ...")
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
