"""What the network service's tests share: devices in its inventory, and doors to its servers that can be shut."""

from typing import Any

import httpx
import pytest

from tests.factories import make_device

Device = dict[str, Any]


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
