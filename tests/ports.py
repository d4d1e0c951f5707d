"""Ports of this machine for servers that a test starts, known before the server is."""

import itertools
import os
import random
import socket
from collections.abc import Iterator

# Below those that Linux gives to clients (from 32768 on): any connection of the run could take one of them between the
# choice and the start of the server, as one did in a whole run of 4,400 tests.
_PORTS = range(15_000, 32_000)


def free_port() -> int:
    """A loopback port that nobody listens on, and that nobody else of this test run chooses."""
    return _choose(socket.SOCK_STREAM)


def free_udp_port() -> int:
    """The same for datagrams."""
    return _choose(socket.SOCK_DGRAM)


def _choose(kind: socket.SocketKind) -> int:
    return next(port for port in _own_ports if _is_free(port, kind))


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _shuffle_own() -> Iterator[int]:
    """Those of this process of pytest-xdist, in an order that another run does not have."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = list(_PORTS[number :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))])
    random.shuffle(own)
    return itertools.cycle(own)


_own_ports = _shuffle_own()
