import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.network.changes import Changes
from services.network.drivers.host import HostOptions
from services.network.inventory import delete_devices, take_revision
from services.network.inventory_cache import Inventory, InventoryCache, apply_changes
from tests.factories import make_device
from tests.network.conftest import NO_KEYS, add_one

EMPTY = Inventory("a", 0, (), {}, {})


def wire(device_id: int, **fields: object) -> dict[str, object]:
    options: dict[str, object] = {"driver": "simulated", "driver_options": {}, "tags": [], "parent_id": None}
    return make_device(id=device_id, **options | fields)


@asynccontextmanager
async def edit(engine: AsyncEngine) -> AsyncIterator[tuple[AsyncConnection, int]]:
    async with engine.begin() as connection:
        yield connection, await take_revision(connection)


@pytest.fixture
def statements(engine: AsyncEngine) -> list[str]:
    """The statements that the engine sends."""
    sent: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    return sent


def test_changes_replace_and_remove_devices() -> None:
    before = apply_changes(EMPTY, Changes("a", 1, [wire(3), wire(1), wire(2)], []), NO_KEYS)
    after = apply_changes(before, Changes("a", 2, [wire(2, host_name="new")], [1, 9]), NO_KEYS)
    assert (before.ids, after.ids, after.revision) == ([1, 2, 3], [2, 3], 2)
    assert after.devices[2]["host_name"] == "new"
    assert after.targets.keys() == after.devices.keys()


def test_an_inventory_in_use_is_not_changed_under_its_reader() -> None:
    before = apply_changes(EMPTY, Changes("a", 1, [wire(1)], []), NO_KEYS)
    apply_changes(before, Changes("a", 2, [], [1]), NO_KEYS)
    assert before.ids == [1]
    assert before.devices.keys() == before.targets.keys() == {1}


def test_a_target_is_the_device_as_its_driver_sees_it() -> None:
    device = wire(1, driver="host", driver_options={"interfaces": ["lo"]}, parent_id=7)
    target = apply_changes(EMPTY, Changes("a", 1, [device], []), NO_KEYS).targets[1]
    assert (target.driver, target.options, target.parent_id) == ("host", HostOptions(interfaces=["lo"]), 7)


@pytest.mark.parametrize(
    ("after", "limit", "ids"),
    [(0, None, [2, 4, 6]), (2, None, [4, 6]), (3, 1, [4]), (0, 2, [2, 4]), (6, 5, []), (2**70, None, [])],
)
def test_a_page_follows_an_id(after: int, limit: int | None, ids: list[int]) -> None:
    assert replace(EMPTY, ids=[2, 4, 6]).page(after, limit) == ids


@pytest.mark.parametrize(
    ("until", "limit", "ids"), [(6, None, [4, 6]), (5, None, [4]), (9, 1, [4]), (4, 5, [4]), (2, None, [])]
)
def test_a_page_ends_at_an_id(until: int, limit: int | None, ids: list[int]) -> None:
    assert replace(EMPTY, ids=[2, 4, 6]).page(3, limit, until) == ids


async def test_an_edit_is_seen_by_the_next_caller(engine: AsyncEngine) -> None:
    cache = InventoryCache(engine, NO_KEYS)
    first = await add_one(engine)
    assert (await cache.current()).ids == [first]
    second = await add_one(engine)
    assert (await cache.current()).ids == [first, second]


async def test_a_removed_device_is_gone_for_the_next_caller(engine: AsyncEngine) -> None:
    cache = InventoryCache(engine, NO_KEYS)
    device_id = await add_one(engine)
    await cache.current()
    async with edit(engine) as (connection, revision):
        await delete_devices(connection, revision, [device_id])
    assert (await cache.current()).ids == []


async def test_where_nothing_changed_one_query_is_enough(engine: AsyncEngine, statements: list[str]) -> None:
    cache = InventoryCache(engine, NO_KEYS)
    known = await cache.current()
    statements.clear()
    assert await cache.current() is known
    assert len(statements) == 1


async def test_callers_at_the_same_time_load_once(engine: AsyncEngine, statements: list[str]) -> None:
    await add_one(engine)
    cache = InventoryCache(engine, NO_KEYS)
    statements.clear()
    inventories = await asyncio.gather(*(cache.current() for _ in range(5)))
    assert len({id(inventory) for inventory in inventories}) == 1
    assert sum("FROM network.device" in statement for statement in statements) == 1


async def test_after_a_new_beginning_nothing_of_the_old_inventory_is_left(engine: AsyncEngine) -> None:
    cache = InventoryCache(engine, NO_KEYS)
    await add_one(engine)
    await cache.current()
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM network.device"))
        await connection.execute(text("UPDATE network.inventory SET inventory_id = 'new'"))
    assert (await cache.current()).ids == []


async def test_an_inventory_set_back_to_an_earlier_revision_is_loaded_anew(engine: AsyncEngine) -> None:
    """As after a backup was restored."""
    cache = InventoryCache(engine, NO_KEYS)
    first, second = await add_one(engine), await add_one(engine)
    assert (await cache.current()).ids == [first, second]
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM network.device WHERE revision > 1"))
        await connection.execute(text("UPDATE network.inventory SET revision = 1"))
    assert (await cache.current()).ids == [first]
