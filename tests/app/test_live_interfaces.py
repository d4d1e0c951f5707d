"""Interfaces on /live: for those who ask, and nobody else's messages change."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from dashnet.channels import publication_parts
from dashnet.client import LinkLost, LiveClient
from dashnet.errors import DashnetError
from dashnet.settings import Settings
from services.app.views import MOST_DEVICES_WITH_INTERFACES
from tests.app.test_asyncapi import check
from tests.app.test_relay import kill_relays
from tests.factories import make_device
from tests.feeds import open_feed
from tests.interfaces import ShowingNetwork, make_interface, with_network
from workers.context import WorkerContext
from workers.refresh import refresh
from workers.sync import sync


class Refresher:
    """Refreshes devices that show what a test wants, a second later each time."""

    def __init__(self, context: WorkerContext, network: ShowingNetwork) -> None:
        self.context = with_network(context, network)
        self.network = network
        self.tick = datetime.now(UTC).replace(microsecond=0)

    async def refresh(self, shown: dict[int, list[Any]]) -> None:
        """Refresh once."""
        self.network.shown = shown
        await refresh(self.context, self.tick, "test")
        self.tick += timedelta(seconds=1)


@pytest.fixture
async def refresher(context: WorkerContext, settings: Settings) -> AsyncIterator[Refresher]:
    async with ShowingNetwork(settings) as network:
        yield Refresher(context, network)


def shown_in(message: dict[str, Any]) -> dict[int, list[Any]]:
    """The interfaces of each device or snapshot of a message."""
    listed = [*message.get("devices", ()), *message.get("snap_shots", ()), *message.get("changed", ())]
    return {one.get("device_id", one.get("id")): one["interfaces"] for one in listed}


async def test_who_asks_has_the_interfaces_of_its_devices_from_the_state_on(
    settings: Settings, app: httpx.AsyncClient, device_ids: list[int], refresher: Refresher
) -> None:
    first, second, third = device_ids
    await refresher.refresh({first: [make_interface()], third: [make_interface()]})
    async with open_feed(settings, f"/live?device_ids={first},{second}&interfaces=true") as feed:
        state = await feed.next()
        check("state", state)
        assert shown_in(state) == {first: [make_interface()], second: []}
        changed = [make_interface("eth0", alias="new"), make_interface("Gi0/1", state="down", errors_in=None)]
        await refresher.refresh({first: changed, third: [make_interface()]})
        snapshots = await feed.next()
        check("snapshots", snapshots)
        assert shown_in(snapshots) == {first: changed, second: []}
        # One that cannot be read shows none.
        await refresher.refresh({})
        assert shown_in(await feed.next()) == {first: [], second: []}
        await feed.send({"type": "subscribe", "device_ids": [first], "interfaces": True})
        assert shown_in(await feed.next()) == {first: []}


async def test_nobody_else_sees_any(
    settings: Settings, app: httpx.AsyncClient, device_ids: list[int], refresher: Refresher
) -> None:
    ids = ",".join(map(str, device_ids))
    async with open_feed(settings, "/live") as every, open_feed(settings, f"/live?device_ids={ids}") as narrowed:
        for feed in (every, narrowed):
            await feed.next()
        await refresher.refresh({one: [make_interface()] for one in device_ids})
        # The devices are new to the store; of the worker's two publications this is the second.
        messages = [await feed.next_of("snapshots") for feed in (every, narrowed)]
        assert messages[0] == messages[1]
        assert all("interfaces" not in one for one in messages[0]["snap_shots"])
    async with open_feed(settings, "/") as of_2020:
        assert all("interfaces" not in one for one in await of_2020.next())


async def test_an_edited_device_is_told_with_its_interfaces(
    settings: Settings,
    app: httpx.AsyncClient,
    network: httpx.AsyncClient,
    context: WorkerContext,
    device_ids: list[int],
    refresher: Refresher,
) -> None:
    await refresher.refresh({device_ids[0]: [make_interface()]})
    query = f"device_ids={device_ids[0]},{device_ids[1]}&interfaces=true"
    async with open_feed(settings, f"/live?{query}") as feed:
        await feed.next()
        await network.patch(f"/devices/{device_ids[0]}", json={"host_name": "renamed"})
        await network.delete(f"/devices/{device_ids[1]}")
        await network.post("/devices/", json=make_device())
        await sync(context, 4)
        message = await feed.next()
        check("inventory", message)
        assert shown_in(message) == {device_ids[0]: [make_interface()]}
        assert (message["changed"][0]["host_name"], message["removed"]) == ("renamed", [device_ids[1]])


async def test_a_device_that_enters_a_view_brings_its_interfaces(
    settings: Settings, app: httpx.AsyncClient, device_ids: list[int], refresher: Refresher
) -> None:
    async with open_feed(settings, f"/live?device_ids={device_ids[0]}&state=up&interfaces=true") as feed:
        assert (await feed.next())["devices"] == []
        await refresher.refresh({device_ids[0]: [make_interface()]})
        message = await feed.next_of("snapshots")
        check("snapshots", message)
        assert [one["id"] for one in message["changed"]] == device_ids[:1]
        assert shown_in(message) == {device_ids[0]: [make_interface()]}


async def test_what_is_read_from_the_store_is_what_was_published(
    settings: Settings, app: httpx.AsyncClient, device_ids: list[int], refresher: Refresher
) -> None:
    # A name that JSON must escape, and rates that a real does not hold exactly.
    names = ['odd "},{" name', "tunnel\u00e9/1"]
    await refresher.refresh({device_ids[0]: [make_interface(one, upload_speed=0.1, alias=one) for one in names]})
    async with open_feed(settings, f"/live?device_ids={device_ids[0]}&interfaces=true") as feed:
        before = shown_in(await feed.next())
        await refresher.context.redis.flushall()
        # Redis has lost its memory, so that all is read from the store.
        assert shown_in(await feed.next_of("state")) == before
    assert [one["name"] for one in before[device_ids[0]]] == names


async def test_what_a_relay_did_not_hear_it_takes_from_redis_or_from_the_store(
    settings: Settings, app: httpx.AsyncClient, device_ids: list[int], refresher: Refresher, redis: Redis
) -> None:
    one = device_ids[0]
    async with open_feed(settings, f"/live?device_ids={one}&interfaces=true") as feed:
        seq = (await feed.next())["seq"]
        await refresher.refresh({one: [make_interface("eth0")]})
        assert (await feed.next())["seq"] == seq + 1
        for name, is_lost in (("eth1", False), ("eth2", True)):
            await kill_relays(redis)
            await refresher.refresh({one: [make_interface(name)]})
            if is_lost:
                await redis.delete(*await redis.keys(f"{publication_parts(settings)}*"))
            assert shown_in(await feed.next()) == {one: [make_interface(name)]}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"interfaces": True}, "takes device_ids"),
        ({"interfaces": True, "device_ids": None, "tags": ["core"]}, "takes device_ids"),
        ({"interfaces": True, "device_ids": list(range(1, MOST_DEVICES_WITH_INTERFACES + 2))}, "100 at the most"),
        ({"interfaces": "yes", "device_ids": [1]}, "true, false or null"),
    ],
)
async def test_interfaces_are_asked_for_of_a_few_named_devices(
    settings: Settings, app: httpx.AsyncClient, message: dict[str, Any], told: str
) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await feed.send({"type": "subscribe", **message})
        error = await feed.next()
        assert (error["code"], told in error["detail"]) == ("bad_message", True)


@pytest.mark.parametrize("query", ["interfaces=true", "device_ids=1&interfaces=yes"])
async def test_an_address_that_asks_otherwise_is_refused(
    settings: Settings, app: httpx.AsyncClient, query: str
) -> None:
    async with open_feed(settings, f"/live?{query}") as feed:
        error = await feed.next()
        assert (error["code"], "interfaces" in error["detail"]) == ("bad_message", True)


async def test_the_client_asks_for_interfaces(
    settings: Settings, app: httpx.AsyncClient, device_ids: list[int], refresher: Refresher
) -> None:
    async with LiveClient(settings.app_address, device_ids=device_ids[:1], interfaces=True) as client:
        state = await anext(aiter(client))
        assert not isinstance(state, LinkLost)
        assert state["type"] == "state"
        assert state["devices"][0]["interfaces"] == []
        await refresher.refresh({device_ids[0]: [make_interface()]})
        message = await anext(aiter(client))
        assert not isinstance(message, LinkLost)
        assert message["type"] == "snapshots"
        assert message["snap_shots"][0]["interfaces"] == [make_interface()]
    async with LiveClient(settings.app_address, interfaces=True) as client:
        refused = await anext(aiter(client))
        assert not isinstance(refused, LinkLost)
        assert refused["type"] == "error"
        with pytest.raises(DashnetError, match="asks for no view"):
            await anext(aiter(client))
