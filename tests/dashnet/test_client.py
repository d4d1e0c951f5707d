import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from dashnet.client import (
    LONGEST_PAUSE_SECONDS,
    SHORTEST_PAUSE_SECONDS,
    LinkLost,
    LiveClient,
    pause_after,
)
from dashnet.errors import DashnetError
from dashnet.messages import Received, SubscribeMessage
from dashnet.publication import Position
from dashnet.reading import State
from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.dashnet.test_panel_view import make_device, make_snapshots, make_state
from tests.ports import free_port
from tests.servers import DEADLINE_SECONDS

STATE, FIRST, SECOND, AFTER_A_HOLE = (
    make_state(make_device(1)),
    make_snapshots(2, 1, active=True),
    make_snapshots(3, 1, active=False),
    make_snapshots(7, 1, active=False),
)
BROKEN = LinkLost("", 0)
# In a script: wait until the client has sent something.
HOLD = "hold"


@asynccontextmanager
async def run_script(*connections: Sequence[dict[str, Any] | str | bytes]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that sends each connection the messages meant for it; its address, and the paths it was asked for."""
    scripts = iter(connections)
    paths: list[str] = []

    async def speak(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path)
        for message in next(scripts, ()):
            if message == HOLD:
                await socket.recv()
                continue
            await socket.send(orjson.dumps(message).decode() if isinstance(message, dict) else message)

    async with serve(speak, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/live", paths


async def take(address: str, count: int, **view: Any) -> list[Any]:
    """The first so many events; a lost link without its reason and pause."""
    taken: list[Any] = []
    async with asyncio.timeout(DEADLINE_SECONDS), LiveClient(address, **view) as client:
        async for event in client:
            taken.append(BROKEN if isinstance(event, LinkLost) else event)
            if len(taken) == count:
                break
    return taken


async def first_fault(address: str) -> str:
    async with asyncio.timeout(DEADLINE_SECONDS), LiveClient(address) as client:
        async for event in client:
            if isinstance(event, LinkLost):
                return event.reason
    raise AssertionError("it ended by itself")


async def next_message(client: LiveClient) -> Received:
    async for event in client:
        if not isinstance(event, LinkLost):
            return event
    raise AssertionError("it ended by itself")


@pytest.mark.parametrize("failures", [0, 1, 5, 1_000_000])
def test_a_pause_stays_within_its_bounds(failures: int) -> None:
    assert SHORTEST_PAUSE_SECONDS <= pause_after(failures) <= LONGEST_PAUSE_SECONDS


def test_pauses_spread_so_that_clients_do_not_come_back_all_at_once() -> None:
    pauses = [pause_after(10) for _ in range(100)]
    assert max(pauses) - min(pauses) > LONGEST_PAUSE_SECONDS / 10


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


@pytest.mark.parametrize("nonsense", ["hello", "[]", b"\x00", '{"type":"state"}', '{"seq":1}', '{"type":7,"seq":"1"}'])
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
    fault = await first_fault(f"{settings.app_address}/elsewhere")
    assert fault.startswith("it answered HTTP 40")


async def test_it_follows_a_real_app_service_through_its_restart(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS), LiveClient(settings.app_address) as client:
        async with run_app(settings):
            state = await next_message(client)
            assert state["type"] == "state"
        assert isinstance(await anext(aiter(client)), LinkLost)
        await refresh_once()
        async with run_app(settings):
            resumed, missed = await next_message(client), await next_message(client)
        assert (resumed["type"], missed["type"]) == ("resumed", "snapshots")
        assert client.position == Position(state["epoch"], state["seq"] + 1)


async def test_it_sees_the_view_that_it_was_given_and_the_one_that_it_subscribes_to(
    settings: Settings, device_ids: list[int], app: httpx.AsyncClient
) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS), LiveClient(settings.app_address, device_ids=device_ids[:2]) as client:
        state = await next_message(client)
        assert state["type"] == "state"
        assert [device["id"] for device in state["devices"]] == device_ids[:2]
        await client.send({"type": "subscribe", "search": "no such device"})
        state = await next_message(client)
        assert state["type"] == "state"
        assert state["devices"] == []


async def test_the_view_is_asked_for_again_after_a_lost_link() -> None:
    async with run_script([STATE], [STATE]) as (address, paths):
        await take(address, 3, tags=["a,b", "lab"], state="down")
    assert paths == ["/live?tags=a%2Cb&tags=lab&state=down", "/live?tags=a%2Cb&tags=lab&state=down&epoch=e&seq=1"]


async def subscribe_and_lose_link(address: str, *subscriptions: SubscribeMessage, count: int, **view: Any) -> list[Any]:
    """The first so many events of a client that subscribes to these after its first message."""
    taken: list[Any] = []
    async with asyncio.timeout(DEADLINE_SECONDS), LiveClient(address, **view) as client:
        async for event in client:
            if not taken:
                for subscription in subscriptions:
                    await client.send(subscription)
            taken.append(BROKEN if isinstance(event, LinkLost) else event)
            if len(taken) == count:
                break
    return taken


async def test_a_view_that_was_subscribed_to_is_asked_for_after_a_lost_link_and_begins_with_its_state() -> None:
    async with run_script([STATE, HOLD], [STATE], [STATE]) as (address, paths):
        subscription: SubscribeMessage = {"type": "subscribe", "tags": ["lab"], "state": State.DOWN}
        await subscribe_and_lose_link(address, subscription, count=5, search="a")
    # Only the state after the first is known to be of the new view, so only from there on can be resumed.
    assert paths == ["/live?search=a", "/live?tags=lab&state=down", "/live?tags=lab&state=down&epoch=e&seq=1"]


async def test_after_a_subscription_to_everything_nothing_of_the_narrower_view_is_built_on() -> None:
    async with run_script([STATE, HOLD], [STATE]) as (address, paths):
        await subscribe_and_lose_link(address, {"type": "subscribe", "device_ids": None}, count=3, device_ids=[1, 2])
    assert paths == ["/live?device_ids=1,2", "/live"]


async def test_a_view_that_was_refused_is_given_up_for_the_one_before() -> None:
    refusal = {"type": "error", "code": "bad_message", "detail": "no such state"}
    async with run_script([STATE, HOLD, refusal], [STATE]) as (address, paths):
        await subscribe_and_lose_link(
            address,
            {"type": "subscribe", "tags": ["lab"]},
            {"type": "subscribe", "state": "offline"},  # type: ignore[typeddict-item]  # what is refused
            count=4,
        )
    assert paths == ["/live", "/live?tags=lab"]


@pytest.mark.parametrize("name", ["device_ids", "tags", "device_types"])
async def test_an_empty_list_is_no_device_by_the_address_as_by_subscription(
    settings: Settings, device_ids: list[int], app: httpx.AsyncClient, name: str
) -> None:
    view: dict[str, Any] = {name: []}
    (state,) = await take(settings.app_address, 1, **view)
    assert (state["type"], state["devices"]) == ("state", [])


async def test_a_view_too_long_for_an_address_is_seen_all_the_same(
    settings: Settings, device_ids: list[int], app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    many = [*device_ids[:2], *range(1_000_000, 1_002_000)]
    async with asyncio.timeout(DEADLINE_SECONDS), LiveClient(settings.app_address, device_ids=many) as client:
        state = await next_message(client)
        assert state["type"] == "state"
        assert [device["id"] for device in state["devices"]] == device_ids[:2]
        await refresh_once()
        message = await next_message(client)
        assert message["type"] == "snapshots"
        assert [one["device_id"] for one in message["snap_shots"]] == device_ids[:2]


async def test_without_a_connection_nothing_can_be_sent() -> None:
    with pytest.raises(DashnetError, match="no connection"):
        await LiveClient("127.0.0.1:1").send({"type": "subscribe", "device_ids": None})


async def test_a_message_of_a_type_that_is_not_known_yet_counts_and_is_left_out() -> None:
    unknown = {"type": "weather", "seq": 2}
    async with run_script([STATE, unknown, {"type": "hint"}, SECOND]) as (address, _):
        assert await take(address, 2) == [STATE, SECOND]


async def test_what_newer_servers_add_to_a_message_is_left_out() -> None:
    async with run_script([{**STATE, "weather": "rain"}]) as (address, _):
        assert await take(address, 1) == [STATE]


async def test_a_server_that_says_not_to_come_back_is_believed(settings: Settings, app: httpx.AsyncClient) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS), LiveClient(settings.app_address, state="offline") as client:
        assert (await next_message(client))["type"] == "error"
        with pytest.raises(DashnetError, match="no view that there is"):
            await next_message(client)
