"""Clients that read slowly or not at all: what they may ask for, what ends them, and that nothing of them is kept."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from dashnet.settings import Settings
from services.app.websocket_protocol import FeedWebSocketProtocol
from tests.app.deaf_socket import CLOSE_FRAME, open_deaf_socket, read_until
from tests.app.raw_socket import encode_frame
from tests.app.test_feed_metrics import read_metrics
from tests.conftest import run_app
from tests.feeds import open_feed
from tests.ports import free_port
from tests.servers import DEADLINE_SECONDS, eventually

PAUSE_SECONDS = 0.02
SLOW_READ_BYTES = 40_000
TEXT, CLOSE, PING = 1, 8, 9
LONG_TEXT = b"\x81\x7f"  # how a whole text frame of more than 64 KiB begins
# All buffers of both kernels together, and a good part more.
MUCH_BYTES = 24_000_000


async def has_backlog(app: httpx.AsyncClient) -> bool:
    return (await read_metrics(app))["dashnet_backlog_bytes"] > 1_000_000


@asynccontextmanager
async def await_state(settings: Settings) -> AsyncIterator[None]:
    """Begin once the service has a state, so that none waits for it with an unanswered ping."""
    async with open_feed(settings, "/live") as feed:
        await feed.next()
    yield


async def read_state_slowly(deaf: socket.socket) -> tuple[int, int]:
    """Read the first message, at most 2 MB in a second; how long it is to be, and how much of it came."""
    loop = asyncio.get_running_loop()
    received = b""
    async with asyncio.timeout(DEADLINE_SECONDS):
        # Behind the handshake and perhaps a ping.
        while len(begun := received.partition(LONG_TEXT)[2]) < 8:
            received += await loop.sock_recv(deaf, 2**16)
        wanted, count = 8 + struct.unpack("!Q", begun[:8])[0], len(begun)
        while count < wanted and (part := await loop.sock_recv(deaf, min(SLOW_READ_BYTES, wanted - count))):
            count += len(part)
            await asyncio.sleep(PAUSE_SECONDS)
    return wanted, count


@pytest.mark.parametrize(
    "options", [{}, {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.3}], ids=["by the caretaker", "by the keep-alive"]
)
async def test_who_reads_a_large_state_slowly_but_steadily_is_not_closed(
    settings: Settings, many_devices: None, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.app.state_message.PART_BYTES", MUCH_BYTES)
    strict = settings.model_copy(update={"subscriber_stall_seconds": 0.3})
    async with run_app(strict, **options), await_state(strict), open_deaf_socket(strict, SLOW_READ_BYTES) as slow:
        wanted, count = await read_state_slowly(slow)
        assert wanted > 5_000_000
        assert count == wanted
        await asyncio.get_running_loop().sock_sendall(slow, encode_frame(TEXT, b"nonsense"))
        assert await read_until(slow, b"bad_message")


async def test_the_keep_alive_leaves_the_end_of_who_takes_nothing_to_the_caretaker(
    settings: Settings, many_devices: None
) -> None:
    strict = settings.model_copy(update={"subscriber_stall_seconds": 1.0})
    pinging = run_app(strict, ws_ping_interval=0.05, ws_ping_timeout=0.3)
    async with pinging as app, await_state(strict), open_deaf_socket(strict) as deaf:
        before = (await read_metrics(app))["dashnet_slow_closes_total"]

        async def is_closed() -> bool:
            return (await read_metrics(app))["dashnet_slow_closes_total"] == before + 1

        await eventually(is_closed)
        assert await read_until(deaf, CLOSE_FRAME)


async def send_until_nothing_is_taken(deaf: socket.socket, piece: bytes) -> int:
    """Send these bytes again and again; how many there were when for a second no more were taken."""
    loop, sent = asyncio.get_running_loop(), 0
    while sent < MUCH_BYTES:
        try:
            async with asyncio.timeout(1):
                await loop.sock_sendall(deaf, piece)
        except TimeoutError:
            break
        sent += len(piece)
    return sent


@pytest.mark.timeout(120)
@pytest.mark.parametrize("has_state", [True, False], ids=["a subscriber", "one that waits for its first state"])
async def test_of_who_pings_and_reads_nothing_no_more_is_read(
    settings: Settings, device_ids: list[int], has_state: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.app.subscription.FIRST_STATE_SECONDS", 60)
    lost = {} if has_state else {"redis_url": f"redis://127.0.0.1:{free_port()}/0"}
    async with run_app(settings.model_copy(update=lost)), open_deaf_socket(settings) as deaf:
        assert await read_until(deaf, b"\r\n\r\n")
        piece = b"".join(encode_frame(PING, os.urandom(125)) for _ in range(500))
        assert await send_until_nothing_is_taken(deaf, piece) < MUCH_BYTES


@pytest.mark.parametrize(
    ("opcode", "payload", "answer"), [(TEXT, b"nonsense", b"bad_message"), (PING, b"still here", b"still here")]
)
async def test_what_a_client_sent_while_it_read_nothing_is_followed_once_it_reads(
    settings: Settings, many_devices: None, opcode: int, payload: bytes, answer: bytes
) -> None:
    async with run_app(settings) as app, open_deaf_socket(settings) as deaf:
        await eventually(lambda: has_backlog(app))
        await asyncio.get_running_loop().sock_sendall(deaf, encode_frame(opcode, payload))
        assert await read_until(deaf, answer)


class ReadsOn(FeedWebSocketProtocol):
    """Reads although its transport is full, as it does with what came in the same read that filled it."""

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.resume_reading()


@pytest.mark.parametrize("protocol", [FeedWebSocketProtocol, ReadsOn], ids=["unread", "read"])
async def test_a_service_stops_in_peace_beside_a_client_that_said_goodbye_and_reads_nothing(
    settings: Settings, many_devices: None, protocol: type[FeedWebSocketProtocol]
) -> None:
    async with AsyncExitStack() as stack:
        async with run_app(settings, protocol) as app:
            deaf = await stack.enter_async_context(open_deaf_socket(settings))
            await eventually(lambda: has_backlog(app))
            await asyncio.get_running_loop().sock_sendall(deaf, encode_frame(CLOSE, struct.pack("!H", 1000)))
            await asyncio.sleep(PAUSE_SECONDS)
