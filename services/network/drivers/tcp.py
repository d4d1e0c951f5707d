"""Driver `tcp`: a port that takes connections; the round trip is the time to connect."""

import asyncio
import socket
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from pydantic import Field

from dashnet.errors import DeviceTimeout
from dashnet.reading import Reading, State
from services.network.drivers.attempts import connect_early
from services.network.drivers.driver import DeviceReads, DriverOptions, ReadLimits, Target
from services.network.drivers.names import Names, to_driver_error

NAME = "tcp"


class TcpOptions(DriverOptions):
    """Which port, and how long to wait for it."""

    port: int = Field(ge=1, le=65535, description="The port to connect to", examples=[22])
    timeout_seconds: float = Field(5, ge=0.1, le=30, description="How long the connection may take")


class TcpDriver:
    """Connects and closes; nothing is sent."""

    name = NAME

    def __init__(self, names: Names, limits: ReadLimits) -> None:
        self._names = names
        self._reads = DeviceReads(self._read_one, limits)

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        """One reading per target, in their order."""
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        options = target.options
        assert isinstance(options, TcpOptions)
        addresses = await self._names.resolve(target.ip_address)
        try:
            async with asyncio.timeout(options.timeout_seconds):
                connect = partial(_connect, options.port)
                seconds = await connect_early(addresses, connect, options.timeout_seconds)
        except TimeoutError:
            raise DeviceTimeout(f"port {options.port} gave no answer within {options.timeout_seconds:g} s") from None
        return Reading(target.device_id, State.UP, None, None, seconds, datetime.now(UTC))


async def _connect(port: int, address: str) -> float:
    """Return the seconds that it took to connect to this address.

    Raises:
        DriverError: no connection came about.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            began = time.perf_counter()
            await asyncio.get_running_loop().sock_connect(connection, (address, port))
            return time.perf_counter() - began
    except OSError as error:
        raise to_driver_error(error, f"port {port}") from error
