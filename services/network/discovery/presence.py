"""Who is there: pings, and where those are not permitted attempts to connect."""

import asyncio
import errno
import socket
import time
from collections.abc import Sequence

from dashnet.errors import DriverFault
from services.network.drivers.icmp import IcmpDriver, IcmpOptions
from services.network.drivers.names import to_driver_error

_PING = IcmpOptions(packets=1, timeout_seconds=1.0)
_CONNECT_SECONDS = 1.0


async def ping(driver: IcmpDriver, address: str) -> float | None:
    """Seconds that an echo took; null without an answer within one second.

    Raises:
        DriverFault: this machine cannot send pings, or none there.
    """
    return (await driver.echo(address, _PING))[0]


def check_pings(driver: IcmpDriver, address: str) -> str | None:
    """Why this process cannot ping at all; null where it can."""
    try:
        driver.open(address)
    except DriverFault as fault:
        return fault.detail
    return None


async def connect(address: str, ports: Sequence[int]) -> tuple[float, int | None] | None:
    """Seconds that the first answer took, and the port that takes connections, if one does; null without any answer.

    A port that refuses is an answer too.

    Raises:
        DriverError: this machine cannot send there.
    """
    refused_seconds = None
    for port in ports:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await _connect(address, port)
            return time.perf_counter() - began, port
        except TimeoutError:
            continue
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                refused_seconds = refused_seconds or time.perf_counter() - began
            elif error.errno not in (errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ECONNRESET):
                raise to_driver_error(error, f"port {port}") from error
    return None if refused_seconds is None else (refused_seconds, None)


async def _connect(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
