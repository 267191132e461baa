#!/usr/bin/env python3
"""Faults under a counting writer, and healthd that brings the cluster back by itself. See README.md."""
import argparse
import signal
import sys
import time
import traceback

import restraints
from acting import GREEN_S, Acting, check
from watch import Failure, NodeError
from writer import Writer

GRACE_S = 16  # healthd does nothing so soon after its start: somebody may hold a cluster since before


def brought_back(watch, fault, expected):
    """A fault under a writer: all Green again by healthd alone, no row lost, one action at a time, and these
    and no others."""
    with Writer(watch.lab) as writer:
        writer.wait_count(100)
        since = time.monotonic()
        fault()
        watch.wait("cluster", ("yellow", "red"), 10)
        watch.wait("cluster", "green", GREEN_S, since)
        green_s = time.monotonic() - since
        writer.stop()
        lost = writer.lost()
    check(not lost, f"acknowledged rows are lost: { {name: rows[:5] for name, rows in lost.items()} }")
    done = watch.orders.done()
    expected(done)
    check(watch.orders.most_at_once == 1, f"{watch.orders.most_at_once} actions at once")
    first_s = watch.orders.taken[0][0] - since
    print(f"  Green after {green_s:.1f} s (the first order after {first_s:.1f} s) by "
          f"{', '.join(' '.join(order) for order in done)}; "
          f"{len(writer.acknowledged)} rows acknowledged, 0 lost")


def whole(done):
    """One bootstrap, then the two others."""
    check([action for action, _ in done] == ["bootstrap", "start", "start"], f"it was ordered: {done}")
    check(len({node for _, node in done}) == 3, f"it was ordered: {done}")


def crash_of_one(watch):
    """kill -9 of one node: it is started again, and nothing else is done."""
    def expected(done):
        check(done == [("start", "n3")], f"it was ordered: {done}")
    brought_back(watch, lambda: watch.lab.kill("n3"), expected)


def full_stop(watch):
    """Every node is stopped gracefully, all at once."""
    brought_back(watch, lambda: watch.lab.stop(*watch.lab.names), whole)


def full_stop_in_turn(watch):
    """Every node is stopped gracefully, one after another: the last has the highest position."""
    def fault():
        for name in ("n2", "n1", "n3"):
            watch.lab.stop(name)
            time.sleep(0.5)

    def expected(done):
        whole(done)
        check(done[0] == ("bootstrap", "n3"), f"it was ordered: {done}")
    brought_back(watch, fault, expected)


def full_crash(watch):
    """kill -9 of all at once."""
    brought_back(watch, lambda: watch.lab.kill(*watch.lab.names), whole)


def quick_succession(watch):
    """kill -9 of one after another within a second: recovered, and the possible loss stays told of."""
    def fault():
        for name in watch.lab.names:
            watch.lab.nodes[name].send(signal.SIGKILL)
            time.sleep(0.3)
    brought_back(watch, fault, whole)
    codes = [fault["code"] for fault in watch.diagnosis()["faults"]]
    check(codes == ["quick-double-crash"], f"it stays until it is acknowledged, and nothing else does: {codes}")


def advise_runs_nothing(watch):
    """With mode advise nothing is run, and what is advised is right: a person does it, and all is there."""
    with Writer(watch.lab) as writer:
        writer.wait_count(100)
        watch.lab.stop(*watch.lab.names)
        watch.wait("cluster", "red", 10)
        time.sleep(8)
        check(not watch.orders.done(), f"it was ordered: {watch.orders.done()}")
        action = watch.diagnosis()["action"]
        check(action["action"] == "bootstrap" and action["allowed"], f"it advises {action}")
        watch.lab.bootstrap(action["node"])
        watch.lab.start(*[name for name in watch.lab.names if name != action["node"]])
        watch.wait("cluster", "green", GREEN_S)
        writer.stop()
        check(not writer.lost(), "acknowledged rows are lost")
        check(not watch.orders.done(), f"it was ordered: {watch.orders.done()}")


SCENES = ((crash_of_one, "act"), (full_crash, "act"), (full_stop, "act"), (full_stop_in_turn, "act"),
          (quick_succession, "act"), (advise_runs_nothing, "advise"), *restraints.SCENES)


def play(bin_dir, scene, mode):
    """One scene on a cluster of its own. True: it went as it must."""
    with Acting(bin_dir, mode) as watch:
        time.sleep(GRACE_S)
        try:
            scene(watch)
            print(f"passed {scene.__name__}: {scene.__doc__}")
            return True
        except (Failure, NodeError, OSError, LookupError, ValueError) as problem:
            print(f"FAILED {scene.__name__}: {problem}")
            if not isinstance(problem, Failure):
                traceback.print_exc()
            print(watch.log("healthd", 60))
            return False


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin", help="the folder that holds healthd, healthd-agent and healthctl")
    parser.add_argument("names", nargs="*", help="scenes; by default all")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    known = {scene.__name__: (scene, mode) for scene, mode in SCENES}
    unknown = [name for name in args.names if name not in known]
    if unknown:
        parser.error(f"there is no scene {', '.join(unknown)}: there are {', '.join(known)}")
    names = args.names or list(known)
    passed = sum(play(args.bin, *known[name]) for name in names)
    print(f"{passed} passed, {len(names) - passed} failed")
    return 0 if passed == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
