import asyncio
import zlib

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.channels import inventory_copy_key
from dashnet.settings import Settings
from dashnet.tasks import cancel_and_wait
from services.network.changes import Changes
from services.network.inventory_cache import InventoryCache
from services.network.inventory_copy import InventoryCopy
from tests.network.conftest import NO_KEYS, add_one
from tests.network.test_inventory_cache import wire
from tests.servers import eventually

WHOLE = Changes("a", 7, [wire(1), wire(3)], [], {3: {"password": "gAAAA"}})


@pytest.fixture
def copy(redis: Redis, settings: Settings) -> InventoryCopy:
    """The copy of the test's Redis, which is not there yet."""
    return InventoryCopy(redis, settings)


async def test_a_copy_comes_back_as_it_was(copy: InventoryCopy) -> None:
    assert await copy.load() is None
    await copy.save(Changes("old", 9, [wire(2)], []))
    await copy.save(WHOLE)
    assert await copy.load() == WHOLE


@pytest.mark.parametrize("packed", [b"nonsense", zlib.compress(b"{}"), zlib.compress(b"[")])
async def test_a_copy_that_another_version_made_is_none(
    copy: InventoryCopy, redis: Redis, settings: Settings, packed: bytes
) -> None:
    await redis.set(inventory_copy_key(settings), packed)
    assert await copy.load() is None


async def test_a_copy_follows_edits_and_is_made_anew_when_redis_was_emptied(
    copy: InventoryCopy, engine: AsyncEngine, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.network.inventory_cache.COPY_SECONDS", 0.01)
    cache = InventoryCache(engine, NO_KEYS, copy)
    keeping = asyncio.create_task(cache.keep_copy())
    try:
        first = await add_one(engine)
        await cache.current()
        await eventually(lambda: has(copy, first))
        second = await add_one(engine)
        await cache.current()
        await eventually(lambda: has(copy, first, second))
        await redis.flushall()
        await eventually(lambda: has(copy, first, second))
    finally:
        await cancel_and_wait(keeping)


async def has(copy: InventoryCopy, *device_ids: int) -> bool:
    stored = await copy.load()
    return stored is not None and [device["id"] for device in stored.changed] == list(device_ids)
