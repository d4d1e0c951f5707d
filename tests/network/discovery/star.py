"""Several hosts in network namespaces of their own around one that discovers them."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

NETWORK, IPV6_NETWORK = "198.18.0.0/28", "fd00:5e::/124"


@dataclass(frozen=True, slots=True)
class Star:
    """`middle` has a cable to each of three hosts, by whose addresses `macs` tells their MAC addresses.

    The host at `mute` answers no ping. At 198.18.0.13 and 198.18.0.14 there is nobody. On the first cable there is
    IPv6 too (`IPV6_NETWORK`), unless this system has none.
    """

    middle: str
    macs: dict[str, str]
    mute: str
    has_ipv6: bool


@contextmanager
def make_star() -> Iterator[Star]:
    """The hosts until the block ends; skips the test where namespaces cannot be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and ip (Debian: apt-get install iproute2)")
    names = [f"dashnet-star-{os.getpid()}-{number}" for number in range(4)]
    try:
        for name in names:
            if subprocess.run(["ip", "netns", "add", name], capture_output=True, timeout=10).returncode != 0:
                pytest.skip("network namespaces are not allowed here")
            _run(f"ip -n {name} link set lo up")
        middle, *hosts = names
        macs = dict(_connect(middle, host, number) for number, host in enumerate(hosts))
        _run(f"ip netns exec {hosts[2]} sh -c 'echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all'")
        # So that what is nobody's can be asked for at all.
        _run(f"ip -n {middle} route add 198.18.0.12/30 dev cable0")
        yield Star(middle, macs, "198.18.0.10", _add_ipv6(middle, hosts[0]))
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=10)


def _connect(middle: str, host: str, number: int) -> tuple[str, str]:
    near, far = (f"198.18.0.{number * 4 + end}" for end in (1, 2))
    _run(f"ip -n {middle} link add cable{number} type veth peer name cable netns {host}")
    for namespace, interface, address in ((middle, f"cable{number}", near), (host, "cable", far)):
        _run(f"ip -n {namespace} address add {address}/30 dev {interface}")
        _run(f"ip -n {namespace} link set {interface} up")
    return far, _run(f"ip netns exec {host} cat /sys/class/net/cable/address").upper()


def _add_ipv6(middle: str, host: str) -> bool:
    for namespace, interface, address in ((middle, "cable0", "fd00:5e::1"), (host, "cable", "fd00:5e::2")):
        command = f"ip -n {namespace} address add {address}/124 dev {interface} nodad"
        if subprocess.run(shlex.split(command), capture_output=True, timeout=10).returncode != 0:
            return False
    return True


def _run(command: str) -> str:
    return subprocess.run(shlex.split(command), check=True, capture_output=True, text=True, timeout=10).stdout.strip()
