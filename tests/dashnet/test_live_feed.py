import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from dashnet.errors import DashnetError
from dashnet.live_feed import LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS, LinkLost, follow, live_address, pause_after
from dashnet.panel_view import PanelView
from dashnet.settings import Settings
from tests.conftest import run_app
from tests.dashnet.test_panel_view import make_device, make_snapshots, make_state
from tests.servers import DEADLINE_SECONDS, free_port

STATE, FIRST, SECOND, AFTER_A_HOLE = (
    make_state(make_device(1)),
    make_snapshots(2, 1, active=True),
    make_snapshots(3, 1, active=False),
    make_snapshots(7, 1, active=False),
)
BROKEN = LinkLost("", 0)


@asynccontextmanager
async def run_script(*connections: Sequence[dict[str, Any] | str | bytes]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that sends each connection the messages meant for it; its address, and the paths it was asked for."""
    scripts = iter(connections)
    paths: list[str] = []

    async def speak(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path)
        for message in next(scripts, ()):
            await socket.send(orjson.dumps(message).decode() if isinstance(message, dict) else message)

    async with serve(speak, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/live", paths


async def take(address: str, count: int) -> list[Any]:
    """The first so many events: messages decoded, a lost link without its reason and pause."""
    taken: list[Any] = []
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(follow(address, PanelView())) as events:
        async for event in events:
            taken.append(BROKEN if isinstance(event, LinkLost) else orjson.loads(event))
            if len(taken) == count:
                break
    return taken


async def first_fault(address: str) -> str:
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(follow(address, PanelView())) as events:
        async for event in events:
            if isinstance(event, LinkLost):
                return event.reason
    raise AssertionError("follow ended by itself")


async def next_message(events: AsyncIterator[str | LinkLost]) -> str:
    async for event in events:
        if isinstance(event, str):
            return event
    raise AssertionError("follow ended by itself")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:5001", "ws://127.0.0.1:5001/live"),
        ("https://noc.example.org/", "wss://noc.example.org/live"),
        ("127.0.0.1:5001", "ws://127.0.0.1:5001/live"),
        ("ws://[::1]:5001/live", "ws://[::1]:5001/live"),
        ("http://noc.example.org/panel/", "ws://noc.example.org/panel/live"),
    ],
)
def test_the_address_of_live_is_made_from_any_usual_url(url: str, address: str) -> None:
    assert live_address(url) == address


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1", "http://", "http://a:port", "http://a:99999"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(DashnetError, match="is no address"):
        live_address(url)


@pytest.mark.parametrize("failures", [0, 1, 5, 1_000_000])
def test_a_pause_stays_within_its_bounds(failures: int) -> None:
    assert SHORTEST_PAUSE_SECONDS <= pause_after(failures) <= LONGEST_PAUSE_SECONDS


async def test_messages_come_as_they_were_sent() -> None:
    async with run_script([STATE, FIRST, SECOND]) as (address, _):
        assert await take(address, 3) == [STATE, FIRST, SECOND]


async def test_a_missing_message_is_mended_by_a_new_connection_that_asks_for_a_state() -> None:
    async with run_script([STATE, FIRST, AFTER_A_HOLE], [STATE]) as (address, paths):
        assert await take(address, 4) == [STATE, FIRST, BROKEN, STATE]
    assert paths == ["/live", "/live"]


async def test_after_a_lost_link_it_asks_to_resume_where_it_was() -> None:
    resumed = {"type": "resumed", "epoch": "e", "seq": 2}
    async with run_script([STATE, FIRST], [resumed, SECOND]) as (address, paths):
        assert await take(address, 5) == [STATE, FIRST, BROKEN, resumed, SECOND]
    assert paths == ["/live", "/live?epoch=e&seq=2"]


async def test_a_state_instead_of_resumed_is_taken() -> None:
    async with run_script([STATE, FIRST], [STATE]) as (address, _):
        assert await take(address, 4) == [STATE, FIRST, BROKEN, STATE]


@pytest.mark.parametrize("nonsense", ["hello", "[]", b"\x00", '{"type":"state"}'])
async def test_nonsense_ends_the_connection_and_another_begins(nonsense: str | bytes) -> None:
    async with run_script([nonsense], [STATE]) as (address, _):
        assert await take(address, 2) == [BROKEN, STATE]


async def test_a_refused_connection_is_told_in_words() -> None:
    assert await first_fault(f"ws://127.0.0.1:{free_port()}/live") == "nothing listens there"


async def test_a_server_that_closes_is_told_with_its_reason() -> None:
    async with run_script([STATE]) as (address, _):
        assert "closed" in await first_fault(address)


async def test_a_server_without_this_websocket_is_told_with_its_answer(
    settings: Settings, app: httpx.AsyncClient
) -> None:
    fault = await first_fault(live_address(f"{settings.app_address}/elsewhere"))
    assert fault.startswith("it answered HTTP 40")


async def test_it_follows_a_real_app_service_through_its_restart(settings: Settings) -> None:
    view = PanelView()
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(follow(live_address(settings.app_address), view)) as events:
        async with run_app(settings):
            assert isinstance(await anext(events), str)
        assert isinstance(await anext(events), LinkLost)
        async with run_app(settings):
            assert await next_message(events)
    assert view.position is not None
