"""Driver `icmp`: echo requests (ping); loss, median round trip and jitter over a few packets."""

import asyncio
import math
import socket
import statistics
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from pydantic import Field

from dashnet.errors import DeviceTimeout, DriverFault
from dashnet.reading import Reading, State
from services.network.drivers.driver import DeviceReads, DriverOptions, ReadLimits, Target
from services.network.drivers.names import Names, to_driver_error

if TYPE_CHECKING:
    from gufo.ping.socket import PingSocket

NAME = "icmp"

_LONGEST_SECONDS = 10.0
# All pings share a socket and wait most of the time: many more of them than of other readings can be on their way.
_PINGS_PER_TURN = 4
# gufo-ping gives a lost packet up after this, later than anybody here waits: what it gives up before was not sent.
_FORGET_SECONDS = _LONGEST_SECONDS + 5
# With the system's own size hundreds of 1,000 replies get lost in the socket.
_RECEIVE_BYTES = 4 << 20
_NOT_PERMITTED = (
    "ICMP is not permitted to this process: allow it with sysctl -w net.ipv4.ping_group_range='0 2147483647' "
    "or with the capability NET_RAW, or use the driver tcp"
)


class IcmpOptions(DriverOptions):
    """How many packets, how often, how large, and how long to wait for the answers."""

    packets: int = Field(3, ge=1, le=20, description="Echo requests per reading")
    interval_seconds: float = Field(0.2, ge=0.01, le=5, description="From one packet to the next")
    timeout_seconds: float = Field(
        2, ge=0.05, le=_LONGEST_SECONDS, description="How long an answer is waited for after the last packet"
    )
    size_bytes: int = Field(64, ge=64, le=9000, description="Size of a packet with its IP header")


class _Echoes:
    """What came back of the packets to one device so far."""

    __slots__ = ("ended", "round_trips", "waiting")

    def __init__(self, packets: int, ended: asyncio.Future[None]) -> None:
        self.round_trips: list[float | None] = [None] * packets
        self.waiting = packets
        self.ended = ended

    async def record(self, number: int, echo: Awaitable[float | None]) -> None:
        try:
            round_trip_seconds = await echo
        except Exception as bug:
            if not self.ended.done():
                self.ended.set_exception(bug)
            return
        if not self.ended.done():
            self.round_trips[number] = round_trip_seconds
            self.waiting -= 1
            if not self.waiting:
                self.end()

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class IcmpDriver:
    """Pings with one socket per address family, opened at the first reading; unprivileged ones where allowed."""

    name = NAME

    def __init__(self, names: Names, limits: ReadLimits) -> None:
        self._names = names
        self._limits = replace(limits, concurrency=limits.concurrency * _PINGS_PER_TURN)
        self._reads = DeviceReads(self._read_one, self._limits)
        self._sockets: dict[int, PingSocket] = {}
        self._sent: set[asyncio.Task[None]] = set()

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        """One reading per target, in their order."""
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        options = cast(IcmpOptions, target.options)
        self._check_time(options)
        address = (await self._names.resolve(target.ip_address))[0]
        echoes = await self.echo(address, options)
        return to_reading(target.device_id, echoes, options.timeout_seconds)

    def _check_time(self, options: IcmpOptions) -> None:
        seconds = (options.packets - 1) * options.interval_seconds + options.timeout_seconds
        if seconds >= self._limits.timeout_seconds:
            raise DriverFault(
                f"packets, interval_seconds and timeout_seconds come to {seconds:g} s, and a reading may take "
                f"{self._limits.timeout_seconds:g} s (DASHNET_DRIVER_TIMEOUT_SECONDS)"
            )

    async def echo(self, address: str, options: IcmpOptions) -> Sequence[float | None]:
        """Seconds of each packet's round trip in the order of sending; None for a lost one.

        Raises:
            DriverFault: no packet could be sent.
        """
        ping, loop = self.open(address), asyncio.get_running_loop()
        echoes = _Echoes(options.packets, loop.create_future())
        for number in range(options.packets):
            if number:
                await asyncio.sleep(options.interval_seconds)
            # Never cancelled: gufo-ping 0.7 stumbles over the answer then, and forgets those that came with it.
            sent = loop.create_task(echoes.record(number, ping.ping(address, options.size_bytes)))
            self._sent.add(sent)
            sent.add_done_callback(self._sent.discard)
        giving_up = loop.call_later(options.timeout_seconds, echoes.end)
        try:
            await echoes.ended
        finally:
            giving_up.cancel()
        if echoes.waiting == 0 and not any(echoes.round_trips):
            raise explain_unsent(address)
        return echoes.round_trips

    def open(self, address: str) -> "PingSocket":
        """The socket of this family.

        Raises:
            DriverFault: this system has none for us.
        """
        version = 6 if ":" in address else 4
        if version not in self._sockets:
            try:
                # No wheel for Windows and Intel Macs.
                from gufo.ping.socket import PingSocket, SelectionPolicy
            except ImportError:
                raise DriverFault("there is no ICMP on this platform: use the driver tcp") from None
            try:
                self._sockets[version] = PingSocket(
                    version, SelectionPolicy.DGRAM_RAW, timeout=_FORGET_SECONDS, recv_buffer_size=_RECEIVE_BYTES
                )
            except PermissionError:
                raise DriverFault(_NOT_PERMITTED) from None
            except OSError as error:
                raise DriverFault(f"no socket for ICMP over IPv{version}: {error}") from error
        return self._sockets[version]


def to_reading(device_id: int, round_trips: Sequence[float | None], timeout_seconds: float) -> Reading:
    """What packets with these round trips, None where there was no answer, say of a device.

    Raises:
        DeviceTimeout: all are lost.
    """
    answered = [seconds for seconds in round_trips if seconds is not None]
    if not answered:
        raise DeviceTimeout(f"no answer to {len(round_trips)} packets within {timeout_seconds:g} s")
    return Reading(
        device_id,
        State.UP,
        None,
        None,
        statistics.median(answered),
        datetime.now(UTC),
        loss_ratio=1 - len(answered) / len(round_trips),
        jitter_seconds=mean_difference(answered),
    )


def mean_difference(round_trips: Sequence[float]) -> float | None:
    """Jitter: the mean difference of each round trip from the one before; null for fewer than two."""
    if len(round_trips) < 2:
        return None
    return math.fsum(abs(later - earlier) for earlier, later in pairwise(round_trips)) / (len(round_trips) - 1)


def explain_unsent(address: str) -> DriverFault:
    """Why this machine sends nothing there: what it says to a datagram socket, which sends nothing by connecting."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 7))
    except OSError as error:
        return DriverFault(to_driver_error(error, address).detail)
    return DriverFault(f"this machine refused to send to {address}: a firewall, a full table, or too large a packet")
