from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.errors import InvalidInput
from dashnet.history.tiers import Tier, floor_to
from tests.factories import make_device
from tests.oracle import Row, of_device
from tests.tiers import STEPS, expect_devices, expect_summaries, select_devices, select_summaries
from workers.backfill import backfill
from workers.clean import clean
from workers.context import WorkerContext
from workers.partitions import select_partition_days
from workers.refresh import refresh
from workers.sync import sync

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
async def fleet(store: None, network: httpx.AsyncClient, context: WorkerContext) -> list[int]:
    """Three simulated devices in the store, nothing of whose past is known."""
    created = await network.post("/devices/", json=[make_device() for _ in range(3)])
    await sync(context, 1)
    return [device["id"] for device in created.json()]


async def read_past(context: WorkerContext, begin: datetime, end: datetime) -> list[Row]:
    """What refreshes at the scheduled minutes would have stored, minute by minute."""
    past = await context.network.read_past(begin, end, 60, after=0, limit=100)
    keys = ((tick, device_id) for tick in past.time_stamps for device_id in past.device_ids)
    columns = zip(keys, past.active_connections, past.upload_speeds, past.download_speeds, strict=True)
    return [
        Row(device_id, tick, active, up, down, simulated=True, edge=True)
        for (tick, device_id), active, up, down in columns
        if tick.minute
    ]


async def select_all(engine: AsyncEngine, query: str) -> Sequence[Any]:
    async with engine.connect() as connection:
        return (await connection.execute(text(query))).all()


async def history_begin(engine: AsyncEngine) -> datetime:
    ((begin,),) = await select_all(engine, "SELECT backfilled_since FROM store.history_extent")
    assert isinstance(begin, datetime)
    return begin


async def test_the_past_is_what_refreshes_would_have_stored(
    context: WorkerContext, fleet: list[int], now: datetime
) -> None:
    await backfill(context, now, "test", 1)
    goal = floor_to(now - DAY, DAY)
    rows = await read_past(context, goal - 2 * MINUTE, floor_to(now, timedelta(minutes=5)))
    begins = {tier: floor_to(now, step) for tier, step in STEPS.items()}
    for tier, end in begins.items():
        found = await select_devices(context.engine, tier, end)
        expected = expect_devices(rows, tier)
        assert found == {key: count for key, count in expected.items() if goal <= key[1] < end}
        sums = await select_summaries(context.engine, tier, end)
        expected = expect_summaries(rows, tier)
        assert sums == {key: count for key, count in expected.items() if goal <= key[0] < end}


async def test_a_second_time_there_is_nothing_to_do(context: WorkerContext, fleet: list[int], now: datetime) -> None:
    await backfill(context, now, "test", 1)
    before = await select_devices(context.engine, "5m")
    await backfill(context, now + timedelta(seconds=1), "test", 1)
    runs = await select_all(context.engine, "SELECT outcome, snapshot_count FROM store.job_run ORDER BY tick")
    assert [tuple(run) for run in runs] == [("done", runs[0].snapshot_count), ("done", 0)]
    assert await select_devices(context.engine, "5m") == before


async def test_a_longer_past_goes_on_from_where_the_shorter_one_began(
    context: WorkerContext, fleet: list[int], now: datetime
) -> None:
    await backfill(context, now, "test", 1)
    await backfill(context, now + timedelta(seconds=1), "test", 3)
    goal = floor_to(now - 3 * DAY, DAY)
    days = await select_devices(context.engine, "1d", floor_to(now, DAY))
    assert {key[1] for key in days} == {goal + number * DAY for number in range(3)}
    observed = [(count["up_seconds"] or 0) + (count["down_seconds"] or 0) for count in days.values()]
    assert observed == [86_400] * 9


async def test_what_there_is_already_stays(
    context: WorkerContext, network: httpx.AsyncClient, fleet: list[int], now: datetime
) -> None:
    real = (await network.post("/devices/", json=make_device(driver="host"))).json()
    await refresh(context, now - timedelta(seconds=1), "test")
    query = f"SELECT * FROM store.snapshot WHERE device_id = {real['id']} ORDER BY time_stamp"
    before = await select_all(context.engine, query)
    await backfill(context, now, "test", 1)
    assert await select_all(context.engine, query) == before
    rolled = await select_all(context.engine, "SELECT DISTINCT device_id FROM store.rollup_1d ORDER BY device_id")
    assert [row.device_id for row in rolled] == fleet


async def test_raw_snapshots_past_their_retention_do_not_stay(
    context: WorkerContext, fleet: list[int], now: datetime
) -> None:
    settings = context.settings.model_copy(update={"snapshot_retention_days": 2, "five_minute_retention_days": 3})
    short = WorkerContext(settings, context.engine, context.redis, context.network)
    await backfill(short, now, "test", 5)
    today = now.date()
    assert min(await select_partition_days(context.engine)) == today - timedelta(days=2)
    assert min(await select_partition_days(context.engine, "rollup_5m")) == today - timedelta(days=3)
    hours = await select_all(
        context.engine, "SELECT min(begin_at) AS first, count(DISTINCT begin_at) AS hours FROM store.summary_1h"
    )
    assert hours[0].first == floor_to(now - 5 * DAY, DAY)
    whole = (floor_to(now, Tier.HOUR.step) - hours[0].first) // Tier.HOUR.step
    # The running hour is there as soon as its first five minutes are over.
    assert hours[0].hours in (whole, whole + 1)


async def test_the_past_has_its_state_changes(context: WorkerContext, fleet: list[int], now: datetime) -> None:
    await backfill(context, now, "test", 1)
    begin = await history_begin(context.engine)
    rows = await read_past(context, begin, floor_to(now, timedelta(minutes=5)))
    expected = []
    for device_id, its in of_device(rows).items():
        told = ["unknown", *("up" if row.active else "down" for row in its)]
        turned = zip(told, told[1:], its, strict=False)
        expected += [(row.time_stamp, device_id, old, new) for old, new, row in turned if old != new]
    query = "SELECT at, device_id, from_state, to_state FROM store.state_change ORDER BY at, device_id"
    found = [tuple(row) for row in await select_all(context.engine, query)]
    assert found == sorted(expected)


async def test_the_first_change_after_the_past_goes_on_from_it(
    context: WorkerContext, fleet: list[int], now: datetime
) -> None:
    await clean(context, now - timedelta(seconds=2), "test")
    await refresh(context, now - timedelta(seconds=1), "test")
    await backfill(context, now, "test", 1)
    begin = await history_begin(context.engine)
    unknown = await select_all(context.engine, "SELECT at FROM store.state_change WHERE from_state = 'unknown'")
    assert {row.at for row in unknown} == {begin + MINUTE}


async def test_without_simulated_devices_it_says_so(context: WorkerContext, store: None, now: datetime) -> None:
    with pytest.raises(InvalidInput, match="no simulated devices"):
        await backfill(context, now, "test", 1)
    ((error,),) = await select_all(context.engine, "SELECT error FROM store.job_run")
    assert "no simulated devices" in error


async def test_its_progress_stands_in_the_ledger(context: WorkerContext, fleet: list[int], now: datetime) -> None:
    await backfill(context, now, "test", 1)
    ((progress, arguments, devices),) = await select_all(
        context.engine, "SELECT progress, arguments::text, device_count FROM store.job_run"
    )
    assert (progress, arguments, devices) == (1.0, "[1]", 3)
    assert datetime.now(UTC) >= now
