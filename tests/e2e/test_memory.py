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
PIECE_BYTES = 64 * 1024
JSON = {"content-type": "application/json"}


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
    """Bytes that fill 38 MiB: a beginning, a middle that is repeated, and an end."""

    begin: bytes
    middle: bytes
    end: bytes

    @property
    def repeats(self) -> int:
        return (SIZE - len(self.begin) - len(self.end)) // len(self.middle)

    @property
    def headers(self) -> dict[str, str]:
        length = len(self.begin) + len(self.middle) * self.repeats + len(self.end)
        return JSON | {"content-length": str(length)}

    async def pieces(self) -> AsyncIterator[bytes]:
        """Make the body while it is sent: the test's own process must not hold dozens of them."""
        yield self.begin
        at_once = PIECE_BYTES // len(self.middle)
        for done in range(0, self.repeats, at_once):
            yield self.middle * min(at_once, self.repeats - done)
        yield self.end


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
                    answer = await client.request(method, url, content=body.pieces(), headers=body.headers)
                assert answer.status_code in (413, 422)


async def test_several_large_bodies_at_once_cost_no_more_than_one(services: tuple[Service, Service]) -> None:
    urls = [services[0].address + "/devices/", services[1].address + "/api/devices"] * 2
    body = TINY_OBJECTS
    async with costing_little(services), httpx.AsyncClient(timeout=200) as client:
        posts = (client.post(url, content=body.pieces(), headers=body.headers) for url in urls)
        answers = await asyncio.gather(*posts)
    assert {answer.status_code for answer in answers} == {413}


async def pieces_of(devices: int) -> AsyncIterator[bytes]:
    """A list of so many devices, a thousand at a time."""
    for done in range(0, devices, 1000):
        yield b"," if done else b"["
        yield b",".join(orjson.dumps(make_device()) for _ in range(1000))
    yield b"]"


async def count_devices(answer: httpx.Response) -> int:
    """Count the devices of an answer while it comes: at once they would cost this process hundreds of MiB."""
    count, rest = 0, b""
    async for piece in answer.aiter_bytes():
        *devices, rest = (rest + piece).split(b'"mac_address":')
        count += len(devices)
    return count


async def test_a_hundred_thousand_devices_are_taken_in_one_request(services: tuple[Service, Service]) -> None:
    url, body = services[1].address + "/api/devices", pieces_of(100_000)
    async with costing_little(services), httpx.AsyncClient(timeout=200) as client:
        async with client.stream("POST", url, content=body, headers=JSON) as answer:
            assert (answer.status_code, await count_devices(answer)) == (201, 100_000)


async def test_a_fleet_of_a_hundred_thousand_costs_little_when_new_and_again_and_when_all_of_it_changes(
    services: tuple[Service, Service],
) -> None:
    url = services[0].address + "/devices/"
    body = b"".join([piece async for piece in pieces_of(100_000)])
    for content, told in ((body, 100_000), (body, 0), (body.replace(b"Laptop", b"Server"), 100_000)):
        async with costing_little(services), httpx.AsyncClient(timeout=200) as client:
            async with client.stream("PUT", url, content=content, headers=JSON) as answer:
                assert (answer.status_code, await count_devices(answer)) == (200, told)
