"""Ports for servers that a test starts as processes of their own."""

import random
import socket

# Below the ports that the system gives to outgoing connections: what is free now stays free
# until the server has started, even when it starts a second time.
CANDIDATES = range(12_000, 30_000, 2)


def free_port_pair() -> int:
    """Return a port that is free and whose next is free too, for the sandbox CRM."""
    for port in random.sample(CANDIDATES, 200):
        try:
            with socket.socket() as first, socket.socket() as second:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
        except OSError:
            continue
        return port
    raise AssertionError("no two neighbouring ports are free")
