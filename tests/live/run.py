#!/usr/bin/env python3
"""Faults on a real Galera cluster, and what healthd says of them. See README.md beside this file."""
import argparse
import sys
import time
import traceback

import balanced
import scenarios
import scraped
import transfers
from scenarios import Figures
from watch import Failed, NodeError, Watch

SHORT = scenarios.SHORT + balanced.SHORT
LONG = scenarios.LONG + balanced.LONG + scraped.LONG + transfers.LONG
NEED_PARTITIONS = scenarios.NEED_PARTITIONS + transfers.NEED_PARTITIONS


def run_one(watch, scenario, figures):
    """True: it went as it must."""
    began = time.monotonic()
    try:
        scenario(watch, figures)
    except (Failed, NodeError, OSError) as problem:
        print(f"FAILED {scenario.__name__}: {problem}")
        if not isinstance(problem, Failed):
            traceback.print_exc()
        print(watch.log("healthd", 40))
        return False
    print(f"passed {scenario.__name__} ({time.monotonic() - began:.0f} s): {scenario.__doc__.splitlines()[0]}")
    return True


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin", help="the folder that holds healthd, healthd-agent and healthctl")
    parser.add_argument("names", nargs="*", help="scenarios; by default the short ones")
    parser.add_argument("--all", action="store_true", help="the long ones too")
    parser.add_argument("--loopback", action="store_true", help="no network namespaces")
    args = parser.parse_args()
    known = {scenario.__name__: scenario for scenario in SHORT + LONG}
    unknown = [name for name in args.names if name not in known]
    if unknown:
        parser.error(f"there is no scenario {', '.join(unknown)}: there are {', '.join(known)}")
    chosen = [known[name] for name in args.names] or list(SHORT + LONG if args.all else SHORT)
    sys.stdout.reconfigure(line_buffering=True)

    figures = Figures()
    failed = skipped = passed = 0
    with Watch(args.bin, loopback=args.loopback, redis=True) as watch:
        for scenario in chosen:
            if scenario in NEED_PARTITIONS and watch.lab.why_no_partitions:
                print(f"skipped {scenario.__name__}: no partitions: {watch.lab.why_no_partitions}")
                skipped += 1
                continue
            if run_one(watch, scenario, figures):
                passed += 1
                continue
            failed += 1
            break  # the cluster is not what the next one expects
        watch.stop_healthd()
        try:
            print(f"the recording replays to the same {watch.replayed()} changes of state")
            passed += 1
        except Failed as problem:
            print(f"FAILED {problem}")
            failed += 1
    figures.print()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
