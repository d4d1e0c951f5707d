from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.edge import NetworkKind
from dashnet.history.buckets import Step, make_edges
from dashnet.history.counts import (
    DeviceCounts,
    SummaryCounts,
    select_device_counts,
    select_summary_counts,
    select_tag_counts,
)
from dashnet.history.plan import make_plan
from dashnet.history.tiers import Extent, Tier, floor_to, open_history, select_extent
from tests.oracle import Row, count_device, count_summary, of_device
from tests.snapshots import clear_history, store_rows
from tests.tiers import approximately
from workers.rollup import roll_up

# Around the autumn's change of clocks, and with it the 31st of a month.
BEGIN = datetime(2026, 10, 24, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"]
STEPS = [Step(seconds=60), Step(seconds=300), Step(seconds=420), Step(seconds=3600), Step(seconds=21_600), Step(days=1)]


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Two devices over three days: stretches of scheduled minutes with gaps between them, and odd ticks by hand.

    In each stretch a device is real or simulated, at the edge or not, or does not say. In some nothing measures the
    traffic, in some something measures loss and jitter.
    """
    rows: dict[tuple[int, datetime], Row] = {}
    for device_id in (1, 2):
        for _ in range(draw(st.integers(1, 3))):
            first = BEGIN + timedelta(seconds=draw(st.integers(0, 3 * 86_400 // 20)) * 20)
            active = draw(st.sampled_from([True, True, False, None]))
            speed = draw(st.sampled_from([0.25, 4.0, 950.0, None])) if active else 0.0
            loss = draw(st.sampled_from([None, 0.0, 0.25])) if active else None
            its = draw(st.sampled_from([(None, None), (False, True), (False, False), (True, True), (True, False)]))
            for number in range(draw(st.sampled_from([1, 3, 200]))):
                tick = first + number * MINUTE
                if tick.minute or tick.second:
                    speeds = (speed, None if speed is None else 2 * speed)
                    rows[device_id, tick] = Row(
                        device_id, tick, active, *speeds, 0.5 if active else None, loss, loss, *its
                    )
    return sorted(rows.values(), key=lambda row: row.time_stamp)


@st.composite
def questions(draw: st.DrawFn) -> Sequence[datetime]:
    """The edges of the buckets of some range, step and zone."""
    begin = BEGIN + timedelta(seconds=draw(st.integers(0, 4 * 86_400)))
    length = timedelta(seconds=draw(st.sampled_from([90, 3600, 10_000, 86_400, 250_000])))
    step, zone = draw(st.sampled_from(STEPS)), ZoneInfo(draw(st.sampled_from(ZONES)))
    return make_edges(begin, begin + length, step, zone, 100_000)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=histories(), asked=st.lists(questions(), min_size=1, max_size=4), minutes=st.integers(0, 5 * 24 * 60))
async def test_every_range_step_and_zone_adds_up_to_what_the_raw_snapshots_do(
    engine: AsyncEngine, rows: list[Row], asked: list[Sequence[datetime]], minutes: int
) -> None:
    """However far it was rolled up: sums are equal, extremes and gaps are kept."""
    await clear_history(engine)
    await store_rows(engine, rows)
    await roll_up(engine, BEGIN + minutes * MINUTE)
    devices = of_device(rows)
    for edges in asked:
        async with open_history(engine) as (connection, extent):
            plan = make_plan(edges, extent, simulated=True)
            by_device = await select_device_counts(connection, plan, [1, 2])
            together = await select_summary_counts(connection, plan)
        assert plan.is_exact
        for device_id in (1, 2):
            counts = [count_device(devices.get(device_id, []), *bucket) for bucket in pairwise(edges)]
            assert to_dicts(by_device.get(device_id, {})) == approximately(dict(enumerate(counts)))
        for kind in NetworkKind:
            sums = [count_summary(rows, *bucket, kind) for bucket in pairwise(edges)]
            assert to_dicts(together[kind]) == approximately(dict(enumerate(sums)))


def to_dicts(buckets: dict[int, Any]) -> dict[int, dict[str, Any]]:
    return {number: asdict(counts) for number, counts in buckets.items()}


def steady(begin: datetime, minutes: int, device_id: int = 1) -> list[Row]:
    ticks = [begin + number * MINUTE for number in range(minutes)]
    return [Row(device_id, tick, True, 3.0, 4.0, 0.25) for tick in ticks if tick.minute]


async def test_what_was_dropped_is_told_by_the_tier_above(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(BEGIN, 3 * 24 * 60))
    await roll_up(engine, BEGIN + 3 * DAY)
    async with engine.begin() as connection:
        until = BEGIN + 2 * DAY
        await connection.execute(text("DELETE FROM store.snapshot WHERE time_stamp < :until"), {"until": until})
        await connection.execute(text("DELETE FROM store.rollup_5m WHERE begin_at < :until"), {"until": until})
        await connection.execute(
            text("UPDATE store.history_extent SET raw_since = :until, five_minutes_since = :until"), {"until": until}
        )
    async with open_history(engine) as (connection, extent):
        plan = make_plan([BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=30)], extent, simulated=False)
        found = await select_device_counts(connection, plan, [1])
    assert (plan.tiers, plan.is_exact, found[1][0].up_seconds) == ([Tier.HOUR], True, 29 * 3600)


async def test_a_tag_is_its_devices_together(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.device SELECT id, 'd', 't', 's', id::text, '127.0.0.1', 'host', '{}', tags, NULL "
                """FROM (VALUES (1, '["lab", "core"]'::jsonb), (2, '["lab"]'::jsonb)) AS made (id, tags)"""
            )
        )
    await store_rows(engine, [*steady(BEGIN, 120), *steady(BEGIN, 120, device_id=2)])
    await roll_up(engine, BEGIN + timedelta(minutes=70))
    async with open_history(engine) as (connection, extent):
        plan = make_plan([BEGIN, BEGIN + timedelta(minutes=120)], extent, simulated=False)
        found = await select_tag_counts(connection, plan)
    assert {tag: counts[0].up_seconds for tag, counts in found.items()} == {"core": 7140, "lab": 2 * 7140}


async def test_one_state_of_the_store_is_seen_while_it_is_rolled_up(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(BEGIN, 60))
    async with open_history(engine) as (connection, extent):
        await roll_up(engine, BEGIN + timedelta(hours=2))
        assert await select_extent(connection) == extent
        rows = await connection.scalar(text("SELECT count(*) FROM store.rollup_5m"))
    assert rows == 0


def test_extents_without_any_roll_up_leave_everything_to_the_raw_snapshots() -> None:
    epoch = floor_to(datetime(1970, 1, 1, tzinfo=UTC), DAY)
    nothing_rolled = Extent(epoch, epoch, epoch, epoch, epoch, epoch)
    assert make_plan([BEGIN, BEGIN + DAY], nothing_rolled, simulated=True).tiers == [Tier.RAW]


def test_counts_of_nothing_are_zero_and_have_no_extremes() -> None:
    assert (DeviceCounts().known_seconds, DeviceCounts().upload_min, SummaryCounts().up_max) == (0, None, None)
