"""What the app service's tests share: a system whose refreshes the test itself asks for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from dashnet.channels import worker_health_key
from dashnet.settings import Settings
from tests.conftest import run_app
from tests.factories import make_device
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.partitions import ensure_partitions
from workers.refresh import refresh
from workers.sync import sync

RefreshOnce = Callable[[], Awaitable[datetime]]
# More than all the buffers between a server and a client that does not read.
MANY_DEVICES = 30_000


@pytest.fixture
async def store(context: WorkerContext) -> None:
    """The store as a worker prepares it when it starts."""
    now = datetime.now(UTC)
    await ensure_partitions(context.engine, coming_days(now) | {(now - timedelta(hours=1)).date()})


@pytest.fixture
async def many_devices(context: WorkerContext, store: None) -> None:
    """A store whose state is some 8 MB."""
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.device SELECT id, 'device ' || id, 'Laptop', '', 'mac-' || id, '10.0.0.1', 'simulated', "
            f"'{{}}', '[]', NULL FROM generate_series(1, {MANY_DEVICES}) AS id"
        )


@pytest.fixture
async def device_ids(store: None, network: httpx.AsyncClient, context: WorkerContext) -> list[int]:
    """Three simulated devices, in the inventory and in the store."""
    created = await network.post("/devices/", json=[make_device(), make_device(), make_device()])
    await sync(context, 1)
    return [device["id"] for device in created.json()]


@pytest.fixture
async def app(settings: Settings, device_ids: list[int]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app service that begins with the three devices."""
    async with run_app(settings) as client:
        yield client


@pytest.fixture
async def tags(network: httpx.AsyncClient, context: WorkerContext, device_ids: list[int]) -> None:
    """The first two devices are tagged core, the second also lab."""
    await network.patch(f"/devices/{device_ids[0]}", json={"tags": ["core"]})
    await network.patch(f"/devices/{device_ids[1]}", json={"tags": ["core", "lab"]})
    await sync(context, 3)


@pytest.fixture
def refresh_once(context: WorkerContext, device_ids: list[int]) -> RefreshOnce:
    """Refresh the three devices, under a tick of its own at each call."""
    return refresh_under_ticks(context)


def refresh_under_ticks(context: WorkerContext) -> RefreshOnce:
    """Refresh under a tick of its own and tell it; the first is the running second, each next one a second later."""
    ticks = iter(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=number) for number in range(60))

    async def refresh_under_next_tick() -> datetime:
        tick = next(ticks)
        await refresh(context, tick, "test")
        # As the worker does whose refresh this would be.
        await context.redis.set(worker_health_key(context.settings), "well", ex=60)
        return tick

    return refresh_under_next_tick
