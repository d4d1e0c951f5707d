"""A connection to a web server, with or without TLS, read as its bytes come in."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import Any, cast

from dashnet.errors import DriverFault
from services.network.drivers.attempts import connect_early
from services.network.drivers.names import to_driver_error

# A server that sends more than is read is not read from for a while.
_MOST_WAITING_BYTES = 256 << 10

# Errors of a connection that came about: TLS did not.
_IN_HANDSHAKE = (ssl.SSLError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


class HandshakeFailed(Exception):
    """A server took a connection, but no TLS came about on it."""

    def __init__(self, address: str, error: OSError) -> None:
        super().__init__(address, error)
        self.address = address
        self.error = error


class Connection(asyncio.Protocol):
    """Keeps what was received until it is read."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._has_ended = False
        self._is_paused = False
        self._error: Exception | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol; uvloop's transports are no `asyncio.Transport` by name."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._received.append(data)
        self._size += len(data)
        if self._size > _MOST_WAITING_BYTES and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """See asyncio.Protocol."""
        self._has_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._has_ended, self._error = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def tls(self) -> ssl.SSLObject | None:
        """Return the TLS of the connection, None where there is none."""
        assert self._transport is not None
        return cast("ssl.SSLObject | None", self._transport.get_extra_info("ssl_object"))

    @property
    def peer(self) -> str | None:
        """Return the IP address of the other end, None where the connection is gone."""
        name = self._transport.get_extra_info("peername") if self._transport is not None else None
        return str(name[0]) if name else None

    def send(self, request: bytes) -> None:
        """Send a request; it is short, so that nothing need be waited for."""
        assert self._transport is not None
        self._transport.write(request)

    async def read(self) -> bytes:
        """Return what was received since the last time, at least one byte; nothing at the end.

        Raises:
            OSError: the connection broke (also errors of TLS).
        """
        while not self._received and not self._has_ended:
            self._waiter = self._loop.create_future()
            await self._waiter
        if not self._received:
            if self._error is not None:
                raise self._error
            return b""
        received = b"".join(self._received) if len(self._received) > 1 else self._received[0]
        self._received, self._size = [], 0
        if self._is_paused and not self._has_ended and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return received

    def close(self) -> None:
        """Close at once, whatever was not sent or read."""
        if self._transport is not None:
            self._transport.abort()


async def connect(
    addresses: Sequence[str], port: int, tls: ssl.SSLContext | None, host: str, within_seconds: float
) -> Connection:
    """Connect to one of these addresses; where one does not answer early, try the next one too.

    Raises:
        DriverError: none takes a connection.
        HandshakeFailed: one does, but the handshake of TLS fails.
    """
    if len(addresses) == 1:
        return await _open(addresses[0], tls, host, host=addresses[0], port=port)
    taken = await connect_early(addresses, lambda one: _connect_socket(one, port), within_seconds, socket.socket.close)
    try:
        return await _open(str(taken.getpeername()[0]), tls, host, sock=taken)
    except BaseException:
        taken.close()
        raise


async def _connect_socket(address: str, port: int) -> socket.socket:
    connecting = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    connecting.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except OSError as error:
        connecting.close()
        raise to_driver_error(error, "the server") from error
    except BaseException:
        connecting.close()
        raise
    return connecting


async def _open(address: str, tls: ssl.SSLContext | None, name: str, **where: Any) -> Connection:
    """`where`: host and port, or a socket that is connected already."""
    loop = asyncio.get_running_loop()
    # Certificates have names without the dot that ends an absolute one.
    server_hostname = name.removesuffix(".") if tls is not None else None
    try:
        _, connection = await loop.create_connection(Connection, ssl=tls, server_hostname=server_hostname, **where)
    except OSError as error:
        if tls is not None and isinstance(error, _IN_HANDSHAKE):
            raise HandshakeFailed(address, error) from error
        raise to_driver_error(error, "the server") from error
    except ValueError as error:
        raise DriverFault(f"{name} is no name for TLS: {error}") from None
    return connection
