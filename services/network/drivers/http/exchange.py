"""One request and the answer to it: connects, sends, and reads as much as is needed."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dashnet.errors import DeviceFailure
from services.network.drivers.http.addresses import PageAddress, show
from services.network.drivers.http.body import Frame, UnknownPacking, unpack
from services.network.drivers.http.connection import Connection
from services.network.drivers.http.head import Head, NotHttp, check_beginning, find_end, parse_head

_SWITCHING_PROTOCOLS, _FIRST_FINAL = 101, 200
_MOST_INTERIM_ANSWERS = 20


class NoAnswer(Exception):
    """The connection ended before the server had said anything."""

    def __init__(self, error: OSError | None) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Request:
    """What to send where; `addresses` are those of the page's host."""

    method: str
    page: PageAddress
    headers: Mapping[str, str]
    addresses: Sequence[str]
    tls: ssl.SSLContext | None

    def encode(self) -> bytes:
        """Return the request as it is sent; header names are sent as they are written."""
        lines = [f"{self.method} {self.page.path} HTTP/1.1"]
        given = {name.lower() for name in self.headers}
        if "host" not in given:
            lines.append(f"Host: {self.page.authority}")
        if self.method == "POST" and "content-length" not in given:
            lines.append("Content-Length: 0")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()


class Exchange:
    """An answer whose head has been read; the body is read on demand. Closes its connection at the end of the block."""

    def __init__(self, request: Request, connection: Connection) -> None:
        self.request = request
        self._connection = connection
        self._rest = b""
        self.head: Head

    @classmethod
    async def begin(cls, request: Request, connection: Connection) -> Self:
        """Send the request and read the head of the answer.

        Raises:
            NotHttp: the answer is none in HTTP.
            NoAnswer: nothing came back.
        """
        exchange = cls(request, connection)
        try:
            connection.send(request.encode())
            await exchange._read_head()
        except BaseException:
            connection.close()
            raise
        return exchange

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def tls(self) -> ssl.SSLObject | None:
        """Return the TLS of the connection, None where there is none."""
        return self._connection.tls if self.request.tls is not None else None

    @property
    def peer(self) -> str | None:
        """Return the IP address of the server, None where the connection is gone."""
        return self._connection.peer

    async def _read_head(self) -> None:
        received = b""
        for _ in range(1 + _MOST_INTERIM_ANSWERS):
            block, received = await self._read_block(received)
            self.head = parse_head(block)
            if self.head.status >= _FIRST_FINAL or self.head.status == _SWITCHING_PROTOCOLS:
                self._rest = received
                return
        raise NotHttp(f"more than {_MOST_INTERIM_ANSWERS} interim answers")

    async def _read_block(self, received: bytes) -> tuple[bytes, bytes]:
        """Return one head, and what came behind it."""
        looked_at = 0
        while True:
            received = received.lstrip(b"\r\n")
            end = find_end(received, looked_at)
            if end:
                return received[:end], received[end:]
            looked_at = len(received)
            more = await self._read_more(received)
            if not more:
                return received, b""
            received += more

    async def _read_more(self, received: bytes) -> bytes:
        """Read on; nothing once the connection ends behind a part of a head.

        Raises:
            NotHttp: what was received so far is the beginning of no head.
            NoAnswer: it ends before anything came.
        """
        check_beginning(received)
        error: OSError | None = None
        try:
            more = await self._connection.read()
        except OSError as broken:
            more, error = b"", broken
        if not more and not received:
            raise NoAnswer(error)
        return more

    async def read_page(self) -> bytes:
        """Return the page, unpacked, as far as it came and at most 1 MiB of it.

        Raises:
            DeviceFailure: it is packed in a way that cannot be unpacked.
        """
        frame = Frame(self.head, self.request.method)
        frame.feed(self._rest)
        while not frame.has_ended and (more := await self._read_body()):
            frame.feed(more)
        try:
            return unpack(bytes(frame.content), self.head)
        except UnknownPacking as packing:
            raise DeviceFailure(
                f"answers in the encoding {show(str(packing))[:32]} unasked: its text cannot be looked for"
            ) from None

    async def _read_body(self) -> bytes:
        """A page that breaks off ends there."""
        try:
            return await self._connection.read()
        except OSError:
            return b""
