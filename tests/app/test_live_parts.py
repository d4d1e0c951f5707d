"""A long state comes in parts, which a client with the limits of a library's defaults takes."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from dashnet.client import LinkLost, LiveClient
from dashnet.settings import Settings
from tests.app.conftest import MANY_DEVICES
from tests.conftest import run_app
from tests.feeds import Feed, ReceivedPanel
from tests.servers import OUR_PROTOCOL


@pytest.fixture(params=[OUR_PROTOCOL, "websockets-sansio"])
async def app_of_many(
    settings: Settings, many_devices: None, request: pytest.FixtureRequest
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app service with 30,000 devices, under our protocol and under uvicorn's own."""
    async with run_app(settings, request.param) as client:
        yield client


async def take_state(feed: Feed) -> tuple[dict[str, Any], ReceivedPanel]:
    """The first part, and the panel after the last."""
    panel, first = ReceivedPanel(), await feed.next()
    panel.take_in(first)
    while panel.seq < first["complete_at"]:
        panel.take_in(await feed.next())
    return first, panel


def address_of(settings: Settings, query: str = "") -> str:
    return settings.app_address.replace("http", "ws", 1) + f"/live{query}"


@pytest.mark.usefixtures("app_of_many")
@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_a_client_with_default_limits_takes_the_state_of_many_devices(
    settings: Settings, compression: str | None
) -> None:
    async with connect(address_of(settings), compression=compression) as socket:
        _, panel = await take_state(Feed(socket))
    assert len(panel.devices) == MANY_DEVICES


@pytest.mark.usefixtures("app_of_many")
async def test_a_view_that_is_subscribed_to_comes_in_parts_too(settings: Settings) -> None:
    async with connect(address_of(settings, "?device_ids=1")) as socket:
        feed = Feed(socket)
        assert len((await feed.next())["devices"]) == 1
        await feed.send({"type": "subscribe", "device_types": ["Laptop"]})
        _, panel = await take_state(feed)
    assert len(panel.devices) == MANY_DEVICES


@pytest.mark.usefixtures("app_of_many")
async def test_who_leaves_in_the_middle_of_a_state_begins_anew(settings: Settings) -> None:
    async with connect(address_of(settings)) as socket:
        first = await Feed(socket).next()
    for seq, answer in ((first["seq"], "state"), (first["complete_at"], "resumed")):
        async with connect(address_of(settings, f"?epoch={first['epoch']}&seq={seq}")) as socket:
            message = await Feed(socket).next()
        assert (message["type"], message["epoch"]) == (answer, first["epoch"])


@pytest.mark.usefixtures("app_of_many")
async def test_our_client_hands_out_one_whole_state(settings: Settings) -> None:
    async with LiveClient(settings.app_address) as client:
        state = await anext(aiter(client))
    assert not isinstance(state, LinkLost)
    assert state["type"] == "state"
    assert len(state["devices"]) == MANY_DEVICES
    assert client.position is not None
    assert client.position.seq == state["seq"]
