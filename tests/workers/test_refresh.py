from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from dashnet.errors import ServiceUnavailable
from dashnet.jobs import Job
from dashnet.publication import Position, read_missed, read_position
from dashnet.reading import to_tick
from tests.conftest import run_network
from tests.factories import make_device
from tests.network.drivers.silent import silent_port
from workers.context import WorkerContext
from workers.network_client import NetworkClient, Readings
from workers.pages import Page
from workers.refresh import refresh, refresh_page
from workers.sync import sync


async def select_all(context: WorkerContext, query: str) -> Sequence[Any]:
    async with context.engine.connect() as connection:
        return (await connection.execute(text(query))).all()


async def test_every_device_gets_one_snapshot_under_the_tick(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now, "test")
    rows = await select_all(context, "SELECT device_id, time_stamp FROM store.snapshot ORDER BY device_id")
    assert [tuple(row) for row in rows] == [(device_id, now) for device_id in device_ids]


async def test_what_is_stored_is_what_was_published(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    before = await read_position(context.redis, context.settings)
    await refresh(context, now, "test")
    missed = await read_missed(context.redis, context.settings, before)
    stored = await select_all(
        context,
        "SELECT device_id, active_connection, upload_speed::text::float8, download_speed::text::float8 "
        "FROM store.snapshot ORDER BY device_id",
    )
    assert missed is not None
    snap_shots = parse(missed[-1].message)["snap_shots"]
    assert [tuple(one.values())[:4] for one in snap_shots] == [tuple(row) for row in stored]


async def test_a_device_that_is_not_read_before_the_deadline_is_unknown_and_costs_no_other_its_snapshot(
    context: WorkerContext, store: None, now: datetime
) -> None:
    hurried = context.settings.model_copy(update={"refresh_timeout_seconds": 1})
    async with silent_port() as port, run_network(hurried) as network:
        silent = {"driver": "tcp", "driver_options": {"port": port, "timeout_seconds": 9}, "ip_address": "127.0.0.1"}
        devices = [make_device(**silent), make_device(driver="host")]
        late, well = [one["id"] for one in (await network.post("/devices/", json=devices)).json()]
        await refresh(context, now, "test")
    rows = await select_all(context, "SELECT device_id, active_connection FROM store.snapshot ORDER BY device_id")
    assert [tuple(row) for row in rows] == [(late, None), (well, True)]
    (run,) = await select_all(context, "SELECT outcome, snapshot_count FROM store.job_run WHERE job = 'refresh'")
    assert tuple(run) == ("done", 2)


def parse(message: bytes) -> Any:
    return orjson.loads(message)


async def test_the_same_tick_twice_stores_and_publishes_nothing_twice(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now, "test")
    after_first = await read_position(context.redis, context.settings)
    await refresh(context, now, "test")
    assert await read_position(context.redis, context.settings) == after_first
    assert await select_all(context, "SELECT count(*) FROM store.snapshot") == [(3,)]


async def test_a_run_taken_up_after_its_snapshots_were_stored_stores_none_twice(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now, "test")
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE store.job_run SET outcome = NULL, finished_at = NULL"))
    await refresh(context, now, "test")
    assert await select_all(context, "SELECT count(*) FROM store.snapshot") == [(3,)]
    runs = await select_all(context, "SELECT attempt, outcome, snapshot_count FROM store.job_run")
    assert runs == [(2, "done", 3)]


@pytest.mark.parametrize("page_devices", [2, 100], ids=["in pages", "in one"])
async def test_a_scheduled_refresh_that_failed_half_way_is_made_whole_within_its_minute(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime, page_devices: int
) -> None:
    tick, client = to_tick(now) + timedelta(minutes=1), FailingClient(context.settings)
    await sync(context, 1)
    async with client:
        settings = context.settings.model_copy(update={"refresh_page_devices": page_devices})
        small = replace(context, settings=settings, network=client)
        with pytest.raises(ServiceUnavailable):
            await refresh(small, tick, "schedule")
        failed = await select_all(context, "SELECT outcome, attempt FROM store.job_run WHERE job = 'refresh'")
        await refresh(small, tick, "schedule")
    assert failed == [("failed", 1)]
    done = "SELECT outcome, attempt, device_count, snapshot_count FROM store.job_run WHERE job = 'refresh'"
    assert await select_all(context, done) == [("done", 2, 3, 3)]
    counts = "SELECT count(*), count(DISTINCT device_id) FROM store.snapshot"
    assert await select_all(context, counts) == [(3, 3)]


class FailingClient(NetworkClient):
    """A client whose network service is gone after the first page, or at once where there is one; later it is back."""

    _calls = 0

    async def read_devices(self, after: int, limit: int, **options: Any) -> Readings:
        """As the client does, but for the second call; the first where one page holds all."""
        self._calls += 1
        if self._calls == (1 if limit > 3 else 2):
            raise ServiceUnavailable("the network service is out of reach")
        return await super().read_devices(after, limit, **options)


async def test_new_changed_and_gone_devices_reach_the_store(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now, "test")
    await network.patch(f"/devices/{device_ids[0]}", json={"tags": ["core"], "operating_system": "Plan 9"})
    await network.delete(f"/devices/{device_ids[1]}")
    added = (await network.post("/devices/", json=make_device())).json()
    await refresh(context, now + timedelta(seconds=1), "test")
    rows = await select_all(context, "SELECT id, operating_system, tags FROM store.device ORDER BY id")
    assert [row.id for row in rows] == [device_ids[0], device_ids[2], added["id"]]
    assert rows[0].operating_system == "Plan 9"


async def test_two_devices_may_exchange_their_mac_addresses_between_refreshes(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now, "test")
    one, other = (await network.get("/devices/?read=false&limit=2")).json()
    await network.patch(f"/devices/{one['id']}", json={"mac_address": "spare"})
    await network.patch(f"/devices/{other['id']}", json={"mac_address": one["mac_address"]})
    await network.patch(f"/devices/{one['id']}", json={"mac_address": other["mac_address"]})
    await refresh(context, now + timedelta(seconds=1), "test")
    rows = await select_all(context, "SELECT mac_address FROM store.device ORDER BY id LIMIT 2")
    assert [row.mac_address for row in rows] == [other["mac_address"], one["mac_address"]]


async def test_another_inventory_replaces_the_whole_store(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now, "test")
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE network.inventory SET inventory_id = 'restored', revision = 1"))
        await connection.execute(text("DELETE FROM network.device WHERE id <> :id"), {"id": device_ids[0]})
    await refresh(context, now + timedelta(seconds=1), "test")
    assert await select_all(context, "SELECT id FROM store.device") == [(device_ids[0],)]


async def test_a_network_service_out_of_reach_fails_the_run_and_says_so(
    context: WorkerContext, store: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.network_client.ATTEMPTS", 1)
    with pytest.raises(ServiceUnavailable):
        await refresh(context, now, "test")
    ((outcome, error),) = await select_all(context, "SELECT outcome, error FROM store.job_run")
    assert outcome == "failed"
    assert "gives no answer" in error


async def test_a_large_inventory_is_refreshed_page_by_page_each_device_once(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime
) -> None:
    await network.post("/devices/", json=[make_device() for _ in range(25)])
    await refresh(context, now - timedelta(seconds=1), "test")
    before = await read_position(context.redis, context.settings)
    small = WorkerContext(
        context.settings.model_copy(update={"refresh_page_devices": 10}), context.engine, context.redis, context.network
    )
    await refresh(small, now, "test")
    assert await select_all(
        context, f"SELECT count(*), count(DISTINCT device_id) FROM store.snapshot WHERE time_stamp = '{now}'"
    ) == [(25, 25)]
    assert await published_counts(context, before) == [9, 9, 7]
    assert await select_all(
        context, f"SELECT device_count, snapshot_count FROM store.job_run WHERE job = 'refresh' AND tick = '{now}'"
    ) == [(25, 25)]


async def published_counts(context: WorkerContext, before: Position) -> list[int]:
    missed = await read_missed(context.redis, context.settings, before)
    return sorted((len(parse(one.message)["snap_shots"]) for one in missed or ()), reverse=True)


@pytest.mark.parametrize("page_devices", [2, 3, 4])
async def test_an_inventory_that_just_fills_its_pages_is_told_without_an_empty_one(
    context: WorkerContext, device_ids: list[int], now: datetime, page_devices: int
) -> None:
    """Before the store knows the devices they are one page, however many that turns out to be."""
    before = await read_position(context.redis, context.settings)
    settings = context.settings.model_copy(update={"refresh_page_devices": page_devices})
    await refresh(WorkerContext(settings, context.engine, context.redis, context.network), now, "test")
    missed = await read_missed(context.redis, context.settings, before)
    counts = [len(parse(one.message).get("snap_shots", ["none"])) for one in missed or ()]
    assert (sum(counts[1:]), 0 in counts) == (3, False)


async def test_a_page_runs_once(context: WorkerContext, device_ids: list[int], now: datetime) -> None:
    await refresh(context, now - timedelta(seconds=1), "test")
    await refresh_page(context, now, Page(0, None))
    await refresh_page(context, now, Page(0, None))
    rows = await select_all(context, f"SELECT attempt FROM store.job_run WHERE job = '{Job.REFRESH_PAGE}'")
    assert rows == [(1,)]


async def test_a_client_is_closed_with_its_block(context: WorkerContext) -> None:
    async with NetworkClient(context.settings) as client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        await client.read_changes(0)
