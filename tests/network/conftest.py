"""What the network service's tests share: devices in its inventory, and doors to its servers that can be shut."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from dashnet.settings import Settings
from tests.factories import make_device
from tests.network.gate import Gate, open_gate, to_unix_socket

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


@pytest.fixture
async def postgres_gate(settings: Settings) -> AsyncIterator[Gate]:
    """A door to Postgres."""
    (folder,) = parse_qs(urlsplit(settings.database_url).query)["host"]
    async with open_gate(to_unix_socket(Path(folder) / ".s.PGSQL.5432")) as gate:
        yield gate


@pytest.fixture
async def redis_gate(settings: Settings) -> AsyncIterator[Gate]:
    """A door to Redis."""
    async with open_gate(to_unix_socket(Path(unquote(urlsplit(settings.redis_url).path)))) as gate:
        yield gate


@pytest.fixture
def gated_settings(settings: Settings, postgres_gate: Gate, redis_gate: Gate) -> Settings:
    """Settings of a service that reaches its servers through those doors."""
    database = urlsplit(settings.database_url)
    url = database._replace(netloc=f"{database.netloc.split('@')[0]}@127.0.0.1:{postgres_gate.port}", query="")
    return settings.model_copy(
        update={"database_url": url.geturl(), "redis_url": f"redis://127.0.0.1:{redis_gate.port}/0"}
    )
