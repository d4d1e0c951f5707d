"""What the workers' tests share: an inventory, and ticks to refresh under."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.factories import make_device
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.partitions import ensure_partitions


@pytest.fixture
def now() -> datetime:
    """The running second."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def store(context: WorkerContext, now: datetime) -> None:
    """The store as a worker prepares it when it starts."""
    await ensure_partitions(context.engine, coming_days(now) | {(now - timedelta(hours=1)).date()})


@pytest.fixture
async def device_ids(store: None, network: httpx.AsyncClient) -> list[int]:
    """Three simulated devices in the inventory; the store does not know them yet."""
    created = await network.post("/devices/", json=[make_device(), make_device(), make_device()])
    return [device["id"] for device in created.json()]
