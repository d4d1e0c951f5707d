"""Workers killed at random moments of a roll-up, a clean and a backfill: nothing is lost, nothing counted twice."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.history.tiers import floor_to
from dashnet.jobs import Job, request_now
from dashnet.settings import Settings
from tests.factories import make_device
from tests.oracle import Row
from tests.processes import WORKER, environment_of, run_process
from tests.servers import eventually
from tests.snapshots import store_rows
from tests.tiers import expect_devices, expect_summaries, select_devices, select_summaries
from workers.context import WorkerContext
from workers.devices import forget_driver_since
from workers.sync import sync

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DEVICES, HOURS, KILLS = 30, 20, 5
WITHIN_SECONDS = 60.0

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
async def rows(
    settings: Settings, network: httpx.AsyncClient, engine: AsyncEngine, context: WorkerContext
) -> list[Row]:
    """Twenty hours of thirty simulated devices, up to three hours ago; the worker's first clean is long over."""
    await network.post("/devices/", json=[make_device() for _ in range(DEVICES)])
    await sync(context, 1)
    async with engine.begin() as connection:
        await forget_driver_since(connection)
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - (HOURS + 3) * HOUR
    ticks = [begin + number * MINUTE for number in range(HOURS * 60) if number % 60]
    stored = [
        Row(device_id, tick, (tick.minute + device_id) % 17 > 0, float(device_id), float(tick.minute))
        for tick in ticks
        for device_id in range(1, DEVICES + 1)
    ]
    await store_rows(engine, stored)
    await calm_down(engine)
    return stored


async def calm_down(engine: AsyncEngine) -> None:
    """A clean and a refresh were done just now, so that a worker's start asks for nothing."""
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES "
            "('clean', now() - interval '2 seconds', 'test', 'done'), "
            "('refresh', now() - interval '2 seconds', 'test', 'done')"
        )


async def kill_in_the_middle(
    settings: Settings, redis: Redis, engine: AsyncEngine, job: Job, seconds: float, *arguments: int
) -> None:
    """Have a worker begin the job, and kill it by 9 after so many seconds, or when it has ended."""
    with run_process(WORKER, environment_of(settings)) as worker:
        tick = await request_now(redis, settings, job, "test", *arguments)
        await eventually(lambda: has_begun(engine, job, tick), WITHIN_SECONDS)
        await asyncio.sleep(seconds)
        worker.kill()
        worker.wait(WITHIN_SECONDS)


async def has_begun(engine: AsyncEngine, job: Job, tick: datetime) -> bool:
    query = text("SELECT count(*) FROM store.job_run WHERE job = :job AND tick >= :tick")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query, {"job": job, "tick": tick}))


async def run_to_the_end(settings: Settings, engine: AsyncEngine, redis: Redis, job: Job, *arguments: int) -> None:
    """A worker that nobody kills takes up what is left, and does the job once more.

    While it still does what is left, another of the same job is skipped: it is asked for again, as a user would.
    """
    with run_process(WORKER, environment_of(settings)):
        for _ in range(10):
            tick = await request_now(redis, settings, job, "test", *arguments)
            outcome = await eventually(lambda: outcome_of(engine, job, tick), WITHIN_SECONDS)  # noqa: B023 - awaited
            if outcome == "done":
                return
            await eventually(lambda: are_all_ended(engine, job), WITHIN_SECONDS)
    raise AssertionError(f"{job} was never done")


async def outcome_of(engine: AsyncEngine, job: Job, tick: datetime) -> str | None:
    query = text("SELECT outcome FROM store.job_run WHERE job = :job AND tick = :tick")
    async with engine.connect() as connection:
        outcome: str | None = await connection.scalar(query, {"job": job, "tick": tick})
    return outcome


async def are_all_ended(engine: AsyncEngine, job: Job) -> bool:
    query = text("SELECT bool_and(outcome IS NOT NULL) FROM store.job_run WHERE job = :job")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query, {"job": job}))


async def assert_nothing_lost_or_doubled(engine: AsyncEngine, rows: Sequence[Row]) -> None:
    """The tiers hold what the snapshots that were there before added up to."""
    end = rows[-1].time_stamp + HOUR
    for tier in ("5m", "1h"):
        assert await select_devices(engine, tier, end) == expect_devices(rows, tier)
        assert await select_summaries(engine, tier, end) == expect_summaries(rows, tier)


async def test_killed_roll_ups_lose_nothing_and_count_nothing_twice(
    rows: list[Row], settings: Settings, redis: Redis, engine: AsyncEngine
) -> None:
    moments = random.Random(4)
    for _ in range(KILLS):
        await kill_in_the_middle(settings, redis, engine, Job.ROLLUP, moments.uniform(0, 0.5))
    await run_to_the_end(settings, engine, redis, Job.ROLLUP)
    await assert_nothing_lost_or_doubled(engine, rows)


async def test_killed_cleans_drop_nothing_that_was_not_rolled_up(
    rows: list[Row], settings: Settings, redis: Redis, engine: AsyncEngine
) -> None:
    moments = random.Random(5)
    for _ in range(KILLS):
        await kill_in_the_middle(settings, redis, engine, Job.CLEAN, moments.uniform(0, 1.5))
    await run_to_the_end(settings, engine, redis, Job.CLEAN)
    await assert_nothing_lost_or_doubled(engine, rows)
    async with engine.connect() as connection:
        left = await connection.scalar(
            text("SELECT count(*) FROM store.snapshot WHERE time_stamp <= :end"), {"end": rows[-1].time_stamp}
        )
    assert left == 0


async def test_killed_backfills_go_on_where_they_were(
    settings: Settings, network: httpx.AsyncClient, redis: Redis, context: WorkerContext
) -> None:
    engine, moments, days = context.engine, random.Random(6), 20
    await network.post("/devices/", json=[make_device() for _ in range(3)])
    await sync(context, 1)
    await calm_down(engine)
    for _ in range(KILLS):
        await kill_in_the_middle(settings, redis, engine, Job.BACKFILL, moments.uniform(0.1, 0.8), days)
    await run_to_the_end(settings, engine, redis, Job.BACKFILL, days)
    goal = floor_to(datetime.now(UTC) - timedelta(days=days), timedelta(days=1))
    end = floor_to(datetime.now(UTC), HOUR) - HOUR
    past = await context.network.read_past(goal - 2 * MINUTE, end + HOUR, 60, after=0, limit=10)
    keys = ((tick, device_id) for tick in past.time_stamps for device_id in past.device_ids)
    columns = zip(keys, past.active_connections, past.upload_speeds, past.download_speeds, strict=True)
    rows = [
        Row(device_id, tick, active, up, down, simulated=True, edge=True)
        for (tick, device_id), active, up, down in columns
        if tick.minute
    ]
    expected = {key: count for key, count in expect_devices(rows, "1h").items() if goal <= key[1] < end}
    assert await select_devices(engine, "1h", end) == expected
    sums = {key: count for key, count in expect_summaries(rows, "1h").items() if goal <= key[0] < end}
    assert await select_summaries(engine, "1h", end) == sums


async def test_killed_refreshes_leave_no_snapshot_without_its_interfaces(
    settings: Settings, network: httpx.AsyncClient, redis: Redis, context: WorkerContext
) -> None:
    engine, moments = context.engine, random.Random(7)
    options = {"driver": "host", "driver_options": {"interfaces": ["lo"]}}
    await network.post("/devices/", json=[make_device(**options) for _ in range(DEVICES)])
    await sync(context, 1)
    await calm_down(engine)
    for _ in range(KILLS):
        await kill_in_the_middle(settings, redis, engine, Job.REFRESH, moments.uniform(0, 0.15))
    await run_to_the_end(settings, engine, redis, Job.REFRESH)
    query = text(
        "SELECT count(*) AS all, count(seen.time_stamp) FILTER (WHERE snapshot.time_stamp IS NOT NULL) AS both "
        "FROM store.snapshot FULL JOIN (store.interface_snapshot AS seen JOIN store.interface ON id = interface_id) "
        "USING (device_id, time_stamp)"
    )
    async with engine.connect() as connection:
        counts = (await connection.execute(query)).one()
    assert counts.both == counts.all > 0
