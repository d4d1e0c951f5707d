import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.jobs import Job
from tests.oracle import Row
from tests.snapshots import clear_history, store_rows
from tests.tiers import STEPS, expect_devices, expect_summaries, select_devices, select_summaries
from workers.context import WorkerContext
from workers.rollup import FINAL_AFTER, roll_up, rollup

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def steady(begin: datetime, minutes: int, device_id: int = 1) -> list[Row]:
    """A device that is up with 3 and 4 Mbit/s at each scheduled minute."""
    ticks = [begin + number * MINUTE for number in range(minutes)]
    return [Row(device_id, tick, True, 3.0, 4.0, 0.25) for tick in ticks if tick.minute]


async def select_rows(engine: AsyncEngine, table: str, columns: str) -> Sequence[Any]:
    async with engine.connect() as connection:
        return (
            (await connection.execute(text(f"SELECT {columns} FROM store.{table} ORDER BY begin_at"))).mappings().all()
        )


async def select_until(engine: AsyncEngine) -> datetime | None:
    async with engine.connect() as connection:
        until: datetime | None = await connection.scalar(text("SELECT rolled_until FROM store.history_extent"))
        return until


async def test_an_hour_is_covered_from_its_first_to_its_last_second_though_minute_0_has_no_tick(
    engine: AsyncEngine,
) -> None:
    await store_rows(engine, steady(MIDNIGHT, 180))
    await roll_up(engine, MIDNIGHT + timedelta(hours=3, minutes=10))
    hours = await select_rows(engine, "rollup_1h", "begin_at, up_seconds, snapshot_count, upload_megabits")
    # Before the very first tick, at minute 1, nobody looked.
    assert [tuple(row.values())[1:] for row in hours] == [(3540, 59, 3 * 3540), (3600, 59, 10800), (3600, 59, 10800)]


async def test_what_is_not_final_yet_is_left_for_later(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(MIDNIGHT, 60))
    await roll_up(engine, MIDNIGHT + timedelta(minutes=15) + FINAL_AFTER - timedelta(seconds=1))
    assert await select_until(engine) == MIDNIGHT + timedelta(minutes=10)


async def test_the_hours_of_a_day_that_is_over_lie_device_by_device(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(MIDNIGHT, 1500, 1) + steady(MIDNIGHT, 1500, 2))
    await roll_up(engine, MIDNIGHT + timedelta(hours=24) + FINAL_AFTER)
    async with engine.connect() as connection:
        ids = list(await connection.scalars(text("SELECT device_id FROM store.rollup_1h ORDER BY ctid")))
    assert ids == [1] * 24 + [2] * 24


async def test_a_refresh_that_still_runs_holds_its_five_minutes_back(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(MIDNIGHT, 60))
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO store.job_run (job, tick, requested_by) VALUES ('refresh', :tick, 'test')"),
            {"tick": MIDNIGHT + timedelta(minutes=13)},
        )
    await roll_up(engine, MIDNIGHT + timedelta(minutes=25))
    assert await select_until(engine) == MIDNIGHT + timedelta(minutes=10)


async def test_rolling_up_in_pieces_and_at_once_come_to_the_same(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(MIDNIGHT, 150))
    for minutes in (7, 31, 62, 64, 125, 200):
        await roll_up(engine, MIDNIGHT + timedelta(minutes=minutes))
    pieces = [await select_rows(engine, f"rollup_{tier}", "*") for tier in STEPS]
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE store.history_extent SET rolled_until = NULL"))
    await roll_up(engine, MIDNIGHT + timedelta(minutes=200))
    assert [await select_rows(engine, f"rollup_{tier}", "*") for tier in STEPS] == pieces


async def test_an_empty_store_is_rolled_up_without_a_word(engine: AsyncEngine) -> None:
    assert await roll_up(engine, MIDNIGHT) == 0
    assert await select_until(engine) is None


async def test_it_catches_up_after_a_pause_of_days(engine: AsyncEngine) -> None:
    await store_rows(engine, [*steady(MIDNIGHT, 30), *steady(MIDNIGHT + timedelta(days=3), 30)])
    assert await roll_up(engine, MIDNIGHT + timedelta(days=4, hours=1)) == 58
    days = await select_rows(engine, "rollup_1d", "begin_at, snapshot_count")
    assert [tuple(row.values()) for row in days] == [(MIDNIGHT, 29), (MIDNIGHT + timedelta(days=3), 29)]


async def test_workers_that_roll_up_at_once_count_nothing_twice(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(MIDNIGHT, 240))
    counts = await asyncio.gather(*(roll_up(engine, MIDNIGHT + timedelta(hours=5)) for _ in range(4)))
    assert sum(counts) == 4 * 59
    assert [row["snapshot_count"] for row in await select_rows(engine, "rollup_1h", "snapshot_count")] == [59] * 4


async def test_a_roll_up_stands_in_the_ledger(context: WorkerContext, now: datetime) -> None:
    await store_rows(context.engine, steady(now.replace(minute=0, second=0) - timedelta(hours=1), 30))
    await rollup(context, now, "test")
    async with context.engine.connect() as connection:
        runs = (await connection.execute(text("SELECT job, outcome, snapshot_count FROM store.job_run"))).all()
    assert [tuple(run) for run in runs] == [(Job.ROLLUP, "done", 29)]


async def test_a_refresh_does_not_wait_for_a_roll_up(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(MIDNIGHT, 30))
    async with engine.begin() as rolling:
        await rolling.execute(text("SELECT FROM store.history_extent FOR UPDATE"))
        await rolling.execute(text("SELECT count(*) FROM store.snapshot"))
        async with asyncio.timeout(2), engine.begin() as refreshing:
            await refreshing.execute(
                text("INSERT INTO store.snapshot VALUES (:tick, 1, 1, 1, NULL, true)"),
                {"tick": MIDNIGHT + timedelta(minutes=40)},
            )


_SPEEDS = st.sampled_from([0.0, 0.25, 1.5, 70.0, 1000.0, None])
_LOSSES = st.sampled_from([None, None, 0.0, 0.25, 1.0])
_OFFSETS = st.integers(0, 3 * 86_400 // 30).map(lambda number: timedelta(seconds=30 * number))


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Snapshots of up to three devices within three days: steady stretches with gaps, and odd ticks by hand."""
    rows: dict[tuple[int, datetime], Row] = {}
    for device_id in range(1, draw(st.integers(1, 3)) + 1):
        for _ in range(draw(st.integers(1, 4))):
            begin, minutes = MIDNIGHT + draw(_OFFSETS), draw(st.sampled_from([1, 2, 7, 130]))
            active, upload, loss = draw(st.sampled_from([True, True, False, None])), draw(_SPEEDS), draw(_LOSSES)
            its = draw(st.sampled_from([(None, None), (True, True), (False, True), (False, False)]))
            speeds = (upload if active else 0.0, None if upload is None else 2 * upload)
            for number in range(minutes):
                tick = begin + number * MINUTE
                round_trip = 0.125 if active else None
                rows[device_id, tick] = Row(device_id, tick, active, *speeds, round_trip, loss, loss, *its)
    return sorted(rows.values(), key=lambda row: row.time_stamp)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=histories())
async def test_every_tier_holds_what_the_raw_snapshots_add_up_to(engine: AsyncEngine, rows: list[Row]) -> None:
    await clear_history(engine)
    await store_rows(engine, rows)
    await roll_up(engine, MIDNIGHT + timedelta(days=5))
    for tier in STEPS:
        assert await select_devices(engine, tier) == expect_devices(rows, tier)
        assert await select_summaries(engine, tier) == expect_summaries(rows, tier)


async def test_the_day_before_a_long_pause_is_rolled_up_whole(engine: AsyncEngine) -> None:
    await store_rows(engine, [*steady(MIDNIGHT, 90), *steady(MIDNIGHT + timedelta(days=400, hours=7), 90)])
    await roll_up(engine, MIDNIGHT + timedelta(days=402))
    days = await select_rows(engine, "rollup_1d", "begin_at, snapshot_count")
    assert [tuple(row.values()) for row in days] == [(MIDNIGHT, 88), (MIDNIGHT + timedelta(days=400), 88)]
    hours = await select_rows(engine, "rollup_1h", "snapshot_count")
    assert [row["snapshot_count"] for row in hours] == [59, 29, 59, 29]
    assert await select_until(engine) == MIDNIGHT + timedelta(days=401, hours=23, minutes=55)
