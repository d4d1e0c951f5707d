"""The edge of the network in the store: found with each change of the inventory, and kept with each snapshot."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import text

from tests.factories import make_device
from workers.context import WorkerContext
from workers.refresh import refresh
from workers.sync import sync

SECOND = timedelta(seconds=1)


async def select_all(context: WorkerContext, query: str) -> list[tuple[Any, ...]]:
    async with context.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_an_edit_of_one_device_moves_the_edge_for_others(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int]
) -> None:
    first, second, third = device_ids
    await sync(context, 1)
    every = await select_all(context, "SELECT id FROM store.device WHERE is_edge ORDER BY id")
    await network.patch(f"/devices/{third}", json={"tags": ["uplink"]})
    await sync(context, 2)
    marked = await select_all(context, "SELECT id, is_edge FROM store.device ORDER BY id")
    await network.delete(f"/devices/{third}")
    await network.patch(f"/devices/{second}", json={"parent_id": first})
    await sync(context, 4)
    assert every == [(first,), (second,), (third,)]
    assert marked == [(first, False), (second, False), (third, True)]
    assert await select_all(context, "SELECT id, is_edge FROM store.device ORDER BY id") == [
        (first, True),
        (second, False),
    ]


async def test_a_snapshot_keeps_where_its_device_was_when_a_parent_is_set_later(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    first, second, third = device_ids
    await refresh(context, now - SECOND, "test")
    await network.patch(f"/devices/{second}", json={"parent_id": first})
    await refresh(context, now, "test")
    query = "SELECT device_id, is_simulated, is_edge FROM store.snapshot WHERE time_stamp = '{}' ORDER BY device_id"
    assert await select_all(context, query.format(now - SECOND)) == [(one, True, True) for one in device_ids]
    assert await select_all(context, query.format(now)) == [
        (first, True, True),
        (second, True, False),
        (third, True, True),
    ]


async def test_a_real_device_is_kept_as_one_and_hides_no_simulated_one(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime
) -> None:
    real = (await network.post("/devices/", json=make_device(driver="host"))).json()["id"]
    below = (await network.post("/devices/", json=make_device(parent_id=real))).json()["id"]
    await refresh(context, now, "test")
    rows = await select_all(context, "SELECT device_id, is_simulated, is_edge FROM store.snapshot ORDER BY device_id")
    assert rows == [(real, False, True), (below, True, True)]


async def test_a_store_from_before_finds_the_edge_at_the_next_refresh(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    """The inventory has not changed, so nothing else would make it look."""
    await refresh(context, now - SECOND, "test")
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE store.device SET is_edge = NULL"))
        await connection.execute(text("UPDATE store.snapshot SET is_edge = NULL, is_simulated = NULL"))
        await connection.execute(text("UPDATE store.store_state SET is_edge_found = false"))
    await refresh(context, now, "test")
    query = "SELECT count(*) FILTER (WHERE is_edge IS NULL), count(*) FILTER (WHERE is_edge) FROM store.snapshot"
    assert await select_all(context, query) == [(3, 3)]
