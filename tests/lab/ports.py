"""Ports of the loopback for servers that tests start."""
import errno
import itertools
import random
import socket

FREE_PORTS = range(10000, 32768)  # the system gives those above to who asks for any (ip_local_port_range)
turns = itertools.count(random.randrange(len(FREE_PORTS)))


def free_port(kind=socket.SOCK_STREAM):
    """One that nobody has just now, and that nobody is given meanwhile who asks for any."""
    while True:
        port = FREE_PORTS[next(turns) % len(FREE_PORTS)]
        with socket.socket(type=kind) as held:
            try:
                held.bind(("127.0.0.1", port))
                return port
            except OSError as problem:
                if problem.errno != errno.EADDRINUSE:
                    raise
