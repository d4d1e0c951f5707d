from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncMappingResult

from services.network import changes
from services.network.changes import select_changed_ids, select_changes, select_packed, select_removed_ids
from services.network.inventory import delete_devices, take_revision
from services.network.sealing import seal
from tests.network.conftest import NO_KEYS, add, make


async def test_a_removed_device_and_its_orphans_are_changes(engine: AsyncEngine) -> None:
    (parent,) = await add(engine, make())
    child, _ = await add(engine, make(parent_id=parent), make())
    async with engine.begin() as connection:
        await delete_devices(connection, await take_revision(connection), [parent])
        changes = await select_changes(connection, since=2)
    assert changes.revision == 3
    assert [(device["id"], device["parent_id"]) for device in changes.changed] == [(child, None)]
    assert changes.removed == [parent]


async def test_since_nothing_all_devices_are_changes_and_none_is_removed(engine: AsyncEngine) -> None:
    first, second = await add(engine, make(), make())
    async with engine.begin() as connection:
        await delete_devices(connection, await take_revision(connection), [first])
        changes = await select_changes(connection, since=0)
    assert ([device["id"] for device in changes.changed], changes.removed) == ([second], [])


async def test_ids_are_those_of_the_changes(engine: AsyncEngine) -> None:
    first, second = await add(engine, make(), make())
    async with engine.begin() as connection:
        await delete_devices(connection, await take_revision(connection), [first])
    (third,) = await add(engine, make())
    async with engine.connect() as connection:
        assert await select_changed_ids(connection, 0) == [second, third]
        assert await select_changed_ids(connection, 2) == [third]
        assert (await select_removed_ids(connection, 0), await select_removed_ids(connection, 1)) == ([], [first])


async def test_what_devices_have_alike_is_there_once(engine: AsyncEngine) -> None:
    """A hundred thousand devices took 700 MiB, most of it the same few words and options."""
    await add(engine, *(make(driver_options={"profile": "realistic"}, tags=["lab"]) for _ in range(3)))
    async with engine.connect() as connection:
        first, *others = (await select_changes(connection, since=0)).changed
    assert (first["driver_options"], first["tags"]) == ({"profile": "realistic"}, ["lab"])
    for name in ("driver_options", "tags", "device_type", "operating_system", "driver"):
        assert all(other[name] is first[name] for other in others)


async def test_a_large_inventory_is_taken_from_postgres_in_parts(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once took several hundred MiB: each row is a fifth of its size once it is a device."""
    monkeypatch.setattr(changes, "_ROWS", 2)
    taken: list[int] = []
    partitions = AsyncMappingResult.partitions

    async def watch(result: AsyncMappingResult, size: int | None = None) -> AsyncIterator[Any]:
        async for part in partitions(result, size):
            taken.append(len(part))
            yield part

    monkeypatch.setattr(AsyncMappingResult, "partitions", watch)
    ids = await add(engine, *(make() for _ in range(5)))
    async with engine.connect() as connection:
        found = await select_changes(connection, since=0)
    assert (taken, [device["id"] for device in found.changed]) == ([2, 2, 1], list(ids))


async def test_the_whole_inventory_is_there_packed(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_ROWS", 2)
    devices = [make(tags=["lab"], driver_options={"seed": number}) for number in range(5)]
    ids = await add(engine, *devices)
    async with engine.connect() as connection:
        packed = await select_packed(connection)
    assert [(one, device.unpack()) for one, device in packed.items()] == [
        (one, seal(device, NO_KEYS)) for one, device in zip(ids, devices, strict=True)
    ]
