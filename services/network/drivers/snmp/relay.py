"""Takes a device's answers from whatever address they come, which the sockets of gufo-snmp do not."""

import asyncio
from contextlib import suppress
from typing import Any, cast

_Address = tuple[Any, ...]


class Relay:
    """Stands between a session and a device.

    The session speaks to `port` on loopback, the device to a socket that takes datagrams from anywhere: a device with
    several addresses may answer from another one than it was asked at. The session checks the request id and the
    community, or the signature, of every answer. `source` is where the last one came from.
    """

    def __init__(self, address: str, port: int) -> None:
        self._device = (address, port)
        self._asker: _Address | None = None
        self._inside: asyncio.DatagramTransport | None = None
        self._outside: asyncio.DatagramTransport | None = None
        self.source: str | None = None
        self.port = 0

    async def open(self) -> None:
        """Bind both sockets.

        Raises:
            OSError: one cannot be had.
        """
        loop = asyncio.get_running_loop()
        anywhere = "::" if ":" in self._device[0] else "0.0.0.0"
        outside, _ = await loop.create_datagram_endpoint(lambda: _Side(self._take_answer), (anywhere, 0))
        self._outside = outside
        inside, _ = await loop.create_datagram_endpoint(lambda: _Side(self._take_request), ("127.0.0.1", 0))
        self._inside, self.port = inside, inside.get_extra_info("sockname")[1]

    def close(self) -> None:
        """Give both sockets back."""
        for side in (self._inside, self._outside):
            if side is not None:
                side.close()

    def _take_request(self, message: bytes, sender: _Address) -> None:
        self._asker = sender
        _send(self._outside, message, self._device)

    def _take_answer(self, message: bytes, sender: _Address) -> None:
        self.source = str(sender[0])
        if self._asker is not None:
            _send(self._inside, message, self._asker)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, take: Any) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        self._take(data, addr)


def _send(side: asyncio.DatagramTransport | None, message: bytes, to: _Address) -> None:
    with suppress(OSError):
        cast(asyncio.DatagramTransport, side).sendto(message, to)
