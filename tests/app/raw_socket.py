"""A websocket client that sends any bytes it likes and sees every frame as it came."""

import asyncio
import base64
import os
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from dashnet.settings import Settings
from tests.servers import DEADLINE_SECONDS

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class RawFrame(NamedTuple):
    """One frame of the server."""

    opcode: int
    payload: bytes
    is_compressed: bool

    def inflate(self) -> bytes:
        """What it says, by itself: nothing of earlier messages is needed."""
        if not self.is_compressed:
            return self.payload
        return zlib.decompressobj(-15).decompress(self.payload + b"\x00\x00\xff\xff")

    @property
    def close_code(self) -> int:
        """The code of a close frame."""
        assert self.opcode == CLOSE
        return int(struct.unpack("!H", self.payload[:2])[0])


class RawSocket:
    """An open connection after its handshake; `answer` is the head that the server sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: str) -> None:
        self._reader = reader
        self._writer = writer
        self.answer = answer

    def send(
        self, opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, is_masked: bool = True
    ) -> None:
        """Send one frame; `reserved` are the bits 0x40, 0x20, 0x10 of its first byte."""
        self._writer.write(encode_frame(opcode, payload, (0x80 if fin else 0) | reserved, is_masked=is_masked))

    def send_all(self, *frames: tuple[int, bytes]) -> None:
        """Send these whole frames in one piece, which the server reads at once."""
        self._writer.write(b"".join(encode_frame(opcode, payload) for opcode, payload in frames))

    def send_bytes(self, sent: bytes) -> None:
        """Send anything."""
        self._writer.write(sent)

    def close_sending(self) -> None:
        """Half-close: nothing more comes from here."""
        self._writer.write_eof()

    async def next(self) -> RawFrame:
        """The next frame.

        Raises:
            asyncio.IncompleteReadError: the server ended the connection.
        """
        async with asyncio.timeout(DEADLINE_SECONDS):
            first, second = await self._reader.readexactly(2)
            assert not second & 0x80, "a server does not mask"
            length = second
            if second == 126:
                (length,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif second == 127:
                (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
            assert first & 0x80, "our server does not fragment"
            assert not first & 0x30
            return RawFrame(first & 0x0F, await self._reader.readexactly(length), bool(first & 0x40))

    async def next_of(self, opcode: int) -> RawFrame:
        """The next frame of this kind; others are dropped."""
        while (frame := await self.next()).opcode != opcode:
            pass
        return frame

    async def is_ended(self) -> bool:
        """Wait until the server ends the connection; whether it then sent nothing more."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self._reader.read() == b""


def encode_frame(opcode: int, payload: bytes, bits: int = 0x80, *, is_masked: bool = True) -> bytes:
    """A client's frame; `bits` are the upper four of its first byte, of which 0x80 says that the message is whole."""
    assert len(payload) < 2**16
    mask_bit = 0x80 if is_masked else 0
    length = len(payload)
    head = (
        struct.pack("!BB", bits | opcode, mask_bit | length)
        if length < 126
        else struct.pack("!BBH", bits | opcode, mask_bit | 126, length)
    )
    key = os.urandom(4)
    masked = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))
    return head + key + masked if is_masked else head + payload


@asynccontextmanager
async def open_raw_socket(settings: Settings, path: str = "/live", extensions: str = "") -> AsyncIterator[RawSocket]:
    """Connect and shake hands; `extensions` is the offer in Sec-WebSocket-Extensions."""
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.app_port)
    key = base64.b64encode(os.urandom(16)).decode()
    offer = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{settings.app_port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n".encode()
    )
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        yield RawSocket(reader, writer, head)
    finally:
        writer.close()
