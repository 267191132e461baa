#!/usr/bin/env python3
"""load.py PASSWORD WORKERS NAME=HOST:PORT...: the same load of short connections to each address, until SIGTERM.

Each worker connects, asks which node it has reached, and ends; then again, after a pause. At the end one line of
JSON: of each name how many queries there were, how many failed, when (CLOCK_MONOTONIC) and how."""
import json
import signal
import sys
import threading
import time

from sql import Session, SqlError

PAUSE_S = 0.02
stop = threading.Event()


def work(tally, password, host, port):
    """One worker."""
    while not stop.is_set():
        began = time.monotonic()
        try:
            with Session("probe", password, host, port) as session:
                node = session.query("SELECT @@wsrep_node_name")[0]
            tally["nodes"][node] = tally["nodes"].get(node, 0) + 1
        except SqlError as problem:
            tally["failed"].append([began, str(problem)])
        tally["queries"] += 1
        time.sleep(PAUSE_S)


def main():
    """The command line."""
    password, workers, *targets = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    tallies, threads = {}, []
    for target in targets:
        name, address = target.split("=")
        host, port = address.rsplit(":", 1)
        tallies[name] = {"queries": 0, "failed": [], "nodes": {}}
        threads += [threading.Thread(target=work, args=(tallies[name], password, host, int(port)))
                    for _ in range(int(workers))]
    for thread in threads:
        thread.start()
    while not stop.wait(0.1):
        pass
    for thread in threads:
        thread.join()
    print(json.dumps(tallies))


if __name__ == "__main__":
    main()
