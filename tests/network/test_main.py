"""The service as a whole: its first start, its health, and what it does while its servers are away."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from dashnet.channels import inventory_copy_key
from dashnet.database import create_engine
from dashnet.problems import MEDIA_TYPE
from dashnet.reading import Reading, State
from dashnet.settings import Settings
from services.network import main
from services.network.drivers.driver import Target
from services.network.secret_keys import SecretKeys
from tests.conftest import run_network
from tests.factories import make_device
from tests.gate import Gate
from tests.servers import eventually
from tests.unwritable_redis import unwritable_redis


async def inventory_after_start(settings: Settings) -> list[dict[str, object]]:
    async with run_network(settings) as client:
        devices: list[dict[str, object]] = (await client.get("/devices/", params={"read": False})).json()
        return devices


def first_start(settings: Settings, **values: object) -> Settings:
    return settings.model_copy(update={"demo_devices": 12, "host_device": True, **values})


async def test_a_first_start_makes_the_demo_fleet_and_this_machine(settings: Settings) -> None:
    devices = await inventory_after_start(first_start(settings))
    kinds = Counter(device["device_type"] for device in devices)
    assert kinds == {"Router": 1, "Switch": 1, "Desktop PC": 4, "Laptop": 5, "Phone": 1, "Server": 1}
    assert [device["device_type"] for device in devices if device["driver"] == "host"] == ["Server"]


async def test_all_devices_of_a_first_start_can_be_read(settings: Settings) -> None:
    async with run_network(first_start(settings)) as client:
        states = [device["state"] for device in (await client.get("/devices/")).json()]
    assert len(states) == 13
    assert set(states) <= {"up", "down"}


async def test_a_second_start_adds_nothing(settings: Settings) -> None:
    before = await inventory_after_start(first_start(settings))
    assert await inventory_after_start(first_start(settings, demo_devices=50)) == before


async def test_an_inventory_that_was_emptied_stays_empty(settings: Settings) -> None:
    async with run_network(first_start(settings, demo_devices=1, host_device=False)) as client:
        await client.delete("/devices/1")
    assert await inventory_after_start(first_start(settings)) == []


async def test_replicas_that_start_at_the_same_time_make_one_fleet(settings: Settings) -> None:
    engine = create_engine(settings, "dashnet-test")
    await asyncio.gather(*(main.seed(engine, first_start(settings), SecretKeys([])) for _ in range(4)))
    await engine.dispose()
    assert len(await inventory_after_start(first_start(settings))) == 13


async def test_no_demo_devices_leave_this_machine_alone(settings: Settings) -> None:
    devices = await inventory_after_start(first_start(settings, demo_devices=0))
    assert [device["driver"] for device in devices] == ["host"]


async def test_nothing_to_add_is_no_first_start(settings: Settings) -> None:
    assert await inventory_after_start(first_start(settings, demo_devices=0, host_device=False)) == []
    assert len(await inventory_after_start(first_start(settings))) == 13


async def test_a_thousand_devices_are_one_tree(settings: Settings) -> None:
    devices = await inventory_after_start(first_start(settings, demo_devices=1000, host_device=False))
    ids = {device["id"] for device in devices}
    assert len(ids) == 1000
    assert {device["parent_id"] for device in devices} - {None} <= ids
    assert [device["device_type"] for device in devices if device["parent_id"] is None] == ["Router"]


async def test_a_living_service_is_healthy_and_ready(network: httpx.AsyncClient) -> None:
    answers = [await network.get(path) for path in ("/healthz", "/readyz")]
    assert [answer.json() for answer in answers] == [{"alive": True}, {"ready": True}]


async def test_requests_are_counted_by_route(network: httpx.AsyncClient) -> None:
    await network.get("/devices/12345")
    page = (await network.get("/metrics")).text
    assert 'dashnet_http_requests_total{method="GET",route="/devices/{device_id}",status="404"}' in page
    assert "12345" not in page


async def test_the_documentation_is_at_docs(network: httpx.AsyncClient) -> None:
    assert "Dashnet network service" in (await network.get("/", follow_redirects=True)).text
    document = (await network.get("/openapi.json")).json()
    assert {"/devices/", "/devices/{device_id}", "/inventory/changes", "/readyz"} <= document["paths"].keys()


async def test_without_postgres_it_is_alive_but_not_ready(gated_settings: Settings, postgres_gate: Gate) -> None:
    async with run_network(gated_settings) as client:
        postgres_gate.shut()
        health, readiness = await client.get("/healthz"), await client.get("/readyz")
    assert health.status_code == 200
    assert (readiness.status_code, readiness.json()["detail"]) == (503, "Postgres is out of reach; no edit is possible")


async def test_without_redis_it_is_alive_but_not_ready(gated_settings: Settings, redis_gate: Gate) -> None:
    async with run_network(gated_settings) as client:
        redis_gate.shut()
        health, readiness = await client.get("/healthz"), await client.get("/readyz")
    assert health.status_code == 200
    assert (readiness.status_code, readiness.json()["detail"]) == (503, "Redis is out of reach")


async def test_a_redis_that_cannot_write_to_its_disk_is_said_to_be_full(settings: Settings, tmp_path: Path) -> None:
    async with unwritable_redis(tmp_path) as url, run_network(settings.model_copy(update={"redis_url": url})) as client:
        readiness = await client.get("/readyz")
    detail = "Redis cannot write to its disk, which may be full"
    assert (readiness.status_code, readiness.json()["detail"]) == (503, detail)


async def test_without_both_each_is_named(gated_settings: Settings, redis_gate: Gate, postgres_gate: Gate) -> None:
    async with run_network(gated_settings) as client:
        redis_gate.shut()
        postgres_gate.shut()
        readiness = await client.get("/readyz")
    assert (readiness.status_code, readiness.json()["detail"]) == (
        503,
        "Postgres is out of reach; no edit is possible; Redis is out of reach",
    )


@pytest.mark.parametrize(("method", "path"), [("POST", "/devices/"), ("DELETE", "/devices/1")])
async def test_without_postgres_a_request_is_a_503_that_says_so(
    gated_settings: Settings, postgres_gate: Gate, method: str, path: str
) -> None:
    async with run_network(gated_settings) as client:
        postgres_gate.shut()
        answer = await client.request(method, path, json=make_device())
    assert (answer.status_code, answer.headers["content-type"]) == (503, MEDIA_TYPE)
    assert answer.json()["detail"] == "Postgres is out of reach; try again in a moment"


async def test_it_recovers_by_itself_when_postgres_is_back(gated_settings: Settings, postgres_gate: Gate) -> None:
    async with run_network(gated_settings) as client:
        postgres_gate.shut()
        assert (await client.post("/devices/", json=make_device())).status_code == 503
        await postgres_gate.open()
        assert (await client.post("/devices/", json=make_device())).status_code == 201


async def test_without_postgres_devices_are_read_by_the_inventory_that_is_known(
    gated_settings: Settings, postgres_gate: Gate
) -> None:
    async with run_network(gated_settings) as client:
        await client.post("/devices/", json=[make_device(), make_device()])
        before = (await client.get("/devices/", params={"read": False})).json()
        postgres_gate.shut()
        read = await client.get("/devices/")
        readiness = (await client.get("/readyz")).json()["detail"]
        await postgres_gate.open()
        await client.delete(f"/devices/{before[0]['id']}")
        after = (await client.get("/devices/")).json()
        ready = await client.get("/readyz")
    assert [one["id"] for one in read.json()] == [one["id"] for one in before]
    assert {one["state"] for one in read.json()} <= {"up", "down"}
    assert readiness.startswith("Postgres is out of reach; devices are read by the inventory of 20")
    assert [one["id"] for one in after] == [before[1]["id"]]
    assert ready.status_code == 200


async def test_an_edit_that_workers_have_heard_of_is_known_when_postgres_goes_away(
    gated_settings: Settings, postgres_gate: Gate
) -> None:
    async with run_network(gated_settings) as client:
        created = (await client.post("/devices/", json=make_device())).json()
        await client.get("/inventory/changes")
        postgres_gate.shut()
        read = (await client.get("/devices/")).json()
    assert [one["id"] for one in read] == [created["id"]]


async def test_a_service_that_starts_without_postgres_waits_for_it(
    gated_settings: Settings, postgres_gate: Gate
) -> None:
    postgres_gate.shut()
    async with run_network(first_start(gated_settings)) as client:
        answers = [await client.get(path) for path in ("/healthz", "/readyz", "/devices/", "/inventory/changes")]
        await postgres_gate.open()
        await eventually(lambda: is_ready(client))
        devices = (await client.get("/devices/")).json()
    assert [answer.status_code for answer in answers] == [200, 503, 503, 503]
    assert "Postgres is out of reach" in answers[2].json()["detail"]
    assert len(devices) == 13


async def test_a_service_that_starts_without_postgres_reads_by_the_copy_that_another_left(
    gated_settings: Settings, postgres_gate: Gate, redis: Redis
) -> None:
    secret = {
        "driver": "http",
        "driver_options": {"url": "http://127.0.0.1:9/", "username": "me", "password": "geheim"},
    }
    key = inventory_copy_key(gated_settings)
    async with run_network(gated_settings) as client:
        await client.post("/devices/", json=[make_device(), make_device(**secret)])
        before = (await client.get("/devices/", params={"read": False})).json()
        await eventually(lambda: redis.exists(key))
    assert b"geheim" not in zlib.decompress(await redis.get(key))
    postgres_gate.shut()
    async with run_network(gated_settings) as client:
        simulated, page = (await client.get("/devices/")).json()
        await postgres_gate.open()
        await eventually(lambda: is_ready(client))
        await client.delete(f"/devices/{before[0]['id']}")
        after = (await client.get("/devices/", params={"read": False})).json()
    assert (simulated["id"], simulated["error"], page["id"]) == (before[0]["id"], None, before[1]["id"])
    assert page["state"] == "down"
    assert after == before[1:]


async def is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def test_without_redis_edits_work_and_only_rates_are_unknown(gated_settings: Settings, redis_gate: Gate) -> None:
    quick = gated_settings.model_copy(update={"redis_timeout_seconds": 0.2})
    async with run_network(quick) as client:
        redis_gate.shut()
        created = await client.post("/devices/", json=[make_device(), make_device(driver="host")])
        simulated, host = (await client.get("/devices/")).json()
    assert created.status_code == 201
    assert simulated["error"] is None
    assert (host["state"], host["error"]) == (
        "unknown",
        "no rate: Redis, which holds the last counters, is out of reach",
    )


class SlowDriver:
    """A driver `host` that waits until it is told to answer."""

    name = "host"
    asked = asyncio.Event()
    release = asyncio.Event()

    def __init__(self, *_: object) -> None:
        type(self).asked, type(self).release = asyncio.Event(), asyncio.Event()

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        self.asked.set()
        await self.release.wait()
        return [Reading(target.device_id, State.UP, 0.0, 0.0, None, datetime.now(UTC)) for target in targets]


async def test_edits_go_on_during_a_slow_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """More reads than Postgres connections: a read holds none while it waits for devices."""
    monkeypatch.setattr(main, "HostDriver", SlowDriver)
    async with run_network(settings.model_copy(update={"database_pool_size": 2})) as client:
        await client.post("/devices/", json=make_device(driver="host"))
        reads = [asyncio.create_task(client.get("/devices/")) for _ in range(5)]
        await SlowDriver.asked.wait()
        changed = await client.patch("/devices/1", json={"host_name": "new"})
        removed = await client.delete("/devices/1")
        SlowDriver.release.set()
        answers = await asyncio.gather(*reads)
    assert (changed.status_code, removed.status_code) == (200, 204)
    assert {len(answer.json()) for answer in answers} <= {0, 1}
    assert {answer.status_code for answer in answers} == {200}
