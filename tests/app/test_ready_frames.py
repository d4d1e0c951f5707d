"""What our protocol alone does: frames made once for all, keep-alive beside them, and an end for who reads nothing."""

import asyncio

import orjson
import pytest

from dashnet.settings import Settings
from services.app.websocket_protocol import find_connection
from tests.app.conftest import RefreshOnce
from tests.app.raw_socket import CLOSE, PING, PONG, TEXT, open_raw_socket
from tests.conftest import run_app

DEFLATE = "permessage-deflate"
OFFERS = [DEFLATE, f"{DEFLATE}; client_max_window_bits", f"{DEFLATE}; server_max_window_bits=9"]


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("path", ["/live", "/"])
async def test_a_client_that_offers_compression_gets_messages_that_inflate_each_by_itself(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce, offer: str, path: str
) -> None:
    await refresh_once()
    async with run_app(settings), open_raw_socket(settings, path, offer) as socket:
        assert "server_no_context_takeover" in socket.answer
        assert "client_no_context_takeover" in socket.answer
        first = await socket.next()
        await refresh_once()
        second = await socket.next()
        assert (first.is_compressed, second.is_compressed) == (True, True)
        assert orjson.loads(first.inflate())
        assert orjson.loads(second.inflate())


async def test_subscribers_that_agreed_to_the_same_get_the_same_bytes(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    async with (
        run_app(settings),
        open_raw_socket(settings, "/live", OFFERS[0]) as one,
        open_raw_socket(settings, "/live", OFFERS[1]) as other,
        open_raw_socket(settings, "/live") as plain,
    ):
        assert await one.next() == await other.next()
        await plain.next()
        await refresh_once()
        compressed = await one.next()
        assert compressed == await other.next()
        assert compressed.inflate() == (await plain.next()).payload


async def test_an_idle_subscriber_is_pinged_and_stays_as_long_as_it_answers(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    async with run_app(settings, ws_ping_interval=0.05, ws_ping_timeout=20), open_raw_socket(settings) as socket:
        await socket.next()
        for _ in range(5):
            ping = await socket.next_of(PING)
            socket.send(PONG, ping.payload)
        await refresh_once()
        assert orjson.loads((await socket.next_of(TEXT)).payload)["type"] == "snapshots"


async def test_a_subscriber_that_answers_no_ping_is_told_so_and_ended(
    settings: Settings, device_ids: list[int]
) -> None:
    async with run_app(settings, ws_ping_interval=0.05, ws_ping_timeout=0.1), open_raw_socket(settings) as socket:
        await socket.next()
        assert (await socket.next_of(CLOSE)).close_code == 1011
        assert await socket.is_ended()


async def test_a_subscriber_of_a_service_that_stops_is_told_to_come_back(
    settings: Settings, device_ids: list[int]
) -> None:
    is_started, is_over = asyncio.Event(), asyncio.Event()

    async def serve() -> None:
        async with run_app(settings):
            is_started.set()
            await is_over.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve())
        await is_started.wait()
        async with open_raw_socket(settings) as socket:
            await socket.next()
            is_over.set()
            assert (await socket.next_of(CLOSE)).close_code == 1012


def test_without_the_extension_there_is_no_ready_connection() -> None:
    assert find_connection({"type": "websocket"}) is None
    assert find_connection({"type": "websocket", "extensions": {"websocket.http.response": {}}}) is None
