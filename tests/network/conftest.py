"""What the network service's tests share: devices in its inventory."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.network.inventory import insert_devices, reserve_ids, take_revision
from services.network.models import DeviceCreate
from services.network.sealing import seal
from services.network.secret_keys import SecretKeys
from tests.factories import make_device

Device = dict[str, Any]
NO_KEYS = SecretKeys([])


@pytest.fixture
async def device(network: httpx.AsyncClient) -> Device:
    """A simulated device in the inventory."""
    created: Device = (await network.post("/devices/", json=make_device())).json()
    return created


@pytest.fixture
async def three_devices(network: httpx.AsyncClient) -> list[Device]:
    """A chain of simulated devices: the second lies behind the first, the third behind the second."""
    return await add_chain(network)


async def add_chain(network: httpx.AsyncClient) -> list[Device]:
    """Add three simulated devices, each behind the one before."""
    first, second, third = (await network.post("/devices/", json=[make_device() for _ in range(3)])).json()
    second = (await network.patch(f"/devices/{second['id']}", json={"parent_id": first["id"]})).json()
    third = (await network.patch(f"/devices/{third['id']}", json={"parent_id": second["id"]})).json()
    return [first, second, third]


def make(**fields: object) -> DeviceCreate:
    """A device as it is checked before it is stored."""
    return DeviceCreate.model_validate(make_device(**fields))


async def add(engine: AsyncEngine, *devices: DeviceCreate) -> Sequence[int]:
    """Store devices as one edit, past HTTP; returns their ids."""
    async with engine.begin() as connection:
        revision = await take_revision(connection)
        ids = await reserve_ids(connection, len(devices))
        await insert_devices(connection, revision, ids, [seal(device, NO_KEYS) for device in devices])
    return ids


async def add_one(engine: AsyncEngine) -> int:
    """Store a simulated device as an edit of its own; returns its id."""
    (device_id,) = await add(engine, make())
    return device_id
