"""Reads one page through the driver, and servers that answer with bytes of the test's own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from dashnet.errors import DriverFault
from dashnet.reading import Reading
from services.network.drivers import parse_options
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.http import HttpDriver
from services.network.drivers.names import Names, is_address


class StubNames(Names):
    """Knows the names of a test, and asks nobody."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self._addresses = {"localhost": ["127.0.0.1"], **addresses}

    async def resolve(self, host: str) -> Sequence[str]:
        """The addresses that the test gave this name; beside localhost no other name is known."""
        if host not in self._addresses and not is_address(host):
            raise DriverFault(f"the name {host} cannot be resolved: unknown")
        return self._addresses.get(host) or [host]


async def read_page(
    url: str,
    *,
    names: Mapping[str, Sequence[str]] | None = None,
    own: Collection[tuple[str, int]] = (),
    **options: Any,
) -> Reading:
    """What the driver sees at this address."""
    target = Target(1, "Server", "127.0.0.1", "http", parse_options("http", {"url": url, **options}), None)
    (reading,) = await HttpDriver(StubNames(names or {}), ReadLimits(10, 9), own).read([target], {})
    return reading


class Page:
    """A server that gives each request the same answer, and keeps the requests."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self.requests: list[str] = []
        self.port = 0
        self.answers = list(answers)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close; the last answer is for all that follow."""
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            writer.write(self.answers[min(len(self.requests), len(self.answers)) - 1])
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serve_page(
    *answers: bytes, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Page]:
    """Serve these answers, one request after the other, at a free port."""
    page = Page(answers)
    async with await asyncio.start_server(page.answer, address, 0, ssl=tls) as server:
        page.port = server.sockets[0].getsockname()[1]
        yield page


def make_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A plain answer of HTTP/1.1."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
