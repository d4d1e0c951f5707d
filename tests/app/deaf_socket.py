"""A subscriber that takes nothing, or as little as a test wants, on a bare socket."""

import asyncio
import base64
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dashnet.settings import Settings
from services.app.close_codes import CloseCode
from tests.servers import DEADLINE_SECONDS


async def connect_deaf(port: int, buffer_bytes: int) -> socket.socket:
    """A connection whose machine takes about so many bytes by itself."""
    deaf = socket.socket()
    deaf.setblocking(False)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    try:
        await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", port))
    except BaseException:
        deaf.close()
        raise
    return deaf


@asynccontextmanager
async def open_deaf_socket(settings: Settings, buffer_bytes: int = 4096) -> AsyncIterator[socket.socket]:
    """A subscriber of /live that takes not a byte by itself; its machine takes about as many as `buffer_bytes`."""
    with await connect_deaf(settings.app_port, buffer_bytes) as deaf:
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{settings.app_port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await asyncio.get_running_loop().sock_sendall(deaf, request.encode())
        yield deaf


async def read_until(deaf: socket.socket, wanted: bytes) -> bool:
    """Whether these bytes come before the server ends the connection."""
    received = b""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while wanted not in received:
                part = await asyncio.get_running_loop().sock_recv(deaf, 2**16)
                if not part:
                    return False
                received = received[-len(wanted) :] + part
    except ConnectionResetError:
        return False
    return True


CLOSE_FRAME = struct.pack("!BBH", 0x88, 2 + len("nothing was taken for too long"), CloseCode.TOO_SLOW)
