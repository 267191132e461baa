#!/usr/bin/env python3
"""handler.py SOCKET ACTION NODE POSITION: an operator's command, as healthd runs it.

It hands the order, and the diagnosis that comes on standard input, to whoever runs the lab, and ends as it went:
the lab's nodes are that process's children, so only it can start them."""
import json
import socket
import sys


def main():
    """The command line."""
    path, action, node, position = sys.argv[1:]
    order = {"action": action, "node": node, "position": position, "diagnosis": json.load(sys.stdin)}
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        line.sendall(json.dumps(order).encode() + b"\n")
        line.shutdown(socket.SHUT_WR)
        answer = line.makefile().read()
    print(answer)
    return 0 if answer == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
