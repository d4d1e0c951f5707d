"""Two network namespaces with a cable between them, for traffic that no other test adds to."""

import asyncio
import ctypes
import os
import shlex
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

_Found = TypeVar("_Found")
_numbers = count()


@dataclass(frozen=True, slots=True)
class Cable:
    """The two namespaces; `near` has 198.18.0.1 on its interface `cable0`, `far` has 198.18.0.2."""

    near: str
    far: str

    @property
    def far_hardware_address(self) -> str:
        """Of the far end, so that nothing need be asked on the wire."""
        command = ("ip", "netns", "exec", self.far, "cat", "/sys/class/net/cable0/address")
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()


@contextmanager
def make_cable() -> Iterator[Cable]:
    """A cable until the block ends; skips the test where namespaces cannot be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and ip (Debian: apt-get install iproute2)")
    number = f"{os.getpid()}-{next(_numbers)}"
    cable = Cable(f"dashnet-near-{number}", f"dashnet-far-{number}")
    try:
        for namespace in (cable.near, cable.far):
            if subprocess.run(["ip", "netns", "add", namespace], capture_output=True, timeout=10).returncode != 0:
                pytest.skip("network namespaces are not allowed here")
        _connect(cable)
        yield cable
    finally:
        for namespace in (cable.near, cable.far):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, timeout=10)


def _connect(cable: Cable) -> None:
    _run(f"ip -n {cable.near} link add cable0 type veth peer name cable0 netns {cable.far}")
    for namespace, address in ((cable.near, "198.18.0.1/30"), (cable.far, "198.18.0.2/30")):
        # No neighbour discovery of IPv6: every byte is the test's.
        _run(f"ip netns exec {namespace} sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'")
        _run(f"ip -n {namespace} link set lo up")
        _run(f"ip -n {namespace} address add {address} dev cable0")
        _run(f"ip -n {namespace} link set cable0 up")
    _run(f"ip -n {cable.near} neighbour add 198.18.0.2 lladdr {cable.far_hardware_address} dev cable0")


def _run(command: str) -> None:
    subprocess.run(shlex.split(command), check=True, capture_output=True, timeout=10)


def run_inside(namespace: str, work: Callable[[], Awaitable[_Found]]) -> _Found:
    """What `work` answers, run on a loop of its own in a thread whose sockets are those of a namespace."""

    async def run() -> _Found:
        return await work()

    def enter() -> _Found:
        with Path(f"/run/netns/{namespace}").open() as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        return asyncio.run(run())

    # The thread ends with the pool and takes the namespace with it.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(enter).result(timeout=60)
