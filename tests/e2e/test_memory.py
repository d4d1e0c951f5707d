"""What a request may cost: real processes of both services, and the most memory that they ever held."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import orjson
import pytest

from dashnet.settings import Settings
from tests.factories import make_device
from tests.processes import environment_of, run_process
from tests.servers import OUR_HTTP, eventually

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process held"),
]

MEBIBYTE = 1 << 20
MOST_COST_BYTES = 100 * MEBIBYTE
SIZE = 38 * MEBIBYTE


class Service(NamedTuple):
    """A process, and where it answers."""

    pid: int
    address: str


@asynccontextmanager
async def run_service(settings: Settings, name: str, address: str) -> AsyncIterator[Service]:
    port = address.rpartition(":")[2]
    arguments = ("-m", "uvicorn", f"services.{name}.main:app", "--port", port, "--http", OUR_HTTP, "--no-access-log")
    empty = {"DASHNET_DEMO_DEVICES": "0", "DASHNET_HOST_DEVICE": "false"}
    with run_process(arguments, environment_of(settings) | empty) as process:
        await eventually(lambda: _answers(address), 60)
        yield Service(process.pid, address)


async def _answers(address: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{address}/healthz")).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[tuple[Service, Service]]:
    """The network service and the app service."""
    async with (
        run_service(settings, "network", settings.network_address) as network,
        run_service(settings, "app", settings.app_address) as app,
    ):
        yield network, app


def held(service: Service, name: str) -> int:
    status = Path(f"/proc/{service.pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def forget_most(service: Service) -> None:
    """Have the kernel count the most memory that was held anew."""
    Path(f"/proc/{service.pid}/clear_refs").write_text("5", encoding="ascii")


class Body(NamedTuple):
    """What fills 38 MiB, made only when it is sent: a beginning, what is repeated, and an end."""

    begin: bytes
    middle: bytes
    end: bytes

    def fill(self) -> bytes:
        room = SIZE - len(self.begin) - len(self.end)
        return self.begin + self.middle * (room // len(self.middle)) + self.end


TINY_OBJECTS = Body(b"[", b'{"a":1},', b'{"a":1}]')
BODIES = [
    TINY_OBJECTS,
    Body(b"[", b"{},", b"{}]"),
    Body(b"[", b"1,", b"1]"),
    Body(b"", b"[", b""),
    Body(b'{"a":1', b',"a":1', b"}"),
    Body(b'[{"driver_options":{"a":[', b"{},", b"{}]}}]"),
    Body(b"[", b'{"a":1},', b""),
    Body(b'["', b"},{", b'"]'),
]
ASKED = [("network", "POST", "/devices/"), ("network", "PUT", "/devices/"), ("network", "PATCH", "/devices/1")]
ASKED += [("network", "POST", "/discoveries/"), ("app", "POST", "/api/devices"), ("app", "PATCH", "/api/devices/1")]


JSON = {"content-type": "application/json"}


@asynccontextmanager
async def costing_little(services: tuple[Service, Service]) -> AsyncIterator[None]:
    """Whatever is asked meanwhile, neither process ever holds 100 MiB more than it does now."""
    for service in services:
        forget_most(service)
    before = [held(service, "VmRSS") for service in services]
    yield
    cost = [held(service, "VmHWM") - earlier for service, earlier in zip(services, before, strict=True)]
    assert max(cost) < MOST_COST_BYTES, f"{[one // MEBIBYTE for one in cost]} MiB"


async def test_no_body_costs_much_more_than_its_bytes(services: tuple[Service, Service]) -> None:
    addresses = dict(zip(("network", "app"), (service.address for service in services), strict=True))
    async with httpx.AsyncClient(timeout=120) as client:
        for target, method, path in ASKED:
            for body in BODIES:
                async with costing_little(services):
                    url = addresses[target] + path
                    answer = await client.request(method, url, content=body.fill(), headers=JSON)
                assert answer.status_code in (413, 422)


async def test_several_large_bodies_at_once_cost_no_more_than_one(services: tuple[Service, Service]) -> None:
    urls = [services[0].address + "/devices/", services[1].address + "/api/devices"] * 2
    body = TINY_OBJECTS.fill()
    async with costing_little(services), httpx.AsyncClient(timeout=200) as client:
        answers = await asyncio.gather(*(client.post(url, content=body, headers=JSON) for url in urls))
    assert {answer.status_code for answer in answers} == {413}


async def test_a_hundred_thousand_devices_are_taken_in_one_request(services: tuple[Service, Service]) -> None:
    body = orjson.dumps([make_device() for _ in range(100_000)])
    async with costing_little(services), httpx.AsyncClient(timeout=200) as client:
        answer = await client.post(services[1].address + "/api/devices", content=body, headers=JSON)
    assert (answer.status_code, len(answer.json())) == (201, 100_000)
