"""A TCP door to one of the test's servers, which a test can shut, so that only its own service loses the server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.ports import free_port

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


def to_unix_socket(path: Path) -> Connect:
    """A way to a server behind a unix socket."""
    return lambda: asyncio.open_unix_connection(path)


class Gate:
    """Passes connections on to a server while it is open."""

    def __init__(self, connect: Connect) -> None:
        self.port = free_port()
        self._connect = connect
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Let connections in."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)

    def shut(self) -> None:
        """Break all connections and refuse new ones."""
        if self._server:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = {writer}
        try:
            server_reader, server_writer = await self._connect()
            writers.add(server_writer)
            self._writers |= writers
            if self._server is None or not self._server.is_serving():
                raise ConnectionAbortedError("shut meanwhile")
            await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer))
        except BaseException as error:
            # One end that is gone must take the other with it, or that waits for ever.
            for one in writers:
                one.transport.abort()
            if not isinstance(error, OSError):
                raise
        finally:
            self._writers -= writers


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def open_gate(connect: Connect) -> AsyncIterator[Gate]:
    """A gate, open at first, shut at the end."""
    gate = Gate(connect)
    await gate.open()
    try:
        yield gate
    finally:
        gate.shut()
