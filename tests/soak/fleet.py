"""The devices of a soak: simulated ones, this machine, and real ones on its loopback addresses."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from dashnet.settings import Settings
from tests.factories import make_device

SIMULATED = 200
PINGED = LISTENING = 20
CLOSED = 5
# Nobody listens there: it is for a service of the 1980s, and for root.
CLOSED_PORT = 1


@asynccontextmanager
async def listen() -> AsyncIterator[int]:
    """Take connections on all loopback addresses until the block ends; yields the port."""

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    # Bound to loopback alone, each address of it by itself: nobody else is let in.
    server = await asyncio.start_server(take, "127.0.0.1", 0, backlog=1024)
    port: int = server.sockets[0].getsockname()[1]
    others = [await asyncio.start_server(take, address, port, backlog=1024) for address in list_addresses()[1:]]
    try:
        yield port
    finally:
        for one in (server, *others):
            one.close()


def list_addresses() -> Sequence[str]:
    """Those of the devices that listen."""
    return [f"127.0.0.{number + 1}" for number in range(LISTENING)]


async def add_devices(settings: Settings, open_port: int) -> None:
    """Add all real devices in one request."""
    pinged = [_make("icmp", f"127.0.1.{number + 1}", {"interval_seconds": 0.1}) for number in range(PINGED)]
    listening = [_make("tcp", address, {"port": open_port}) for address in list_addresses()]
    closed = [_make("tcp", address, {"port": CLOSED_PORT}) for address in list_addresses()[:CLOSED]]
    async with httpx.AsyncClient(base_url=settings.network_address, timeout=30, trust_env=False) as client:
        (await client.post("/devices/", json=[*pinged, *listening, *closed])).raise_for_status()


def _make(driver: str, address: str, options: dict[str, Any]) -> dict[str, Any]:
    return make_device(driver=driver, ip_address=address, driver_options=options)
