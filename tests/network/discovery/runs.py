"""Discoveries inside tests: of this machine's own addresses only, and without asking any name server."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from services.network.discovery.explore import Explorer
from services.network.discovery.finding import Run
from services.network.discovery.models import DiscoveryCreate
from services.network.discovery.reverse_names import ReverseNames
from services.network.drivers.driver import ReadLimits
from services.network.drivers.icmp import IcmpDriver
from services.network.drivers.names import Names
from tests.servers import eventually

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
# Ten a second, for a network of 4,094 addresses: it runs until somebody ends it.
LONG: dict[str, Any] = {"network": "127.16.0.0/20", "names": False, "packets_per_second": 10}


async def explore(
    network: str, reverse_names: ReverseNames | None = None, own_ports: Sequence[int] = (), **asked: Any
) -> Run:
    """What is found there."""
    create = DiscoveryCreate.model_validate({"network": network, "names": reverse_names is not None, **asked})
    explorer = Explorer(IcmpDriver(Names(), ReadLimits(100, 5)), reverse_names or ReverseNames(), own_ports)
    run = Run("0" * 16, create.network, 0, NOW)
    await explorer.explore(run, create)
    return run


async def begin(client: httpx.AsyncClient, path: str = "/discoveries/", **asked: Any) -> dict[str, Any]:
    """The answer to who begins one."""
    answer = await client.post(path, json={"names": False, **asked})
    assert answer.status_code == 202, answer.text
    begun: dict[str, Any] = answer.json()
    return begun


async def until_ended(client: httpx.AsyncClient, discovery_id: str, path: str = "/discoveries/") -> dict[str, Any]:
    """A run once it has ended."""

    async def look() -> dict[str, Any]:
        shown: dict[str, Any] = (await client.get(f"{path}{discovery_id}")).json()
        return shown if shown["outcome"] else {}

    return await eventually(look, 20)
