"""A server that takes no connection: its queue is full, so that the system drops what comes, as a firewall does."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def silent_port(address: str = "127.0.0.1", number: int = 0) -> AsyncIterator[int]:
    """A port of `address`, this one or any, to which no connection comes about."""
    loop = asyncio.get_running_loop()
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind((address, number))
        server.listen(0)
        port: int = server.getsockname()[1]
        for client in (first, second):
            client.setblocking(False)
            connecting = asyncio.ensure_future(loop.sock_connect(client, (address, port)))
            await asyncio.wait([connecting], timeout=0.2)
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        yield port
