import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dashnet.publication import Position
from dashnet.settings import Settings
from services.app.snapshots import select_panel
from tests.app.conftest import RefreshOnce
from tests.factories import make_device
from tests.feeds import open_feed
from workers.context import WorkerContext
from workers.sync import sync

SPEEDS = ("upload_speed", "download_speed")


@pytest.fixture
async def unmeasured(network: httpx.AsyncClient, context: WorkerContext, device_ids: list[int]) -> AsyncIterator[int]:
    """The id of a device that is up, and of which nothing measures the traffic."""

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        options = {"port": server.sockets[0].getsockname()[1]}
        device = make_device(driver="tcp", driver_options=options, ip_address="127.0.0.1")
        device_id: int = (await network.post("/devices/", json=device)).json()["id"]
        await sync(context, 4)
        yield device_id


async def test_an_unknown_speed_is_null_on_live_and_in_answers(
    settings: Settings, unmeasured: int, app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    async with open_feed(settings, f"/live?device_ids={unmeasured}") as feed:
        await refresh_once()
        (shown,) = (await feed.next_of("snapshots"))["snap_shots"]
    device = (await app.get(f"/api/devices/{unmeasured}")).json()
    expected: tuple[Any, ...] = (True, None, None)
    assert (shown["active_connection"], *(shown[name] for name in SPEEDS)) == expected
    assert (device["snap_shot"]["active_connection"], *(device["snap_shot"][name] for name in SPEEDS)) == expected


async def test_an_unknown_speed_is_null_in_the_store(
    unmeasured: int, context: WorkerContext, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    panel = await select_panel(context.engine, Position("", 0))
    assert [panel.devices[unmeasured]["snap_shot"][name] for name in SPEEDS] == [None, None]


async def test_an_unknown_speed_is_0_on_the_wire_of_2020(
    unmeasured: int, app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    (device,) = [one for one in (await app.get("/api/network")).json() if one["id"] == unmeasured]
    assert [device["snap_shots"][-1][name] for name in SPEEDS] == [0.0, 0.0]


async def test_the_summary_adds_up_what_is_known(
    unmeasured: int, app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    devices = [one["snap_shot"] for one in (await app.get("/api/devices")).json() if one["id"] != unmeasured]
    summary = (await app.get("/api/summary")).json()["simulated"]
    assert [summary[name] for name in SPEEDS] == [pytest.approx(sum(one[name] for one in devices)) for name in SPEEDS]
