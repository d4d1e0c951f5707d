"""Refreshes while Postgres is away: read, published, parked, and stored under their own ticks when it is back."""

import zlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.channels import parked_pages_key
from dashnet.database import create_engine
from dashnet.errors import ServiceUnavailable
from dashnet.publication import read_missed, read_position
from dashnet.settings import Settings
from tests.conftest import run_network
from tests.factories import make_device
from tests.gate import Gate
from workers import parked_readings, parking
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.ledger import SCHEDULE
from workers.network_client import NetworkClient
from workers.parked_readings import Taken, park_tick, store_parked
from workers.parking import list_parked
from workers.partitions import ensure_partitions
from workers.refresh import refresh
from workers.rollup import limit_to_stored

SECOND = timedelta(seconds=1)
DEVICES = 3


@pytest.fixture
async def network_of_worker(gated_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A network service that reaches Postgres through the gate, with three devices."""
    async with run_network(gated_settings) as network:
        await network.post("/devices/", json=[make_device() for _ in range(DEVICES)])
        yield network


@pytest.fixture
async def worker(
    gated_settings: Settings, network_of_worker: httpx.AsyncClient, redis: Redis, now: datetime
) -> AsyncIterator[WorkerContext]:
    """What a worker has that reaches Postgres through the gate, as does its network service."""
    async with NetworkClient(gated_settings) as client:
        engine = create_engine(gated_settings, "dashnet-test")
        await ensure_partitions(engine, coming_days(now) | {(now - timedelta(hours=1)).date()})
        yield WorkerContext(gated_settings, engine, redis, client)
        await engine.dispose()


class Killed(BaseException):
    """As far as our code can tell, the process has ended."""


async def select(engine: AsyncEngine, query: str) -> Sequence[Any]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def list_messages(worker: WorkerContext, begin: Any) -> Sequence[dict[str, Any]]:
    missed = await read_missed(worker.redis, worker.settings, begin)
    return [orjson.loads(one.message) for one in missed or ()]


async def refresh_at(worker: WorkerContext, tick: datetime) -> None:
    await refresh(worker, tick, SCHEDULE)


async def test_a_tick_whose_minute_is_over_is_not_read_late_and_its_error_is_that_of_an_outage(
    worker: WorkerContext, postgres_gate: Gate, now: datetime
) -> None:
    postgres_gate.shut()
    with pytest.raises(ServiceUnavailable, match=r"Postgres went away, and the minute of .* is over"):
        await refresh_at(worker, now - 61 * SECOND)
    assert await list_parked(worker.redis, worker.settings) == []


SNAPSHOTS = "SELECT time_stamp, count(*) FROM store.snapshot GROUP BY time_stamp ORDER BY time_stamp"


async def test_ticks_without_postgres_are_stored_under_their_own_time_once_it_is_back(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime
) -> None:
    await refresh_at(worker, now - 3 * SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now - 2 * SECOND)
    await refresh_at(worker, now - SECOND)
    assert len(await select(engine, SNAPSHOTS)) == 1
    await postgres_gate.open()
    await refresh_at(worker, now)
    assert await select(engine, SNAPSHOTS) == [(now - back * SECOND, DEVICES) for back in (3, 2, 1, 0)]


async def test_the_ledger_has_the_ticks_that_waited_as_done_with_true_times(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime
) -> None:
    await refresh_at(worker, now - SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now)
    (parked,) = await list_parked(worker.redis, worker.settings)
    await postgres_gate.open()
    await store_parked(worker)
    columns = "outcome, worker, requested_by, device_count, snapshot_count, started_at, error"
    (row,) = await select(engine, f"SELECT {columns} FROM store.job_run WHERE tick = '{now}'")
    assert row == ("done", "test-worker", "schedule", DEVICES, DEVICES, parked.started_at, None)


async def test_screens_stay_live_and_are_told_that_storing_is_delayed_until_it_is_not(
    worker: WorkerContext, postgres_gate: Gate, now: datetime
) -> None:
    await refresh_at(worker, now - 2 * SECOND)
    begin = await read_position(worker.redis, worker.settings)
    postgres_gate.shut()
    await refresh_at(worker, now - SECOND)
    await refresh_at(worker, now)
    await postgres_gate.open()
    await store_parked(worker)
    *live, last = await list_messages(worker, begin)
    since = (now - SECOND).isoformat().replace("+00:00", "Z")
    assert [(one["type"], len(one["snap_shots"]), one["storing_delayed_since"]) for one in live] == [
        ("snapshots", DEVICES, since)
    ] * 2
    assert last["type"] == "reset"


async def test_state_changes_among_ticks_that_waited_are_those_of_their_snapshots(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime
) -> None:
    """The simulated network turns every minute or so; these ticks lie minutes apart."""
    await refresh_at(worker, now)
    postgres_gate.shut()
    for back in range(50, 0, -1):
        at = now - timedelta(minutes=back)
        past = await worker.network.read_past(at, at + timedelta(minutes=1), 60, after=0, limit=10)
        await park_tick(worker, at, Taken([past.at(0)], is_complete=True))
    await postgres_gate.open()
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM store.snapshot"))
        await connection.execute(text("DELETE FROM store.device_state"))
        await connection.execute(text("DELETE FROM store.state_change"))
    await store_parked(worker)
    told = await select(engine, "SELECT device_id, at, to_state FROM store.state_change ORDER BY device_id, at")
    seen = await select(
        engine,
        "SELECT device_id, time_stamp, CASE WHEN active THEN 'up' ELSE 'down' END FROM (SELECT device_id, time_stamp, "
        "active_connection AS active, "
        "lag(active_connection) OVER (PARTITION BY device_id ORDER BY time_stamp) AS before "
        "FROM store.snapshot) AS compared WHERE active IS DISTINCT FROM before ORDER BY device_id, time_stamp",
    )
    assert told == seen
    assert len(told) > DEVICES


async def test_a_worker_killed_after_storing_stores_nothing_twice(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refresh_at(worker, now - SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now)
    await postgres_gate.open()

    async def be_killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(parked_readings, "forget_parked", be_killed)
        with pytest.raises(Killed):
            await store_parked(worker)
    assert len(await list_parked(worker.redis, worker.settings)) == 1
    await store_parked(worker)
    assert await list_parked(worker.redis, worker.settings) == []
    assert await select(engine, SNAPSHOTS) == [(now - SECOND, DEVICES), (now, DEVICES)]
    assert await select(engine, f"SELECT outcome FROM store.job_run WHERE tick = '{now}'") == [("done",)]
    assert await select(engine, "SELECT unpublished FROM store.store_state") == [(False,)]


async def test_postgres_going_away_again_while_it_stores_loses_nothing(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refresh_at(worker, now - 3 * SECOND)
    postgres_gate.shut()
    for back in (2, 1, 0):
        await refresh_at(worker, now - back * SECOND)
    await postgres_gate.open()
    forget = parking.forget_parked

    async def forget_and_lose_postgres(*arguments: Any) -> None:
        await forget(*arguments)
        postgres_gate.shut()

    with monkeypatch.context() as patch:
        patch.setattr(parked_readings, "forget_parked", forget_and_lose_postgres)
        with pytest.raises((DBAPIError, OSError)):
            await store_parked(worker)
    assert len(await select(engine, SNAPSHOTS)) == 2
    await postgres_gate.open()
    await store_parked(worker)
    assert await select(engine, SNAPSHOTS) == [(now - back * SECOND, DEVICES) for back in (3, 2, 1, 0)]


async def test_a_tick_that_was_called_missed_or_dead_meanwhile_is_done_once_it_is_stored(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime
) -> None:
    await refresh_at(worker, now - 5 * SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES ('refresh', :tick, 'x', 'missed')"
            ),
            {"tick": now},
        )
    await postgres_gate.open()
    await store_parked(worker)
    assert await select(engine, f"SELECT outcome FROM store.job_run WHERE tick = '{now}'") == [("done",)]


async def test_readings_of_a_device_that_is_gone_since_are_left_out(
    worker: WorkerContext, network_of_worker: httpx.AsyncClient, postgres_gate: Gate, engine: AsyncEngine, now: datetime
) -> None:
    await refresh_at(worker, now - SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now)
    await postgres_gate.open()
    await network_of_worker.delete("/devices/1")
    await network_of_worker.post("/devices/", json=make_device())
    await store_parked(worker)
    assert await select(engine, f"SELECT device_id FROM store.snapshot WHERE time_stamp = '{now}' ORDER BY 1") == [
        (2,),
        (3,),
    ]


async def test_readings_that_were_given_up_stand_in_the_ledger(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MOST_TICKS", 1)
    await refresh_at(worker, now - 3 * SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now - SECOND)
    await refresh_at(worker, now)
    await postgres_gate.open()
    await store_parked(worker)
    (row,) = await select(engine, f"SELECT outcome, error FROM store.job_run WHERE tick = '{now - SECOND}'")
    assert row[0] == "failed"
    assert "given up" in row[1]


async def test_one_tick_that_cannot_be_stored_keeps_no_other_waiting(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime
) -> None:
    await refresh_at(worker, now - 3 * SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now - SECOND)
    await refresh_at(worker, now)
    (broken, _) = await list_parked(worker.redis, worker.settings)
    key = parked_pages_key(worker.settings, broken.pages)
    async with worker.redis.pipeline() as pipeline:
        pipeline.hset(key, mapping={"0": zlib.compress(b'{"interfaces":{},"of":"another version"}')})
        await pipeline.execute()
    await postgres_gate.open()
    await store_parked(worker)
    rows = await select(engine, f"SELECT outcome FROM store.job_run WHERE tick >= '{now - SECOND}' ORDER BY tick")
    assert rows == [("failed",), ("done",)]


async def test_nothing_is_rolled_up_beyond_what_still_waits(
    worker: WorkerContext, postgres_gate: Gate, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    assert await limit_to_stored(worker, later) == later
    postgres_gate.shut()
    await refresh_at(worker, now)
    assert await limit_to_stored(worker, later) < now + timedelta(minutes=2)


async def test_a_refresh_by_hand_without_postgres_is_shown_at_once_and_stored_later(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime
) -> None:
    await refresh_at(worker, now - 3 * SECOND)
    begin = await read_position(worker.redis, worker.settings)
    postgres_gate.shut()
    await refresh(worker, now, "hand")
    (shown,) = await list_messages(worker, begin)
    assert (len(shown["snap_shots"]), "storing_delayed_since" in shown) == (DEVICES, True)
    await postgres_gate.open()
    await store_parked(worker)
    assert await select(engine, SNAPSHOTS) == [(now - 3 * SECOND, DEVICES), (now, DEVICES)]
    columns = "outcome, requested_by, snapshot_count"
    assert await select(engine, f"SELECT {columns} FROM store.job_run WHERE tick = '{now}'") == [
        ("done", "hand", DEVICES)
    ]


async def test_refreshes_by_hand_push_no_scheduled_one_out(
    worker: WorkerContext, postgres_gate: Gate, engine: AsyncEngine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MOST_TICKS", 2)
    await refresh_at(worker, now - 10 * SECOND)
    postgres_gate.shut()
    await refresh_at(worker, now - 9 * SECOND)
    for back in (8, 7, 6):
        await refresh(worker, now - back * SECOND, "hand")
    await refresh_at(worker, now)
    assert [one.tick for one in await list_parked(worker.redis, worker.settings)] == [now - 9 * SECOND, now]
    await postgres_gate.open()
    await store_parked(worker)
    lost = await select(engine, "SELECT tick FROM store.job_run WHERE error LIKE '%given up%' ORDER BY tick")
    assert lost == [(now - back * SECOND,) for back in (8, 7, 6)]


async def test_a_worker_that_has_never_seen_postgres_reads_all_the_same(worker: WorkerContext, now: datetime) -> None:
    worker.prepared.clear()
    await refresh_at(worker, now)
    assert len(await list_parked(worker.redis, worker.settings)) == 1
