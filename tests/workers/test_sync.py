from datetime import datetime

import httpx
from sqlalchemy import text

from dashnet.publication import read_missed, read_position
from tests.factories import make_device
from workers.context import WorkerContext
from workers.devices import (
    MOST_TOLD_CHANGES,
    StoredInventory,
    ask_inventory,
    select_stored_inventory,
    sync_inventory,
)
from workers.publishing import change_store
from workers.sync import sync


async def test_the_store_holds_the_inventory_and_its_revision_afterwards(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int]
) -> None:
    await sync(context, 1)
    changes = (await network.get("/inventory/changes")).json()
    async with context.engine.connect() as connection:
        assert await select_stored_inventory(connection) == StoredInventory(changes["inventory_id"], 1)
        assert list(await connection.scalars(text("SELECT id FROM store.device ORDER BY id"))) == device_ids


async def test_a_revision_that_the_store_holds_already_changes_and_tells_nothing(
    context: WorkerContext, device_ids: list[int]
) -> None:
    await sync(context, 1)
    before = await read_position(context.redis, context.settings)
    await sync(context, 1)
    assert await read_position(context.redis, context.settings) == before


async def test_another_inventory_of_the_same_revision_is_taken_over_once(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int]
) -> None:
    """The store once kept the old id where the revision was the same, and replaced all its devices at each refresh."""
    await sync(context, 1)
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE network.inventory SET inventory_id = 'another', revision = 1"))
        await connection.execute(text("UPDATE store.store_state SET inventory_revision = 1"))
    async with context.engine.connect() as connection:
        for _ in range(2):
            async with change_store(context, connection) as outbox:
                await sync_inventory(context, connection, outbox)
        assert outbox.waiting == []
        assert await select_stored_inventory(connection) == StoredInventory("another", 1)


async def test_an_answer_from_before_another_writer_was_faster_is_not_taken(
    context: WorkerContext, network: httpx.AsyncClient
) -> None:
    async with context.engine.connect() as connection:
        await network.post("/devices/", json=make_device())
        asked = await ask_inventory(context, connection)
        await network.post("/devices/", json=make_device())
        await sync(context, 2)
        async with change_store(context, connection) as outbox:
            await sync_inventory(context, connection, outbox, asked)
        assert outbox.waiting == []
        assert (await select_stored_inventory(connection)).revision == 2
        assert list(await connection.scalars(text("SELECT id FROM store.device ORDER BY id"))) == [1, 2]


async def test_more_changes_than_are_worth_telling_are_told_as_a_reset(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    await sync(context, 1)
    before = await read_position(context.redis, context.settings)
    await network.post("/devices/", json=[make_device() for _ in range(MOST_TOLD_CHANGES + 1)])
    await sync(context, 2)
    missed = await read_missed(context.redis, context.settings, before)
    assert missed is not None
    assert [publication.message for publication in missed] == [b'{"type":"reset","seq":%d}' % (before.seq + 1)]


async def test_a_device_without_a_mac_address_reaches_the_store(
    context: WorkerContext, network: httpx.AsyncClient
) -> None:
    for name in ("nas", "printer"):
        await network.post("/devices/", json={"host_name": name, "ip_address": "10.0.0.1"})
    await sync(context, 2)
    async with context.engine.connect() as connection:
        assert list(await connection.scalars(text("SELECT mac_address FROM store.device"))) == [None, None]
