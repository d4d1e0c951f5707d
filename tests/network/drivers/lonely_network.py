"""A network of its own for a reading: a namespace behind whose only interface this program loses and delays packets.

Run by `tests.network.drivers.lonely` inside `unshare`; takes a `Case` as JSON on its command line, prints the readings.
"""

import asyncio
import dataclasses
import fcntl
import json
import os
import shlex
import struct
import subprocess
import sys
import time
from typing import Any

from services.network.drivers import parse_options
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.icmp import IcmpDriver
from services.network.drivers.names import Names
from services.network.drivers.tcp import TcpDriver

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_ECHO_REQUEST, _ICMP = 8, 1
INTERFACE = "lossy"
NETWORK = "192.0.2.1/24"


@dataclasses.dataclass(frozen=True)
class Case:
    """What to read: `before` the interface is made, and again after the commands `between` where there are any.

    `delays_seconds` holds one for each echo request, null for a lost one; those after are answered at once.
    """

    driver: str
    ip_address: str
    options: dict[str, Any]
    delays_seconds: list[float | None] = dataclasses.field(default_factory=list)
    has_interface: bool = True
    before: list[str] = dataclasses.field(default_factory=list)
    between: list[str] = dataclasses.field(default_factory=list)


class LossyNetwork:
    """Answers echo requests for everybody behind the interface, as the case wants it."""

    def __init__(self, tunnel: int, delays_seconds: list[float | None]) -> None:
        self._tunnel = tunnel
        self._delays = list(delays_seconds)

    def take_packet(self) -> None:
        packet = os.read(self._tunnel, 65536)
        if packet[0] >> 4 != 4 or packet[9] != _ICMP:
            return
        header_bytes = (packet[0] & 15) * 4
        if packet[header_bytes] != _ECHO_REQUEST:
            return
        delay = self._delays.pop(0) if self._delays else 0.0
        if delay is not None:
            asyncio.get_running_loop().call_later(delay, os.write, self._tunnel, to_reply(packet, header_bytes))


def to_reply(packet: bytes, header_bytes: int) -> bytes:
    """The echo reply to this request; swapping addresses keeps the checksum of the IP header."""
    header = packet[:12] + packet[16:20] + packet[12:16] + packet[20:header_bytes]
    echo = b"\0\0\0\0" + packet[header_bytes + 4 :]
    return header + echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:]


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = octets + b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def open_tunnel() -> int:
    """A new interface whose packets this program reads and writes."""
    tunnel = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tunnel, _TUNSETIFF, struct.pack("16sH", INTERFACE.encode(), _IFF_TUN | _IFF_NO_PI))
    run(f"ip address add {NETWORK} dev {INTERFACE}")
    run(f"ip link set {INTERFACE} up")
    return tunnel


def run(command: str) -> None:
    """A command that must succeed."""
    subprocess.run(shlex.split(command), check=True, timeout=10)


async def read_case(case: Case) -> list[dict[str, Any]]:
    """One reading, and another one where there are commands in between."""
    run("ip link set lo up")
    for command in case.before:
        run(command)
    if case.has_interface:
        tunnel = open_tunnel()
        asyncio.get_running_loop().add_reader(tunnel, LossyNetwork(tunnel, case.delays_seconds).take_packet)
    limits = ReadLimits(10, 9)
    driver = IcmpDriver(Names(), limits) if case.driver == "icmp" else TcpDriver(Names(), limits)
    target = Target(1, "Server", case.ip_address, case.driver, parse_options(case.driver, case.options), None)
    readings = [await take_reading(driver, target)]
    if case.between:
        for command in case.between:
            run(command)
        readings.append(await take_reading(driver, target))
    return readings


async def take_reading(driver: IcmpDriver | TcpDriver, target: Target) -> dict[str, Any]:
    """The reading and how long it took."""
    began = time.monotonic()
    (reading,) = await driver.read([target], {})
    return {**dataclasses.asdict(reading), "read_at": None, "took_seconds": time.monotonic() - began}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(read_case(Case(**json.loads(sys.argv[1]))))))  # noqa: T201
