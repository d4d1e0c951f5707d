"""A client with the limits of a library's defaults (1 MiB a message) follows ten thousand devices, come what may."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce, refresh_under_ticks
from tests.conftest import run_app
from tests.factories import make_device
from tests.feeds import Feed, ReceivedPanel
from tests.servers import DEADLINE_SECONDS
from workers.context import WorkerContext
from workers.sync import sync

COUNT = 10_000


@pytest.fixture
async def fleet(store: None, network: httpx.AsyncClient, context: WorkerContext, settings: Settings) -> None:
    """Ten thousand devices that were never refreshed."""
    created = await network.post("/devices/", json=[make_device() for _ in range(COUNT)], timeout=60)
    assert created.status_code == 201
    await sync(context, 1)


@pytest.fixture
async def app(settings: Settings, fleet: None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app service that shows them."""
    async with run_app(settings) as client:
        yield client


@pytest.fixture
def refresh_all(context: WorkerContext) -> RefreshOnce:
    """Refresh all devices, under a tick of its own at each call."""
    return refresh_under_ticks(context)


@asynccontextmanager
async def open_usual(settings: Settings, query: str = "", **options: Any) -> AsyncIterator[Feed]:
    """Subscribe with the limits of a library's defaults."""
    async with connect(address_of(settings) + query, **options) as socket:
        yield Feed(socket)


def address_of(settings: Settings) -> str:
    return settings.app_address.replace("http", "ws", 1) + "/live"


class Printed:
    """The messages that the command `python -m websockets` prints."""

    def __init__(self, output: asyncio.StreamReader) -> None:
        self._output = output

    async def next(self) -> Any:  # any JSON value
        """Read the next one; the command's own words are passed over."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (found := _PRINTED.search(await self._output.readuntil(b"\n"))):
                pass
        return orjson.loads(found[0])


_PRINTED = re.compile(rb'\{"type":.*\}')


async def take_panel(feed: Feed | Printed) -> ReceivedPanel:
    """Take a state by the rules that clients knew before there were parts, until it is whole."""
    panel, first = ReceivedPanel(), await feed.next()
    panel.take_in(first)
    while panel.seq < first.get("complete_at", 0):
        panel.take_in(await feed.next())
    return panel


async def follow_refresh(feed: Feed, panel: ReceivedPanel) -> set[int]:
    """Follow a refresh of all devices to its end; returns the ids that it read or that entered the view with it."""
    told: set[int] = set()
    while len(told) < COUNT:
        message = await feed.next()
        assert message["type"] == "snapshots"
        told.update(one["device_id"] for one in message["snap_shots"])
        told.update(one["id"] for one in message.get("changed", ()))
        told.update(message.get("removed", ()))
        panel.take_in(message)
    return told


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_it_takes_the_state_and_then_a_refresh_of_all(
    settings: Settings, refresh_all: RefreshOnce, compression: Any
) -> None:
    async with open_usual(settings, compression=compression) as feed:
        panel = await take_panel(feed)
        assert len(panel.devices) == COUNT
        await refresh_all()
        assert await follow_refresh(feed, panel) == panel.devices.keys()


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("app")
async def test_in_a_view_it_takes_a_refresh_in_which_all_turn(settings: Settings, refresh_all: RefreshOnce) -> None:
    async with open_usual(settings, "?state=unknown") as leaving, open_usual(settings, "?state=up") as entering:
        left, entered = await take_panel(leaving), await take_panel(entering)
        assert (len(left.devices), len(entered.devices)) == (COUNT, 0)
        await refresh_all()
        await follow_refresh(leaving, left)
        while entered.seq < left.seq:
            entered.take_in(await entering.next())
    assert left.devices == {}
    assert len(entered.devices) > COUNT / 4


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("app")
async def test_who_missed_a_refresh_of_all_gets_it_afterwards(settings: Settings, refresh_all: RefreshOnce) -> None:
    async with open_usual(settings) as feed:
        panel = await take_panel(feed)
    await refresh_all()
    async with open_usual(settings, f"?epoch={panel.epoch}&seq={panel.seq}") as feed:
        assert await feed.next() == {"type": "resumed", "epoch": panel.epoch, "seq": panel.seq}
        await follow_refresh(feed, panel)


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("app")
async def test_who_missed_more_than_may_wait_gets_a_state_that_fits(
    settings: Settings, refresh_all: RefreshOnce
) -> None:
    async with open_usual(settings) as feed:
        panel = await take_panel(feed)
    await refresh_all()
    await refresh_all()
    async with open_usual(settings, f"?epoch={panel.epoch}&seq={panel.seq}") as feed:
        fresh = await take_panel(feed)
    assert all(device["snap_shot"] for device in fresh.devices.values())
    assert len(fresh.devices) == COUNT


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("app")
async def test_the_command_of_the_readme_prints_the_whole_state(settings: Settings) -> None:
    command = (sys.executable, "-m", "websockets", address_of(settings))
    pipes: dict[str, Any] = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "limit": 2**20}
    process = await asyncio.create_subprocess_exec(*command, **pipes)
    try:
        assert process.stdout is not None
        panel = await take_panel(Printed(process.stdout))
    finally:
        process.kill()
        await process.wait()
    assert len(panel.devices) == COUNT
